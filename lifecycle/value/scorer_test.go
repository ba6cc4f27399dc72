package value

import (
	"errors"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/profile"
)

var shanghai = func() *time.Location {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		panic(err)
	}
	return zone
}()

var shopFolds = Folds{Days: "days", First: "first", Last: "last", Spent: "spent", SpentFirstDay: "opening", Zone: shanghai}

// person returns a profile with traits: numbers and times.
func person(n uint32, traits map[string]any) *profile.Profile {
	p := &profile.Profile{ID: profile.MakeID(0, n), Identifiers: []profile.Identifier{{Namespace: "user_id", Value: "u"}, {Namespace: "email", Value: "e"}}}
	for _, name := range slices.Sorted(maps.Keys(traits)) {
		switch v := traits[name].(type) {
		case float64:
			p.Traits = append(p.Traits, profile.Trait{Name: name, Value: profile.Number(v)})
		case string:
			p.Traits = append(p.Traits, profile.Trait{Name: name, Value: profile.String(v)})
		case time.Time:
			p.Traits = append(p.Traits, profile.Trait{Name: name, Value: profile.Time(v)})
		}
	}
	return p
}

// on returns noon of a day of November 2026 in Shanghai.
func on(day int) time.Time { return time.Date(2026, 11, day, 12, 0, 0, 0, shanghai) }

func TestFolds_Summary(t *testing.T) {
	weekly := shopFolds
	weekly.Unit = Week
	unpriced := shopFolds
	unpriced.Spent, unpriced.SpentFirstDay = "", ""
	tests := []struct {
		name   string
		folds  Folds
		traits map[string]any
		want   Summary
		bought bool
		fault  string // the field
	}{
		{"never", shopFolds, map[string]any{"days": 0.0}, Summary{}, false, ""},
		{"once", shopFolds, map[string]any{"days": 1.0, "first": on(2), "last": on(2), "spent": 5.0, "opening": 5.0}, Summary{Age: 21}, true, ""},
		{"today", shopFolds, map[string]any{"days": 1.0, "first": on(23), "last": on(23)}, Summary{}, true, ""},
		{"three times", shopFolds, map[string]any{"days": 3.0, "first": on(2), "last": on(12), "spent": 0.3, "opening": 0.1}, Summary{Frequency: 2, Recency: 10, Age: 21, Mean: 0.1}, true, ""},
		{"in weeks", weekly, map[string]any{"days": 2.0, "first": on(2), "last": on(9), "spent": 8.0}, Summary{Frequency: 1, Recency: 1, Age: 3, Mean: 8}, true, ""},
		{"without amounts", unpriced, map[string]any{"days": 2.0, "first": on(2), "last": on(9), "spent": 8.0}, Summary{Frequency: 1, Recency: 7, Age: 21}, true, ""},
		{"refunds", shopFolds, map[string]any{"days": 2.0, "first": on(2), "last": on(9), "spent": -1.0, "opening": 4.0}, Summary{Frequency: 1, Recency: 7, Age: 21, Mean: -5}, true, ""},
		{"days of the model's zone", shopFolds, map[string]any{"days": 2.0, "first": on(2).Add(-12 * time.Hour), "last": on(2).Add(12 * time.Hour)}, Summary{Frequency: 1, Recency: 1, Age: 21}, true, ""},
		{"one more tomorrow", shopFolds, map[string]any{"days": 2.0, "first": on(2), "last": on(24)}, Summary{Frequency: 1, Recency: 21, Age: 21}, true, ""},
		{"one more tomorrow, with an amount", shopFolds, map[string]any{"days": 2.0, "first": on(2), "last": on(24), "spent": 45.0, "opening": 5.0}, Summary{Frequency: 1, Recency: 21, Age: 21, Mean: 20}, true, ""},
		{"the first tomorrow", shopFolds, map[string]any{"days": 1.0, "first": on(24), "last": on(24)}, Summary{}, false, ""},
		{"no days", shopFolds, map[string]any{"first": on(24), "last": on(24)}, Summary{}, false, "days"},
		{"days that are text", shopFolds, map[string]any{"days": "2"}, Summary{}, false, "days"},
		{"no first", shopFolds, map[string]any{"days": 2.0, "last": on(24)}, Summary{}, false, "first"},
		{"no last", shopFolds, map[string]any{"days": 2.0, "first": on(20)}, Summary{}, false, "last"},
		{"folds of other events", shopFolds, map[string]any{"days": 2.0, "first": on(20), "last": on(20)}, Summary{}, false, "recency"},
		{"more days than can be", shopFolds, map[string]any{"days": 1e300, "first": on(2), "last": on(20)}, Summary{}, false, "frequency"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, bought, err := tt.folds.Summary(person(7, tt.traits), on(23))
			fault, _ := errors.AsType[*InputError](err)
			if (fault != nil) != (tt.fault != "") || fault != nil && fault.Field != tt.fault {
				t.Errorf("error %v, want one of %q", err, tt.fault)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || bought != tt.bought {
				t.Errorf("bought %t, (-want +got):\n%s", bought, diff)
			}
		})
	}
}

