package portrait_test

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
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

// Every test that a page names exists.
func TestDocs_tests(t *testing.T) {
	var sources strings.Builder
	for _, pattern := range []string{"*_test.go", "*/*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			sources.Write(data)
		}
	}
	for page, least := range map[string]int{"docs/guarantees.md": 60, "docs/privacy.md": 25, "docs/encryption.md": 0, "docs/backup.md": 0, "SECURITY.md": 6} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		named := 0
		for _, word := range strings.FieldsFunc(string(text), func(r rune) bool { return strings.ContainsRune(" ,.;:()|*\n`", r) }) {
			if strings.HasPrefix(word, "Test") {
				named++
				if !strings.Contains(sources.String(), "func "+word+"(") {
					t.Errorf("%s names %s, which is not there", page, word)
				}
			}
		}
		if named < least {
			t.Errorf("%s names %d tests, and not %d", page, named, least)
		}
	}
}

// Every line of the table of limits in docs/guarantees.md names a test that holds it, which
// TestDocs_tests looks up.
func TestDocs_limits(t *testing.T) {
	text, err := os.ReadFile("docs/guarantees.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "\n# Limits\n")
	table, _, closed := strings.Cut(rest, "\n# ")
	if !ok || !closed {
		t.Fatal("docs/guarantees.md has no table of limits")
	}
	lines := 0
	for line := range strings.Lines(table) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| what |") {
			continue
		}
		if lines++; !strings.Contains(line, "*Test") {
			t.Errorf("no test holds the limit %s", line)
		}
	}
	if lines < 20 {
		t.Errorf("there are %d limits", lines)
	}
}

// Every row of the table of duties in docs/privacy.md has articles, calls that there are, and a
// test.
func TestDocs_duties(t *testing.T) {
	text, err := os.ReadFile("docs/privacy.md")
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]reflect.Type{
		"DB": reflect.TypeFor[*portrait.DB](), "Privacy": reflect.TypeFor[*portrait.Privacy](), "View": reflect.TypeFor[*portrait.View](),
		"Options": reflect.TypeFor[portrait.Options](), "Model": reflect.TypeFor[portrait.Model](), "Trait": reflect.TypeFor[portrait.Trait](),
		"Event": reflect.TypeFor[profile.Event](),
	}
	call := regexp.MustCompile("`(\\w+)\\.(\\w+)`")
	_, table, _ := strings.Cut(string(text), "|---|---|---|---|---|\n")
	rows := 0
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) != 7 {
			break
		}
		rows++
		calls := call.FindAllStringSubmatch(cells[4], -1)
		if len(calls) == 0 || !strings.Contains(cells[5], "Test") || !strings.ContainsAny(cells[2], "123456789") || !strings.ContainsAny(cells[3], "123456789") {
			t.Errorf("a duty without an article, a call or a test: %s", line)
		}
		for _, c := range calls {
			in := types[c[1]]
			if in == nil {
				t.Errorf("%s: no type %s is known here", c[0], c[1])
				continue
			}
			found := false
			if _, found = in.MethodByName(c[2]); !found && in.Kind() == reflect.Struct {
				_, found = in.FieldByName(c[2])
			}
			if !found {
				t.Errorf("%s is not there", c[0])
			}
		}
	}
	if rows < 10 {
		t.Errorf("%d duties", rows)
	}
}
