package linkage

import "strconv"

// date is a calendar day as it was written: parts that are not known are 0, and
// parts that cannot be (a month of 81) are kept, since they are slips of ones that
// can.
type date struct {
	year, month, day int
	digits           word // All digits, year first, of a date with all parts.
}

// full reports whether all parts are known.
func (d *date) full() bool { return d.year != 0 && d.month != 0 && d.day != 0 }

// dateOrder is the order in which dates are written.
type dateOrder uint8

const (
	yearFirst dateOrder = iota
	dayFirst
	monthFirst
)

// parseDate reads the digits of a date in an order, with or without separators: a
// day, a month or a year alone is a year. It reports false if there are no digits
// that could be one. A part of four digits is the year wherever it stands.
func parseDate(s string, order dateOrder) (date, bool) {
	var parts [3]int
	var lens [3]int
	n := 0
	for i := 0; i < len(s); {
		if s[i] < '0' || s[i] > '9' {
			if i > 0 && n > 0 && s[i] != 'T' && n == 3 {
				break
			}
			i++
			continue
		}
		if n == 3 {
			break // A time of day follows.
		}
		start := i
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		if i-start > 8 {
			return date{}, false
		}
		parts[n], _ = strconv.Atoi(s[start:i])
		lens[n] = i - start
		n++
	}
	switch {
	case n == 1:
		return parseDigits(parts[0], lens[0], order)
	case n == 2 && lens[0] == 4:
		return date{year: parts[0], month: parts[1]}, parts[0] != 0
	case n == 2 && lens[1] == 4:
		return date{year: parts[1], month: parts[0]}, parts[1] != 0
	case n != 3 || max(lens[0], lens[1], lens[2]) > 4:
		return date{}, false
	}
	d := date{year: parts[0], month: parts[1], day: parts[2]}
	switch {
	case lens[0] == 4:
	case order == monthFirst:
		d = date{year: parts[2], month: parts[0], day: parts[1]}
	case order == dayFirst || lens[2] == 4:
		d = date{year: parts[2], month: parts[1], day: parts[0]}
	}
	return d, d.year != 0 && d.month < 100 && d.day < 100
}

// parseDigits reads a date without separators: eight, six (a year and a month) or
// four digits (a year).
func parseDigits(n, digits int, order dateOrder) (date, bool) {
	var d date
	switch {
	case digits == 4:
		d.year = n
	case digits == 6 && order == yearFirst:
		d = date{year: n / 100, month: n % 100}
	case digits == 8 && order == yearFirst:
		d = date{year: n / 10000, month: n / 100 % 100, day: n % 100}
	case digits == 8 && order == dayFirst:
		d = date{year: n % 10000, month: n / 10000 % 100, day: n / 1000000}
	case digits == 8:
		d = date{year: n % 10000, month: n / 1000000, day: n / 10000 % 100}
	}
	return d, d.year != 0
}

// appendTo appends the parts that are known: year, month and day with hyphens.
func (d *date) appendTo(dst []byte) []byte {
	dst = appendPadded(dst, d.year, 4)
	if d.month != 0 {
		dst = appendPadded(append(dst, '-'), d.month, 2)
		if d.day != 0 {
			dst = appendPadded(append(dst, '-'), d.day, 2)
		}
	}
	return dst
}

// appendPadded appends n with at least that many digits.
func appendPadded(dst []byte, n, digits int) []byte {
	for limit := 10; digits > 1; digits, limit = digits-1, limit*10 {
		if n < limit {
			for range digits - 1 {
				dst = append(dst, '0')
			}
			break
		}
	}
	return strconv.AppendInt(dst, int64(n), 10)
}
