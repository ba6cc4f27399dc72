package idlist

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// noLine stands for a kind of which no line was seen.
const noLine = -1

// firstLines holds the first line of each kind, counted from 0.
type firstLines [SHA256 + 1]int64

func noLines() (f firstLines) {
	for k := range f {
		f[k] = noLine
	}
	return f
}

// note keeps the lesser of two lines.
func (f *firstLines) note(kind Kind, line int64) {
	if f[kind] == noLine || line < f[kind] {
		f[kind] = line
	}
}

// first returns the kind of the first line, or Auto if there is none.
func (f *firstLines) first() (kind Kind) {
	for k := Plain; k <= SHA256; k++ {
		if f[k] != noLine && (kind == Auto || f[k] < f[kind]) {
			kind = k
		}
	}
	return kind
}

// detected tells the kind of a list from what its lines are. Blocks are parsed in any
// order; that no verdict depends on it follows from taking the least lines, and from
// parsing every block that was read before the one that settled it.
type detected struct {
	settled atomic.Bool // the list is refused, there is no need to read on
	mu      sync.Mutex  // guards lines
	lines   firstLines
}

// merge takes in what one block held.
func (d *detected) merge(opts *Options, block *firstLines) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for k, line := range block {
		if line != noLine {
			d.lines.note(Kind(k), line)
		}
	}
	if d.fault(opts) != nil {
		d.settled.Store(true)
	}
}

// fault says why the lines are no list that can be matched, nil if they are.
func (d *detected) fault(opts *Options) error {
	kind := d.lines.first()
	if kind == Auto {
		return nil
	}
	if !opts.indexed(kind) {
		return &LineError{Line: d.lines[kind] + 1, Err: fmt.Errorf("%s: %w", kind, ErrNotIndexed)}
	}
	others := d.lines
	others[kind] = noLine
	if other := others.first(); other != Auto {
		return &LineError{
			Line: others[other] + 1,
			Err:  fmt.Errorf("%w: it is %s, line %d is %s", ErrMixedKinds, other, d.lines[kind]+1, kind),
		}
	}
	return nil
}
