package portrait_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// rolesModel is a model of which the clerk may read some, the desk all traits that are not
// sensitive, and the nurse tags and identifiers too. HIDDEN and SENSITIVE stand for what is in the rules that they may not read.
const rolesModel = `
identity:
  namespaces:
    - {name: user_id, priority: 1, kind: person, unique: true}
    - {name: email, priority: 2, kind: contact, trait: email}
events:
  Order Completed: {numbers: [revenue]}
traits:
  city: {index: true}
  age: {type: number, index: true}
  note: {}
  home: {type: point, index: true}
  email: {}
  twin: {index: true}
  salary: {type: number, index: true}
  diagnosis: {sensitive: true, index: true}
  latent: {sensitive: true}
  clinic: {type: point, sensitive: true, index: true}
  visits: {compute: 'count("Visit")', sensitive: true, index: true}
  wards: {compute: 'unique("Talk", "ward", last("90d"))', sensitive: true}
  risk: {compute: 'if(diagnosis = "SENSITIVE", 1, 0)'}
  spent: {compute: 'sum("Order Completed", "revenue") + HIDDEN - HIDDEN', index: true}
  grade: {compute: 'if(salary > HIDDEN, "high", "low")', index: true}
places:
  mitte: {points: [[31, 121]], radius: 900m}
tags:
  adult: {rule: 'age >= 18'}
  rich: {rule: 'salary > HIDDEN'}
  paid: {tiers: [{value: much, rule: 'salary > HIDDEN'}], else: little}
  best: {rule: 'percentile(salary) > 0.HIDDEN', query: true}
  flush: {tiers: [{value: most, rule: 'rank(salary) <= 2 and salary > HIDDEN'}], else: rest, query: true}
  ill: {rule: 'diagnosis in ["zz", "yy", "SENSITIVE"]'}
  around: {rule: 'near(clinic, 31, 121, "900m")'}
  seen: {rule: 'count("Visit", last("90d")) > 2'}
  ward: {rule: 'count("Talk", where(ward = "zz")) > 0'}
  twin: {rule: 'age > 30'}
  vip: {told: manual}
stages:
  - {name: buyer, rule: 'spent > 15'}
  - {name: visitor}
segments:
  recent: {rule: 'count("Order Completed", last("30d")) > 0'}
  wealthy: {rule: 'salary > HIDDEN'}
purposes:
  marketing: {}
  scoring: {}
roles:
  clerk: {purposes: [marketing], traits: [city, age, note, home, grade], tags: [adult, rich, paid, best, flush, ill, stage, recent, wealthy, twin], namespaces: [user_id]}
  desk: {purposes: [marketing], traits: ["*"], tags: [adult], namespaces: [user_id]}
  nurse: {purposes: [marketing], traits: ["*"], tags: ["*"], namespaces: ["*"]}
  porter: {purposes: [marketing], traits: [city], tags: [adult], namespaces: ["*"]}
  owner: {purposes: ["*"], traits: ["*"], tags: ["*"], namespaces: ["*"], sensitive: true}
log: {retain: 20000d}
`

// secrets are what of a world is other than in the first.
type secrets struct {
	traits    bool // what traits are told, lists, and rules over them
	names     bool // identifiers, and who was given a tag
	spoken    bool // what is said of another purpose, and legal holds
	sensitive bool
}

func pick[T any](second bool, a, b T) T {
	if second {
		return b
	}
	return a
}

