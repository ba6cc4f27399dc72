package linkage

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestRecords(t *testing.T) {
	if _, err := NewRecords("a", " "); !errors.Is(err, ErrRecords) {
		t.Errorf("a column without a name: %v", err)
	}
	if _, err := NewRecords("a", " a "); !errors.Is(err, ErrRecords) {
		t.Errorf("two columns of one name: %v", err)
	}
	r, err := NewRecords(" rec_id", "city")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.StartSecondList(); !errors.Is(err, ErrRecords) {
		t.Errorf("a second list before the first has rows: %v", err)
	}
	for i, row := range [][]string{{"1", " 上海 "}, {"2", "上海"}, {"3", ""}, {"4", "a\xffb"}} {
		if n, err := r.Add(row...); n != i || err != nil {
			t.Fatalf("row %d: %d, %v", i, n, err)
		}
	}
	if _, err := r.Add("5"); !errors.Is(err, ErrRecords) || !strings.Contains(err.Error(), "row 4 has 1 values, want 2") {
		t.Errorf("a short row: %v", err)
	}
	for row, want := range []string{"上海", "上海", "", "a\ufffdb"} {
		if got := r.Value(row, "city"); got != want {
			t.Errorf("row %d: %q, want %q", row, got, want)
		}
	}
	if r.Value(0, "town") != "" || r.Value(-1, "city") != "" || r.Value(4, "city") != "" {
		t.Error("a value that is not there is not missing")
	}
	if err := r.StartSecondList(); err != nil || r.SecondList() != 4 {
		t.Errorf("second list at %d: %v", r.SecondList(), err)
	}
	if err := r.StartSecondList(); !errors.Is(err, ErrRecords) {
		t.Errorf("a third list: %v", err)
	}
}

// TestInterner compares the table with a map, through growth and taking back.
func TestInterner(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var table interner
		want := map[string]uint32{}
		var order []string
		t.Repeat(map[string]func(*rapid.T){
			"intern": func(t *rapid.T) {
				s := rapid.StringN(0, 6, -1).Draw(t, "s")
				if rapid.Bool().Draw(t, "long") {
					s = strings.Repeat(s, 5000)
				}
				n, ok := want[s]
				if found, in := table.find(s); in != ok || in && found != n {
					t.Fatalf("find: %d, %v, want %d, %v", found, in, n, ok)
				}
				if !ok {
					n = uint32(len(order))
					want[s] = n
					order = append(order, s)
				}
				if got := table.intern(s); got != n || table.texts[got] != s {
					t.Fatalf("number %d, want %d", got, n)
				}
			},
			"take back": func(t *rapid.T) {
				n := rapid.IntRange(0, len(order)).Draw(t, "n")
				for _, s := range order[n:] {
					delete(want, s)
				}
				order = order[:n]
				table.truncate(n)
			},
			"": func(t *rapid.T) {
				for n, s := range order {
					if got, ok := table.find(s); !ok || got != uint32(n) {
						t.Fatalf("%q is lost", s)
					}
				}
				if table.len() != len(order) {
					t.Fatalf("%d texts, want %d", table.len(), len(order))
				}
			},
		})
	})
}

func TestClean(t *testing.T) {
	adapters := map[string]func(string) string{"none": func(string) string { return "" }}
	for _, c := range []struct{ steps, in, want string }{
		{"lower", "ÄB", "äb"},
		{"fold", "Colomiès Straße Øre Łódź", "Colomies Strasse Ore Lodz"},
		{"space", " a \t b\u3000c ", "a b c"},
		{"punct", "O'Hara-Smith, Jr.", "OHara Smith Jr"},
		{"alnum", "SW1A 1-bw", "SW1A1bw"},
		{"letters", "a1 b王", "ab王"},
		{"digits", "+44 (0)20", "44020"},
		{"nfkc", "ＡＢ１", "AB1"},
		{"blank", "N/A", ""},
		{"blank", "未知", ""},
		{"blank", "Nanette", "Nanette"},
		{"lower none", "x", ""},
		{"nfkc lower space blank", " Ｕnknown ", ""},
	} {
		f, err := cleaner(strings.Fields(c.steps), adapters)
		if err != nil {
			t.Fatal(err)
		}
		if got := f(c.in); got != c.want {
			t.Errorf("%s of %q: %q, want %q", c.steps, c.in, got, c.want)
		}
	}
}
