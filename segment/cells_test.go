package segment

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait/internal/geo"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// town is people of whom nothing is known but where they are.
type town struct {
	Catalog
	ix     *Index
	points map[uint32]geo.Point
	looks  int // of Among
}

const townCells = FieldID(1)

func newTown(r *rand.Rand, people int) *town {
	w := &town{ix: New(0), points: map[uint32]geo.Point{}}
	w.ix.Attach(0, Bitmap, nil)
	w.ix.Attach(townCells, Column, nil)
	tx := w.ix.Begin()
	for range people {
		o, p := r.Uint32N(3*blockSpan), cityPoint(r)
		w.points[o] = p
		tx.Set(0, o, true)
		tx.Put(townCells, o, SortableCell(geo.CellID(p)))
	}
	tx.Commit()
	return w
}

func cityPoint(r *rand.Rand) geo.Point {
	return geo.Point{Lat: 31 + r.Float64()/2, Lon: 121 + r.Float64()/2}
}

func (w *town) Universe() FieldID { return 0 }

func (w *town) Cells(x syntax.Operand) (FieldID, bool) {
	return townCells, x.(*syntax.Trait).Name == "home"
}

func (w *town) Zone() *time.Location { return time.UTC }

func (w *town) Among(ctx context.Context, place *syntax.Inside, n Node) (*Set, error) {
	w.looks++
	near, err := NewQuery(n, 0).Set(ctx, w.source())
	if err != nil {
		return nil, err
	}
	var in []uint32
	for id := range near.Members() {
		if place.Area.Contains(w.points[id.Ordinal()]) {
			in = append(in, id.Ordinal())
		}
	}
	return NewSet(w.source(), in), nil
}

func (w *town) source() Source { return Source{Root: w.ix.Root()} }

func home() syntax.Operand { return &syntax.Trait{Name: "home", Pos: -1} }

// nears returns conditions on circles, and now and then a triangle.
func nears(t testing.TB, r *rand.Rand, n int) []syntax.Expr {
	t.Helper()
	out := make([]syntax.Expr, n)
	for i := range out {
		p := cityPoint(r)
		var area syntax.Area
		var err error
		if i%10 == 9 {
			area, err = geo.NewPolygon([]geo.Point{p, {Lat: p.Lat + 0.01, Lon: p.Lon}, {Lat: p.Lat, Lon: p.Lon + 0.01}})
		} else {
			area, err = geo.NewCircle(p, 1000*r.Float64())
		}
		if err != nil {
			t.Fatal(err)
		}
		out[i] = &syntax.Inside{X: home(), Area: area, Pos: -1}
	}
	return out
}

// declared is an area that is kept elsewhere, as declared places are.
type declared struct{ syntax.Area }

func TestCompile_places_equal_brute_force(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 5))
	w := newTown(r, 4000)
	for _, n := range []int{1, 2, 40, 400} {
		for name, e := range map[string]syntax.Expr{
			"either":  &syntax.Or{X: nears(t, r, n)},
			"neither": &syntax.Not{X: &syntax.Or{X: nears(t, r, n)}},
			"apart":   &syntax.AtLeast{K: 2, X: nears(t, r, n)},
			"declared": &syntax.Or{X: append(nears(t, r, n), &syntax.Inside{
				X: home(), Area: declared{nears(t, r, 1)[0].(*syntax.Inside).Area}, Place: "p", Pos: -1,
			})},
		} {
			w.looks = 0
			q, err := Compile(t.Context(), e, w, 0)
			if err != nil {
				t.Fatal(err)
			}
			got, err := q.Set(t.Context(), w.source())
			if err != nil {
				t.Fatal(err)
			}
			var want []uint32
			for o, p := range w.points {
				if insideNaively(e, p) {
					want = append(want, o)
				}
			}
			if !got.Equal(NewSet(w.source(), want)) {
				t.Errorf("%s of %d: %d, want %d", name, n, got.Count(), len(want))
			}
			if most := map[string]int{"either": 1, "neither": 1, "declared": 2, "apart": n}[name]; w.looks > most {
				t.Errorf("%s of %d: %d looks at the borders", name, n, w.looks)
			}
		}
	}
}

func insideNaively(e syntax.Expr, p geo.Point) bool {
	switch e := e.(type) {
	case *syntax.Inside:
		return e.Area.Contains(p)
	case *syntax.Not:
		return !insideNaively(e.X, p)
	}
	n := 0
	for _, x := range syntax.Parts(e) {
		if insideNaively(x, p) {
			n++
		}
	}
	if _, ok := e.(*syntax.AtLeast); ok {
		return n >= 2
	}
	return n >= 1
}

// A plan says of how many areas it is, and does not write them out.
func TestCompile_names_a_union(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 5))
	w := newTown(r, 1000)
	q, err := Compile(t.Context(), &syntax.Or{X: nears(t, r, 50)}, w, 0)
	if err != nil {
		t.Fatal(err)
	}
	p, err := q.Plan(t.Context(), w.source())
	if err != nil || !strings.Contains(p.Text, "50 areas around home") || len(p.Text) > 2000 {
		t.Errorf("%v\n%s", err, p.Text)
	}
}

