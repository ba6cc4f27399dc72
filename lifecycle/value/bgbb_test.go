package value

import (
	"fmt"
	"math"
	"strconv"
	"testing"
)

func (m BGBB) list() []float64 { return []float64{m.Alpha, m.Beta, m.Gamma, m.Delta} }

// donors returns the 11,104 people of the donations, six opportunities each.
func donors(t testing.TB) []Summary {
	t.Helper()
	var all []Summary
	for _, rec := range records(t, "small/donations.csv") {
		all = append(all, Summary{
			Frequency: int(number(t, rec["frequency"])), Recency: number(t, rec["recency"]), Age: number(t, rec["periods"]),
			Weight: int(number(t, rec["weights"])),
		})
	}
	return all
}

// Published by Fader, Hardie and Shang (2010) and their workbook.
func TestFitBGBB_donations(t *testing.T) {
	rows := donors(t)
	m, rep := fitted[BGBB](t)(FitBGBB(t.Context(), rows))
	nearAll(t, "parameters", m.list(), []float64{1.203528, 0.749726, 0.656781, 2.783796}, 1e-3)
	near(t, "log-likelihood", rep.LogLikelihood, -33225.58, 5e-3)
	if rep.Customers != 11104 {
		t.Errorf("got %d people, want 11,104", rep.Customers)
	}
	published := BGBB{1.203528, 0.749726, 0.656781, 2.783796}
	near(t, "E(10)", published.Expected(10), 3.179805, 1e-6)
	for i, want := range []float64{0.4985, 0.9233, 1.2969, 1.6323, 1.9381, 2.2202, 2.4826, 2.7285, 2.9603, 3.1798, 3.3887} {
		near(t, "E("+strconv.Itoa(i+1)+")", m.Expected(float64(i+1)), want, 1e-4)
	}
	near(t, "next ten of nobody's", published.ConditionalExpected(Summary{Age: 6}, 10), 0.1302169, 1e-6)
	near(t, "next ten of (4, 5)", published.ConditionalExpected(Summary{Frequency: 4, Recency: 5, Age: 6}, 10), 3.627858, 1e-6)
	for _, tt := range []struct {
		row  Summary
		want float64
	}{
		{Summary{Age: 6}, 0.11}, {Summary{Frequency: 2, Recency: 4, Age: 6}, 0.59}, {Summary{Frequency: 6, Recency: 6, Age: 6}, 0.93},
	} {
		near(t, "P(alive)", m.PAlive(tt.row), tt.want, 0.005)
	}

	var next float64
	seen := make([]float64, 7) // how many people were expected to give so often
	for _, row := range rows {
		next += float64(row.Weight) * m.ConditionalExpected(row, 5)
	}
	near(t, "all of the next five", next, 12884.2, 0.05)
	for x := range seen {
		for tx := x; tx <= 6; tx++ {
			if (x == 0) != (tx == 0) {
				continue
			}
			// The likelihood is of one order of giving: there are so many.
			seen[x] += 11104 * orders(x, tx) * math.Exp(m.LogLikelihood(Summary{Frequency: x, Recency: float64(tx), Age: 6}))
		}
	}
	near(t, "people who were expected never to give again", seen[0], 3454.9, 0.5)
	near(t, "people who were expected to give always", seen[6], 1253.1, 0.5)
}

// Published by the tests of pymc-marketing, from the workbook: all histories of six
// opportunities.
func TestBGBB_LogLikelihood(t *testing.T) {
	m := BGBB{1.204, 0.750, 0.657, 2.783}
	for _, tt := range []struct {
		x    int
		tx   float64
		want float64
	}{
		{6, 6, -2.18167018824}, {5, 6, -4.29485034929}, {4, 6, -5.38473334360}, {3, 6, -5.80915881601}, {2, 6, -5.65172964525}, {1, 6, -4.88370164695},
		{5, 5, -3.71682127437}, {4, 5, -5.09558227343}, {3, 5, -5.61576884108}, {2, 5, -5.50636893346}, {1, 5, -4.76723821904},
		{4, 4, -3.84829625138}, {3, 4, -5.05936147828}, {2, 4, -5.19562191019}, {1, 4, -4.57070931973},
		{3, 3, -3.52745257839}, {2, 3, -4.51620272962}, {1, 3, -4.22465969453},
		{2, 2, -3.01199924784}, {1, 2, -3.58817880928},
		{1, 1, -2.28882847451},
		{0, 0, -1.16751622367},
	} {
		got := m.LogLikelihood(Summary{Frequency: tt.x, Recency: tt.tx, Age: 6})
		nearly(t, fmt.Sprintf("of %d, the last at %v", tt.x, tt.tx), got, tt.want, 1e-3)
	}
}

// The likelihoods of all histories of so many opportunities add up to 1, and the
// expectation over them is Expected.
func TestBGBB_sums_to_one(t *testing.T) {
	for _, m := range []BGBB{{1.2, 0.75, 0.66, 2.8}, {1.2, 0.75, 1, 2.8}, {0.1, 9, 20, 3}} {
		for n := range 13 {
			var sum, mean float64
			for x := 0; x <= n; x++ {
				for tx := x; tx <= n; tx++ {
					if (x == 0) == (tx == 0) {
						p := orders(x, tx) * math.Exp(m.LogLikelihood(Summary{Frequency: x, Recency: float64(tx), Age: float64(n)}))
						sum += p
						mean += p * float64(x)
					}
				}
			}
			near(t, "sum", sum, 1, 1e-12)
			near(t, "mean", mean, m.Expected(float64(n)), 1e-9)
		}
	}
}

// At gamma = 1 the formula is 0/0; what is made of it is continuous.
func TestBGBB_singular_point(t *testing.T) {
	row := Summary{Frequency: 2, Recency: 4, Age: 6}
	at := BGBB{1.2, 0.75, 1, 2.8}.ConditionalExpected(row, 10)
	for _, eps := range []float64{1e-12, 1e-8, 0.99e-4, 1.01e-4} {
		near(t, "just above 1", BGBB{1.2, 0.75, 1 + eps, 2.8}.ConditionalExpected(row, 10), at, 10*eps+1e-11)
		near(t, "just below 1", BGBB{1.2, 0.75, 1 - eps, 2.8}.ConditionalExpected(row, 10), at, 10*eps+1e-11)
	}
}

// orders returns in how many orders x transactions, the last at tx, can come.
func orders(x, tx int) float64 {
	if x == 0 {
		return 1
	}
	n := 1.0
	for k := 1; k < x; k++ {
		n *= float64(tx-k) / float64(k)
	}
	return n
}
