package export

import (
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/portraitdb/portrait/profile"
)

// defaultFlushBytes is what Options.FlushBytes is by default.
const defaultFlushBytes = 64 << 10

// format is what sets one kind of file apart from another.
type format struct {
	// layout names it, with its columns.
	layout string
	// header begins the file.
	header []byte
	// rows appends the rows of a profile, and counts them and what it left out.
	rows func(dst []byte, p *profile.Profile, done *Progress) ([]byte, error)
}

// run is one export under way.
type run struct {
	w    io.Writer
	opts Options
	buf  []byte
	// written is what is in the file, done counts what is in buf too.
	written, done Progress
	// last is the ID of the profile that came last, if any came. The profile itself may be
	// another one by now: a sequence may yield the same memory again.
	last profile.ID
	came bool
}

// write is the way of every format.
func (f *format) write(w io.Writer, profiles iter.Seq2[*profile.Profile, error], opts *Options) (Progress, error) {
	r := run{w: w}
	if opts != nil {
		r.opts = *opts
	}
	if r.opts.FlushBytes <= 0 {
		r.opts.FlushBytes = defaultFlushBytes
	}
	after := opts.begun()
	switch {
	case w == nil:
		return after, errors.New("export: there is nothing to write to: the writer is nil")
	case profiles == nil:
		return after, errors.New("export: there are no profiles to write: the sequence is nil")
	case after == Progress{}:
	case after.Unordered:
		return after, errors.New("export: to be continued, but its profiles did not come in ascending order")
	case after.Layout != f.layout:
		return after, fmt.Errorf("export: to be continued, but as %s, and it was begun as %s", f.layout, after.Layout)
	}
	r.written, r.done = after, after
	r.done.Layout = f.layout
	if after.Bytes == 0 {
		r.buf = append(r.buf, f.header...)
	}
	for p, err := range profiles {
		if err != nil {
			err = fmt.Errorf("export: after %d profiles: %w", r.done.Profiles, err)
		} else {
			err = r.add(f, p)
		}
		if err != nil {
			err = errors.Join(err, r.flush())
			return r.written, err
		}
		if len(r.buf) < r.opts.FlushBytes {
			continue
		}
		if err := r.flush(); err != nil {
			return r.written, err
		}
	}
	err := r.flush()
	return r.written, err
}

// add takes in one profile.
func (r *run) add(f *format, p *profile.Profile) error {
	if p == nil {
		return errors.New("export: the sequence yielded a nil profile")
	}
	next, before, unordered := r.done, r.last, r.came && p.ID <= r.last
	r.last, r.came = p.ID, true
	if unordered {
		if r.opts.Flushed != nil || r.opts.After != (Progress{}) {
			return fmt.Errorf("export: profile %d comes after %d: to be continued, profiles must ascend", p.ID, before)
		}
		next.Unordered = true
	}
	if r.opts.After.Profiles > 0 && p.ID <= r.opts.After.Last {
		return nil
	}
	buf, err := f.rows(r.buf, p, &next)
	if err != nil {
		return fmt.Errorf("export: profile %d: %w", p.ID, err)
	}
	next.Last = p.ID
	next.Profiles++
	r.buf, r.done = buf, next
	return nil
}

// flush writes what was gathered. A failed write may leave part of a row behind, which
// the length of what is written in whole does not count.
func (r *run) flush() error {
	if len(r.buf) > 0 {
		n, err := r.w.Write(r.buf)
		if err == nil && n < len(r.buf) {
			err = io.ErrShortWrite
		}
		if err != nil {
			return fmt.Errorf("export: writing after %d bytes: %w", r.written.Bytes, err)
		}
		r.done.Bytes += uint64(len(r.buf))
		r.buf = r.buf[:0]
	}
	if r.done == r.written {
		return nil
	}
	r.written = r.done
	if r.opts.Flushed == nil {
		return nil
	}
	return r.opts.Flushed(r.written)
}
