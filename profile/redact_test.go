package profile

import (
	"bytes"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// People are logged without their values, by either handler.
func TestLogValue_tells_no_value(t *testing.T) {
	id := Identifier{Namespace: "email", Value: "secret@example.cn"}
	event := Event{
		Type: Identify, Source: "web", MessageID: "secret-1", Name: "Opened", Identifiers: []Identifier{id}, Time: time.Unix(1, 0).UTC(),
		Properties: map[string]Value{"secret-name": String("secret")}, Traits: map[string]Value{"city": String("secret")},
	}
	trait := Trait{Name: "city", Value: String("secret")}
	p := Profile{ID: 7, Identifiers: []Identifier{id}, Traits: []Trait{trait}, Tags: []string{"secret"}, Events: 3}
	for name, handler := range map[string]func(io.Writer) slog.Handler{
		"text": func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, nil) },
		"json": func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, nil) },
	} {
		var out bytes.Buffer
		slog.New(handler(&out)).Info("seen", "id", id, "event", event, "pointer", &event, "trait", trait, "value", trait.Value, "profile", &p)
		if text := out.String(); strings.Contains(text, "secret") {
			t.Errorf("%s: %s", name, text)
		}
		for _, want := range []string{"email:[redacted]", "Opened", "web", "identify", "7"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: no %q in %s", name, want, out.String())
			}
		}
	}
}
