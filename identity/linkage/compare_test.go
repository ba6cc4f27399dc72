package linkage

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var testNicknames = [][]string{{"William", "bill", "will"}, {"robert", "Bob"}}

// planOf binds one comparison to columns named a and b.
func planOf(tb testing.TB, c Comparison) *planned {
	tb.Helper()
	p, err := newPlan(Config{
		Comparisons: []Comparison{c}, Nicknames: testNicknames, Blocking: Blocking{Keys: []string{"a"}},
		Adapters: map[string]func(string) string{"first": func(s string) string { return firstOf(s, 1) }},
	}, func(name string) (int, error) { return strings.Index("ab", name), nil })
	if err != nil {
		tb.Fatal(err)
	}
	return &p.comparisons[0]
}

func levelName(c *planned, a, b []string) string {
	l := c.level(c.comparator.add(a), c.comparator.add(b))
	if l == missing {
		return "missing"
	}
	return c.steps[l].name
}

func TestComparisons(t *testing.T) {
	name := Comparison{Kind: Name, Columns: []string{"a", "b"}, Nicknames: true}
	tokens := Comparison{Kind: Tokens, Columns: []string{"a"}, Nicknames: true}
	date := Comparison{Kind: Date, Columns: []string{"a"}, Placeholders: []string{"01-01"}}
	email := Comparison{Kind: Email, Columns: []string{"a"}}
	code := Comparison{Kind: Code, Columns: []string{"a"}, Prefix: -3}
	address := Comparison{Kind: Address, Columns: []string{"a"}}
	for _, c := range []struct {
		of         Comparison
		a, b, want string // Columns parted by a bar.
	}{
		{name, "john|smith", "john|smith", "given name and surname the same"},
		{name, "john|smith", "smith|john", "given name and surname the same, swapped"},
		{name, "bill|smith", "william|smith", "nickname, surname the same"},
		{name, "jon|smith", "john|smyth", "both similar"},
		{name, "j|smith", "john|smith", "both similar"},
		{name, "bill|smyth", "william|smith", "both similar"},
		{name, "jon|smith", "smyth|john", "both similar, swapped"},
		{name, "mary|smith", "john|smith", "surname the same, given name not"},
		{name, "john|smith", "john|brown", "given name the same, surname not"},
		{name, "jon|smith", "john|brown", "one of them similar"},
		{name, "smith|brown", "john|smith", "one in the other's place"},
		{name, "mary|brown", "john|smith", "neither alike"},
		{name, "john|", "john|smith", "given name the same, a surname missing"},
		{name, "smith|", "john|smith", "the only name is the other's surname"},
		{name, "bob|", "robert|smith", "nickname, a surname missing"},
		{name, "smyth|", "john|smith", "the only name is similar"},
		{name, "mary|", "john|smith", "the only name is not alike"},
		{name, "|smith", "john|smith", "surname the same, a given name missing"},
		{name, "|smyth", "john|smith", "surname similar, a given name missing"},
		{name, "|brown", "john|smith", "surname not alike, a given name missing"},
		{name, "|smith", "smith|", "missing"},
		{name, "|", "|", "missing"},
		{name, "伟|张", "伟明|张", "surname the same, given name not"},

		{Comparison{Kind: Name, Columns: []string{"a", "b"}, EqualBy: "first"}, "abc|xy", "axx|xz", "both sound the same"},
		{Comparison{Kind: Text, Columns: []string{"a"}}, "london", "london", "the same"},
		{Comparison{Kind: Text, Columns: []string{"a"}}, "london", "lomdon", "similar from 0.85"},
		{Comparison{Kind: Text, Columns: []string{"a"}}, "birmingham", "birminghan", "similar from 0.92"},
		{Comparison{Kind: Text, Columns: []string{"a"}}, "london", "paris", "not alike"},
		{Comparison{Kind: Text, Columns: []string{"a"}, Nicknames: true}, "bob", "robert", "nickname"},
		{Comparison{Kind: Text, Columns: []string{"a"}, EqualBy: "first"}, "bob", "basil", "sounds the same"},
		{Comparison{Kind: Text, Columns: []string{"a"}}, "", "paris", "missing"},
		{Comparison{Kind: Text, Columns: []string{"a"}, MissingDisagrees: true}, "", "paris", "not alike"},

		{tokens, "sir john smith", "smith john sir", "the same words"},
		{tokens, "sir bill smith", "smith william sir", "the same words but for slips and nicknames"},
		{tokens, "john smith", "sir john smith", "all words of one in the other"},
		{tokens, "bob smith", "sir robert smith", "all words of one in the other but for slips and nicknames"},
		{tokens, "john paul smith", "john smith brown", "two words or more shared"},
		{tokens, "john smith", "john brown", "one word shared"},
		{tokens, "bob smith", "robert brown", "one word similar"},
		{tokens, "mary brown", "john smith", "no word alike"},
		{tokens, "smith", "john smith", "the only word is in the other"},
		{tokens, "smyth", "john smith", "the only word is similar to one"},
		{tokens, "brown", "john smith", "the only word is not alike"},
		{tokens, "", "john smith", "missing"},

		{date, "1970-02-03", "03/02/1970", "the same day"},
		{Comparison{Kind: Date, Columns: []string{"a"}, Format: "dmy"}, "1970-02-03", "03/02/1970", "the same day"},
		{date, "1970-02-03", "19700203", "the same day"},
		{date, "1970-02-03", "1970-20-03", "one digit off"},
		{date, "1970-02-03", "1971-02-03", "one digit off"},
		{date, "1970-02-03", "1970-03-02", "two of year, month and day the same, or swapped"},
		{date, "1970-02-13", "1970-02-28", "two of year, month and day the same, or swapped"},
		{date, "1970-02-13", "1970-11-28", "the same year"},
		{date, "1970-02-13", "1971-02-14", "two digits off"},
		{date, "1970-02-13", "1985-11-28", "different"},
		{date, "1970-01-01", "1970-02-13", "the same year, no more known"},
		{date, "1970", "1970-01-01", "the same year, no more known"},
		{date, "1970", "1972-02-13", "the year one digit off, no more known"},
		{date, "1970", "1985-02-13", "another year, no more known"},
		{date, "no date", "1970-02-13", "missing"},
		{date, "1770-81-01", "1770-01-01", "the same year, no more known"},
		{date, "1770-81-02", "1770-01-02", "one digit off"},

		{email, "ann@x.com", "ann@x.com", "the same"},
		{email, "ann@x.com", "ann@y.org", "the same before the @"},
		{email, "ann.smith@x.com", "ann.smyth@x.com", "similar"},
		{email, "annsmith@alpha.com", "annsmth@zzz.org", "similar before the @"},
		{email, "ann@x.com", "bob@y.org", "different"},

		{Comparison{Kind: Phone, Columns: []string{"a"}}, "+44 20 7946 0018", "0044 20 79460018", "the same"},
		{Comparison{Kind: Phone, Columns: []string{"a"}}, "+44 20 7946 0018", "020 7946 0018", "the last 7 digits the same"},
		{Comparison{Kind: Phone, Columns: []string{"a"}}, "13900001111", "13900001121", "one slip"},
		{Comparison{Kind: Phone, Columns: []string{"a"}}, "13900001111", "13955551121", "different"},
		{Comparison{Kind: Phone, Columns: []string{"a"}}, "none", "13955551121", "missing"},

		{code, "sy5 7nt", "sy5 7nt", "the same"},
		{code, "sy5 7nt", "sy5 7mt", "one slip"},
		{code, "sy5 7nt", "sy5 6mt", "two slips"},
		{code, "sy5 7nt", "sy5 8ab", "all but the last 3 the same"},
		{code, "sy5 7nt", "ba2 8ab", "different"},

		{Comparison{Kind: Exact, Columns: []string{"a"}}, "x", "X", "the same"},
		{Comparison{Kind: Exact, Columns: []string{"a"}}, "x", "y", "different"},
		{Comparison{Kind: Number, Columns: []string{"a"}, Within: []float64{0, 5}}, "1.50", "1.5", "within 0"},
		{Comparison{Kind: Number, Columns: []string{"a"}, Within: []float64{0, 5}}, "-2", "2", "within 5"},
		{Comparison{Kind: Number, Columns: []string{"a"}, Within: []float64{0, 5}}, "-0", "0", "within 0"},
		{Comparison{Kind: Number, Columns: []string{"a"}}, "1", "2", "different"},
		{Comparison{Kind: Number, Columns: []string{"a"}}, "NaN", "2", "missing"},

		{address, "5 milne cove", "milne cove 5", "the same"},
		{address, "5 milne cove", "5 milne cave", "the same number, similar words"},
		{address, "5 milne cove", "7 milne cove", "the same words, another number or none"},
		{address, "milne cove", "7 milne cave", "similar words, another number or none"},
		{address, "5 milne cove", "5 sturdee crescent", "the same number, other words"},
		{address, "5 milne cove", "7 sturdee crescent", "different"},
	} {
		p := planOf(t, c.of)
		a, b := strings.Split(c.a, "|"), strings.Split(c.b, "|")
		if c.of.Kind == Exact {
			a[0], b[0] = strings.ToLower(a[0]), strings.ToLower(b[0])
		}
		if got := levelName(p, a, b); got != c.want {
			t.Errorf("%s: %q and %q: %q, want %q", c.of.Kind, c.a, c.b, got, c.want)
		}
	}
}

