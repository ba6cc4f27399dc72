package portrait_test

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/published"
	"github.com/portraitdb/portrait/lifecycle"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

const rfmModel = `
events:
  Order Completed: {numbers: [revenue]}
traits:
  orders: {compute: count("Order Completed"), index: true}
  spent:  {compute: 'sum("Order Completed", "revenue")', index: true}
  last:   {compute: last_time("Order Completed"), index: true}
`

// The operands that RFM is of. Equal numbers of orders are told apart by the canonical
// identifier.
const (
	recency   = `days_since(last)`
	frequency = `orders + draw("rfm")`
	monetary  = `spent`
)

// invoices returns the orders of Online Retail, an event each, by time, of whoever spent
// something.
func invoices(t *testing.T) []profile.Event {
	t.Helper()
	in := csv.NewReader(published.Open(t, "retail/online_retail.csv.gz"))
	in.ReuseRecord = true
	if _, err := in.Read(); err != nil {
		t.Fatal(err)
	}
	type invoice struct {
		id, customer string
		last         time.Time
		milli        int64
	}
	byID := map[string]*invoice{}
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if row[6] == "" || strings.HasPrefix(row[0], "C") {
			continue
		}
		at, err := time.Parse(time.DateTime, row[4])
		quantity, notWhole := strconv.Atoi(row[3])
		price, notPrice := strconv.ParseFloat(row[5], 64)
		if err := errors.Join(err, notWhole, notPrice); err != nil {
			t.Fatal(err)
		}
		o := byID[row[0]]
		if o == nil {
			id := strings.Clone(row[0])
			o = &invoice{id: id, customer: strings.TrimSuffix(strings.Clone(row[6]), ".0")}
			byID[id] = o
		}
		if at.After(o.last) {
			o.last = at
		}
		o.milli += int64(quantity) * int64(price*1000+0.5)
	}
	spent := map[string]int64{}
	for _, o := range byID {
		spent[o.customer] += o.milli
	}
	var events []profile.Event
	for _, o := range slices.SortedFunc(maps.Values(byID), func(a, b *invoice) int { return cmp.Or(a.last.Compare(b.last), strings.Compare(a.id, b.id)) }) {
		if spent[o.customer] == 0 {
			continue // One spent nothing, whom the recipe leaves out.
		}
		events = append(events, profile.Event{
			Name: "Order Completed", MessageID: o.id, Time: o.last, Identifiers: []profile.Identifier{id("user_id", o.customer)},
			Properties: map[string]profile.Value{"revenue": profile.Number(float64(o.milli) / 1000)},
		})
	}
	return events
}

// shoppers are the customers of a store with their numbers, as it answers them itself.
type shoppers struct {
	*portrait.DB
	t     *testing.T
	clock time.Time
	names map[profile.ID]string
}

// numbers returns everybody by name, in order, with what the operands give.
func (s *shoppers) numbers() (names []string, all []lifecycle.RFM) {
	s.t.Helper()
	ctx := s.t.Context()
	view := viewOf(s.t, s.DB)
	draws, err := view.Top(ctx, tags.MustParseFormula(`draw("rfm")`), segment.MustParse("exists(spent)"), 10_000, false)
	if err != nil {
		s.t.Fatal(err)
	}
	draw := map[profile.ID]float64{}
	for _, d := range draws {
		draw[d.ID] = d.Value.Number()
	}
	set, err := view.Segment(ctx, segment.MustParse("exists(spent)"))
	if err != nil {
		s.t.Fatal(err)
	}
	today := s.clock.Truncate(24 * time.Hour)
	byName := map[string]lifecycle.RFM{}
	for p, err := range view.Profiles(ctx, set) {
		if err != nil {
			s.t.Fatal(err)
		}
		orders, _ := p.Trait("orders")
		spent, _ := p.Trait("spent")
		last, _ := p.Trait("last")
		s.names[p.ID] = p.Identifiers[0].Value
		byName[p.Identifiers[0].Value] = lifecycle.RFM{
			Recency:   today.Sub(last.Instant().Time().Truncate(24*time.Hour)).Hours() / 24,
			Frequency: orders.Number() + draw[p.ID], Monetary: spent.Number(),
		}
	}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		names, all = append(names, name), append(all, byName[name])
	}
	return names, all
}

// members returns the names of who is in a segment.
func (s *shoppers) members(text string) []string {
	s.t.Helper()
	set, err := s.Segment(s.t.Context(), segment.MustParse(text))
	if err != nil {
		s.t.Fatal(err)
	}
	var names []string
	for id := range set.Members() {
		names = append(names, s.names[id])
	}
	slices.Sort(names)
	return names
}

func tiersOf(tiers []lifecycle.Tier) (all []tags.Tier) {
	for _, t := range tiers {
		all = append(all, tags.Tier{Value: t.Value, Rule: tags.MustParse(t.Rule)})
	}
	return all
}

// RFM of Online Retail: at query time by ntile and percentile, which agree with a Scheme
// of Observed edges customer by customer; and live, as tags by frozen cut-offs, which
// everybody's scores agree with as orders come and days pass.
func TestRFM_OnlineRetail(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: takes in the whole Online Retail file and checks four thousand customers, some six seconds")
	}
	s := &shoppers{t: t, names: map[profile.ID]string{}, clock: time.Date(2011, 12, 10, 12, 0, 0, 0, time.UTC)}
	events := invoices(t)
	s.DB = open(t, t.TempDir(), &portrait.Options{Clock: func() time.Time { return s.clock }, NoSync: true})
	apply(t, s.DB, rfmModel)
	for batch := range slices.Chunk(events, 5000) {
		take(t, s.DB, batch...)
	}
	names, customers := s.numbers()
	if len(customers) != 4338 {
		t.Fatalf("%d customers, want 4,338", len(customers))
	}
	s.atQueryTime(names, customers)
	s.live(names, customers)
}

