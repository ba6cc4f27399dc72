package linkage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func smallModel(tb testing.TB) (*Records, *Model) {
	tb.Helper()
	recs, _ := newPeople(7).records(tb, 400)
	m, err := Train(tb.Context(), recs, peopleConfig())
	if err != nil {
		tb.Fatal(err)
	}
	return recs, m
}

func TestModel_roundTrip(t *testing.T) {
	recs, m := smallModel(t)
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	back, err := ParseModel(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := json.Marshal(back); err != nil || !bytes.Equal(data, again) {
		t.Errorf("what was read is written otherwise: %v", err)
	}
	if m.Version() == "" || m.Version() != back.Version() || m.String() != back.String() {
		t.Errorf("version %q, then %q", m.Version(), back.Version())
	}
	score := func(m *Model) Score {
		l, err := NewLinker(recs, m)
		if err != nil {
			t.Fatal(err)
		}
		return l.Score(0, 1)
	}
	if d := cmp.Diff(score(m), score(back)); d != "" {
		t.Errorf("it scores otherwise:\n%s", d)
	}
}

func TestModel_String(t *testing.T) {
	_, m := smallModel(t)
	table := m.String()
	for _, w := range m.Weights() {
		if !strings.Contains(table, w.Level) {
			t.Errorf("level %q of %s is not in the table:\n%s", w.Level, w.Comparison, table)
		}
	}
	for _, b := range m.blocks {
		row := regexp.MustCompile(fmt.Sprintf(`(?m)^%s +%d +%.1f %% +%.1f %%$`, regexp.QuoteMeta(b.key), b.pairs, 100*b.share, 100*b.own))
		if b.pairs == 0 || b.share < 0.9 || !row.MatchString(table) {
			t.Errorf("training block %+v is not in the table:\n%s", b, table)
		}
	}
	if len(m.blocks) != 3 {
		t.Errorf("%d training blocks, want 3", len(m.blocks))
	}
}

// The number is the version, but for 0, which says that there is no model.
func TestModel_Number(t *testing.T) {
	_, m := smallModel(t)
	if got := fmt.Sprintf("%016x", m.Number()); got != m.Version() {
		t.Errorf("number %s, version %s", got, m.Version())
	}
	for version, want := range map[string]uint64{"0000000000000000": 1, "0000000000000001": 1, "ffffffffffffffff": math.MaxUint64} {
		if got := (&Model{version: version}).Number(); got != want {
			t.Errorf("version %s has number %d, want %d", version, got, want)
		}
	}
}

func TestEdge_Millibits(t *testing.T) {
	inf := float32(math.Inf(1))
	for weight, want := range map[float32]int32{
		0: 0, 6.6: 6600, -1.2345: -1235, 0.0006: 1, inf: math.MaxInt32, -inf: math.MinInt32, 3e6: math.MaxInt32, -3e6: math.MinInt32,
	} {
		if got := (Edge{Weight: weight}).Millibits(); got != want {
			t.Errorf("%v bits are %d thousandths, want %d", weight, got, want)
		}
	}
	if got := (Edge{Weight: float32(math.NaN())}).Millibits(); got != 0 {
		t.Errorf("no number of bits are %d thousandths", got)
	}
}

func TestParseModel_errors(t *testing.T) {
	_, m := smallModel(t)
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	change := func(old, with string) []byte {
		out := bytes.Replace(data, []byte(old), []byte(with), 1)
		if bytes.Equal(out, data) {
			t.Fatalf("%s is not in the model", old)
		}
		return out
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":               {nil, "EOF"},
		"cut short":             {data[:len(data)/2], "unexpected EOF"},
		"more after it":         {append(bytes.Clone(data), '1'), "more than one value"},
		"an unknown field":      {change(`"prior"`, `"priors"`), `unknown field "priors"`},
		"another format":        {change(`"format":1`, `"format":2`), "format 2, this program reads 1"},
		"a changed weight":      {change(`"prior":-`, `"prior":-1`), "its content that of"},
		"a level of no chance":  {change(`"m":0.`, `"m":-0.`), "is not what level"},
		"a level too few":       {change(`{"name":"the same day"`, `{"name":"the day"`), `level "the day"`},
		"an unknown comparison": {change(`"kind":"date"`, `"kind":"data"`), `no kind "data"`},
		"a bad key":             {change(`"keys":["email"`, `"keys":["emai("`), "want a column or a function"},
		"a share above all":     {change(`"own":`, `"own":7`), " and 7"},
		"a version of its own":  {change(m.Version(), "00"), `its version is "00"`},
	} {
		if _, err := ParseModel(c.data, nil); !errors.Is(err, ErrModel) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestParseModel_adapters(t *testing.T) {
	recs, _ := newPeople(7).records(t, 400)
	c := peopleConfig()
	c.Comparisons[0].EqualBy = "sound"
	c.Adapters = map[string]func(string) string{"sound": soundex}
	m, err := Train(t.Context(), recs, c)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseModel(data, nil); !errors.Is(err, ErrModel) || !strings.Contains(err.Error(), `no adapter "sound"`) {
		t.Errorf("without its adapter: %v", err)
	}
	if _, err := ParseModel(data, c.Adapters); err != nil {
		t.Errorf("with its adapter: %v", err)
	}
}

func FuzzParseModel(f *testing.F) {
	recs, _ := newPeople(7).records(f, 30)
	m, err := Train(f.Context(), recs, Config{
		Comparisons: []Comparison{{Kind: Text, Columns: []string{"given"}}, {Kind: Date, Columns: []string{"dob"}}},
		Blocking:    Blocking{Keys: []string{"city", "email", "dob", "given"}},
	})
	if err != nil {
		f.Fatal(err)
	}
	data, err := json.Marshal(m)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"format":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseModel(data, nil)
		if err != nil {
			if !errors.Is(err, ErrModel) {
				t.Fatalf("error %v is not of a model", err)
			}
			return
		}
		if again, err := json.Marshal(m); err != nil {
			t.Fatalf("%s: %v", again, err)
		}
		recs, err := NewRecords(peopleColumns...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := NewLinker(recs, m); err != nil && !errors.Is(err, ErrConfig) {
			t.Fatal(err)
		}
	})
}