// everyKind is a comparison of each kind.
var everyKind = []Comparison{
	{Kind: Name, Columns: []string{"a", "b"}, Nicknames: true, EqualBy: "first"},
	{Kind: Text, Columns: []string{"a"}, Nicknames: true, EqualBy: "first"},
	{Kind: Tokens, Columns: []string{"a", "b"}, Nicknames: true},
	{Kind: Date, Columns: []string{"a"}, Placeholders: []string{"01-01"}},
	{Kind: Email, Columns: []string{"a"}},
	{Kind: Phone, Columns: []string{"a"}},
	{Kind: Code, Columns: []string{"a"}, Prefix: 2},
	{Kind: Exact, Columns: []string{"a"}},
	{Kind: Number, Columns: []string{"a"}, Within: []float64{0, 10}},
	{Kind: Address, Columns: []string{"a", "b"}},
}

// anyValue draws a value that some kind makes something of.
func anyValue(r *rand.Rand) string {
	some := []string{"", "john", "jon", "bill", "william", "bob smith", "robert smith", "smyth", "王芳", "王方", "1970-01-01", "1970-02-03", "1907-02-03", "1970", "a@x.com", "a@y.com", "13912345678", "12", "5 milne cove", "milne cove 7", "sir john paul smith", "\x00", "9", "-3e2"}
	return some[r.IntN(len(some))]
}