// all yields profiles, and then an error where there is one.
func all(err error, ps ...*profile.Profile) iter.Seq2[*profile.Profile, error] {
	return func(yield func(*profile.Profile, error) bool) {
		for _, p := range ps {
			if !yield(p, nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

var (
	stranger = person(1, map[string]any{"days": 0.0})
	once     = person(2, map[string]any{"days": 1.0, "first": on(2), "last": on(2), "spent": 5.0, "opening": 5.0})
	regular  = person(3, map[string]any{"days": 3.0, "first": on(2), "last": on(12), "spent": 45.0, "opening": 5.0})
	refunded = person(4, map[string]any{"days": 2.0, "first": on(2), "last": on(12), "spent": 1.0, "opening": 5.0})
	scored   = person(5, map[string]any{"days": 0.0, "s_value_as_of": on(1)}) // whose purchases went with a merge that was undone
	broken   = person(6, map[string]any{"days": 2.0})
)

func TestFolds_Summaries(t *testing.T) {
	rows, err := shopFolds.Summaries(all(nil, stranger, once, regular), on(23))
	if diff := cmp.Diff([]Summary{{Age: 21}, {Frequency: 2, Recency: 10, Age: 21, Mean: 20}}, rows); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	failed := errors.New("failed")
	if _, err := shopFolds.Summaries(all(failed, once), on(23)); !errors.Is(err, failed) {
		t.Errorf("got %v", err)
	}
	_, err = shopFolds.Summaries(all(nil, once, once, broken), on(23))
	if fault, ok := errors.AsType[*InputError](err); !ok || fault.Index != 2 || fault.Field != "first" {
		t.Errorf("got %v", err)
	}
}

func shopScorer() *Scorer {
	return &Scorer{
		Folds: shopFolds, Model: MBGNBD{0.5, 6, 0.9, 1.6}, Spend: GammaGamma{6, 4, 16},
		Horizon: Horizon{Periods: 12, Length: 30, Discount: 0.01}, Version: "mbg 3", AsOf: on(23), Prefix: "s_",
	}
}

func TestScorer_Events(t *testing.T) {
	s := shopScorer()
	number := func(f float64) profile.Value {
		if !(f > 0 && f < 1e9) {
			t.Errorf("a score of %v", f)
		}
		return profile.Number(f)
	}
	event := func(id string, alive, purchases, clv profile.Value) profile.Event {
		return profile.Event{
			Type: profile.Identify, Source: Source, MessageID: "s_/" + s.Version + "/2026-11-23T04:00:00Z/" + id, Time: on(23),
			Identifiers: []profile.Identifier{{Namespace: "user_id", Value: "u"}},
			Traits: map[string]profile.Value{
				"s_p_alive": alive, "s_expected_purchases": purchases, "s_clv": clv,
				"s_value_model": profile.String(s.Version), "s_value_as_of": profile.Time(on(23)),
			},
		}
	}
	row := map[string]Summary{
		"2": {Age: 21}, "3": {Frequency: 2, Recency: 10, Age: 21, Mean: 20}, "4": {Frequency: 1, Recency: 10, Age: 21, Mean: -4},
	}
	purchases := func(id string) profile.Value { return number(s.Model.ConditionalExpected(row[id], 360)) }
	gone := event("5", profile.Value{}, profile.Value{}, profile.Value{})
	gone.Traits["s_value_model"], gone.Traits["s_value_as_of"] = profile.Value{}, profile.Value{}
	events := func() []profile.Event {
		return []profile.Event{
			event("2", number(s.Model.PAlive(row["2"])), purchases("2"), number(CLV(s.Model, s.Spend, row["2"], s.Horizon))),
			event("3", number(s.Model.PAlive(row["3"])), purchases("3"), number(CLV(s.Model, s.Spend, row["3"], s.Horizon))),
			event("4", number(s.Model.PAlive(row["4"])), purchases("4"), profile.Value{}),
			gone,
		}
	}
	check := func(want []profile.Event) {
		t.Helper()
		var got []profile.Event
		for e, err := range s.Events(all(nil, stranger, once, regular, refunded, scored)) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, e)
		}
		if diff := cmp.Diff(want, got, cmp.Comparer(profile.Value.Equal)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	check(events())
	// Of one who bought once, BG/NBD knows how many purchases to expect, but not who left.
	s.Model, s.Version = BGNBD{0.24, 4.4, 0.8, 2.4}, "bg"
	gone.MessageID = strings.ReplaceAll(gone.MessageID, "mbg 3", "bg")
	want := events()
	want[0].Traits["s_p_alive"] = profile.Value{}
	check(want)
	s.Spend = GammaGamma{}
	for _, e := range want {
		e.Traits["s_clv"] = profile.Value{}
	}
	check(want)
}

// Scorers of several kinds of purchase have events of their own, whatever their fits are
// called.
func TestScorer_Events_of_several_prefixes(t *testing.T) {
	ids := map[string]bool{}
	for _, names := range [][2]string{{"web_", "1"}, {"web", "_1"}, {"", "web_1"}} {
		s := shopScorer()
		s.Prefix, s.Version = names[0], names[1]
		for e, err := range s.Events(all(nil, once)) {
			if err != nil || ids[e.MessageID] {
				t.Errorf("prefix %q, version %q: %q is of another scorer, or %v", s.Prefix, s.Version, e.MessageID, err)
			}
			ids[e.MessageID] = true
		}
	}
}

// wild is a model that answers nothing that can be kept.
type wild struct{ BGNBD }

func (wild) PAlive(Summary) float64                       { return math.NaN() }
func (wild) ConditionalExpected(Summary, float64) float64 { return math.Inf(1) }

func TestScorer_Events_tells_finite_numbers_alone(t *testing.T) {
	s := shopScorer()
	s.Model = wild{BGNBD{1, 1, 1, 1}}
	for e, err := range s.Events(all(nil, once, regular)) {
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"s_p_alive", "s_expected_purchases", "s_clv"} {
			if v, ok := e.Traits[name]; !ok || !v.IsNull() {
				t.Errorf("%s is %v, told %t", name, v, ok)
			}
		}
	}
}

func TestScorer_Events_errors(t *testing.T) {
	failed := errors.New("failed")
	for name, ps := range map[string]iter.Seq2[*profile.Profile, error]{
		"failed":                all(failed, once),
		"value: row 1: first: ": all(nil, once, broken, once),
	} {
		events := 0
		var last error
		for e, err := range shopScorer().Events(ps) {
			if err != nil && (e.MessageID != "" || last != nil) {
				t.Errorf("%s: an error with %+v", name, e)
			}
			last, events = err, events+1
		}
		if events != 2 || last == nil || !strings.HasPrefix(last.Error(), name) {
			t.Errorf("%s: %d events, then %v", name, events, last)
		}
	}
	for range shopScorer().Events(all(nil, once, broken)) {
		break // before the one that is broken
	}
}

func TestScorer_Validate(t *testing.T) {
	if err := shopScorer().Validate(); err != nil {
		t.Error(err)
	}
	for want, spoil := range map[string]func(*Scorer){
		"value: model: there is none":                                                                          func(s *Scorer) { s.Model = nil },
		"value: model: its parameters are not finite and above 0":                                              func(s *Scorer) { s.Model = ParetoNBD{} },
		"value: spend: its parameters are not finite and above 0":                                              func(s *Scorer) { s.Spend.V = math.Inf(1) },
		"value: spend: with q = 0.9 the mean over the population is infinite":                                  func(s *Scorer) { s.Spend.Q = 0.9 },
		"value: horizon: {Periods:0 Length:30 Discount:0.01} is no time to count over":                         func(s *Scorer) { s.Horizon.Periods = 0 },
		"value: horizon: {Periods:12 Length:NaN Discount:0.01} is no time to count over":                       func(s *Scorer) { s.Horizon.Length = math.NaN() },
		"value: horizon: {Periods:12 Length:30 Discount:-1} is no time to count over":                          func(s *Scorer) { s.Horizon.Discount = -1 },
		"value: version: the fit has no name":                                                                  func(s *Scorer) { s.Version = "" },
		"value: horizon: {Periods:12 Length:1e+308 Discount:0.01} makes of something more than can be counted": func(s *Scorer) { s.Horizon.Length = 1e308 },
		"value: as of: it is outside the years 1 to 9999":                                                      func(s *Scorer) { s.AsOf = time.Date(12_000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"value: as of: it is not said up to when purchases were seen":                                          func(s *Scorer) { s.AsOf = time.Time{} },
	} {
		s := shopScorer()
		spoil(s)
		if err := s.Validate(); err == nil || err.Error() != want || !errorIs[*InputError](err) {
			t.Errorf("got %v, want %s", err, want)
		}
		for e, err := range s.Events(all(nil, once)) {
			if err == nil || err.Error() != want {
				t.Errorf("%+v, %v: want %s", e, err, want)
			}
		}
	}
}
