package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// mixedBatch is how many events a call of Ingest takes in, mixedSegments how many
// segments are counted together.
const (
	mixedBatch    = 1_000
	mixedSegments = 100
)

// mixedStore is the store of the ingest suite, and what the harness knows of its
// customers by its own count.
type mixedStore struct {
	*portraitSide
	known     []customerFacts
	touches   *stream
	reader    *rand.Rand
	audiences []mixedAudience
}

// customerFacts are what the tags ask of a customer.
type customerFacts struct {
	sum, most     uint32 // of the amounts, in cents
	gold, bigCity bool
}

// tagRef is one of the 20 tags.
type tagRef struct{ kind, rule int }

// mixedAudience is a segment of those who have any of some tags and not another.
type mixedAudience struct {
	either  []tagRef
	without []tagRef
	expr    segment.Expr
}

func (a mixedAudience) parsed() mixedAudience {
	quoted := func(refs []tagRef) []string {
		out := make([]string, len(refs))
		for i, r := range refs {
			out[i] = fmt.Sprintf("tag(%q)", tagName(r.kind, r.rule))
		}
		return out
	}
	a.expr = segment.MustParse("(" + strings.Join(quoted(a.either), " or ") + ") and not " + strings.Join(quoted(a.without), " and not "))
	return a
}

// fourTags have members in every block of the bitmaps, and ingest changes them all.
var fourTags = mixedAudience{either: []tagRef{{0, 1}, {1, 1}}, without: []tagRef{{0, 3}, {1, 4}}}.parsed()

// newMixedStore makes the store, its customers with one event each.
func newMixedStore(ctx context.Context, dir string, customers int) (*mixedStore, error) {
	if err := loadPortrait(ctx, dir, customers); err != nil {
		return nil, err
	}
	s := &mixedStore{
		known: make([]customerFacts, customers), touches: newStream(uniform, customers, 11), reader: rand.New(rand.NewPCG(12, 0)),
	}
	drawn := rand.New(rand.NewPCG(3, 0)) // as loadPortrait draws
	for i := range s.known {
		e := firstEvent(uint32(i), drawn)
		city, cents := e.Traits["city"].Text(), uint32(e.Properties["amount"].Number()*100+0.5)
		s.known[i] = customerFacts{sum: cents, most: cents, gold: e.Traits["level"].Text() == "gold", bigCity: city == "上海" || city == "北京"}
	}
	for range mixedSegments {
		a := mixedAudience{either: make([]tagRef, 1+s.reader.IntN(3)), without: make([]tagRef, 1)}
		for _, refs := range [][]tagRef{a.either, a.without} {
			for i := range refs {
				refs[i] = tagRef{s.reader.IntN(len(kinds)), s.reader.IntN(len(tagRules))}
			}
		}
		s.audiences = append(s.audiences, a.parsed())
	}
	db, err := openAt(dir, usual, false, func() time.Time { return clock })
	if err != nil {
		return nil, err
	}
	s.portraitSide = &portraitSide{db: db, tally: slices.Repeat([]uint32{1}, customers)}
	return s, nil
}

// rest waits until the store has nothing to do, and collects garbage.
func (s *mixedStore) rest() {
	s.settle()
	runtime.GC()
}

// count asks for one segment of four tags.
func (s *mixedStore) count(ctx context.Context) error {
	_, err := s.db.Count(ctx, fourTags.expr)
	return err
}

// counts asks for many segments at once.
func (s *mixedStore) counts(ctx context.Context) error {
	_, err := s.countTogether(ctx)
	return err
}

func (s *mixedStore) countTogether(ctx context.Context) ([]uint64, error) {
	es := make([]segment.Expr, len(s.audiences))
	for i, a := range s.audiences {
		es[i] = a.expr
	}
	view, err := s.db.View(ctx)
	if err != nil {
		return nil, err
	}
	defer view.Close()
	return view.Counts(ctx, es...)
}

// profile asks for a customer drawn at random.
func (s *mixedStore) profile(ctx context.Context) error {
	id := customerID(uint32(s.reader.IntN(len(s.known))))
	_, err := s.db.Profile(ctx, profile.Identifier{Namespace: "user_id", Value: id})
	return err
}

// ingestion is a goroutine that takes events in until it is told to stop.
type ingestion struct {
	stop, done chan struct{}
	fed        sample
	err        error
}

// beginIngest takes events in from now on. The goroutine owns the tally and what is
// known of the customers until end returns.
func (s *mixedStore) beginIngest(ctx context.Context) *ingestion {
	g := &ingestion{stop: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(g.done)
		for g.err == nil {
			select {
			case <-g.stop:
				return
			default:
				g.err = s.feed(ctx, g)
			}
		}
	}()
	return g
}

// feed takes one batch in. The making of its events is not timed.
func (s *mixedStore) feed(ctx context.Context, g *ingestion) error {
	touches := s.touches.take(mixedBatch)
	events := make([]profile.Event, len(touches))
	for i, t := range touches {
		events[i] = t.event(s.seq)
		s.seq++
		s.tally[t.customer]++
		k := &s.known[t.customer]
		k.sum, k.most = k.sum+t.cents, max(k.most, t.cents)
	}
	began := time.Now()
	err := takeIn(ctx, s.db, events)
	g.fed.elapsed += time.Since(began)
	g.fed.ops += len(events)
	return err
}

// end waits for the last batch and returns how long all of them took.
func (g *ingestion) end() (sample, error) {
	close(g.stop)
	<-g.done
	return g.fed, g.err
}

// tagged tells which of the tags of its kind a customer has, as a bit each.
func (s *mixedStore) tagged(customer int) uint8 {
	k, n := s.known[customer], s.tally[customer]
	var bits uint8
	for rule, holds := range [...]bool{n >= 3, k.sum > 50_000, k.most >= 90_000, k.sum > 6_000*n && k.gold, n >= 2 && k.bigCity} {
		if holds {
			bits |= 1 << rule
		}
	}
	return bits
}

// compare holds what the store answers, while nothing happens, to the harness's own
// count of every segment.
func (s *mixedStore) compare(ctx context.Context) error {
	all := append(slices.Clone(s.audiences), fourTags)
	want := make([]uint64, len(all))
	for i := range s.known {
		kind, bits := kindOf(uint32(i)), s.tagged(i)
		has := func(r tagRef) bool { return r.kind == kind && bits>>r.rule&1 == 1 }
		for j, a := range all {
			if slices.ContainsFunc(a.either, has) && !slices.ContainsFunc(a.without, has) {
				want[j]++
			}
		}
	}
	got, err := s.countTogether(ctx)
	if err != nil {
		return err
	}
	four, err := s.db.Count(ctx, fourTags.expr)
	if err != nil {
		return err
	}
	for j, n := range append(got, four) {
		if n != want[j] {
			return fmt.Errorf("%s has %d members, want %d", all[j].expr, n, want[j])
		}
	}
	return s.check(ctx, []uint32{0, uint32(len(s.known) / 2), uint32(len(s.known) - 1)})
}
