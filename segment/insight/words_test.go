package insight

import (
	"math"
	"reflect"
	"testing"
)

// Every word is there in both languages, and is not the same by oversight.
func TestWords_are_complete(t *testing.T) {
	en, zh := reflect.ValueOf(english), reflect.ValueOf(chinese)
	for i := range en.NumField() {
		name := en.Type().Field(i).Name
		if en.Field(i).IsZero() || zh.Field(i).IsZero() {
			t.Errorf("%s is missing: %v, %v", name, en.Field(i), zh.Field(i))
		}
		if en.Field(i).Kind() == reflect.String && en.Field(i).String() == zh.Field(i).String() {
			t.Errorf("%s is %q in both languages", name, en.Field(i))
		}
	}
	for rule := range english.rules {
		if chinese.rules[rule] == "" {
			t.Errorf("the rule %q has no Chinese name", rule)
		}
	}
}

// Numbers are written with four digits that count, to be read back as what they were, but
// for what was rounded.
func TestWords_number(t *testing.T) {
	for want, v := range map[string]float64{
		"0": 0, "": math.NaN(), "1e-10": 1e-10, "1e-100": 1e-100, "1.5e-10": 1.5e-10, "1.234e-20": 1.23449e-20, "−2e-30": -2e-30, "4.941e-324": 5e-324,
		"1e-06": 9.99999e-7, "0.000001": 1e-6, "0.00001": 1e-5, "0.1": 0.1, "0.1235": 0.123456, "1": 0.999999, "1.5": 1.5, "10": 10, "10.01": 10.01, "100": 100.00001,
		"120.5": 120.46, "1000": 999.99, "1,000": 1000, "1,234,567": 1234567.4, "1e+15": 1e15, "1.798e+308": math.MaxFloat64, "−0.5": -0.5,
	} {
		if got := english.number(v); got != want {
			t.Errorf("%v is %q, want %q", v, got, want)
		}
	}
	for want, v := range map[string]float64{"1e-10": 1e-10, "−1e-20": -1e-20, "0.5": 0.5, "1,500": 1500, "1.5m": 1.5e6, "10m": 1e7, "100bn": 1e11} {
		if got := english.short(v); got != want {
			t.Errorf("%v is %q along an axis, want %q", v, got, want)
		}
	}
}
