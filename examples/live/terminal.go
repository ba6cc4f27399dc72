package main

import (
	"errors"
	"io"
	"os"

	"golang.org/x/term"
)

// isTerminal reports whether a stream is a terminal, and which.
func isTerminal(stream any) (*os.File, bool) {
	f, ok := stream.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd()))
}

// takeOver makes a terminal a screen to draw on, whose keys come one by one where the
// input is a terminal too. The caller gives it back, whatever happens.
func takeOver(in io.Reader, out *os.File) (keys <-chan byte, giveBack func() error, err error) {
	input, typed := isTerminal(in)
	var before *term.State
	if typed {
		if before, err = term.MakeRaw(int(input.Fd())); err != nil {
			return nil, nil, err
		}
		keys = read(input)
	}
	// The other screen, without a cursor and without wrapping.
	_, err = out.WriteString("\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J")
	giveBack = func() error {
		_, err := out.WriteString("\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l")
		if before != nil {
			err = errors.Join(err, term.Restore(int(input.Fd()), before))
		}
		return err
	}
	if err != nil {
		return nil, nil, errors.Join(err, giveBack())
	}
	return keys, giveBack, nil
}

// read sends what is typed. Reading a terminal cannot be broken off: the goroutine ends
// with the program.
func read(in io.Reader) <-chan byte {
	keys := make(chan byte)
	go func() {
		buf := make([]byte, 16)
		for {
			n, err := in.Read(buf)
			if err != nil {
				return
			}
			if n > 1 && buf[0] == 0x1b {
				continue // An arrow or the like, which means nothing here.
			}
			for _, k := range buf[:n] {
				keys <- k
			}
		}
	}()
	return keys
}

// sizeOf returns how to ask how large a terminal is.
func sizeOf(out *os.File) func() (width, height int) {
	return func() (int, int) {
		width, height, err := term.GetSize(int(out.Fd()))
		if err != nil || width < 1 || height < 1 {
			return 80, 24
		}
		return width, height
	}
}
