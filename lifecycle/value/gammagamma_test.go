package value

import (
	"math"
	"slices"
	"strconv"
	"testing"
)

func (m GammaGamma) list() []float64 { return []float64{m.P, m.Q, m.V} }

// Published by note 025 of Hardie, CLVTools and lifetimes.
func TestFitGammaGamma_CDNOW(t *testing.T) {
	m, rep := fitted[GammaGamma](t)(FitGammaGamma(t.Context(), rowsOf(cdnow(t))))
	nearAll(t, "parameters", m.list(), []float64{6.249571, 3.744225, 15.443527}, 1e-4)
	near(t, "log-likelihood", rep.LogLikelihood, -4055.917695, 1e-5)
	if rep.Customers != 946 {
		t.Errorf("fitted on %d customers, want 946", rep.Customers)
	}

	rows := cdnowRounded(t)
	rounded, rep := fitted[GammaGamma](t)(FitGammaGamma(t.Context(), rows))
	nearAll(t, "parameters of rounded data", rounded.list(), []float64{6.248804, 3.744588, 15.447742}, 2e-4)
	near(t, "log-likelihood of rounded data", rep.LogLikelihood, -4055.923244, 1e-5)
	var sum, means float64
	for _, row := range rows {
		sum += rounded.Expected(row)
		means += row.Mean / 946
	}
	near(t, "mean of the means that were seen", means, 35.078552, 1e-6)
	near(t, "mean over all", sum/float64(len(rows)), 35.2529588, 2e-4)
	for i, want := range []float64{24.658619, 18.911489, 35.170981, 35.170981, 35.170981, 71.462843, 18.911489, 35.170981, 27.282408, 35.170981} {
		near(t, "customer "+strconv.Itoa(i+1), rounded.Expected(rows[i]), want, 1e-3)
	}
}

func TestGammaGamma_Expected(t *testing.T) {
	near(t, "the manual's", GammaGamma{6, 4, 16}.Expected(Summary{Frequency: 3, Recency: 1, Age: 1, Mean: 35}), 34.571429, 1e-6)
	paper, rows := GammaGamma{6.25, 3.74, 15.44}, cdnowRounded(t)
	for i, want := range []float64{24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17} {
		near(t, "customer "+strconv.Itoa(i+1), paper.Expected(rows[i]), want, 0.1)
	}
	for i, want := range map[int]float64{1: 24.6637, 2: 18.9169, 3: 35.2190, 6: 71.4697, 9: 27.2884} {
		near(t, "exactly, customer "+strconv.Itoa(i), paper.Expected(rows[i-1]), want, 5e-5)
	}
}

// What lifetimes publishes was made of weekly data with 30 units a month, which is
// the factor of daily data.
func TestCLV_CDNOW(t *testing.T) {
	rows := cdnowRounded(t)
	model, _ := fitted[BGNBD](t)(FitBGNBD(t.Context(), rows))
	spend, _ := fitted[GammaGamma](t)(FitGammaGamma(t.Context(), rows))
	for _, tt := range []struct {
		name   string
		length float64
		want   []float64
	}{
		{"with the factor of days", 30, []float64{140.096211, 18.943467, 38.180574, 38.180574, 38.180574, 1003.868107, 28.109683, 38.180574, 167.418216, 38.180574}},
		{"with that of weeks", 4.345, []float64{36.2785, 4.6375, 8.3441, 8.3441, 8.3441, 283.5235, 6.8814, 8.3441, 43.3536, 8.3441}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for i, want := range tt.want {
				got := CLV(model, spend, rows[i], Horizon{Periods: 12, Length: tt.length, Discount: 0.01})
				nearly(t, "customer "+strconv.Itoa(i+1), got, want, 5e-5)
			}
		})
	}
}

// steady is a model of those who buy once in every unit of time.
type steady struct{ BGNBD }

func (steady) ConditionalExpected(_ Summary, t float64) float64 { return t }

func TestCLV_discount(t *testing.T) {
	model := BGNBD{0.243, 4.414, 0.793, 2.426}
	// One transaction's expected value is 1 of everybody.
	spend := GammaGamma{P: 1, Q: 2, V: 1}
	row := Summary{Frequency: 2, Recency: 30.43, Age: 38.86}
	clv := func(periods int, length, discount float64) float64 {
		return CLV(model, spend, row, Horizon{Periods: periods, Length: length, Discount: discount})
	}
	one := model.ConditionalExpected(row, 1)
	near(t, "one period, no discount", clv(1, 1, 0), one, 1e-15)
	near(t, "one period, discount 1", clv(1, 1, 1), one/2, 1e-15)
	two := model.ConditionalExpected(row, 2) - one
	near(t, "two periods, discount 1", clv(2, 1, 1), one/2+two/4, 1e-15)
	near(t, "no discount, any steps", clv(40, 1, 0), clv(1, 40, 0), 1e-13)
	// Of somebody who buys alike in both, two periods at discount 1 are worth 3/4 of one's purchases.
	alike := CLV(steady{}, spend, row, Horizon{Periods: 2, Length: 5, Discount: 1})
	near(t, "two like periods, discount 1", alike, 0.75*5, 1e-15)
	for _, h := range []Horizon{{}, {Periods: -1, Length: 1}, {Periods: 1, Length: -1}, {Periods: 1, Length: 1, Discount: -1}} {
		if got := CLV(model, spend, row, h); got != 0 {
			t.Errorf("%+v: got %v, want 0", h, got)
		}
	}
}

// What Gamma-Gamma assumes, that what one spends does not go with how often one buys:
// published by lifetimes of the customers who bought again.
func TestGammaGamma_assumption_on_CDNOW(t *testing.T) {
	var n, meanX, meanM float64
	rows := slices.DeleteFunc(cdnowRounded(t), func(row Summary) bool { return row.Frequency == 0 || row.Mean == 0 })
	for _, row := range rows {
		n, meanX, meanM = n+1, meanX+float64(row.Frequency), meanM+row.Mean
	}
	meanX, meanM = meanX/n, meanM/n
	var xx, mm, xm, least, most float64
	least = math.Inf(1)
	for _, row := range rows {
		x, m := float64(row.Frequency)-meanX, row.Mean-meanM
		xx, mm, xm = xx+x*x, mm+m*m, xm+x*m
		least, most = min(least, row.Mean), max(most, row.Mean)
	}
	near(t, "correlation", xm/math.Sqrt(xx*mm), 0.113884, 1e-6)
	near(t, "customers", n, 946, 0)
	near(t, "mean", meanM, 35, 0.5)
	near(t, "standard deviation", math.Sqrt(mm/(n-1)), 30, 0.5)
	near(t, "least", least, 3, 0.5)
	near(t, "greatest", most, 300, 0.5)
}
