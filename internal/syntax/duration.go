package syntax

import (
	"strconv"
	"strings"
	"time"
)

// maxSpan bounds the lengths of time that may be written: 200 years.
const maxSpan = 73_050 * 24 * time.Hour

// spans are the units of an exact length of time, largest first.
var spans = [...]struct {
	letters string
	length  time.Duration
}{
	{"w", 7 * 24 * time.Hour},
	{"d", 24 * time.Hour},
	{"h", time.Hour},
	{"m", time.Minute},
	{"s", time.Second},
	{"ms", time.Millisecond},
	{"us", time.Microsecond},
}

// parseSpan reads an exact length of time, such as "36h".
func parseSpan(s string) (d time.Duration, msg, hint string) {
	n, unit, ok := cutSpan(s)
	if !ok {
		return 0, quote(s) + " is no length of time", `write one whole number and a unit: m, h, d (24 hours) or w (7 days), such as "36h"`
	}
	for _, u := range spans {
		if u.letters != unit {
			continue
		}
		if n > int64(maxSpan/u.length) {
			return 0, quote(s) + " is more than 200 years", ""
		}
		return time.Duration(n) * u.length, "", ""
	}
	if unit == "mo" || unit == "y" {
		return 0, "months and years have no fixed length", `for a civil window write ago(` + quote(s) + `)`
	}
	return 0, quote(s) + " has an unknown unit", "the units are m, h, d (24 hours) and w (7 days)"
}

// spanText writes a length of time, which is not negative, in its largest whole
// unit.
func spanText(d time.Duration) string {
	for _, u := range spans {
		if d%u.length == 0 && d != 0 {
			return strconv.FormatInt(int64(d/u.length), 10) + u.letters
		}
	}
	return "0m"
}

var unitLetters = [...]string{Minute: "m", Hour: "h", Day: "d", Week: "w", Month: "mo", Year: "y"}

// maxWindow is how many of each unit make 200 years.
var maxWindow = [...]int{Minute: 73_050 * 24 * 60, Hour: 73_050 * 24, Day: 73_050, Week: 10_435, Month: 2_400, Year: 200}

// parseWindow reads the length of a civil window, such as "30d".
func parseWindow(s string) (n int, unit Unit, msg, hint string) {
	const help = `write one whole number and a unit: m, h, d, w, mo or y, such as "30d"`
	count, letters, ok := cutSpan(s)
	if !ok {
		return 0, 0, quote(s) + " is no window of time", help
	}
	for u, l := range unitLetters {
		if l != letters {
			continue
		}
		switch {
		case count == 0:
			return 0, 0, "a window of time is at least 1 long", ""
		case count > int64(maxWindow[u]):
			return 0, 0, quote(s) + " is more than 200 years", ""
		}
		return int(count), Unit(u), "", ""
	}
	return 0, 0, quote(s) + " has an unknown unit", help
}

func windowText(n int, unit Unit) string {
	return strconv.Itoa(n) + unit.String()
}

// cutSpan divides a number from the letters behind it.
func cutSpan(s string) (n int64, unit string, ok bool) {
	digits := strings.TrimRight(s, "abcdefghijklmnopqrstuvwxyz")
	if digits == "" || !isDigit(digits[0]) || len(digits) == len(s) {
		return 0, "", false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, s[len(digits):], err == nil
}
