package portrait_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/crashdisk"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

// valuedTags are definitions of three tags that change places, mostly with values.
var valuedTags = [][]tags.Definition{
	{
		{Name: "级", Else: "无", Tiers: []tags.Tier{
			{Value: "高", Rule: tags.MustParse(`count("Order Completed", last("20d")) >= 2`)}, {Value: "中", Rule: tags.MustParse(`count("*", last("10d")) >= 1`)},
		}},
		{Name: "级", Tiers: []tags.Tier{
			{Value: "中", Rule: tags.MustParse(`count("Order Completed", last("20d")) >= 2`)}, {Value: "高", Rule: tags.MustParse(`count("*", last("10d")) >= 1`)},
		}},
		{Name: "级", Rule: tags.MustParse(`count("*", last("10d")) >= 1`)},
	},
	{
		{Name: "爱", Value: tags.MustParseFormula(`top(2, "Product Viewed", "sku", last("30d"))`)},
		{Name: "爱", Value: tags.MustParseFormula(`latest(2, "Product Viewed", "sku")`)},
		{Name: "爱", Told: tags.Manual, Choices: []string{"a"}},
	},
	{{Name: "人", Told: tags.Manual}, {Name: "人", Told: tags.Manual, Choices: []string{"a"}}, {Name: "人", Rule: tags.MustParse("true")}},
}

// redefined returns a model with some of the valued tags, and perhaps a trait with what
// reads it.
func redefined(r *rand.Rand, base portrait.Model) portrait.Model {
	m := base
	m.Tags, m.Segments, m.Traits = slices.Clone(base.Tags), slices.Clone(base.Segments), maps.Clone(base.Traits)
	for _, defs := range valuedTags {
		if r.IntN(5) > 0 {
			m.Tags = append(m.Tags, defs[r.IntN(len(defs))])
		}
	}
	if r.IntN(2) == 0 {
		m.Traits["近"] = portrait.Trait{Compute: fmt.Sprintf(`count("*", last("%dd"))`, 1+r.IntN(4)), Index: r.IntN(2) == 0}
		m.Segments = append(m.Segments, tags.Definition{Name: "近来", Rule: tags.MustParse(`近 > 1`)})
	}
	return m
}

// TestApply_random_definitions changes definitions at random, before the change before
// is filled too, in the background or not at all, with events, decisions, crashes and
// the passing of time between: Check finds nothing, at any moment.
func TestApply_random_definitions(t *testing.T) {
	r := seed(t)
	for range *rounds {
		clock := clockAt(now.AddDate(0, -1, 0))
		fs := crashdisk.New()
		opts := func(fs *crashdisk.FS) *portrait.Options {
			return portrait.WithRecastBatch(portrait.WithFS(portrait.Options{Clock: clock.now}, fs), 1+r.IntN(4))
		}
		db := open(t, "db", opts(fs))
		base := model(t, drawModel(r))
		base.Log = portrait.LogPolicy{Retain: 1000 * day}
		applyModel(t, db, redefined(r, base))
		for i := range 120 {
			var err error
			switch r.IntN(14) {
			case 0:
				clock.set(clock.now().Add(time.Duration(r.IntN(72)) * time.Hour))
			case 1:
				decide := []func(*portrait.DB, profile.Identifier, profile.Identifier, portrait.Decision) error{
					func(db *portrait.DB, a, b profile.Identifier, d portrait.Decision) error {
						return only(db.Link(t.Context(), a, b, d))
					},
					func(db *portrait.DB, a, b profile.Identifier, d portrait.Decision) error {
						return only(db.Unlink(t.Context(), a, b, d))
					},
				}[r.IntN(2)]
				if a, b := drawID(r, 6)(), drawID(r, 6)(); a != b {
					err = decide(db, a, b, portrait.Decision{At: clock.now(), ID: fmt.Sprint("d", i)})
				}
			case 2:
				err = portrait.ApplyUnfilled(t.Context(), db, redefined(r, base))
			case 3:
				_, err = db.Apply(t.Context(), redefined(r, base), portrait.Background)
			case 4:
				clone := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.IntN(101), RNG: rand.New(rand.NewPCG(r.Uint64(), 0))})
				if err := db.Close(); err != nil {
					t.Fatal(err)
				}
				fs, db = clone, open(t, "db", opts(clone))
			case 5:
				err = db.Advance(t.Context(), clock.now())
			case 6:
				err = db.Check(t.Context())
			default:
				_, err = db.Ingest(t.Context(), drawTelling(r, i, clock.now()))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		applyModel(t, db, db.Model())
		if err := db.Advance(t.Context(), clock.now().AddDate(0, 0, 40)); err != nil {
			t.Fatal(err)
		}
		checkAndClose(t, db)
	}
}

// drawTelling returns a random event, at times one that tells a tag.
func drawTelling(r *rand.Rand, i int, at time.Time) profile.Event {
	e := drawEvent(r, i, drawID(r, 6))
	e.Time, e.Received = at.Add(drawLag(r)), at
	if r.IntN(6) == 0 {
		e.Type, e.Name, e.Properties = profile.Identify, "", nil
		e.Traits = tags.Assign([]string{"人", "爱"}[r.IntN(2)], []string{"a", "b"}[r.IntN(2)], at.Add(time.Duration(r.IntN(500))*time.Hour), "jane")
	}
	return e
}
