package portrait_test

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/lifecycle/value"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// Scores as traits: models are fitted to what the store folds of everybody's purchases,
// and what they say of each is told back, for rules to ask.
func Example_value() {
	dir, err := os.MkdirTemp("", "portrait-value-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	db, err := portrait.Open(dir, &portrait.Options{Clock: func() time.Time { return now }})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	m, err := portrait.ParseModel([]byte(`
traits:
  days:            {compute: 'days("Order Completed")', index: true}
  first:           {compute: first_time("Order Completed")}
  last:            {compute: last_time("Order Completed")}
  spent:           {compute: 'sum("Order Completed", "revenue")'}
  spent_first_day: {compute: 'first_day_sum("Order Completed", "revenue")'}
  p_alive:         {type: number, index: true}   # told by the scorer
  clv:             {type: number, index: true}
  value_as_of:     {type: time, index: true}
`))
	if err != nil {
		log.Fatal(err)
	}
	if _, err := db.Apply(ctx, m); err != nil {
		log.Fatal(err)
	}
	if err := tellAll(ctx, db, purchases(400, now)); err != nil {
		log.Fatal(err)
	}
	if err := scoreAll(ctx, db, "2026-11"); err != nil {
		log.Fatal(err)
	}
	for _, rule := range []string{`exists(clv)`, `clv > 500`, `p_alive < 0.2 and clv > 500`, `value_as_of < ago("30d")`} {
		n, err := db.Count(ctx, segment.MustParse(rule))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %d\n", rule, n)
	}
	// Output:
	// exists(clv): 400
	// clv > 500: 191
	// p_alive < 0.2 and clv > 500: 28
	// value_as_of < ago("30d"): 0
}

// scoreAll fits the models to everybody who ever bought, and tells all their scores.
// Run it again, and it replaces them.
func scoreAll(ctx context.Context, db *portrait.DB, version string) error {
	view, err := db.View(ctx)
	if err != nil {
		return err
	}
	defer view.Close()
	buyers, err := view.Segment(ctx, segment.MustParse(`days >= 1`))
	if err != nil {
		return err
	}
	folds := value.Folds{Days: "days", First: "first", Last: "last", Spent: "spent", SpentFirstDay: "spent_first_day"}
	rows, err := folds.Summaries(view.Profiles(ctx, buyers), view.AsOf())
	if err != nil {
		return err
	}
	model, _, err := value.FitMBGNBD(ctx, rows)
	if err != nil {
		return err // Too few customers, say: then there are no scores.
	}
	spend, _, err := value.FitGammaGamma(ctx, rows)
	if err != nil {
		return err
	}
	scorer := value.Scorer{
		Folds: folds, Model: model, Spend: spend, Version: version, AsOf: view.AsOf(),
		Horizon: value.Horizon{Periods: 12, Length: 30.44, Discount: 0.01},
	}
	var batch []profile.Event
	for event, err := range scorer.Events(view.Profiles(ctx, buyers)) {
		if err != nil {
			return err
		}
		if batch = append(batch, event); len(batch) == 1000 {
			if err := tellAll(ctx, db, batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	return tellAll(ctx, db, batch)
}

// tellAll hands events in, all of which are to be good.
func tellAll(ctx context.Context, db *portrait.DB, events []profile.Event) error {
	res, err := db.Ingest(ctx, events...)
	if err == nil && len(res.Rejected) > 0 {
		err = fmt.Errorf("%d events were refused, the first for %s", len(res.Rejected), res.Rejected[0].Reason)
	}
	return err
}

// purchases are those of a year, of customers who buy at rates of their own and leave
// some day.
func purchases(customers int, now time.Time) []profile.Event {
	random := rand.New(rand.NewPCG(1, 2))
	var events []profile.Event
	for i := range customers {
		at := now.AddDate(0, 0, -1-random.IntN(365))
		pause, leaves, spend := 1+20*random.ExpFloat64(), random.Float64()*random.Float64(), 100+900*random.ExpFloat64()
		for at.Before(now) {
			events = append(events, profile.Event{
				Name: "Order Completed", MessageID: fmt.Sprint(len(events)), Time: at,
				Identifiers: []profile.Identifier{{Namespace: "user_id", Value: fmt.Sprint("u-", i)}},
				Properties:  map[string]profile.Value{"revenue": profile.Number(float64(int(spend * (0.5 + random.Float64()))))},
			})
			if random.Float64() < leaves {
				break
			}
			at = at.Add(time.Duration((1 + pause*random.ExpFloat64()) * float64(24*time.Hour)))
		}
	}
	return events
}
