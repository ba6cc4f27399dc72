package portrait_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

// feedModel returns a random model under rules of identity: with some of its tags,
// some of them by other rules, one of everybody, and some with values.
func feedModel(t testing.TB, r *rand.Rand, identity string) portrait.Model {
	t.Helper()
	m := model(t, drawBehaviour(r, identity)+drawStages(r))
	m.Week = "" // or every tag would be filled anew, also the one of everybody
	other := []string{
		`orders >= 2`, `spent > 50 or points > 10`, `last_order < ago("90d")`, `not city in ["上海"]`,
		`registered > now() - "60d"`, `interests any_of ["旅行"]`, `missing(city)`, `false`,
	}
	m.Tags = slices.DeleteFunc(m.Tags, func(d tags.Definition) bool {
		return strings.Contains(d.Rule.String(), "tag(") || r.IntN(5) == 0
	})
	for i := range m.Tags {
		if r.IntN(5) == 0 {
			m.Tags[i].Rule = tags.MustParse(other[r.IntN(len(other))])
		}
	}
	m.Tags = append(m.Tags, tags.Definition{Name: "全", Rule: tags.MustParse("true")})
	if r.IntN(4) > 0 {
		tiers := tags.Definition{Name: "等级", Else: []string{"", "低"}[r.IntN(2)]}
		for i, value := range []string{"高", "中"} {
			rule := fmt.Sprintf(`orders >= %d`, 4-2*i-r.IntN(2))
			if r.IntN(2) == 0 {
				rule = fmt.Sprintf(`count("Order Completed", last("%dd")) >= %d`, 30+30*r.IntN(3), 2-i)
			}
			tiers.Tiers = append(tiers.Tiers, tags.Tier{Value: value, Rule: tags.MustParse(rule)})
		}
		m.Tags = append(m.Tags, tiers)
	}
	switch r.IntN(3) {
	case 0: // many values each, or none
		m.Tags = append(m.Tags, tags.Definition{Name: "偏好", Value: tags.MustParseFormula(`top(2, "Product Viewed", "sku", last("90d"))`)})
	case 1: // by a plain rule under the name
		m.Tags = append(m.Tags, tags.Definition{Name: "偏好", Rule: tags.MustParse(`orders >= 1`)})
	}
	return m
}

// follower is a reader of the feed that keeps who has which tag by what it is told.
type follower struct {
	cursor portrait.Cursor
	has    map[string]map[profile.ID]bool
	all    []portrait.Change
	merged int
	epochs uint64
	at     time.Time
}

func newFollower() *follower { return &follower{has: map[string]map[profile.ID]bool{}} }

// everyone is what the feed has of the tag of everybody.
const everyone = `tag "全"`

// inWhat is what a change is about.
func inWhat(c portrait.Change) string {
	switch {
	case c.Segment != "":
		return fmt.Sprintf("segment %q", c.Segment)
	case c.Value != "":
		return fmt.Sprintf("tag %q = %q", c.Tag, c.Value)
	}
	return fmt.Sprintf("tag %q", c.Tag)
}

// take folds the changes of one view in.
func (f *follower) take(t testing.TB, changes []portrait.Change) {
	t.Helper()
	for len(changes) > 0 {
		n := 1
		for n < len(changes) && changes[n].Epoch == changes[0].Epoch {
			n++
		}
		f.commit(t, changes[:n])
		changes = changes[n:]
	}
}

