package idlist

import (
	"bytes"
	"context"
	"io"
)

// endSlack is what is kept of a line whose end was not read, beyond the longest one:
// so much that it stays too long when "\r" is taken for a part of its end.
const endSlack = 2

// blocks cuts a text into blocks of whole lines. It stops at a line that is too long, so
// memory does not depend on the text.
type blocks struct {
	text  *source
	keep  int    // from so many bytes on a line is too long, whatever ends it
	carry []byte // the begin of a line whose end was not read yet
	err   error  // what ended the text, io.EOF or a fault
}

func newBlocks(text *source, longest int) *blocks {
	return &blocks{text: text, keep: longest + endSlack, carry: make([]byte, 0, longest+endSlack)}
}

// next reads the next block into buf, which must be longer than the longest line and
// its end. It returns whole lines, of which only the last one of a text may lack its
// newline, or the error that ended the text. Unlike the bytes of the reader its
// cuts do not vary. After an end of the context buf may still be written to.
func (b *blocks) next(ctx context.Context, buf []byte) ([]byte, error) {
	if b.err != nil {
		return nil, b.err
	}
	if b.err = ctx.Err(); b.err != nil {
		return nil, b.err
	}
	held := copy(buf, b.carry)
	var n int
	n, b.err = b.text.fill(ctx, buf[held:])
	text := buf[:held+n]
	if b.err == io.EOF && len(text) > 0 {
		return text, nil
	}
	end := bytes.LastIndexByte(text, '\n') + 1
	rest := text[end:]
	if len(rest) >= b.keep { // which goes before what ended the text
		b.err = ErrLongLine
	}
	if end == 0 {
		return nil, b.err
	}
	if b.err == nil {
		b.carry = append(b.carry[:0], rest...)
	}
	return text[:end], nil
}
