package oracle

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/profile"
)

// The worked examples of the products that have a policy like each of these,
// event by event: at every second, who there is afterwards.
func TestStore_worked_examples(t *testing.T) {
	person := func(rank int) Namespace { return Namespace{Rank: rank, Unique: true, Personal: true} }
	rules := func(of map[string]Namespace) Rules { return Rules{Namespaces: of, MaxNodes: 200} }
	adobe := rules(map[string]Namespace{
		"crmid": person(1),
		"email": {Rank: 2, Unique: true, Personal: true, Conflict: Newest},
		"ecid":  {Rank: 3, Conflict: Newest},
	})
	type moment struct {
		who  string
		want []string
	}
	for _, tt := range []struct {
		name  string
		rules Rules
		// moments follow one another by a second. The people are followed by the
		// number of their events.
		moments []moment
	}{
		{
			"Segment: the e-mail of another user is demoted",
			rules(map[string]Namespace{"user_id": person(1), "email": {Rank: 2, Limit: 5, Personal: true}}),
			[]moment{
				{"user_id:abc123 email:jane@example.com", []string{"email:jane@example.com user_id:abc123: 1"}},
				{"user_id:abc456 email:jane@example.com", []string{"email:jane@example.com user_id:abc123: 1", "user_id:abc456: 1"}},
			},
		},
		{
			"Adobe: a shared device, after a CRM import",
			adobe,
			[]moment{
				{"crmid:jane email:jane@example.com", []string{"crmid:jane email:jane@example.com: 1"}},
				{"crmid:john email:john@example.com", []string{"crmid:jane email:jane@example.com: 1", "crmid:john email:john@example.com: 1"}},
				{"crmid:jane email:jane@example.com ecid:laptop", []string{"crmid:jane ecid:laptop email:jane@example.com: 2", "crmid:john email:john@example.com: 1"}},
				{"crmid:john email:john@example.com ecid:laptop", []string{"crmid:jane email:jane@example.com: 2", "crmid:john ecid:laptop email:john@example.com: 2"}},
			},
		},
		{
			"Adobe: a shared device goes with the last who logged in, and so does what it did",
			adobe,
			[]moment{
				{"ecid:tablet", []string{"ecid:tablet: 1"}},
				{"crmid:kevin ecid:tablet", []string{"crmid:kevin ecid:tablet: 2"}},
				{"crmid:nora ecid:tablet", []string{"crmid:kevin: 1", "crmid:nora ecid:tablet: 2"}},
				{"ecid:tablet", []string{"crmid:kevin: 1", "crmid:nora ecid:tablet: 3"}},
				{"crmid:kevin ecid:tablet", []string{"crmid:kevin ecid:tablet: 4", "crmid:nora: 1"}},
			},
		},
		{
			"Adobe: a bad e-mail goes with the last whom it was ingested for",
			adobe,
			[]moment{
				{"crmid:jane ecid:safari", []string{"crmid:jane ecid:safari: 1"}},
				{"crmid:john ecid:chrome", []string{"crmid:jane ecid:safari: 1", "crmid:john ecid:chrome: 1"}},
				{"crmid:jane email:test@test.com", []string{"crmid:jane ecid:safari email:test@test.com: 2", "crmid:john ecid:chrome: 1"}},
				{"crmid:john email:test@test.com", []string{"crmid:jane ecid:safari: 2", "crmid:john ecid:chrome email:test@test.com: 2"}},
			},
		},
		{
			"Snowplow: what a shared phone does by itself is nobody's, and always the same nobody's",
			rules(map[string]Namespace{
				"user_id":       person(1),
				"apple_idfv":    {Rank: 2, Conflict: Shared},
				"domain_userid": {Rank: 3, Conflict: Shared},
			}),
			[]moment{
				{"user_id:alice domain_userid:4b0dfa", []string{"domain_userid:4b0dfa user_id:alice: 1"}},
				{"user_id:alice apple_idfv:6d920c", []string{"apple_idfv:6d920c domain_userid:4b0dfa user_id:alice: 2"}},
				{"user_id:bob apple_idfv:6d920c", []string{"domain_userid:4b0dfa user_id:alice: 2", "user_id:bob: 1"}},
				{"apple_idfv:6d920c", []string{"apple_idfv:6d920c: 1", "domain_userid:4b0dfa user_id:alice: 2", "user_id:bob: 1"}},
				{"apple_idfv:6d920c", []string{"apple_idfv:6d920c: 2", "domain_userid:4b0dfa user_id:alice: 2", "user_id:bob: 1"}},
				{"user_id:bob apple_idfv:6d920c", []string{"apple_idfv:6d920c: 2", "domain_userid:4b0dfa user_id:alice: 2", "user_id:bob: 2"}},
			},
		},
		{
			"Senzing: a record that fits two entities joins neither",
			rules(map[string]Namespace{
				"passport": person(1),
				"phone":    {Rank: 2, Personal: true},
				"record":   {Rank: 3, Conflict: Shared},
			}),
			[]moment{
				{"passport:P1 phone:555-1111", []string{"passport:P1 phone:555-1111: 1"}},
				{"passport:P2 phone:555-2222", []string{"passport:P1 phone:555-1111: 1", "passport:P2 phone:555-2222: 1"}},
				{"record:R", []string{"passport:P1 phone:555-1111: 1", "passport:P2 phone:555-2222: 1", "record:R: 1"}},
				{"record:R passport:P1", []string{"passport:P1 phone:555-1111 record:R: 3", "passport:P2 phone:555-2222: 1"}},
				{"record:R passport:P2", []string{"passport:P1 phone:555-1111: 2", "passport:P2 phone:555-2222: 2", "record:R: 1"}},
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := NewStore(tt.rules, testSchema(), func(e *profile.Event) []profile.Identifier { return e.Identifiers })
			for second, m := range tt.moments {
				if got := s.Ingest(visit(t, second, m.who)); got != Accepted {
					t.Fatalf("second %d: outcome %d", second, got)
				}
				if d := cmp.Diff(m.want, census(s.People())); d != "" {
					t.Errorf("after second %d, %s (-want +got):\n%s", second, m.who, d)
				}
			}
			// Backwards, it comes to the same.
			back := NewStore(tt.rules, testSchema(), s.clean)
			for second, v := range slices.Backward(tt.moments) {
				back.Ingest(visit(t, second, v.who))
			}
			if d := cmp.Diff(census(s.People()), census(back.People())); d != "" {
				t.Errorf("in order against backwards:\n%s", d)
			}
		})
	}
}
