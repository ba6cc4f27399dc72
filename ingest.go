package portrait

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
)

// A commit takes in waiting calls until it has this much.
const (
	maxGroupEvents = 10_000
	maxGroupBytes  = 8 << 20
)

// Result tells what became of the events of one Ingest call. Accepted,
// Duplicate and the length of Rejected add up to their number.
type Result struct {
	Accepted  int
	Duplicate int // taken in before, with the same content
	Rejected  []Rejection
	// Dropped counts the identifiers of accepted events that may not name a
	// person, such as "null", or that were too many. View.Refusals lists them.
	Dropped int
	// Refused counts the pairs of identifiers of accepted events that were not
	// united, because a rule of identity forbids it: each when it is first seen, and
	// again when what it is seen with changes, not at every event that repeats it.
	// View.Refusals lists them.
	Refused int
	// Warnings are those of Refused where the namespace's policy is refuse.
	Warnings []Warning
	Epoch    uint64 // of the commit that holds them
}

// Warning tells that an event was taken in and yet did not unite what it names.
type Warning struct {
	Index  int    // in the call's events
	Rule   string // such as "unique"; see Refusal
	Detail string // in words, without values
}

// Rejection tells why one event was refused. Its neighbours were not.
type Rejection struct {
	Index  int    // in the call's events
	Field  string // such as "properties.revenue"
	Reason string // a Reason constant of package profile
	Detail string // in words
}

// Ingest takes events in: all that are good, in one commit, whatever their
// number. When it returns nil they are durable and every later answer knows
// them. Bad events are refused one by one and reported in the Result. A nil error does
// not say that all were taken in: look at Result.Rejected. Calls that wait at the
// same time share a commit, so many goroutines with small batches are as good as
// one with large ones.
//
// The events' maps and slices must not be changed until Ingest returns.
//
// It returns ErrClosed, ErrFailed, a [store.DiskError], a [store.StallError], or the cause of ctx
// if that ended before the events' turn came; then none of them was taken in. So it is with a call whose
// commit would exceed 1 GiB: hand in fewer events at a time.
func (db *DB) Ingest(ctx context.Context, events ...profile.Event) (Result, error) {
	if err := db.gate.enter(); err != nil {
		return Result{}, err
	}
	defer db.gate.leave()
	began := db.sinceOpen()
	if err := db.queue.enter(ctx, len(events)); err != nil {
		return Result{}, err
	}
	defer db.queue.leave(len(events))
	res, err := db.ingest(ctx, events)
	if err == nil {
		db.answered.note(&res)
	}
	db.calls.times[callIngest].note(db.sinceOpen() - began)
	return res, err
}

func (db *DB) ingest(ctx context.Context, events []profile.Event) (Result, error) {
	req := db.prepare(events)
	db.queue.push(req)
	if err := db.lock(ctx); err != nil {
		if db.queue.withdraw(req) {
			return Result{}, err
		}
		<-req.done // somebody is committing it
		return req.result, req.err
	}
	select {
	case <-req.done:
	default:
		for !req.taken {
			db.commit(db.queue.pop())
		}
	}
	db.unlock()
	return req.result, req.err
}

// request is one Ingest call on its way.
type request struct {
	cat      *catalog
	events   []profile.Event
	prepared []prepared
	bytes    int
	lost     []prepared // refused, for none of their identifiers counts
	taken    bool       // under DB.write
	done     chan struct{}
	result   Result
	err      error
}

// prepared is one event with all the work done that needs no store.
type prepared struct {
	index   int
	ids     []namedToken // strongest first
	delta   *profile.State
	stamp   profile.Stamp
	dedup   dedupKey
	content uint64
	attrs   []string
	event   string
	// consents is the part of delta that every identifier hears; nil: none.
	consents *profile.State
	dropped  []drop
	auth     int
	// form is what the log keeps of the event, for keep seconds; 0: it keeps nothing.
	form []byte
	keep uint32
}

// drop is an identifier that does not count.
type drop struct {
	err   *identity.DropError
	token identity.Token // of what the event called it
}

type dedupKey [1 + 4 + keys.DedupHashLen]byte

type namedToken struct {
	token identity.Token
	id    profile.Identifier
}

// prepareShare is the least number of events that a goroutine is started for.
const prepareShare = 128

