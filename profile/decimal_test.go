package profile

import (
	"fmt"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/portraitdb/portrait/internal/pack"
)

func TestDecimalOf(t *testing.T) {
	tests := []struct {
		f    float64
		want string
	}{
		{0, "0"},
		{math.Copysign(0, -1), "0"},
		{1, "1"},
		{-1, "-1"},
		{0.1, "0.1"},
		{0.1 + 0.2, "0.3"},
		{-12.5, "-12.5"},
		{0.000001, "0.000001"},
		{0.0000005, "0"},        // half to even
		{0.0000015, "0.000002"}, // half to even
		{0.0000025, "0.000002"}, // half to even
		{-0.0000015, "-0.000002"},
		{0.00000050000001, "0.000001"},
		{1.0000005, "1"},
		{1.0000015, "1.000002"},
		{2.675, "2.675"},
		{1.005, "1.005"},
		{4.35, "4.35"},
		{1e-9, "0"},
		{5e-324, "0"},
		{1e15, "1000000000000000"},
		{1 << 53, "9007199254740992"},
		{1<<53 + 2, "9007199254740994"},
		{123456789.123456, "123456789.123456"},
		{1234567890.1234567, "1234567890.123457"},
		{987654321987.6543, "987654321987.6543"},
		{999999999999999.9, "999999999999999.9"},
		{1e17 / 3, "33333333333333332"},
		{1e18, "1000000000000000000"},
		{-1e18, "-1000000000000000000"},
		{9.99999999999999e17, "999999999999999000"},
	}
	for _, tt := range tests {
		d, ok := DecimalOf(tt.f)
		if !ok || d.String() != tt.want {
			t.Errorf("DecimalOf(%v) = %v, %v, want %v", tt.f, d, ok, tt.want)
		}
	}
	for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Nextafter(1e18, 2e18), -1.1e18, math.MaxFloat64} {
		if d, ok := DecimalOf(f); ok || d != (Decimal{}) {
			t.Errorf("DecimalOf(%v) = %v, %v, want it refused", f, d, ok)
		}
	}
}

// genDecimalFloat draws what prices, counts and noise look like.
func genDecimalFloat() *rapid.Generator[float64] {
	return rapid.Custom(func(t *rapid.T) float64 {
		switch rapid.IntRange(0, 3).Draw(t, "shape") {
		case 0:
			return float64(rapid.Int64Range(-1e12, 1e12).Draw(t, "cents")) / 100
		case 1: // close to halves of a millionth
			return float64(rapid.Int64Range(-1e12, 1e12).Draw(t, "n"))/2e6 + 0
		case 2:
			return math.Ldexp(rapid.Float64Range(-1, 1).Draw(t, "mantissa"), rapid.IntRange(-40, 59).Draw(t, "exponent"))
		}
		return rapid.Float64Range(-1e18, 1e18).Draw(t, "float")
	})
}

func TestDecimalOf_rounds_the_shortest_decimal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := genDecimalFloat().Draw(t, "f")
		d, ok := DecimalOf(f)
		if !ok || d.Big().Cmp(millionths(f)) != 0 {
			t.Fatalf("DecimalOf(%v) = %v, %v, want %v millionths", f, d, ok, millionths(f))
		}
	})
}

func genDecimal() *rapid.Generator[Decimal] {
	return rapid.Custom(func(t *rapid.T) Decimal {
		if rapid.Bool().Draw(t, "small") {
			n := rapid.Int64().Draw(t, "n")
			return Decimal{hi: n >> 63, lo: uint64(n)}
		}
		return Decimal{hi: rapid.Int64().Draw(t, "hi") >> rapid.IntRange(2, 63).Draw(t, "shift"), lo: rapid.Uint64().Draw(t, "lo")}
	})
}

func TestDecimal_agrees_with_math_big(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := genDecimal().Draw(t, "a"), genDecimal().Draw(t, "b")
		n := rapid.Uint64().Draw(t, "n")>>rapid.IntRange(0, 63).Draw(t, "shift") + 1
		if n == 0 {
			n = 1
		}
		x, y := a.Big(), b.Big()
		for _, c := range []struct {
			op        string
			got, want *big.Int
		}{
			{"add", a.Add(b).Big(), new(big.Int).Add(x, y)},
			{"sub", a.Sub(b).Big(), new(big.Int).Sub(x, y)},
			{"neg", a.Neg().Big(), new(big.Int).Neg(x)},
		} {
			if c.got.Cmp(c.want) != 0 {
				t.Fatalf("%s of %v and %v: %v, want %v", c.op, x, y, c.got, c.want)
			}
		}
		if a.Compare(b) != x.Cmp(y) {
			t.Fatalf("compare %v with %v: %d", x, y, a.Compare(b))
		}
		exact := new(big.Rat).SetFrac(x, big.NewInt(1e6))
		if want, _ := exact.Float64(); a.Float64() != want {
			t.Fatalf("Float64 of %v: %v, want %v", a, a.Float64(), want)
		}
		if r, ok := new(big.Rat).SetString(a.String()); !ok || r.Cmp(exact) != 0 {
			t.Fatalf("String of %v millionths: %q", x, a.String())
		}
		average := new(big.Rat).Quo(exact, new(big.Rat).SetInt(new(big.Int).SetUint64(n)))
		if want, _ := average.Float64(); a.Div(n) != want {
			t.Fatalf("%v / %d: %v, want %v", a, n, a.Div(n), want)
		}
		got, rest, err := decodeDecimal(a.append(nil))
		if err != nil || rest != 0 || got != a {
			t.Fatalf("stored %v reads as %v, %d left, %v", a, got, rest, err)
		}
	})
}

func decodeDecimal(data []byte) (d Decimal, rest int, err error) {
	r := reader{pack.NewReader(data)}
	d = r.decimal()
	return d, r.Len(), r.Err()
}

func TestDecimal_Div_of_nothing_is_zero(t *testing.T) {
	if got := (Decimal{lo: 5}).Div(0); got != 0 {
		t.Errorf("5e-6 / 0 = %v", got)
	}
}

func BenchmarkDecimalOf(b *testing.B) {
	for _, f := range []float64{42, 12.34, 0.1 + 0.2} {
		b.Run(fmt.Sprintf("f=%v", f), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				DecimalOf(f)
			}
		})
	}
}
