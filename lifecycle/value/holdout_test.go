package value

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Published by the walkthrough of BTYD: both models on the 39 weeks held back.
func TestCompare_CDNOW(t *testing.T) {
	customers := cdnow(t)
	rows := rowsOf(customers)
	bg, _ := fitted[BGNBD](t)(FitBGNBD(t.Context(), rows))
	pareto, _ := fitted[ParetoNBD](t)(FitParetoNBD(t.Context(), rows))
	mbg, _ := fitted[MBGNBD](t)(FitMBGNBD(t.Context(), rows))
	tests := []struct {
		name                   string
		m                      Model
		expected               []float64
		within                 float64
		total, mae, msle, corr float64
		alive                  float64
	}{
		{"bgnbd", bg, []float64{0.2251, 0.5231, 1.0441, 1.5203, 2.1638, 2.6538, 3.5040, 6.1570}, 2e-4, 1653.41, 0.7855, 0.2343, 0.6256, 0.81344},
		{"paretonbd", pareto, []float64{0.138, 0.600, 1.196, 1.714, 2.399, 2.907, 3.819, 6.403}, 1e-3, 1665.51, 0.7545, 0.2377, 0.6302, 0.44628},
		{"mbgnbd", mbg, nil, 0, 1576.73, 0.7648, 0, 0, 0.44872},
	}
	actual := []float64{0.2367, 0.6970, 1.3925, 1.5600, 2.5323, 2.9474, 3.8621, 6.3594}
	people := []int{1411, 439, 214, 100, 62, 38, 29, 64}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := Compare(tt.m, customers, 39, 7)
			if h.Actual != 1882 || len(h.Bins) != 8 {
				t.Fatalf("got %+v", h)
			}
			near(t, "total", h.Expected, tt.total, 0.005)
			near(t, "mean absolute error", h.MAE, tt.mae, 5e-5)
			for i, bin := range h.Bins {
				if bin.Frequency != i || bin.Customers != people[i] {
					t.Errorf("bin %d is %+v", i, bin)
				}
				near(t, "actual", bin.Actual, actual[i], 5.1e-5)
				if tt.expected != nil {
					near(t, "expected", bin.Expected, tt.expected[i], tt.within)
				}
			}
			if tt.msle > 0 {
				near(t, "msle", h.MSLE, tt.msle, 5e-5)
				near(t, "correlation", h.Correlation, tt.corr, 5e-5)
			}
			var alive float64
			for _, row := range rows {
				alive += tt.m.PAlive(row) / float64(len(rows))
			}
			near(t, "mean P(alive)", alive, tt.alive, 2e-5)
		})
	}
	for name, tt := range map[string]struct {
		m        Model
		to       []float64
		within   float64
		week78   float64
		within78 float64
	}{
		"bgnbd":     {bg, []float64{1312.458, 1387.346, 1460.392, 1531.713, 1601.418, 1669.6}, 0.05, 4165.63, 0.05},
		"paretonbd": {estimated, []float64{1308.856, 1385.275, 1459.923, 1532.906, 1604.32, 1674.253}, 0.3, 4274.44, 0.005},
	} {
		t.Run("track of "+name, func(t *testing.T) {
			track := Track(tt.m, rows, 78, 1)
			nearAll(t, "weeks 20 to 25", track[19:25], tt.to, tt.within)
			near(t, "week 78", track[77], tt.week78, tt.within78)
		})
	}
}

func TestCompare_edges(t *testing.T) {
	m := BGNBD{0.243, 4.414, 0.793, 2.426}
	if diff := cmp.Diff(Holdout{}, Compare(m, nil, 39, 7)); diff != "" {
		t.Errorf("of nobody: %s", diff)
	}
	alike := Customer{Summary: Summary{Frequency: 1, Recency: 3, Age: 9}, Holdout: 2}
	got := Compare(m, []Customer{alike, alike, alike}, 39, 7)
	if got.Correlation != 0 {
		t.Errorf("customers that are alike correlate by %v", got.Correlation)
	}
	alike.Weight = 3
	if diff := cmp.Diff(got, Compare(m, []Customer{alike}, 39, 7), cmpopts.EquateApprox(1e-12, 0)); diff != "" {
		t.Errorf("a weight is not so many customers: %s", diff)
	}
	nearAll(t, "a weight on the track", Track(m, []Summary{{Age: 2}, {Age: 2}, {Age: 5}}, 5, 1), Track(m, []Summary{{Age: 2, Weight: 2}, {Age: 5}}, 5, 1), 1e-12)
	if got := Track(m, nil, -1, 1); len(got) != 0 {
		t.Errorf("no steps: %v", got)
	}
}
