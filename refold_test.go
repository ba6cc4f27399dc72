package portrait_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/crashdisk"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// laterTraits are computed traits that need folds of many forms.
var laterTraits = map[string]string{
	"few":      `count("Order Completed", where(n >= 100))`,
	"recent":   `count("Order Completed", last("5d"))`,
	"minutes":  `count("Login", last("90m"))`,
	"days_in":  `days("Login", last("20d"))`,
	"favorite": `most_frequent("Product Viewed", "n")`,
	"seen":     `latest(5, "Login", "n")`,
	"pairs":    `sequence_count("Product Viewed", "Order Completed", within("12h"), last("20d"))`,
	"visits":   `sessions("Product Viewed", "30m")`,
	"all":      `count("*")`,
	"pages":    `sum("$page", "n", last("20d"))`,
}

// declareLater returns a model with a log and some of the later traits, a tag for each.
func declareLater(t testing.TB, p portrait.LogPolicy, names ...string) portrait.Model {
	t.Helper()
	m := withLog(t, p)
	for _, name := range names {
		m.Traits[name] = portrait.Trait{Compute: laterTraits[name], Index: name == "all" || name == "few"}
	}
	return m
}

// TestRefold_equals_declared_before declares traits at random moments of a random
// history, in several steps, with the refolding of nodes, events, decisions, sweeps and
// crashes at random between each other: in the end the Digest is that of a store which
// had the traits before the first event.
func TestRefold_equals_declared_before(t *testing.T) {
	r := seed(t)
	policy := portrait.LogPolicy{Retain: 400 * day}
	names := slices.Sorted(maps.Keys(laterTraits))
	for range *rounds {
		c := clockAt(now)
		opts := func(fs *crashdisk.FS) *portrait.Options {
			return portrait.WithRecastBatch(portrait.WithFS(portrait.Options{Clock: c.now, MemTableBytes: 256 << 10, CacheBytes: 1 << 20, IndexBytes: 1 << 20}, fs), 1+r.IntN(4))
		}
		fs := crashdisk.New()
		db := open(t, "db", opts(fs))
		before := open(t, "db", opts(crashdisk.New()))
		applyModel(t, before, declareLater(t, policy, names...))
		applyModel(t, db, withLog(t, policy))
		declared, n := 0, 0
		step := portrait.Refolding(db)
		for n < 150 {
			switch r.IntN(9) {
			case 0:
				declared = min(declared+1+r.IntN(4), len(names))
				if err := portrait.ApplyUnfilled(t.Context(), db, declareLater(t, policy, names[:declared]...)); err != nil {
					t.Fatal(err)
				}
			case 1:
				a, b := id("user_id", fmt.Sprint("u", r.IntN(5))), id("anonymous_id", fmt.Sprint("a", r.IntN(12)))
				why := portrait.Decision{At: c.now(), ID: fmt.Sprint("d", n)}
				for _, d := range []*portrait.DB{db, before} {
					if _, err := d.Link(t.Context(), a, b, why); err != nil {
						t.Fatal(err)
					}
				}
			case 2:
				// A crash: Open finishes the refolding.
				clone := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.IntN(101), RNG: rand.New(rand.NewPCG(r.Uint64(), 0))})
				if err := db.Close(); err != nil {
					t.Fatal(err)
				}
				fs, db = clone, open(t, "db", opts(clone))
				if portrait.IsRefolding(db) {
					t.Fatal("Open did not finish the refolding")
				}
				step = portrait.Refolding(db)
			case 3, 4, 5:
				if _, err := step(t.Context()); err != nil {
					t.Fatal(err)
				}
				if _, err := portrait.SweepLog(t.Context(), db, 10); err != nil {
					t.Fatal(err)
				}
			default:
				var batch []profile.Event
				for range 1 + r.IntN(6) {
					batch = append(batch, drawLogged(r, n, now.Add(-time.Duration(r.ExpFloat64()*float64(5*day))).Truncate(time.Minute)))
					n++
				}
				takeIn(t, db, batch...)
				takeIn(t, before, batch...)
			}
		}
		applyModel(t, db, declareLater(t, policy, names...))
		if portrait.IsRefolding(db) {
			t.Fatal("Apply did not finish the refolding")
		}
		if since := portrait.FoldsSince(db); len(since) > 0 {
			t.Errorf("the log has everything, and yet folds are complete only since %v", since)
		}
		if got, want := digest(t, db, now), digest(t, before, now); got != want {
			compareTraits(t, db, before)
			t.Fatalf("digest %s, want %s", got, want)
		}
		checkAndClose(t, db)
		checkAndClose(t, before)
	}
}

