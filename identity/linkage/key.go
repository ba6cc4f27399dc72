package linkage

import (
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"
)

// key is a compiled blocking key: parts that must all be there.
type key struct {
	text  string
	parts []*term
}

// term is one expression: a column, or a function of expressions.
type term struct {
	column int // The clean column, -1 for a function.
	name   string
	apply  func(values []string, dst []string) []string
	args   []*term
}

// maxKeyValues bounds how many values a key may give for one record.
const maxKeyValues = 256

// columns appends the columns that a key reads, each once.
func (k *key) columns(dst []int) []int {
	for _, p := range k.parts {
		dst = p.columns(dst)
	}
	return dst
}

func (t *term) columns(dst []int) []int {
	if t.column >= 0 && !slices.Contains(dst, t.column) {
		dst = append(dst, t.column)
	}
	for _, a := range t.args {
		dst = a.columns(dst)
	}
	return dst
}

// values appends the values of an expression for one record: none if a column that
// it needs is missing.
func (t *term) values(cell func(column int) string, dst []string) []string {
	if t.column >= 0 {
		if v := cell(t.column); v != "" {
			dst = append(dst, v)
		}
		return dst
	}
	var in []string
	for _, a := range t.args {
		in = a.values(cell, in)
	}
	return t.apply(in, dst)
}

// hashes appends the hash of each value of a key for one record. seed tells the
// keys of a configuration apart.
func (k *key) hashes(seed uint64, part func(p int, dst []uint64) []uint64, dst []uint64) []uint64 {
	start := len(dst)
	dst = append(dst, seed)
	var buf [16]uint64
	for p := range k.parts {
		found := part(p, buf[:0])
		if len(found) == 0 || (len(dst)-start)*len(found) > maxKeyValues {
			return dst[:start]
		}
		// All combinations of what the parts before gave with what this one gives.
		before := len(dst)
		for _, f := range found[1:] {
			for _, h := range dst[start:before] {
				dst = append(dst, combine(h, f))
			}
		}
		for i, h := range dst[start:before] {
			dst[start+i] = combine(h, found[0])
		}
	}
	return dst
}

// combine returns a hash of two hashes that is never 0.
func combine(a, b uint64) uint64 {
	var buf [16]byte
	binary.LittleEndian.PutUint64(buf[:], a)
	binary.LittleEndian.PutUint64(buf[8:], b)
	return max(1, xxhash.Sum64(buf[:]))
}

// keyFunctions are the functions of blocking keys that map one value to others. n
// is the number that was given, 0 if none is taken.
var keyFunctions = map[string]struct {
	number bool
	each   func(s string, n int, dst []string) []string
}{
	"prefix":   {true, func(s string, n int, dst []string) []string { return some(firstOf(s, n), dst) }},
	"suffix":   {true, func(s string, n int, dst []string) []string { return some(lastOf(s, n), dst) }},
	"soundex":  {false, func(s string, _ int, dst []string) []string { return some(soundex(s), dst) }},
	"skeleton": {false, func(s string, _ int, dst []string) []string { return some(skeleton(s), dst) }},
	"words":    {false, func(s string, _ int, dst []string) []string { return append(dst, strings.Fields(s)...) }},
	"local":    {false, func(s string, _ int, dst []string) []string { return some(localPart(s), dst) }},
	"digits":   {false, func(s string, _ int, dst []string) []string { return some(keepDigits(s), dst) }},
	"slips":    {false, slips},
}

func some(s string, dst []string) []string {
	if s != "" {
		dst = append(dst, s)
	}
	return dst
}

// slips appends s and s without each one of its characters: two texts that are one
// slip apart share one of them.
func slips(s string, _ int, dst []string) []string {
	dst = append(dst, s)
	if len(s) > 64 {
		return dst
	}
	for i := 0; i < len(s); {
		_, size := utf8.DecodeRuneInString(s[i:])
		if rest := s[:i] + s[i+size:]; rest != "" {
			dst = append(dst, rest)
		}
		i += size
	}
	return dst
}

// sortedWords returns all words of some texts, sorted.
func sortedWords(in, dst []string) []string {
	var words []string
	for _, s := range in {
		words = append(words, strings.Fields(s)...)
	}
	slices.Sort(words)
	return some(strings.Join(words, " "), dst)
}

// dateParts are the functions of a date.
var dateParts = map[string]func(d *date) string{
	"year":    func(d *date) string { return part(d.year, 4) },
	"month":   func(d *date) string { return part(d.month, 2) },
	"day":     func(d *date) string { return part(d.day, 2) },
	"yearday": func(d *date) string { return part(d.month*100+d.day, 4) },
}

func part(n, digits int) string {
	if n == 0 {
		return ""
	}
	return string(appendPadded(nil, n, digits))
}

// appendHashes appends the hash of each value.
func appendHashes(dst []uint64, values []string) []uint64 {
	for _, v := range values {
		dst = append(dst, xxhash.Sum64String(v))
	}
	return dst
}
