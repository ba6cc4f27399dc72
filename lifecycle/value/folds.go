package value

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/portraitdb/portrait/internal/civil"
	"github.com/portraitdb/portrait/profile"
)

// Folds names the traits that tell a profile's purchases, as a model computes them:
//
//	days:            {compute: 'days("Order Completed")'}
//	first:           {compute: 'first_time("Order Completed")'}
//	last:            {compute: 'last_time("Order Completed")'}
//	spent:           {compute: 'sum("Order Completed", "revenue")'}
//	spent_first_day: {compute: 'first_day_sum("Order Completed", "revenue")'}
//
// With one where(...) in all five they are of those purchases alone. Nothing else is
// read of a profile: no event needs to be kept.
type Folds struct {
	// Days, First and Last are needed.
	Days, First, Last string
	// Spent and SpentFirstDay are for [GammaGamma]; without them every mean is 0.
	Spent, SpentFirstDay string
	// Unit is the unit of all times. The default is Day.
	Unit Unit
	// Zone is that of the model, in which days are counted. The default is UTC.
	Zone *time.Location
}

// Summary returns what the traits say of a profile's purchases up to an instant, which
// is that of the view that the profile was read from; ok is false where it has made
// none by then. Of amounts the sums count to the millionth, up to 9e9 a profile.
//
// Purchases dated later than end, which a store takes in up to a day ahead by default, are not
// counted, but the last of them is the last one made: that counts as one of the last day.
// Spent has their amounts, so that Mean is over one purchase more than Frequency says.
//
// The error is an [*InputError] that names a trait which the profile should have and
// has not, or whose value is of another kind.
func (f Folds) Summary(p *profile.Profile, end time.Time) (row Summary, ok bool, err error) {
	if !isDated(end) {
		return Summary{}, false, &InputError{Field: "end", Detail: notDated}
	}
	days, err := f.number(p, f.Days)
	if err != nil || !(days >= 1) {
		return Summary{}, false, err
	}
	first, err := f.day(p, f.First)
	if err != nil {
		return Summary{}, false, err
	}
	last, err := f.day(p, f.Last)
	if err != nil {
		return Summary{}, false, err
	}
	unit, today := float64(max(f.Unit, Day)), f.civilDay(end)
	if first > today {
		return Summary{}, false, nil
	}
	row = Summary{Frequency: int(min(days, maxFrequency+2)) - 1, Age: float64(today-first) / unit}
	if row.Frequency == 0 {
		return row, true, nil
	}
	row.Recency = float64(min(last, today)-first) / unit
	if f.Spent != "" {
		// Who never gave an amount has spent nothing; a first day may be without one.
		spent, onFirst := micros(p, f.Spent), micros(p, f.SpentFirstDay)
		n := row.Frequency
		if last > today {
			n++
		}
		row.Mean = (spent - onFirst) / 1e6 / float64(n)
	}
	if fault := row.fault(); fault != nil {
		return Summary{}, false, fault
	}
	return row, true, nil
}

// Summaries returns those of all profiles that made a purchase, to fit models to. The
// error is that of profiles, or of [Folds.Summary] with the position of the profile.
func (f Folds) Summaries(profiles iter.Seq2[*profile.Profile, error], end time.Time) ([]Summary, error) {
	var rows []Summary
	n := 0
	for p, err := range profiles {
		if err != nil {
			return nil, err
		}
		row, ok, err := f.Summary(p, end)
		if err != nil {
			return nil, at(err, n)
		}
		if n++; ok {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// at gives an InputError the position of what it is about.
func at(err error, index int) error {
	if fault, ok := errors.AsType[*InputError](err); ok {
		fault.Index = index
	}
	return err
}

// number returns a trait that every profile has where the model declares it.
func (f Folds) number(p *profile.Profile, trait string) (float64, error) {
	v, ok := p.Trait(trait)
	if !ok || v.Kind() != profile.KindNumber {
		return 0, &InputError{Field: trait, Detail: fmt.Sprintf("profile %v has no such number", p.ID)}
	}
	return v.Number(), nil
}

// day returns the civil day of a trait that is a time.
func (f Folds) day(p *profile.Profile, trait string) (civil.Day, error) {
	v, ok := p.Trait(trait)
	if !ok || v.Kind() != profile.KindTime {
		return 0, &InputError{Field: trait, Detail: fmt.Sprintf("profile %v has no such time", p.ID)}
	}
	return f.civilDay(v.Instant().Time()), nil
}

func (f Folds) civilDay(t time.Time) civil.Day { return civil.Today(t.UnixMicro(), f.Zone) }

// micros returns a sum in millionths, 0 where there is none.
func micros(p *profile.Profile, trait string) float64 {
	v, ok := p.Trait(trait)
	if !ok || v.Kind() != profile.KindNumber {
		return 0
	}
	return math.RoundToEven(v.Number() * 1e6)
}
