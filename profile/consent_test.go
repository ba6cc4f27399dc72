package profile

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestComparePolicies(t *testing.T) {
	ascending := []string{"", "1.2", "1.10", "2", "10", "2026-03", "2026-11", "a", "v9", "v9.1", "v10"}
	for i, a := range ascending {
		for j, b := range ascending {
			if got := cmp.Compare(ComparePolicies(a, b), 0); got != cmp.Compare(i, j) {
				t.Errorf("%q against %q: %d", a, b, got)
			}
		}
	}
	if ComparePolicies("v09", "v9") != 0 {
		t.Error("a leading zero counts")
	}
}

func TestParseEvent_consent(t *testing.T) {
	until := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name, consent string
		want          []Consent
		fault         string
	}{
		{"true and false", `{"categoryPreferences":{"ads":true,"mail":false}}`, []Consent{{Purpose: "ads", Status: ConsentGranted}, {Purpose: "mail"}}, ""},
		{"in full", `{"categoryPreferences":{"ads":{"status":"granted","policy":"2","expires":"2027-03-01T00:00:00Z","method":"form"}}}`,
			[]Consent{{Purpose: "ads", Status: ConsentGranted, Policy: "2", Expires: until, Method: "form"}}, ""},
		{"an empty object denies all", `{"categoryPreferences":{}}`, []Consent{{Purpose: AllPurposes}}, ""},
		{"no categories say nothing", `{}`, nil, ""},
		{"of a repeated name the last counts", `{"categoryPreferences":{"ads":true,"ads":false}}`, []Consent{{Purpose: "ads"}}, ""},
		{"a status that is none", `{"categoryPreferences":{"ads":{"status":"maybe"}}}`, nil, `context.consent.categoryPreferences.ads.status: unknown status: got "maybe"`},
		{"a number", `{"categoryPreferences":{"ads":1}}`, nil, "want true, false or an object"},
		{"a list", `{"categoryPreferences":[]}`, nil, "not an object"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, err := ParseEvent([]byte(`{"type":"page","userId":"u","context":{"consent":` + tt.consent + `}}`))
			if tt.fault != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fault) {
					t.Fatalf("error %v, want %q", err, tt.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(tt.want, e.Consent); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEvent_Validate_consent(t *testing.T) {
	many := make([]Consent, maxConsents+1)
	for _, tt := range []struct {
		name   string
		list   []Consent
		reason string
	}{
		{"no purpose", []Consent{{}}, ReasonUnknownPurpose},
		{"a reserved purpose", []Consent{{Purpose: string(Restricted)}}, ReasonUnknownPurpose},
		{"all granted at once", []Consent{{Purpose: AllPurposes, Status: ConsentGranted}}, ReasonUnknownPurpose},
		{"an unknown status", []Consent{{Purpose: "a", Status: 3}}, ReasonUnknownStatus},
		{"a purpose twice", []Consent{{Purpose: "a"}, {Purpose: "a"}}, ReasonRepeatedPurpose},
		{"a long method", []Consent{{Purpose: "a", Method: strings.Repeat("m", 257)}}, ReasonTooLong},
		{"text that is not UTF-8", []Consent{{Purpose: "a", Policy: "\xff"}}, ReasonInvalidUTF8},
		{"an end before 1900", []Consent{{Purpose: "a", Expires: time.Date(1899, 1, 1, 0, 0, 0, 0, time.UTC)}}, ReasonTimeOutOfRange},
		{"too many", many, ReasonTooLong},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := Event{Type: Page, Identifiers: []Identifier{{"user_id", "u"}}, Consent: tt.list}
			err, _ := e.Validate(Limits{}, now).(*FieldError) //nolint:errorlint // It is that or nil.
			if err == nil || err.Reason != tt.reason || !strings.HasPrefix(err.Field, "consent") {
				t.Errorf("error %v, want %s", err, tt.reason)
			}
		})
	}
}

// saying is one consent of a time, at an identifier.
type saying struct {
	who int
	at  int // hours
	c   Consent
}

// naiveAgrees is Agrees by the words of its documentation.
func naiveAgrees(all []saying, purpose string, terms Terms, now time.Time) bool {
	latest := map[int]saying{}
	for _, s := range all {
		if old, ok := latest[s.who]; s.c.Purpose == purpose && (!ok || old.at <= s.at) {
			latest[s.who] = s
		}
	}
	agrees := false
	for _, s := range latest {
		if s.c.Status != ConsentGranted {
			return false
		}
		given := epoch0.Add(time.Duration(s.at) * time.Hour)
		fresh := (s.c.Expires.IsZero() || now.Before(s.c.Expires)) && (terms.MaxAge == 0 || now.Before(given.Add(terms.MaxAge)))
		agrees = agrees || fresh && (terms.Policy == "" || ComparePolicies(s.c.Policy, terms.Policy) >= 0)
	}
	return agrees
}

func TestState_Agrees_as_its_words_say(t *testing.T) {
	names := []Identifier{{"email", "a@b.cn"}, {"phone", "1"}, {"user_id", "u"}}
	rapid.Check(t, func(t *rapid.T) {
		var all []saying
		nodes := make([]*State, len(names))
		for i := range nodes {
			nodes[i] = &State{}
			nodes[i].Name(&names[i])
		}
		hours := rapid.Permutation([]int{1, 2, 3, 4, 5, 6, 7, 8}).Draw(t, "hours")
		for _, at := range hours[:rapid.IntRange(0, len(hours)).Draw(t, "events")] {
			for _, c := range genConsents().Draw(t, "consent") {
				if c.Purpose == AllPurposes {
					continue
				}
				s := saying{rapid.IntRange(0, len(names)-1).Draw(t, "who"), at, c}
				all = append(all, s)
				e := Event{Type: Page, Identifiers: names[:1], Time: epoch0.Add(time.Duration(at) * time.Hour), Consent: []Consent{c}}
				d, err := testSchema.Lift(&e)
				if err != nil {
					t.Fatal(err)
				}
				nodes[s.who].Absorb(d.ConsentsOf())
			}
		}
		whole := &State{}
		for _, i := range rapid.Permutation([]int{0, 1, 2}).Draw(t, "order") {
			whole = whole.Combine(nodes[i])
		}
		terms := Terms{
			Policy: rapid.SampledFrom([]string{"", "v9", "v10"}).Draw(t, "policy"),
			MaxAge: time.Duration(rapid.IntRange(0, 3).Draw(t, "max age")) * time.Hour,
		}
		for _, purpose := range []string{"ads", "city", "nothing"} {
			at := epoch0
			for range 12 {
				ok, until := whole.Agrees(purpose, terms, InstantOf(at))
				if want := naiveAgrees(all, purpose, terms, at); ok != want {
					t.Fatalf("%s at %s: %t, want %t", purpose, at, ok, want)
				}
				if later, _ := whole.Agrees(purpose, terms, until-1); later != ok {
					t.Fatalf("%s changes before %s", purpose, until)
				}
				if later, _ := whole.Agrees(purpose, terms, until); until != Never && later == ok {
					t.Fatalf("%s does not change at %s", purpose, until)
				}
				at = at.Add(time.Hour)
			}
		}
	})
}

func TestState_Objected(t *testing.T) {
	a, b := &State{}, &State{}
	a.Name(&Identifier{"email", "a@b.cn"})
	b.Name(&Identifier{"phone", "1"})
	// Both words fall into one instant, and the clock goes back before the third.
	for i, step := range []struct {
		stands bool
		at     Instant
	}{{true, 10}, {false, 10}, {true, 9}} {
		a.Absorb(a.Objected(Restricted, step.stands, step.at, "by letter"))
		if a.Objects(Restricted) != step.stands {
			t.Errorf("word %d does not count", i)
		}
	}
	if both := b.Combine(a); !both.Objects(Restricted) || both.Objects(NoAutomation) {
		t.Error("a merge loses the objection")
	}
	if n := slices.Collect(a.Purposes()); len(n) > 0 {
		t.Errorf("an objection is a purpose: %v", n)
	}
	if got := a.Objections(Restricted); len(got) != 1 || got[0].Method != "by letter" {
		t.Errorf("got %+v", got)
	}
}

// Too many purposes take all grants away, and no objection.
func TestState_too_many_purposes(t *testing.T) {
	s := &State{}
	s.Absorb(s.Objected(Restricted, true, 1, ""))
	for _, from := range []int{0, 60} {
		e := batch{bulk: bulkPurposes, from: from}.events()[0]
		d, err := testSchema.Lift(&e)
		if err != nil {
			t.Fatal(err)
		}
		s.Absorb(d)
	}
	if ok, _ := s.Agrees("purpose1", Terms{}, 0); ok || !s.Objects(Restricted) || len(s.Overflowed()) != 1 {
		t.Errorf("agrees %t, objects %t, overflowed %v", ok, s.Objects(Restricted), s.Overflowed())
	}
	back, err := DecodeState(s.Append(nil))
	if err != nil || !back.Objects(Restricted) {
		t.Errorf("%+v, %v", back, err)
	}
}

func FuzzDecodeConsents(f *testing.F) {
	f.Add(AppendConsents(nil, []Consent{{Purpose: "b", Status: ConsentGranted, Policy: "1", Expires: epoch0, Method: "m"}, {Purpose: "a"}}))
	f.Add(AppendConsents(nil, nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, rest, err := DecodeConsents(data)
		if err != nil {
			return
		}
		if again := append(AppendConsents(nil, list), rest...); !slices.Equal(again, data) {
			t.Fatalf("%x reads as %+v, which is %x", data, list, again)
		}
	})
}
