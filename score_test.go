package portrait_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/lifecycle/value"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

const scoreModel = `
zone: Asia/Shanghai
traits:
  days:            {compute: 'days("Order Completed")', index: true}
  first:           {compute: 'first_time("Order Completed")'}
  last:            {compute: 'last_time("Order Completed")', index: true}
  spent:           {compute: 'sum("Order Completed", "revenue")'}
  spent_first_day: {compute: 'first_day_sum("Order Completed", "revenue")'}
  p_alive:            {type: number, index: true}
  expected_purchases: {type: number, index: true}
  clv:                {type: number, index: true}
  value_model:        {type: string, index: true}
  value_as_of:        {type: time, index: true}
tags:
  rescue: {rule: 'p_alive < 0.2 and clv > 500'}
`

// scoring is a shop whose customers are scored, and all that is known of it by hand.
type scoring struct {
	*portrait.DB
	t      *testing.T
	clock  time.Time
	orders []value.Transaction
	events []profile.Event   // of them
	same   map[string]string // who is somebody else, and who
	scored []profile.Event   // every event that told scores, in order
	told   map[string]value.Summary
	spend  value.GammaGamma
	model  value.MBGNBD
}

var yearLong = value.Horizon{Periods: 12, Length: 365.25 / 12, Discount: 0.01}

// newScoring opens a shop with customers who buy at rates of their own, and leave at some
// day, up to its clock.
func newScoring(t *testing.T, r *rand.Rand, customers int) *scoring {
	t.Helper()
	s := &scoring{t: t, clock: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC), same: map[string]string{}}
	s.DB = open(t, t.TempDir(), &portrait.Options{Clock: func() time.Time { return s.clock }, NoSync: true})
	apply(t, s.DB, scoreModel)
	var events []profile.Event
	for i := range customers {
		who := fmt.Sprint("u-", i)
		if i >= customers-5 {
			who = fmt.Sprint("a-", customers-1-i)
		}
		at := s.clock.AddDate(0, 0, -1-r.IntN(360))
		rate, quits, spend := 1+r.ExpFloat64()*20, math.Pow(r.Float64(), 2), math.Exp(r.NormFloat64()/2)
		for !at.After(s.clock) {
			for range 1 + r.IntN(4)/3 { // now and then twice a day
				amount := math.Round(100*spend*(600+400*r.ExpFloat64())) / 100
				events = append(events, s.order(who, at, amount))
				at = at.Add(time.Minute)
			}
			if r.Float64() < quits {
				break
			}
			at = at.Add(time.Duration((1 + r.ExpFloat64()*rate) * float64(24*time.Hour)))
		}
	}
	r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	take(t, s.DB, events...)
	return s
}

// order notes a purchase and returns its event.
func (s *scoring) order(who string, at time.Time, amount float64) profile.Event {
	s.orders = append(s.orders, value.Transaction{Customer: who, Time: at, Amount: amount})
	e := profile.Event{
		Name: "Order Completed", MessageID: fmt.Sprint("o", len(s.orders)), Time: at, Identifiers: []profile.Identifier{identifierOf(who)},
		Properties: map[string]profile.Value{"revenue": profile.Number(amount)},
	}
	s.events = append(s.events, e)
	return e
}

func identifierOf(who string) profile.Identifier {
	if strings.HasPrefix(who, "a-") {
		return id("anonymous_id", who)
	}
	return id("user_id", who)
}

// byHand returns the summaries of who bought, straight from the purchases.
func (s *scoring) byHand() map[string]value.Summary {
	s.t.Helper()
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		s.t.Fatal(err)
	}
	orders := slices.Clone(s.orders)
	for i, o := range orders {
		orders[i].Customer = cmp.Or(s.same[o.Customer], o.Customer)
	}
	table, err := value.Summarise(orders, value.Options{CalibrationEnd: s.clock, Zone: zone})
	if err != nil {
		s.t.Fatal(err)
	}
	rows := map[string]value.Summary{}
	for _, c := range table.Customers {
		rows[c.ID] = c.Summary
	}
	return rows
}

func (s *scoring) folds() value.Folds {
	zone, _ := time.LoadLocation("Asia/Shanghai")
	return value.Folds{Days: "days", First: "first", Last: "last", Spent: "spent", SpentFirstDay: "spent_first_day", Zone: zone}
}