// world plays what happens to a dozen people. Two worlds that differ in secrets are alike
// in all that follows from them and that a role was given.
func world(t *testing.T, s secrets) *portrait.DB {
	t.Helper()
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(epoch0.AddDate(0, 1, 0)), NoSync: true})
	text := strings.NewReplacer("HIDDEN", pick(s.traits, "4321", "4444"), "SENSITIVE", pick(s.sensitive, "zz", "yy")).Replace(rolesModel)
	// A tag that was dropped, and one whose rule was another once.
	apply(t, db, strings.Replace(text, "  adult: {rule: 'age >= 18'}", "  adult: {rule: 'age >= 18 or salary < -"+pick(s.traits, "1", "2")+" or latent = \""+pick(s.sensitive, "c", "d")+"\"'}\n  old: {rule: 'exists(latent)'}", 1))
	var told, bought, assigned, visited []profile.Event
	for p := range 12 {
		user, at := id("user_id", fmt.Sprintf("u%02d", p)), epoch0.Add(time.Duration(p)*time.Hour)
		mail := id("email", fmt.Sprintf(pick(s.names, "e%02d@a.cn", "f%02d@b.cn"), p))
		say := func(kind, name string) profile.Event {
			return profile.Event{
				Type: profile.Track, Name: name, MessageID: fmt.Sprint(kind, p, name), Source: "shop", Time: at,
				Identifiers: []profile.Identifier{user},
			}
		}
		e := say("told", "")
		e.Type, e.Identifiers = profile.Identify, append(e.Identifiers, mail)
		e.Traits = map[string]profile.Value{
			"city": profile.String([]string{"上海", "北京"}[p%2]), "age": profile.Number(float64(12 + 5*p)), "note": profile.String("of " + user.Value),
			"home": profile.Point(31+float64(p)/100, 121), "email": profile.String(mail.Value), "twin": profile.String(pick(s.traits, "a", "b")),
			"salary": profile.Number(float64(1000*p + pick(s.traits, 1, 200))), "unknown": profile.String(pick(s.traits, "c", "d")),
			"clinic": profile.Point(31+pick(s.sensitive, 0, 0.5), 121),
		}
		if p%3 == 0 {
			e.Traits["diagnosis"] = profile.String(pick(s.sensitive, "zz", "yy"))
		}
		if p%4 != pick(s.sensitive, 0, 1) {
			e.Traits["latent"] = profile.String(pick(s.sensitive, "a", "b"))
		}
		e.Consent = []profile.Consent{{Purpose: "marketing", Status: pick(p%5 == 4, profile.ConsentGranted, profile.ConsentDenied)}, {Purpose: "scoring", Status: pick(s.spoken, profile.ConsentGranted, profile.ConsentDenied)}}
		told = append(told, e)
		if p%3 > 0 {
			b := say("bought", "Order Completed")
			b.Properties = map[string]profile.Value{"revenue": profile.Number(20 + float64(p%3*pick(s.traits, 1, 7)))}
			bought = append(bought, b)
		}
		a := say("assigned", "")
		a.Type, a.Traits = profile.Identify, tags.Assign("vip", "", time.Time{}, pick(s.names, "ann", "bob"))
		if p%2 == pick(s.names, 0, 1) {
			a.Traits = tags.Unassign("vip", "ann")
		}
		assigned = append(assigned, a)
		for n := range 1 + p%3 + pick(s.sensitive, 0, 1+p%2) {
			v := say(fmt.Sprint("visited", n), "Visit")
			v.Time = v.Time.Add(-time.Duration(n) * time.Hour)
			visited = append(visited, v)
		}
		v := say("talked", "Talk")
		v.Properties = map[string]profile.Value{"ward": profile.String(pick(s.sensitive, "zz", "yy"))}
		visited = append(visited, v)
	}
	take(t, db, told...)
	take(t, db, bought...)
	take(t, db, assigned...)
	take(t, db, visited...)
	if _, err := db.Lists().Edit(t.Context(), "榜", "user_id", []string{pick(s.traits, "u01", "u02"), "u03"}, nil); err != nil {
		t.Fatal(err)
	}
	if err := db.Privacy().Hold(t.Context(), pick(s.spoken, "case-1", "case-2"), id("user_id", "u05")); err != nil {
		t.Fatal(err)
	}
	apply(t, db, text)
	return db
}

// everybodyOfRoles are the identifiers of either world.
func everybodyOfRoles() (who []profile.Identifier) {
	for p := range 12 {
		who = append(who, id("user_id", fmt.Sprintf("u%02d", p)), id("email", fmt.Sprintf("e%02d@a.cn", p)), id("email", fmt.Sprintf("f%02d@b.cn", p)))
	}
	return who
}

