package insight

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Text is told from what it stands on as WCAG 2 asks for at level AA, 4.5 to 1, and
// pictures are, 3 to 1: in the light and in the dark.
func TestStyle_contrast(t *testing.T) {
	style, err := pageFiles.ReadFile("page/style.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	light, dark, ok := strings.Cut(string(style), "@media (prefers-color-scheme: dark)")
	if !ok {
		t.Fatal("the style has no dark colours")
	}
	dark, _, _ = strings.Cut(dark, "* {")
	for mode, text := range map[string]string{"light": light, "dark": dark} {
		colours := map[string]string{}
		for _, m := range regexp.MustCompile(`--([a-z0-9]+): #([0-9a-f]{3,6});`).FindAllStringSubmatch(text, -1) {
			colours[m[1]] = m[2]
		}
		check := func(least float64, on string, names ...string) {
			for _, name := range names {
				if colours[name] == "" || colours[on] == "" {
					t.Fatalf("%s: no colour %q or %q", mode, name, on)
				}
				if got := contrast(luminance(colours[name]), luminance(colours[on])); got < least {
					t.Errorf("%s: %s on %s has a contrast of %.2f, want %.1f", mode, name, on, got, least)
				}
			}
		}
		check(4.5, "page", "ink", "soft")
		check(4.5, "card", "ink", "soft", "good", "bad")
		check(3, "card", "more", "less", "mark")
		for i := range MaxLayers {
			check(3, "card", class(i))
		}
		// The darkest cell of a table.
		share := float64(shade(1)) / 100
		var mixed strings.Builder
		for i := range 3 {
			fmt.Fprintf(&mixed, "%02x", int(share*channelOf(colours["more"], i)+(1-share)*channelOf(colours["card"], i)))
		}
		if got := contrast(luminance(colours["ink"]), luminance(mixed.String())); got < 4.5 {
			t.Errorf("%s: text on the darkest cell has a contrast of %.2f", mode, got)
		}
	}
}

// channelOf is red, green or blue of a colour, 0 to 255.
func channelOf(hex string, i int) float64 {
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	n, _ := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
	return float64(n)
}

func luminance(hex string) float64 {
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		c := channelOf(hex, i) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

func contrast(a, b float64) float64 { return (max(a, b) + 0.05) / (min(a, b) + 0.05) }
