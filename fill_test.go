package portrait_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// A tag and an index defined while events flow hold exactly who they would have
// held had they been there from the start.
func TestDefineTag_while_events_flow(t *testing.T) {
	r := seed(t)
	steps := history(r, 400, 20)
	opts := &portrait.Options{Clock: fixed(now), NoSync: true}
	db := open(t, t.TempDir(), opts)
	before, _, _ := strings.Cut(testModel, "tags:")
	apply(t, db, before)
	play(t, db, steps[:200], 4)
	var wg sync.WaitGroup
	wg.Go(func() { play(t, db, steps[200:], 4) })
	for _, d := range model(t, testModel).Tags {
		if strings.Contains(d.Rule.String(), "tag(") {
			continue
		}
		if err := db.DefineTag(t.Context(), d); err != nil {
			t.Error(err)
		}
	}
	apply(t, db, testModel)
	wg.Wait()

	first := open(t, t.TempDir(), opts)
	apply(t, first, testModel)
	play(t, first, steps, 1)
	if got, want := digest(t, db, now), digest(t, first, now); got != want {
		t.Errorf("digest %s, defined from the start %s", got, want)
	}
}

// A filling that was broken off is not visible until Open finishes it.
func TestDefineTag_broken_off(t *testing.T) {
	dir := t.TempDir()
	opts := &portrait.Options{Clock: fixed(now), NoSync: true}
	db := open(t, dir, opts)
	events := make([]profile.Event, 5000)
	for i := range events {
		events[i] = profile.Event{
			MessageID: fmt.Sprint(i), Name: "Clicked", Time: epoch0.Add(time.Duration(i) * time.Hour / 2),
			Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u-", i))},
		}
	}
	if res, err := db.Ingest(t.Context(), events...); err != nil || res.Accepted != len(events) {
		t.Fatalf("%+v, %v", res, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancelAt := db.Metrics().Epoch + 2
	done := make(chan struct{})
	go func() {
		defer close(done)
		for db.Metrics().Epoch < cancelAt {
			continue
		}
		cancel()
	}()
	def := tags.Definition{Name: "点击", Rule: tags.MustParse(`last_time("Clicked") < ago("30d")`)}
	err := db.DefineTag(ctx, def)
	<-done
	clicked := segment.MustParse(`tag("点击")`)
	if errors.Is(err, context.Canceled) {
		if _, err := db.Count(t.Context(), clicked); err == nil {
			t.Error("a tag that is being filled can be read")
		}
	} else if err != nil {
		t.Fatal(err)
	}
	checkAndClose(t, db)
	db = open(t, dir, opts)
	n, err := db.Count(t.Context(), clicked)
	if err != nil || n != uint64(len(events)) {
		t.Errorf("after reopening: %d, %v", n, err)
	}
}

// hooked is a context that calls out whenever a call is about to wait, for the writer's
// turn or while it has it, with the number of the time.
type hooked struct {
	context.Context
	times  int
	before func(time int)
}

func (h *hooked) Done() <-chan struct{} {
	h.times++
	h.before(h.times)
	return h.Context.Done()
}

// A tag that is defined while another is being filled, and is broken off, is not
// taken for complete when the sweep that began before it ends.
func TestDefineTag_during_another(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	events := make([]profile.Event, 5000)
	for i := range events {
		events[i] = profile.Event{
			Type: profile.Page, MessageID: fmt.Sprint(i), Time: epoch0,
			Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u-", i))},
		}
	}
	if _, err := db.Ingest(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
	define := func(ctx context.Context, name string) error {
		return db.DefineTag(ctx, tags.Definition{Name: name, Rule: tags.MustParse("true")})
	}
	begun := false
	outer := &hooked{Context: t.Context(), before: func(int) {
		if begun || db.Metrics().Filled == 0 { // no batch of the first tag is filled
			return
		}
		begun = true
		ctx, cancel := context.WithCancel(t.Context())
		inner := &hooked{Context: ctx, before: func(int) {
			if slices.ContainsFunc(db.Model().Tags, func(d tags.Definition) bool { return d.Name == "second" }) {
				cancel()
			}
		}}
		if err := define(inner, "second"); !errors.Is(err, context.Canceled) {
			t.Errorf("the second tag is not broken off: %v", err)
		}
	}}
	if err := define(outer, "first"); err != nil {
		t.Fatal(err)
	}
	if !begun {
		t.Error("the first tag was filled in one batch")
	}
	for _, name := range []string{"first", "second"} {
		n, err := db.Count(t.Context(), segment.MustParse(fmt.Sprintf("tag(%q)", name)))
		if err != nil || n != uint64(len(events)) {
			t.Errorf("tag %q: %d, %v; want %d", name, n, err, len(events))
		}
	}
}

// The cost of filling an index does not grow with the square of its values.
func TestApply_index_of_many_values(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, "traits:\n  sku: {}\n")
	events := make([]profile.Event, 5000)
	for i := range events {
		events[i] = profile.Event{
			Type: profile.Identify, MessageID: fmt.Sprint(i), Time: epoch0,
			Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u-", i))},
			Traits:      map[string]profile.Value{"sku": profile.String(fmt.Sprint("s-", i))},
		}
	}
	if _, err := db.Ingest(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
	before := db.Metrics().Store.DiskBytes
	apply(t, db, "traits:\n  sku: {index: true}\n")
	if wrote := db.Metrics().Store.DiskBytes - before; wrote > 200*uint64(len(events)) {
		t.Errorf("filling an index of %d values wrote %d bytes", len(events), wrote)
	}
}
