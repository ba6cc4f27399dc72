package value

import (
	"math"
	"strconv"
	"testing"
)

func (m ParetoNBD) list() []float64 { return []float64{m.R, m.Alpha, m.S, m.Beta} }

// Published by Fader, Hardie and Lee (2005), BTYD and CLVTools. The likelihood is
// a ridge along S and Beta: its height is what can be asserted sharply.
func TestFitParetoNBD_CDNOW(t *testing.T) {
	m, rep := fitted[ParetoNBD](t)(FitParetoNBD(t.Context(), rowsOf(cdnow(t))))
	near(t, "log-likelihood", rep.LogLikelihood, -9594.976179, 1e-5)
	nearAll(t, "r, alpha, s", m.list()[:3], []float64{0.55315, 10.57633, 0.60625}, 2e-3)
	near(t, "beta", m.Beta, 11.67150, 1e-2)
	nearAll(t, "as computed before", m.list(), []float64{0.553277, 10.577682, 0.606240, 11.668749}, 1e-4)
	for i, se := range []float64{0.0476264, 0.8427222, 0.1872594, 6.2105448} {
		nearly(t, "standard error "+strconv.Itoa(i), rep.StandardErrors[i], se, 5e-4)
	}
	near(t, "E(52)", m.Expected(52), 1.473434, 1e-5)
	near(t, "E(52) of the walkthrough's", estimated.Expected(52), 1.473113, 5e-7)
	for name, published := range map[string]ParetoNBD{"the walkthrough": estimated, "the manual": {0.553, 10.580, 0.606, 11.656}} {
		var sum float64
		for _, c := range cdnow(t) {
			sum += published.LogLikelihood(c.Summary)
		}
		near(t, "the ridge where "+name+" stands", sum, -9594.976, 1e-3)
	}

	rounded, rep := fitted[ParetoNBD](t)(FitParetoNBD(t.Context(), cdnowRounded(t)))
	near(t, "log-likelihood of rounded data", rep.LogLikelihood, -9594.973930, 1e-5)
	nearAll(t, "parameters of rounded data", rounded.list(), []float64{0.553276, 10.577613, 0.606213, 11.667894}, 1e-4)
}

// estimated has the parameters that the published tables were made with.
var estimated = ParetoNBD{0.55339714, 10.5801985, 0.6060625, 11.6562237}

// manual has those of the man pages of BTYD.
var manual = ParetoNBD{0.55, 10.56, 0.61, 11.64}

func TestParetoNBD_Expected(t *testing.T) {
	for i, want := range []float64{
		0, 0.05077821, 0.09916088, 0.14542507, 0.18979930, 0.23247466, 0.27361274, 0.31335159, 0.35181024, 0.38909211,
	} {
		near(t, "E("+strconv.Itoa(i)+")", manual.Expected(float64(i)), want, 1e-8)
	}
}

func TestParetoNBD_ConditionalExpected(t *testing.T) {
	guard := ParetoNBD{0.55, 10.58, 0.61, 11.67}
	tests := []struct {
		name  string
		m     ParetoNBD
		row   Summary
		t     float64
		want  float64
		share float64
	}{
		{"the best customer", estimated, Summary{Frequency: 26, Recency: 30.857142857, Age: 31}, 52, 25.45647, 4e-4},
		{"10 and silent since 20", estimated, Summary{Frequency: 10, Recency: 20, Age: 39}, 52, 0.7062289, 4e-4},
		{"15 and silent since 20", estimated, Summary{Frequency: 15, Recency: 20, Age: 39}, 52, 0.1442396, 4e-4},
		{"20 and silent since 20", estimated, Summary{Frequency: 20, Recency: 20, Age: 39}, 52, 0.02250658, 4e-4},
		{"25 and silent since 20", estimated, Summary{Frequency: 25, Recency: 20, Age: 39}, 52, 0.00309267, 4e-4},
		{"no underflow at 132", guard, Summary{Frequency: 132, Recency: 200, Age: 200}, 10, 6.2060517889632418, 1e-12},
		{"no underflow at 133", guard, Summary{Frequency: 133, Recency: 200, Age: 200}, 10, 6.2528722475748113, 1e-12},
		{"the manual's", manual, Summary{Frequency: 10, Recency: 35, Age: 39}, 2, 0.38841172, 1e-7},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			nearly(t, "got", tt.m.ConditionalExpected(tt.row, tt.t), tt.want, tt.share)
		})
	}
}

