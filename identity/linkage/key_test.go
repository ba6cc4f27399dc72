package linkage

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func testParser(columns ...string) *keyParser {
	return &keyParser{
		column: func(name string) (int, error) {
			if i := slices.Index(columns, name); i >= 0 {
				return i, nil
			}
			return 0, fmt.Errorf("no column %q%s", name, suggest(name, columns))
		},
		order:     func(int) dateOrder { return yearFirst },
		nicknames: newNicknames(testNicknames, foldedName),
		adapters:  map[string]func(string) string{"twice": func(s string) string { return s + s }},
	}
}

func TestKey(t *testing.T) {
	columns := []string{"given", "surname", "dob", "email", "home town"}
	row := []string{"bill", "van smith", "1970-02-03", "b.smith@x.com", "北京市"}
	for text, want := range map[string][]string{
		"given":                          {"bill"},
		" given ":                        {"bill"},
		"`home town`":                    {"北京市"},
		"prefix(`home town`, 2)":         {"北京"},
		"prefix(`home town`, -1)":        {"北京"},
		"suffix(given, 2)":               {"ll"},
		"suffix(given,-3)":               {"l"},
		"prefix(given, 99)":              {"bill"},
		"prefix(given, -99)":             {},
		"year(dob)":                      {"1970"},
		"month(dob)":                     {"02"},
		"day(dob)":                       {"03"},
		"yearday(dob)":                   {"0203"},
		"year(given)":                    {},
		"soundex(given)":                 {"b400"},
		"skeleton(surname)":              {"vnsmt"},
		"words(surname)":                 {"van", "smith"},
		"sorted(surname, given)":         {"bill smith van"},
		"nickname(given)":                {"\x000"},
		"nickname(surname)":              {"van smith"},
		"any(given, surname)":            {"bill", "van smith"},
		"soundex(any(given, surname))":   {"b400", "v525"},
		"any(soundex(given), year(dob))": {"b400", "1970"},
		"local(email)":                   {"b.smith"},
		"digits(dob)":                    {"19700203"},
		"slips(given)":                   {"bill", "ill", "bll", "bil", "bil"},
		"twice(given)":                   {"billbill"},
	} {
		k, err := testParser(columns...).parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got := k.parts[0].values(func(c int) string { return row[c] }, []string{})
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", text, d)
		}
		if got := k.parts[0].values(func(int) string { return "" }, nil); len(got) != 0 {
			t.Errorf("%s of nothing: %q", text, got)
		}
	}
}

func TestKey_hashes(t *testing.T) {
	hashes := func(text string, row ...string) []uint64 {
		k, err := testParser("a", "b").parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return k.hashes(keySeed(0), func(p int, dst []uint64) []uint64 {
			return appendHashes(dst, k.parts[p].values(func(c int) string { return row[c] }, nil))
		}, nil)
	}
	share := func(x, y []uint64) int {
		n := 0
		for _, h := range x {
			if slices.Contains(y, h) {
				n++
			}
		}
		return n
	}
	if got := hashes("words(a) + words(b)", "x y", "1 2 3"); len(got) != 6 || len(slices.Compact(slices.Sorted(slices.Values(got)))) != 6 {
		t.Errorf("2 words and 3 give %d keys, want 6", len(got))
	}
	if got := hashes("words(a) + b", "x y", ""); len(got) != 0 {
		t.Errorf("a missing part gives %d keys", len(got))
	}
	if n := share(hashes("words(a) + words(b)", "x y", "1 2"), hashes("words(a) + words(b)", "z y", "2 3")); n != 1 {
		t.Errorf("%d keys shared, want y+2 alone", n)
	}
	if n := share(hashes("a + b", "x", "y"), hashes("a + b", "xy", "")); n != 0 {
		t.Error("the border between two parts is lost")
	}
	if n := share(hashes("a + b", "x", "y"), hashes("b + a", "x", "y")); n != 0 {
		t.Error("the order of two parts is lost")
	}
	if got := hashes("words(a) + words(b)", strings.Repeat("x ", 20), strings.Repeat("y ", 20)); len(got) != 0 {
		t.Errorf("%d keys, want none beyond the bound", len(got))
	}
}

func TestKey_errors(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "column 1: want a column or a function",
		"given +":                  "column 8: want a column or a function",
		"givn":                     `column 1: no column "givn", did you mean "given"?`,
		"given + surnam":           `column 9: no column "surnam", did you mean "surname"?`,
		"soundx(given)":            "column 1: no function soundx, did you mean \"soundex\"?",
		"prefix(given)":            "column 1: prefix needs a number, as in prefix(x, 3)",
		"soundex(given, 3)":        "column 1: soundex takes no number",
		"soundex(given, surname)":  "column 1: soundex takes one value",
		"prefix(given, 0)":         "column 15: want one number that is not 0",
		"prefix(given, 1, 2)":      "column 18: want one number",
		"prefix(given, 99999)":     "of at most 1,000",
		"prefix(given, -)":         "want one number",
		"prefix(3)":                `no column "3"`,
		"soundex(given":            "column 14: want , or )",
		"given surname":            "column 7: want + or the end",
		"`given":                   "a quoted name has no end",
		"``":                       "a quoted name has no end, or nothing in it",
		"城市":                       `column 1: no column "城市"`,
		strings.Repeat("any(", 40): "functions nest deeper than 16",
		strings.Repeat("a", 2000):  "key of 2000 bytes",
	} {
		_, err := testParser("given", "surname").parse(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
}

func FuzzKey(f *testing.F) {
	for _, s := range []string{"given", "soundex(surname) + year(dob)", "prefix(any(given, `home town`), -2) + words(dob)", "slips(given)", "twice(("} {
		f.Add(s, "bill", "1970-02-03")
	}
	f.Add("slips(given)", "\xf4", "0") // cleaning by the host may leave such
	f.Fuzz(func(t *testing.T, text, a, b string) {
		k, err := testParser("given", "dob").parse(text)
		if err != nil {
			return
		}
		row := []string{a, b}
		hashes := k.hashes(keySeed(0), func(p int, dst []uint64) []uint64 {
			return appendHashes(dst, k.parts[p].values(func(c int) string { return row[c] }, nil))
		}, nil)
		if len(hashes) > maxKeyValues || slices.Contains(hashes, 0) {
			t.Fatalf("%d hashes, one of them 0: %v", len(hashes), slices.Contains(hashes, 0))
		}
	})
}
