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

// detected tells from the lines of a list of what kind it is, and whether it is one at
// all. Blocks are parsed in any order; that no verdict depends on it follows from taking
// the least lines, and from parsing every block that was read before the one that
// settled it.
type detected struct {
	settled atomic.Bool // the list is refused, there is no need to read on
	mu      sync.Mutex  // guards what follows
	lines   firstLines
	broken  *LineError // the first line that no list holds, if there is one
}

// merge takes in what one block held.
func (d *detected) merge(opts *Options, block *firstLines, broken *LineError) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for k, line := range block {
		if line != noLine {
			d.lines.note(Kind(k), line)
		}
	}
	if d.broken == nil || broken != nil && broken.Line < d.broken.Line {
		d.broken = broken
	}
	if d.fault(opts) != nil {
		d.settled.Store(true)
	}
}

// fault says why the lines are no list that can be matched, of the first line that is at
// fault; nil if they are.
func (d *detected) fault(opts *Options) *LineError {
	kinds := d.kindFault(opts)
	if kinds == nil || d.broken != nil && d.broken.Line < kinds.Line {
		return d.broken
	}
	return kinds
}

// kindFault says what is wrong with the kinds of the lines, nil if nothing is.
func (d *detected) kindFault(opts *Options) *LineError {
	kind, others := opts.Kind, d.lines
	if kind == Auto {
		if kind = d.lines.first(); kind == Auto {
			return nil
		}
		if !opts.indexed(kind) {
			return &LineError{Line: d.lines[kind] + 1, Err: fmt.Errorf("%s: %w", kind, ErrNotIndexed)}
		}
	}
	others[kind] = noLine
	other := others.first()
	if other == Auto {
		return nil
	}
	against := "the list is declared " + kind.String()
	if opts.Kind == Auto {
		against = fmt.Sprintf("line %d is %s", d.lines[kind]+1, kind)
	}
	return &LineError{Line: others[other] + 1, Err: fmt.Errorf("%w: it is %s, %s", ErrMixedKinds, other, against)}
}