func TestParetoNBD_PAlive(t *testing.T) {
	near(t, "one-time buyer", estimated.PAlive(Summary{Age: 39}), 0.2941633, 1e-7)
	near(t, "bought on the last day", estimated.PAlive(Summary{Frequency: 23, Recency: 39, Age: 39}), 1, 0)
	near(t, "the best", estimated.PAlive(Summary{Frequency: 26, Recency: 30.857142857, Age: 31}), 0.997874, 1e-6)
}

func TestParetoNBD_LogLikelihood(t *testing.T) {
	m := ParetoNBD{0.5, 8, 0.7, 10}
	near(t, "the manual's", m.LogLikelihood(Summary{Frequency: 3, Recency: 4, Age: 6}), -7.77488612, 1e-8)
	var sum float64
	for _, c := range cdnow(t) {
		sum += m.LogLikelihood(c.Summary)
	}
	near(t, "of CDNOW", sum, -9611.362082, 1e-5)
}

// The cases that made lifetimes and CLVTools overflow.
func TestParetoNBD_extremes(t *testing.T) {
	m := ParetoNBD{10.465, 0.00798565181, 3.0516, 2.820}
	for _, row := range []Summary{
		{Frequency: 400, Recency: 5, Age: 6}, {Frequency: 500, Recency: 1, Age: 37}, {Frequency: 500, Recency: 4, Age: 37},
	} {
		if log := m.logA0(row); !(log < 0) || math.IsInf(log, 0) {
			t.Errorf("log A0 of %+v: got %v, want a finite number below 0", row, log)
		}
	}
	for _, row := range []Summary{
		{Frequency: 40, Recency: 5, Age: 6}, {Frequency: 50, Recency: 1, Age: 37}, {Frequency: 50, Recency: 4, Age: 37},
	} {
		if p := m.PAlive(row); !(p >= 0 && p <= 1) {
			t.Errorf("P(alive) of %+v: got %v", row, p)
		}
	}
	many := ParetoNBD{0.5143, 2.8845, 0.2856, 14.1087}
	for _, row := range []Summary{
		{Frequency: 221, Recency: 103.42857, Age: 103.57143}, {Frequency: 254, Recency: 97.14286, Age: 97.28571},
		{Frequency: 161, Recency: 94.71429, Age: 98}, {Frequency: 204, Recency: 98.57143, Age: 99.42857},
	} {
		if p := many.PAlive(row); !(p > 0 && p <= 1) {
			t.Errorf("P(alive) of %+v: got %v", row, p)
		}
	}
}

func TestParetoNBD_Residual(t *testing.T) {
	m := ParetoNBD{0.5629966, 12.5590370, 0.4081095, 10.5148048}
	near(t, "the manual's", m.Residual(Summary{Frequency: 7, Recency: 35, Age: 77.86}, 0.0027), 1.864183, 1e-6)
	for _, tt := range []struct {
		x    int
		want float64
	}{{1, 2.199155}, {2, 2.843534}, {5, 1.840502}, {10, 0.167928}} {
		near(t, "x = "+strconv.Itoa(tt.x), m.Residual(Summary{Frequency: tt.x, Recency: 30, Age: 77.86}, 0.0027), tt.want, 1e-6)
	}
	row := Summary{Frequency: 1, Recency: 30, Age: 77.86}
	if got := m.Residual(row, 0); !math.IsInf(got, 1) {
		t.Errorf("without discount, s < 1: got %v, want +Inf", got)
	}
	finite := ParetoNBD{0.56, 12.6, 2.5, 10.5}
	nearly(t, "without discount, s > 1", finite.Residual(row, 0), finite.ConditionalExpected(row, 1e12), 1e-9)
	// Discounted by steps, the same to their length.
	var sum float64
	for k := range 40_000 {
		before, after := float64(k)/4, float64(k+1)/4
		sum += (m.ConditionalExpected(row, after) - m.ConditionalExpected(row, before)) * math.Exp(-0.0027*(before+after)/2)
	}
	nearly(t, "by steps", m.Residual(row, 0.0027), sum, 1e-6)
}