// commit folds one commit in, and makes sure that it is told as it should be.
func (f *follower) commit(t testing.TB, changes []portrait.Change) {
	t.Helper()
	before := maps.Clone(f.has[everyone])
	moved := map[string]bool{}
	var regrouped []profile.ID
	var went, came []profile.ID
	for _, c := range changes {
		if c.At.Before(f.at) || c.Epoch < f.epochs || c.Cursor == f.cursor {
			t.Errorf("%+v comes after commit %d of %s", c, f.epochs, f.at)
		}
		f.at, f.epochs, f.cursor = c.At, c.Epoch, c.Cursor
		switch c.Kind {
		case "merged", "split":
			if len(moved) > 0 || len(c.Others) == 0 || slices.Contains(c.Others, c.Profile) || c.Cause != "merge" || c.Tag != "" {
				t.Errorf("%+v", c)
			}
			regrouped = append(append(regrouped, c.Profile), c.Others...)
			if c.Kind == "merged" {
				went = append(went, c.Others...)
			} else {
				came = append(came, c.Others...)
			}
			continue
		case "entered", "left":
		default:
			t.Errorf("kind %q", c.Kind)
		}
		name := inWhat(c)
		if f.has[name] == nil {
			f.has[name] = map[profile.ID]bool{}
		}
		key := fmt.Sprint(name, c.Profile)
		if on := c.Kind == "entered"; f.has[name][c.Profile] == on || moved[key] {
			t.Errorf("commit %d: %s %s %s, where it stood so", c.Epoch, c.Profile, c.Kind, name)
		} else if on {
			f.has[name][c.Profile] = true
		} else {
			delete(f.has[name], c.Profile)
		}
		moved[key] = true
		if slices.Contains(regrouped, c.Profile) != (c.Cause == "merge") && c.Cause != "merge" {
			t.Errorf("commit %d: %s was regrouped, and the cause is %q", c.Epoch, c.Profile, c.Cause)
		}
	}
	if len(f.has[everyone]) == 0 && len(before) == 0 {
		return // the tag of everybody is not there yet
	}
	for _, id := range went {
		if !before[id] || f.has[everyone][id] {
			t.Errorf("commit %d: %s went: before %t, after %t", f.epochs, id, before[id], f.has[everyone][id])
		}
	}
	for _, id := range came {
		if before[id] || !f.has[everyone][id] {
			t.Errorf("commit %d: %s came: before %t, after %t", f.epochs, id, before[id], f.has[everyone][id])
		}
	}
}

// catchUp reads what is new, and holds the sum of all that was told against the
// bitmaps.
func (f *follower) catchUp(t testing.TB, db *portrait.DB) {
	t.Helper()
	v, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	changes, err := collect(v.Changes(t.Context(), f.cursor))
	if err != nil {
		t.Fatal(err)
	}
	f.take(t, changes)
	f.all = append(f.all, changes...)
	told := map[profile.ID]bool{}
	for _, c := range changes {
		for _, id := range c.Others {
			told[id] = true
		}
	}
	for _, c := range changes {
		if c.Tag != "全" || c.Kind != "left" || c.Cause == "definition" || c.Epoch != v.Epoch() {
			continue
		}
		if p, err := v.Resolve(t.Context(), c.Profile); err == nil && p.ID != c.Profile && !told[c.Profile] {
			t.Errorf("commit %d: %s became %s, and it is not told", c.Epoch, c.Profile, p.ID)
		}
	}
	known, err := portrait.KnownToFeed(v)
	if err != nil {
		t.Fatal(err)
	}
	for name, has := range f.has {
		got := slices.Sorted(maps.Keys(has))
		if want := known[name]; !slices.Equal(got, want) {
			t.Fatalf("commit %d: %s: by the feed %v, by the index %v", v.Epoch(), name, got, want)
		}
		delete(known, name)
	}
	for name, want := range known {
		if len(want) > 0 {
			t.Fatalf("commit %d: %s: nothing by the feed, by the index %v", v.Epoch(), name, want)
		}
	}
}

// TestFeedWithoutGaps lives through histories with merges, splits, time that
// passes, tags that come, change and go, fillings that are broken off and
// reopenings: after each step the sum of the feed is the index.
func TestFeedWithoutGaps(t *testing.T) {
	r := seed(t)
	kinds, causes := map[string]int{}, map[string]int{}
	for range *rounds {
		dir, clock := t.TempDir(), now
		opts := portrait.WithRecastBatch(&portrait.Options{Clock: func() time.Time { return clock }, NoSync: true, FeedRetention: -1}, 1+r.IntN(20))
		portrait.WithFeedPart(opts, 1+r.IntN(8))
		db := open(t, dir, opts)
		identity := drawRules(r)
		applyUntil(t, db, feedModel(t, r, identity), 1<<20)
		f := newFollower()
		steps := history(r, 60+r.IntN(120), 30)
		r.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
		for _, s := range steps {
			if err := s(t.Context(), db); err != nil {
				t.Fatal(err)
			}
			switch r.IntN(12) {
			case 0, 1:
				clock = clock.Add(time.Duration(r.IntN(10*24)) * time.Hour)
			case 2:
				if r.IntN(3) > 0 {
					break
				}
				if r.IntN(3) == 0 {
					identity = drawRules(r)
				}
				applyUntil(t, db, feedModel(t, r, identity), 1+r.IntN(6))
			case 3:
				if r.IntN(3) == 0 {
					checkAndClose(t, db)
					db = open(t, dir, opts)
				}
			}
			f.catchUp(t, db)
			if t.Failed() {
				return
			}
		}
		for _, c := range f.all {
			kinds[c.Kind]++
			causes[c.Cause]++
			if c.Kind == "merged" {
				f.merged += len(c.Others)
			}
		}
		checkResumption(t, r, db, f.all)
		checkAndClose(t, db)
	}
	t.Log(kinds, causes)
	for _, want := range []string{"entered", "left", "merged", "split"} {
		if kinds[want] == 0 {
			t.Errorf("nobody %s", want)
		}
	}
	for _, want := range []string{"event", "deadline", "definition", "merge"} {
		if causes[want] == 0 {
			t.Errorf("nothing was caused by %s", want)
		}
	}
}

