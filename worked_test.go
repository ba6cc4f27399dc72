package portrait_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

// sighted is an event of a worked example, and who there is once it is in: each
// profile's identifiers, strongest first, and the number of its events.
type sighted struct {
	who  string
	want []string
}

// TestWorkedExamples plays the examples that other products' documents work out,
// event by event; whatever the policies do on the way, the same events backwards
// come to the same in the end.
func TestWorkedExamples(t *testing.T) {
	const adobe = `
    - {name: crmid, priority: 1, unique: true}
    - {name: email, priority: 2, kind: contact, unique: true, conflict: newest, allow_default_blocked: true}
    - {name: ecid, priority: 3, kind: cookie, conflict: newest}`
	for _, tt := range []struct {
		name, rules string
		events      []sighted
	}{
		{
			"Segment: the e-mail of another user is demoted", `
    - {name: user_id, priority: 1, limit: 1}
    - {name: email, priority: 2, kind: contact, limit: 5}`,
			[]sighted{
				{"user_id:abc123 email:jane@example.com", []string{"user_id:abc123 email:jane@example.com, 1"}},
				{"user_id:abc456 email:jane@example.com", []string{"user_id:abc123 email:jane@example.com, 1", "user_id:abc456, 1"}},
			},
		},
		{
			"Adobe: a shared device, after a CRM import", adobe,
			[]sighted{
				{"crmid:jane email:jane@x.com", []string{"crmid:jane email:jane@x.com, 1"}},
				{"crmid:john email:john@x.com", []string{"crmid:jane email:jane@x.com, 1", "crmid:john email:john@x.com, 1"}},
				{"crmid:jane email:jane@x.com ecid:laptop", []string{"crmid:jane email:jane@x.com ecid:laptop, 2", "crmid:john email:john@x.com, 1"}},
				{"crmid:john email:john@x.com ecid:laptop", []string{"crmid:jane email:jane@x.com, 2", "crmid:john email:john@x.com ecid:laptop, 2"}},
			},
		},
		{
			"Adobe: a device goes to the last who logged in, with what was done on it", adobe,
			[]sighted{
				{"ecid:tablet", []string{"ecid:tablet, 1"}},
				{"crmid:kevin ecid:tablet", []string{"crmid:kevin ecid:tablet, 2"}},
				{"crmid:nora ecid:tablet", []string{"crmid:kevin, 1", "crmid:nora ecid:tablet, 2"}},
				{"ecid:tablet", []string{"crmid:kevin, 1", "crmid:nora ecid:tablet, 3"}},
				{"crmid:kevin ecid:tablet", []string{"crmid:kevin ecid:tablet, 4", "crmid:nora, 1"}},
			},
		},
		{
			"Adobe: of a bad e-mail the older link goes", adobe,
			[]sighted{
				{"crmid:jane ecid:safari", []string{"crmid:jane ecid:safari, 1"}},
				{"crmid:john ecid:chrome", []string{"crmid:jane ecid:safari, 1", "crmid:john ecid:chrome, 1"}},
				{"crmid:jane email:test@test.com", []string{"crmid:jane email:test@test.com ecid:safari, 2", "crmid:john ecid:chrome, 1"}},
				{"crmid:john email:test@test.com", []string{"crmid:jane ecid:safari, 2", "crmid:john email:test@test.com ecid:chrome, 2"}},
			},
		},
		{
			"Snowplow: what Alice and Bob share is, alone, always the same nobody", `
    - {name: user_id, priority: 1, unique: true}
    - {name: apple_idfv, priority: 2, kind: device, conflict: shared}
    - {name: domain_userid, priority: 3, kind: cookie, conflict: shared}`,
			[]sighted{
				{"user_id:alice domain_userid:4b0dfa", []string{"user_id:alice domain_userid:4b0dfa, 1"}},
				{"user_id:alice apple_idfv:6d920c", []string{"user_id:alice apple_idfv:6d920c domain_userid:4b0dfa, 2"}},
				{"user_id:bob apple_idfv:6d920c", []string{"user_id:alice domain_userid:4b0dfa, 2", "user_id:bob, 1"}},
				{"apple_idfv:6d920c", []string{"apple_idfv:6d920c, 1", "user_id:alice domain_userid:4b0dfa, 2", "user_id:bob, 1"}},
				{"apple_idfv:6d920c", []string{"apple_idfv:6d920c, 2", "user_id:alice domain_userid:4b0dfa, 2", "user_id:bob, 1"}},
				{"user_id:bob apple_idfv:6d920c", []string{"apple_idfv:6d920c, 2", "user_id:alice domain_userid:4b0dfa, 2", "user_id:bob, 2"}},
			},
		},
		{
			"Senzing: a record that fits two entities joins neither", `
    - {name: passport, priority: 1, unique: true}
    - {name: phone, priority: 2, kind: contact}
    - {name: record, priority: 3, kind: account, conflict: shared}`,
			[]sighted{
				{"passport:P1 phone:555-1111", []string{"passport:P1 phone:555-1111, 1"}},
				{"passport:P2 phone:555-2222", []string{"passport:P1 phone:555-1111, 1", "passport:P2 phone:555-2222, 1"}},
				{"record:R", []string{"passport:P1 phone:555-1111, 1", "passport:P2 phone:555-2222, 1", "record:R, 1"}},
				{"record:R passport:P1", []string{"passport:P1 phone:555-1111 record:R, 3", "passport:P2 phone:555-2222, 1"}},
				{"record:R passport:P2", []string{"passport:P1 phone:555-1111, 2", "passport:P2 phone:555-2222, 2", "record:R, 1"}},
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rules := "identity:\n  namespaces:" + strings.ReplaceAll(tt.rules, "}", ", normalize: [trim]}") + "\n"
			event := func(second int) profile.Event {
				e := profile.Event{Type: profile.Page, MessageID: fmt.Sprint(second), Time: epoch0.Add(time.Duration(second) * time.Second)}
				for word := range strings.FieldsSeq(tt.events[second].who) {
					namespace, value, _ := strings.Cut(word, ":")
					e.Identifiers = append(e.Identifiers, id(namespace, value))
				}
				return e
			}
			forth, back := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)}), open(t, t.TempDir(), &portrait.Options{Clock: fixed(now)})
			apply(t, forth, rules)
			apply(t, back, rules)
			for second, e := range tt.events {
				if err := ingest(event(second))(t.Context(), forth); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(e.want, eventsOfEach(t, forth)); diff != "" {
					t.Errorf("after event %d, %s (-want +got):\n%s", second, e.who, diff)
				}
				if err := ingest(event(len(tt.events)-1-second))(t.Context(), back); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(eventsOfEach(t, forth), eventsOfEach(t, back)); diff != "" || digest(t, forth, now) != digest(t, back, now) {
				t.Errorf("backwards (-forth +back):\n%s", diff)
			}
		})
	}
}

// eventsOfEach writes down who there is, with how many events.
func eventsOfEach(t *testing.T, db *portrait.DB) []string {
	t.Helper()
	var all []string
	for p, err := range allProfiles(t.Context(), db) {
		if err != nil {
			t.Fatal(err)
		}
		names := make([]string, len(p.Identifiers))
		for i, id := range p.Identifiers {
			names[i] = id.String()
		}
		all = append(all, fmt.Sprintf("%s, %d", strings.Join(names, " "), p.Events))
	}
	slices.Sort(all)
	return all
}
