package insight_test

import (
	"context"
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/segment/insight"
)

// nested draws people in n segments, of which the second lies within the first but for
// few, and the third among those of neither or of both.
func nested(rng *rand.Rand, size, n int) (people, []insight.Segment) {
	p := make(people, size)
	rare := 2 + rng.IntN(60)
	for i := range p {
		in := make([]bool, n)
		for s := range in {
			in[s] = rng.IntN(s+2) == 0
		}
		if n > 1 && rng.IntN(rare) > 0 {
			in[1] = in[1] && in[0]
		}
		if n > 2 && rng.IntN(rare) > 0 {
			in[2] = in[2] && in[0] == in[1]
		}
		p[i] = map[string][]string{}
		for s, has := range in {
			if has {
				p[i][fmt.Sprint("s", s)] = nil
			}
		}
	}
	segments := make([]insight.Segment, n)
	for s := range segments {
		name := fmt.Sprint("s", s)
		segments[s] = insight.Segment{Name: name, Expr: segment.Tag(name)}
	}
	return p, segments
}

// What follows from the sums that are shown is shown, if it is not small; nothing else
// follows, of any group that is small: those in some of the segments and not in others.
func TestOverlap_hides_what_could_be_worked_out(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	hidden, sizes, pairs, pairsShown := 0, 0, 0, 0
	for range 150 {
		n := 1 + rng.IntN(5)
		p, segments := nested(rng, rng.IntN(600), n)
		least := uint64(2 + rng.IntN(9))
		open, err := insight.Overlap(t.Context(), p, segment.Expr{}, 0, segments...)
		if err != nil {
			t.Fatal(err)
		}
		got, err := insight.Overlap(t.Context(), p, segment.Expr{}, least, segments...)
		if err != nil {
			t.Fatal(err)
		}
		a := newOverlapAudit(got)
		for mask := range got.Exactly {
			for what, c := range map[string][2]insight.Cell{"exactly": {got.Exactly[mask], open.Exactly[mask]}, "within": {got.Within[mask], open.Within[mask]}} {
				if c[0].Hidden && c[0].Count != 0 || !c[0].Hidden && c[0] != c[1] || !c[0].Hidden && c[0].Count > 0 && c[0].Count < least {
					t.Fatalf("least %d, %04b %s: %+v of %+v", least, mask, what, c[0], c[1])
				}
			}
			if c := got.Exactly[mask]; c.Hidden {
				hidden++
				if a.follows(mask, 1<<n-1) {
					t.Fatalf("least %d, %04b: who is in exactly these can be worked out: %+v of %+v", least, mask, got, open)
				}
			}
			if c := got.Within[mask]; c.Hidden == a.follows(mask, mask) {
				t.Fatalf("least %d, %04b: %+v, but follows: %t, in %+v", least, mask, c, !c.Hidden, got)
			} else if mask&(mask-1) == 0 && c.Hidden {
				sizes++
			} else if mask&(mask-1) != 0 {
				pairs++
				if !c.Hidden {
					pairsShown++
				}
			}
		}
		for about := range 1 << n { // segments that a group is in or not in
			for in := range 1 << n {
				if in&^about != 0 {
					continue
				}
				var size uint64
				for mask, c := range open.Exactly {
					if mask&about == in {
						size += c.Count
					}
				}
				if size > 0 && size < least && a.follows(in, about) {
					t.Fatalf("least %d: of %04b in %04b alone are %d, which can be worked out: %+v", least, about, in, size, got)
				}
			}
		}
		if u := got.Union(); u.Hidden != (got.Within[0].Hidden || got.Exactly[0].Hidden) || !u.Hidden && u != open.Union() {
			t.Fatalf("a union of %+v, of %+v", u, open.Union())
		}
	}
	t.Logf("%d combinations hidden, %d sizes; %d of %d intersections shown", hidden, sizes, pairsShown, pairs)
	if hidden == 0 || sizes == 0 || sizes > 100 || pairsShown < pairs/5 {
		t.Error("that is too much or too little")
	}
}

// overlapAudit is the equations that somebody has who reads an overlap.
type overlapAudit struct {
	masks     int
	equations [][]*big.Rat
	rank      int
}