// fit fits the models to everybody who bought, as the store has them, which must be as
// they are by hand.
func (s *scoring) fit() {
	s.t.Helper()
	ctx := s.t.Context()
	view := viewOf(s.t, s.DB)
	set, err := view.Segment(ctx, segment.MustParse(`days >= 1`))
	if err != nil {
		s.t.Fatal(err)
	}
	rows, err := s.folds().Summaries(view.Profiles(ctx, set), view.AsOf())
	if err != nil {
		s.t.Fatal(err)
	}
	order := func(a, b value.Summary) int {
		return cmp.Or(cmp.Compare(a.Age, b.Age), cmp.Compare(a.Recency, b.Recency), cmp.Compare(a.Frequency, b.Frequency), cmp.Compare(a.Mean, b.Mean))
	}
	slices.SortFunc(rows, order)
	var want []value.Summary
	for _, row := range s.byHand() {
		want = append(want, row)
	}
	slices.SortFunc(want, order)
	if diff := gocmp.Diff(want, rows); diff != "" {
		s.t.Fatalf("summaries (-by hand +by folds):\n%s", diff)
	}
	if s.model, _, err = value.FitMBGNBD(ctx, rows); err != nil {
		s.t.Fatal(err)
	}
	if s.spend, _, err = value.FitGammaGamma(ctx, rows); err != nil {
		s.t.Fatal(err)
	}
}

// score tells the members of a segment their scores, as of now.
func (s *scoring) score(version, of string) {
	s.t.Helper()
	ctx := s.t.Context()
	view := viewOf(s.t, s.DB)
	set, err := view.Segment(ctx, segment.MustParse(of))
	if err != nil {
		s.t.Fatal(err)
	}
	scorer := value.Scorer{Folds: s.folds(), Model: s.model, Spend: s.spend, Horizon: yearLong, Version: version, AsOf: view.AsOf()}
	var events []profile.Event
	for event, err := range scorer.Events(view.Profiles(ctx, set)) {
		if err != nil {
			s.t.Fatal(err)
		}
		events = append(events, event)
	}
	take(s.t, s.DB, events...)
	s.scored = append(s.scored, events...)
	s.told = s.byHand()
}

// check compares the rule, in the tag and in an expression, with what counting by hand
// gives.
func (s *scoring) check(what string) {
	s.t.Helper()
	by := map[string]uint64{}
	for _, row := range s.told {
		alive, worth := s.model.PAlive(row), value.CLV(s.model, s.spend, row, yearLong)
		for text, holds := range map[string]bool{
			"p_alive < 0.2 and clv > 500": alive < 0.2 && worth > 500,
			`tag("rescue")`:               alive < 0.2 && worth > 500,
			"clv > 500":                   worth > 500,
			"exists(clv)":                 true,
			"expected_purchases >= 3":     s.model.ConditionalExpected(row, 365.25) >= 3,
		} {
			if holds {
				by[text]++
			}
		}
	}
	if len(by) != 5 || by["clv > 500"] == by["exists(clv)"] {
		s.t.Fatalf("%s: one-sided: %v", what, by)
	}
	for text, want := range by {
		if n := s.count(text); n != want {
			s.t.Errorf("%s: %s: %d, by hand %d", what, text, n, want)
		}
	}
	if err := s.Check(s.t.Context()); err != nil {
		s.t.Errorf("%s: %v", what, err)
	}
}

