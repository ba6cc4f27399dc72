package portrait_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// liveLists is a model that asks of two lists in everything that is kept live.
const liveLists = `
traits:
  score: {compute: 'if(in_list("vip"), 10, 1)', index: true}
  kind: {compute: 'if(in_list("blocked"), "blocked", "open")', index: true}
tags:
  asked: {rule: 'in_list("vip") and not in_list("blocked")', query: true}
  vip: {rule: 'tag("asked")'}
  fresh: {rule: 'in_list("vip") and count("$page", last("30d")) > 0'}
  level: {tiers: [{value: gold, rule: 'tag("vip")'}, {value: silver, rule: 'in_list("vip")'}], else: none}
segments:
  wanted: {rule: 'tag("vip") or score > 5 and not in_list("blocked")'}
`

// openLive opens a store of people whom two lists are made of: of nobody yet.
func openLive(t *testing.T, dir string, people int) *portrait.DB {
	t.Helper()
	db := openLists(t, dir, people)
	for _, name := range []string{"vip", "blocked"} {
		if _, err := db.Lists().Edit(t.Context(), name, "phone", nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	apply(t, db, strings.Split(listModel, "tags:")[0]+liveLists)
	return db
}

func uploadPhones(t *testing.T, db *portrait.DB, name string, people ...int) {
	t.Helper()
	var text strings.Builder
	for _, i := range people {
		fmt.Fprintln(&text, phoneOf(i))
	}
	if _, err := db.Lists().Upload(t.Context(), name, strings.NewReader(text.String()), segment.Upload{Namespace: "phone", Kind: "plain"}); err != nil {
		t.Fatal(err)
	}
}

// What asks of a list moves in the commit that changes the list, and the feed tells of it.
func TestLists_live(t *testing.T) {
	const people = 40
	dir := t.TempDir()
	db := openLive(t, dir, people)
	expect := func(what string, want map[string][]int) {
		t.Helper()
		for text, want := range want {
			if in := peopleIn(t, db, text, people); !slices.Equal(in, want) {
				t.Errorf("%s: %s: %v, want %v", what, text, in, want)
			}
		}
		if err := db.Check(t.Context()); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	feed := newFollower()
	feed.catchUp(t, db)
	told := len(feed.all)
	before := viewOf(t, db).Epoch()
	if _, err := db.Lists().Edit(t.Context(), "vip", "", []string{phoneOf(1), phoneOf(2)}, nil); err != nil {
		t.Fatal(err)
	}
	if after := viewOf(t, db).Epoch(); after != before+1 {
		t.Errorf("from epoch %d to %d", before, after)
	}
	expect("edited", map[string][]int{`tag("vip")`: {1, 2}, `score = 10`: {1, 2}, `tag("level", "gold")`: {1, 2}, `tag("wanted")`: {1, 2}, `if(in_list("vip"), 1, 0) = 1`: {1, 2}})
	uploadPhones(t, db, "blocked", 2, 3)
	uploadPhones(t, db, "vip", 2, 4, 5)
	expect("uploaded", map[string][]int{
		`tag("vip")`: {4, 5}, `score > 5`: {2, 4, 5}, `kind = "blocked"`: {2, 3}, `tag("level", "silver")`: {2}, `tag("wanted")`: {4, 5},
	})
	feed.catchUp(t, db)
	var moves []string
	for _, c := range feed.all[told:] {
		if c.Cause != "list" {
			t.Errorf("%+v", c)
		}
		if c.Tag == "vip" {
			moves = append(moves, fmt.Sprint(c.Kind, " ", c.Profile.Ordinal()))
		}
	}
	if diff := cmp.Diff([]string{"entered 1", "entered 2", "left 2", "entered 4", "entered 5", "left 1"}, moves); diff != "" {
		t.Errorf("the feed (-want +got):\n%s", diff)
	}
	// An identifier in a list takes its membership along to whom it goes.
	phone := id("phone", phoneOf(5))
	if _, err := db.Unlink(t.Context(), phone, id("user_id", "user5"), portrait.Decision{ID: "1", At: epoch0}); err != nil {
		t.Fatal(err)
	}
	expect("parted", map[string][]int{`tag("vip")`: {4}, `score > 5`: {2, 4}})
	if _, err := db.Link(t.Context(), phone, id("user_id", "user9"), portrait.Decision{ID: "2", At: epoch0}); err != nil {
		t.Fatal(err)
	}
	expect("joined", map[string][]int{`tag("vip")`: {4, 9}, `score > 5`: {2, 4, 9}})
	for i, user := range []string{"user5", "user9"} {
		if _, err := db.Unlink(t.Context(), phone, id("user_id", user), portrait.Decision{ID: fmt.Sprint(3 + i), At: epoch0.Add(time.Hour), Withdraw: true}); err != nil {
			t.Fatal(err)
		}
	}
	expect("as before", map[string][]int{`tag("vip")`: {4, 5}})
	p, err := db.Profile(t.Context(), id("user_id", "user4"))
	if err != nil || fmt.Sprint(p.Tags) != "[level vip]" {
		t.Errorf("%+v, %v", p, err)
	}
	if x, ok := p.Trait("score"); !ok || x.Number() != 10 {
		t.Errorf("score %v", x)
	}
	why, err := db.Explain(t.Context(), segment.MustParse(`tag("vip")`), id("user_id", "user2"))
	if err != nil || why.Holds || !strings.Contains(why.String(), `in_list("blocked")`) {
		t.Errorf("%v, %v", why, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = open(t, dir, &portrait.Options{Clock: fixed(now), NoSync: true})
	expect("reopened", map[string][]int{`tag("vip")`: {4, 5}, `score > 5`: {2, 4, 5}})
	if _, err := db.Lists().Edit(t.Context(), "vip", "phone", nil, []string{phoneOf(4)}); err != nil {
		t.Fatal(err)
	}
	expect("taken out", map[string][]int{`tag("vip")`: {5}, `score > 5`: {2, 5}})
}

// A list that moves more people than a commit should leaves what asks of it to be filled
// behind: until that is done it is refused, by name, and then the feed tells of a change
// of definition. An end of the process in between is made good by the next Open.
func TestLists_live_many(t *testing.T) {
	const people = 40
	dir := t.TempDir()
	db := openLive(t, dir, people)
	uploadPhones(t, db, "vip", 1, 2)
	checkAndClose(t, db)
	slow := &portrait.Options{Clock: fixed(now), NoSync: true, FillRate: 1}
	db = open(t, dir, slow)
	portrait.MovesOfLists(db, 3)
	uploadPhones(t, db, "vip", 2, 3, 4, 5)
	if _, err := db.Count(t.Context(), segment.Tag("wanted")); err == nil || !strings.Contains(err.Error(), `tag "wanted" is being filled`) {
		t.Error(err) // the end comes as long after the people as they are worth at that rate
	}
	if in := peopleIn(t, db, `in_list("vip")`, people); !slices.Equal(in, []int{2, 3, 4, 5}) {
		t.Errorf("%v", in)
	}
	checkAndClose(t, db)
	db = open(t, dir, &portrait.Options{Clock: fixed(now), NoSync: true})
	for db.Metrics().ToFill > 0 {
		continue
	}
	for text, want := range map[string][]int{`tag("vip")`: {2, 3, 4, 5}, `score > 5`: {2, 3, 4, 5}, `tag("level", "gold")`: {2, 3, 4, 5}, `tag("wanted")`: {2, 3, 4, 5}} {
		if in := peopleIn(t, db, text, people); !slices.Equal(in, want) {
			t.Errorf("%s: %v, want %v", text, in, want)
		}
	}
	feed := newFollower()
	feed.catchUp(t, db)
	var moves []string
	for _, c := range feed.all {
		if c.Segment == "wanted" {
			moves = append(moves, fmt.Sprint(c.Kind, " ", c.Profile.Ordinal(), " ", c.Cause))
		}
	}
	if diff := cmp.Diff([]string{"entered 1 list", "entered 2 list", "entered 3 definition", "entered 4 definition", "entered 5 definition", "left 1 definition"}, moves); diff != "" {
		t.Errorf("the feed (-want +got):\n%s", diff)
	}
	checkAndClose(t, db)
}

// A model cannot ask of a list that is not there, nor a list go that the model asks of.
func TestLists_live_refused(t *testing.T) {
	db := openLive(t, t.TempDir(), 10)
	err := db.DefineTag(t.Context(), tags.Definition{Name: "x", Rule: tags.MustParse(`true and in_list("vpi")`)})
	if err == nil || !errors.Is(err, portrait.ErrModel) || !strings.Contains(err.Error(), `tag "x" asks of a list: unknown list "vpi"`) || !strings.Contains(err.Error(), `did you mean "vip"?`) {
		t.Error(err)
	}
	m := db.Model()
	m.Traits["of"] = portrait.Trait{Type: profile.KindNumber, Compute: `if(in_list("none"), 1, 0)`}
	for _, opts := range [][]portrait.ApplyOption{{portrait.DryRun}, nil} {
		if _, err := db.Apply(t.Context(), m, opts...); err == nil || !strings.Contains(err.Error(), `trait "of" asks of a list: unknown list "none"`) {
			t.Error(err)
		}
	}
	if err := db.Lists().Drop(t.Context(), "vip"); err == nil || !strings.Contains(err.Error(), `list "vip" cannot be dropped: tag "fresh" asks of it`) {
		t.Error(err)
	}
	for flip, err := range viewOf(t, db).FlipsBefore(t.Context(), segment.MustParse(`in_list("vpi") and count("$page", last("30d")) > 0`), now.Add(time.Hour)) {
		if err == nil || !strings.Contains(err.Error(), `unknown list "vpi"`) {
			t.Errorf("%+v, %v", flip, err)
		}
	}
	apply(t, db, listModel)
	if err := db.Lists().Drop(t.Context(), "vip"); err != nil {
		t.Error(err)
	}
}

// Time moves whom a list was not asked of in vain: a rule of a list and a window flips when
// the window says so, and is foreseen.
func TestLists_live_in_time(t *testing.T) {
	db := openLive(t, t.TempDir(), 10)
	take(t, db, profile.Event{Type: profile.Page, MessageID: "late", Time: now, Identifiers: []profile.Identifier{id("user_id", "user3")}})
	uploadPhones(t, db, "vip", 3, 4)
	if in := peopleIn(t, db, `tag("fresh")`, 10); !slices.Equal(in, []int{3}) {
		t.Errorf("%v", in)
	}
	ends := now.AddDate(0, 0, 40)
	for text, want := range map[string]int{`tag("fresh")`: 1, `in_list("vip") and count("$page", last("30d")) > 0`: 1, `in_list("blocked") and count("$page", last("30d")) > 0`: 0} {
		n := 0
		for _, err := range viewOf(t, db).FlipsBefore(t.Context(), segment.MustParse(text), ends) {
			if n++; err != nil {
				t.Fatal(err)
			}
		}
		if n != want {
			t.Errorf("%s: %d flips, want %d", text, n, want)
		}
	}
	if err := db.Advance(t.Context(), ends); err != nil {
		t.Fatal(err)
	}
	if in := peopleIn(t, db, `tag("fresh")`, 10); in != nil {
		t.Errorf("%v", in)
	}
	plan, err := db.Apply(t.Context(), func() portrait.Model {
		m := db.Model()
		m.Tags = append(m.Tags, tags.Definition{Name: "new", Rule: tags.MustParse(`in_list("vip")`)})
		return m
	}(), portrait.DryRun)
	if err != nil || len(plan.Moves) != 1 || plan.Moves[0].Entered.Count() != 2 {
		t.Errorf("%+v, %v", plan, err)
	}
	if err := db.Check(t.Context()); err != nil {
		t.Error(err)
	}
}
