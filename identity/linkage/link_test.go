package linkage

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// linked trains and links records by a configuration.
func linked(t *testing.T, recs *Records, c Config, o *Options) (*Linker, *Result) {
	t.Helper()
	m, err := Train(t.Context(), recs, c)
	if err != nil {
		t.Fatal(err)
	}
	l, err := NewLinker(recs, m)
	if err != nil {
		t.Fatal(err)
	}
	res, err := l.Link(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return l, res
}

// TestLink_naive compares the pairs with those found by comparing all pairs of
// records that share a key, without caches and without stopping early.
func TestLink_naive(t *testing.T) {
	recs, _ := newPeople(8).records(t, 700)
	c := peopleConfig()
	c.Blocking.Keys = append(c.Blocking.Keys, "prefix(city, 2)", "words(street)")
	c.Blocking.MaxPosting = 60
	c.Thresholds = Thresholds{Review: new(-3.0), Join: new(25.0)}
	l, res := linked(t, recs, c, nil)

	keys := make([][]uint64, recs.Len())
	postings := map[uint64]int{}
	for r := range keys {
		for i, k := range l.plan.keys {
			keys[r] = k.hashes(keySeed(i), func(p int, dst []uint64) []uint64 {
				cell := func(col int) string { return l.plan.columns[col].clean(recs.Value(r, l.plan.columns[col].name)) }
				return appendHashes(dst, k.parts[p].values(cell, nil))
			}, keys[r])
		}
		slices.Sort(keys[r])
		keys[r] = slices.Compact(keys[r])
		for _, h := range keys[r] {
			postings[h]++
		}
	}
	var want []Edge
	compared, skipped := int64(0), 0
	for _, n := range postings {
		if n > 60 {
			skipped++
		}
	}
	for a := range keys {
		for b := a + 1; b < len(keys); b++ {
			if !slices.ContainsFunc(keys[a], func(h uint64) bool { return postings[h] <= 60 && slices.Contains(keys[b], h) }) {
				continue
			}
			compared++
			if w := l.Score(a, b).Weight; w >= -3 {
				want = append(want, Edge{int32(a), int32(b), float32(w)})
			}
		}
	}
	got := slices.Clone(res.Pairs)
	slices.SortFunc(got, func(x, y Edge) int { return int(x.A-y.A)<<16 + int(x.B-y.B) })
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("pairs (-want +got):\n%s", d)
	}
	if skipped == 0 {
		t.Error("no key is too common: the test shows less than it should")
	}
	n := res.Counts
	if n.Records != 700 || n.Compared != compared || n.SkippedKeys != skipped || n.Keys != len(postings) {
		t.Errorf("counts %+v, want %d compared, %d keys, %d skipped", n, compared, len(postings), skipped)
	}
	if !slices.IsSortedFunc(res.Pairs, func(x, y Edge) int {
		if x.Weight != y.Weight {
			return int(math.Copysign(1, float64(y.Weight-x.Weight)))
		}
		return int(x.A-y.A)<<16 + int(x.B-y.B)
	}) {
		t.Error("the pairs are not strongest first")
	}
	for _, e := range res.Review {
		if res.Clusters[e.A] == res.Clusters[e.B] {
			t.Errorf("pair %v is joined, and to be reviewed", e)
		}
	}
	apart := 0
	for _, e := range res.Pairs {
		if res.Clusters[e.A] != res.Clusters[e.B] {
			apart++
		}
	}
	if apart != len(res.Review) || apart == 0 {
		t.Errorf("%d pairs to review, want the %d that are not joined", len(res.Review), apart)
	}
}

