package idlist

import (
	"bytes"
	"errors"
	"runtime"
	"unicode/utf8"
)

// smallChunk is the room a worker begins with in a partition, for short lists.
const smallChunk = 32

// parser turns the lines of blocks into records. It serves one goroutine, which
// gives it the blocks in the order of the list.
type parser struct {
	opts  *Options
	sizes sizes
	parts *partitions
	sheet *sheet
	kinds *detected

	maker  maker
	plain  Kind // the kind that plain values are hashed with
	last   Kind // the kind of hash that the next line is expected to be, Auto for none
	block  firstLines
	broken *LineError // the first line of the block that no list holds, if there is one
	open   [partitionCount][]record
	counts [verdicts]int64
	faults []LineError
	err    error // of the temporary file
}

func newParser(opts *Options, sz sizes, parts *partitions, sh *sheet, kinds *detected) *parser {
	p := &parser{opts: opts, sizes: sz, parts: parts, sheet: sh, kinds: kinds, maker: maker{keys: opts.Keys}}
	p.plain, _ = opts.Keys.strongest()
	if opts.Kind.digestLen() > 0 {
		p.last = opts.Kind
	}
	return p
}

// parse takes in a block that begins with a line, counted from 0.
func (p *parser) parse(text []byte, line uint32) error {
	p.block, p.broken = noLines(), nil
	text, binary := beforeZero(text)
	if line == 0 && p.opts.Format.Header && len(text) > 0 {
		var head []byte
		head, text, _ = bytes.Cut(text, []byte{'\n'})
		if len(withoutReturn(head)) > p.sizes.line {
			p.refuse(line, ErrLongLine)
		}
		p.judge(0, Skipped)
		line++
	}
	for n := 1; len(text) > 0 && p.err == nil && p.broken == nil; line, n = line+1, n+1 {
		if n%checkEvery == 0 {
			runtime.Gosched()
		}
		if rest, ok := p.digestLine(text, line); ok {
			text = rest
			continue
		}
		var l []byte
		l, text, _ = bytes.Cut(text, []byte{'\n'})
		v, err := p.opts.Format.field(l, p.sizes.line)
		switch {
		case errors.Is(err, ErrLongLine):
			p.refuse(line, err)
		case err != nil:
			p.invalid(line, err)
		case len(v) == 0:
			p.judge(line, Skipped)
		default:
			p.value(v, line)
		}
	}
	switch {
	case binary == nil || p.broken != nil:
	case len(withoutReturn(binary)) > p.sizes.line:
		p.refuse(line, ErrLongLine)
	default:
		p.refuse(line, ErrBinary)
	}
	p.kinds.merge(p.opts, &p.block, p.broken)
	return p.err
}

// beforeZero returns the lines of a block before the first one that holds a zero byte,
// and that line, without its newline; nil where there is none.
func beforeZero(text []byte) (before, line []byte) {
	head, _, ok := bytes.Cut(text, []byte{0})
	if !ok {
		return text, nil
	}
	begin := bytes.LastIndexByte(head, '\n') + 1
	line, _, _ = bytes.Cut(text[begin:], []byte{'\n'})
	return text[:begin], line
}

// refuse says of a line that no list holds it, which ends the list.
func (p *parser) refuse(line uint32, why error) {
	p.broken = &LineError{Line: int64(line) + 1, Err: why}
}

// digestLine takes in a line that is nothing but the digest that is expected, as
// nearly all lines of a hashed list are, and returns the lines after it.
func (p *parser) digestLine(text []byte, line uint32) ([]byte, bool) {
	n := p.last.digestLen()
	if n == 0 || len(text) <= 2*n || p.opts.Format.Column != 0 {
		return nil, false
	}
	after := text[2*n:]
	if after[0] == '\r' && len(after) > 1 {
		after = after[1:]
	}
	if after[0] != '\n' || !decodeHex(p.maker.digest[:n], text) {
		return nil, false
	}
	p.hashed(p.last, line)
	return after[1:], true
}