func (s *scoring) count(text string) uint64 {
	s.t.Helper()
	n, err := s.Count(s.t.Context(), segment.MustParse(text))
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// Events in, a fit over a segment by folds alone, scores back as traits, and a rule over
// them: the same people as by hand. Through a refresh, a merge and its undoing.
func TestScores(t *testing.T) {
	s := newScoring(t, seed(t), 500)
	s.fit()
	s.score("mbg 1", `days >= 1`)
	s.check("first")

	again, err := s.Ingest(t.Context(), s.scored...)
	if err != nil || again.Duplicate != len(s.scored) || again.Accepted != 0 {
		t.Errorf("the same scores again: %+v, %v", again, err)
	}

	// Sixty days on: nothing of the scores moved, and new purchases show which are old.
	first := s.clock
	s.clock = s.clock.AddDate(0, 0, 60)
	for i := range 100 {
		take(t, s.DB, s.order(fmt.Sprint("u-", i), s.clock.Add(-time.Duration(1+i)*time.Hour), 1200.5))
	}
	s.check("later")
	if n := s.count(`last > value_as_of`); n != 100 {
		t.Errorf("%d bought since they were scored, want 100", n)
	}
	s.score("mbg 1", `last > value_as_of`)
	if old, fresh := s.count(fmt.Sprintf(`value_as_of = date(%q)`, first.Format(time.RFC3339))), s.count(`value_as_of > ago("1d")`); old != 400 || fresh != 100 {
		t.Errorf("%d are of before, %d of today", old, fresh)
	}

	// Two who are one person after all: the scores told last hold, of one of them, until
	// they are told again.
	s.clock = s.clock.Add(time.Hour)
	s.fit()
	s.score("mbg 2", `days >= 1`)
	s.check("refreshed")
	if n := s.count(`value_model = "mbg 2"`); n != 500 {
		t.Errorf("%d are scored by the second fit", n)
	}
	user, browser, decision := identifierOf("u-9"), identifierOf("a-0"), portrait.Decision{At: s.clock, ID: "one person"}
	apart := []map[string]profile.Value{s.scores(user), s.scores(browser)}
	if _, err := s.Link(t.Context(), user, browser, decision); err != nil {
		t.Fatal(err)
	}
	s.same["a-0"] = "u-9"
	together := s.scores(user)
	if !gocmp.Equal(together, apart[0], equalValues) && !gocmp.Equal(together, apart[1], equalValues) || gocmp.Equal(apart[0], apart[1], equalValues) {
		t.Errorf("merged: %v, of %v", together, apart)
	}
	if n := s.count(`exists(clv)`); n != 499 {
		t.Errorf("%d have scores after the merge, want 499", n)
	}
	s.clock = s.clock.Add(time.Hour)
	s.fit()
	s.score("mbg 3", `days >= 1`)
	s.check("merged")

	decision.At = s.clock
	if _, err := s.Unlink(t.Context(), user, browser, decision); err != nil {
		t.Fatal(err)
	}
	delete(s.same, "a-0")
	if v := s.scores(browser)[value.TraitModel]; v.Text() != "mbg 2" {
		t.Errorf("apart again, the scores are those by %v, want those of before", v)
	}
	s.clock = s.clock.Add(time.Hour)
	s.score("mbg 4", `days >= 1`)
	s.check("apart again")
	s.checkOrder(decision)
}

var equalValues = gocmp.Comparer(profile.Value.Equal)

// scores are the told traits of a profile.
func (s *scoring) scores(of profile.Identifier) map[string]profile.Value {
	s.t.Helper()
	p, err := s.Profile(s.t.Context(), of)
	if err != nil {
		s.t.Fatal(err)
	}
	traits := map[string]profile.Value{}
	for _, name := range []string{value.TraitPAlive, value.TraitPurchases, value.TraitCLV, value.TraitModel, value.TraitAsOf} {
		v, ok := p.Trait(name)
		if !ok {
			s.t.Fatalf("%v has no %s", of, name)
		}
		traits[name] = v
	}
	return traits
}

// checkOrder takes everything in once more elsewhere, the latest scores before earlier
// ones, and compares.
func (s *scoring) checkOrder(unlink portrait.Decision) {
	s.t.Helper()
	other := open(s.t, s.t.TempDir(), &portrait.Options{Clock: fixed(s.clock), NoSync: true})
	apply(s.t, other, scoreModel)
	if _, err := other.Unlink(s.t.Context(), identifierOf("u-9"), identifierOf("a-0"), unlink); err != nil {
		s.t.Fatal(err)
	}
	for _, events := range [][]profile.Event{s.scored, s.events} {
		slices.Reverse(events)
		take(s.t, other, events...)
	}
	digests := [2]portrait.Digest{}
	for i, db := range []*portrait.DB{s.DB, other} {
		digests[i] = digest(s.t, db, s.clock)
	}
	if digests[0] != digests[1] {
		s.t.Error("in another order the scores are others")
	}
}