// TestFor_roles_learn_nothing asks everything that a view answers in two worlds that differ
// in what a role may not read, rules among it, and in nothing else: the answers are equal.
func TestFor_roles_learn_nothing(t *testing.T) {
	for role, s := range map[string]secrets{
		"clerk": {traits: true, names: true, spoken: true, sensitive: true}, "desk": {names: true, spoken: true, sensitive: true},
		"nurse": {spoken: true, sensitive: true}, "porter": {traits: true, spoken: true, sensitive: true}, "": {sensitive: true},
	} {
		t.Run("role "+role, func(t *testing.T) {
			a, b := askingAs(t, world(t, secrets{}), role), askingAs(t, world(t, s), role)
			for name := range questionsOfRoles() {
				one, other := answersTo(a, name), answersTo(b, name)
				if diff := cmp.Diff(one, other); diff != "" {
					t.Errorf("%s tells of what the role may not read (- one world, + the other):\n%s", name, diff)
				}
				if text := strings.Join(one, "\n"); role != "porter" && !strings.Contains(text, answered[name]) {
					t.Errorf("%s has no %q in\n%.2000s", name, answered[name], text)
				}
			}
			if got, want := strings.Join(answersTo(a, "Timeline"), "\n"), pick(role == "clerk" || role == "porter", "revenue", "not allowed"); !strings.Contains(got, want) {
				t.Errorf("the timeline has no %q in\n%.2000s", want, got)
			}
		})
	}
}

// answered is what stands in the answers to every role but the porter, who is refused most:
// so they are not all refused.
var answered = map[string]string{
	"Count": "[5 <nil>]", "Segment": "05", "Explain": "grade is", "Summary": "Avg", "Tags": "adult", "Flows": "Entered", "Profile": "Name:home", "TagHistory": "age >= 18",
	"Plan": "bitmap", "Provenance": "Name:grade", "Export": `"grade"`, "Changes": "adult", "Groups": "上海", "Facets": "上海", "insight, characterised": "adult", "Histogram": "From",
}

// TestFor_granted shows what a role was given that follows from what it may not read, and
// not the rule that it follows by.
func TestFor_granted(t *testing.T) {
	db := world(t, secrets{})
	for _, tt := range []struct{ role, compute, rule string }{
		{"clerk", "", ""}, {"nurse", `if(salary > 4321, "high", "low")`, "salary > 4321"}, {"", `if(salary > 4321, "high", "low")`, "salary > 4321"},
	} {
		v := viewFor(t, db, privacy.Access{Purpose: "marketing", Role: tt.role})
		defer v.Close()
		user, masked := id("user_id", "u05"), tt.rule == ""
		from, err := v.Provenance(t.Context(), user)
		i := slices.IndexFunc(from, func(p profile.Provenance) bool { return p.Name == "grade" })
		if err != nil || i < 0 || from[i].Value.Text() != "high" || from[i].Compute != tt.compute || from[i].Masked != masked {
			t.Errorf("role %q: provenance %+v, %v", tt.role, from, err)
		}
		entries, err := v.Tags(t.Context(), tags.Search{})
		i = slices.IndexFunc(entries, func(e tags.Entry) bool { return e.Definition.Name == "paid" })
		if err != nil || i < 0 || entries[i].Size != 10 || len(entries[i].Values) != 2 || entries[i].Definition.Tiers[0].Rule.String() != tt.rule || entries[i].Masked != masked || (len(entries[i].Traits) == 0) != masked {
			t.Errorf("role %q: catalogue %+v, %v", tt.role, entries, err)
		}
		edits, err := v.SegmentHistory(t.Context(), "wealthy")
		if err != nil || len(edits) != 1 || edits[0].Definition.Rule.String() != tt.rule || edits[0].Masked != masked {
			t.Errorf("role %q: history %+v, %v", tt.role, edits, err)
		}
		why, err := v.Explain(t.Context(), segment.TagValue("paid", "much"), user)
		if err != nil || !why.Holds || (len(why.Parts) == 0) != masked {
			t.Errorf("role %q: %v, %v", tt.role, why, err)
		}
		p, err := v.Profile(t.Context(), user)
		if err != nil || p.Events != 0 || !p.First.IsZero() || slices.Contains(p.Masked, "salary") != masked {
			t.Errorf("role %q: %+v, %v", tt.role, p, err)
		}
	}
}

