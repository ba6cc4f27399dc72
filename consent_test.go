package portrait_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

const consentModel = `
identity:
  namespaces:
    - {name: user_id, priority: 1, kind: person, unique: true}
    - {name: email, priority: 2, kind: contact, limit: 2}
    - {name: anonymous_id, priority: 4, kind: cookie, auth: 1}
events:
  Order Completed: {numbers: [revenue]}
traits:
  city: {index: true}
  age: {type: number, index: true}
  diagnosis: {sensitive: true, index: true}
  spent: {compute: 'sum("Order Completed", "revenue")', index: true}
  risk: {compute: 'if(diagnosis = "a", 1, 0)'}
tags:
  adult: {rule: 'age >= 18'}
  ill: {rule: 'exists(diagnosis)'}
stages:
  - {name: buyer, rule: 'spent > 0'}
  - {name: visitor}
segments:
  shanghai: {rule: 'city = "上海"'}
purposes:
  marketing: {policy: "2", max_age: 30d}
  scoring: {automated: true}
roles:
  analyst: {purposes: [scoring], traits: [city, age], tags: [adult, ill], namespaces: [user_id]}
  doctor: {purposes: ["*"], traits: ["*"], tags: ["*"], namespaces: ["*"], sensitive: true}
log: {retain: 90d}
`

// say is an event in which somebody says something of purposes.
func say(at time.Time, list []profile.Consent, ids ...profile.Identifier) profile.Event {
	return profile.Event{Type: profile.Track, Name: "Segment Consent Preference Updated", MessageID: fmt.Sprint(at, list, ids), Time: at, Identifiers: ids, Consent: list, Auth: 1}
}

func grant(purpose string) []profile.Consent {
	return []profile.Consent{{Purpose: purpose, Status: profile.ConsentGranted, Policy: "2"}}
}

func deny(purpose string) []profile.Consent { return []profile.Consent{{Purpose: purpose}} }

// consents asks whether somebody may be processed for a purpose, in every way there is.
func consents(t *testing.T, db *portrait.DB, purpose string, who profile.Identifier) bool {
	t.Helper()
	why, err := db.Explain(t.Context(), segment.Consent(purpose), who)
	if err != nil {
		t.Fatal(err)
	}
	v := viewFor(t, db, privacy.Access{Purpose: purpose})
	defer v.Close()
	_, err = v.Profile(t.Context(), who)
	if err != nil && !errors.Is(err, portrait.ErrNotFound) {
		t.Fatal(err)
	}
	if why.Holds != (err == nil) {
		t.Errorf("explained as %s, and shown: %v", why, err)
	}
	return why.Holds
}

