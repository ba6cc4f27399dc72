package linkage

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/internal/yamlfile"
)

const smallConfig = `
comparisons:
  - {name: name, kind: name, columns: [given, surname], nicknames: true}
  - {kind: date, column: dob}
blocking:
  keys: [dob, soundex(surname)]
nicknames:
  - [william, bill]
`

func TestParseConfig(t *testing.T) {
	got, err := ParseConfig([]byte(smallConfig))
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Comparisons: []Comparison{
			{Name: "name", Kind: Name, Columns: []string{"given", "surname"}, Nicknames: true},
			{Kind: Date, Columns: []string{"dob"}},
		},
		Blocking:  Blocking{Keys: []string{"dob", "soundex(surname)"}},
		Nicknames: [][]string{{"william", "bill"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestParseConfig_everyField(t *testing.T) {
	want := Config{
		ID: "id", TruthPattern: `rec-(\d+)`, Clean: map[string][]string{"a": {"lower", "fold"}}, Nicknames: [][]string{{"x", "y"}},
		Comparisons: []Comparison{
			{Name: "n", Kind: Name, Columns: []string{"a", "b"}, Similar: []float64{0.9}, Nicknames: true, EqualBy: "p", Floor: 0.01, MissingDisagrees: true},
			{Name: "d", Kind: Date, Columns: []string{"c"}, Format: "dmy", Placeholders: []string{"01-01"}},
			{Name: "c", Kind: Code, Columns: []string{"c"}, Prefix: -3},
			{Name: "p", Kind: Phone, Columns: []string{"c"}, Suffix: 8},
			{Name: "#", Kind: Number, Columns: []string{"c"}, Within: []float64{0, 2.5}},
		},
		Blocking:   Blocking{Keys: []string{"a"}, MaxPosting: 5, MaxPairs: 6},
		Training:   Training{Blocks: []string{"b"}, BlockPairs: 7, RandomPairs: 8, Rules: []string{"c"}, Recall: 0.5, MaxWeight: 9, Seed: 10},
		Thresholds: Thresholds{Match: new(5.0), Review: new(0.0), Join: new(-3.0)},
		Clustering: ClusterOptions{MinMean: new(-1.0), BySize: new(0.5), Clamp: 11, MaxSize: 12, Components: true}, Constraints: Constraints{Unique: []string{"u"}, OnePerList: true},
		WithinLists: true,
	}
	data, err := json.Marshal(fileOf(want))
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseConfig(data)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("what was written reads back otherwise (-want +got):\n%s", d)
	}
}

func TestParseConfig_errors(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"nothing", "", "no comparisons"},
		{"an unknown key names its line", smallConfig + "blokcing: 1\n", `[9:1] unknown field "blokcing"`},
		{"a wrong type names its line", "comparisons:\n  - kind: [a]\n", "[2:"},
		{"a fraction for a whole number", smallConfig + "clustering: {max_size: 1.5}\n", "[9:24] want a whole number, got 1.5"},
		{"a seed cut short", smallConfig + "training: {seed: 1.5}\n", "[9:18] want a whole number, got 1.5"},
		{"a fraction of a character", "comparisons:\n  - {kind: code, column: a, prefix: 2.5}\n", "[2:37] want a whole number, got 2.5"},
		{"text for a list", "blocking: {keys: dob}\n", "want a list, got text"},
		{"an unknown kind suggests one", "comparisons: [{kind: dat, column: a}]\nblocking: {keys: [a]}", `no kind "dat", did you mean "date"? (the kinds: name, text, tokens, date, email, phone, code, exact, number, address)`},
		{"an unknown kind like none", "comparisons: [{kind: levenshtein, column: a}]\nblocking: {keys: [a]}", `no kind "levenshtein" (the kinds: name, text,`},
		{"a field of another kind", "comparisons: [{kind: date, column: a, prefix: 3}]\nblocking: {keys: [a]}", `comparison "a": prefix means nothing to kind date`},
		{"too few columns", "comparisons: [{kind: name, columns: [a]}]\nblocking: {keys: [a]}", "1 columns, want 2"},
		{"column and columns", "comparisons: [{kind: text, column: a, columns: [b]}]\nblocking: {keys: [a]}", "comparison 1: both column and columns"},
		{"two of one name", "comparisons: [{kind: text, column: a}, {kind: date, column: a}]\nblocking: {keys: [a]}", `two comparisons named "a"`},
		{"no keys", "comparisons: [{kind: text, column: a}]", "blocking: no keys"},
		{"similarities that rise", "comparisons: [{kind: text, column: a, similar: [0.8, 0.9]}]\nblocking: {keys: [a]}", "similar 0.9 is not above 0 and at most 0.8"},
		{"a bad pattern", smallConfig + "truth_pattern: '('\n", "truth_pattern"},
		{"thresholds out of order", smallConfig + "thresholds: {match: 1, review: 2}\n", "review 2 is above match 1"},
		{"recall", smallConfig + "training: {recall: 2}\n", "recall 2 is not above 0 and at most 1"},
		{"not a number", smallConfig + "thresholds: {match: .nan}\n", "is not a number"},
		{"clustering", smallConfig + "clustering: {clamp: -1}\n", "clustering: "},
		{"all faults at once", "comparisons: [{kind: dat}]\nblocking: {max_posting: -1}", "no keys\nblocking: max_posting -1 is not above 0"},
		{"too long", strings.Repeat("#", yamlfile.MaxBytes+1), "bytes: at most"},
	} {
		_, err := ParseConfig([]byte(c.in))
		if !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestTrain_configErrors(t *testing.T) {
	recs, err := NewRecords("id", "given", "surname", "dob")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range [][]string{{"1", "john", "smith", "1970-02-03"}, {"2", "john", "smith", "1970-02-03"}, {"3", "ann", "lee", "1971-05-06"}} {
		if _, err := recs.Add(row...); err != nil {
			t.Fatal(err)
		}
	}
	base := func() Config {
		c, err := ParseConfig([]byte(smallConfig))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for _, c := range []struct {
		name string
		with func(c *Config)
		want string
	}{
		{"an unknown column suggests one", func(c *Config) { c.Comparisons[1].Columns = []string{"dbo"} }, `comparison "dbo": no column "dbo", did you mean "dob"?`},
		{"the ID is not compared", func(c *Config) { c.ID = "given" }, `column "given" is the ID, which may not be compared`},
		{"the ID is not blocked on", func(c *Config) { c.ID = "id"; c.Blocking.Keys = []string{"id"} }, `column "id" is the ID`},
		{"an unknown step", func(c *Config) { c.Clean = map[string][]string{"dob": {"lowr"}} }, `clean "dob": no cleaning step "lowr", did you mean "lower"?`},
		{"cleaning of no column", func(c *Config) { c.Clean = map[string][]string{"city": {"lower"}} }, `clean: no column "city"`},
		{"no adapter", func(c *Config) { c.Comparisons[0].EqualBy = "pinyin" }, `equal_by: no adapter "pinyin"`},
		{"a bad key", func(c *Config) { c.Blocking.Keys = []string{"soundex(dob"} }, `blocking: key "soundex(dob", column 12`},
		{"a bad rule", func(c *Config) { c.Training.Rules = []string{"city"} }, `rules: key "city", column 1`},
		{"a rule that finds nothing", func(c *Config) { c.Training.Rules = []string{"given + id"} }, "the rules find no pair"},
		{"no unique column", func(c *Config) { c.Constraints.Unique = []string{"uid"} }, `unique: no column "uid", did you mean "id"?`},
		{"nothing teaches a comparison", func(c *Config) { c.Training.Blocks = []string{"dob"} }, `no training block teaches comparison "dob": each reads a column of it`},
	} {
		cfg := base()
		c.with(&cfg)
		_, err := Train(t.Context(), recs, cfg)
		if !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := Train(t.Context(), recs, base()); err != nil {
		t.Errorf("the base itself: %v", err)
	}
	few := base()
	few.Training.Blocks = []string{"dob", "given + id", "surname + id"}
	want := `comparison "dob": no two of the 3 records share "given + id" or "surname + id": too few records`
	if _, err := Train(t.Context(), recs, few); !errors.Is(err, ErrRecords) || !strings.Contains(err.Error(), want) {
		t.Errorf("blocks without pairs: %v, want %q", err, want)
	}
	one, _ := NewRecords("given", "surname", "dob")
	if _, err := Train(t.Context(), one, base()); !errors.Is(err, ErrRecords) {
		t.Errorf("no records: %v", err)
	}
}

func FuzzParseConfig(f *testing.F) {
	f.Add([]byte(smallConfig))
	f.Add([]byte("comparisons: [{kind: date, column: a, placeholders: ['01-01']}]\nblocking: {keys: [a]}\nthresholds: {match: .inf}"))
	f.Add([]byte(`{"comparisons": [{"kind": "text", "column": "a"}], "blocking": {"keys": ["a"]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseConfig(data)
		if err != nil {
			if !errors.Is(err, ErrConfig) {
				t.Fatalf("error %v is not of a config", err)
			}
			return
		}
		// What is read can be written and read again.
		out, err := json.Marshal(fileOf(c))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseConfig(out); err != nil {
			t.Fatalf("%s: %v", out, err)
		}
	})
}

func TestConfig_Columns(t *testing.T) {
	c, err := ParseConfig([]byte("id: key\nclean: {city: [lower]}\nconstraints: {unique: [login]}" + smallConfig))
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Columns()
	if diff := cmp.Diff([]string{"city", "key", "given", "surname", "dob", "login"}, got); diff != "" || err != nil {
		t.Errorf("columns (-want +got):\n%s%v", diff, err)
	}
	if _, err := (Config{}).Columns(); !errors.Is(err, ErrConfig) {
		t.Errorf("an empty configuration: %v", err)
	}
}
