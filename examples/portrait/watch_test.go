package main

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
)

// TestWatch_follows_until_it_is_interrupted has a reader that waits behind the last
// change, and ends well.
func TestWatch_follows_until_it_is_interrupted(t *testing.T) {
	dir := t.TempDir()
	do(t, exitOK, model, "--dir", dir, "apply", "-")
	do(t, exitOK, events, "--dir", dir, "ingest", "-")
	lines := strings.Count(do(t, exitOK, "", "--dir", dir, "watch"), "\n")
	if lines < 1 {
		t.Fatalf("%d changes, want some", lines)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	out := &interruptAfter{lines: lines, interrupt: interrupt}
	var stderr bytes.Buffer
	if code := run(ctx, []string{"--dir", dir, "watch", "--follow"}, strings.NewReader(""), out, &stderr); code != exitOK {
		t.Fatalf("exit status %d: %s", code, stderr.String())
	}
	if out.lines != 0 {
		t.Errorf("%d lines fewer than without --follow", out.lines)
	}
	if !strings.HasPrefix(stderr.String(), "--since ") {
		t.Errorf("told %q, want where it goes on", stderr.String())
	}
}

// interruptAfter interrupts what writes to it after so many lines.
type interruptAfter struct {
	lines     int
	interrupt func()
}

var _ io.Writer = (*interruptAfter)(nil)

func (w *interruptAfter) Write(data []byte) (int, error) {
	if w.lines -= bytes.Count(data, []byte("\n")); w.lines <= 0 {
		w.interrupt()
	}
	return len(data), nil
}
