package portrait_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// TestApply_dry_run_says_who_moves applies random models after random models: who the
// dry run says gains and loses each tag is who does.
func TestApply_dry_run_says_who_moves(t *testing.T) {
	r := seed(t)
	for range *rounds {
		rules := drawRules(r)
		db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
		apply(t, db, drawBehaviour(r, rules))
		play(t, db, history(r, 40+r.IntN(100), r.IntN(10)), 1)
		// The next model asks for nothing that the store has not kept.
		next := db.Model()
		next.Tags = slices.DeleteFunc(next.Tags, func(d tags.Definition) bool { return d.Name != "买家" && d.Name != "沉睡" && r.IntN(3) == 0 })
		for i := range next.Tags {
			if other := next.Tags[r.IntN(len(next.Tags))]; r.IntN(3) == 0 && !strings.Contains(other.Rule.String(), "tag(") && i > 1 {
				next.Tags[i].Rule = other.Rule
			}
		}
		before := membersOf(t, db)
		plan, err := db.Apply(t.Context(), next, portrait.DryRun)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Apply(t.Context(), next); err != nil {
			t.Fatal(err)
		}
		after := membersOf(t, db)
		moved := map[string]bool{}
		for _, m := range plan.Moves {
			if m.Segment || m.Value != "" {
				continue
			}
			moved[m.Name] = true
			var entered, left []profile.ID
			stayed := 0
			for id := range after[m.Name] {
				if before[m.Name][id] {
					stayed++
				} else {
					entered = append(entered, id)
				}
			}
			for id := range before[m.Name] {
				if !after[m.Name][id] {
					left = append(left, id)
				}
			}
			slices.Sort(entered)
			slices.Sort(left)
			if got := slices.Collect(m.Entered.Members()); !slices.Equal(got, entered) {
				t.Errorf("%s: %v enter, the dry run said %v", m.Name, entered, got)
			}
			if got := slices.Collect(m.Left.Members()); !slices.Equal(got, left) {
				t.Errorf("%s: %v leave, the dry run said %v", m.Name, left, got)
			}
			if int(m.Stayed) != stayed {
				t.Errorf("%s: %d stay, the dry run said %d", m.Name, stayed, m.Stayed)
			}
		}
		for name := range after {
			if !moved[name] && fmt.Sprint(before[name]) != fmt.Sprint(after[name]) {
				t.Errorf("tag %q moved and the dry run did not say so", name)
			}
		}
	}
}

// membersOf returns who has each tag.
func membersOf(t *testing.T, db *portrait.DB) map[string]map[profile.ID]bool {
	t.Helper()
	all := map[string]map[profile.ID]bool{}
	m := db.Model()
	var names []string
	for _, d := range m.Tags {
		names = append(names, d.Name)
	}
	for purpose := range m.Purposes {
		names = append(names, "consent:"+purpose)
	}
	for _, name := range names {
		set, err := db.Segment(t.Context(), segment.Tag(name))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = map[profile.ID]bool{}
		for id := range set.Members() {
			all[name][id] = true
		}
	}
	return all
}

// A dry run of rules that need what was not kept folds it from the log: who it says
// enters is who does. What the log does not reach back to it says.
func TestApply_dry_run_reads_the_log(t *testing.T) {
	r := seed(t)
	for range *rounds {
		db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
		rules := drawRules(r)
		retain := []string{"400d", "60d"}[r.IntN(2)]
		apply(t, db, rules+"log: {retain: "+retain+"}\n")
		play(t, db, history(r, 40+r.IntN(100), r.IntN(10)), 1)
		m := model(t, drawBehaviour(r, rules)+"log: {retain: "+retain+"}\n")
		plan, err := db.Apply(t.Context(), m, portrait.DryRun)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Apply(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		after := membersOf(t, db)
		for _, move := range plan.Moves {
			if got := int(move.Entered.Count() + move.Stayed); !move.Segment && move.Value == "" && got != len(after[move.Name]) {
				t.Errorf("%s: %d have it, the dry run said %d", move.Name, len(after[move.Name]), got)
			}
		}
		for _, line := range plan.Changes {
			if retain == "400d" && strings.Contains(line, "are not in it") && !strings.Contains(line, "sessions") {
				t.Errorf("the log has everything, and yet: %s", line)
			}
		}
	}
}

// Who goes from one tier to another has the tag before and after, and yet moves.
func TestApply_dry_run_of_values(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	crowdOf(t, db, 10)
	tier := func(most int) string {
		return fmt.Sprintf(`tags: {t: {tiers: [{value: 多, rule: 'count("Clicked") >= %d'}], else: 少}}`, most)
	}
	apply(t, db, tier(1))
	plan, err := db.Apply(t.Context(), model(t, tier(2)), portrait.DryRun)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range plan.Moves {
		got = append(got, fmt.Sprint(m.Name, " ", m.Value, ": ", m.Entered.Count(), " enter, ", m.Left.Count(), " leave, ", m.Stayed, " stay"))
	}
	want := []string{"t : 0 enter, 0 leave, 10 stay", "t 多: 0 enter, 10 leave, 0 stay", "t 少: 10 enter, 0 leave, 0 stay"}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// ending is a context that ends once it was asked so many times.
type ending struct {
	context.Context
	left atomic.Int64
}

func (c *ending) Err() error {
	if c.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

func (c *ending) Done() <-chan struct{} {
	if c.left.Add(-1) >= 0 {
		return c.Context.Done()
	}
	ended := make(chan struct{})
	close(ended)
	return ended
}

// A dry run ends with its context, in the midst of analysing the tags too.
func TestApply_dry_run_cancelled(t *testing.T) {
	const n = 300
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	m := db.Model()
	for i := range n {
		m.Tags = append(m.Tags, tags.Definition{Name: fmt.Sprint(i), Rule: tags.MustParse(fmt.Sprintf(`count("Clicked", last("%dd")) >= %d`, 1+i%90, 1+i))})
	}
	whole := &ending{Context: t.Context()}
	whole.left.Store(1 << 40)
	if _, err := db.Apply(whole, m, portrait.DryRun); err != nil {
		t.Fatal(err)
	}
	asked := 1<<40 - whole.left.Load()
	if asked < 4*n {
		t.Fatalf("it asked its context %d times for %d tags", asked, n)
	}
	for _, after := range []int64{0, asked / 4, asked / 2, asked - 1} {
		ctx := &ending{Context: t.Context()}
		ctx.left.Store(after)
		if plan, err := db.Apply(ctx, m, portrait.DryRun); plan != nil || !errorIs(err, context.Canceled) {
			t.Errorf("ended after %d of %d questions: %v, %v", after, asked, plan, err)
		}
	}
}