// applyUntil applies a model, and breaks its filling off at the nth turn to write.
func applyUntil(t testing.TB, db *portrait.DB, m portrait.Model, n int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := db.Apply(&hooked{Context: ctx, before: func(time int) {
		if time == n {
			cancel()
		}
	}}, m)
	if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, portrait.ErrModel) {
		t.Fatal(err)
	}
}

// checkResumption reads on from the cursors of changes: exactly the rest comes, of
// a Watch too, and after the cursor has been text.
func checkResumption(t testing.TB, r *rand.Rand, db *portrait.DB, all []portrait.Change) {
	t.Helper()
	v, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	whole, err := collect(v.Changes(t.Context(), portrait.Cursor{}))
	if err != nil || !slices.EqualFunc(whole, all, sameChange) {
		t.Fatalf("from the beginning there are %d changes, %v; there were %d", len(whole), err, len(all))
	}
	for i := 0; i < len(all); i += 1 + r.IntN(1+len(all)/60) {
		var c portrait.Change
		data, err := json.Marshal(all[i])
		if err == nil {
			err = json.Unmarshal(data, &c)
		}
		if err != nil || !sameChange(c, all[i]) {
			t.Fatalf("%s: %v", data, err)
		}
		rest, err := collect(v.Changes(t.Context(), c.Cursor))
		if err != nil || !slices.EqualFunc(rest, all[i+1:], sameChange) {
			t.Fatalf("after change %d of %d, %s, there are %d, %v", i, len(all), data, len(rest), err)
		}
		if i+1 == len(all) {
			continue
		}
		for next, err := range db.Watch(t.Context(), c.Cursor) {
			if err != nil || !sameChange(next, all[i+1]) {
				t.Fatalf("after %s Watch yields %+v, %v; want %+v", data, next, err, all[i+1])
			}
			break
		}
	}
	if rest, err := collect(v.Changes(t.Context(), v.Cursor())); len(rest) > 0 || err != nil {
		t.Errorf("after the view there are %d changes in it, %v", len(rest), err)
	}
}

func sameChange(a, b portrait.Change) bool {
	return a.Cursor == b.Cursor && a.Epoch == b.Epoch && a.At.Equal(b.At) && a.Kind == b.Kind && a.Tag == b.Tag &&
		a.Segment == b.Segment && a.Value == b.Value && a.Profile == b.Profile && slices.Equal(a.Others, b.Others) && a.Cause == b.Cause
}

// A definition tells of those that it finds at the instant that it says: not of those of
// the last commit, after which nothing was due, and then of them again.
func TestFeedWithoutGaps_definition_now(t *testing.T) {
	today := tags.Definition{Name: "今天", Rule: tags.MustParse(`count("Order Completed", today()) > 0`)}
	for name, define := range map[string]func(*portrait.DB) error{
		"of the model": func(db *portrait.DB) error {
			m := db.Model()
			m.Tags = append(m.Tags, today)
			_, err := db.Apply(t.Context(), m)
			return err
		},
		"of one tag": func(db *portrait.DB) error { return db.DefineTag(t.Context(), today) },
	} {
		t.Run(name, func(t *testing.T) {
			clock := now
			db := open(t, t.TempDir(), &portrait.Options{Clock: func() time.Time { return clock }, NoSync: true})
			apply(t, db, testModel+"log: {retain: 90d}\n")
			e := profile.Event{Name: "Order Completed", MessageID: "1", Time: now, Identifiers: []profile.Identifier{id("user_id", "jane")}}
			if _, err := db.Ingest(t.Context(), e); err != nil {
				t.Fatal(err)
			}
			clock = clock.Add(day)
			since := viewOf(t, db).Cursor()
			if err := define(db); err != nil {
				t.Fatal(err)
			}
			changes, err := collect(viewOf(t, db).Changes(t.Context(), since))
			if err != nil || len(changes) > 0 {
				t.Errorf("%+v, %v; jane bought yesterday", changes, err)
			}
		})
	}
}