// A plan guesses the members of a place by its cells: far from everybody.
func TestPlan_bounds_a_place(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 5))
	w := newTown(r, 5000)
	for range 20 {
		e := &syntax.Or{X: nears(t, r, 1+r.IntN(3))}
		q, err := Compile(t.Context(), e, w, 0)
		if err != nil {
			t.Fatal(err)
		}
		before, err := q.Plan(t.Context(), w.source())
		if err != nil {
			t.Fatal(err)
		}
		n, err := q.Count(t.Context(), w.source())
		if err != nil || n < before.Cost.Least || n > before.Cost.Most {
			t.Errorf("%d members, %v; the plan said %d to %d\n%s", n, err, before.Cost.Least, before.Cost.Most, before.Text)
		}
		if before.Cost.Members > 100 {
			t.Errorf("%d members; the plan guessed %d\n%s", n, before.Cost.Members, before.Text)
		}
	}
}

// countdown is a context that ends when it has been asked so many times.
type countdown struct {
	context.Context
	left, asked int
}

func (c *countdown) Err() error {
	c.asked++
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// To compile places ends at the next look at a context that has ended, wherever that is;
// and it looks often.
func TestCompile_is_broken_off(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5))
	w := newTown(r, 100)
	gone, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	cancel(why)
	for name, e := range map[string]syntax.Expr{
		"either": &syntax.Or{X: nears(t, r, 300)}, "each": &syntax.And{X: nears(t, r, 100)}, "one": nears(t, r, 1)[0],
	} {
		if _, err := Compile(gone, e, w, 0); !errors.Is(err, why) {
			t.Errorf("%s: %v", name, err)
		}
		whole := &countdown{Context: t.Context(), left: 1 << 30}
		if _, err := Compile(whole, e, w, 0); err != nil {
			t.Fatal(err)
		}
		if name != "one" && whole.asked < 20 {
			t.Errorf("%s: %d looks in all", name, whole.asked)
		}
		for _, left := range []int{0, min(1, whole.asked-1), whole.asked / 2, whole.asked - 1} {
			c := &countdown{Context: t.Context(), left: left}
			if _, err := Compile(c, e, w, 0); !errors.Is(err, context.Canceled) || c.asked > left+2 {
				t.Errorf("%s: of %d looks the %d. was heeded after %d: %v", name, whole.asked, left+1, c.asked, err)
			}
		}
	}
}

// Thousands of places share what a few may have.
func TestRangesEach(t *testing.T) {
	for n, want := range map[int]int{0: 256, 1: 256, 256: 256, 257: 128, 1000: 64, 10_000: 8, 1 << 20: 8} {
		if got := rangesEach(n); got != want {
			t.Errorf("%d places get %d each, want %d", n, got, want)
		}
	}
}

func BenchmarkCompile_places(b *testing.B) {
	r := rand.New(rand.NewPCG(4, 5))
	w := newTown(r, 100)
	for _, n := range []int{1, 100, 5000} {
		for join, e := range map[string]syntax.Expr{"or": &syntax.Or{X: nears(b, r, n)}, "and": &syntax.And{X: nears(b, r, n)}} {
			b.Run(fmt.Sprintf("places=%d/join=%s", n, join), func(b *testing.B) {
				for b.Loop() {
					if _, err := Compile(b.Context(), e, w, profile.Instant(0)); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// covered is an area that counts how often it is narrowed down.
type covered struct {
	syntax.Area
	times int
}

func (c *covered) Covering(context.Context, int) (geo.Covering, error) {
	c.times++
	return geo.Covering{}, nil
}

// What a context does not allow at all is refused before a place is narrowed down, which
// for one of many corners is much work.
func TestCompile_asks_before_it_covers(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 5))
	w := newTown(r, 10)
	gone, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	cancel(why)
	area := &covered{Area: nears(t, r, 1)[0].(*syntax.Inside).Area}
	e := &syntax.Inside{X: home(), Area: area, Place: "p", Pos: -1}
	if _, err := Compile(gone, e, w, 0); !errors.Is(err, why) || area.times != 0 {
		t.Errorf("an ended context: %v, covered %d times", err, area.times)
	}
	if _, err := Compile(WithBudget(t.Context(), Budget{}), e, w, 0); !errors.Is(err, errNoBudget) || area.times != 0 {
		t.Errorf("a budget of zero: %v, covered %d times", err, area.times)
	}
	if _, err := Compile(WithBudget(t.Context(), Budget{Scanned: -1}), e, w, 0); err == nil || area.times != 0 {
		t.Errorf("a negative budget: %v, covered %d times", err, area.times)
	}
	if _, err := Compile(WithBudget(t.Context(), Budget{Scanned: 1}), e, w, 0); err != nil || area.times != 1 {
		t.Errorf("a budget: %v, covered %d times", err, area.times)
	}
}
