package insight_test

import (
	"errors"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/segment/insight"
)

// broad are values of which everybody has one or two.
var broad = insight.Dimension{Name: "broad", Values: []insight.Value{
	{Name: "upper", Expr: segment.Or(segment.TagValue("level", "high"), segment.TagValue("level", "middle"))},
	{Name: "lower", Expr: segment.Or(segment.TagValue("level", "low"), segment.TagValue("level", "middle"))},
}}

// tableAudit is what somebody may reckon from a table.
type tableAudit struct {
	table     *insight.Table
	truth     map[[3]int]uint64
	column    map[[3]int]int // of the hidden cells
	equations [][]*big.Rat
	rank      int
}

func newTableAudit(got *insight.Table, truth map[[3]int]uint64) *tableAudit {
	a := &tableAudit{table: got, truth: truth, column: map[[3]int]int{}}
	eachCell(got, func(place [3]int, c insight.Cell) {
		if c.Hidden {
			a.column[place] = len(a.column)
		}
	})
	a.equations = linesOf(got, a.column)
	a.rank = rankOf(a.equations, len(a.column))
	return a
}

// group returns how many are in a place, or in some dimensions are not in it, and whether
// that follows from what is shown.
func (a *tableAudit) group(place [3]int, not [3]bool) (people int64, follows bool) {
	row := make([]*big.Rat, len(a.column))
	for i := range row {
		row[i] = new(big.Rat)
	}
	var add func(d int, sign int64)
	add = func(d int, sign int64) {
		if d == len(a.table.Dimensions) {
			people += sign * int64(a.truth[place])
			if j, ok := a.column[place]; ok {
				row[j].Add(row[j], big.NewRat(sign, 1))
			}
			return
		}
		if !not[d] {
			add(d+1, sign)
			return
		}
		at := place[d]
		add(d+1, -sign)
		place[d] = a.table.Dimensions[d].All()
		add(d+1, sign)
		place[d] = at
	}
	add(0, 1)
	return people, rankOf(append(a.equations[:len(a.equations):len(a.equations)], row), len(a.column)) == a.rank
}

// Who is not in a place, where places do not exclude each other, is found no more than who
// is in one: neither a few people in one place along another dimension, nor in several.
func TestCrossTab_hides_who_is_not(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	told, refused := 0, 0
	for range 25 {
		p := crowd(rng, 100+rng.IntN(400))
		least := uint64(2 + rng.IntN(12))
		for _, dims := range [][]insight.Dimension{
			{insight.Tag("interest", interests...), insight.Tag("city", cities...)},
			{insight.Tag("interest", interests...), broad},
			{insight.Tag("buyer"), broad, insight.Tag("interest", interests...)},
		} {
			got, err := insight.CrossTab(t.Context(), p, segment.Expr{}, least, dims...)
			if errors.Is(err, insight.ErrTooFew) {
				refused++
				continue
			} else if err != nil {
				t.Fatal(err)
			}
			a := newTableAudit(got, naiveTable(p, segment.Expr{}, dims))
			for negated := 1; negated < 1<<len(dims); negated++ {
				var not [3]bool
				for d := range dims {
					not[d] = negated>>d&1 == 1
				}
				told += a.complements(t, not, int64(least))
			}
		}
	}
	if told == 0 || refused > 40 {
		t.Errorf("%d groups can be reckoned, %d tables are refused", told, refused)
	}
}

// complements checks who is not in the places of some dimensions, along the others too,
// and returns how many such groups follow from what is shown.
func (a *tableAudit) complements(t *testing.T, not [3]bool, least int64) (told int) {
	t.Helper()
	for d := range a.table.Dimensions {
		if not[d] && a.table.Dimensions[d].Exclusive {
			return 0
		}
	}
	eachCell(a.table, func(place [3]int, _ insight.Cell) {
		for d, axis := range a.table.Dimensions {
			if not[d] && place[d] == axis.All() {
				return
			}
		}
		people, follows := a.group(place, not)
		if follows {
			told++
			if people > 0 && people < least {
				t.Fatalf("least %d: that %d are at %v but for %v follows from %+v", least, people, place, not, a.table)
			}
		}
		for d, axis := range a.table.Dimensions {
			if !axis.Exclusive || place[d] != axis.All() || !follows {
				continue
			}
			var together int64 // who are at places that do not follow
			for at := range axis.All() {
				part := place
				part[d] = at
				if n, follows := a.group(part, not); !follows {
					together += n
				}
			}
			if together > 0 && together < least {
				t.Fatalf("least %d: that %d are along %v but for %v follows from %+v", least, together, place, not, a.table)
			}
		}
	})
	return told
}
