package main

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestDecimal(t *testing.T) {
	tests := []struct{ a, b, product string }{
		{"6", "2.55", "15.30"},
		{"-1", "0.10", "-0.1"},
		{"-12", "-0.001", "0.012"},
		{"80995", "2.08", "168469.60"},
		{"0", "17.5", "0"},
		{"3", "0.1", "0.3"},
	}
	for _, tt := range tests {
		t.Run(tt.a+" times "+tt.b, func(t *testing.T) {
			a, errA := parseDecimal(tt.a)
			b, errB := parseDecimal(tt.b)
			if errA != nil || errB != nil {
				t.Fatal(errA, errB)
			}
			got, err := a.times(b)
			if err != nil {
				t.Fatal(err)
			}
			want, _ := new(big.Rat).SetString(tt.product)
			have, ok := new(big.Rat).SetString(got.String())
			if !ok || have.Cmp(want) != 0 {
				t.Errorf("got %s, want %s", got, tt.product)
			}
			if f, _ := want.Float64(); f != got.float() {
				t.Errorf("got the float %v, want %v", got.float(), f)
			}
		})
	}
}

func TestDecimal_refuses(t *testing.T) {
	for _, s := range []string{"", ".", "x", "1.2.3", "1.-2", "1e3", "9999999999999999999"} {
		if d, err := parseDecimal(s); err == nil {
			t.Errorf("%q was read as %s", s, d)
		}
	}
	big := decimal{digits: 1 << 62}
	if d, err := big.times(big); err == nil {
		t.Errorf("a product of 125 bits was computed as %s", d)
	}
}

func TestDecimal_times_is_exact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		one := func(name string) (decimal, *big.Rat) {
			s := rapid.StringMatching(`-?[0-9]{1,5}(\.[0-9]{0,4})?`).Draw(t, name)
			d, err := parseDecimal(s)
			if err != nil {
				t.Fatal(err)
			}
			r, _ := new(big.Rat).SetString(s)
			return d, r
		}
		a, x := one("a")
		b, y := one("b")
		got, err := a.times(b)
		if err != nil {
			t.Fatal(err)
		}
		have, _ := new(big.Rat).SetString(got.String())
		if want := x.Mul(x, y); have.Cmp(want) != 0 {
			t.Fatalf("got %s, want %s", have, want)
		}
	})
}
