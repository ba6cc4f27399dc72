package portrait_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// asFound is where the members of a set lead to, looked up one by one.
func asFound(t *testing.T, v *portrait.View, set *segment.Set) *segment.Set {
	t.Helper()
	var ids []profile.ID
	for id := range set.Members() {
		p, err := v.Resolve(t.Context(), id)
		switch {
		case err == nil:
			ids = append(ids, p.ID)
		case !errors.Is(err, portrait.ErrNotFound):
			t.Fatal(err)
		}
	}
	found, err := segment.CollectSet(slices.Values(ids))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func segmentOf(t *testing.T, v *portrait.View, e segment.Expr) *segment.Set {
	t.Helper()
	set, err := v.Segment(t.Context(), e)
	if err != nil {
		t.Fatalf("%s: %v", e, err)
	}
	return set
}

// Through random merges, splits and late events, sets of every epoch, saved as bytes, lead
// to whom their members lead to one by one: alone, and as operands of an expression.
func TestView_Follow_equals_Resolve(t *testing.T) {
	r := seed(t)
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, testModel)
	asked := segment.MustParse(`tag("买家") or city = "上海"`)
	type saved struct {
		roaring []byte
		set     *segment.Set
	}
	var snapshots []saved
	moved := 0
	for i, s := range history(r, 240, 120) {
		if err := s(t.Context(), db); err != nil {
			t.Fatal(err)
		}
		if i%40 != 0 {
			continue
		}
		v := viewOf(t, db)
		snapshots = append(snapshots, saved{segmentOf(t, v, asked).AppendRoaring(nil), segmentOf(t, v, asked)})
		for _, old := range snapshots {
			parsed, err := segment.ParseSet(0, old.roaring)
			if err != nil || !parsed.Equal(old.set) {
				t.Fatal(err)
			}
			want := asFound(t, v, parsed)
			if !want.Equal(parsed) {
				moved++
			}
			for _, set := range []*segment.Set{parsed, old.set} {
				got, err := v.Follow(t.Context(), set)
				if err != nil || !got.Equal(want) || got.Epoch() != v.Epoch() {
					t.Fatalf("%d members are followed to %d, want %d: %v", set.Count(), got.Count(), want.Count(), err)
				}
				all := segmentOf(t, v, segment.MustParse("true"))
				if !got.Not().Equal(all.Sub(want)) {
					t.Fatal("the complement is not what is left of everybody")
				}
				city := segment.MustParse(`city != "北京"`)
				mixed := segment.Or(segment.And(segment.Not(segment.Members(set)), city), segment.And(segment.Members(set), segment.Not(city)))
				if got, want := segmentOf(t, v, mixed), segmentOf(t, v, city).Xor(want); !got.Equal(want) {
					t.Fatalf("%s: %d, want %d", mixed, got.Count(), want.Count())
				}
			}
		}
	}
	if moved == 0 {
		t.Error("nobody moved: the history is too tame")
	}
}

// Two snapshots of a segment, brought to one epoch: who merged has not left.
func TestCompare_of_snapshots_across_a_merge(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, `traits: {city: {index: true}}`)
	at := epoch0
	tell := func(message, user, city string) {
		t.Helper()
		at = at.Add(time.Hour)
		take(t, db, profile.Event{
			Type: profile.Identify, MessageID: message, Time: at, Identifiers: []profile.Identifier{id("user_id", user), id("device_id", "d-"+user)},
			Traits: map[string]profile.Value{"city": profile.String(city)},
		})
	}
	for i, user := range []string{"a", "b", "c", "d", "e"} {
		tell(fmt.Sprint("first", i), user, "上海")
	}
	mail := id("email", "x@example.cn")
	take(t, db, profile.Event{
		Type: profile.Identify, MessageID: "mail", Time: at, Identifiers: []profile.Identifier{mail}, Traits: map[string]profile.Value{"city": profile.String("上海")},
	})
	here := segment.MustParse(`city = "上海"`)
	before := segmentOf(t, viewOf(t, db), here)
	of := func(who profile.Identifier) profile.ID {
		t.Helper()
		p, err := db.Profile(t.Context(), who)
		if err != nil {
			t.Fatal(err)
		}
		return p.ID
	}
	user := func(name string) profile.ID { return of(id("user_id", name)) }
	gone := of(mail)
	tell("gone", "c", "北京")
	if err := only(db.Link(t.Context(), id("user_id", "d"), mail, portrait.Decision{})); err != nil {
		t.Fatal(err)
	}
	tell("new", "f", "上海")
	v := viewOf(t, db)
	after := segmentOf(t, v, here)
	followed, err := v.Follow(t.Context(), before)
	if err != nil {
		t.Fatal(err)
	}
	diff, err := segment.Compare(followed, after)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		got  *segment.Set
		want []profile.ID
	}{
		"entered": {diff.Entered, []profile.ID{user("f")}},
		"left":    {diff.Left, []profile.ID{user("c")}},
		"stayed":  {diff.Stayed, []profile.ID{user("a"), user("b"), of(mail), user("e")}},
	} {
		slices.Sort(tt.want)
		if got := slices.Collect(tt.got.Members()); !slices.Equal(got, slices.Compact(tt.want)) || tt.got.Epoch() != v.Epoch() {
			t.Errorf("%s: %v at epoch %d, want %v", name, got, tt.got.Epoch(), tt.want)
		}
	}
	if of(mail) == gone || !before.Contains(gone) || after.Contains(gone) {
		t.Error("no ID has gone")
	}
	// Without that the ID that went counts as one who left.
	if diff, err = segment.Compare(before, after); err != nil || !diff.Left.Contains(gone) || diff.Left.Count() != 2 {
		t.Errorf("%d left, %v", diff.Left.Count(), err)
	}
}

