package portrait_test

import (
	"os"
	"strings"
	"testing"

	"github.com/portraitdb/portrait"
)

// The example of docs/model.md is a model that a store takes.
func TestDocs_model(t *testing.T) {
	text, err := os.ReadFile("docs/model.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "```yaml\n")
	example, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		t.Fatal("docs/model.md has no example")
	}
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	apply(t, db, example)

	// What is stored is read back as the same model.
	plan, err := db.Apply(t.Context(), model(t, example), portrait.DryRun)
	if err != nil || len(plan.Changes) > 0 {
		t.Errorf("the same model again changes %v, %v", plan, err)
	}
	data, err := db.Model().MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	if plan, err = db.Apply(t.Context(), model(t, string(data)), portrait.DryRun); err != nil || len(plan.Changes) > 0 {
		t.Errorf("its JSON form changes %v, %v", plan, err)
	}
}

// What docs/identity.md says of handing in what linkage found is in a program that
// runs.
func TestDocs_suggest(t *testing.T) {
	text, err := os.ReadFile("docs/identity.md")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile("example_suggest_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "```go\nfunc suggest(")
	code, _, closed := strings.Cut(rest, "```")
	if !ok || !closed || !strings.Contains(string(program), "func suggest("+code) {
		t.Errorf("docs/identity.md has a func suggest that is not that of example_suggest_test.go:\n%s", code)
	}
}

// The stages of docs/lifecycle.md are those of the default model, and its code is in a
// program that runs.
func TestDocs_lifecycle(t *testing.T) {
	text, err := os.ReadFile("docs/lifecycle.md")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile("example_lifecycle_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for block, in := range map[string]string{"```yaml": defaultStages, "```go\nfunc pauses(": string(program)} {
		_, rest, ok := strings.Cut(string(text), block)
		code, _, closed := strings.Cut(rest, "```")
		if !ok || !closed || !strings.Contains(in, code) {
			t.Errorf("docs/lifecycle.md has a block %s that is not in\n%s", block, in)
		}
	}
}

// Every test that docs/guarantees.md names exists.
func TestDocs_guarantees(t *testing.T) {
	text, err := os.ReadFile("docs/guarantees.md")
	if err != nil {
		t.Fatal(err)
	}
	var sources strings.Builder
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), "_test.go") {
			data, err := os.ReadFile(e.Name())
			if err != nil {
				t.Fatal(err)
			}
			sources.Write(data)
		}
	}
	named := 0
	for _, word := range strings.FieldsFunc(string(text), func(r rune) bool { return strings.ContainsRune(" ,.;*\n`", r) }) {
		if strings.HasPrefix(word, "Test") {
			named++
			if !strings.Contains(sources.String(), "func "+word+"(") {
				t.Errorf("docs/guarantees.md names %s, which is not there", word)
			}
		}
	}
	if named < 10 {
		t.Errorf("docs/guarantees.md names %d tests", named)
	}
}