// prepare validates, normalises, hashes and lifts events. It runs for the
// caller, before the writer's turn.
func (db *DB) prepare(events []profile.Event) *request {
	req := &request{cat: db.cat.Load(), events: events, done: make(chan struct{})}
	req.prepared = make([]prepared, len(events))
	faults := make([]error, len(events))
	now := db.opts.Clock()
	db.crew.inShares(len(events), prepareShare, func(from, to int) {
		for i := from; i < to; i++ {
			req.prepared[i], faults[i] = db.prepareEvent(req.cat, &events[i], now)
			req.prepared[i].index = i
		}
	})
	good := req.prepared[:0]
	for i, err := range faults {
		if err != nil {
			req.reject(i, err)
			if p := &req.prepared[i]; len(p.ids) == 0 && len(p.dropped) > 0 {
				req.lost = append(req.lost, req.prepared[i])
			}
			continue
		}
		req.bytes += req.prepared[i].delta.MemoryBytes() + len(req.prepared[i].form)
		good = append(good, req.prepared[i])
	}
	req.prepared = good
	return req
}

func (r *request) reject(index int, err error) {
	rej := Rejection{Index: index, Reason: profile.ReasonInvalid, Detail: err.Error()}
	if f, ok := errors.AsType[*profile.FieldError](err); ok {
		rej.Field, rej.Reason, rej.Detail = f.Field, f.Reason, f.Detail
	}
	r.result.Rejected = append(r.result.Rejected, rej)
}

func (db *DB) prepareEvent(cat *catalog, e *profile.Event, now time.Time) (prepared, error) {
	var p prepared
	if e.Received.IsZero() {
		c := *e
		c.Received = now
		e = &c
	}
	if err := e.Validate(db.opts.Limits, now); err != nil {
		return p, err
	}
	var err error
	p.stamp = e.Stamp()
	if p.ids, p.dropped, err = db.identifiers(cat, e); err != nil {
		return p, err
	}
	if p.delta, err = cat.fold.Lift(e); err != nil {
		return p, err
	}
	if err := cat.checkTold(e); err != nil {
		return p, err
	}
	content := e.ContentHash()
	p.content = contentKey(content)
	id := profile.Identifier{Namespace: "\x00" + e.Source, Value: e.MessageID}
	if e.MessageID == "" {
		id.Value = string(content[:])
		id.Namespace = "\x01" + e.Source
	}
	hash := db.tokens.Token(id)
	keys.AppendDedup(p.dedup[:0], day(e.OriginalTime()), [keys.DedupHashLen]byte(hash[:]))
	p.auth = int(e.Auth)
	p.log(&cat.model.Log, e)
	p.consents = p.delta.ConsentsOf()
	p.attrs, p.event = slices.Collect(p.delta.AttributeNames()), e.CountedName()
	return p, nil
}

// contentKey returns what tells the content of an event where its message is known.
func contentKey(content [16]byte) uint64 { return binary.BigEndian.Uint64(content[:]) }

// day is the civil day (UTC) of an event's original time; 0 without one, for a
// received time changes when the event is sent again.
func day(t time.Time) int32 {
	if t.IsZero() {
		return 0
	}
	s := t.Unix()
	d := s / 86400
	if s%86400 < 0 {
		d--
	}
	return int32(d)
}

// identifiers cleans an event's identifiers and sorts them, strongest first.
// Those that may not name a person are left out; without any left the event is
// refused.
func (db *DB) identifiers(cat *catalog, e *profile.Event) (ids []namedToken, dropped []drop, err error) {
	all := identifiersOf(cat, e)
	kept, drops := cat.rules.Select(all)
	if len(kept) == 0 {
		err := &profile.FieldError{Field: "identifiers", Reason: profile.ReasonBlocked}
		if len(drops) > 0 {
			err.Detail = drops[0].Error()
		}
		return nil, db.dropped(all, drops), err
	}
	ids = make([]namedToken, len(kept))
	for i, id := range kept {
		ids[i] = namedToken{token: db.tokens.Token(id), id: id}
	}
	return ids, db.dropped(all, drops), nil
}

// identifiersOf returns the identifiers of an event as it names them, those that it tells
// as traits last.
func identifiersOf(cat *catalog, e *profile.Event) []profile.Identifier {
	if e.Type != profile.Identify {
		return e.Identifiers
	}
	return append(slices.Clip(e.Identifiers), cat.rules.FromTraits(e.Traits)...)
}

// dropped adds to what was dropped the token of what the event called it.
func (db *DB) dropped(all []profile.Identifier, drops []*identity.DropError) []drop {
	var out []drop
	for _, d := range drops {
		out = append(out, drop{err: d, token: db.tokens.Token(all[d.Position])})
	}
	return out
}

