package portrait

import (
	"bytes"
	"container/heap"
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/portraitdb/portrait/internal/eventlog"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
)

// Timeline yields the events of the profile that an identifier leads to, as far as
// the model's log keeps them: all of the identifiers that the profile holds today,
// ascending by time, and in the order of [profile.Stamp] within one instant. It begins
// with those at from and ends before those at to; a zero time is no bound. Events of
// the future are among them.
//
// An event is what the host handed in, with times in UTC and cut down to the
// microsecond. Received is zero, but for an event that came without a time: it stands
// at the time that it was received at, and Time is zero.
//
// Events are read as they are asked for. An error comes at most once, last, with a
// zero Event; it is ErrNotFound where the identifier leads to nobody. Breaking off
// releases everything; the sequence may be ranged over again.
func (v *View) Timeline(ctx context.Context, id profile.Identifier, from, to time.Time) iter.Seq2[profile.Event, error] {
	return func(yield func(profile.Event, error) bool) {
		if err := v.enter(); err != nil {
			yield(profile.Event{}, err)
			return
		}
		defer v.leave()
		for e, err := range v.timeline(ctx, id, from, to) {
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

func (v *View) timeline(ctx context.Context, id profile.Identifier, from, to time.Time) iter.Seq2[profile.Event, error] {
	return func(yield func(profile.Event, error) bool) {
		m, err := v.find(id)
		if err == nil && !v.access.events() {
			err = fmt.Errorf("%w: what events say may not be read here", privacy.ErrNotAllowed)
		}
		if err != nil {
			yield(profile.Event{}, err)
			return
		}
		lower, upper := firstInstant, profile.Never
		if !from.IsZero() {
			lower = instantFrom(from)
		}
		if !to.IsZero() {
			upper = instantFrom(to)
		}
		for l, err := range v.logged(ctx, m.nodes, lower, upper) {
			var e profile.Event
			told := true
			if err == nil {
				if e, err = l.event(); err == nil {
					e, told = v.access.strip(e, m)
				}
			}
			if told && !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// instantFrom returns the first instant that is not before a time.
func instantFrom(t time.Time) profile.Instant {
	i := profile.InstantOf(t)
	if i.Time().Before(t) {
		i++
	}
	return i
}

// logged is an event of the log, not read yet. It is valid until the next step.
type logged struct {
	at   profile.Instant
	head eventlog.Head
	form []byte
}

func (l *logged) event() (profile.Event, error) {
	e, err := eventlog.Decode(l.form, l.at)
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return e, err
}

// logged yields the events of some nodes that the view shows, from one instant on and
// before another, ascending.
func (v *View) logged(ctx context.Context, nodes []*node, from, to profile.Instant) iter.Seq2[logged, error] {
	return func(yield func(logged, error) bool) {
		policy := &v.epoch.cat.model.Log
		// What is older than anything that is kept is passed over unread.
		if oldest := before(v.at, policy.longest().Microseconds()); oldest >= from {
			from = oldest + 1
		}
		n := 0
		for kv, err := range merged(v.epoch.snap, nodes, from, to) {
			if n++; err == nil && n&255 == 0 && ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			var l logged
			if err == nil {
				l, err = readLogged(kv)
			}
			if err == nil && !keptAt(policy, l.head, l.at, v.at) {
				continue
			}
			if !yield(l, err) || err != nil {
				return
			}
		}
	}
}

func readLogged(kv store.KV) (logged, error) {
	_, at, _, _, ok := keys.ReadEvent(kv.Key)
	if !ok {
		return logged{}, fmt.Errorf("%w: event key of %d bytes", ErrCorrupt, len(kv.Key))
	}
	head, err := eventlog.ReadHead(kv.Value)
	if err != nil {
		return logged{}, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return logged{at: profile.Instant(at), head: head, form: kv.Value}, nil
}

// merged yields what the log holds of some nodes, from one instant on and before
// another, in the order of time.
func merged(snap *store.Snapshot, nodes []*node, from, to profile.Instant) iter.Seq2[store.KV, error] {
	return func(yield func(store.KV, error) bool) {
		var queue logQueue
		defer func() {
			for _, c := range queue {
				c.stop()
			}
		}()
		for _, n := range nodes {
			if n.state.Events() == 0 {
				continue // An event lies where it is folded.
			}
			lower, upper := keys.AppendEventsFrom(nil, n.token, int64(from)), keys.AppendEventsFrom(nil, n.token, int64(to))
			c := &logCursor{}
			c.next, c.stop = iter.Pull2(snap.Scan(lower, upper))
			if !c.step() {
				continue
			}
			if queue = append(queue, c); c.err != nil {
				yield(store.KV{}, c.err)
				return
			}
		}
		heap.Init(&queue)
		for len(queue) > 0 {
			c := queue[0]
			if !yield(c.kv, c.err) || c.err != nil {
				return
			}
			if c.step() {
				heap.Fix(&queue, 0)
			} else {
				heap.Pop(&queue)
			}
		}
	}
}

// logCursor stands at an event of one node.
type logCursor struct {
	next func() (store.KV, error, bool)
	stop func()
	kv   store.KV
	err  error
}

// step moves on; it returns false at the end.
func (c *logCursor) step() (ok bool) {
	c.kv, c.err, ok = c.next()
	return ok
}

// logQueue has the cursor on the earliest event first; an error is before all events.
type logQueue []*logCursor

func (q logQueue) Len() int { return len(q) }

func (q logQueue) Less(i, j int) bool {
	if c := bytes.Compare(keys.EventOrder(q[i].kv.Key), keys.EventOrder(q[j].kv.Key)); c != 0 {
		return c < 0
	}
	return bytes.Compare(q[i].kv.Key, q[j].kv.Key) < 0
}

func (q logQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *logQueue) Push(x any)   { *q = append(*q, x.(*logCursor)) }

func (q *logQueue) Pop() any {
	old := *q
	c := old[len(old)-1]
	*q = old[:len(old)-1]
	return c
}

// eventAt returns the event of a profile that has a place in time, if the log still
// keeps it: what witnesses a fact that a state knows by its stamp only.
func (v *View) eventAt(m *member, stamp profile.Stamp) (e profile.Event, ok bool, err error) {
	for _, n := range m.nodes {
		if n.state.Events() == 0 {
			continue
		}
		prefix := keys.AppendEventsAt(nil, n.token, int64(stamp.At), stamp.Tie)
		for kv, err := range v.epoch.snap.Scan(prefix, keys.End(prefix)) {
			var l logged
			if err == nil {
				l, err = readLogged(kv)
			}
			if err != nil {
				return profile.Event{}, false, err
			}
			if keptAt(&v.epoch.cat.model.Log, l.head, l.at, v.at) {
				e, err := l.event()
				return e, err == nil, err
			}
		}
	}
	return profile.Event{}, false, nil
}