// TestFor_refused_to_roles asks what is refused to a role whatever it may read: who is left
// out, and by names that it may not read.
func TestFor_refused_to_roles(t *testing.T) {
	db := world(t, secrets{})
	everybody, hidden := segment.MustParse("true"), segment.MustParse("age > 3 and salary > 3000")
	clerk, anybody := viewFor(t, db, privacy.Access{Purpose: "marketing", Role: "clerk"}), viewFor(t, db, privacy.Access{Purpose: "marketing"})
	defer clerk.Close()
	defer anybody.Close()
	if n, err := anybody.Withheld(t.Context(), everybody); n != 2 || err != nil {
		t.Errorf("%d withheld, %v", n, err)
	}
	refused := func(what, want string, err error) {
		t.Helper()
		if !errors.Is(err, privacy.ErrNotAllowed) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", what, err, want)
		}
	}
	_, err := clerk.Withheld(t.Context(), everybody)
	refused("withheld", `role "clerk" may not ask who is left out`, err)
	_, err = clerk.Withheld(t.Context(), hidden)
	refused("withheld of what is hidden", `1:13: trait "salary" may not be read here`, err)
	_, err = anybody.Withheld(t.Context(), segment.MustParse("visits > 1"))
	refused("withheld of what is sensitive", `1:1: trait "visits" may not be read here`, err)
	for _, mail := range []string{"e05@a.cn", "nobody@a.cn"} {
		_, err = clerk.Profile(t.Context(), id("email", mail))
		refused("a profile", `namespace "email" may not be read here`, err)
		_, err = clerk.ExplainIdentity(t.Context(), id("user_id", "u05"), id("email", mail))
		refused("two identifiers", `namespace "email" may not be read here`, err)
		_, err = clerk.Evidence(t.Context(), id("email", mail))
		refused("evidence", `namespace "email" may not be read here`, err)
	}
	if _, err := clerk.Profile(t.Context(), id("mail", "a@b.cn")); !errors.Is(err, portrait.ErrNotFound) || !strings.Contains(err.Error(), `did you mean "email"?`) {
		t.Errorf("a namespace that there is not: %v", err)
	}
}

// A role that lists its traits is not told when events were, nor what they were, by what
// joins identifiers, by what a trait or a consent rests on, or by lots, which are made of
// identifiers that it may not read.
func TestFor_roles_events(t *testing.T) {
	db, user := world(t, secrets{}), id("user_id", "u05")
	asked := segment.MustParse(`city = "北京" and consent("marketing")`)
	for role, told := range map[string]bool{"porter": false, "owner": true} {
		v := viewFor(t, db, privacy.Access{Purpose: "marketing", Role: role})
		defer v.Close()
		steps, err := v.Evidence(t.Context(), user)
		if err != nil || len(steps) != 1 || steps[0].First.IsZero() == told {
			t.Errorf("the %s: evidence %+v, %v", role, steps, err)
		}
		var out bytes.Buffer
		if err := v.Export(t.Context(), user, &out); err != nil || strings.Contains(out.String(), "first_seen") != told || strings.Contains(out.String(), "told5") != told || strings.Contains(out.String(), "case-1") != told {
			t.Errorf("the %s: %v\n%s", role, err, out.String())
		}
		why, err := v.Explain(t.Context(), asked, user)
		if err != nil || !why.Holds || strings.Contains(why.String(), "told5") != told || len(why.Parts) != 2 || (len(why.Parts[0].Values[0].Events) == 1) != told {
			t.Errorf("the %s: %v\n%s", role, err, why)
		}
		_, err = v.Count(t.Context(), segment.MustParse(`sample("s", 0.5)`))
		if err != nil {
			t.Errorf("the %s: lots: %v", role, err)
		}
	}
	clerk := viewFor(t, db, privacy.Access{Purpose: "marketing", Role: "clerk"})
	defer clerk.Close()
	if _, err := clerk.Count(t.Context(), segment.MustParse(`sample("s", 0.5)`)); !errors.Is(err, privacy.ErrNotAllowed) || !strings.Contains(err.Error(), "1:1: lot may not be read here") {
		t.Errorf("lots: %v", err)
	}
}

