package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/portraitdb/portrait/segment"
)

// speeds are the steps of + and -: time of the shop in a second.
var speeds = [...]time.Duration{
	10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute,
	time.Hour, 4 * time.Hour, 24 * time.Hour,
}

const (
	tick = 100 * time.Millisecond // between frames
	busy = 80 * time.Millisecond  // of a tick that the shop may take; else it runs slower
	// exactUpTo is the speed up to which the second of every change is told.
	exactUpTo = 15 * time.Minute
)

// screen shows a shop on a terminal.
type screen struct {
	out    io.Writer
	size   func() (width, height int) // in cells
	keys   <-chan byte
	ticks  <-chan time.Time
	colour bool

	clerk    *clerk
	board    *board
	speed    time.Duration
	paused   bool
	most     int // events in all
	shown    []string
	width    int
	height   int
	turned   int // ticks since the board began a moment
	profiles uint64
}

// loop runs the shop and draws until the keys say so or ctx ends.
func (s *screen) loop(ctx context.Context) error {
	for {
		if err := s.count(ctx); err != nil {
			return err
		}
		if err := s.draw(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case k := <-s.keys:
			if s.press(k) {
				return nil
			}
		case <-s.ticks:
			if err := s.goOn(ctx); err != nil {
				return err
			}
			if s.clerk.events >= s.most {
				return s.draw()
			}
		}
	}
}

// lookBack fills the board with some minutes, so that there is something to see at once.
func (s *screen) lookBack(ctx context.Context) error {
	s.clerk.grain = time.Second
	for range trackCells {
		s.board.turn()
		if err := s.clerk.run(ctx, s.clerk.clock.now().Add(2*time.Minute), s.most); err != nil {
			return err
		}
	}
	return nil
}

// goOn lets the shop go on for a tick.
func (s *screen) goOn(ctx context.Context) error {
	if s.paused {
		return nil
	}
	if s.turned++; s.turned >= int(time.Second/tick) {
		s.turned = 0
		s.board.turn()
	}
	step := time.Duration(float64(s.speed) * tick.Seconds())
	s.clerk.grain = time.Second
	if s.speed > exactUpTo {
		s.clerk.grain = step
	}
	// In pieces, so that a shop too fast for the machine is slower and not stuck.
	const pieces = 4
	for begun, i := time.Now(), 0; i < pieces && time.Since(begun) < busy; i++ {
		if err := s.clerk.run(ctx, s.clerk.clock.now().Add(step/pieces), s.most); err != nil {
			return err
		}
	}
	return nil
}

// press does what a key says, and tells whether that is to end.
func (s *screen) press(key byte) (quit bool) {
	const interrupt, endOfInput = 3, 4 // as a raw terminal sends Ctrl-C and Ctrl-D
	switch key {
	case 'q', 'Q', interrupt, endOfInput:
		return true
	case ' ', 'p':
		s.paused = !s.paused
	case '+', '=':
		s.speed = faster(s.speed)
	case '-', '_':
		s.speed = slower(s.speed)
	}
	return false
}

func faster(d time.Duration) time.Duration {
	for _, s := range speeds {
		if s > d {
			return s
		}
	}
	return d
}

func slower(d time.Duration) time.Duration {
	for i := len(speeds) - 1; i >= 0; i-- {
		if speeds[i] < d {
			return speeds[i]
		}
	}
	return d
}

var everybody = segment.MustParse("true")

func (s *screen) count(ctx context.Context) (err error) {
	s.profiles, err = s.clerk.db.Count(ctx, everybody)
	return err
}

// draw writes the lines that are not on the screen already, in one piece.
func (s *screen) draw() error {
	width, height := s.size()
	f := frame{
		board: s.board, at: s.clerk.clock.now().In(s.clerk.zone), speed: s.speed, paused: s.paused,
		profiles: s.profiles, events: s.clerk.events, colour: s.colour,
	}
	lines := f.lines(width, height)
	if width != s.width || height != s.height {
		s.shown, s.width, s.height = nil, width, height
	}
	var b bytes.Buffer
	if s.shown == nil {
		b.WriteString("\x1b[0m\x1b[2J")
	}
	for i, l := range lines {
		if i >= len(s.shown) || s.shown[i] != l {
			fmt.Fprintf(&b, "\x1b[%d;1H%s", i+1, l)
		}
	}
	s.shown = lines
	if b.Len() == 0 {
		return nil
	}
	// Between these marks a terminal that knows them shows nothing half done.
	_, err := fmt.Fprintf(s.out, "\x1b[?2026h%s\x1b[?2026l", b.Bytes())
	return err
}

// noEnd stands for any number of events.
const noEnd = math.MaxInt