// What is no set of this store, and where none may stand, is refused in words.
func TestMembers_refused(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, testModel)
	for i := range 8 {
		take(t, db, killEvent(i))
	}
	v := viewOf(t, db)
	all := segmentOf(t, v, segment.MustParse("true"))
	strange, err := segment.CollectSet(slices.Values([]profile.ID{profile.MakeID(7, 1)}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Segment(t.Context(), segment.Members(strange)); err == nil || !strings.Contains(err.Error(), "partition 7") {
		t.Errorf("of another partition: %v", err)
	}
	if _, err := v.Follow(t.Context(), strange); err == nil || !strings.Contains(err.Error(), "partition 7") {
		t.Errorf("of another partition: %v", err)
	}
	for p, err := range v.Profiles(t.Context(), strange) {
		if p != nil || err == nil || !strings.Contains(err.Error(), "partition 7") {
			t.Errorf("of another partition: %v, %v", p, err)
		}
	}
	for name, e := range map[string]segment.Expr{"a nil set": segment.Members(nil), "IDs of nobody": segment.Members(all.Sub(all).Or(unknownSet(t)))} {
		if n, err := v.Count(t.Context(), e); n != 0 || err != nil {
			t.Errorf("%s: %d, %v", name, n, err)
		}
		if n, err := v.Count(t.Context(), segment.Not(e)); n != all.Count() || err != nil {
			t.Errorf("not %s: %d, %v", name, n, err)
		}
	}
	for _, err := range v.FlipsBefore(t.Context(), segment.Members(all), now.AddDate(1, 0, 0)) {
		if err == nil || !strings.Contains(err.Error(), "members of a set") {
			t.Errorf("when it flips: %v", err)
		}
	}
	bytes := all.AppendRoaring(nil)
	for _, damaged := range [][]byte{nil, bytes[:len(bytes)-1], append(slices.Clone(bytes), 0), []byte("no bitmap at all")} {
		if s, err := segment.ParseSet(0, damaged); err == nil {
			t.Errorf("%d damaged bytes are %d members", len(damaged), s.Count())
		}
	}
	var rule tags.Rule
	text, _ := json.Marshal(segment.Members(all).String())
	if err := json.Unmarshal(text, &rule); err == nil {
		t.Error("a definition is made of members")
	}
	small := segment.WithBudget(t.Context(), segment.Budget{Scanned: 1})
	if _, err := v.Follow(small, unknownSet(t)); !isOverBudget(err) {
		t.Errorf("over budget: %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := v.Follow(gone, unknownSet(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("once ctx has ended: %v", err)
	}
}

func isOverBudget(err error) bool {
	_, ok := errors.AsType[*segment.BudgetError](err)
	return ok
}

func unknownSet(t *testing.T) *segment.Set {
	t.Helper()
	s, err := segment.CollectSet(slices.Values([]profile.ID{1 << 20, 1<<32 - 1}))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// An explanation says whether somebody is in the set.
func TestMembers_explained(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, testModel)
	for i := range 6 {
		take(t, db, killEvent(i))
	}
	v := viewOf(t, db)
	all := segmentOf(t, v, segment.MustParse("true"))
	first := all.Sub(all.After(slices.Collect(all.Members())[0]))
	e := segment.And(segment.Members(first), segment.MustParse("true"))
	for p, err := range v.Profiles(t.Context(), all) {
		if err != nil {
			t.Fatal(err)
		}
		why, err := v.Explain(t.Context(), e, p.Identifiers[0])
		if err != nil || why.Holds != first.Contains(p.ID) || !strings.Contains(why.String(), "members(1 at epoch") {
			t.Errorf("%d: %v\n%s", p.ID, err, why)
		}
	}
}