func TestScore(t *testing.T) {
	recs, _ := newPeople(9).records(t, 300)
	l, _ := linked(t, recs, peopleConfig(), nil)
	for a := range 60 {
		b := a + 1
		s := l.Score(a, b)
		sum := s.Prior
		for i, f := range s.Fields {
			sum += f.Weight
			if f.Level == "missing" && (f.Weight != 0 || f.A != "" && f.B != "") {
				t.Errorf("field %d: %+v", i, f)
			}
		}
		if sum != s.Weight || s.Prior != l.Model().Prior() {
			t.Errorf("the fields add up to %v, the weight is %v", sum, s.Weight)
		}
		if w := l.weight(int32(a), int32(b), math.Inf(-1), &scratch{}); w != s.Weight {
			t.Errorf("scored in passing %v, taken apart %v", w, s.Weight)
		}
		if back := l.Score(b, a); back.Weight != s.Weight {
			t.Errorf("%v one way, %v the other", s.Weight, back.Weight)
		}
	}
	if p := (Score{Weight: 0}).Probability(); p != 0.5 {
		t.Errorf("even odds are %v", p)
	}
}

func TestContribution_String(t *testing.T) {
	for want, c := range map[string]Contribution{
		"surname the same, rare: 1 in 4,213": {Level: "surname the same", Frequency: 1 / 4213.0, Rarity: 3},
		"the same, common: 50 % of all":      {Level: "the same", Frequency: 0.5, Rarity: -4},
		"the same, 1 in 12,345,678":          {Level: "the same", Frequency: 1 / 12345678.0},
		"missing":                            {Level: "missing"},
	} {
		if got := c.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestScore_rarity says that a rare value is stronger evidence than a common one.
func TestScore_rarity(t *testing.T) {
	recs, _ := newPeople(10).records(t, 2000)
	l, _ := linked(t, recs, peopleConfig(), nil)
	var rare, common *Contribution
	for r := range recs.Len() {
		c := l.Score(r, r).Fields[7] // The job.
		if c.Level != "the same" {
			continue
		}
		if rare == nil || c.Frequency < rare.Frequency {
			rare = &c
		}
		if common == nil || c.Frequency > common.Frequency {
			common = &c
		}
	}
	want := math.Log2(common.Frequency / rare.Frequency)
	if got := rare.Weight - common.Weight; math.Abs(got-want) > 1e-4 || want < 2 {
		t.Errorf("%+v is %v bits stronger than %+v, want %v", *rare, got, *common, want)
	}
}

func TestLink_constraints(t *testing.T) {
	recs, err := NewRecords("uid", "given", "surname", "dob", "email", "phone", "street", "city", "postcode", "job", "id")
	if err != nil {
		t.Fatal(err)
	}
	base, _ := newPeople(11).records(t, 600)
	add := func(uid string, from int) {
		row := []string{uid}
		for _, c := range append(slices.Clone(peopleColumns[1:]), "id") {
			row = append(row, base.Value(from, c))
		}
		if _, err := recs.Add(row...); err != nil {
			t.Fatal(err)
		}
	}
	for r := range 600 {
		add("", r)
	}
	// Records 600 to 605 are one record six times over.
	for _, uid := range []string{"x", "x", "", "y", "y", ""} {
		add(uid, 5)
	}
	same := func(res *Result, a, b int) bool { return res.Clusters[a] == res.Clusters[b] }

	_, res := linked(t, recs, peopleConfig(), nil)
	if !same(res, 600, 603) {
		t.Fatal("the same record twice is not joined: the test shows nothing")
	}
	c := peopleConfig()
	c.Constraints.Unique = []string{"uid"}
	_, res = linked(t, recs, c, nil)
	if same(res, 600, 603) || !same(res, 600, 601) || !same(res, 603, 604) {
		t.Errorf("unique: clusters %v", res.Clusters[600:])
	}
	if !slices.ContainsFunc(res.Review, func(e Edge) bool { return e.A == 600 && e.B == 603 }) {
		t.Error("the pair that a constraint keeps apart is not to be reviewed")
	}
	_, res = linked(t, recs, peopleConfig(), &Options{Apart: [][2]int{{603, 600}}})
	if same(res, 600, 603) {
		t.Errorf("apart: clusters %v", res.Clusters[600:])
	}
	l, _ := linked(t, recs, peopleConfig(), nil)
	for _, pair := range [][2]int{{0, 0}, {-1, 3}, {5, recs.Len()}} {
		if _, err := l.Link(t.Context(), &Options{Apart: [][2]int{pair}}); !errors.Is(err, ErrRecords) {
			t.Errorf("apart %v: %v", pair, err)
		}
	}
}

func TestLink_twoLists(t *testing.T) {
	first, truth := newPeople(12).records(t, 1200)
	lists := func() *Records {
		recs, err := NewRecords(peopleColumns...)
		if err != nil {
			t.Fatal(err)
		}
		for i := range truth {
			r := 2 * i // The even records, then the odd ones.
			if i >= 600 {
				r -= 1199
			}
			row := rowOf(first, r)
			if i == 600 {
				if err := recs.StartSecondList(); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := recs.Add(row...); err != nil {
				t.Fatal(err)
			}
		}
		// The first record of the first list, twice in the second.
		for range 2 {
			if _, err := recs.Add(rowOf(first, 0)...); err != nil {
				t.Fatal(err)
			}
		}
		return recs
	}
	recs := lists()
	_, res := linked(t, recs, peopleConfig(), nil)
	for _, e := range res.Pairs {
		if (e.A < 600) == (e.B < 600) {
			t.Fatalf("pair %v is within one list", e)
		}
	}
	if len(res.Pairs) == 0 || res.Clusters[1200] != 0 || res.Clusters[1201] != 0 {
		t.Errorf("%d pairs, clusters %v of one record", len(res.Pairs), res.Clusters[1200:])
	}
	c := peopleConfig()
	c.Constraints.OnePerList = true
	_, res = linked(t, recs, c, nil)
	if (res.Clusters[1200] == 0) == (res.Clusters[1201] == 0) {
		t.Errorf("one per list: clusters %v", res.Clusters[1200:])
	}
	seen := map[[2]int32]bool{}
	for r, k := range res.Clusters {
		side := int32(0)
		if r >= 600 {
			side = 1
		}
		if seen[[2]int32{k, side}] {
			t.Fatalf("cluster %d has two records of list %d", k, side)
		}
		seen[[2]int32{k, side}] = true
	}
	c = peopleConfig()
	c.WithinLists = true
	_, res = linked(t, recs, c, nil)
	if !slices.ContainsFunc(res.Pairs, func(e Edge) bool { return e.A == 1200 && e.B == 1201 }) {
		t.Error("within lists: the pair within the second list is not found")
	}
}

func TestLink_stops(t *testing.T) {
	recs, _ := newPeople(13).records(t, 1000)
	c := peopleConfig()
	c.Blocking.MaxPairs = 10
	m, err := Train(t.Context(), recs, c)
	if err != nil {
		t.Fatal(err)
	}
	l, err := NewLinker(recs, m)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Link(t.Context(), nil); !errors.Is(err, ErrTooManyPairs) {
		t.Errorf("too many pairs: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Link(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := Train(ctx, recs, c); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled training: %v", err)
	}
	if _, err := NewIndex(ctx, recs, m, make([]int32, 1000)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled index: %v", err)
	}
	other, err := NewRecords("name")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewLinker(other, m); !errors.Is(err, ErrConfig) {
		t.Errorf("records without the columns: %v", err)
	}
}

func TestLink_progress(t *testing.T) {
	recs, _ := newPeople(13).records(t, 1000)
	last, total := int64(0), int64(0)
	linked(t, recs, peopleConfig(), &Options{Progress: func(done, all int64) {
		if done != last+1 {
			t.Errorf("%d done after %d", done, last)
		}
		last, total = done, all
	}})
	if last == 0 || last != total {
		t.Errorf("%d of %d done at the end", last, total)
	}
}
