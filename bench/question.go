package main

import "hash/fnv"

// asked is what a question wants to know.
type asked int

const (
	counted   asked = iota // how many have a value from lo to hi
	summed                 // the sum of the values over the fifth
	quantiled              // the median and the 0.9 quantile over the fifth
	topped                 // the ten greatest values of the fifth and whose they are
	grouped                // how many of the fifth there are in each group, and the sum of their values
)

// question is one question to a population, in words that every engine can put in its own.
type question struct {
	name   string
	asked  asked
	column string   // counted: "value" or "seen"
	lo, hi int64    // counted: both included
	by     []string // grouped: one attribute or two
	sums   bool     // grouped: the sums too, not the counts alone
}

// shares are the quantiles that are asked for, and topCount is how many of the
// greatest.
var shares = [2]float64{0.5, 0.9}

const topCount = 10

// digest reduces an answer of several numbers to one that can be compared.
func digest(numbers ...uint64) uint64 {
	h := newDigest()
	for _, n := range numbers {
		h.add(n)
	}
	return h.sum()
}

// digester takes the numbers of an answer one by one.
type digester struct {
	state interface {
		Write(p []byte) (int, error)
		Sum64() uint64
	}
	buf [8]byte
}

func newDigest() *digester { return &digester{state: fnv.New64a()} }

func (d *digester) add(n uint64) {
	for i := range d.buf {
		d.buf[i] = byte(n >> (8 * i))
	}
	_, _ = d.state.Write(d.buf[:]) // a hash takes everything
}

func (d *digester) sum() uint64 { return d.state.Sum64() }