// compareTraits tells in which traits two stores differ.
func compareTraits(t *testing.T, db, want *portrait.DB) {
	t.Helper()
	for p, err := range allProfiles(t.Context(), want) {
		if err != nil {
			t.Fatal(err)
		}
		q, err := db.Profile(t.Context(), p.Identifiers[0])
		if err != nil {
			t.Fatal(err)
		}
		for _, trait := range p.Traits {
			if v, ok := q.Trait(trait.Name); !ok || !v.Equal(trait.Value) {
				t.Errorf("%s: %s is %s, want %s", p.Identifiers[0], trait.Name, v, trait.Value)
			}
		}
	}
}

// TestRefold_while_events_flow declares traits while many goroutines take events in.
func TestRefold_while_events_flow(t *testing.T) {
	r := seed(t)
	policy := portrait.LogPolicy{Retain: 400 * day}
	names := slices.Sorted(maps.Keys(laterTraits))
	opts := portrait.WithRecastBatch(&portrait.Options{Clock: fixed(now), NoSync: true}, 3)
	db, before := open(t, t.TempDir(), opts), open(t, t.TempDir(), opts)
	applyModel(t, db, withLog(t, policy))
	applyModel(t, before, declareLater(t, policy, names...))
	var batches [][]profile.Event
	for n := 0; n < 800; {
		var batch []profile.Event
		for range 1 + r.IntN(8) {
			batch = append(batch, drawLogged(r, n, now.Add(-time.Duration(r.ExpFloat64()*float64(5*day)))))
			n++
		}
		batches = append(batches, batch)
		takeIn(t, before, batch...)
	}
	third := len(batches) / 3
	for _, b := range batches[:third] {
		takeIn(t, db, b...)
	}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := third + i; j < len(batches); j += 4 {
				if _, err := db.Ingest(context.Background(), batches[j]...); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range names {
		applyModel(t, db, declareLater(t, policy, names[:i+1]...))
	}
	wg.Wait()
	if got, want := digest(t, db, now), digest(t, before, now); got != want {
		compareTraits(t, db, before)
		t.Fatalf("digest %s, want %s", got, want)
	}
}

// TestRefold_since declares traits over a log that does not reach back to the first
// event: what they count begins at a stated instant, late events included.
func TestRefold_since(t *testing.T) {
	who := id("user_id", "u1")
	login := func(at time.Time) profile.Event {
		return profile.Event{Name: "Login", MessageID: at.String(), Time: at, Identifiers: []profile.Identifier{who}}
	}
	for _, tc := range []struct {
		name    string
		first   portrait.LogPolicy // at the beginning
		second  portrait.LogPolicy // after 10 days
		compute string
		want    float64 // after 20 days
		since   profile.Instant
	}{
		{"all of it", portrait.LogPolicy{Retain: 100 * day}, portrait.LogPolicy{Retain: 100 * day}, `count("Login", where(true))`, 20, 0},
		{"no log", portrait.LogPolicy{}, portrait.LogPolicy{}, `count("Login", where($name = "Login"))`, 0, profile.InstantOf(epoch0.Add(19*day)) + 1},
		{"a log of other events", portrait.LogPolicy{Events: map[string]time.Duration{"Order": day}}, portrait.LogPolicy{Events: map[string]time.Duration{"Order": day}}, `count("Login", where($name = "Login"))`, 0, profile.InstantOf(epoch0.Add(19*day)) + 1},
		{"a log that began later", portrait.LogPolicy{}, portrait.LogPolicy{Retain: 100 * day}, `count("Login", where($name = "Login"))`, 10, profile.InstantOf(epoch0.Add(9*day)) + 1},
		{"a short log", portrait.LogPolicy{Retain: 7 * day}, portrait.LogPolicy{Retain: 7 * day}, `count("Login", where($name = "Login"))`, 6, profile.InstantOf(epoch0.Add(13*day)) + 1},
		{"a log that was longer", portrait.LogPolicy{Retain: 100 * day}, portrait.LogPolicy{Retain: 7 * day}, `count("Login", where($name = "Login"))`, 6, profile.InstantOf(epoch0.Add(13*day)) + 1},
		{"a log that was shorter", portrait.LogPolicy{Retain: 2 * day}, portrait.LogPolicy{Retain: 100 * day}, `count("Login", where($name = "Login"))`, 10, profile.InstantOf(epoch0.Add(9*day)) + 1},
		{"a window within the log", portrait.LogPolicy{Retain: 7 * day}, portrait.LogPolicy{Retain: 7 * day}, `count("Login", last("3d"))`, 2, 0},
		{"events of any name", portrait.LogPolicy{Retain: 100 * day, Events: map[string]time.Duration{"Order": 7 * day}}, portrait.LogPolicy{Retain: 100 * day, Events: map[string]time.Duration{"Order": 7 * day}}, `count("*")`, 6, profile.InstantOf(epoch0.Add(13*day)) + 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := clockAt(epoch0)
			db := open(t, t.TempDir(), &portrait.Options{Clock: c.now, NoSync: true})
			applyModel(t, db, withLog(t, tc.first))
			for d := range 20 {
				c.set(epoch0.Add(time.Duration(d) * day))
				if d == 10 {
					applyModel(t, db, withLog(t, tc.second))
				}
				takeIn(t, db, login(c.now()))
				if err := db.Advance(t.Context(), c.now()); err != nil {
					t.Fatal(err)
				}
			}
			c.set(epoch0.Add(20 * day))
			m := withLog(t, tc.second)
			m.Traits["later"] = portrait.Trait{Compute: tc.compute}
			applyModel(t, db, m)
			count := func() float64 {
				t.Helper()
				p, err := db.Profile(t.Context(), who)
				if err != nil {
					t.Fatal(err)
				}
				v, _ := p.Trait("later")
				return v.Number()
			}
			if got := count(); got != tc.want {
				t.Errorf("it counts %v, want %v", got, tc.want)
			}
			since := slices.Collect(maps.Values(portrait.FoldsSince(db)))
			if tc.since == 0 && len(since) > 0 || tc.since != 0 && !slices.Equal(since, []profile.Instant{tc.since}) {
				t.Errorf("complete since %v, want %s", since, tc.since)
			}
			if tc.since != 0 {
				takeIn(t, db, login(tc.since.Time().Add(-time.Microsecond).Add(-time.Nanosecond)), login(tc.since.Time().Add(time.Microsecond)))
				if got := count(); got != tc.want+1 {
					t.Errorf("after one late event before that instant and one after it counts %v, want %v", got, tc.want+1)
				}
			}
		})
	}
}