// Errors do not quote the rule of a query tag to whom it may not be shown.
func TestFor_roles_errors(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(epoch0), NoSync: true})
	apply(t, db, strings.NewReplacer("best, ", "best, listed, outer, ", "  vip: {told", "  listed: {rule: 'in_list(\"secret\") and salary > 4321', query: true}\n  outer: {rule: 'tag(\"listed\") or age > 3', query: true}\n  vip: {told").Replace(strings.ReplaceAll(rolesModel, "HIDDEN", "4321")))
	take(t, db, say(epoch0, []profile.Consent{{Purpose: "marketing", Status: profile.ConsentGranted}}, id("user_id", "u")))
	clerk, nurse := viewFor(t, db, privacy.Access{Purpose: "marketing", Role: "clerk"}), viewFor(t, db, privacy.Access{Purpose: "marketing", Role: "nurse"})
	defer clerk.Close()
	defer nurse.Close()
	for _, name := range []string{"listed", "outer"} {
		asked := segment.MustParse("age > 1 and tag(\"" + name + "\")")
		if _, err := nurse.Count(t.Context(), asked); err == nil || !strings.Contains(err.Error(), "secret") {
			t.Errorf("%s to a role that may read it: %v", name, err)
		}
		_, counted := clerk.Count(t.Context(), asked)
		_, explained := clerk.Explain(t.Context(), asked, id("user_id", "u"))
		_, planned := clerk.Plan(t.Context(), asked)
		for _, err := range []error{counted, explained, planned} {
			if !errors.Is(err, privacy.ErrNotAllowed) || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "salary") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func askingAs(t *testing.T, db *portrait.DB, role string) *asking {
	t.Helper()
	v := viewFor(t, db, privacy.Access{Purpose: "marketing", Role: role})
	t.Cleanup(v.Close)
	return &asking{T: t, v: v, who: everybodyOfRoles(), told: map[profile.ID]bool{}, asked: askedOfRoles}
}

// questionsOfRoles are all questions, by name.
func questionsOfRoles() map[string]func(a *asking) any {
	all := map[string]func(a *asking) any{}
	maps.Copy(all, questions)
	maps.Copy(all, roleQuestions)
	return all
}

// answersTo asks one question, and returns the answer in lines.
func answersTo(a *asking, name string) []string {
	return strings.Split(strings.ReplaceAll(fmt.Sprintf("%+v", questionsOfRoles()[name](a)), "] [", "]\n["), "\n")
}

// Every method of a View is asked of roles, or it is said why not.
func TestFor_every_method_of_roles(t *testing.T) {
	for method := range reflect.TypeFor[*portrait.View]().Methods() {
		_, asked := questionsOfRoles()[method.Name]
		refused := unasked[method.Name] == "refused" // to any view for a purpose, in TestFor_nobody
		if reason := unaskedOfRoles[method.Name]; asked == (reason != "" || refused) {
			t.Errorf("View.%s: want a question in roleQuestions, or a reason in unaskedOfRoles", method.Name)
		}
	}
}

// While it is being filled what a query tag asks, errors do not quote its rule either, nor
// how many people there are.
func TestFor_roles_filling(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(epoch0), NoSync: true})
	text := strings.ReplaceAll(rolesModel, "HIDDEN", "4321")
	apply(t, db, text)
	take(t, db, say(epoch0, []profile.Consent{{Purpose: "marketing", Status: profile.ConsentGranted}}, id("user_id", "u")))
	late := strings.NewReplacer("best, ", "best, counted, ranked, labelled, ", "  vip: {told", `  wanted: {rule: 'salary > 4321 and age > 3'}
  labelled: {rule: 'tag("wanted")', query: true}
  counted: {rule: 'count("Late", where(secret = "x")) > 1', query: true}
  ranked: {rule: 'percentile(count("Late", where(secret = "x"))) > 0.5', query: true}
  vip: {told`).Replace(text)
	if err := portrait.ApplyUnfilled(t.Context(), db, model(t, late)); err != nil {
		t.Fatal(err)
	}
	clerk := viewFor(t, db, privacy.Access{Purpose: "marketing", Role: "clerk"})
	defer clerk.Close()
	for _, name := range []string{"labelled", "counted", "ranked"} {
		_, err := clerk.Count(t.Context(), segment.Tag(name))
		if err == nil || !strings.Contains(err.Error(), "is being filled") || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "wanted") || strings.Contains(err.Error(), "profiles") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
