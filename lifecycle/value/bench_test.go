package value

import "testing"

// BenchmarkFit fits the 2,357 customers of CDNOW, each op one fit.
func BenchmarkFit(b *testing.B) {
	rows := rowsOf(cdnow(b))
	for _, name := range []string{"bgnbd", "mbgnbd", "paretonbd"} {
		b.Run("model="+name, func(b *testing.B) {
			for b.Loop() {
				if _, _, err := fits[name](b.Context(), rows); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("model=gammagamma", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := FitGammaGamma(b.Context(), rows); err != nil {
				b.Fatal(err)
			}
		}
	})
	people := donors(b)
	b.Run("model=bgbb", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := FitBGBB(b.Context(), people); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkScore computes what is written of one customer: P(alive), the next 52
// weeks, and the value of the next twelve months.
func BenchmarkScore(b *testing.B) {
	rows := rowsOf(cdnow(b))
	spend := GammaGamma{6.25, 3.74, 15.44}
	for name, m := range map[string]Model{
		"bgnbd": BGNBD{0.243, 4.414, 0.793, 2.426}, "mbgnbd": MBGNBD{0.525, 6.183, 0.891, 1.614}, "paretonbd": ParetoNBD{0.553, 10.578, 0.606, 11.669},
	} {
		b.Run("model="+name, func(b *testing.B) {
			n := 0
			var sum float64
			for b.Loop() {
				row := rows[n%len(rows)]
				sum += m.PAlive(row) + m.ConditionalExpected(row, 52) + CLV(m, spend, row, Horizon{Periods: 12, Length: 4.348, Discount: 0.01})
				n++
			}
			if !(sum > 0) {
				b.Fatal("nobody is worth anything")
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "profiles/s")
		})
	}
}
