package value

import (
	"cmp"
	"slices"
	"strconv"
	"testing"
)

// fitted returns the parameters of a fit that must go well.
func fitted[M any](t testing.TB) func(M, Report, error) (M, Report) {
	t.Helper()
	return func(m M, rep Report, err error) (M, Report) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return m, rep
	}
}

func (m BGNBD) list() []float64 { return []float64{m.R, m.Alpha, m.A, m.B} }

// Published by Fader, Hardie and Lee (2005) and, with more digits, by CLVTools;
// the standard errors are those of lifetimes.
func TestFitBGNBD_CDNOW(t *testing.T) {
	m, rep := fitted[BGNBD](t)(FitBGNBD(t.Context(), rowsOf(cdnow(t))))
	nearAll(t, "parameters", m.list(), []float64{0.242595, 4.413602, 0.792922, 2.425907}, 2e-5)
	near(t, "log-likelihood", rep.LogLikelihood, -9582.429207, 1e-5)
	for i, se := range []float64{0.012557, 0.378221, 0.185719, 0.705345} {
		nearly(t, "standard error "+strconv.Itoa(i), rep.StandardErrors[i], se, 3e-4)
	}
	if rep.Customers != 2357 || rep.Distinct != 1016 || rep.Gain > 1e-8 {
		t.Errorf("got %+v", rep)
	}

	rounded, rep := fitted[BGNBD](t)(FitBGNBD(t.Context(), cdnowRounded(t)))
	nearAll(t, "parameters of rounded data", rounded.list(), []float64{0.242593, 4.413532, 0.792886, 2.425753}, 2e-5)
	near(t, "log-likelihood of rounded data", rep.LogLikelihood, -9582.425561, 1e-5)

	// The workbook of Hardie, at the estimates as they are.
	for _, e := range []struct{ t, want float64 }{
		{0.1429, 0.007816}, {1, 0.053185}, {3, 0.150632}, {31.8571, 1.040495}, {32, 1.043738}, {78, 1.857972},
	} {
		near(t, "E of "+strconv.FormatFloat(e.t, 'g', -1, 64), m.Expected(e.t), e.want, 2e-5)
	}
	near(t, "E(52)", m.Expected(52), 1.444004, 2e-5)
	// With three decimals of the parameters the last of them is another.
	near(t, "E(78) of the paper's parameters", BGNBD{0.243, 4.414, 0.793, 2.426}.Expected(78), 1.8605, 5e-5)
}

func TestFitBGNBD_top_customers(t *testing.T) {
	rows := cdnowRounded(t)
	m, _ := fitted[BGNBD](t)(FitBGNBD(t.Context(), rows))
	type scored struct {
		id   int
		next float64
	}
	var all []scored
	for i, row := range rows {
		all = append(all, scored{i + 1, m.ConditionalExpected(row, 1)})
	}
	slices.SortFunc(all, func(a, b scored) int { return cmp.Compare(b.next, a.next) })
	// The Quickstart of lifetimes.
	for i, want := range []scored{{1516, 0.710623}, {157, 0.662396}, {1981, 0.486526}, {841, 0.474738}, {509, 0.424877}} {
		if all[i].id != want.id {
			t.Errorf("number %d is customer %d, want %d", i+1, all[i].id, want.id)
		}
		near(t, "next week of "+strconv.Itoa(want.id), all[i].next, want.next, 2e-5)
	}
}

