package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// newTerminal makes a terminal: what is typed into the keyboard is read from it, and
// what it shows is read from the keyboard's end.
func newTerminal(t *testing.T) (keyboard, terminal *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("this system gives out no pseudo-terminals: %v", err)
	}
	t.Cleanup(func() { keyboard.Close() })
	if err := unix.IoctlSetPointerInt(int(keyboard.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(keyboard.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	size := &unix.Winsize{Row: 24, Col: 80}
	if err := unix.IoctlSetWinsize(int(terminal.Fd()), unix.TIOCSWINSZ, size); err != nil {
		t.Fatal(err)
	}
	return keyboard, terminal
}

// TestTerminal_is_given_back has the program end in every way that it may, on a terminal
// that is afterwards as it was.
func TestTerminal_is_given_back(t *testing.T) {
	tests := []struct {
		name string
		end  func(keyboard *os.File, interrupt func())
	}{
		{"q", func(k *os.File, _ func()) { k.WriteString("q") }},
		{"control c", func(k *os.File, _ func()) { k.WriteString("\x03") }},
		{"a signal", func(_ *os.File, interrupt func()) { interrupt() }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			keyboard, terminal := newTerminal(t)
			before, err := term.GetState(int(terminal.Fd()))
			if err != nil {
				t.Fatal(err)
			}
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			// Once the last line is there it is time to end.
			var shown bytes.Buffer
			var reading sync.WaitGroup
			reading.Go(func() {
				buf, ended := make([]byte, 1<<14), false
				for !strings.Contains(shown.String(), "\x1b[?1049l") {
					n, err := keyboard.Read(buf)
					if err != nil {
						return
					}
					shown.Write(buf[:n])
					if !ended && strings.Contains(shown.String(), "slower") {
						ended = true
						tt.end(keyboard, interrupt)
					}
				}
			})
			var errs bytes.Buffer
			if code := run(ctx, []string{"--people", "50", "--days", "1"}, terminal, terminal, &errs); code != exitOK {
				t.Errorf("exit status %d: %s", code, errs.String())
			}
			reading.Wait()
			if !strings.HasPrefix(shown.String(), "\x1b[?1049h") {
				t.Errorf("it begins with %.20q", shown.String())
			}
			if !strings.HasSuffix(shown.String(), "\x1b[?25h\x1b[?1049l") {
				t.Errorf("it does not end with the cursor and the other screen: %q", shown.String()[max(0, shown.Len()-40):])
			}
			if after, err := term.GetState(int(terminal.Fd())); err != nil || *after != *before {
				t.Errorf("the terminal is not as it was: %v", err)
			}
		})
	}
}
