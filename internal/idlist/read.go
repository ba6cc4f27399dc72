package idlist

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
)

// piece is a block on its way to a parser.
type piece struct {
	text []byte
	line uint32 // its first line, counted from 0
}

// reading reads a list once and parses it on several goroutines.
type reading struct {
	opts  *Options
	sizes sizes
	parts *partitions
	sheet *sheet // nil if no verdicts are asked for
	kinds detected
	lines int64
}

// run reads the list to its end and fills the partitions. It returns the report as far
// as parsing can tell.
func (r *reading) run(ctx context.Context, list io.Reader) (Report, error) {
	inner, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r.kinds.lines = noLines()
	parsers := make([]*parser, r.sizes.workers)
	pieces := make(chan piece)
	buffers := make(chan []byte, r.sizes.workers+1)
	for range cap(buffers) {
		buffers <- nil
	}
	var running sync.WaitGroup
	for i := range parsers {
		p := newParser(r.opts, r.sizes, r.parts, r.sheet, &r.kinds)
		parsers[i] = p
		running.Go(func() {
			for b := range pieces {
				if p.err == nil && p.parse(b.text, b.line) != nil {
					stop(p.err)
				}
				buffers <- b.text[:cap(b.text)]
			}
			if err := p.finish(); err != nil {
				stop(err)
			}
		})
	}
	readFault := func() error {
		defer running.Wait() // also where the reader panics
		defer close(pieces)
		return r.feed(inner, list, buffers, pieces)
	}()
	r.parts.free = nil
	if err := ctx.Err(); err != nil {
		return Report{}, err
	}
	if err := context.Cause(inner); err != nil {
		return Report{}, err
	}
	// What parsing finds lies before the place where reading ended.
	if fault := r.kinds.fault(r.opts); fault != nil {
		return Report{}, fault
	}
	if readFault != nil {
		return Report{}, readFault
	}
	report := r.report(parsers)
	return report, r.empty(&report)
}

// empty returns an error for a list without an identifier, which is no list that
// somebody meant to give.
func (r *reading) empty(report *Report) error {
	switch {
	case r.kinds.lines.first() != Auto:
		return nil
	case len(report.Faults) > 0:
		first := &report.Faults[0]
		return &LineError{Line: first.Line, Err: fmt.Errorf("%w, this one because: %w", ErrNoIdentifier, first.Err)}
	case report.Count(Blocked) > 0:
		return r.faultAt(fmt.Errorf("the list ends, and %w that is not blocked", ErrNoIdentifier))
	default:
		return r.faultAt(fmt.Errorf("the list is empty: %w", ErrNoIdentifier))
	}
}

// feed cuts the list into pieces until it ends or is refused.
func (r *reading) feed(ctx context.Context, list io.Reader, buffers chan []byte, pieces chan<- piece) error {
	text := newSource(list)
	defer text.close()
	blocks := newBlocks(text, r.sizes.line)
	for !r.kinds.settled.Load() {
		buf := <-buffers
		if buf == nil {
			buf = make([]byte, r.sizes.block)
		}
		block, err := blocks.next(ctx, buf)
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return r.faultAt(err)
		}
		first := r.lines
		r.lines += countLines(block)
		tooLong := r.lines > r.opts.MaxLines
		if tooLong { // what is wrong with an earlier line goes before
			r.lines = r.opts.MaxLines
			block = firstLinesOf(block, r.lines-first)
		}
		r.sheet.grow(r.lines)
		pieces <- piece{text: block, line: uint32(first)}
		if tooLong {
			return r.faultAt(fmt.Errorf("%w: the most is %d", ErrTooManyLines, r.opts.MaxLines))
		}
	}
	return nil
}

// firstLinesOf returns the first n lines of a block that has more.
func firstLinesOf(block []byte, n int64) []byte {
	end := 0
	for range n {
		end += bytes.IndexByte(block[end:], '\n') + 1
	}
	return block[:end]
}

// faultAt names the line that was being read.
func (r *reading) faultAt(err error) error { return &LineError{Line: r.lines + 1, Err: err} }

// countLines returns the number of lines of a block. The last one of a text may lack
// its newline.
func countLines(block []byte) int64 {
	n := int64(bytes.Count(block, []byte{'\n'}))
	if block[len(block)-1] != '\n' {
		n++
	}
	return n
}

// report adds up what the parsers counted.
func (r *reading) report(parsers []*parser) Report {
	report := Report{Kind: r.opts.Kind, Lines: r.lines}
	if report.Kind == Auto {
		report.Kind = r.kinds.lines.first()
	}
	for _, p := range parsers {
		for v, n := range p.counts {
			report.counts[v] += n
		}
		report.Faults = append(report.Faults, p.faults...)
	}
	report.Faults = firstFaults(report.Faults)
	return report
}
