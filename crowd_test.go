package portrait_test

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/crowd"
	"github.com/portraitdb/portrait/internal/oracle"
	"github.com/portraitdb/portrait/internal/published"
	"github.com/portraitdb/portrait/profile"
)

var peopleFlag = flag.Int("people", 0, "how many people TestPeople follows; 0 is 1,200, and 300 under -short")

// maxPartners is the least number of partners that makes a value of the crowd's
// model generic, less one.
var maxPartners = map[string]int{"user_id": 10_000, "email": 100, "phone": 100, "device_id": 20, "anonymous_id": 20}

// crowdModel declares who the people are, under one policy for what several of
// them use, and enough else for the Digest to notice a change. With lookup a
// cookie finds a profile and never unites two.
func crowdModel(t *testing.T, p identity.Policy, lookup bool) portrait.Model {
	t.Helper()
	m := model(t, `
zone: Asia/Shanghai
events:
  Order Completed: {numbers: [revenue], unique: [order_id]}
traits:
  city: {index: true}
  orders: {compute: 'count("Order Completed")', index: true}
  spent: {compute: 'sum("Order Completed", "revenue")', index: true}
  last_order: {compute: 'last_time("Order Completed")', index: true}
tags:
  buyer: {rule: 'orders >= 1'}
  regular: {rule: 'orders >= 3 and spent > 500'}
  asleep: {rule: 'last_order < ago("60d")'}
`)
	m.Identity = identity.Config{Namespaces: []identity.Namespace{
		{Name: "user_id", Priority: 1, Kind: identity.Person, Unique: true},
		{Name: "email", Priority: 2, Kind: identity.Contact, Trait: "email"},
		{Name: "phone", Priority: 3, Kind: identity.Contact, Trait: "phone", Conflict: p},
		{Name: "device_id", Priority: 4, Kind: identity.Device, Conflict: p},
		{Name: "anonymous_id", Priority: 5, Kind: identity.Cookie, Conflict: p, Lookup: lookup},
	}}
	return m
}

// crowdPeople are the people of the published data as far as they reach, else made
// up.
func crowdPeople(t *testing.T) []crowd.Person {
	t.Helper()
	n := *peopleFlag
	if n <= 0 {
		n = 1200
		if testing.Short() {
			n = 300
		}
	}
	root := published.Root(t)
	people, err := crowd.Read(filepath.Join(root, "people"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		t.Logf("made-up people, for those of %s are not there; PORTRAIT_DATA names the folder of the data", root)
	case err != nil:
		t.Fatal(err)
	}
	if len(people) < n {
		return crowd.Make(1, n)
	}
	return people[:n]
}

// TestPeople lets a few thousand people live for five months on devices of their
// own, of their family and of the public, and asks how well each policy tells them
// apart.
func TestPeople(t *testing.T) {
	r := seed(t)
	s := r.Uint64()
	people := crowdPeople(t)
	stream := crowd.Stream(people, crowd.Options{Seed: s, Start: epoch0})
	t.Logf("%d people, %d events", len(people), len(stream))
	for _, c := range []struct {
		name   string
		policy identity.Policy
		lookup bool
	}{
		{"demote", identity.Demote, false},
		{"newest", identity.Newest, false},
		{"shared", identity.Shared, false},
		{"refuse", identity.Refuse, false},
		{"never", identity.Never, false},
		{"shared, cookies for lookup", identity.Shared, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := newCrowd(t, crowdModel(t, c.policy, c.lookup), len(people), stream)
			db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
			run.ingest(t, db, stream)
			want := digest(t, db, now)
			run.partition(t, db)
			run.byDefinition(t)
			run.unique(t)
			run.joinsNothing(t)
			run.policy(t, c.policy)
			if warned := run.warned > 0; warned != (c.policy == identity.Refuse) {
				t.Errorf("%d warnings under %s", run.warned, c.policy)
			}
			run.figures(t, bounds[c.name])
			run.inAnyOrder(t, r.Uint64(), want)
			run.mistakes(t, db)
		})
	}
}

// ingest takes the stream in as it arrives. What comes twice is a duplicate, and
// only what nothing but placeholders name is refused.
func (c *crowdRun) ingest(t *testing.T, db *portrait.DB, stream []crowd.Sighting) {
	t.Helper()
	if _, err := db.Apply(t.Context(), c.model); err != nil {
		t.Fatal(err)
	}
	const batch = 500
	var doubled, blocked, again, refused int
	var events []profile.Event
	flush := func() {
		res, err := db.Ingest(t.Context(), events...)
		if err != nil {
			t.Fatal(err)
		}
		again += res.Duplicate
		c.refused += res.Refused
		c.warned += len(res.Warnings)
		for _, r := range res.Rejected {
			refused++
			if r.Reason != profile.ReasonBlocked {
				t.Errorf("%+v: %+v", events[r.Index], r)
			}
		}
		events = events[:0]
	}
	for i := range stream {
		s := &stream[i]
		if kept, _ := c.rules.Select(crowd.Named(&s.Event)); len(kept) == 0 {
			blocked++
			if !s.Is("machine") {
				t.Errorf("%s: nothing that counts in %v", s.Note, s.Event.Identifiers)
			}
		} else if s.Is("again") {
			doubled++
		}
		if events = append(events, s.Event); len(events) == batch {
			flush()
		}
	}
	flush()
	if again != doubled || refused != blocked {
		t.Errorf("%d duplicates, %d refused; want %d and %d", again, refused, doubled, blocked)
	}
}