func TestBGNBD_ConditionalExpected(t *testing.T) {
	paper := BGNBD{0.243, 4.414, 0.793, 2.426}
	walkthrough := BGNBD{0.2425967, 4.413659, 0.7929869, 2.426164}
	best := Summary{Frequency: 26, Recency: 30.857142857, Age: 31}
	tests := []struct {
		name  string
		m     BGNBD
		row   Summary
		t     float64
		want  float64
		share float64
	}{
		{"the workbook's customer", paper, Summary{Frequency: 2, Recency: 30.43, Age: 38.86}, 39, 1.226028, 1e-6},
		{"the best customer", walkthrough, best, 52, 25.75659, 1e-6},
		{"10 and silent since 20", walkthrough, Summary{Frequency: 10, Recency: 20, Age: 39}, 52, 0.3474606, 1e-5},
		{"15 and silent since 20", walkthrough, Summary{Frequency: 15, Recency: 20, Age: 39}, 52, 0.04283391, 1e-5},
		{"20 and silent since 20", walkthrough, Summary{Frequency: 20, Recency: 20, Age: 39}, 52, 0.004158973, 1e-5},
		{"25 and silent since 20", walkthrough, Summary{Frequency: 25, Recency: 20, Age: 39}, 52, 0.0003583685, 1e-5},
		{"the manual's", paper, Summary{Frequency: 10, Recency: 35, Age: 39}, 2, 0.39156921, 1e-6},
		{"no time", paper, Summary{Frequency: 10, Recency: 35, Age: 39}, 0, 0, 0},
		{"time backwards", paper, Summary{Frequency: 10, Recency: 35, Age: 39}, -1, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			nearly(t, "got", tt.m.ConditionalExpected(tt.row, tt.t), tt.want, tt.share)
		})
	}
	near(t, "P(alive) of the best", walkthrough.PAlive(best), 0.9688523, 1e-6)
}

func TestBGNBD_PAlive(t *testing.T) {
	m := BGNBD{0.243, 4.414, 0.793, 2.426}
	for _, tt := range []struct {
		row  Summary
		want float64
	}{
		{Summary{Frequency: 2, Recency: 30.43, Age: 38.86}, 0.726579},
		{Summary{Frequency: 23, Recency: 39, Age: 39}, 0.96855545}, // by the manual of BTYD
		{Summary{Frequency: 5, Recency: 30, Age: 39}, 0.705627},
		{Summary{Frequency: 10, Recency: 30, Age: 39}, 0.571552},
		{Summary{Frequency: 15, Recency: 30, Age: 39}, 0.375092},
		{Summary{Frequency: 20, Recency: 30, Age: 39}, 0.196820},
	} {
		near(t, "P(alive)", m.PAlive(tt.row), tt.want, 1e-6)
	}
	// Why it is not to be used as churn.
	if p := m.PAlive(Summary{Age: 1e6}); p != 1 {
		t.Errorf("a one-time buyer of long ago: got %v, want exactly 1", p)
	}
	if p := m.PAlive(Summary{Frequency: 1000, Recency: 10, Age: 100}); p != 0 {
		t.Errorf("after 1,000 transactions and a long silence: got %v, want 0", p)
	}
}

func TestBGNBD_Expected(t *testing.T) {
	m := BGNBD{0.243, 4.414, 0.793, 2.426}
	for i, want := range []float64{0.05326789, 0.10338974, 0.15086523} {
		near(t, "E", m.Expected(float64(i+1)), want, 1e-8)
	}
}

func TestBGNBD_Probability(t *testing.T) {
	m := BGNBD{0.243, 4.414, 0.793, 2.426}
	nearly(t, "P(X(2)=10)", m.Probability(10, 2), 1.07869e-07, 1e-5)
	near(t, "P(X(39)=0)", m.Probability(0, 39), 0.5737864, 1e-7)
	for i, want := range []float64{
		0.0019995214, 0.0015170236, 0.0011633150, 0.0009003148, 0.0007023638,
		0.0005517902, 0.0004361913, 0.0003467171, 0.0002769613, 0.0002222260,
	} {
		near(t, "P(X(30)="+strconv.Itoa(11+i)+")", m.Probability(11+i, 30), want, 1e-10)
	}
	sum, mean := 0.0, 0.0
	for x := range 5000 {
		p := m.Probability(x, 39)
		sum += p
		mean += float64(x) * p
	}
	near(t, "the sum", sum, 1, 1e-9)
	near(t, "the mean", mean, m.Expected(39), 1e-7)
	if m.Probability(0, 0) != 1 || m.Probability(1, 0) != 0 || m.Probability(-1, 3) != 0 {
		t.Error("at the edges")
	}
}