func TestComparisons_laws(t *testing.T) {
	const seed = 11
	for _, c := range everyKind {
		t.Run(string(c.Kind), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 0))
			p := planOf(t, c)
			for range 3000 {
				a := p.comparator.add([]string{anyValue(r), anyValue(r)}[:len(c.Columns)])
				b := p.comparator.add([]string{anyValue(r), anyValue(r)}[:len(c.Columns)])
				l := p.compare(a, b)
				switch {
				case l != p.compare(b, a):
					t.Fatalf("%q and %q: %d, the other way %d", p.text(a), p.text(b), l, p.compare(b, a))
				case l != missing && (l < 0 || l >= len(p.steps)):
					t.Fatalf("%q and %q: level %d of %d", p.text(a), p.text(b), l, len(p.steps))
				case (a == 0 || b == 0) && l != missing:
					t.Fatalf("a missing value has level %d", l)
				}
				sort := func(s []sharedTerm) []sharedTerm {
					slices.SortFunc(s, func(x, y sharedTerm) int { return (x.role-y.role)<<20 + int(x.term) - int(y.term) })
					return s
				}
				if l == missing {
					continue
				}
				if d := cmp.Diff(sort(p.shared(l, a, b, nil)), sort(p.shared(l, b, a, nil)), cmp.AllowUnexported(sharedTerm{})); d != "" {
					t.Fatalf("%q and %q share other terms the other way:\n%s", p.text(a), p.text(b), d)
				}
			}
		})
	}
}

