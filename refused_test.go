package portrait_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/profile"
)

func refusals(t *testing.T, db *portrait.DB, from uint64) []portrait.Refusal {
	t.Helper()
	v, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	all, err := collect(v.Refusals(t.Context(), from))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Every identifier that is dropped and every pair that is not united is on
// record, with its rule and its event.
func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	opts := &portrait.Options{Clock: fixed(now)}
	db := open(t, dir, opts)
	apply(t, db, `
identity:
  namespaces:
    - {name: user_id, priority: 1, unique: true}
    - {name: email, priority: 2, kind: contact, conflict: refuse, blocked_patterns: ['^test\+']}
    - {name: device_id, priority: 3, kind: device, conflict: shared, auth: 1}
`)
	jane := id("email", "jane@example.cn")
	event := func(message string, auth uint8, ids ...profile.Identifier) profile.Event {
		return profile.Event{Type: profile.Page, Source: "web", MessageID: message, Time: epoch0, Auth: auth, Identifiers: ids}
	}
	result, err := db.Ingest(t.Context(),
		event("1", 0, id("user_id", "abc123"), jane),
		event("2", 0, id("user_id", "abc456"), jane, id("email", "test+x@example.cn"), id("nowhere", "x")),
		event("3", 0, id("user_id", "abc456"), id("device_id", "d")),
		event("4", 1, id("user_id", "abc456"), id("device_id", "d")),
		event("5", 1, id("user_id", "abc123"), id("device_id", "d")),
		event("5", 1, id("user_id", "abc123"), id("device_id", "d")),
		event("6", 1, id("user_id", "abc123"), id("device_id", "d")),
	)
	if err != nil {
		t.Fatal(err)
	}
	if result.Accepted != 6 || result.Duplicate != 1 || result.Dropped != 2 || result.Refused != 3 {
		t.Errorf("result %+v, want 6 accepted, 1 duplicate, 2 dropped, 3 refused", result)
	}
	warnings := []portrait.Warning{{Index: 1, Rule: "unique", Detail: "email and user_id were not united"}}
	if diff := cmp.Diff(warnings, result.Warnings); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	all := refusals(t, db, 0)
	var got []string
	for i, r := range all {
		if r.Number != uint64(i) || r.Epoch != result.Epoch || r.Source != "web" || !r.Time.Equal(epoch0) || (r.Hash == "") == (r.A == profile.Identifier{}) {
			t.Errorf("record %+v", r)
		}
		got = append(got, fmt.Sprintf("%s %s %s|%s %v %v", r.MessageID, r.Rule, r.Namespace, r.Detail, r.A, r.B))
	}
	want := []string{
		`2 blocked email|^test\+ : :`,
		"2 unknown_namespace |nowhere : :",
		"2 unique user_id| email:jane@example.cn user_id:abc456",
		"3 auth | device_id:d user_id:abc456",
		// The second user makes the device shared: nobody holds it any more.
		"5 shared device_id| device_id:d user_id:abc123",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("refusals (-want +got):\n%s", diff)
	}

	effect, err := db.Link(t.Context(), id("user_id", "abc123"), id("user_id", "abc456"), portrait.Decision{At: epoch0, ID: "T-9"})
	if err != nil || len(effect.Refused) != 1 || len(effect.Merges) != 0 {
		t.Fatalf("a Link against unique: %+v, %v", effect, err)
	}
	linked := portrait.Refusal{
		Number: 5, Epoch: effect.Epoch, Rule: "unique", Namespace: "user_id", Source: "decision", MessageID: "T-9", Time: epoch0,
		A: id("user_id", "abc456"), B: id("user_id", "abc123"),
	}
	if diff := cmp.Diff([]portrait.Refusal{linked}, effect.Refused); diff != "" {
		t.Errorf("refused Link (-want +got):\n%s", diff)
	}
	checkAndClose(t, db)
	db = open(t, dir, opts)
	if diff := cmp.Diff([]portrait.Refusal{linked}, refusals(t, db, 5)); diff != "" {
		t.Errorf("once reopened (-want +got):\n%s", diff)
	}
}

// A limit with a window refuses the value that an event lies at too: it is first
// seen with that event.
func TestRefusals_window(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	apply(t, db, `
identity:
  namespaces:
    - {name: phone, priority: 1, kind: contact, limit: 1, per: 30d}
    - {name: device_id, priority: 2, kind: device, conflict: refuse}
`)
	tablet := id("device_id", "tablet")
	for i, want := range []portrait.Result{
		{Accepted: 1},
		{Accepted: 1, Refused: 1, Warnings: []portrait.Warning{{Rule: "limit", Detail: "device_id and phone were not united"}}},
	} {
		result, err := db.Ingest(t.Context(), profile.Event{
			Type: profile.Page, MessageID: fmt.Sprint(i), Time: epoch0.AddDate(0, 0, i),
			Identifiers: []profile.Identifier{id("phone", fmt.Sprint("1390000000", i)), tablet},
		})
		if err != nil {
			t.Fatal(err)
		}
		want.Epoch = result.Epoch
		if diff := cmp.Diff(want, result); diff != "" {
			t.Errorf("event %d (-want +got):\n%s", i, diff)
		}
	}
	if got, want := known(t, db, tablet), "[phone:13900000000 device_id:tablet]"; got != want {
		t.Errorf("the tablet is known as %s, want %s", got, want)
	}
}

