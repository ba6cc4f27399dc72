package idlist

import (
	"context"
	"errors"
	"io"
)

// errGone is what a reader leaves that ends the goroutine it is called on.
var errGone = errors.New("the reader ended its goroutine")

// source reads the text of a list on a goroutine of its own, so that who waits for it
// can give up while a Read hangs. It serves one goroutine.
type source struct {
	ask chan []byte
	got chan pulled // room for one: an answer that nobody waits for holds nobody up
}

// pulled is what came of filling a buffer.
type pulled struct {
	n     int
	err   error
	panic any // what the reader panicked with
}

// newSource begins the goroutine, which ends after close, once a Read that hangs returns.
func newSource(list io.Reader) *source {
	s := &source{ask: make(chan []byte), got: make(chan pulled, 1)}
	go s.serve(list)
	return s
}

func (s *source) serve(list io.Reader) {
	var text io.Reader
	for buf := range s.ask {
		s.pull(list, &text, buf)
	}
}

// pull fills a buffer from the text, which it opens at first.
func (s *source) pull(list io.Reader, text *io.Reader, buf []byte) {
	out := pulled{err: errGone}
	defer func() {
		out.panic = recover()
		s.got <- out
	}()
	if *text == nil {
		if *text, out.err = openText(list); out.err != nil {
			return
		}
	}
	out.err = errGone
	n, err := fill(*text, buf)
	out = pulled{n: n, err: err}
}

// fill reads until a buffer is full, as the function of that name does. It returns the
// context's error once that ends; the buffer may be written to even then. It panics with
// what the reader panics with. After an error there is no other call.
func (s *source) fill(ctx context.Context, buf []byte) (int, error) {
	s.ask <- buf
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case out := <-s.got:
		if out.panic != nil {
			panic(out.panic)
		}
		return out.n, out.err
	}
}

func (s *source) close() { close(s.ask) }