func newOverlapAudit(in *insight.Intersections) *overlapAudit {
	a := &overlapAudit{masks: len(in.Exactly)}
	for mask := range in.Exactly {
		if !in.Exactly[mask].Hidden {
			a.equations = append(a.equations, a.group(mask, a.masks-1))
		}
		if !in.Within[mask].Hidden {
			a.equations = append(a.equations, a.group(mask, mask))
		}
	}
	a.rank = rankOf(a.equations, a.masks)
	return a
}

// group is who is, of the segments about, in these and in no other.
func (a *overlapAudit) group(in, about int) []*big.Rat {
	row := make([]*big.Rat, a.masks)
	for mask := range row {
		row[mask] = new(big.Rat)
		if mask&about == in {
			row[mask].SetInt64(1)
		}
	}
	return row
}

// follows reports whether the size of a group follows from what is shown.
func (a *overlapAudit) follows(in, about int) bool {
	return rankOf(append(a.equations[:len(a.equations):len(a.equations)], a.group(in, about)), a.masks) == a.rank
}

// Of as many segments as there may be, most of whose combinations are small, the sizes
// are told, and it takes no long time.
func TestOverlap_hides_among_many(t *testing.T) {
	rng := rand.New(rand.NewPCG(23, 24))
	p, segments := nested(rng, 3000, insight.MaxSegments)
	got, err := insight.Overlap(t.Context(), crossed{p}, segment.Expr{}, 10, segments...)
	if err != nil {
		t.Fatal(err)
	}
	var shown, hidden int
	for mask, c := range got.Exactly {
		switch {
		case c.Hidden:
			hidden++
		case c.Count > 0:
			shown++
		}
		if mask&(mask-1) == 0 && got.Within[mask].Hidden {
			t.Errorf("the size of %012b is hidden", mask)
		}
	}
	if shown == 0 || hidden < 100 {
		t.Errorf("%d combinations shown, %d hidden", shown, hidden)
	}
}

// Of a segment that lies within another but for three people the size is hidden, and
// nothing else for its sake; the three hide among those of another combination.
func TestOverlap_hides_no_more_than_it_takes(t *testing.T) {
	var p people
	add := func(n int, in ...string) {
		for range n {
			one := map[string][]string{}
			for _, name := range in {
				one[name] = nil
			}
			p = append(p, one)
		}
	}
	add(200)
	add(3, "a")
	add(60, "a", "b")
	add(37, "a", "b", "c")
	add(20, "c")
	var segments []insight.Segment
	for _, name := range []string{"a", "b", "c"} {
		segments = append(segments, insight.Segment{Name: name, Expr: segment.Tag(name)})
	}
	got, err := insight.Overlap(t.Context(), p, segment.Expr{}, 5, segments...)
	if err != nil {
		t.Fatal(err)
	}
	n, hidden := func(n uint64) insight.Cell { return insight.Cell{Count: n} }, insight.Cell{Hidden: true}
	want := &insight.Intersections{
		Names:   []string{"a", "b", "c"},
		Within:  []insight.Cell{n(320), n(100), hidden, hidden, n(57), n(37), n(37), n(37)},
		Exactly: []insight.Cell{n(200), hidden, n(0), hidden, n(20), n(0), n(0), n(37)},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("want -, got +: %s", d)
	}
}

// Pairs are told beyond those that follow, as far as nothing is betrayed.
func TestOverlap_tells_pairs(t *testing.T) {
	rng := rand.New(rand.NewPCG(27, 28))
	p, segments := nested(rng, 20_000, 7)
	for i := range p {
		for s := range segments {
			if delete(p[i], segments[s].Name); rng.IntN(s+2) == 0 {
				p[i][segments[s].Name] = nil
			}
		}
	}
	got, err := insight.Overlap(t.Context(), crossed{p}, segment.Expr{}, 10, segments...)
	if err != nil {
		t.Fatal(err)
	}
	pairs := 0
	for a := range segments {
		for b := range a {
			if !got.Within[1<<a|1<<b].Hidden {
				pairs++
			}
		}
	}
	if pairs < 10 {
		t.Errorf("%d pairs of 21 are shown", pairs)
	}
}

// crossed counts tables of people in one go, of dimensions of one segment each.
type crossed struct{ people }

