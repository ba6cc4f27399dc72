package portrait_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/draw"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/segment/insight"
)

// TestBalance divides people into three: the sizes are those of lots drawn by hand, and
// after merges those changed their side whom a merge took in whose lot was another; undone,
// nobody has. So too after a reopening.
func TestBalance(t *testing.T) {
	const people, pairs = 600, 60
	dir := t.TempDir()
	opts := &portrait.Options{Clock: fixed(now), NoSync: true}
	db := open(t, dir, opts)
	who := func(i int) profile.Identifier { return id("user_id", fmt.Sprint("user", i)) }
	mail := func(i int) profile.Identifier { return id("email", fmt.Sprintf("u%d@example.cn", i)) }
	side := func(id profile.Identifier) int {
		return draw.Bucket(draw.Salted(draw.Key(id), draw.Salt("exp-7")), 3) - 1
	}
	// Of each pair that will merge the first has the earlier event, so that its lot stays.
	canonical := make([]profile.Identifier, people)
	for i := range people {
		canonical[i] = who(i)
		if i%2 == 1 && i < 2*pairs {
			canonical[i] = mail(i)
		}
		take(t, db, profile.Event{Type: profile.Page, MessageID: fmt.Sprint(i), Time: epoch0.AddDate(0, 0, i%2), Identifiers: []profile.Identifier{canonical[i]}})
	}
	var was [3]*segment.Set
	arms := make([]insight.Arm, 3)
	for i := range arms {
		in := segment.MustParse(fmt.Sprintf(`bucket("exp-7", 3) = %d`, i+1))
		var err error
		if was[i], err = db.Segment(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		arms[i] = insight.Arm{Name: fmt.Sprint("arm ", i+1), In: in, Share: 1.0 / 3, Was: was[i]}
	}
	check := func(what string, size, moved [3]uint64) {
		t.Helper()
		b, err := insight.Balance(t.Context(), viewOf(t, db), insight.SplitQuestion{Arms: arms})
		if err != nil {
			t.Fatal(err)
		}
		total, chi := float64(size[0]+size[1]+size[2]), 0.0
		for i, a := range b.Arms {
			d := float64(size[i]) - total/3
			chi += d * d / (total / 3)
			if a.People != size[i] || a.Moved != moved[i] || math.Abs(a.Expected-total/3) > 1e-9 {
				t.Errorf("%s: %+v; want %d people, %d moved", what, a, size[i], moved[i])
			}
		}
		// With two degrees of freedom the tail is exp(-x/2).
		if b.Rest.People != 0 || b.Freedom != 2 || math.Abs(b.ChiSquare-chi) > 1e-9 || math.Abs(b.P-math.Exp(-chi/2)) > 1e-12 || b.P < 1e-6 {
			t.Errorf("%s: %+v, want chi-square %v", what, b, chi)
		}
	}
	var size, merged, moved [3]uint64
	for i, id := range canonical {
		size[side(id)]++
		switch {
		case i%2 == 0 || i >= 2*pairs:
			merged[side(id)]++
		case side(id) != side(canonical[i-1]):
			moved[side(id)]++
		}
	}
	if moved == [3]uint64{} {
		t.Fatal("nobody changes side")
	}
	check("before", size, [3]uint64{})
	for i := 0; i < 2*pairs; i += 2 {
		if _, err := db.Link(t.Context(), canonical[i], canonical[i+1], portrait.Decision{ID: fmt.Sprint("link", i)}); err != nil {
			t.Fatal(err)
		}
	}
	check("merged", merged, moved)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = open(t, dir, opts)
	check("reopened", merged, moved)
	for i := 0; i < 2*pairs; i += 2 {
		if _, err := db.Split(t.Context(), [][]profile.Identifier{{canonical[i]}, {canonical[i+1]}}, portrait.Decision{ID: fmt.Sprint("split", i)}); err != nil {
			t.Fatal(err)
		}
	}
	check("split", size, [3]uint64{})

	// What lots did not make, a rest, and questions that are none.
	ask := func(q insight.SplitQuestion) (*insight.SplitBalance, error) {
		return insight.Balance(t.Context(), viewOf(t, db), q)
	}
	one := insight.Arm{Name: "one", In: arms[0].In, Share: 0.2}
	b, err := ask(insight.SplitQuestion{Arms: []insight.Arm{one}})
	if err != nil || b.P > 1e-6 || b.Rest.People != size[1]+size[2] || math.Abs(b.Rest.Expected-0.8*people) > 1e-9 {
		t.Errorf("a fifth by a third: %+v, %v", b, err)
	}
	nobody := segment.MustParse("false")
	if b, err := ask(insight.SplitQuestion{Audience: nobody, Arms: arms}); err != nil || b.Audience != 0 || b.P != 1 {
		t.Errorf("of nobody: %+v, %v", b, err)
	}
	for want, arms := range map[string][]insight.Arm{
		"0 arms":              nil,
		"without a name":      {{In: arms[0].In, Share: 0.1}},
		`two arms are called`: {one, one},
		"has a share of 0":    {{Name: "x", In: arms[0].In}},
		"has a share of NaN":  {{Name: "x", In: arms[0].In, Share: math.NaN()}},
		"has no condition":    {{Name: "x", Share: 0.1}},
		"sum to 1.2":          {one, {Name: "all", In: arms[0].In, Share: 1}},
		"the arms overlap":    {one, {Name: "again", In: arms[0].In, Share: 0.2}},
	} {
		if b, err := ask(insight.SplitQuestion{Arms: arms}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v", want, b, err)
		}
	}
}
