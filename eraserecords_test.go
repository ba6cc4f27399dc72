package portrait_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

// askedContext counts how often somebody asks whether it has ended, which it does after so
// many times, if that is set.
type askedContext struct {
	context.Context
	asked atomic.Int64
	most  int64
}

func (c *askedContext) Err() error {
	if n := c.asked.Add(1); c.most > 0 && n > c.most {
		return context.Canceled
	}
	return nil
}

// refusing has so many records of refusals.
func refusing(t *testing.T, db *portrait.DB, n int) {
	t.Helper()
	events := make([]profile.Event, n)
	for i := range events {
		events[i] = profile.Event{
			Source: "web", MessageID: fmt.Sprint("r", i), Name: "Order Completed", Time: epoch0,
			Identifiers: []profile.Identifier{id("user_id", "li"), id("device_id", "null")},
		}
	}
	if len(events) > 0 {
		take(t, db, events...)
	}
}

// TestErase_ends_with_its_context has an erasure end at any moment: nobody was erased then.
func TestErase_ends_with_its_context(t *testing.T) {
	db := forgetful(t, fixed(now))
	takenIn(t, db, "1", profile.Event{Name: "Order Completed", Identifiers: mei})
	const refusals = 8 << 10
	refusing(t, db, refusals)
	whole := &askedContext{Context: context.Background()}
	if e, err := db.Privacy().Preview(whole, mei[0]); err != nil || len(e.Identifiers) != 2 {
		t.Fatal(e, err)
	}
	if n := whole.asked.Load(); n < refusals/1024 {
		t.Errorf("an erasure that reads %d records looks at its context %d times", refusals, n)
	}
	for most := int64(1); ; most++ {
		_, err := db.Privacy().Erase(&askedContext{Context: context.Background(), most: most}, mei[0])
		if err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) || most > whole.asked.Load() {
			t.Fatalf("ended after it was asked %d times: %v", most, err)
		}
		if _, err := db.Profile(t.Context(), mei[1]); err != nil {
			t.Fatalf("ended after it was asked %d times: %v", most, err)
		}
	}
	if _, err := db.Profile(t.Context(), mei[1]); !errors.Is(err, portrait.ErrNotFound) {
		t.Error(err)
	}
	checkAndClose(t, db)
}

// anonymisedOneByOne returns a copy of a store of some people, taken when there were so many
// refusals, and a ledger by which they became anonymous later, each at an instant of their
// own.
func anonymisedOneByOne(t *testing.T, people, refusals int) (dir string, opts *portrait.Options, ledger []byte) {
	t.Helper()
	c := clockAt(now)
	opts = &portrait.Options{Clock: c.now, NoSync: true}
	db := open(t, t.TempDir(), opts)
	apply(t, db, namelessModel)
	refusing(t, db, refusals)
	for i := range people {
		takenIn(t, db, fmt.Sprint(i), profile.Event{Name: "Order Completed", Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u", i))}})
	}
	// Of a message that names somebody, and a decision.
	takenIn(t, db, "u0", profile.Event{Name: "Order Completed", Identifiers: []profile.Identifier{id("user_id", "li"), id("device_id", "null")}})
	if err := only(db.Veto(t.Context(), id("user_id", "u1"), id("user_id", "li"), portrait.Decision{})); err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(t.TempDir(), "copy")
	if err := db.Admin().Checkpoint(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	for i := range people {
		c.set(c.now().Add(time.Minute))
		if _, err := db.Privacy().Anonymise(t.Context(), id("user_id", fmt.Sprint("u", i))); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := db.Privacy().ExportLedger(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	checkAndClose(t, db)
	return dir, opts, b.Bytes()
}

// TestReplayLedger_reads_records_once replays a ledger in many commits: what decisions and
// refusals say is read once for all of them, and taken out all the same.
func TestReplayLedger_reads_records_once(t *testing.T) {
	const people, refusals = 8, 8 << 10
	asked := func(refusals int) int64 {
		dir, opts, ledger := anonymisedOneByOne(t, people, refusals)
		db := open(t, dir, opts)
		whole := &askedContext{Context: context.Background()}
		done, err := db.Privacy().ReplayLedger(whole, bytes.NewReader(ledger))
		if err != nil || done.Identifiers != people || done.Nameless != people {
			t.Fatalf("%+v, %v", done, err)
		}
		v, err := db.View(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		for rec, err := range v.Decisions(t.Context(), 0) {
			t.Errorf("there is a decision: %+v, %v", rec, err)
		}
		for rec, err := range v.Refusals(t.Context(), 0) {
			if err != nil || rec.MessageID == "u0" {
				t.Errorf("a record names her: %+v, %v", rec, err)
			}
		}
		v.Close()
		checkAndClose(t, db)
		return whole.asked.Load()
	}
	few, many := asked(0), asked(refusals)
	if more := many - few; more < refusals/1024 || more > 2*refusals/1024 {
		t.Errorf("with %d records more the context is looked at %d times more: they are read again and again", refusals, more)
	}
}

// TestReplayLedger_broken_off fails the disk in the middle of a replay: what is said to be
// done is what was done.
func TestReplayLedger_broken_off(t *testing.T) {
	dir, opts, ledger := anonymisedOneByOne(t, 4, 0)
	var armed atomic.Bool
	var writes atomic.Int64
	broken := *opts
	broken.NoSync = false
	fs := errorfs.Wrap(vfs.Default, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if armed.Load() && op.Kind == errorfs.OpFileWrite && strings.HasSuffix(op.Path, ".log") && writes.Add(1) > 2 {
			return syscall.EIO
		}
		return nil
	}))
	db := open(t, dir, portrait.WithFS(broken, fs))
	armed.Store(true)
	done, err := db.Privacy().ReplayLedger(t.Context(), bytes.NewReader(ledger))
	if err == nil {
		t.Fatal("the disk did not fail")
	}
	armed.Store(false)
	_ = db.Close() // it says that it failed
	db = open(t, dir, opts)
	there := 0
	for i := range 4 {
		if _, err := db.Profile(t.Context(), id("user_id", fmt.Sprint("u", i))); err == nil {
			there++
		}
	}
	if there == 4 || there == 0 {
		t.Fatalf("%d of 4 are there: the test is blind", there)
	}
	if gone := 4 - there; done.Identifiers != gone || done.Nameless != gone || done.Suppressed != gone || len(done.Profiles) != gone {
		t.Errorf("%d went, and it says %+v", gone, done)
	}
	checkAndClose(t, db)
}
