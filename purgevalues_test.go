package portrait_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// villagers is a model of people with a village and a nickname.
const villagers = "traits:\n  village: {}\n  nick: {}\n"

// settled takes in that somebody lives in a village, and has a nickname.
func settled(t *testing.T, db *portrait.DB, message, who, village, nick string) {
	t.Helper()
	n := time.Duration(len(message)) * time.Second
	takenIn(t, db, message, profile.Event{
		Type: profile.Identify, Time: epoch0.Add(n), Identifiers: []profile.Identifier{id("user_id", who)},
		Traits: map[string]profile.Value{"village": profile.String(village), "nick": profile.String(nick)},
	})
}

// nothingOf makes sure that no record of a store holds any of some texts, and opens it again.
func nothingOf(t *testing.T, db *portrait.DB, dir string, opts *portrait.Options, texts ...string) *portrait.DB {
	t.Helper()
	checkAndClose(t, db)
	inRecords(t, dir, formsOf(texts...), opts.Keys)
	return open(t, dir, opts)
}

// TestPurge_values_of_tags erases somebody whose values tags had under definitions that are
// no more, or are being filled: no record says them after a Purge, and whoever stays is told
// of by the names that the feed had for them.
func TestPurge_values_of_tags(t *testing.T) {
	const of = "tags:\n  of: {value: village}\n"
	stages := "stages:\n  - {name: settled, rule: 'exists(village)'}\n  - {name: others}\n"
	cases := []struct{ name, before, after string }{
		{"dropped", of, ""},
		{"of another trait", of, "tags:\n  of: {value: nick}\n"},
		{"of another rule", of, "tags:\n  of: {value: 'if(exists(nick), village, nick)'}\n"},
		{"without values", of, "tags:\n  of: {rule: 'exists(nick)'}\n"},
		{"with tiers", of, "tags:\n  of: {tiers: [{value: any, rule: 'exists(nick)'}], else: none}\n"},
		{"a tracked segment", of, "segments:\n  of: {rule: 'exists(nick)'}\n"},
		{"a trait of that name", of, "traits:\n  village: {index: true}\n  nick: {index: true}\n"},
		{"kept beside stages", of + stages, of + stages},
		{"with stages that go", of + stages, ""},
		{"new", "", of},
	}
	whens := []string{"before", "between", "after", "twice"}
	for i, c := range cases {
		for _, when := range whens {
			for _, filled := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s,erased=%s,filled=%t", c.name, when, filled), func(t *testing.T) {
					t.Parallel()
					dir, opts := t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true, FillRate: 1 + i}
					db := open(t, dir, opts)
					texts := []string{"Canaryville", "canary-nick"}
					erase := func(at string) {
						if when != at {
							return
						}
						if _, err := db.Privacy().Erase(t.Context(), id("user_id", "her")); err != nil {
							t.Fatal(err)
						}
						purged(t, db)
						db = nothingOf(t, db, dir, opts, texts...)
					}
					become := func(text string) {
						text = strings.Replace(villagers+text, villagers+"traits:\n", "traits:\n", 1)
						if filled {
							apply(t, db, text)
						} else if err := portrait.ApplyUnfilled(t.Context(), db, model(t, text)); err != nil {
							t.Fatal(err)
						}
					}
					apply(t, db, villagers+c.before)
					settled(t, db, "1", "bo", "Boville", "bo-nick")
					settled(t, db, "2", "her", "Canaryville", "canary-nick")
					settled(t, db, "3", "an", "Boville", "an-nick")
					erase("before")
					become(c.after)
					settled(t, db, "44", "li", "Liville", "li-nick")
					if when != "before" {
						settled(t, db, "55", "her", "Canaryville", "Canaryville") // while it is being filled
					}
					erase("between")
					apply(t, db, strings.Replace(villagers+c.after, villagers+"traits:\n", "traits:\n", 1))
					settled(t, db, "555", "bo", "Liville", "an-nick")
					erase("after")
					become(c.before)
					if when == "twice" {
						settled(t, db, "666", "her", "Canaryville", "Canaryville")
					}
					erase("twice")
					purged(t, db)
					db = nothingOf(t, db, dir, opts, texts...)
					apply(t, db, villagers+c.before)
					settled(t, db, "6666", "li", "Boville", "an-nick")
					if told := toldIn(t, db, "of", "Boville"); c.name == "of another rule" && told != "entered 0 entered 2 left 0 entered 3" {
						t.Errorf("the feed tells of Boville that there %s", told)
					}
					checkAndClose(t, db)
				})
			}
		}
	}
}

// toldIn returns what the feed tells of a value of a tag.
func toldIn(t *testing.T, db *portrait.DB, tag, value string) string {
	t.Helper()
	v, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	var told []string
	for c, err := range v.Changes(t.Context(), portrait.Cursor{}) {
		if err != nil {
			t.Fatal(err)
		}
		if c.Tag == tag && c.Value == value {
			told = append(told, fmt.Sprint(c.Kind, " ", c.Profile.Ordinal()))
		}
	}
	return strings.Join(told, " ")
}

