package portrait_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// crowded is how many people a crowded view has.
const crowded = 3000

// crowdedView has people all over a town, some of whose traits have an index.
func crowdedView(t *testing.T) *portrait.View {
	t.Helper()
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, "traits: {age: {type: number, index: true}, raw: {type: number}, seen: {type: time}, home: {type: point, index: true}}")
	people := make([]profile.Event, crowded)
	for i := range people {
		people[i] = profile.Event{
			Type: profile.Identify, MessageID: fmt.Sprint(i), Time: now, Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u", i))},
			Traits: map[string]profile.Value{
				"age": profile.Number(float64(i % 90)), "raw": profile.Number(float64(i % 90)), "seen": profile.Time(now.Add(-time.Duration(i) * time.Minute)),
				"home": profile.Point(31.2+float64(i%101)/1000, 121.4+float64(i%97)/1000),
			},
		}
	}
	take(t, db, people...)
	return viewOf(t, db)
}

// mallocs tells work apart: to look at one profile takes several allocations.
func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

func expr(text string) segment.Expr { return segment.MustParse(text) }

// lookups are calls that look at many profiles one by one.
func lookups(v *portrait.View) map[string]func(context.Context) error {
	raw, places := tags.MustParseFormula("raw"), make([]segment.Expr, 5)
	for i := range places {
		places[i] = expr(fmt.Sprintf(`near(home, %v, %v, "3km") and age > %d`, 31.21+float64(i)/300, 121.41+float64(i)/300, i))
	}
	return map[string]func(context.Context) error{
		"Count":      func(ctx context.Context) error { _, err := v.Count(ctx, expr("raw > 3")); return err },
		"Segment":    func(ctx context.Context) error { _, err := v.Segment(ctx, expr("raw > 3 and age > 3")); return err },
		"Summary":    func(ctx context.Context) error { _, err := v.Summary(ctx, raw, expr("true")); return err },
		"Cutoffs":    func(ctx context.Context) error { _, err := v.Cutoffs(ctx, raw, 4); return err },
		"percentile": func(ctx context.Context) error { _, err := v.Count(ctx, expr("percentile(raw) > 0.5")); return err },
		"Counts":     func(ctx context.Context) error { _, err := v.Counts(ctx, places...); return err },
		"Cross":      func(ctx context.Context) error { _, err := v.Cross(ctx, expr("raw > 3"), places); return err },
		"FlipsBefore": func(ctx context.Context) error {
			for _, err := range v.FlipsBefore(ctx, expr(`seen > ago("2d")`), now.AddDate(0, 0, 9)) {
				return err
			}
			return nil
		},
	}
}

// TestBudget_work: what a budget does not allow is refused at about no work.
func TestBudget_work(t *testing.T) {
	v := crowdedView(t)
	for what, ask := range lookups(v) {
		for _, b := range []segment.Budget{{Scanned: 1}, {Bytes: 1}} {
			before := mallocs()
			var over *segment.BudgetError
			if err := ask(segment.WithBudget(t.Context(), b)); !errors.As(err, &over) {
				t.Errorf("%s within %+v: %v", what, b, err)
			}
			// The places alone are covered by some thousand cells.
			if work := mallocs() - before; work > 4*crowded {
				t.Errorf("%s within %+v: %d allocations", what, b, work)
			}
		}
		before := mallocs()
		if err := ask(segment.WithBudget(t.Context(), segment.Budget{Blocks: 1, Scanned: 21 * crowded, Bytes: 1 << 30})); err != nil {
			t.Errorf("%s: one block has everybody, yet %v", what, err)
		}
		if work := mallocs() - before; what != "Counts" && work < 5*crowded {
			t.Errorf("%s: %d allocations, which cannot tell what is looked at", what, work)
		}
	}
}

// TestBudget_plan: what a plan says bounds what is metered.
func TestBudget_plan(t *testing.T) {
	v := crowdedView(t)
	for _, text := range []string{
		"true", "age > 3", "raw > 3", "raw > 3 and age > 3", "not raw > 3 or raw > 80", `near(home, 31.25, 121.45, "3km")`,
		`not near(home, 31.25, 121.45, "30m") and raw > 3`, `near(home, 31.25, 121.45, "3km") or near(home, 31.21, 121.41, "700m") and age > 3`,
	} {
		plan, err := v.Plan(t.Context(), expr(text))
		if err != nil {
			t.Fatal(err)
		}
		c := plan.Cost
		if c.Blocks != 1 || strings.Contains(text, "raw") != (c.Scans > 0) || c.Scanned < int64(c.Scans*crowded) || strings.Contains(text, "near") && c.Scanned == 0 {
			t.Errorf("%s: %+v", text, c)
		}
		ctx := segment.WithBudget(t.Context(), segment.Budget{Blocks: c.Blocks, Bytes: c.Bytes, Scanned: max(c.Scanned, 1)})
		for range 2 {
			n, err := v.Count(ctx, expr(text))
			if err != nil || n < c.Least || n > c.Most {
				t.Errorf("%s: %d, %v, but\n%s", text, n, err, plan.Text)
			}
			// What the index tells is guessed by a sample of the values.
			if c.Scans == 0 && (float64(c.Members) < 0.75*float64(n) || float64(c.Members) > 1.33*float64(n)) {
				t.Errorf("%s: %d, but\n%s", text, n, plan.Text)
			}
		}
		if c.Scans > 0 {
			var over *segment.BudgetError
			if _, err := v.Count(segment.WithBudget(t.Context(), segment.Budget{Scanned: int64(c.Scans*crowded) - 1}), expr(text)); !errors.As(err, &over) || over.Needed != int64(c.Scans*crowded) {
				t.Errorf("%s: %v, but\n%s", text, err, plan.Text)
			}
		}
	}
}

// countdown is a context that ends when it has been asked some times, by any goroutine.
type countdown struct {
	context.Context
	end   context.CancelFunc
	mu    sync.Mutex // what follows
	left  int
	asked int
	work  uint64 // when it ended
}

func (c *countdown) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	if c.left--; c.left == 0 {
		c.end()
		c.work = mallocs()
	}
	return c.Context.Err()
}

// TestCancel_work: once its context has ended a call looks at some 1,024 profiles more at
// the most.
func TestCancel_work(t *testing.T) {
	v := crowdedView(t)
	for what, ask := range lookups(v) {
		run := func(left int) (c *countdown, work uint64, err error) {
			c = &countdown{left: left}
			c.Context, c.end = context.WithCancel(t.Context())
			defer c.end()
			before := mallocs()
			err = ask(c)
			return c, mallocs() - before, err
		}
		whole, work, err := run(-1)
		if err != nil {
			t.Fatal(err)
		}
		for _, left := range []int{1, 2, whole.asked / 2, whole.asked} {
			c, _, err := run(max(left, 1))
			after := mallocs() - c.work
			if errors.Is(err, context.Canceled) && after > work*1024/crowded+work/4+2000 {
				t.Errorf("%s: %d allocations, of %d in all, after its context had ended at look %d of %d", what, after, work, left, whole.asked)
			}
			if err == nil && left < whole.asked/2 {
				t.Errorf("%s does not heed its context", what)
			}
		}
	}
}
