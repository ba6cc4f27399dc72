package insight_test

import (
	"errors"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/segment/insight"
)

// placesOf returns where along a dimension a person stands.
func placesOf(one map[string][]string, d insight.Dimension) []int {
	var places []int
	for i, v := range d.Values {
		if has(one, v.Expr.Tree()) {
			places = append(places, i)
		}
	}
	if len(places) == 0 {
		places = append(places, len(d.Values))
	}
	return append(places, len(d.Values)+1)
}

// naiveTable counts every combination, person by person.
func naiveTable(p people, base segment.Expr, dims []insight.Dimension) map[[3]int]uint64 {
	out := map[[3]int]uint64{}
	for _, one := range p {
		if !base.IsZero() && !has(one, base.Tree()) {
			continue
		}
		at := [][]int{{0}, {0}, {0}}
		for d, dim := range dims {
			at[d] = placesOf(one, dim)
		}
		for _, x := range at[0] {
			for _, y := range at[1] {
				for _, z := range at[2] {
					out[[3]int{x, y, z}]++
				}
			}
		}
	}
	return out
}

func eachCell(t *insight.Table, visit func(place [3]int, c insight.Cell)) {
	n := [3]int{1, 1, 1}
	for d, axis := range t.Dimensions {
		n[d] = len(axis.Values) + 2
	}
	for x := range n[0] {
		for y := range n[1] {
			for z := range n[2] {
				place := [3]int{x, y, z}
				visit(place, t.At(place[:len(t.Dimensions)]...))
			}
		}
	}
}

var tables = [][]insight.Dimension{
	{insight.Tag("city", cities...)},
	{insight.Tag("city", cities...), insight.Tag("level", levels...)},
	{insight.Tag("city", cities...), insight.Tag("interest", interests...)},
	{insight.Tag("city", cities...), insight.Tag("level", levels...), insight.Tag("buyer")},
}

func TestCrossTab_against_naive_counts(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for range 20 {
		p := crowd(rng, rng.IntN(300))
		for _, dims := range tables {
			for _, base := range []segment.Expr{{}, segment.Tag("buyer")} {
				got, err := insight.CrossTab(t.Context(), p, base, 0, dims...)
				if err != nil {
					t.Fatal(err)
				}
				want := naiveTable(p, base, dims)
				eachCell(got, func(place [3]int, c insight.Cell) {
					if c.Count != want[place] || c.Hidden {
						t.Fatalf("%v: %+v, want %d", place, c, want[place])
					}
				})
				for d, axis := range got.Dimensions {
					if axis.Name != "interest" && !axis.Exclusive {
						t.Fatalf("dimension %d, %s, is not exclusive", d, axis.Name)
					}
				}
			}
		}
	}
}

// Whatever is hidden is small or protects what is; and no adding and subtracting of
// what is shown gives any of it.
func TestCrossTab_hides_what_could_be_worked_out(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	hidden, whole := 0, 0
	for range 60 {
		p := crowd(rng, 60+rng.IntN(300))
		least := uint64(2 + rng.IntN(12))
		for _, dims := range tables {
			got, err := insight.CrossTab(t.Context(), p, segment.Expr{}, least, dims...)
			if errors.Is(err, insight.ErrTooFew) {
				whole++
				continue
			} else if err != nil {
				t.Fatal(err)
			}
			want := naiveTable(p, segment.Expr{}, dims)
			column := map[[3]int]int{}
			eachCell(got, func(place [3]int, c insight.Cell) {
				switch {
				case c.Hidden:
					if c.Count != 0 {
						t.Fatalf("%v is hidden and shows %d", place, c.Count)
					}
					column[place] = len(column)
					hidden++
				case c.Count != want[place]:
					t.Fatalf("%v: %d, want %d", place, c.Count, want[place])
				case c.Count > 0 && c.Count < least:
					t.Fatalf("%v shows %d people, less than %d", place, c.Count, least)
				}
			})
			equations := linesOf(got, column)
			rank := rankOf(equations, len(column))
			for place, j := range column {
				unit := make([]*big.Rat, len(column))
				for i := range unit {
					unit[i] = new(big.Rat)
				}
				unit[j].SetInt64(1)
				if rankOf(append(equations[:len(equations):len(equations)], unit), len(column)) == rank {
					t.Fatalf("hidden cell %v, of %d, follows from what is shown: %+v", place, want[place], got)
				}
			}
		}
	}
	if hidden == 0 || whole > 30 {
		t.Errorf("%d cells hidden, %d tables refused", hidden, whole)
	}
}

// linesOf returns the equations among the hidden cells along the exclusive
// dimensions.
func linesOf(t *insight.Table, column map[[3]int]int) [][]*big.Rat {
	var out [][]*big.Rat
	for d, axis := range t.Dimensions {
		if !axis.Exclusive {
			continue
		}
		eachCell(t, func(place [3]int, _ insight.Cell) {
			if place[d] != 0 {
				return
			}
			row := make([]*big.Rat, len(column))
			for i := range row {
				row[i] = new(big.Rat)
			}
			for i := range len(axis.Values) + 2 {
				place[d] = i
				if j, ok := column[place]; ok {
					row[j].SetInt64(1)
					if i == len(axis.Values)+1 {
						row[j].SetInt64(-1)
					}
				}
			}
			out = append(out, row)
		})
	}
	return out
}

