package portrait_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// listCrowd is people whose identifiers are joined and parted while lists of them are
// uploaded.
type listCrowd struct {
	db     *portrait.DB
	people int
	number atomic.Int64
}

func (c *listCrowd) someone(r *rand.Rand) profile.Identifier {
	i := r.IntN(c.people)
	return []profile.Identifier{id("user_id", fmt.Sprint("user", i)), id("phone", phoneOf(i)), id("email", fmt.Sprintf("u%d@example.cn", i))}[r.IntN(3)]
}

// change makes one commit that may regroup anybody.
func (c *listCrowd) change(t *testing.T, r *rand.Rand) {
	n := c.number.Add(1)
	a, b := c.someone(r), c.someone(r)
	if a == b {
		return
	}
	var err error
	d := portrait.Decision{ID: fmt.Sprint(n)}
	switch r.IntN(4) {
	case 0:
		_, err = c.db.Link(t.Context(), a, b, d)
	case 1:
		_, err = c.db.Unlink(t.Context(), a, b, d)
	case 2:
		ids := []profile.Identifier{a, b}
		_, err = c.db.Ingest(t.Context(), profile.Event{Type: profile.Page, MessageID: fmt.Sprint("seen", n), Time: epoch0, Identifiers: ids})
	default: // somebody new, who takes one of them
		ids := []profile.Identifier{id("user_id", fmt.Sprint("new", n)), a}
		_, err = c.db.Ingest(t.Context(), profile.Event{Type: profile.Page, MessageID: fmt.Sprint("new", n), Time: epoch0, Identifiers: ids})
	}
	if err != nil {
		t.Error(err)
	}
}

// listHolds compares a list with the identifiers of everybody.
func listHolds(t *testing.T, db *portrait.DB, name string, in map[profile.Identifier]bool) {
	t.Helper()
	v := viewOf(t, db)
	defer v.Close()
	set, err := v.Segment(t.Context(), segment.MustParse(fmt.Sprintf("in_list(%q)", name)))
	if err != nil {
		t.Fatal(err)
	}
	n := uint64(0)
	for p, err := range v.Profiles(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		want := slices.ContainsFunc(p.Identifiers, func(id profile.Identifier) bool { return in[id] })
		if want {
			n++
		}
		if got := set.Contains(p.ID); got != want {
			t.Errorf("%v in %s: %t", p.Identifiers, name, got)
		}
	}
	if set.Count() != n {
		t.Errorf("%s has %d, want %d", name, set.Count(), n)
	}
}

// Whoever joins or parts identifiers while a list of them is being written, the list holds
// whoever has one in the end, however many commits it took and in whichever way its
// people were found.
func TestUpload_while_people_merge(t *testing.T) {
	seeds := seed(t)
	rounds := 10
	if testing.Short() {
		rounds = 4
	}
	c := &listCrowd{db: openLists(t, t.TempDir(), 60), people: 60}
	if _, err := c.db.Lists().Edit(t.Context(), "list", "phone", nil, nil); err != nil {
		t.Fatal(err)
	}
	apply(t, c.db, listModel+`  live: {rule: 'in_list("list") and count("$page") > 0'}`+"\n")
	for round := range rounds {
		if round%3 == 0 {
			portrait.MovesOfLists(c.db, round)
		}
		portrait.SmallLists(c.db, 1+round%5, []int{0, 1 << 20}[round%2])
		in := map[profile.Identifier]bool{}
		var text strings.Builder
		for i := range c.people {
			if seeds.IntN(2) == 0 {
				in[id("phone", phoneOf(i))] = true
				fmt.Fprintln(&text, md5Of(phoneOf(i)))
			}
		}
		var writers sync.WaitGroup
		var done atomic.Bool
		for w := range 2 {
			r := rand.New(rand.NewPCG(seeds.Uint64(), uint64(w)))
			writers.Go(func() {
				for n := 0; n < 25 && !done.Load(); n++ {
					c.change(t, r)
				}
			})
		}
		got, err := c.db.Lists().Upload(t.Context(), "list", strings.NewReader(text.String()), segment.Upload{Namespace: "phone"})
		done.Store(true)
		writers.Wait()
		if err != nil || int(got.Matched) != len(in) {
			t.Fatalf("%+v of %d, %v", got, len(in), err)
		}
		listHolds(t, c.db, "list", in)
	}
	if err := c.db.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// However few claims and profiles are held or written at once, and whether identifiers are
// looked up or everybody is read, the same file gives the same set.
func TestUpload_sizes(t *testing.T) {
	r := seed(t)
	c := &listCrowd{db: openLists(t, t.TempDir(), 120), people: 120}
	for range 100 {
		c.change(t, r)
	}
	in := map[profile.Identifier]bool{}
	var text strings.Builder
	for i := range c.people {
		if i%3 > 0 {
			in[id("phone", phoneOf(i))] = true
			fmt.Fprintln(&text, phoneOf(i))
		}
	}
	profiles := uint64(0)
	for n := range 8 {
		size, seek := 1<<n, []int{0, 1 << 20}[n%2]
		portrait.SmallLists(c.db, size, seek)
		got, err := c.db.Lists().Upload(t.Context(), "list", strings.NewReader(text.String()), segment.Upload{Namespace: "phone", Kind: "plain"})
		if err != nil || n > 0 && got.Profiles != profiles {
			t.Fatalf("%d at once, seek %d: %+v, %v; %d profiles before", size, seek, got, err, profiles)
		}
		profiles = got.Profiles
		listHolds(t, c.db, "list", in)
	}
	if profiles == 0 || profiles == uint64(c.people) {
		t.Errorf("%d profiles", profiles)
	}
}
