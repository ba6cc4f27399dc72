package portrait_test

import (
	"io/fs"
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

// testNames are the tests, benchmarks and fuzz targets that a text names; one that ends with
// a star stands for all that begin so.
var testNames = regexp.MustCompile(`\b(?:Test|Benchmark|Fuzz)[A-Z]\w*\*?`)

// Every test that a page names exists.
func TestDocs_tests(t *testing.T) {
	var sources strings.Builder
	var pages []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case strings.HasSuffix(path, "_test.go"):
			data, err := os.ReadFile(path)
			sources.Write(data)
			return err
		case strings.HasSuffix(path, ".md"):
			pages = append(pages, filepath.ToSlash(path))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	least := map[string]int{"docs/guarantees.md": 60, "docs/privacy.md": 25, "SECURITY.md": 6, "docs/testing.md": 100}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		named := testNames.FindAllString(string(text), -1)
		for _, name := range named {
			declared := "func " + strings.TrimSuffix(name, "*")
			if !strings.HasSuffix(name, "*") {
				declared += "("
			}
			if !strings.Contains(sources.String(), declared) {
				t.Errorf("%s names %s, which is not there", page, name)
			}
		}
		if len(named) < least[page] {
			t.Errorf("%s names %d tests, and not %d", page, len(named), least[page])
		}
		delete(least, page)
	}
	if len(least) > 0 || len(pages) < 20 {
		t.Errorf("of %d pages none is one of %v", len(pages), least)
	}
}

// The program of the README is that of Example, but for what looks at errors.
func TestDocs_readme(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "```go\n")
	code, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		t.Fatal("README.md has no program")
	}
	imports, body, _ := strings.Cut(string(program), "\nfunc Example() {\n")
	body, _, _ = strings.Cut(body, "\n}\n")
	left, lines := imports+body, 0
	for line := range strings.Lines(code) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "//") || strings.HasPrefix(line, "dir := ") {
			continue // the Example makes a directory for itself
		}
		if _, left, ok = strings.Cut(left, line); !ok {
			t.Fatalf("Example does not go on with %s", line)
		}
		lines++
	}
	answer := regexp.MustCompile(`(?m)^\s*// Output: (.*)$`).FindStringSubmatch(body)
	if lines < 20 || answer == nil || !strings.Contains(code, "// "+answer[1]+":") {
		t.Errorf("the program of README.md has %d lines, and an answer that is not %q", lines, answer)
	}
}

// The code of docs/operating.md is in a program that runs, and the errors it tells of are
// those that packages declare.
func TestDocs_operating(t *testing.T) {
	text, err := os.ReadFile("docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile("example_backup_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "```go\n")
	code, _, closed := strings.Cut(rest, "```")
	if !ok || !closed || !strings.Contains(string(program), code) {
		t.Errorf("docs/operating.md has code that example_backup_test.go has not:\n%s", code)
	}
	told := map[string]bool{}
	for _, m := range regexp.MustCompile("`(portrait|store|privacy)\\.(Err\\w+)`").FindAllStringSubmatch(string(text), -1) {
		told[m[1]+"."+m[2]] = true
	}
	if len(told) < 10 {
		t.Errorf("docs/operating.md tells of %v alone", told)
	}
	for dir, name := range map[string]string{".": "portrait", "store": "store", "privacy": "privacy"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			source, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`(?m)^(?:\t|var )(Err[A-Z]\w+) += `).FindAllStringSubmatch(string(source), -1) {
				delete(told, name+"."+m[1])
			}
		}
	}
	if len(told) > 0 {
		t.Errorf("docs/operating.md tells of errors that nobody declares: %v", told)
	}
}

// The DB for tests that docs/testing.md opens is that of a program that runs.
func TestDocs_testing(t *testing.T) {
	text, err := os.ReadFile("docs/testing.md")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile("example_clock_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "```go\n")
	code, _, closed := strings.Cut(rest, "```")
	inside := "\t" + strings.ReplaceAll(strings.TrimSuffix(code, "\n"), "\n", "\n\t")
	if !ok || !closed || !strings.Contains(string(program), inside) {
		t.Errorf("docs/testing.md has code that example_clock_test.go has not:\n%s", code)
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
