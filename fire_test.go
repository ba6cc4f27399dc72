package portrait_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/store"
)

// An act is one thing that happens to a store; what it says is the same in every store
// to which the same things have happened. Acts do not depend on one another: some of a
// history are a history.
type act struct {
	name string
	// commits is how many commits the act makes at most; 2 means any number of them.
	commits int
	do      func(h *host) (said string, err error)
}

// A host is a program with a store.
type host struct {
	ctx   context.Context
	db    *portrait.DB
	clock *atomic.Int64 // seconds since 1970

	disk   store.FS                         // without faults
	copied string                           // where on it checkpoints are made
	on     func(store.FS) *portrait.Options // for stores on a file system

	accepted int  // events that were acknowledged
	missed   bool // an act failed, which others may build on
	held     []heldView
	target   bucket
	backed   string // the last backup in it
	ledger   []byte // of erasures, as it was exported last
}

// A heldView is a view that stays open, and all that it said when it was opened.
type heldView struct {
	view *portrait.View
	said string
}

func newHost(t testing.TB) *host {
	h := &host{ctx: t.Context(), clock: new(atomic.Int64), copied: "copy", target: bucket{fstest.MapFS{}}}
	h.clock.Store(now.Unix())
	return h
}

func (h *host) time() time.Time { return time.Unix(h.clock.Load(), 0).UTC() }

// options returns options under the clock of the host.
func (h *host) options(o portrait.Options) portrait.Options {
	o.Clock, o.FeedRetention = h.time, -1
	return o
}

// release closes the views that are held.
func (h *host) release() {
	for _, v := range h.held {
		v.view.Close()
	}
	h.held = nil
}

// end is an instant after all that acts bring about.
var end = now.AddDate(8, 0, 0)

// state is the digest of a store.
func state(ctx context.Context, db *portrait.DB) (string, error) {
	v, err := db.View(ctx)
	if err != nil {
		return "", err
	}
	defer v.Close()
	d, err := v.Digest(ctx, end)
	return d.String(), err
}

// fireModels are the models that a history goes through: other traits and tags, other
// rules of identity, and other times for which what was told is kept.
func fireModels(t testing.TB) []portrait.Model {
	t.Helper()
	head, rest, _ := strings.Cut(testModel, "\ntags:\n")
	segments := "segments:\n  活跃: {rule: 'count(\"*\", last(\"90d\")) >= 1'}\n"
	purposes := "purposes:\n  ads: {policy: v9}\n  marketing: {max_age: 90d}\n  scores: {automated: true}\n"
	log := "log: {retain: 20000d}\n"
	short := "log: {retain: 20000d, events: {Product Viewed: 200d}, sources: {pos: 150d}}\n"
	told := strings.NewReplacer("city: {index: true}", "city: {index: true, retain: 60d}", "vip: {type: bool,", "vip: {type: bool, retain: 36h,")
	return []portrait.Model{
		model(t, testModel+segments+purposes+log),
		model(t, head+"\n  week: {compute: 'count(\"*\", last(\"7d\"))', index: true}\ntags:\n  住: {value: city}\n  忙: {rule: 'week >= 2'}\n"+rest+log),
		model(t, strings.Replace(testModel, "max_partners: 4", "max_partners: 2", 1)+segments+log),
		model(t, told.Replace(head)+"\ntags:\n  住: {value: 'if(exists(vip), city, city)'}\n"+rest+segments+purposes+short),
	}
}

// drawActs draws a history of n acts, the first of which declares a model.
func drawActs(t testing.TB, r *rand.Rand, n int) []act {
	t.Helper()
	models := fireModels(t)
	draw := drawID(r, 12)
	acts := []act{applyAct(0, models[0])}
	for i := len(acts); i < n; i++ {
		switch k := r.IntN(48); {
		case k < 16:
			acts = append(acts, ingestAct(r, i, draw))
		case k < 21:
			acts = append(acts, decideAct(r, i, draw(), draw()))
		case k < 24:
			m := r.IntN(len(models))
			acts = append(acts, applyAct(m, models[m]))
		case k < 27:
			acts = append(acts, listAct(r, draw))
		case k < 30:
			acts = append(acts, advanceAct(time.Duration(r.IntN(400*24))*time.Hour))
		case k < 34:
			acts = append(acts, privacyAct(r, draw()))
		case k < 38:
			acts = append(acts, rightsAct(r, draw()))
		case k < 39:
			acts = append(acts, ledgerAct(r))
		case k < 42:
			acts = append(acts, keepAct(r))
		case k < 44:
			acts = append(acts, askForAct(r, draw()))
		default:
			acts = append(acts, askAct(r, draw()))
		}
	}
	return acts
}

func ingestAct(r *rand.Rand, i int, draw func() profile.Identifier) act {
	events := make([]profile.Event, 1+r.IntN(5))
	for k := range events {
		events[k] = drawEvent(r, 10*i+k, draw)
		if r.IntN(4) == 0 && events[k].Type == profile.Identify {
			events[k].Traits["note"] = profile.String(strings.Repeat(fmt.Sprint(i), 2000)) // something to flush
		}
	}
	return act{name: fmt.Sprintf("ingest %d", len(events)), commits: 1, do: func(h *host) (string, error) {
		res, err := h.db.Ingest(h.ctx, events...)
		h.accepted += res.Accepted
		return fmt.Sprint(res.Accepted, res.Duplicate, res.Dropped, len(res.Rejected)), err
	}}
}