func viewFor(t *testing.T, db *portrait.DB, a privacy.Access) *portrait.View {
	t.Helper()
	v, err := db.For(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestConsent tells what counts as a yes.
func TestConsent(t *testing.T) {
	clock := epoch0
	db := open(t, t.TempDir(), &portrait.Options{Clock: func() time.Time { return clock }, NoSync: true})
	apply(t, db, consentModel)
	user, mail, cookie := id("user_id", "u"), id("email", "a@b.cn"), id("anonymous_id", "c")
	want := func(step string, is bool) {
		t.Helper()
		if consents(t, db, "marketing", user) != is {
			t.Fatalf("%s: want %t", step, is)
		}
	}
	take(t, db, profile.Event{Type: profile.Page, MessageID: "first", Time: clock, Identifiers: []profile.Identifier{user}})
	want("nothing was said", false)
	take(t, db, say(clock, []profile.Consent{{Purpose: "marketing", Status: profile.ConsentGranted, Policy: "1"}}, user))
	want("granted under an older text", false)
	clock = clock.Add(time.Hour)
	take(t, db, say(clock, grant("marketing"), user))
	want("granted", true)
	take(t, db, say(clock.Add(-30*time.Minute), deny("marketing"), user))
	want("a denial of before came late", true)
	take(t, db, say(clock, deny("marketing"), mail))
	want("somebody else denied", true)
	take(t, db, profile.Event{Type: profile.Page, MessageID: "merge", Time: clock, Identifiers: []profile.Identifier{user, mail}})
	want("merged with a denial", false)
	if _, err := db.Unlink(t.Context(), user, mail, portrait.Decision{At: epoch0, ID: "1"}); err != nil {
		t.Fatal(err)
	}
	want("split from it again", true)
	if _, err := db.Unlink(t.Context(), user, mail, portrait.Decision{At: epoch0, ID: "2", Withdraw: true}); err != nil {
		t.Fatal(err)
	}
	clock = clock.Add(time.Hour)
	take(t, db, say(clock, grant("marketing"), user))
	want("granted by one, while the other denies", false)
	take(t, db, say(clock.Add(time.Minute), grant("marketing"), user, mail))
	want("granted by both", true)

	// Without authentication a cookie that comes with the user is not surely the user's.
	e := say(clock.Add(2*time.Minute), grant("marketing"), user, cookie)
	e.Auth = 0
	take(t, db, e)
	if why, err := db.Explain(t.Context(), segment.Consent("marketing"), cookie); !errors.Is(err, portrait.ErrNotFound) {
		t.Errorf("the cookie names somebody: %v, %v", why, err)
	}

	clock = epoch0.Add(2*time.Hour + 2*time.Minute + 30*24*time.Hour - time.Microsecond)
	want("a microsecond before it ends", true)
	clock = clock.Add(time.Microsecond)
	want("ended", false)
}

// TestRestrict keeps people out whatever they consented to, through merges and splits.
func TestRestrict(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(epoch0), NoSync: true})
	apply(t, db, consentModel)
	user, mail := id("user_id", "u"), id("email", "a@b.cn")
	both := append(grant("marketing"), grant("scoring")...)
	take(t, db, say(epoch0, both, user, mail), say(epoch0, both, id("user_id", "other")))
	is := func(step string, marketing, scoring bool) {
		t.Helper()
		for purpose, want := range map[string]bool{"marketing": marketing, "scoring": scoring} {
			if consents(t, db, purpose, user) != want {
				t.Fatalf("%s: %s: want %t", step, purpose, want)
			}
		}
	}
	p := db.Privacy()
	for _, step := range []struct {
		name               string
		do                 func() error
		marketing, scoring bool
	}{
		{"nothing", func() error { return nil }, true, true},
		{"opted out", func() error { return p.OptOut(t.Context(), user) }, true, false},
		{"restricted", func() error { return p.Restrict(t.Context(), mail) }, false, false},
		{"opted in", func() error { return p.OptIn(t.Context(), user) }, false, false},
		{"split", func() error { return only(db.Unlink(t.Context(), user, mail, portrait.Decision{At: epoch0, ID: "1"})) }, false, false},
		{"one part is free", func() error { return p.Unrestrict(t.Context(), user) }, true, true},
		{"merged with the other", func() error {
			return only(db.Unlink(t.Context(), user, mail, portrait.Decision{At: epoch0, ID: "2", Withdraw: true}))
		}, false, false},
		{"free", func() error { return p.Unrestrict(t.Context(), user) }, true, true},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		is(step.name, step.marketing, step.scoring)
	}
	if err := p.Restrict(t.Context(), id("user_id", "nobody")); !errors.Is(err, portrait.ErrNotFound) {
		t.Errorf("restricting nobody: %v", err)
	}
	var said []string
	for rec, err := range p.Audit(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		said = append(said, rec.What)
	}
	for _, what := range []string{"restrict", "unrestrict", "opt out", "opt in"} {
		if !strings.Contains(strings.Join(said, ","), what) {
			t.Errorf("the audit log says %q", said)
		}
	}
}

