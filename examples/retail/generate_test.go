package main

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/seeds"
	"github.com/portraitdb/portrait/profile"
)

// openShop opens an empty store with the shop's model, whose clock stands at the
// end of the shop's year, and checks it when the test ends.
func openShop(t *testing.T) *portrait.DB {
	t.Helper()
	m, err := portrait.ParseModel(shopModel)
	if err != nil {
		t.Fatal(err)
	}
	db, err := portrait.Open(t.TempDir(), &portrait.Options{Clock: func() time.Time { return shopEnd }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := db.Apply(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	return db
}

func TestShop_follows_from_its_seed(t *testing.T) {
	one := runJSON(t, "-customers", "300", "-seed", "7")
	again := runJSON(t, "-customers", "300", "--seed=7", "-batch", "37")
	other := runJSON(t, "-customers", "300", "-seed", "8")
	one.Seconds, again.Seconds = 0, 0
	one.Merges, again.Merges = 0, 0 // How often profiles met on the way depends on the batches.
	if diff := cmp.Diff(one, again); diff != "" {
		t.Errorf("the same seed gives something else (-first +second):\n%s", diff)
	}
	if one.Digest == other.Digest {
		t.Error("another seed gives the same digest")
	}
	if one.Check.Differences != 0 {
		t.Errorf("%d differences", one.Check.Differences)
	}
}

// faultReasons says for which reason a store refuses each fault.
var faultReasons = map[fault]string{
	noIdentifier: profile.ReasonNoIdentifier,
	placeholder:  profile.ReasonBlocked,
	unnamed:      profile.ReasonMissingName,
	noClock:      profile.ReasonTimeOutOfRange,
	fastClock:    profile.ReasonTimeInFuture,
	priceTag:     profile.ReasonNotANumber,
	notANumber:   profile.ReasonNotFinite,
	wrongType:    profile.ReasonTraitType,
	brokenText:   profile.ReasonInvalidUTF8,
	hugeText:     profile.ReasonTooLong,
	reusedID:     profile.ReasonReused,
}

// TestShop_accounts_for_every_delivery counts the steps of a shop by what must
// become of them, and compares.
func TestShop_accounts_for_every_delivery(t *testing.T) {
	s := newShop(3, 1500)
	want := tally{Rejected: map[string]int{}}
	type key struct {
		customer uint32
		seq      uint16
	}
	seen := map[key]bool{}
	for _, st := range s.steps {
		k := key{st.customer, st.seq}
		switch {
		case st.fault != noFault:
			want.Rejected[faultReasons[st.fault]]++
		case seen[k]:
			want.Duplicate++
		default:
			seen[k] = true
			want.Accepted++
		}
	}
	got := runJSON(t, "-customers", "1500", "-seed", "3")
	if diff := cmp.Diff(want, got.Events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	for f, reason := range faultReasons {
		if want.Rejected[reason] == 0 {
			t.Errorf("the shop has no fault %d, %s", f, reason)
		}
	}
	if got.Merges == 0 || got.Profiles < 1000 {
		t.Errorf("%d profiles and %d merges: the shop is not what it should be", got.Profiles, got.Merges)
	}
	for name, n := range got.Tags {
		if n == 0 {
			t.Errorf("nobody has the tag %s", name)
		}
	}
	for name, n := range got.Segments {
		if n == 0 || n == got.Profiles {
			t.Errorf("segment %s has %d of %d profiles", name, n, got.Profiles)
		}
	}
}

// TestShop_in_any_order shuffles the deliveries and varies the batches: the
// digest stays. Of two events under one message ID the first counts, so the
// spoilt twin stays behind the order that it copies.
func TestShop_in_any_order(t *testing.T) {
	const customers, seed = 250, 11
	want := runJSON(t, "-customers", "250", "-seed", "11")
	s := newShop(seed, customers)
	r := rand.New(rand.NewPCG(seeds.Draw(t), 0))
	for _, batch := range []int{1, 64, 5000} {
		steps := slices.Clone(s.steps)
		if batch == 1 { // One commit an event: a part is enough to be slow.
			steps = nil
			for _, st := range s.steps {
				if st.customer < 10 {
					steps = append(steps, st)
				}
			}
		}
		ordered := ingestSteps(t, s, steps, 1000)
		r.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
		slices.SortStableFunc(steps, func(a, b step) int { return int(a.fault/reusedID) - int(b.fault/reusedID) })
		shuffled := ingestSteps(t, s, steps, batch)
		if ordered != shuffled {
			t.Errorf("batches of %d: digest %s in order, %s shuffled", batch, ordered, shuffled)
		}
		if batch > 1 && ordered != want.Digest {
			t.Errorf("digest %s, the program gives %s", ordered, want.Digest)
		}
	}
}

// ingestSteps takes steps into a store of their own and returns its digest.
func ingestSteps(t *testing.T, s *shop, steps []step, batch int) string {
	t.Helper()
	db := openShop(t)
	for part := range slices.Chunk(steps, batch) {
		events := make([]profile.Event, len(part))
		for i, st := range part {
			events[i] = s.event(st)
		}
		if _, err := db.Ingest(t.Context(), events...); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	digest, err := digestOf(t, db, shopEnd)
	if err != nil {
		t.Fatal(err)
	}
	return digest.String()
}

func TestFault_is_refused_with_field_and_reason(t *testing.T) {
	fields := map[fault]string{
		noIdentifier: "identifiers", placeholder: "identifiers", unnamed: "event", noClock: "timestamp", fastClock: "timestamp",
		priceTag: "properties.revenue", notANumber: "properties.revenue", wrongType: "traits.birthday",
		brokenText: "properties.note", hugeText: "properties.note", reusedID: "messageId",
	}
	s := newShop(5, 50)
	i := slices.IndexFunc(s.steps, func(st step) bool { return st.what == buy && st.fault == noFault })
	good := s.event(s.steps[i])
	for f := noIdentifier; f <= reusedID; f++ {
		t.Run(faultReasons[f], func(t *testing.T) {
			db := openShop(t)
			bad := s.event(s.steps[i])
			f.spoil(&bad)
			res, err := db.Ingest(t.Context(), good, bad)
			if err != nil {
				t.Fatal(err)
			}
			if res.Accepted != 1 || len(res.Rejected) != 1 {
				t.Fatalf("%d accepted and %d refused, want one each", res.Accepted, len(res.Rejected))
			}
			if r := res.Rejected[0]; r.Field != fields[f] || r.Reason != faultReasons[f] || r.Index != 1 {
				t.Errorf("refused event %d, field %q, for %q; want 1, %q, %q", r.Index, r.Field, r.Reason, fields[f], faultReasons[f])
			}
		})
	}
}

// digestOf is what a store is worth comparing by.
func digestOf(t *testing.T, db *portrait.DB, at time.Time) (portrait.Digest, error) {
	t.Helper()
	view, err := db.View(t.Context())
	if err != nil {
		return portrait.Digest{}, err
	}
	defer view.Close()
	return view.Digest(t.Context(), at)
}