// commit takes a group of requests in, all in one commit or none, and wakes
// their callers.
func (db *DB) commit(group []*request) {
	err := db.commitGroup(group)
	for _, r := range group {
		r.taken = true
		if err != nil {
			r.result, r.err = Result{}, err
		}
		r.result.Epoch = db.meta.epoch
		slices.SortFunc(r.result.Rejected, func(a, b Rejection) int { return cmp.Compare(a.Index, b.Index) })
		close(r.done)
	}
}

func (db *DB) commitGroup(group []*request) error {
	t := db.begin()
	seen := map[dedupKey]uint64{}
	known, err := t.prefetch(group)
	if err == nil {
		t.passTime()
		_, err = t.sweepLog(sweepLeast + sweepShare*len(known))
	}
	if err != nil {
		t.abort()
		return err
	}
	for _, r := range group {
		for i := range r.prepared {
			if err := t.take(r, &r.prepared[i], known[0], seen); err != nil {
				t.abort()
				return err
			}
			known = known[1:]
		}
		for i := range r.lost {
			p := &r.lost[i]
			e := &r.events[p.index]
			t.drop(p.dropped, &cause{source: e.Source, id: e.MessageID, at: p.stamp.At, req: r})
		}
	}
	if len(seen) == 0 && t.tally == nil {
		t.index.Abort()
		db.sweep = unswept
		db.nodes.age()
		return nil
	}
	return t.finish(false)
}

// take takes one event in, unless it was before; known says that the store holds
// its dedup key.
func (t *txn) take(r *request, p *prepared, known bool, seen map[dedupKey]uint64) error {
	content, ok := seen[p.dedup]
	if !ok && known {
		data, stored, err := t.get(p.dedup[:])
		if err != nil {
			return err
		}
		if ok = stored && len(data) == 8; ok {
			content = binary.BigEndian.Uint64(data)
		}
	}
	if ok {
		if content == p.content {
			r.result.Duplicate++
			return nil
		}
		r.reject(p.index, &profile.FieldError{
			Field: "messageId", Reason: profile.ReasonReused,
			Detail: "taken in before on that day, with other content",
		})
		return nil
	}
	index := p.index
	content = p.content
	p, err := t.admit(r, p)
	if err != nil {
		if _, refused := errors.AsType[*profile.FieldError](err); !refused {
			return err
		}
		r.reject(index, err)
		return nil
	}
	seen[p.dedup] = content
	t.batch.Set(p.dedup[:], binary.BigEndian.AppendUint64(t.scratch[:0], content))
	r.result.Accepted++
	if t.meta.accepted == 0 {
		t.meta.earliest, t.meta.latest = p.stamp.At, p.stamp.At
	}
	t.meta.earliest, t.meta.latest = min(t.meta.earliest, p.stamp.At), max(t.meta.latest, p.stamp.At)
	t.meta.accepted++
	e := &r.events[p.index]
	why := cause{source: e.Source, id: e.MessageID, of: p.ids[0].token, at: p.stamp.At, index: p.index, req: r}
	r.result.Dropped += len(p.dropped)
	t.drop(p.dropped, &why)

	strong, err := t.nodeOf(p.ids[0].token, p.ids[0].id)
	if err != nil {
		return err
	}
	first := p.consents != nil && !hearsOfConsents(strong.state)
	if err := t.foldDated(strong, p, &why); err != nil {
		return err
	}
	if p.consents != nil {
		if err := t.keepHeard(strong, strong, p.consents, first); err != nil {
			return err
		}
	}
	t.keepEvent(strong, p)
	for _, id := range p.ids[1:] {
		weak, err := t.nodeOf(id.token, id.id)
		if err != nil {
			return err
		}
		if err := t.hear(weak, strong, p); err != nil {
			return err
		}
		if err := t.see(weak, strong, p, &why); err != nil {
			return err
		}
	}
	return nil
}

// foldDated folds an event into the node that it lies at. That comes before its
// sightings of others: a limit with a window asks when the node was first seen.
func (t *txn) foldDated(n *node, p *prepared, why *cause) error {
	if !t.cat.rules.Windowed(n.id.Namespace) {
		return t.fold(n, p)
	}
	before := n.evidence()
	if err := t.fold(n, p); err != nil {
		return err
	}
	return t.regroup(t.redated(n, before), why)
}
