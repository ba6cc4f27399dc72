package insight

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// count groups the digits of a whole number by thousands.
func (w *words) count(n uint64) string {
	digits := strconv.FormatUint(n, 10)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// number is a number to be read: whole ones as they are, great ones without
// decimals, others with four significant digits. What is no number is empty.
func (w *words) number(v float64) string {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return ""
	case v < 0:
		return minus(w.number(-v))
	case v >= 1e15:
		return strconv.FormatFloat(v, 'g', 4, 64)
	case v >= 1000 || v == math.Trunc(v):
		return w.count(uint64(math.Round(v)))
	}
	return significant(v)
}

// minus puts the sign before a figure that is not zero.
func minus(figure string) string {
	if strings.Trim(figure, "0.") == "" {
		return figure
	}
	return "−" + figure
}

// significant writes a number above 0 and below 1,000 with four digits that count, or
// fewer where the others are zeros, and without an exponent unless it is tiny.
func significant(v float64) string {
	const digits = 4
	if v < 1e-6 {
		return strconv.FormatFloat(v, 'g', digits, 64) // whose zeros are of the exponent
	}
	whole := max(1, int(math.Floor(math.Log10(v)))+1)
	if v < 1 {
		whole = int(math.Floor(math.Log10(v))) + 1 // leading zeros do not count
	}
	return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(v, 'f', digits-whole, 64), "0"), ".")
}

// short is a number along an axis: with the language's word for thousands, or more,
// where it is great.
func (w *words) short(v float64) string {
	if v < 0 {
		return minus(w.short(-v))
	}
	for _, u := range w.units {
		if v >= u.from {
			return significant(min(v/u.from, 999.9)) + u.name
		}
	}
	return w.number(v)
}

// unit is a word for a great number, used from that number on.
type unit struct {
	from float64
	name string
}

// percent is a share with one decimal, or two where it is below one per cent.
func (w *words) percent(share float64) string {
	p := 100 * share
	digits := 1
	switch {
	case math.IsNaN(p) || math.IsInf(p, 0):
		return ""
	case p > 0 && p < 0.005:
		return "< 0.01" + w.percentSign
	case p != 0 && math.Abs(p) < 1:
		digits = 2
	}
	return strings.Replace(strconv.FormatFloat(p, 'f', digits, 64), "-", "−", 1) + w.percentSign
}

// index is a TGI: 100 is as in the base, so decimals say something of small ones only.
func (w *words) index(v float64) string {
	if v >= 1e15 {
		return "∞"
	}
	if v >= 99.95 {
		return w.count(uint64(math.Round(v)))
	}
	return strconv.FormatFloat(v, 'f', 1, 64)
}

func significance(q float64) string {
	if q < 0.0001 {
		return "< 0.0001"
	}
	return strconv.FormatFloat(q, 'f', 4, 64)
}

// instant is how a report shows an instant: to the minute, with its offset from UTC.
func instant(t time.Time) string { return t.Format("2006-01-02 15:04 -07:00") }

// minute is an instant among others, whose zone is known.
func minute(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2006-01-02 15:04")
}

// day is the civil day of an instant.
func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

// duration is a length of time in days, or in hours or minutes where it is short.
func (w *words) duration(d time.Duration) string {
	switch days := d.Hours() / 24; {
	case days >= 1:
		return w.plural(int64(math.Round(days)), w.days)
	case d >= time.Hour:
		return w.plural(int64(math.Round(d.Hours())), w.hours)
	}
	return w.plural(int64(max(0, math.Round(d.Minutes()))), w.minutes)
}

// plural is a number with what is counted, in one and in many.
func (w *words) plural(n int64, what [2]string) string {
	name := what[1]
	if n == 1 {
		name = what[0]
	}
	return w.count(uint64(n)) + name
}

// nameLength is how many characters of a name a picture shows; tables have all of it.
const nameLength = 60

// clip cuts a name that is too long for a picture.
func clip(name string, most int) string {
	if utf8.RuneCountInString(name) <= most {
		return name
	}
	runes := []rune(name)
	return strings.TrimSpace(string(runes[:most-1])) + "…"
}

// wide estimates how wide a text is, in hundredths of its size.
func wide(text string) int {
	n := 0
	for _, r := range text {
		if r < 0x1100 {
			n += 58
		} else {
			n += 100
		}
	}
	return n
}
