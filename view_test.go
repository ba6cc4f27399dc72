package portrait_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// TestOneEpochPerAnswer reads views while events come in: in each view counts,
// sets, profiles and unindexed conditions agree with each other, whatever is
// committed meanwhile.
func TestOneEpochPerAnswer(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, testModel)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		r := rng(3, 3)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			e := drawEvent(r, i, func() profile.Identifier { return id("user_id", fmt.Sprint("u-", r.IntN(200))) })
			if err := ingest(e)(t.Context(), db); err != nil {
				t.Error(err)
				return
			}
		}
	})
	var last uint64
	for range 40 {
		v, err := db.View(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if v.Epoch() < last {
			t.Errorf("epoch %d after %d", v.Epoch(), last)
		}
		last = v.Epoch()
		checkView(t, v)
		v.Close()
		v.Close()
		if _, err := v.Count(t.Context(), everybody); !errors.Is(err, portrait.ErrClosed) {
			t.Errorf("count on a closed view: %v", err)
		}
	}
	close(stop)
	wg.Wait()
}

func checkView(t *testing.T, v *portrait.View) {
	t.Helper()
	indexed := segment.MustParse(`tag("买家") and not tag("沉睡") or city = "北京"`)
	swept := segment.MustParse(`count("Order Completed") >= 1 and not last_time("Order Completed") < ago("30d") or trait("city") = "北京"`)
	n, err := v.Count(t.Context(), indexed)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []segment.Expr{indexed, swept} {
		set, err := v.Segment(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		if set.Count() != n || set.Epoch() != v.Epoch() {
			t.Errorf("%s: %d members at epoch %d, counted %d at %d", e, set.Count(), set.Epoch(), n, v.Epoch())
		}
		members := uint64(0)
		for p, err := range v.Profiles(t.Context(), set) {
			if err != nil {
				t.Fatal(err)
			}
			if !set.Contains(p.ID) {
				t.Errorf("profile %d is not in the set that it was read by", p.ID)
			}
			why, err := v.Explain(t.Context(), e, p.Identifiers[0])
			if err != nil || !why.Holds {
				t.Errorf("profile %d is in the set, Explain says %+v, %v", p.ID, why, err)
			}
			members++
		}
		if members != n {
			t.Errorf("%d profiles read, counted %d", members, n)
		}
	}
}

// TestClose closes a store under concurrent use.
func TestClose(t *testing.T) {
	db, err := portrait.Open(t.TempDir(), &portrait.Options{Clock: fixed(now)})
	if err != nil {
		t.Fatal(err)
	}
	apply(t, db, testModel)
	view, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	calls := map[string]func(i int) error{
		"Ingest":  func(i int) error { _, err := db.Ingest(t.Context(), killEvent(i)); return err },
		"Count":   func(int) error { _, err := db.Count(t.Context(), everybody); return err },
		"View":    func(int) error { _, err := view.Segment(t.Context(), everybody); return err },
		"Advance": func(i int) error { return db.Advance(t.Context(), now.AddDate(0, 0, i)) },
		"Link": func(i int) error {
			return only(db.Link(t.Context(), id("user_id", "x"), id("email", "a@b.cn"), portrait.Decision{}))
		},
		"Check": func(int) error { return db.Check(t.Context()) },
		"Profiles": func(int) error {
			for _, err := range allProfiles(t.Context(), db) {
				if err != nil {
					return err
				}
				if _, err := db.Count(t.Context(), everybody); err != nil {
					return err
				}
			}
			return nil
		},
	}
	var wg sync.WaitGroup
	started := make(chan struct{}, len(calls))
	for name, call := range calls {
		wg.Go(func() {
			for i := 0; ; i++ {
				err := call(i)
				if i == 0 {
					started <- struct{}{}
				}
				if errors.Is(err, portrait.ErrClosed) {
					return
				}
				if err != nil {
					t.Errorf("%s: %v", name, err)
					return
				}
			}
		})
	}
	for range calls {
		<-started
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
	wg.Wait()
	view.Close()
}

func TestOpen_locked(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, &portrait.Options{Clock: fixed(now)})
	if _, err := portrait.Open(dir, nil); !errors.Is(err, portrait.ErrLocked) {
		t.Errorf("second open: %v", err)
	}
}