func (c crossed) Cross(_ context.Context, _ segment.Expr, dims ...[]segment.Expr) ([]uint64, error) {
	out := make([]uint64, 1<<len(dims))
	for _, one := range c.people {
		not := 0 // in a table to be in a segment comes before everybody
		for _, d := range dims {
			not <<= 1
			if !has(one, d[0].Tree()) {
				not |= 1
			}
		}
		out[not]++
	}
	for d := range dims {
		for at := range out {
			if at>>d&1 == 1 {
				out[at] += out[at^1<<d]
			}
		}
	}
	return out, nil
}

// Any two steps that are shown differ by nobody or by as many as may be shown, and one
// that could be shown is.
func TestFunnel_hides(t *testing.T) {
	rng := rand.New(rand.NewPCG(25, 26))
	hidden, shown := 0, 0
	for range 300 {
		p := make(people, rng.IntN(200))
		steps := make([]insight.Segment, 1+rng.IntN(7))
		for i := range p {
			p[i] = map[string][]string{}
			for s := range steps {
				if rng.IntN(12) > 0 {
					p[i][fmt.Sprint("s", s)] = nil
				}
			}
		}
		for s := range steps {
			steps[s] = insight.Segment{Name: fmt.Sprint("s", s), Expr: segment.Tag(fmt.Sprint("s", s))}
		}
		least := uint64(2 + rng.IntN(12))
		open, err := insight.Funnel(t.Context(), p, segment.Expr{}, 0, steps...)
		if err != nil {
			t.Fatal(err)
		}
		got, err := insight.Funnel(t.Context(), p, segment.Expr{}, least, steps...)
		if err != nil {
			t.Fatal(err)
		}
		few := func(n uint64) bool { return n > 0 && n < least }
		for i, s := range got {
			if s.Hidden {
				hidden++
				if s.Count != 0 || s.OfFirst != 0 || s.OfPrevious != 0 || s.Name != steps[i].Name {
					t.Fatalf("hidden is %+v", s)
				}
				needed := few(open[i].Count)
				for j := range i {
					needed = needed || (!got[j].Hidden || j == 0) && few(open[j].Count-open[i].Count)
				}
				if !needed {
					t.Fatalf("least %d: step %d is hidden for nothing: %+v of %+v", least, i, got, open)
				}
				continue
			}
			shown++
			for j := range i {
				if !got[j].Hidden && few(got[j].Count-s.Count) {
					t.Fatalf("least %d: between %d and %d few are lost: %+v", least, j, i, got)
				}
			}
			want := open[i]
			if i > 0 && got[i-1].Hidden {
				want.OfPrevious = 0
			}
			if few(s.Count) || s != want {
				t.Fatalf("least %d: step %d is %+v, want %+v", least, i, s, want)
			}
		}
	}
	if hidden == 0 || shown == 0 {
		t.Errorf("%d steps hidden, %d shown", hidden, shown)
	}
}

// A page shows that something is hidden, and the pictures for Vega-Lite leave it out.
func TestReport_hidden_overlap_and_funnel(t *testing.T) {
	r := &insight.Report{Title: "hidden"}
	r.Overlap("Overlap", &insight.Intersections{
		Names:   []string{"first", "second"},
		Within:  []insight.Cell{{Count: 1000}, {Count: 600}, {Count: 300}, {Hidden: true}},
		Exactly: []insight.Cell{{Count: 100}, {Count: 555}, {Hidden: true}, {Hidden: true}},
	}, 0)
	r.Funnel("Funnel", []insight.FunnelStep{
		{Name: "came", Count: 777, OfFirst: 1, OfPrevious: 1}, {Name: "looked", Hidden: true}, {Name: "bought", Count: 333, OfFirst: 333.0 / 777},
	})
	text := html(t, r)
	sound(t, text)
	for want, times := range map[string]int{"too few to show, or it would": 2, "<td>—</td>": 2 + 3 + 1, "too few to show\"": 3} {
		if n := strings.Count(text, want); n != times {
			t.Errorf("%q is %d times on the page, want %d", want, n, times)
		}
	}
	var specs strings.Builder
	if err := r.WriteVega(&specs); err != nil {
		t.Fatal(err)
	}
	if v := specs.String(); strings.Contains(v, "looked") || strings.Contains(v, "∩") || !strings.Contains(v, "bought") || !strings.Contains(v, "555") {
		t.Errorf("got %s", v)
	}
}
