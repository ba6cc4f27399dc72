package portrait_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/crashdisk"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
)

const manyDamaged = 1300

// disordered has ordinals that all lead nowhere, and edges that all have one direction.
func disordered(t *testing.T) *portrait.DB {
	return muchDamaged(t, func(s *store.Store, b *store.Batch) {
		for key := range pairs(t, s, keys.Ordinal) {
			b.Set(key, make([]byte, keys.TokenLen))
		}
		for key, value := range pairs(t, s, keys.Edge) {
			if len(value) == 0 {
				b.Delete(key)
			}
		}
	})
}

// muchDamaged returns a store of many people with two identifiers each, damaged.
func muchDamaged(t *testing.T, damage func(s *store.Store, b *store.Batch)) *portrait.DB {
	t.Helper()
	fs := crashdisk.New()
	db, err := portrait.Open("db", small(fs))
	if err != nil {
		t.Fatal(err)
	}
	apply(t, db, testModel)
	events := make([]profile.Event, manyDamaged)
	for i := range events {
		events[i] = profile.Event{
			MessageID: fmt.Sprint(i), Name: "Order Completed", Time: epoch0,
			Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u", i)), id("email", fmt.Sprint("e", i, "@example.cn"))},
		}
	}
	take(t, db, events...)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	tamper(t, fs, damage)
	if db, err = portrait.Open("db", small(fs)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// Every difference is yielded, however many there are, of one commit while others come; Check
// counts them, and lists the first.
func TestAdmin_Differences(t *testing.T) {
	db := disordered(t)
	checked, ok := errors.AsType[*portrait.CheckError](db.Check(t.Context()))
	if !ok {
		t.Fatal("Check finds nothing")
	}
	var all []string
	for d, err := range db.Admin().Differences(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if all = append(all, d); len(all) == 1 {
			take(t, db, profile.Event{MessageID: "later", Name: "Order Completed", Time: epoch0, Identifiers: []profile.Identifier{id("user_id", "later")}})
		}
	}
	if len(all) != checked.Total || len(checked.Differences) != 1000 || !slices.Equal(all[:1000], checked.Differences) {
		t.Errorf("%d differences; Check counts %d and lists %d", len(all), checked.Total, len(checked.Differences))
	}
	var ordinals, edges int
	for i := range 2 * manyDamaged {
		if has(all, fmt.Sprintf("ordinal %d: does not lead to ", i)) {
			ordinals++
		}
	}
	for i := range manyDamaged {
		if has(all, fmt.Sprintf("edge of email:e%d@example.cn and user_id:u%d: has only one direction", i, i)) {
			edges++
		}
	}
	if ordinals < manyDamaged || edges != manyDamaged {
		t.Errorf("%d ordinals and %d edges of %d, among %q", ordinals, edges, manyDamaged, all[:10])
	}

	// The order is the same, whoever finds them.
	if d := cmp.Diff(checked.Differences, differences(portrait.CheckCut(t.Context(), db, 1, false))); d != "" {
		t.Error(d)
	}
}

// More differences of evidence than are held at a time are told all, where every end knows
// of its edges too.
func TestAdmin_Differences_of_evidence(t *testing.T) {
	db := muchDamaged(t, func(s *store.Store, b *store.Batch) {
		for key, value := range pairs(t, s, keys.Node) {
			if falsified, ok := portrait.NodeDamages["that is shared, or not"](bytes.Clone(value)); ok {
				b.Set(key, falsified)
			}
		}
	})
	n := 0
	for _, d := range firstOf(t, db.Admin().Differences(t.Context()), 1<<30) {
		if strings.HasSuffix(d, "shared: says true, is false") {
			n++
		}
	}
	if n != 2*manyDamaged {
		t.Errorf("%d nodes of %d", n, 2*manyDamaged)
	}
}

func has(all []string, prefix string) bool {
	return slices.ContainsFunc(all, func(d string) bool { return strings.HasPrefix(d, prefix) })
}

// A loop that is left has had the first differences, and leaves nothing behind.
func TestAdmin_Differences_left(t *testing.T) {
	db := disordered(t)
	found := db.Admin().Differences(t.Context())
	all := firstOf(t, found, 1<<30)
	before := goleak.IgnoreCurrent()
	for _, n := range []int{1, 2, 255, 256, 257, 999, 1000, 1001, manyDamaged + 1, len(all) - 1, len(all)} {
		if d := cmp.Diff(all[:n], firstOf(t, found, n)); d != "" {
			t.Errorf("the first %d: %s", n, d)
		}
	}
	if err := goleak.Find(before); err != nil {
		t.Error(err)
	}
	if n := db.Metrics().Running; n != 0 {
		t.Errorf("%d calls are running", n)
	}
}

func firstOf(t *testing.T, found func(func(string, error) bool), n int) (first []string) {
	t.Helper()
	for d, err := range found {
		if err != nil {
			t.Fatal(err)
		}
		if first = append(first, d); len(first) == n {
			break
		}
	}
	return first
}

// Differences are yielded while the work is on: a loop that ends its context with the first
// has not had all of them, and is told why.
func TestAdmin_Differences_live(t *testing.T) {
	db := disordered(t)
	why := errors.New("enough")
	ctx, stop := context.WithCancelCause(t.Context())
	defer stop(nil)
	yielded, errs := 0, 0
	for d, err := range db.Admin().Differences(ctx) {
		if err != nil {
			if errs++; !errors.Is(err, why) || d != "" {
				t.Errorf("%q, %v", d, err)
			}
			continue
		}
		if yielded++; yielded == 1 {
			stop(why)
		}
	}
	if yielded >= manyDamaged || errs != 1 { // One step finds more.
		t.Errorf("%d differences, %d errors", yielded, errs)
	}
}
