package value

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/portraitdb/portrait/internal/civil"
)

// Transaction is one purchase.
type Transaction struct {
	// Customer names who bought.
	Customer string
	// Time is when, in the years 1 to 9999, and not the zero time; what counts is the day.
	Time time.Time
	// Amount is what was paid. It is rounded to six decimals, half to even, and is
	// at most 10^12; 0 where it is not known, negative for a refund.
	Amount float64
}

// Unit is a length of time in days.
type Unit int

// The units.
const (
	Day  Unit = 1
	Week Unit = 7
)

// Options says what [Summarise] shall make of transactions.
type Options struct {
	// Unit is the unit of all times that are returned. The default is Day.
	Unit Unit
	// Grain is what makes one transaction: all purchases of a Day, the default, or
	// of a Week from Monday to Sunday. Time is counted from one such day or week to
	// another.
	Grain Unit
	// CalibrationEnd is an instant of the last day that the summaries cover. The
	// default is the last day that has a transaction.
	CalibrationEnd time.Time
	// HoldoutEnd is an instant of the last day of what is held back. By default
	// nothing is.
	HoldoutEnd time.Time
	// Zone is where days begin. The default is UTC.
	Zone *time.Location
}

// Customer is a [Summary] with a name, and what was held back of the customer.
type Customer struct {
	ID string
	Summary
	// Holdout is the number of transactions in the holdout, and HoldoutMean their
	// mean value, 0 where there is none.
	Holdout     int
	HoldoutMean float64
}

// Table is what [Summarise] returns.
type Table struct {
	// Customers has everybody with a transaction in the calibration, by ID.
	Customers []Customer
	// Holdout is how long the holdout is, in units.
	Holdout float64
	// Repeats[i] counts the repeat transactions of all customers within the first
	// i+1 units, to the end of the holdout. The first day of the first unit is that of
	// the very first transaction.
	Repeats []int
}

// Rows returns the summaries of all customers.
func (t Table) Rows() []Summary {
	rows := make([]Summary, len(t.Customers))
	for i, c := range t.Customers {
		rows[i] = c.Summary
	}
	return rows
}

// Limits of an amount, in millionths: of one, and of all of a customer's.
const (
	maxAmount = 1e12
	maxMicros = 1 << 62
)

// purchase is a transaction with its time as a day and its amount in millionths.
type purchase struct {
	customer string
	day      civil.Day // the first of its grain
	micros   int64
	index    int // among what was given
}

// summariser makes a table of purchases, by customer and day.
type summariser struct {
	unit            civil.Day // in days
	calibrated, end civil.Day // the last days of the calibration and of the holdout
}

// table returns the table of sorted purchases.
func (s summariser) table(purchases []purchase) (Table, error) {
	table := Table{Holdout: float64(s.end-s.calibrated) / float64(s.unit)}
	var repeats []civil.Day
	origin := s.calibrated // the day of the very first transaction
	for len(purchases) > 0 {
		n := 1
		for n < len(purchases) && purchases[n].customer == purchases[0].customer {
			n++
		}
		customer, later, err := s.customer(purchases[:n])
		if err != nil {
			return Table{}, err
		}
		if first := purchases[0].day; first <= s.calibrated {
			table.Customers = append(table.Customers, customer)
			repeats = append(repeats, later...)
			origin = min(origin, first)
		}
		purchases = purchases[n:]
	}
	if len(table.Customers) == 0 {
		return table, nil
	}
	table.Repeats = make([]int, (s.end-origin)/s.unit+1)
	for _, day := range repeats {
		table.Repeats[(day-origin)/s.unit]++
	}
	for i := 1; i < len(table.Repeats); i++ {
		table.Repeats[i] += table.Repeats[i-1]
	}
	return table, nil
}

