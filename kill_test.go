package portrait_test

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

var kills = flag.Int("kills", 50, "how often TestAtomicAndDurable_kill kills the child")

const killDir = "PORTRAIT_TEST_KILL_DIR"

// TestMain lets the test binary be the child that TestAtomicAndDurable_kill kills.
func TestMain(m *testing.M) {
	if dir := os.Getenv(killDir); dir != "" {
		if err := ingestUntilKilled(dir, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	flag.Parse()
	os.Exit(m.Run())
}

// killEvent is the i-th event of the child; every third one merges.
func killEvent(i int) profile.Event {
	e := profile.Event{
		MessageID: strconv.Itoa(i), Name: "Order Completed", Time: epoch0,
		Identifiers: []profile.Identifier{id("anonymous_id", "a"+strconv.Itoa(i%997))},
		Properties:  map[string]profile.Value{"revenue": profile.Number(1)},
	}
	if i%3 == 0 {
		e.Identifiers = append(e.Identifiers, id("user_id", "u"+strconv.Itoa(i%331)))
	}
	return e
}

// ingestUntilKilled takes events in, two to a call, and prints how many are
// acknowledged after each call.
func ingestUntilKilled(dir string, ack io.Writer) error {
	db, err := portrait.Open(dir, &portrait.Options{Clock: fixed(now)})
	if err != nil {
		return err
	}
	m, err := portrait.ParseModel([]byte(testModel))
	if err != nil {
		return err
	}
	ctx := context.Background()
	if _, err := db.Apply(ctx, m); err != nil {
		return err
	}
	for i := int(db.Metrics().Accepted); ; i += 2 {
		res, err := db.Ingest(ctx, killEvent(i), killEvent(i+1))
		if err != nil || res.Accepted != 2 {
			return errors.Join(err, fmt.Errorf("event %d: %+v", i, res))
		}
		fmt.Fprintln(ack, i+2)
	}
}

// TestAtomicAndDurable_kill kills a process in the middle of ingest, again and again: every
// acknowledged event is there, no call is half there, and the store is whole.
func TestAtomicAndDurable_kill(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: starts and kills 50 processes")
	}
	r := seed(t)
	dir := t.TempDir()
	for range *kills {
		acked := killOnce(t, dir, 1+r.IntN(40))
		db, err := portrait.Open(dir, &portrait.Options{Clock: fixed(now)})
		if err != nil {
			t.Fatal(err)
		}
		have := int(db.Metrics().Accepted)
		if have < acked || have%2 != 0 {
			t.Errorf("%d events acknowledged, %d there", acked, have)
		}
		orders := 0
		for p, err := range allProfiles(t.Context(), db) {
			if err != nil {
				t.Fatal(err)
			}
			orders += int(p.Events)
		}
		if orders != have {
			t.Errorf("%d events accepted, profiles hold %d", have, orders)
		}
		res, err := db.Ingest(t.Context(), killEvent(max(acked-1, 0)))
		if acked > 0 && (err != nil || res.Duplicate != 1) {
			t.Errorf("event %d again: %+v, %v", acked-1, res, err)
		}
		checkAndClose(t, db)
		if t.Failed() {
			return
		}
	}
}

// killOnce starts the child, kills it after some acknowledgements, and returns
// the last one.
func killOnce(t *testing.T, dir string, after int) int {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), killDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acked := 0
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		if acked, err = strconv.Atoi(lines.Text()); err != nil {
			t.Fatalf("child says %q", lines.Text())
		}
		if n == after {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Exited() {
		t.Fatalf("child ended by itself: %v", err)
	}
	return acked
}
