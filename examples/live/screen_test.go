package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait/examples/internal/table"
)

// open opens a shop that has been going on for some days, with its board.
func open(t *testing.T, days int) (*clerk, *board) {
	t.Helper()
	c, err := hire(t.Context(), t.TempDir(), 3, 200)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := c.warmUp(t.Context(), days); err != nil {
		t.Fatal(err)
	}
	b, err := newBoard(t.Context(), c.db)
	if err != nil {
		t.Fatal(err)
	}
	c.filter, c.tell = b.filter(), b.tell
	return c, b
}

// TestBoard_knows_from_the_feed_how_many_there_are holds the sizes that the changes come
// to against those that the store counts.
func TestBoard_knows_from_the_feed_how_many_there_are(t *testing.T) {
	c, b := open(t, 1)
	before := sizes(b)
	for range 3 {
		if err := c.run(t.Context(), c.clock.now().Add(20*time.Hour), noEnd); err != nil {
			t.Fatal(err)
		}
		counted, err := newBoard(t.Context(), c.db)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := sizes(b), sizes(counted); got != want {
			t.Errorf("at %s the feed comes to\n%s\nthe store counts\n%s", c.clock.now(), got, want)
		}
	}
	if sizes(b) == before {
		t.Error("in 60 hours nothing changed")
	}
	if err := c.db.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func sizes(b *board) string {
	var text strings.Builder
	for _, r := range b.rows {
		fmt.Fprintln(&text, r.title, r.size)
	}
	return text.String()
}

// newScreen shows a shop on a terminal of 80 by 24 that writes into a buffer.
func newScreen(t *testing.T) (*screen, *bytes.Buffer, chan byte, chan time.Time) {
	t.Helper()
	c, b := open(t, 1)
	var out bytes.Buffer
	keys, ticks := make(chan byte), make(chan time.Time)
	s := &screen{
		out: &out, size: func() (int, int) { return 80, 24 }, keys: keys, ticks: ticks,
		clerk: c, board: b, speed: 5 * time.Minute, most: noEnd,
	}
	if err := s.lookBack(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s, &out, keys, ticks
}

func TestFrame(t *testing.T) {
	s, _, _, _ := newScreen(t)
	if err := s.count(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.draw(); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, l := range s.shown {
		text.WriteString(strings.TrimRight(l, " ") + "\n")
	}
	holdGolden(t, "frame.golden", text.String())
}

// TestFrame_fits has every line as wide as the screen, whatever its size.
func TestFrame_fits(t *testing.T) {
	s, _, _, _ := newScreen(t)
	for _, size := range [][2]int{{80, 24}, {200, 60}, {60, 16}, {41, 9}, {40, 8}, {39, 24}, {80, 7}, {10, 3}, {1, 1}} {
		f := frame{board: s.board, at: opening, speed: time.Hour, profiles: 123456, events: 12345678}
		lines := f.lines(size[0], size[1])
		if len(lines) != size[1] {
			t.Errorf("%v: %d lines", size, len(lines))
		}
		for i, l := range lines {
			if w := table.Width(l); w != size[0] {
				t.Errorf("%v: line %d takes %d cells: %q", size, i, w, l)
			}
		}
	}
}

func TestFrame_without_colour_has_no_escapes(t *testing.T) {
	s, _, _, _ := newScreen(t)
	for _, colour := range []bool{true, false} {
		f := frame{board: s.board, at: opening, colour: colour}
		if got := strings.Contains(strings.Join(f.lines(80, 24), ""), "\x1b"); got != colour {
			t.Errorf("colour %t: escapes %t", colour, got)
		}
	}
}

// TestScreen_keys drives the loop by its keys and ticks.
func TestScreen_keys(t *testing.T) {
	s, out, keys, ticks := newScreen(t)
	began := s.clerk.clock.now()
	done := make(chan error)
	go func() { done <- s.loop(t.Context()) }()
	send := func(k byte) { keys <- k }
	ticks <- time.Time{}
	send('+')
	ticks <- time.Time{}
	send(' ') // from here on it stands still
	ticks <- time.Time{}
	send('-')
	send('x') // means nothing
	send('q')
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got, want := s.clerk.clock.now().Sub(began), 30*time.Second+90*time.Second; got != want {
		t.Errorf("the shop went on by %s, want %s", got, want)
	}
	if s.speed != 5*time.Minute || !s.paused {
		t.Errorf("the speed is %s, paused %t", s.speed, s.paused)
	}
	for _, want := range []string{"5m a second", "15m a second", "paused"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q was never shown", want)
		}
	}
}

func TestScreen_draws_only_what_changed(t *testing.T) {
	s, out, _, _ := newScreen(t)
	if err := s.draw(); err != nil {
		t.Fatal(err)
	}
	whole := out.Len()
	out.Reset()
	if err := s.draw(); err != nil || out.Len() != 0 {
		t.Errorf("the same again took %d bytes, %v", out.Len(), err)
	}
	s.paused = true
	if err := s.draw(); err != nil || out.Len() == 0 || out.Len() > whole/4 {
		t.Errorf("one line took %d bytes of %d, %v", out.Len(), whole, err)
	}
	s.size = func() (int, int) { return 70, 20 }
	if err := s.draw(); err != nil || !strings.Contains(out.String(), "\x1b[2J") {
		t.Errorf("another size is not drawn anew, %v", err)
	}
}

func TestScreen_ends_with_its_context(t *testing.T) {
	s, _, _, _ := newScreen(t)
	ctx, end := context.WithCancel(t.Context())
	end()
	if err := s.loop(ctx); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}

func TestSpeeds(t *testing.T) {
	for d, want := range map[time.Duration][2]time.Duration{
		10 * time.Second: {10 * time.Second, 30 * time.Second},
		7 * time.Minute:  {5 * time.Minute, 15 * time.Minute},
		24 * time.Hour:   {4 * time.Hour, 24 * time.Hour},
	} {
		if got := [2]time.Duration{slower(d), faster(d)}; got != want {
			t.Errorf("around %s: %v, want %v", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{10 * time.Second: "10s", 5 * time.Minute: "5m", 90 * time.Minute: "1h30m", 24 * time.Hour: "24h"} {
		if got := spell(d); got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
}

func TestSpark(t *testing.T) {
	tests := []struct {
		of   []int
		want string
	}{
		{[]int{0, 0}, "▁▁"},
		{[]int{0, 1, 2}, "▁▂▃"},
		{[]int{0, 1, 70, 35}, "▁▂█▅"},
	}
	for _, tt := range tests {
		if got := spark(tt.of); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.of, got, tt.want)
		}
	}
}
