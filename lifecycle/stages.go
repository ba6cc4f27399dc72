package lifecycle

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// The stages of the default model, in the order of a customer's life.
const (
	// Prospect has not ordered yet.
	Prospect = "prospect"
	// New ordered for the first time within Thresholds.New.
	New = "new"
	// Active is who is in no other stage.
	Active = "active"
	// Loyal made Thresholds.Loyal orders within Thresholds.LoyalWithin.
	Loyal = "loyal"
	// AtRisk, Dormant and Churned last ordered longer ago than the threshold of that
	// name.
	AtRisk  = "at risk"
	Dormant = "dormant"
	Churned = "churned"
	// WonBack was churned and ordered again within Thresholds.WonBack.
	WonBack = "won back"
)

const day = 24 * time.Hour

// Thresholds are where the stages of the default model end. Lengths of time are
// rounded up to whole days; of a zero field the default is taken.
type Thresholds struct {
	// New and WonBack are how long customers are new, or won back, counted in civil
	// days from that of the order on. The default is 30 days each.
	New     time.Duration
	WonBack time.Duration
	// AtRisk, Dormant and Churned are how long the last order lies back, to the
	// microsecond. The defaults are 90, 180 and 365 days.
	AtRisk  time.Duration
	Dormant time.Duration
	Churned time.Duration
	// Loyal is how many orders within the civil days of LoyalWithin make a customer
	// loyal. The default is 4 in 365 days.
	Loyal       int
	LoyalWithin time.Duration
}

// maxThreshold is the longest window that a rule may have.
const maxThreshold = 36_600 * day

// days returns the thresholds with their defaults, in whole days.
func (t Thresholds) days() (Thresholds, error) {
	var faults []error
	for _, f := range []struct {
		name     string
		of       *time.Duration
		standard time.Duration
	}{
		{"New", &t.New, 30 * day}, {"WonBack", &t.WonBack, 30 * day}, {"LoyalWithin", &t.LoyalWithin, 365 * day},
		{"AtRisk", &t.AtRisk, 90 * day}, {"Dormant", &t.Dormant, 180 * day}, {"Churned", &t.Churned, 365 * day},
	} {
		if *f.of == 0 {
			*f.of = f.standard
		}
		if *f.of < 0 || *f.of > maxThreshold {
			faults = append(faults, fmt.Errorf("lifecycle: threshold %s is %s: want up to 36,600 days", f.name, *f.of))
			continue
		}
		*f.of = wholeDays(*f.of)
	}
	if t.Loyal == 0 {
		t.Loyal = 4
	}
	switch {
	case len(faults) > 0:
	case t.Loyal < 0:
		faults = append(faults, fmt.Errorf("lifecycle: threshold Loyal is %d orders", t.Loyal))
	case t.AtRisk >= t.Dormant || t.Dormant >= t.Churned:
		faults = append(faults, fmt.Errorf("lifecycle: thresholds AtRisk, Dormant and Churned are %d, %d and %d days: want them to ascend", t.AtRisk/day, t.Dormant/day, t.Churned/day))
	case t.New > t.AtRisk || t.WonBack > t.AtRisk:
		faults = append(faults, fmt.Errorf("lifecycle: thresholds New and WonBack are %d and %d days: want no more than AtRisk, %d", t.New/day, t.WonBack/day, t.AtRisk/day))
	}
	return t, errors.Join(faults...)
}

func wholeDays(d time.Duration) time.Duration { return (d + day - 1) / day * day }

// ThresholdsOf derives thresholds from the pauses that customers make between one
// order and the next. New and WonBack last for the median pause, by when half of those
// who come again have; at risk begins where 80 % of all pauses are over, dormant where
// 90 % are and churned where 97.5 % are, each a day or more after the one before.
// Loyal is who makes 4 orders without a pause longer than AtRisk on the average. Pauses
// of nothing are left out; without others there is an error.
func ThresholdsOf(pauses []time.Duration) (Thresholds, error) {
	sorted := Durations(slices.Clone(pauses))
	sorted = slices.DeleteFunc(sorted, func(d time.Duration) bool { return d <= 0 })
	if len(sorted) == 0 {
		return Thresholds{}, errors.New("lifecycle: no pauses between orders to take thresholds from")
	}
	slices.Sort(sorted)
	at := func(share float64) time.Duration {
		d, _ := sorted.Quantile(share)
		return wholeDays(d)
	}
	t := Thresholds{AtRisk: at(0.8), Loyal: 4}
	t.New = min(at(0.5), t.AtRisk)
	t.WonBack = t.New
	t.Dormant = max(at(0.9), t.AtRisk+day)
	t.Churned = max(at(0.975), t.Dormant+day)
	t.LoyalWithin = time.Duration(t.Loyal) * t.AtRisk
	_, err := t.days()
	return t, err
}

// StageRule is a stage and the rule of who is in it, in the language of rules; the
// last stage has none.
type StageRule struct{ Name, Rule string }

// Rules returns the default model of eight stages over one kind of events, such as
// "Order Completed": the first whose rule holds is a profile's stage, and who is in
// none of the others is active. The rules ask of one profile and the instant alone.
//
// A pause that made a customer churned is one that [WonBack] comes after: both are
// longer than Thresholds.Churned, to the microsecond.
func (t Thresholds) Rules(event string) ([]StageRule, error) {
	t, err := t.days()
	if event == "" {
		err = errors.Join(err, errors.New("lifecycle: stages over an event without a name"))
	}
	if err != nil {
		return nil, err
	}
	name, err := json.Marshal(event)
	if err != nil {
		return nil, err
	}
	e := string(name)
	in := func(d time.Duration) string { return fmt.Sprintf(`"%dd"`, d/day) }
	since := func(d time.Duration) string { return "last_time(" + e + ") < now() - " + in(d) }
	return []StageRule{
		{Prospect, "count(" + e + ") = 0"},
		{Churned, since(t.Churned)},
		{Dormant, since(t.Dormant)},
		{AtRisk, since(t.AtRisk)},
		{WonBack, "sessions(" + e + ", " + in(t.Churned) + ") >= 2 and sessions(" + e + ", " + in(t.Churned) + ", last(" + in(t.WonBack) + ")) >= 1"},
		{New, "first_time(" + e + ") >= ago(" + in(t.New) + ")"},
		{Loyal, fmt.Sprintf("count(%s, last(%s)) >= %d", e, in(t.LoyalWithin), t.Loyal)},
		{Name: Active},
	}, nil
}

// DefaultOrder returns the order of the default model: where events and time lead a
// customer whose events come in as they happen. Late events, and a store that was
// closed for long, make other moves.
func DefaultOrder() Order {
	return Order{
		"":       {Prospect, New},
		Prospect: {New},
		New:      {Active, Loyal},
		Active:   {Loyal, AtRisk},
		Loyal:    {Active, AtRisk},
		AtRisk:   {Active, Loyal, Dormant},
		Dormant:  {Active, Loyal, Churned},
		Churned:  {WonBack},
		WonBack:  {Active, Loyal},
	}
}
