package value

import (
	"math"
	"strconv"
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
}

// Published by the walkthrough of BTYD, with its parameters and with ours: the repeat
// transactions of all customers, week by week. MAPE is over the weeks held back.
func TestTrack_CDNOW(t *testing.T) {
	rows := rowsOf(cdnow(t))
	bg, _ := fitted[BGNBD](t)(FitBGNBD(t.Context(), rows))
	pareto, _ := fitted[ParetoNBD](t)(FitParetoNBD(t.Context(), rows))
	var actual []float64
	for _, rec := range records(t, "cdnow/cdnow_cu_tracking_weekly.csv") {
		actual = append(actual, number(t, rec["cum_repeat_transactions"]))
	}
	nearAll(t, "actual weeks 20 to 25, 39, 78", append(actual[19:25:25], actual[38], actual[77]), []float64{1359, 1414, 1484, 1517, 1573, 1672, 2457, 4339}, 0)

	bgTo := []float64{1312.458, 1387.346, 1460.392, 1531.713, 1601.418, 1669.6}
	paretoTo := []float64{1308.856, 1385.275, 1459.923, 1532.906, 1604.32, 1674.253}
	paretoBy := []float64{78.308, 76.419, 74.648, 72.983, 71.414, 69.933}
	tests := []struct {
		name             string
		m                Model
		to               []float64 // of weeks 20 to 25
		within           float64
		by               []float64 // in each of them
		byWithin         float64
		week39, within39 float64
		week78, within78 float64
		bias             float64 // of week 78
		mape             float64
	}{
		{"bgnbd", bg, bgTo, 0.05, nil, 0, 2501.52, 0.01, 4165.63, 0.05, -0.040, 0.0252},
		{"bgnbd of the walkthrough", BGNBD{0.2425967, 4.413659, 0.7929869, 2.426164}, bgTo, 1e-3, nil, 0, 2501.52, 0.005, 4165.63, 0.005, -0.040, 0.0252},
		{"paretonbd", pareto, paretoTo, 0.3, paretoBy, 0.005, 0, 0, 4275.388, 0.005, -0.015, 0.0133},
		{"paretonbd of the walkthrough", estimated, paretoTo, 0.3, paretoBy, 0.02, 0, 0, 4274.44, 0.005, -0.015, 0.0133},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			track := Track(tt.m, rows, 78, 1)
			nearAll(t, "weeks 20 to 25", track[19:25], tt.to, tt.within)
			for i, want := range tt.by {
				near(t, "in week "+strconv.Itoa(20+i), track[19+i]-track[18+i], want, tt.byWithin)
			}
			if tt.week39 > 0 {
				near(t, "week 39", track[38], tt.week39, tt.within39)
			}
			near(t, "week 78", track[77], tt.week78, tt.within78)
			near(t, "bias of week 78", track[77]/actual[77]-1, tt.bias, 5e-4)
			var mape float64
			for week := 39; week < 78; week++ {
				mape += math.Abs(track[week]/actual[week]-1) / 39
			}
			near(t, "MAPE of weeks 40 to 78", mape, tt.mape, 6e-5)
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