// value takes in a line's identifier.
func (p *parser) value(v []byte, line uint32) {
	kind := p.opts.Kind
	if kind == Plain {
		p.plainValue(v, line)
		return
	}
	width, isHash := kindOfWidth(len(v))
	if isHash && (kind == Auto || kind == width) && decodeHex(p.maker.digest[:width.digestLen()], v) {
		p.last = width
		p.hashed(width, line)
		return
	}
	if kind != Auto && isHash && isHex(v) {
		p.block.note(width, int64(line)) // the list is refused
		return
	}
	p.plainValue(v, line)
}

// hashed takes in the digest that lies in the maker.
func (p *parser) hashed(kind Kind, line uint32) {
	p.block.note(kind, int64(line))
	if !p.opts.indexed(kind) {
		return // the list is refused
	}
	p.emit(p.maker.ofDigest(kind), line)
}

// plainValue takes in an identifier that is not hashed. What no identifier of the
// namespace looks like tells nothing of the list, unless it is a digest.
func (p *parser) plainValue(v []byte, line uint32) {
	value, err := p.normal(v)
	switch width, isHash := kindOfWidth(len(v)); {
	case errors.Is(err, ErrBlocked):
		p.judge(line, Blocked)
		return
	case err != nil && p.opts.Kind == Plain && isHash && isHex(v):
		p.block.note(width, int64(line)) // the list is refused
		return
	case err != nil && p.opts.Kind.digestLen() > 0 && !errors.Is(err, errUTF8):
		p.invalid(line, errNotHash)
		return
	case err != nil:
		p.invalid(line, err)
		return
	}
	p.block.note(Plain, int64(line))
	if p.opts.Kind.digestLen() > 0 {
		return // the list is refused
	}
	if p.opts.Plain != nil {
		p.emit(p.opts.Plain(value), line)
	} else {
		p.emit(p.maker.ofValue(p.plain, value), line)
	}
}

// normal returns the spelling of a plain value that the index was built from.
func (p *parser) normal(v []byte) (string, error) {
	if !utf8.Valid(v) {
		return "", errUTF8
	}
	if p.opts.Normalize == nil {
		return string(v), nil
	}
	value, err := p.opts.Normalize(string(v))
	if err == nil && value == "" {
		err = errEmpty
	}
	return value, err
}

// emit adds a record to its partition. A line that repeats what this partition was
// given last is told at once: lists that repeat one identifier endlessly would
// otherwise fill it.
func (p *parser) emit(t Token, line uint32) {
	if p.opts.Blocked != nil && p.opts.Blocked(t) {
		p.judge(line, Blocked)
		return
	}
	r := newRecord(&t, line)
	rs := p.open[t[0]]
	n := len(rs)
	if n > 0 && rs[n-1].t == r.t {
		p.judge(line, Duplicate)
		return
	}
	if n == cap(rs) {
		rs = p.room(t[0], rs)
	}
	p.open[t[0]] = append(rs, r)
}

// room returns the records of a partition with room for one more: they are handed
// over once they fill a chunk.
func (p *parser) room(part byte, rs []record) []record {
	if cap(rs) < p.sizes.chunk {
		more := make([]record, len(rs), min(max(2*cap(rs), smallChunk), p.sizes.chunk))
		copy(more, rs)
		return more
	}
	if p.err = p.parts.push(part, rs); p.err != nil {
		return rs[:0]
	}
	return p.parts.empty()
}

// finish hands over what no chunk was filled with.
func (p *parser) finish() error {
	for part, rs := range p.open {
		if len(rs) == 0 || p.err != nil {
			continue
		}
		p.err = p.parts.push(byte(part), rs)
		p.open[part] = nil
	}
	return p.err
}

// judge gives a line its verdict.
func (p *parser) judge(line uint32, v Verdict) {
	p.counts[v]++
	p.sheet.set(line, v)
}

// invalid gives a line its verdict and says why, of the first such lines.
func (p *parser) invalid(line uint32, why error) {
	p.judge(line, Invalid)
	if len(p.faults) < maxFaults {
		p.faults = append(p.faults, LineError{Line: int64(line) + 1, Err: why})
	}
}
