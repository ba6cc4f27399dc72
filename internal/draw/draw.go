// Package draw divides people by lot: for each salt anew, evenly, and always alike.
package draw

import (
	"math/bits"

	"github.com/cespare/xxhash/v2"

	"github.com/portraitdb/portrait/profile"
)

// Key returns the lot of an identifier before it is salted: xxHash64 of the namespace,
// a zero byte and the value.
func Key(id profile.Identifier) uint64 {
	var d xxhash.Digest
	d.Reset()
	_, _ = d.WriteString(id.Namespace) // which never fails
	_, _ = d.WriteString("\x00")
	_, _ = d.WriteString(id.Value)
	return d.Sum64()
}

// Salt returns what a salt stands for: xxHash64 of its text.
func Salt(text string) uint64 { return xxhash.Sum64String(text) }

// Salted returns the lot of a key under a salt, which tells nothing of its lot under
// another: the finalizer of SplitMix64, twice.
func Salted(key, salt uint64) uint64 { return mix(mix(key^salt) + salt) }

func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// Fraction returns a lot as a number from 0 to below 1.
func Fraction(lot uint64) float64 { return float64(lot>>11) / (1 << 53) }

// Bucket returns which of n equal parts, from 1 on, a lot falls into. Of the
// fractions from 0 to 1 the first n-th falls into the first.
func Bucket(lot uint64, n int) int {
	hi, _ := bits.Mul64(lot, uint64(n))
	return 1 + int(hi)
}
