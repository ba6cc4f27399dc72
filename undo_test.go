package portrait_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/crashdisk"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
)

// undone is a decision and the call that takes it back.
type undone struct {
	a, b profile.Identifier
	veto bool
	d    portrait.Decision
}

// call decides, or withdraws what was decided.
func (u undone) call(t *testing.T, db *portrait.DB, withdraw bool) {
	t.Helper()
	d := u.d
	if withdraw {
		d.At, d.Withdraw = d.At.Add(time.Hour), true
	}
	decide := db.Link
	if u.veto {
		decide = db.Veto
	} else if len(d.ID)%2 == 0 {
		decide = db.Unlink
	}
	if _, err := decide(t.Context(), u.a, u.b, d); err != nil {
		t.Fatal(err)
	}
}

// TestMergeExact_withdrawn merges, splits and vetoes people at random, under
// random policies, and withdraws everything in another order, with crashes in
// between: the Digest is what it was.
func TestMergeExact_withdrawn(t *testing.T) {
	r := seed(t)
	moved := 0
	for range *rounds {
		fs := crashdisk.New()
		db := open(t, "db", later(fs))
		apply(t, db, drawModel(r))
		steps := history(r, 40+r.IntN(60), 0)
		play(t, db, steps, 1)
		want := digest(t, db, time.Time{})
		random := func() profile.Identifier {
			ns := [...]string{"user_id", "device_id", "anonymous_id"}[r.IntN(3)]
			return id(ns, fmt.Sprintf("%s-%d", ns[:1], r.IntN(7))) // as a rule one that history names
		}
		var all []undone
		for i := range 40 {
			u := undone{a: random(), b: random(), veto: r.IntN(4) == 0}
			u.d = portrait.Decision{At: epoch0.AddDate(0, 0, i), ID: fmt.Sprintf("%0*d", 1+r.IntN(2), i%10)}
			if u.a != u.b {
				all = append(all, u)
			}
		}
		changed := false
		for i, u := range all {
			u.call(t, db, false)
			if i%10 == 5 {
				fs, db = crash(t, r, fs, db)
			}
			changed = changed || digest(t, db, time.Time{}) != want
		}
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for i, u := range all {
			u.d.At = epoch0.AddDate(1, 0, 0) // later than each of the decisions
			u.call(t, db, true)
			if i%10 == 5 {
				fs, db = crash(t, r, fs, db)
			}
		}
		if got := digest(t, db, time.Time{}); got != want {
			t.Errorf("digest %s after taking all back, %s before", got, want)
		}
		if changed {
			moved++
		}
	}
	if moved == 0 {
		t.Error("no decision changed anything")
	}
}

// later is small under a clock at which all the decisions of the test are past.
func later(fs store.FS) *portrait.Options {
	o := small(fs)
	o.Clock = fixed(now.AddDate(2, 0, 0))
	return o
}

// crash reopens a store from what a crash of the machine leaves of its files.
func crash(t *testing.T, r *rand.Rand, fs *crashdisk.FS, db *portrait.DB) (*crashdisk.FS, *portrait.DB) {
	t.Helper()
	clone := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.IntN(101), RNG: rand.New(rand.NewPCG(r.Uint64(), 0))})
	checkAndClose(t, db)
	return clone, open(t, "db", later(clone))
}