func decideAct(r *rand.Rand, i int, a, b profile.Identifier) act {
	d := portrait.Decision{At: epoch0.Add(time.Duration(r.IntN(5)) * time.Hour), ID: fmt.Sprint("d", i)}
	switch r.IntN(6) {
	case 0:
		return act{name: fmt.Sprint("detach ", a), commits: 1, do: func(h *host) (string, error) {
			return "", only(h.db.Detach(h.ctx, a, d))
		}}
	case 1:
		groups := [][]profile.Identifier{{a}, {b}}
		return act{name: fmt.Sprint("split ", groups), commits: 1, do: func(h *host) (string, error) {
			return "", only(h.db.Split(h.ctx, groups, d))
		}}
	}
	name, call := "link", (*portrait.DB).Link
	switch r.IntN(4) {
	case 0:
		name, call = "unlink", (*portrait.DB).Unlink
	case 1:
		name, call = "veto", (*portrait.DB).Veto
	}
	d.Withdraw = r.IntN(5) == 0
	return act{name: fmt.Sprint(name, " ", a, b), commits: 1, do: func(h *host) (string, error) {
		return "", only(call(h.db, h.ctx, a, b, d))
	}}
}

func applyAct(i int, m portrait.Model) act {
	return act{name: fmt.Sprint("apply model ", i), commits: 2, do: func(h *host) (string, error) {
		_, err := h.db.Apply(h.ctx, m)
		return "", err
	}}
}

func listAct(r *rand.Rand, draw func() profile.Identifier) act {
	var values [2][]string
	for range 20 {
		if id := draw(); id.Namespace == "email" {
			k := r.IntN(2)
			values[k] = append(values[k], id.Value)
		}
	}
	if r.IntN(2) == 0 && len(values[0]) > 0 { // an empty list is refused
		return act{name: "upload", commits: 2, do: func(h *host) (string, error) {
			_, err := h.db.Lists().Upload(h.ctx, "册", strings.NewReader(strings.Join(values[0], "\n")), segment.Upload{Namespace: "email"})
			return "", err
		}}
	}
	values[1] = slices.DeleteFunc(values[1], func(v string) bool { return slices.Contains(values[0], v) })
	return act{name: "edit a list", commits: 2, do: func(h *host) (string, error) {
		_, err := h.db.Lists().Edit(h.ctx, "榜", "email", values[0], values[1])
		return "", err
	}}
}

func advanceAct(by time.Duration) act {
	return act{name: fmt.Sprint("advance ", by), commits: 2, do: func(h *host) (string, error) {
		if at := h.time().Add(by / 10); at.Before(end.AddDate(-1, 0, 0)) {
			h.clock.Store(at.Unix())
		}
		return "", h.db.Advance(h.ctx, h.time())
	}}
}

// fireQueries are what is asked in a history.
var fireQueries = []string{
	`tag("买家") and not tag("沉睡")`, `orders >= 2 or points > 10`, `city in ["上海"] and exists(registered)`,
	`tag("无名") or orders = 1`, `interests any_of ["运动"]`, `spent > 50 and not vip = true`, `age >= 20 and age < 60`,
}

func askAct(r *rand.Rand, id profile.Identifier) act {
	switch r.IntN(3) {
	case 0:
		return act{name: "hold a view", do: func(h *host) (string, error) {
			v, err := h.db.View(h.ctx)
			if err != nil {
				return "", err
			}
			said, err := everythingIn(h.ctx, v)
			if err != nil {
				v.Close()
				return "", err
			}
			h.held = append(h.held, heldView{v, said})
			return said, nil
		}}
	case 1:
		return act{name: "look again", do: func(h *host) (string, error) {
			for _, v := range h.held {
				if said, err := everythingIn(h.ctx, v.view); err != nil || said != v.said {
					return "", fmt.Errorf("a view of epoch %d says other things than before: %w", v.view.Epoch(), err)
				}
			}
			return "", nil
		}}
	}
	text := fireQueries[r.IntN(len(fireQueries))]
	return act{name: "ask " + text, do: func(h *host) (string, error) {
		e, err := segment.Parse(text)
		if err != nil {
			return err.Error(), nil
		}
		n, err := h.db.Count(h.ctx, e)
		if err != nil {
			return "", err
		}
		p, err := h.db.Profile(h.ctx, id)
		if errors.Is(err, portrait.ErrNotFound) {
			return fmt.Sprint(n, " nobody"), nil
		}
		if err != nil {
			return "", err
		}
		return fmt.Sprint(n, p.Events, p.Traits, p.Tags), nil
	}}
}

// namesOf lists acts for a failure's report.
func namesOf(acts []act) string {
	var b strings.Builder
	for i, a := range acts {
		fmt.Fprintf(&b, "%3d %s\n", i, a.name)
	}
	return b.String()
}

// refusal reports whether an act's error is an answer: what was asked for cannot be had,
// and the store is as sound as before.
func refusal(err error) bool {
	if _, ok := errors.AsType[*portrait.CheckError](err); ok {
		return false
	}
	for _, failure := range []error{portrait.ErrFailed, portrait.ErrCorrupt, portrait.ErrClosed, portrait.ErrFormat} {
		if errors.Is(err, failure) {
			return false
		}
	}
	return true
}