// The newest records are kept; all are counted.
func TestRefusals_are_trimmed(t *testing.T) {
	for _, most := range []int{16, -1} {
		t.Run(fmt.Sprint(most), func(t *testing.T) {
			db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), MaxRefusals: most})
			for i := range 100 {
				seen(t, db, fmt.Sprint(i), id("user_id", "u"), id("email", "null"))
			}
			all := refusals(t, db, 0)
			if most < 0 && len(all) > 0 {
				t.Errorf("%d records are kept", len(all))
			}
			if most > 0 && (len(all) < most || len(all) > most+most/8 || all[len(all)-1].Number != 99) {
				t.Errorf("%d records are kept, the last is %+v", len(all), all[len(all)-1])
			}
		})
	}
}

// A client that lost its IDs shows: what it sends is refused, counted and on record.
func TestRefusals_of_events_that_name_nobody(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	e := profile.Event{Type: profile.Page, Source: "app", MessageID: "1", Time: epoch0, Identifiers: []profile.Identifier{
		id("user_id", "undefined"), id("device_id", "00000000-0000-0000-0000-000000000000"),
	}}
	result, err := db.Ingest(t.Context(), e)
	if err != nil || len(result.Rejected) != 1 || result.Dropped != 0 {
		t.Fatalf("%+v, %v", result, err)
	}
	all := refusals(t, db, 0)
	if len(all) != 2 || all[0].Namespace != "user_id" || all[0].Rule != "blocked" || all[0].MessageID != "1" || all[0].Source != "app" {
		t.Errorf("records %+v", all)
	}
	v, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	h, err := v.IdentityHealth(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []identity.RefusalCount{{Rule: "blocked", Namespace: "device_id", Count: 1}, {Rule: "blocked", Namespace: "user_id", Count: 1}}
	if diff := cmp.Diff(want, h.Refused); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

// An erasure takes out of the records whose events they were of: those of identifiers that
// never were theirs, and of pairs that they only brought to light.
func TestRefusals_of_who_is_erased(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
	apply(t, db, `
identity:
  namespaces:
    - {name: user_id, priority: 1, unique: true}
    - {name: email, priority: 2, kind: contact, conflict: refuse}
    - {name: device_id, priority: 3, kind: device, conflict: shared}
`)
	mei, bo := id("user_id", "mei"), id("user_id", "bo")
	event := func(message string, ids ...profile.Identifier) profile.Event {
		return profile.Event{Type: profile.Page, Source: "canary", MessageID: message, Time: epoch0, Identifiers: ids}
	}
	take(t, db, event("1", mei, id("email", "undefined"), id("nowhere", "x")))
	take(t, db, event("2", bo, id("device_id", "undefined")))
	take(t, db, event("3", bo, id("email", "bo@example.cn")))
	later := event("4", mei, id("email", "bo@example.cn")) // refused: the address is another's
	later.Time = epoch0.Add(time.Hour)
	take(t, db, later)
	before := refusals(t, db, 0)
	of := map[string]int{}
	for _, r := range before {
		of[r.MessageID]++
	}
	if diff := cmp.Diff(map[string]int{"1": 2, "2": 1, "4": 1}, of); diff != "" {
		t.Fatalf("records by message (-want +got):\n%s", diff)
	}
	erased, err := db.Privacy().Erase(t.Context(), mei)
	if err != nil || erased.Refusals != 3 {
		t.Errorf("%+v, %v", erased, err)
	}
	after := refusals(t, db, 0)
	if len(after) != len(before) {
		t.Fatalf("%d records, want %d", len(after), len(before))
	}
	none := portrait.Refusal{Hash: strings.Repeat("0", 32)}
	for i, r := range after {
		switch {
		case before[i].MessageID == "2":
			if diff := cmp.Diff(before[i], r); diff != "" {
				t.Errorf("another's record (-before +after):\n%s", diff)
			}
		case r.Source != "" || r.MessageID != "" || r.Detail != "" || r.Hash != "" && r.Hash != none.Hash || r.A != none.A || r.B != none.B:
			t.Errorf("of the erased there is still %+v", r)
		}
	}
	// What is refused of them later names nobody either.
	take(t, db, event("5", bo, mei))
	if found, err := db.Privacy().Verify(t.Context()); err != nil || found.Keyed != 0 {
		t.Errorf("%+v, %v", found, err)
	}
}