// by lists the names of customers by a name that each is given.
func by(names []string, of func(i int) string) map[string][]string {
	lists := map[string][]string{}
	for i, name := range names {
		lists[of(i)] = append(lists[of(i)], name)
	}
	return lists
}

// checkLists compares the members of a segment for each name, whose text has the name in it.
func (s *shoppers) checkLists(what, text string, want map[string][]string) {
	s.t.Helper()
	if len(want) < 3 {
		s.t.Errorf("%s: %d names only: the test is one-sided", what, len(want))
	}
	for name, members := range want {
		if diff := gocmp.Diff(members, s.members(fmt.Sprintf(text, name))); diff != "" {
			s.t.Errorf("%s %s (-by hand +store):\n%s", what, name, diff)
		}
	}
}

func (s *shoppers) atQueryTime(names []string, customers []lifecycle.RFM) {
	s.t.Helper()
	scores, _ := lifecycle.Scheme{Edges: lifecycle.Observed}.Scores(customers)
	s.checkLists("frequency", `ntile(`+frequency+`, 5) = %s`, by(names, func(i int) string { return strconv.Itoa(scores[i].F) }))
	s.checkLists("monetary", `ntile(`+monetary+`, 5) = %s`, by(names, func(i int) string { return strconv.Itoa(scores[i].M) }))
	// ntile counts from the least, which is the best of recency.
	s.checkLists("recency", `ntile(`+recency+`, 5) = 6 - %s`, by(names, func(i int) string { return strconv.Itoa(scores[i].R) }))
	best := by(names, func(i int) string { return strconv.Itoa(scores[i].M) })["5"]
	if diff := gocmp.Diff(best, s.members(`percentile(spent) >= 0.8`)); diff != "" {
		s.t.Errorf("percentile (-by hand +store):\n%s", diff)
	}
	cuts, err := viewOf(s.t, s.DB).Cutoffs(s.t.Context(), tags.MustParseFormula(monetary), 5)
	if _, scales := (lifecycle.Scheme{Edges: lifecycle.Observed}).Scores(customers); err != nil || !slices.Equal(cuts, scales.M.Cuts) {
		s.t.Errorf("cut-offs %v, %v; the scheme's are %v", cuts, err, scales.M.Cuts)
	}
}

func (s *shoppers) live(names []string, customers []lifecycle.RFM) {
	s.t.Helper()
	scores, scales := lifecycle.Scheme{}.Scores(customers)
	mean := lifecycle.Mean(wholeOrders(customers))
	for name, tiers := range map[string][]lifecycle.Tier{
		"F": scales.F.Tiers(frequency), "八类": lifecycle.EightTiers(mean, recency, "orders", monetary),
		"RFM": lifecycle.Putler().Tiers(scales, recency, frequency, monetary),
	} {
		if err := s.DefineTag(s.t.Context(), tags.Definition{Name: name, Tiers: tiersOf(tiers)}); err != nil {
			s.t.Fatal(err)
		}
	}
	check := func(when string) {
		s.t.Helper()
		names, customers := s.numbers()
		whole := wholeOrders(customers)
		s.checkLists(when+" RFM", `tag("RFM", "%s")`, by(names, func(i int) string { return lifecycle.Putler().Name(scales.Score(customers[i])) }))
		s.checkLists(when+" F", `tag("F", "%s")`, by(names, func(i int) string { return strconv.Itoa(scales.F.Score(customers[i].Frequency)) }))
		s.checkLists(when+" 八类", `tag("八类", "%s")`, by(names, func(i int) string { return lifecycle.Eight(whole[i], mean) }))
	}
	check("at first")
	// The parts have equal size, as ranks give them, but for one.
	for score, in := range by(names, func(i int) string { return strconv.Itoa(scores[i].F) }) {
		if len(in) < 4338/5 || len(in) > 4338/5+1 {
			s.t.Errorf("%d have %s by frequency", len(in), score)
		}
	}
	// Live: orders move their customers at once, and days move those who do not order.
	for i, name := range names[:200] {
		take(s.t, s.DB, profile.Event{
			Name: "Order Completed", MessageID: fmt.Sprint("more ", i), Time: s.clock.Add(-time.Duration(i) * time.Minute), Identifiers: []profile.Identifier{id("user_id", name)},
			Properties: map[string]profile.Value{"revenue": profile.Number(float64(10 * i))},
		})
	}
	check("after orders")
	s.clock = s.clock.AddDate(0, 0, 30)
	check("a month later")
}

// Check asks the fast evaluator of whole people, who draw as they do: a tier that begins
// later, for those of a draw, is no difference.
func TestCheck_tiers_of_draws(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, rfmModel+`
tags:
  stale: {tiers: [{value: some, rule: 'days_since(last) > 32 and days_since(last) <= 178 and draw("rfm") < 1'}, {value: all, rule: days_since(last) > 178}]}
`)
	take(t, db, profile.Event{Name: "Order Completed", MessageID: "1", Time: now, Identifiers: []profile.Identifier{id("user_id", "u")}})
	if err := db.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// wholeOrders are the customers with the number of orders alone.
func wholeOrders(customers []lifecycle.RFM) []lifecycle.RFM {
	whole := slices.Clone(customers)
	for i := range whole {
		whole[i].Frequency = math.Floor(whole[i].Frequency)
	}
	return whole
}
