package main

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// decimal is a number as a price list writes it: exact, where a float64 is not.
type decimal struct {
	digits int64
	places int // behind the point
}

func parseDecimal(s string) (decimal, error) {
	whole, fraction, _ := strings.Cut(s, ".")
	if strings.ContainsAny(fraction, "+-") {
		return decimal{}, fmt.Errorf("%.40q is no decimal", s)
	}
	fraction = strings.TrimRight(fraction, "0")
	digits, err := strconv.ParseInt(whole+fraction, 10, 64)
	if err != nil {
		return decimal{}, fmt.Errorf("%.40q is no decimal of at most 18 digits", s)
	}
	return decimal{digits, len(fraction)}, nil
}

// times returns the exact product.
func (d decimal) times(o decimal) (decimal, error) {
	hi, lo := bits.Mul64(abs(d.digits), abs(o.digits))
	if hi != 0 || lo > math.MaxInt64 {
		return decimal{}, fmt.Errorf("%s times %s is too large", d, o)
	}
	digits := int64(lo)
	if (d.digits < 0) != (o.digits < 0) {
		digits = -digits
	}
	return decimal{digits, d.places + o.places}, nil
}

func abs(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// String writes the decimal in full.
func (d decimal) String() string {
	s := strconv.FormatUint(abs(d.digits), 10)
	if d.places > 0 {
		s = strings.Repeat("0", max(0, d.places+1-len(s))) + s
		s = s[:len(s)-d.places] + "." + s[len(s)-d.places:]
	}
	if d.digits < 0 {
		s = "-" + s
	}
	return s
}

// float returns the number nearest to the decimal. A store rounds it to six
// decimals on entry and so gets the decimal back.
func (d decimal) float() float64 {
	// The text is well formed, and a decimal of 64 bits is within range.
	f, _ := strconv.ParseFloat(d.String(), 64)
	return f
}
