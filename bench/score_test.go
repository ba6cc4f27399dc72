package main

import (
	"math"
	"slices"
	"testing"

	"github.com/portraitdb/portrait/lifecycle/value"
)

// TestScores holds every way of scoring against every other, and a score that is off
// against none.
func TestScores(t *testing.T) {
	rows, known := drawCustomers(20_000), map[value.Summary]scores{}
	var ours, plain, alike []scores
	for _, row := range rows {
		if err := row.Validate(); err != nil {
			t.Fatal(err)
		}
		ours, plain = append(ours, score(scoreModel, row)), append(plain, scorePlainly(row))
		alike = append(alike, scoreAlike(scoreModel, known, row))
	}
	for name, got := range map[string][]scores{"plain_formula": plain, "distinct_rows": alike} {
		if err := agree(name, got, ours, rows); err != nil {
			t.Error(err)
		}
	}
	off := slices.Clone(ours)
	off[17].clv *= 1.001
	if agree("off", off, ours, rows) == nil {
		t.Error("a score that is off is taken for right")
	}
}

// TestDrawCustomers fits the models to what is drawn from them. Purchases of one day
// count as one, so what is found is near what was put in, not the same.
func TestDrawCustomers(t *testing.T) {
	rows := drawCustomers(20_000)
	model, _, err := value.FitBGNBD(t.Context(), rows)
	if err != nil {
		t.Fatal(err)
	}
	spend, _, err := value.FitGammaGamma(t.Context(), rows)
	if err != nil {
		t.Fatal(err)
	}
	near := func(name string, got, want float64) {
		if math.Abs(got-want) > 0.1*want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	near("the purchases of a year", model.Expected(scoreAhead), scoreModel.Expected(scoreAhead))
	near("the mean", spend.P*spend.V/(spend.Q-1), scoreSpend.P*scoreSpend.V/(scoreSpend.Q-1))
}