func rankOf(equations [][]*big.Rat, n int) int {
	rows := make([][]*big.Rat, len(equations))
	for i, row := range equations {
		rows[i] = make([]*big.Rat, n)
		for j, x := range row {
			rows[i][j] = new(big.Rat).Set(x)
		}
	}
	rank := 0
	for j := range n {
		pivot := rank
		for pivot < len(rows) && rows[pivot][j].Sign() == 0 {
			pivot++
		}
		if pivot == len(rows) {
			continue
		}
		rows[rank], rows[pivot] = rows[pivot], rows[rank]
		for i := rank + 1; i < len(rows); i++ {
			if rows[i][j].Sign() == 0 {
				continue
			}
			f := new(big.Rat).Quo(rows[i][j], rows[rank][j])
			for k := j; k < n; k++ {
				if rows[rank][k].Sign() != 0 {
					rows[i][k].Sub(rows[i][k], new(big.Rat).Mul(f, rows[rank][k]))
				}
			}
		}
		rank++
	}
	return rank
}

func TestOverlap_against_naive_counts(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	segments := []insight.Segment{
		{Name: "buyers", Expr: segment.Tag("buyer")},
		{Name: "上海", Expr: segment.TagValue("city", "上海")},
		{Name: "tea", Expr: segment.TagValue("interest", "tea")},
		{Name: "running", Expr: segment.TagValue("interest", "running")},
	}
	for range 20 {
		p := crowd(rng, rng.IntN(300))
		for _, base := range []segment.Expr{{}, segment.TagValue("level", "low")} {
			got, err := insight.Overlap(t.Context(), p, base, 0, segments...)
			if err != nil {
				t.Fatal(err)
			}
			within, exactly := make([]uint64, 16), make([]uint64, 16)
			var union uint64
			for _, one := range p {
				if !base.IsZero() && !has(one, base.Tree()) {
					continue
				}
				in := 0
				for i, s := range segments {
					if has(one, s.Expr.Tree()) {
						in |= 1 << i
					}
				}
				exactly[in]++
				if in != 0 {
					union++
				}
				for mask := range within {
					if in&mask == mask {
						within[mask]++
					}
				}
			}
			for mask := range within {
				if got.Within[mask] != (insight.Cell{Count: within[mask]}) || got.Exactly[mask] != (insight.Cell{Count: exactly[mask]}) {
					t.Fatalf("%04b: %+v within, %+v exactly, want %d and %d", mask, got.Within[mask], got.Exactly[mask], within[mask], exactly[mask])
				}
			}
			if got.Union() != (insight.Cell{Count: union}) {
				t.Fatalf("a union of %+v, want %d", got.Union(), union)
			}
		}
	}
}

func TestFunnel(t *testing.T) {
	p := crowd(rand.New(rand.NewPCG(17, 18)), 500)
	steps := []insight.Segment{
		{Name: "all", Expr: segment.And()},
		{Name: "上海", Expr: segment.TagValue("city", "上海")},
		{Name: "buyers", Expr: segment.Tag("buyer")},
		{Name: "nobody", Expr: segment.Tag("nobody")},
		{Name: "after nobody", Expr: segment.And()},
	}
	got, err := insight.Funnel(t.Context(), p, segment.Expr{}, 0, steps...)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range got {
		var want uint64
		for _, one := range p {
			in := true
			for _, step := range steps[:i+1] {
				in = in && has(one, step.Expr.Tree())
			}
			if in {
				want++
			}
		}
		if s.Count != want || s.Name != steps[i].Name || s.OfFirst != float64(want)/500 {
			t.Errorf("step %d: %+v, want %d", i, s, want)
		}
	}
	if got[0].OfPrevious != 1 || got[2].OfPrevious != float64(got[2].Count)/float64(got[1].Count) || got[4].OfPrevious != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestQuestions_refused(t *testing.T) {
	many := make([]string, 200)
	for i := range many {
		many[i] = strings.Repeat("x", i+1)
	}
	one := insight.Segment{Name: "one", Expr: segment.And()}
	crossTab := func(dims ...insight.Dimension) error {
		_, err := insight.CrossTab(t.Context(), failing{}, segment.Expr{}, 0, dims...)
		return err
	}
	overlap := func(s ...insight.Segment) error {
		_, err := insight.Overlap(t.Context(), failing{}, segment.Expr{}, 0, s...)
		return err
	}
	funnel := func(s ...insight.Segment) error {
		_, err := insight.Funnel(t.Context(), failing{}, segment.Expr{}, 0, s...)
		return err
	}
	for want, err := range map[string]error{
		"there is no dimension":             crossTab(),
		"a table of 4 dimensions":           crossTab(insight.Tag("a"), insight.Tag("b"), insight.Tag("c"), insight.Tag("d")),
		"a table of more than 20000 cells":  crossTab(insight.Tag("a", many...), insight.Tag("b", many...)),
		"broken":                            errors.Join(crossTab(insight.Tag("a")), overlap(one), funnel(one)),
		"there is no segment":               overlap(),
		"13 segments to overlap":            overlap(make([]insight.Segment, 13)...),
		`segment 1, "x", has no expression`: overlap(insight.Segment{Name: "x"}),
		"there is no step":                  funnel(),
		"101 steps in the funnel":           funnel(make([]insight.Segment, 101)...),
		`step 2, "", has no expression`:     funnel(one, insight.Segment{}),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