// TestPurge_values_being_indexed erases somebody while the index of a trait of hers is being
// filled.
func TestPurge_values_being_indexed(t *testing.T) {
	const text = "traits:\n  village: {index: true}\n  nick: {index: true}\ntags:\n  of: {value: nick}\n"
	dir, opts := t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true, FillRate: 1}
	db := open(t, dir, opts)
	apply(t, db, villagers)
	crowdOf(t, db, 1000)
	if _, err := db.Apply(t.Context(), model(t, text), portrait.Background); err != nil {
		t.Fatal(err)
	}
	settled(t, db, "x", "bo", "Boville", "bo-nick")
	settled(t, db, "y", "her", "Canaryville", "canary-nick")
	if _, err := db.Privacy().Erase(t.Context(), id("user_id", "her")); err != nil {
		t.Fatal(err)
	}
	if db.Metrics().ToFill == 0 {
		t.Fatal("it is not being filled: the test is blind")
	}
	done, err := db.Privacy().Purge(t.Context())
	if err != nil || done.Values != 3 || done.Identifiers != 1 {
		t.Errorf("%+v, %v", done, err)
	}
	db = nothingOf(t, db, dir, opts, "Canaryville", "canary-nick")
	apply(t, db, text)
	for _, text := range []string{`nick = "bo-nick"`, `village = "Boville"`, `tag("of", "bo-nick")`} {
		if n, err := db.Count(t.Context(), segment.MustParse(text)); err != nil || n != 1 {
			t.Errorf("%s: %d, %v", text, n, err)
		}
	}
	checkAndClose(t, db)
}

// TestPurge_values_refilled erases somebody after a list has had what asks of it filled anew.
func TestPurge_values_refilled(t *testing.T) {
	const text = villagers + "tags:\n  of: {value: 'if(in_list(\"l\"), village, village)'}\n  asks: {value: 'if(in_list(\"l\"), nick, village)'}\n"
	dir, opts := t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true, FillRate: 1}
	db := open(t, dir, opts)
	portrait.MovesOfLists(db, 0)
	edit := func(in, out []string) {
		t.Helper()
		if _, err := db.Lists().Edit(t.Context(), "l", "user_id", in, out); err != nil {
			t.Fatal(err)
		}
	}
	settled(t, db, "1", "bo", "Boville", "bo-nick")
	edit([]string{"bo"}, nil)
	apply(t, db, text)
	settled(t, db, "2", "her", "Canaryville", "canary-nick")
	if _, err := db.Lists().Upload(t.Context(), "l", strings.NewReader("her\nbo\n"), segment.Upload{Namespace: "user_id"}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Privacy().Erase(t.Context(), id("user_id", "her")); err != nil {
		t.Fatal(err)
	}
	purged(t, db)
	db = nothingOf(t, db, dir, opts, "Canaryville", "canary-nick")
	checkAndClose(t, db)
}

// villageModels are models that follow each other in any order.
var villageModels = []string{
	"", "tags:\n  of: {value: village}\n", "tags:\n  of: {value: nick}\n  by: {value: village}\n", "tags:\n  of: {value: 'if(exists(nick), village, nick)'}\n",
	"tags:\n  of: {tiers: [{value: any, rule: 'exists(nick)'}], else: none}\n  by: {value: 'if(nick != village, nick, village)'}\n", "tags:\n  of: {rule: 'exists(nick)'}\n",
	"segments:\n  of: {rule: 'exists(nick)'}\nstages:\n  - {name: settled, rule: 'exists(village)'}\n  - {name: others}\n",
	"tags:\n  of: {value: village}\nsegments:\n  by: {rule: 'village = nick'}\nstages:\n  - {name: new, rule: 'exists(village)'}\n  - {name: settled}\n",
}

// TestPurge_values_at_random erases people while definitions change, are filled, are being
// filled and are left so: no record says anything of them after a Purge, and Check finds
// nothing.
func TestPurge_values_at_random(t *testing.T) {
	r := seed(t)
	for range *rounds {
		dir, opts := t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true, FillRate: 1}
		db := open(t, dir, opts)
		apply(t, db, villagers)
		var gone []string
		here, next := map[int]bool{}, 0
		for step := range 40 {
			switch r.IntN(9) {
			case 0, 1:
				m := model(t, drawVillages(r))
				var err error
				switch r.IntN(3) {
				case 0:
					_, err = db.Apply(t.Context(), m)
				case 1:
					_, err = db.Apply(t.Context(), m, portrait.Background)
				default:
					err = portrait.ApplyUnfilled(t.Context(), db, m)
				}
				if err != nil {
					t.Fatal(err)
				}
			case 2:
				for who := range here {
					delete(here, who)
					if _, err := db.Privacy().Erase(t.Context(), id("user_id", fmt.Sprint("canary-", who))); err != nil {
						t.Fatal(err)
					}
					gone = append(gone, fmt.Sprintf("canary-%d.", who))
					break
				}
			case 3:
				purged(t, db)
				db = nothingOf(t, db, dir, opts, gone...)
			default:
				who := r.IntN(next + 1)
				if who < next && !here[who] {
					continue
				}
				next = max(next, who+1)
				here[who] = true
				told := func() string { // some say what others say
					return fmt.Sprintf("canary-%d.%d", who, r.IntN(2))
				}
				takenIn(t, db, fmt.Sprint(step), profile.Event{
					Type: profile.Identify, Time: epoch0.Add(time.Duration(r.IntN(100)) * time.Hour), Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("canary-", who))},
					Traits: map[string]profile.Value{"village": profile.String([]string{told(), "上海"}[r.IntN(2)]), "nick": profile.String(told())},
				})
			}
		}
		purged(t, db)
		db = nothingOf(t, db, dir, opts, gone...)
		apply(t, db, villagers)
		checkAndClose(t, db)
	}
}

func drawVillages(r *rand.Rand) string {
	text := villageModels[r.IntN(len(villageModels))]
	index := func() string { return []string{"{}", "{index: true}"}[r.IntN(2)] }
	return fmt.Sprintf("traits:\n  village: %s\n  nick: %s\n%s", index(), index(), text)
}
