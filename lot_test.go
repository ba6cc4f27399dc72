package portrait_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/draw"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// Who is in a sample stays in it: while events, others and further samples come, and when
// the store is opened again. A merge moves at most one of the two sides, and undone it
// has moved nobody.
func TestSample(t *testing.T) {
	dir := t.TempDir()
	opts := &portrait.Options{Clock: fixed(now), NoSync: true}
	db := open(t, dir, opts)
	if err := db.DefineTag(t.Context(), tagOf(t, "treated", `sample("exp-7", 0.3)`)); err != nil {
		t.Fatal(err)
	}
	person := func(i int) profile.Identifier { return id("user_id", fmt.Sprint("user", i)) }
	visit := func(at int, who ...profile.Identifier) {
		t.Helper()
		take(t, db, profile.Event{Type: profile.Page, MessageID: fmt.Sprint(at, who), Time: epoch0.AddDate(0, 0, at), Identifiers: who})
	}
	const people = 400
	for i := range people {
		visit(10, person(i))
	}
	in := func() map[profile.Identifier]bool {
		t.Helper()
		set, err := db.Segment(t.Context(), segment.MustParse(`sample("exp-7", 0.3)`))
		if err != nil {
			t.Fatal(err)
		}
		live, err := db.Segment(t.Context(), segment.MustParse(`tag("treated")`))
		if err != nil || !slices.Equal(slices.Collect(set.Members()), slices.Collect(live.Members())) {
			t.Fatalf("the tag has %d, the segment %d, %v", live.Count(), set.Count(), err)
		}
		all := map[profile.Identifier]bool{}
		for i := range people {
			p, err := db.Profile(t.Context(), person(i))
			if err != nil {
				t.Fatal(err)
			}
			all[person(i)] = set.Contains(p.ID)
		}
		return all
	}
	moved := func(a, b map[profile.Identifier]bool) (n int) {
		for who := range a {
			if a[who] != b[who] {
				n++
			}
		}
		return n
	}
	before := in()
	n := 0
	for _, is := range before {
		if is {
			n++
		}
	}
	if d := math.Abs(float64(n)-0.3*people) / math.Sqrt(0.3*0.7*people); d > 5 {
		t.Errorf("%d of %d, %.1f deviations from three tenths", n, people, d)
	}
	// Growth: events, late ones too, other identifiers, other people.
	for i := range people {
		visit(5, person(i))
		visit(20, person(i), id("anonymous_id", fmt.Sprint("cookie", i)))
	}
	for i := range 100 {
		visit(1, id("user_id", fmt.Sprint("another", i)))
	}
	if n := moved(before, in()); n > 0 {
		t.Errorf("%d moved while the store grew", n)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = open(t, dir, opts)
	if n := moved(before, in()); n > 0 {
		t.Errorf("%d moved when the store was opened again", n)
	}
	// A cookie of before is somebody's now: the earlier evidence stands for them.
	visit(2, id("anonymous_id", "early"))
	lot := func(who profile.Identifier) bool {
		set, err := db.Segment(t.Context(), segment.MustParse(`sample("exp-7", 0.3)`))
		if err != nil {
			t.Fatal(err)
		}
		p, err := db.Profile(t.Context(), who)
		if err != nil {
			t.Fatal(err)
		}
		return set.Contains(p.ID)
	}
	cookie := lot(id("anonymous_id", "early"))
	if _, err := db.Link(t.Context(), person(3), id("anonymous_id", "early"), portrait.Decision{ID: "l", Reason: "test"}); err != nil {
		t.Fatal(err)
	}
	if lot(person(3)) != cookie {
		t.Error("the identifier with the earlier event does not stand for both")
	}
	if n := moved(before, in()); n > 1 {
		t.Errorf("%d moved with one merge", n)
	}
	if _, err := db.Unlink(t.Context(), person(3), id("anonymous_id", "early"), portrait.Decision{ID: "u", Reason: "test"}); err != nil {
		t.Fatal(err)
	}
	if n := moved(before, in()); n > 0 {
		t.Errorf("%d moved by a merge that was undone", n)
	}
}

// What comes late counts as if it had come in time: who stands for a person is whose
// event is the earliest, whatever came first.
func TestSample_late(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	for _, def := range []string{`draw("x") < 0.5`, `bucket("x", 2) = 2`} {
		if err := db.DefineTag(t.Context(), tagOf(t, def, def)); err != nil {
			t.Fatal(err)
		}
	}
	user, cookie := id("user_id", "u"), id("anonymous_id", "c")
	for i, tt := range []struct {
		day    int
		of     []profile.Identifier
		stands profile.Identifier
	}{
		{5, []profile.Identifier{user, cookie}, user}, // an event is of its strongest identifier
		{9, []profile.Identifier{cookie}, user},
		{7, []profile.Identifier{cookie}, user},
		{3, []profile.Identifier{cookie}, cookie},
		{2, []profile.Identifier{user}, user},
		{1, []profile.Identifier{user, cookie}, user},
	} {
		take(t, db, profile.Event{Type: profile.Page, MessageID: fmt.Sprint(i), Time: epoch0.AddDate(0, 0, tt.day), Identifiers: tt.of})
		lot := draw.Salted(draw.Key(tt.stands), draw.Salt("x"))
		half := map[bool]string{true: `tag("draw(\"x\") < 0.5") and bucket("x", 2) = 1`, false: `tag("bucket(\"x\", 2) = 2") and draw("x") >= 0.5`}[draw.Bucket(lot, 2) == 1]
		for _, text := range []string{fmt.Sprintf(`draw("x") = %v`, draw.Fraction(lot)), half} {
			if n, err := db.Count(t.Context(), segment.MustParse(text)); err != nil || n != 1 {
				t.Errorf("event %d: %s holds of %d, %v", i, text, n, err)
			}
		}
	}
}
