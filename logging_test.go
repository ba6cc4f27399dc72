package portrait_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

// TestLogs_name_nobody does a little of everything with a person, good and bad, under a
// logger that takes every line: no value of the person is in any, nor of the model.
func TestLogs_name_nobody(t *testing.T) {
	var mu sync.Mutex // out, which the store's goroutines reach too
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(lockedWriter{&mu, &out}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	mem, forms := vfs.NewMem(), canaries()
	var last *portrait.DB
	openDB := func() *portrait.DB {
		o := small(mem)
		o.Logger = log
		db, err := portrait.Open("db", o)
		if err != nil {
			t.Fatal(err)
		}
		last = db
		return db
	}
	look := func(what string) {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		if in := found(forms, out.Bytes()); len(in) > 0 {
			t.Fatalf("after %s the log has %v", what, in)
		}
	}
	canaryLife(t, openDB, look)
	openDB()
	bad := profile.Event{Name: "CanaryEvent77150", Identifiers: []profile.Identifier{id("email", "canary.mail.77142@example.cn@")}}
	if res, err := last.Ingest(t.Context(), bad); err != nil || len(res.Rejected) != 1 {
		t.Errorf("%+v, %v", res, err)
	}
	if _, err := last.Privacy().Erase(t.Context(), id("user_id", "canary-user-77141")); err != nil {
		t.Fatal(err)
	}
	look("an erasure")
	purged(t, last)
	look("a purge")
	checkAndClose(t, last)
	look("close")
	if lines := strings.Count(out.String(), "\n"); lines < 10 {
		t.Errorf("the log has %d lines", lines)
	}
}

type lockedWriter struct {
	mu  *sync.Mutex
	out *bytes.Buffer
}

func (w lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.Write(p)
}