// TestComparisons_undo adds values and takes them back: the numbers that come after
// must be those that would have come without.
func TestComparisons_undo(t *testing.T) {
	const seed = 5
	for _, c := range everyKind {
		t.Run(string(c.Kind), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			one, two := planOf(t, c), planOf(t, c)
			none := make([]*frequencies, len(one.roles()))
			for i := range none {
				none[i] = &frequencies{chance: 0.5}
			}
			one.vocab().weigh(none, 0.1)
			draw := func() []string { return []string{anyValue(r), anyValue(r)}[:len(c.Columns)] }
			for range 200 {
				m := one.mark()
				for range r.IntN(4) {
					one.comparator.add(draw())
				}
				one.undo(m)
				v := draw()
				if a, b := one.comparator.add(v), two.comparator.add(v); a != b || one.text(a) != two.text(b) {
					t.Fatalf("%q is number %d, %q, want %d, %q", v, a, one.text(a), b, two.text(b))
				}
			}
			if one.size() != two.size() || len(one.vocab().rare[0].bits) != two.vocab().len() {
				t.Errorf("%d values and %d weights, want %d and %d", one.size(), len(one.vocab().rare[0].bits), two.size(), two.vocab().len())
			}
		})
	}
}

func TestParseDate(t *testing.T) {
	for _, c := range []struct {
		in    string
		order dateOrder
		want  string
	}{
		{"1862-03-04", yearFirst, "1862-03-04"},
		{"1862/3/4", yearFirst, "1862-03-04"},
		{"18620304", yearFirst, "1862-03-04"},
		{"04.03.1862", dayFirst, "1862-03-04"},
		{"04031862", dayFirst, "1862-03-04"},
		{"3/4/1862", monthFirst, "1862-03-04"},
		{"03041862", monthFirst, "1862-03-04"},
		{"04-03-1862", yearFirst, "1862-03-04"},
		{"1862-03-04T10:11:12Z", yearFirst, "1862-03-04"},
		{"1862-03-04 00:00:00", yearFirst, "1862-03-04"},
		{"1862", yearFirst, "1862"},
		{"1862-03", yearFirst, "1862-03"},
		{"03/1862", dayFirst, "1862-03"},
		{"186203", yearFirst, "1862-03"},
		{"1770-81-01", yearFirst, "1770-81-01"},
		{"1862-00-00", yearFirst, "1862"},
		{"0000-00-00", yearFirst, ""},
		{"", yearFirst, ""},
		{"no date", yearFirst, ""},
		{"1862-03-04-05", yearFirst, "1862-03-04"},
		{"123456789012", yearFirst, ""},
		{"12345-1-1", yearFirst, ""},
		{"1862-123-04", yearFirst, ""},
		{"t2227949951", yearFirst, ""},
		{"1862年3月4日", yearFirst, "1862-03-04"},
	} {
		d, ok := parseDate(c.in, c.order)
		got := ""
		if ok {
			got = string(d.appendTo(nil))
		}
		if got != c.want {
			t.Errorf("parseDate(%q, %d) = %q, want %q", c.in, c.order, got, c.want)
		}
	}
}