// byDefinition asserts that the profiles are those of the definition, worked out
// from the stream itself: every edge that counts, from the strongest on.
func (c *crowdRun) byDefinition(t *testing.T) {
	t.Helper()
	live := map[string]bool{}
	for _, ids := range c.defined() {
		if slices.ContainsFunc(ids, func(id profile.Identifier) bool {
			return c.holders[id] && len(c.partners[id]) <= maxPartners[id.Namespace]
		}) {
			live[fmt.Sprint(ids)] = true
		}
	}
	for _, ids := range c.members {
		ids = slices.SortedFunc(slices.Values(ids), profile.Identifier.Compare)
		if !live[fmt.Sprint(ids)] {
			t.Errorf("no profile by the definition: %v", ids)
		}
	}
	if len(live) != len(c.members) {
		t.Errorf("%d profiles, %d by the definition", len(c.members), len(live))
	}
}

// unique asserts that no profile holds two accounts.
func (c *crowdRun) unique(t *testing.T) {
	t.Helper()
	for _, ids := range c.members {
		users := 0
		for _, id := range ids {
			if id.Namespace == "user_id" {
				users++
			}
		}
		if users > 1 {
			t.Errorf("one profile of %d accounts: %v", users, ids)
		}
	}
}

// joinsNothing asserts that no placeholder is anybody, and that what was seen with
// too many partners is in nobody's profile.
func (c *crowdRun) joinsNothing(t *testing.T) {
	t.Helper()
	generic := 0
	for id, partners := range c.partners {
		if len(partners) > maxPartners[id.Namespace] {
			generic++
			if g, ok := c.group[id]; ok && len(c.members[g]) > 1 {
				t.Errorf("%s has %d partners and is in a profile of %v", id, len(partners), c.members[g])
			}
		}
	}
	if generic == 0 {
		t.Error("nothing is generic: the stream shows nothing")
	}
	for id := range c.group {
		if crowd.IsPlaceholder(id) {
			t.Errorf("%s is a person", id)
		}
	}
}

// policy asserts what each policy promises of the values that several people use.
func (c *crowdRun) policy(t *testing.T, p identity.Policy) {
	t.Helper()
	contested := 0
	for id := range c.partners {
		if id.Namespace != "phone" && id.Namespace != "device_id" && id.Namespace != "anonymous_id" {
			continue
		}
		users := c.accounts(id)
		if len(users) > 1 {
			contested++
		}
		g, ok := c.group[id]
		if !ok {
			continue
		}
		company := c.members[g]
		switch {
		case p == identity.Shared && len(users) > 1 && len(company) > 1:
			t.Errorf("%s was seen with %v and is in a profile of %v", id, users, company)
		case p == identity.Never && slices.ContainsFunc(company, func(o profile.Identifier) bool {
			return o.Namespace == "user_id" || o.Namespace == "email"
		}):
			t.Errorf("%s is kept apart from people and is in a profile of %v", id, company)
		}
	}
	if contested == 0 {
		t.Error("nobody shares anything: the stream shows nothing")
	}
}

// inAnyOrder asserts that the events in any order, each once, give the same people.
func (c *crowdRun) inAnyOrder(t *testing.T, shuffle uint64, want portrait.Digest) {
	t.Helper()
	var once []crowd.Sighting
	for i := range c.stream {
		if !c.stream[i].Is("again") {
			once = append(once, c.stream[i])
		}
	}
	r := rng(shuffle, 0)
	r.Shuffle(len(once), func(i, j int) { once[i], once[j] = once[j], once[i] })
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	c.ingest(t, db, once)
	if got := digest(t, db, now); got != want {
		t.Fatalf("digest %s of the events in another order, each once; %s as they arrived", got, want)
	}
	c.tiedAndTakenBack(t, db, shuffle, want)
}

// tiedAndTakenBack asserts that links which were unlinked leave no trace. They are
// of two cookies each: no event names two, so no evidence goes with them.
func (c *crowdRun) tiedAndTakenBack(t *testing.T, db *portrait.DB, draw uint64, want portrait.Digest) {
	t.Helper()
	var cookies []profile.Identifier
	for _, ids := range c.named {
		if len(ids) > 0 && ids[len(ids)-1].Namespace == "anonymous_id" {
			cookies = append(cookies, ids[len(ids)-1])
		}
	}
	r := rng(draw, 1)
	var pairs [][2]profile.Identifier
	for range 40 {
		if a, b := cookies[r.IntN(len(cookies))], cookies[r.IntN(len(cookies))]; a != b {
			pairs = append(pairs, [2]profile.Identifier{a, b})
		}
	}
	for _, p := range pairs {
		if _, err := db.Link(t.Context(), p[0], p[1], portrait.Decision{At: epoch0, ID: "link"}); err != nil {
			t.Fatal(err)
		}
	}
	if digest(t, db, now) == want {
		t.Error("no link changed anything: the test shows nothing")
	}
	for _, p := range pairs {
		unlink(t, db, p)
	}
	if got := digest(t, db, now); got != want {
		t.Errorf("digest %s after links that were taken back, %s before", got, want)
	}
}

// mistakes takes back what a desk got wrong, and asserts that the profiles are
// those of the definition without it.
func (c *crowdRun) mistakes(t *testing.T, db *portrait.DB) {
	t.Helper()
	for _, pair := range crowd.Mistakes(c.stream) {
		unlink(t, db, pair)
		for i := range pair {
			clean, err := c.rules.Clean(pair[i])
			if err != nil {
				t.Fatal(err)
			}
			pair[i] = clean
		}
		if c.rules.Compare(pair[0], pair[1]) < 0 {
			pair[0], pair[1] = pair[1], pair[0]
		}
		e, ok := c.edges[pair]
		if !ok {
			t.Errorf("no edge of %v", pair)
		}
		e.Decision = oracle.Unlinked
		c.edges[pair] = e
	}
	c.partition(t, db)
	c.byDefinition(t)
}
