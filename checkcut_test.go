package portrait_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/store"
)

// toldSpaces hold what is not derived, but checked against other records.
var toldSpaces = []byte{keys.Node, keys.Edge, keys.Veto, keys.Feed, keys.Event, keys.ListPart, keys.MergeLog, keys.Refusal}

// TestCheck_the_same_by_all damages a store, and has it checked by one goroutine and by
// several, whole and cut up: they find the same in the same order.
func TestCheck_the_same_by_all(t *testing.T) {
	r := seed(t)
	whole, _ := repairable(t, r)
	rounds := 30
	if testing.Short() {
		rounds = 8
	}
	found := 0
	for round := range rounds {
		fs := cloneOf(whole)
		var what []string
		tamper(t, fs, func(s *store.Store, b *store.Batch) {
			if round == 0 {
				b.Set([]byte("9"), nil) // A sound store.
				return
			}
			what = damageDerived(t, r, s, b)
			for range r.IntN(4) {
				space := toldSpaces[r.IntN(len(toldSpaces))]
				var all [][]byte
				for key := range pairs(t, s, space) {
					all = append(all, bytes.Clone(key))
				}
				if len(all) > 0 {
					b.Delete(all[r.IntN(len(all))])
					what = append(what, fmt.Sprintf("%c: deleted", space))
				}
			}
		})
		db, err := portrait.Open("db", portrait.WithFS(portrait.Options{Clock: fixed(now)}, fs))
		if err != nil {
			continue // found at once
		}
		want := differences(db.Check(t.Context()))
		if len(want) > 0 {
			found++
		}
		for _, fine := range []bool{false, true} {
			one := differences(portrait.CheckCut(t.Context(), db, 1, fine))
			if d := cmp.Diff(one, differences(portrait.CheckCut(t.Context(), db, 4, fine))); d != "" {
				t.Errorf("%q: cut up finely %t: one goroutine against four:\n%s", what, fine, d)
			}
			if d := cmp.Diff(slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(one))); d != "" {
				t.Errorf("%q: Check against one goroutine, cut up finely %t:\n%s", what, fine, d)
			}
		}
		if round == 0 && len(want) > 0 {
			t.Errorf("of a sound store: %q", want)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			return
		}
	}
	if found < rounds/3 {
		t.Errorf("%d of %d damages were found", found, rounds)
	}
}

// A check ends with its context, wherever it is, and leaves no goroutine behind.
func TestCheck_ends_with_its_context(t *testing.T) {
	db := open(t, "db", portrait.WithFS(portrait.Options{Clock: fixed(now)}, vfs.NewMem()))
	apply(t, db, testModel)
	for i := range 100 {
		take(t, db, killEvent(i))
	}
	before := goleak.IgnoreCurrent()
	ended := 0
	for asked := int64(1); ; asked += 7 {
		why := fmt.Errorf("enough after %d", asked)
		ctx, stop := context.WithCancelCause(t.Context())
		c := &askedOut{Context: ctx, stop: func() { stop(why) }}
		c.left.Store(asked)
		err := portrait.CheckCut(c, db, 3, true)
		stop(nil)
		if err == nil {
			break
		}
		if ended++; !errors.Is(err, why) && !errors.Is(err, context.Canceled) {
			t.Fatalf("enough after %d: %v", asked, err)
		}
	}
	if ended < 10 {
		t.Errorf("it ended %d times", ended)
	}
	if err := goleak.Find(before); err != nil {
		t.Error(err)
	}
}

// askedOut is a context that ends when it has been asked so often.
type askedOut struct {
	context.Context
	left atomic.Int64
	stop func()
}

func (c *askedOut) Err() error {
	if c.left.Add(-1) == 0 {
		c.stop()
	}
	return c.Context.Err()
}