// TestFor_refused tells what a view for a purpose does not answer, and what is no view.
func TestFor_refused(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(epoch0), NoSync: true})
	apply(t, db, consentModel)
	for a, want := range map[privacy.Access]string{
		{}:                                      "no purpose",
		{Purpose: "marketng"}:                   `did you mean "marketing"?`,
		{Purpose: "marketing", Role: "analist"}: `did you mean "analyst"?`,
		{Purpose: "marketing", Role: "analyst"}: "may not ask for the purpose",
	} {
		if _, err := db.For(t.Context(), a); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", a, err, want)
		}
	}
	v := viewFor(t, db, privacy.Access{Purpose: "scoring", Role: "analyst"})
	defer v.Close()
	for text, want := range map[string]string{
		`city = "上海" and tag("adult")`:            "",
		`tag("ill")`:                              "",
		`stage() = "buyer"`:                       `1:1: tag "stage" may not be read here`,
		`city = "上海" and diagnosis = "a"`:         `1:17: trait "diagnosis" may not be read here`,
		`risk > 0`:                                `trait "risk" may not be read here`,
		`count("Order Completed") > 0`:            `event "Order Completed" may not be read here`,
		`consent("marketing")`:                    `purpose "marketing" may not be read here`,
		`identified("email")`:                     "identifiers may not be read here",
		`tag("shanghai")`:                         `tag "shanghai" may not be read here`,
		`exists(spent)`:                           `trait "spent" may not be read here`,
		`at_least(1, not tag("adult"), risk > 0)`: `trait "risk"`,
	} {
		_, err := v.Count(t.Context(), segment.MustParse(text))
		if want == "" && err != nil || want != "" && (!errors.Is(err, privacy.ErrNotAllowed) || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if _, err := v.Cutoffs(t.Context(), tags.MustParseFormula("risk"), 2); !errors.Is(err, privacy.ErrNotAllowed) {
		t.Errorf("cut-offs of a sensitive trait: %v", err)
	}
}

// TestFor_roles compares what roles see of one person.
func TestFor_roles(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(epoch0), NoSync: true})
	apply(t, db, consentModel)
	user, mail := id("user_id", "u"), id("email", "a@b.cn")
	take(t, db, say(epoch0, grant("scoring"), user, mail), profile.Event{
		Type: profile.Identify, MessageID: "i", Time: epoch0, Identifiers: []profile.Identifier{user},
		Traits: map[string]profile.Value{"city": profile.String("上海"), "age": profile.Number(30), "diagnosis": profile.String("a")},
	})
	for _, tt := range []struct {
		role                              string
		ids, traits, tags, masked, events string
	}{
		{"", "[user_id email]", "[age city]", "[adult consent:scoring stage]", "[diagnosis risk]", "[Segment Consent Preference Updated]"},
		{"analyst", "[user_id]", "[age city]", "[adult ill]", "[diagnosis risk spent]", "[]"},
		{"doctor", "[user_id email]", "[age city diagnosis risk]", "[adult consent:scoring ill stage]", "[]", "[Segment Consent Preference Updated]"},
	} {
		v := viewFor(t, db, privacy.Access{Purpose: "scoring", Role: tt.role})
		p, err := v.Profile(t.Context(), user)
		if err != nil {
			t.Fatal(err)
		}
		var ids, traits, events []string
		for _, i := range p.Identifiers {
			ids = append(ids, i.Namespace)
		}
		for _, x := range p.Traits {
			traits = append(traits, x.Name)
		}
		for _, c := range p.Counters {
			events = append(events, c.Event)
		}
		for what, pair := range map[string][2]string{
			"identifiers": {fmt.Sprint(ids), tt.ids}, "traits": {fmt.Sprint(traits), tt.traits}, "tags": {fmt.Sprint(p.Tags), tt.tags},
			"masked": {fmt.Sprint(p.Masked), tt.masked}, "events": {fmt.Sprint(events), tt.events},
		} {
			if pair[0] != pair[1] {
				t.Errorf("role %q: %s are %s, want %s", tt.role, what, pair[0], pair[1])
			}
		}
		var shown []string
		for e, err := range v.Timeline(t.Context(), user, time.Time{}, time.Time{}) {
			if err != nil {
				shown = append(shown, "refused")
				break
			}
			if _, told := e.Traits["diagnosis"]; told {
				shown = append(shown, "diagnosis")
			}
		}
		if want := map[string]string{"": "[]", "analyst": "[refused]", "doctor": "[diagnosis]"}[tt.role]; fmt.Sprint(shown) != want {
			t.Errorf("role %q: the timeline shows %v, want %s", tt.role, shown, want)
		}
		if tt.role == "analyst" {
			why, err := v.Explain(t.Context(), segment.Tag("ill"), user)
			if err != nil || !why.Holds || len(why.Parts) > 0 {
				t.Errorf("role %q: %v, %v", tt.role, why, err)
			}
		}
		v.Close()
	}
}

// Every method of a View is one that TestFor_nobody asks, or that it says why not to.
func TestFor_every_method(t *testing.T) {
	typ := reflect.TypeFor[*portrait.View]()
	for method := range typ.Methods() {
		name := method.Name
		_, asked := questions[name]
		if reason := unasked[name]; asked == (reason != "") {
			t.Errorf("View.%s: want a question in questions, or a reason in unasked", name)
		}
	}
}
