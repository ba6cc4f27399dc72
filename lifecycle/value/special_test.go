package value

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/mathext"
	"pgregory.net/rapid"
)

// magnitude draws numbers over many orders of magnitude.
func magnitude(low, high float64) *rapid.Generator[float64] {
	return rapid.Custom(func(t *rapid.T) float64 {
		return math.Exp(rapid.Float64Range(math.Log(low), math.Log(high)).Draw(t, "log"))
	})
}

func TestHypergeo1(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := magnitude(0.01, 30).Draw(t, "b")
		c := b + magnitude(0.01, 30).Draw(t, "c-b")
		z := rapid.Float64Range(0, 0.8).Draw(t, "z")
		got, ok := hypergeo1(b, c, z)
		want := mathext.Hypergeo(1, b, c, z)
		if !ok || !(math.Abs(got-want) <= 1e-11*want) {
			t.Fatalf("2F1(1, %v; %v; %v): got %v, want %v", b, c, z, got, want)
		}
	})
	// Where the series and the fraction meet they agree.
	below, _ := hypergeo1(2.5, 130, 0.25-1e-15)
	above, _ := hypergeo1(2.5, 130, 0.25)
	near(t, "on either side of 0.25", below, above, 1e-14)
}

func TestDiscountedLife(t *testing.T) {
	for _, w := range []float64{1e-9, 1e-3, 0.24, 1, 30, 1e4, 1e12} {
		// s = 0, and s = -1 by parts, are elementary.
		if got, want := discountedLife(0, w), 1/w; math.Abs(got-want) > 1e-12*want {
			t.Errorf("s = 0, w = %v: got %v, want %v", w, got, want)
		}
		for _, s := range []float64{0.1, 0.6, 1, 2.5, 40} {
			// U(s) + ... : w·I(s) + s·I(s+1) = 1, by parts.
			if got := w*discountedLife(s, w) + s*discountedLife(s+1, w); math.Abs(got-1) > 1e-11 {
				t.Errorf("s = %v, w = %v: by parts %v, want 1", s, w, got)
			}
		}
	}
}

// The series and the sum of positive terms are two ways to one number.
func TestGeometricRepeats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := magnitude(0.01, 40).Draw(t, "a")
		b := magnitude(0.001, 300).Draw(t, "b")
		rho := magnitude(0.02, 300).Draw(t, "rho")
		tau := magnitude(1e-6, 9).Draw(t, "tau")
		got, want := geometricRepeats(a, b, rho, tau), geometricRepeatsByQuadrature(a, b, rho, tau)
		if !(math.Abs(got-want) <= 1e-10*want) {
			t.Fatalf("a %v, b %v, rho %v, tau %v: got %v, want %v", a, b, rho, tau, got, want)
		}
	})
}

// A third way: the integral over p, by Gauss and Legendre.
func TestGeometricRepeats_by_integral(t *testing.T) {
	for _, tt := range []struct{ a, b, rho, tau float64 }{
		{2, 3, 0.5, 0.7}, {1, 3, 5, 0.7}, {4, 2, 40, 20}, {60, 5, 3, 2}, {3, 4, 60, 0.2}, {2, 800, 3, 2}, {2, 3, 0.001, 5},
	} {
		logBeta := mathext.Lbeta(tt.a, tt.b)
		want := quad.Fixed(func(p float64) float64 {
			return -math.Expm1(-tt.rho*math.Log1p(p*tt.tau)) / p * math.Exp((tt.a-1)*math.Log(p)+(tt.b-1)*math.Log1p(-p)-logBeta)
		}, 0, 1, 400, nil, 0)
		if got := geometricRepeats(tt.a, tt.b, tt.rho, tt.tau); math.Abs(got-want) > 1e-8*want {
			t.Errorf("%+v: got %v, want %v", tt, got, want)
		}
	}
}

// The published formulas are 0/0 at a = 1 and s = 1.
func TestSingularPoints(t *testing.T) {
	row := Summary{Frequency: 2, Recency: 30.43, Age: 38.86}
	at := func(p float64) []float64 {
		bg, mbg, pareto := BGNBD{0.243, 4.414, p, 2.426}, MBGNBD{0.243, 4.414, p, 2.426}, ParetoNBD{0.55, 10.58, p, 11.67}
		return []float64{
			bg.Expected(39), mbg.Expected(39), pareto.Expected(39),
			bg.ConditionalExpected(row, 39), mbg.ConditionalExpected(row, 39), pareto.ConditionalExpected(row, 39),
			pareto.Residual(row, 0.01),
		}
	}
	singular := at(1)
	for i, v := range singular {
		if !(v > 0 && v < 100) {
			t.Errorf("number %d at 1 is %v", i, v)
		}
	}
	// At s = 1 the expectation is a logarithm.
	near(t, "E at s = 1", singular[2], 0.55*11.67/10.58*math.Log1p(39/11.67), 1e-14)
	for _, eps := range []float64{1e-15, 1e-12, 1e-9, 1e-6, 1e-4} {
		nearAll(t, "just above", at(1+eps), singular, 20*eps+1e-13)
		nearAll(t, "just below", at(1-eps), singular, 20*eps+1e-13)
	}
}

// The integral is the same by hypergeometric functions.
func TestParetoNBD_logA0ByQuadrature(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := ParetoNBD{
			magnitude(0.01, 50).Draw(t, "r"), magnitude(0.01, 1000).Draw(t, "alpha"),
			magnitude(1e-4, 1000).Draw(t, "s"), magnitude(0.01, 1000).Draw(t, "beta"),
		}
		row := Summary{Age: magnitude(0.1, 1000).Draw(t, "age")}
		if rapid.Bool().Draw(t, "repeats") {
			row.Frequency = rapid.IntRange(1, 1000).Draw(t, "frequency")
			row.Recency = row.Age * rapid.Float64Range(0.001, 0.99).Draw(t, "recency")
		}
		from, ok := m.logTail(row.Frequency, row.Recency)
		to, ok2 := m.logTail(row.Frequency, row.Age)
		if !ok || !ok2 || from-to < 0.01 {
			return // One of the two is not to be had, or cancels.
		}
		want := from + math.Log(-math.Expm1(to-from))
		if got := m.logA0ByQuadrature(row); !(math.Abs(got-want) <= 1e-9*max(1, math.Abs(want))) {
			t.Fatalf("%+v of %+v: got %v, want %v", m, row, got, want)
		}
	})
}

// logA0 is the logarithm of an integral; here it is taken as one.
func TestParetoNBD_logA0(t *testing.T) {
	for _, m := range []ParetoNBD{{0.55, 10.58, 0.61, 11.67}, {0.55, 11.67, 0.61, 10.58}, {2, 5, 0.3, 80}, {2, 80, 0.3, 5}, {1, 7, 1, 7}} {
		for _, row := range []Summary{{Age: 39}, {Frequency: 3, Recency: 12, Age: 39}, {Frequency: 20, Recency: 38, Age: 39}} {
			rx := m.R + float64(row.Frequency)
			gone := quad.Fixed(func(u float64) float64 {
				return m.S * math.Pow(m.Alpha+u, -rx) * math.Pow(m.Beta+u, -m.S-1)
			}, row.Recency, row.Age, 200, nil, 0)
			want := math.Log(gone * (rx + m.S) / m.S)
			if got := m.logA0(row); math.Abs(got-want) > 1e-10 {
				t.Errorf("%+v, %+v: got %v, want %v", m, row, got, want)
			}
		}
	}
}
