package linkage

import (
	"errors"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rowOf returns a row of some records.
func rowOf(recs *Records, r int) []string {
	row := make([]string, len(recs.columns))
	for i, c := range recs.columns {
		row[i] = recs.Value(r, c)
	}
	return row
}

func indexed(t *testing.T, recs *Records, c Config) (*Index, *Linker, *Result) {
	t.Helper()
	l, res := linked(t, recs, c, nil)
	x, err := NewIndex(t.Context(), recs, l.Model(), res.Clusters)
	if err != nil {
		t.Fatal(err)
	}
	return x, l, res
}

func TestIndex_Match(t *testing.T) {
	recs, _ := newPeople(14).records(t, 1500)
	x, l, res := indexed(t, recs, peopleConfig())
	matched := 0
	for r := range recs.Len() {
		d, err := x.Match(rowOf(recs, r)...)
		if err != nil {
			t.Fatal(err)
		}
		if d.Verdict == Matched && d.Best == int(res.Clusters[r]) {
			matched++
		}
		if d.Record >= 0 {
			want := math.Inf(-1)
			for o, e := range res.Clusters {
				if int(e) == d.Best {
					want = max(want, l.Score(r, o).Weight)
				}
			}
			if d.BestWeight != want || int(res.Clusters[d.Record]) != d.Best {
				t.Fatalf("record %d: %+v, want a weight of %v", r, d, want)
			}
		}
	}
	if matched < 1450 {
		t.Errorf("%d of 1500 records are matched to their own entity", matched)
	}
}

func TestIndex_verdicts(t *testing.T) {
	recs, _ := newPeople(15).records(t, 800)
	c := peopleConfig()
	c.Constraints.Unique = []string{"job"}
	x, _, _ := indexed(t, recs, c)
	match := func(values ...string) Decision {
		t.Helper()
		d, err := x.Match(values...)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	stranger := []string{"", "zoltan", "quux", "1811-01-09", "zq@nowhere.example", "99999999999", "7 elm", "atlantis", "zzzzz", ""}
	if d := match(stranger...); d.Verdict != NoMatch || d.Best != -1 || d.Record != -1 {
		t.Errorf("a stranger: %+v", d)
	}
	r, err := x.Add(-1, stranger...)
	if err != nil || r != 800 {
		t.Fatalf("record %d, %v", r, err)
	}
	if d := match(stranger...); d.Verdict != Matched || d.Best != 800 || d.Next != -1 || d.Record != 800 {
		t.Errorf("the stranger again: %+v", d)
	}
	partly := []string{"", "zoltan", "quux", "", "", "", "", "", "zzzzz", ""}
	if d := match(partly...); d.Best != 800 || d.BestWeight >= match(stranger...).BestWeight {
		t.Errorf("partly the stranger: %+v", d)
	}
	if r, err = x.Add(-1, stranger...); err != nil {
		t.Fatal(err)
	}
	if d := match(stranger...); d.Verdict != Ambiguous || !slices.Equal([]int{d.Best, d.Next}, []int{800, r}) || d.BestWeight != d.NextWeight {
		t.Errorf("the stranger, who is two entities: %+v", d)
	}
	employed := slices.Clone(stranger)
	employed[9] = "smith"
	if _, err := x.Add(800, employed...); err != nil {
		t.Fatal(err)
	}
	employed[9] = "cook"
	if d := match(employed...); d.Best != 801 {
		t.Errorf("another value of a unique column: %+v", d)
	}
	for name, err := range map[string]error{
		"a short row":           func() error { _, err := x.Match("a"); return err }(),
		"a short row to add":    func() error { _, err := x.Add(-1, "a"); return err }(),
		"no such entity":        func() error { _, err := x.Add(1<<20, stranger...); return err }(),
		"an entity far too big": func() error { _, err := x.Add(1<<40+800, stranger...); return err }(),
	} {
		if !errors.Is(err, ErrRecords) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestIndex_asBuilt compares an index to which records were added one by one with
// one of all the records, asking for strangers in between.
func TestIndex_asBuilt(t *testing.T) {
	all, _ := newPeople(16).records(t, 900)
	l, res := linked(t, all, peopleConfig(), nil)
	some, err := NewRecords(peopleColumns...)
	if err != nil {
		t.Fatal(err)
	}
	for r := range 500 {
		if _, err := some.Add(rowOf(all, r)...); err != nil {
			t.Fatal(err)
		}
	}
	grown, err := NewIndex(t.Context(), some, l.Model(), res.Clusters[:500])
	if err != nil {
		t.Fatal(err)
	}
	strangers, _ := newPeople(17).records(t, 900)
	for r := 500; r < 900; r++ {
		if _, err := grown.Match(rowOf(strangers, r)...); err != nil {
			t.Fatal(err)
		}
		entity := int(res.Clusters[r])
		if entity == r {
			entity = -1
		}
		if n, err := grown.Add(entity, rowOf(all, r)...); n != r || err != nil {
			t.Fatalf("record %d: %d, %v", r, n, err)
		}
	}
	built, err := NewIndex(t.Context(), all, l.Model(), res.Clusters)
	if err != nil {
		t.Fatal(err)
	}
	for r := range 900 {
		for _, row := range [][]string{rowOf(all, r), rowOf(strangers, r)} {
			want, err := built.Match(row...)
			if err != nil {
				t.Fatal(err)
			}
			got, err := grown.Match(row...)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("%q (-built +grown):\n%s", row, d)
			}
		}
	}
}

func TestIndex_concurrent(t *testing.T) {
	recs, _ := newPeople(18).records(t, 400)
	x, _, _ := indexed(t, recs, peopleConfig())
	want := make([]Decision, 400)
	for r := range want {
		want[r], _ = x.Match(rowOf(recs, r)...)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for r := range want {
				if got, err := x.Match(rowOf(recs, r)...); err != nil || got != want[r] {
					t.Errorf("record %d: %+v, %v, want %+v", r, got, err, want[r])
				}
			}
		})
	}
	group.Wait()
}

func TestNewIndex_entities(t *testing.T) {
	recs, m := smallModel(t)
	if _, err := NewIndex(t.Context(), recs, m, make([]int32, 3)); !errors.Is(err, ErrRecords) {
		t.Errorf("3 entities for %d records: %v", recs.Len(), err)
	}
}
