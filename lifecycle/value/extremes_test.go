package value

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// At the ends of what the models promise numbers for, and at times that are none, no answer
// is NaN.
func TestModels_never_NaN_at_the_ends(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	pick := func(of ...float64) float64 { return of[rng.IntN(len(of))] }
	p := func() float64 { return pick(1e-10, 1e-4, 0.01, 0.5, 1, 3, 1e3, 1e6, 1e10) }
	for range 1000 {
		row := Summary{Age: pick(1e-9, 1, 100, 1e6, 1e12)}
		if rng.IntN(3) > 0 {
			row.Recency = row.Age * pick(1, 0.5, 1e-9)
			row.Frequency = int(pick(1, 2, 100, 1<<20, maxFrequency))
		}
		horizon := pick(0, 1e-300, 1, 30, 1e6, 1e300, math.Inf(1), math.NaN(), -1)
		for _, m := range []Model{BGNBD{p(), p(), p(), p()}, MBGNBD{p(), p(), p(), p()}, ParetoNBD{p(), p(), p(), p()}, BGBB{p(), p(), p(), p()}} {
			alive, expected, more := m.PAlive(row), m.Expected(horizon), m.ConditionalExpected(row, horizon)
			if !(alive >= 0 && alive <= 1) || !(expected >= 0) || !(more >= 0) || math.IsNaN(m.LogLikelihood(row)) {
				t.Fatalf("%T %+v of %+v over %v: P(alive) %v, E %v, CET %v, log-likelihood %v", m, m, row, horizon, alive, expected, more, m.LogLikelihood(row))
			}
		}
	}
}

// A value over any time at any discount is a number, or more than one holds.
func TestCLV_at_the_ends(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	pick := func(of ...float64) float64 { return of[rng.IntN(len(of))] }
	p := func() float64 { return pick(1e-300, 1e-10, 0.5, 1, 3, 1e6, 1e200, 1e308) }
	infinite := 0
	for range 500 {
		row := Summary{Age: pick(1e-9, 1, 100, 1e12), Mean: pick(0, 1e-9, 10, 1e300, math.MaxFloat64)}
		if rng.IntN(3) > 0 {
			row.Recency, row.Frequency = row.Age, int(pick(1, 2, 100, maxFrequency))
		}
		h := Horizon{Periods: int(pick(1, 2, 20)), Length: pick(1e-300, 1, 1e6, 1e308, math.Inf(1)), Discount: pick(-0.9999999, -0.5, 0, 0.01, 1e300, math.Inf(1))}
		spend := GammaGamma{p(), p(), p()}
		for _, m := range []Model{BGNBD{0.2, 4, 0.8, 2}, MBGNBD{0.2, 4, 0.8, 2}, ParetoNBD{0.5, 10, 0.5, 10}, BGBB{1, 1, 0.5, 1}, steady{}} {
			worth := CLV(m, spend, row, h)
			if !(worth >= 0) {
				t.Fatalf("%T, %+v of %+v over %+v: %v", m, spend, row, h, worth)
			}
			if math.IsInf(worth, 1) {
				infinite++
			}
		}
	}
	if infinite == 0 {
		t.Error("nothing was more than a number holds")
	}
}

// Times that no calendar has are refused with their place, by day and by week; the first
// and last that there are make a table.
func TestSummarise_absurd_times(t *testing.T) {
	date := func(year int) time.Time { return time.Date(year, 6, 15, 12, 0, 0, 0, time.UTC) }
	for _, grain := range []Unit{Day, Week} {
		for _, unit := range []Unit{Day, Week} {
			table, err := Summarise([]Transaction{{"a", date(1), 1}, {"a", date(9999), 2}}, Options{Grain: grain, Unit: unit})
			days := float64(date(9999).Unix()/86400 - date(1).Unix()/86400 + 1) // the earlier one is rounded towards 1970
			if err != nil || len(table.Customers) != 1 || table.Customers[0].Frequency != 1 || math.Abs(table.Customers[0].Age-days/float64(unit)) > 7 {
				t.Errorf("grain %d, unit %d: %+v, %v", grain, unit, table.Customers, err)
			}
			if n := len(table.Repeats); n == 0 || table.Repeats[n-1] != 1 {
				t.Errorf("grain %d, unit %d: %d units", grain, unit, n)
			}
		}
		for _, year := range []int{-1, 0, 10_000, 292_300, -292_300, 1 << 40} {
			for field, call := range map[string]func() error{
				"time": func() error {
					_, err := Summarise([]Transaction{{"a", date(2026), 1}, {"a", date(year), 1}}, Options{Grain: grain})
					return err
				},
				"calibration end": func() error {
					_, err := Summarise(nil, Options{Grain: grain, CalibrationEnd: date(year)})
					return err
				},
				"holdout end": func() error {
					_, err := Summarise(nil, Options{Grain: grain, HoldoutEnd: date(year)})
					return err
				},
			} {
				if fault, ok := errors.AsType[*InputError](call()); !ok || fault.Field != field || field == "time" && fault.Index != 1 {
					t.Errorf("grain %d, %s of the year %d: %v", grain, field, year, fault)
				}
			}
		}
	}
	if _, err := Summarise([]Transaction{{Customer: "a"}}, Options{}); !errorIs[*InputError](err) {
		t.Errorf("without a time: %v", err)
	}
}