// Published by the tests of pymc-marketing and note 027 of Hardie.
func TestBGNBD_LogLikelihood(t *testing.T) {
	m := BGNBD{R: 0.25, Alpha: 4, A: 0.8, B: 2.5}
	near(t, "x = 0", m.LogLikelihood(Summary{Age: 40}), -0.59947382, 1e-8)
	near(t, "x = 200", m.LogLikelihood(Summary{Frequency: 200, Recency: 38, Age: 40}), 100.7957, 1e-4)
	// The first customers of the workbook.
	paper := BGNBD{0.243, 4.414, 0.793, 2.426}
	for _, tt := range []struct {
		x        int
		tx, want float64
	}{
		{2, 30.43, -9.4596}, {1, 1.71, -4.4711}, {0, 0, -0.5538}, {7, 29.43, -21.8644}, {1, 5, -4.8651},
		{2, 35.71, -9.5367}, {5, 24.43, -17.3593}, {10, 34.14, -27.3144}, {1, 4.86, -4.8520},
	} {
		near(t, "of "+strconv.Itoa(tt.x), paper.LogLikelihood(Summary{Frequency: tt.x, Recency: tt.tx, Age: 38.86}), tt.want, 2e-3*-tt.want)
	}
	manual := BGNBD{R: 0.5, Alpha: 6, A: 1.2, B: 3.3}
	near(t, "the manual's", manual.LogLikelihood(Summary{Frequency: 3, Recency: 4, Age: 6}), -7.57638188, 1e-8)
	var sum float64
	for _, c := range cdnow(t) {
		sum += manual.LogLikelihood(c.Summary)
	}
	near(t, "of CDNOW", sum, -9783.444286, 1e-5)
}

// Where nobody ever leaves what remains is the NBD model.
func TestBGNBD_limit_is_NBD(t *testing.T) {
	var bg, mbg, pareto float64
	for _, c := range cdnow(t) {
		bg += BGNBD{0.384766, 12.072020, 1e-12, 1}.LogLikelihood(c.Summary)
		mbg += MBGNBD{0.384766, 12.072020, 1e-12, 1}.LogLikelihood(c.Summary)
		pareto += ParetoNBD{0.384766, 12.072020, 1e-12, 1}.LogLikelihood(c.Summary)
	}
	nearAll(t, "of CDNOW", []float64{bg, mbg, pareto}, []float64{-9763.657615, -9763.657615, -9763.657615}, 5e-5)
}

// Published by lifetimes, of 5,000 generated customers.
func TestFitBGNBD_example_transactions(t *testing.T) {
	var all []Transaction
	for _, rec := range records(t, "small/example_transactions.csv") {
		all = append(all, Transaction{Customer: rec["id"], Time: timeOf(t, "2006-01-02 15:04:05", rec["date"])})
	}
	table, err := Summarise(all, Options{CalibrationEnd: timeOf(t, "2006-01-02", "2014-12-31")})
	if err != nil {
		t.Fatal(err)
	}
	m, _ := fitted[BGNBD](t)(FitBGNBD(t.Context(), table.Rows()))
	nearAll(t, "parameters", m.list(), []float64{0.16, 1.86, 1.85, 3.18}, 0.01)
	for id, want := range []float64{0.016053, 0.021171, 0.030461, 0.031686, 0.001607} {
		i := slices.IndexFunc(table.Customers, func(c Customer) bool { return c.ID == strconv.Itoa(id) })
		near(t, "30 days of "+strconv.Itoa(id), m.ConditionalExpected(table.Customers[i].Summary, 30), want, 2e-6)
	}
	// The Quickstart prints 0.0576511, of an older fit.
	i := slices.IndexFunc(table.Customers, func(c Customer) bool { return c.ID == "20" })
	near(t, "10 days of 20", m.ConditionalExpected(table.Customers[i].Summary, 10), 0.057086, 2e-6)
}
