package idlist

import (
	"bytes"
	"context"
	"io"
)

// endSlack is what is kept of a line whose end was not read, beyond the longest one:
// so much that it stays too long when "\r" is taken for a part of its end.
const endSlack = 2

// blocks cuts a text into blocks of whole lines. Of a line that is too long only the
// begin is held, so memory does not depend on the text.
type blocks struct {
	r     io.Reader
	keep  int    // bytes kept of a line whose end was not read yet
	carry []byte // these bytes
	err   error  // what ended the text, io.EOF or a fault
}

func newBlocks(r io.Reader, longest int) *blocks {
	keep := longest + endSlack
	return &blocks{r: r, keep: keep, carry: make([]byte, 0, keep)}
}

// next reads the next block into buf, which must be longer than what is kept of a
// line. It returns whole lines, of which only the last one of a text may lack its
// newline, or the error that ended the text. Unlike the bytes of the reader its
// cuts do not vary.
func (b *blocks) next(ctx context.Context, buf []byte) ([]byte, error) {
	for b.err == nil {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		held := copy(buf, b.carry)
		var n int
		n, b.err = fill(b.r, buf[held:])
		text := buf[:held+n]
		if b.err == io.EOF {
			b.carry = b.carry[:0]
			if len(text) > 0 {
				return text, nil
			}
			break
		}
		end := bytes.LastIndexByte(text, '\n') + 1
		rest := text[end:]
		b.carry = append(b.carry[:0], rest[:min(len(rest), b.keep)]...)
		if end > 0 {
			return text[:end], nil
		}
	}
	return nil, b.err
}