// TestRefold_in_between asks for what is being filled: it is not told of, by itself or
// in a tag, until every profile has caught up; nor is the log swept meanwhile.
func TestRefold_in_between(t *testing.T) {
	c := clockAt(epoch0)
	db := open(t, t.TempDir(), portrait.WithRecastBatch(&portrait.Options{Clock: c.now}, 1))
	policy := portrait.LogPolicy{Retain: 30 * day}
	applyModel(t, db, withLog(t, policy))
	for i := range 3 {
		takeIn(t, db, profile.Event{Name: "Login", MessageID: fmt.Sprint(i), Time: epoch0.Add(time.Duration(i) * time.Second), Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u", i))}})
	}
	m := withLog(t, policy)
	m.Traits["twice"] = portrait.Trait{Compute: `count("Login", where($name = "Login")) * 2`}
	m.Tags = append(m.Tags, tagOf(t, "seen", `twice = 2`))
	c.set(epoch0.Add(day))
	if err := portrait.ApplyUnfilled(t.Context(), db, m); err != nil {
		t.Fatal(err)
	}
	// Long after everything has expired, one of three has caught up: by an event.
	c.set(epoch0.Add(100 * day))
	takeIn(t, db, profile.Event{Name: "Order", MessageID: "o", Time: c.now(), Identifiers: []profile.Identifier{id("user_id", "u1")}})
	asked := func() (trait []float64, tagged uint64, err error) {
		for i := range 3 {
			p, err := db.Profile(t.Context(), id("user_id", fmt.Sprint("u", i)))
			if err != nil {
				t.Fatal(err)
			}
			if v, ok := p.Trait("twice"); ok {
				trait = append(trait, v.Number())
			}
		}
		if _, err = db.Count(t.Context(), segment.MustParse(`twice = 2`)); err != nil {
			return trait, 0, err
		}
		tagged, err = db.Count(t.Context(), segment.MustParse(`tag("seen")`))
		return trait, tagged, err
	}
	if trait, _, err := asked(); len(trait) > 0 || err == nil || !strings.Contains(err.Error(), "is being filled") {
		t.Errorf("while it is filled: %v, %v", trait, err)
	}
	if events, _, _, err := portrait.LogSize(db); err != nil || events != 4 {
		t.Errorf("while it is filled the log holds %d events, %v, want 4", events, err)
	}
	applyModel(t, db, m)
	if trait, tagged, err := asked(); !slices.Equal(trait, []float64{2, 2, 2}) || tagged != 3 || err != nil {
		t.Errorf("once it is filled: %v, %d, %v", trait, tagged, err)
	}
	takeIn(t, db, profile.Event{Name: "Order", MessageID: "p", Time: c.now(), Identifiers: []profile.Identifier{id("user_id", "u1")}})
	if events, _, _, err := portrait.LogSize(db); err != nil || events != 2 {
		t.Errorf("then the log holds %d events, %v, want 2", events, err)
	}
}

func tagOf(t testing.TB, name, rule string) tags.Definition {
	t.Helper()
	r, err := tags.Parse(rule)
	if err != nil {
		t.Fatal(err)
	}
	return tags.Definition{Name: name, Rule: r}
}

// The plan says of a new trait what it shares with an older one: since when it counts.
func TestApply_since_of_what_is_shared(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	crowdOf(t, db, 3)
	const first = "traits:\n  few: {compute: 'count(\"Clicked\", where(true))'}\n"
	const second = first + "  many: {compute: 'count(\"Clicked\", where(true)) * 10'}\ntags:\n  some:\n    rule: 'count(\"Clicked\", where(true)) > 2'\n"
	since := func(text string) (told []string) {
		t.Helper()
		plan, err := db.Apply(t.Context(), model(t, text))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range plan.Changes {
			if name, _, ok := strings.Cut(line, ": events before "); ok {
				told = append(told, name)
			}
		}
		return told
	}
	for _, tt := range []struct {
		text string
		want []string
	}{
		{first, []string{`trait "few"`}},
		{second, []string{`trait "many"`, `tag "some"`}},
		{second + "    description: changed\n", nil},
	} {
		if diff := cmp.Diff(tt.want, since(tt.text)); diff != "" {
			t.Errorf("since is told of (-want +got):\n%s", diff)
		}
	}
}