// customer sums up one customer's purchases, of whom the first counts as the
// beginning. It returns the days of the others, to the end of the holdout.
func (s summariser) customer(purchases []purchase) (Customer, []civil.Day, error) {
	first := purchases[0].day
	c := Customer{ID: purchases[0].customer, Summary: Summary{Age: float64(s.calibrated-first) / float64(s.unit)}}
	var later []civil.Day
	var repeated, held int64 // in millionths
	day := first
	for _, p := range purchases {
		fresh := p.day != day
		switch day = p.day; {
		case day == first || day > s.end:
			continue
		case day > s.calibrated:
			held += p.micros
			if fresh {
				c.Holdout++
			}
		default:
			repeated += p.micros
			if fresh {
				c.Frequency++
				c.Recency = float64(day-first) / float64(s.unit)
			}
		}
		if fresh {
			later = append(later, day)
		}
		if max(repeated, -repeated, held, -held) > maxMicros {
			return Customer{}, nil, &InputError{Index: p.index, Field: "amount", Detail: "the sum of the customer's amounts is too large"}
		}
	}
	c.Mean = meanOf(repeated, c.Frequency)
	c.HoldoutMean = meanOf(held, c.Holdout)
	return c, later, nil
}

// meanOf returns the mean of n amounts from their sum in millionths.
func meanOf(micros int64, n int) float64 {
	if n == 0 {
		return 0
	}
	return float64(micros) / 1e6 / float64(n)
}

// Summarise reduces transactions to what the models need. Those that fall on one
// day, or into one week by [Options.Grain], are one: their amounts add up, exactly,
// so the order of transactions does not matter. Those after the holdout are left
// out, and so is who has none in the calibration. The error is an [*InputError].
func Summarise(transactions []Transaction, o Options) (Table, error) {
	o.Unit, o.Grain = cmp.Or(o.Unit, Day), cmp.Or(o.Grain, Day)
	switch {
	case o.Unit != Day && o.Unit != Week:
		return Table{}, &InputError{Field: "unit", Detail: fmt.Sprintf("%d days are neither a day nor a week", o.Unit)}
	case o.Grain != Day && o.Grain != Week:
		return Table{}, &InputError{Field: "grain", Detail: fmt.Sprintf("%d days are neither a day nor a week", o.Grain)}
	case !o.CalibrationEnd.IsZero() && !isDated(o.CalibrationEnd):
		return Table{}, &InputError{Field: "calibration end", Detail: notDated}
	case !o.HoldoutEnd.IsZero() && !isDated(o.HoldoutEnd):
		return Table{}, &InputError{Field: "holdout end", Detail: notDated}
	}
	purchases := make([]purchase, len(transactions))
	last := civil.Day(math.MinInt64)
	for i, t := range transactions {
		if !(math.Abs(t.Amount) <= maxAmount) {
			return Table{}, &InputError{Index: i, Field: "amount", Detail: fmt.Sprintf("%v is no amount of at most %g", t.Amount, maxAmount)}
		}
		if t.Time.IsZero() {
			return Table{}, &InputError{Index: i, Field: "time", Detail: "there is none"}
		}
		if !isDated(t.Time) {
			return Table{}, &InputError{Index: i, Field: "time", Detail: notDated}
		}
		purchases[i] = purchase{t.Customer, o.day(t.Time), int64(math.RoundToEven(t.Amount * 1e6)), i}
		last = max(last, purchases[i].day)
	}
	s := summariser{unit: civil.Day(o.Unit), calibrated: last}
	if !o.CalibrationEnd.IsZero() {
		s.calibrated = o.day(o.CalibrationEnd)
	}
	s.end = s.calibrated
	if !o.HoldoutEnd.IsZero() {
		s.end = o.day(o.HoldoutEnd)
	}
	if len(purchases) == 0 && o.CalibrationEnd.IsZero() {
		s.calibrated = s.end // There is no last day to hold back from.
	}
	if s.end < s.calibrated {
		return Table{}, &InputError{Field: "holdout end", Detail: "is before the end of the calibration"}
	}
	slices.SortFunc(purchases, func(a, b purchase) int {
		return cmp.Or(cmp.Compare(a.customer, b.customer), cmp.Compare(a.day, b.day))
	})
	return s.table(purchases)
}

// isDated reports whether a time has a civil day: beyond, a calendar has none.
func isDated(t time.Time) bool {
	year := t.UTC().Year()
	return year >= 1 && year <= 9999
}

const notDated = "it is outside the years 1 to 9999"

// day returns the day that t is on, or the first of its week.
func (o Options) day(t time.Time) civil.Day {
	day := civil.Today(t.UnixMicro(), o.Zone)
	if o.Grain == Week {
		day = day.Week(time.Monday)
	}
	return day
}
