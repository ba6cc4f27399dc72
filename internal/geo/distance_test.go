package geo_test

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/portraitdb/portrait/internal/geo"
)

func TestParseDistance(t *testing.T) {
	for _, c := range []struct {
		text   string
		metres float64
		print  string
	}{
		{"3km", 3000, "3km"},
		{"500m", 500, "500m"},
		{"1.5km", 1500, "1.5km"},
		{"1500m", 1500, "1.5km"},
		{"0.5km", 500, "500m"},
		{"1.001km", 1001, "1.001km"}, // 1.001 * 1000 is 1000.9999999999999
		{"1000m", 1000, "1km"},
		{"0.25m", 0.25, "0.25m"},
		{"0010m", 10, "10m"},
		{"20015.114km", 20015114, "20015.114km"},
		{"1234.5678m", 1234.5678, "1.2345678km"},
	} {
		got, err := geo.ParseDistance(c.text)
		if err != nil || got != c.metres || geo.FormatDistance(got) != c.print {
			t.Errorf("%s: %v, %v, printed %s", c.text, got, err, geo.FormatDistance(got))
		}
	}
}

func TestParseDistance_refuses(t *testing.T) {
	for text, want := range map[string]string{
		"":          "it needs a unit",
		"3":         "it needs a unit",
		"3 km":      "is not a number",
		"3KM":       "it needs a unit",
		"3mi":       "it needs a unit",
		"km":        `"" is not a number`,
		"-3km":      "is not a number",
		"+3km":      "is not a number",
		"1e3m":      "is not a number",
		"0x10m":     "is not a number",
		"1_0m":      "is not a number",
		".5km":      "is not a number",
		"5.km":      "is not a number",
		"1.2.3km":   "is not a number",
		"NaNm":      "is not a number",
		"Infkm":     "is not a number",
		"0m":        "more than 0",
		"0.000km":   "more than 0",
		"20015.2km": "half the way round",
		"٣km":       "is not a number",

		strings.Repeat("9", 399) + "m":   "half the way round",
		strings.Repeat("1", 1<<20) + "m": "longer than 400 characters",
		strings.Repeat("x", 1<<20):       "it needs a unit",
	} {
		_, err := geo.ParseDistance(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.50q: %v, want %s", text, err, want)
		}
		if err != nil && len(err.Error()) > 200 {
			t.Errorf("an error of %d bytes", len(err.Error()))
		}
	}
}

func TestFormatDistance_reads_back(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.OneOf(
			rapid.Float64Range(math.SmallestNonzeroFloat64, geo.MaxDistance),
			rapid.Float64Range(999, 1001),
			rapid.Just(geo.MaxDistance), rapid.Just(math.SmallestNonzeroFloat64),
		).Draw(t, "metres")
		got, err := geo.ParseDistance(geo.FormatDistance(d))
		if err != nil || got != d {
			t.Fatalf("%v is printed %s and read %v: %v", d, geo.FormatDistance(d), got, err)
		}
	})
}

func FuzzParseDistance(f *testing.F) {
	for _, seed := range []string{"3km", "500m", "1.5km", "", "m", "1e999m", "0.000000000001km"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := geo.ParseDistance(text)
		if err != nil {
			return
		}
		if !(d > 0 && d <= geo.MaxDistance) {
			t.Errorf("%q is %v", text, d)
		}
		if again, err := geo.ParseDistance(geo.FormatDistance(d)); err != nil || again != d {
			t.Errorf("%v is read back as %v: %v", d, again, err)
		}
	})
}
