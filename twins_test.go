package portrait_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/oracle"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

// twins are a store and a naive one that live the same life, with a reader of the
// store's feed.
type twins struct {
	*testing.T
	r         *rand.Rand
	rules     string // of identity
	zone      *time.Location
	redefined bool   // definitions change
	text      string // the model in force

	dir   string
	opts  *portrait.Options
	clock time.Time
	db    *portrait.DB
	naive *oracle.Store
	draw  func() profile.Identifier

	feed   *follower
	ledger ledgerTwin
	last   answers // after the step before
	inputs []step  // all that was taken in and decided
	events []profile.Event
}

// newTwins returns twins to whom nothing has happened yet. Where their definitions change
// a log keeps every event, so that those that come later hold as if they had always been.
func newTwins(t *testing.T, r *rand.Rand, redefined bool) *twins {
	t.Helper()
	w := &twins{
		T: t, r: r, rules: drawRules(r), redefined: redefined,
		dir: t.TempDir(), clock: epoch0.AddDate(0, 2, r.IntN(60)), draw: drawID(r, 2+r.IntN(8)), feed: newFollower(),
	}
	var err error
	if w.zone, err = time.LoadLocation(drawZone(r)); err != nil {
		t.Fatal(err)
	}
	w.opts = &portrait.Options{Clock: func() time.Time { return w.clock }, NoSync: true, FeedRetention: -1, Shred: w.r.IntN(2) == 0}
	if r.IntN(2) == 0 {
		portrait.WithFeedPart(portrait.WithAdvanceBatch(w.opts, 1+r.IntN(3)), 1+r.IntN(8))
	}
	w.db = open(t, w.dir, w.opts)
	w.list(w.db)
	w.define()
	w.naive = naiveStore(t, model(t, w.text), w.db)
	w.compare("definition")
	return w
}

// define gives the store other traits, tags and segments, under the same rules of
// identity.
func (w *twins) define() {
	w.Helper()
	w.text = drawLife(w.r, w.rules, w.zone.String()) + drawStages(w.r)
	if w.redefined {
		w.text += "log: {retain: 20000d}\n"
	}
	apply(w.T, w.db, w.text)
}

// step lets one thing happen to both stores. It returns what causes the changes of the
// step, or nothing where several things may.
func (w *twins) step(i int) (cause string) {
	w.Helper()
	switch w.r.IntN(18) {
	case 16, 17:
		return w.relist()
	case 0, 1:
		w.inputs = append(w.inputs, decideBoth(w.T, w.r, w.db, w.naive, w.draw(), w.draw()))
	case 2, 3:
		w.jump()
		return "deadline"
	case 4:
		w.jump()
		w.advance(w.clock)
		return "deadline"
	case 5: // the store runs ahead of the clock
		w.advance(w.clock.Add(time.Duration(w.r.IntN(100)) * time.Hour))
		return "deadline"
	case 6: // nobody has asked since the clock moved
		w.jump()
		w.ingest(i)
		return ""
	case 7:
		checkAndClose(w.T, w.db)
		w.db = open(w.T, w.dir, w.opts)
	case 8:
		if w.redefined {
			w.define()
			return "definition"
		}
	default:
		w.ingest(i)
	}
	return "event"
}

// jump sets the clock forward, every other time to where time alone changes something, or
// a tag comes into effect or goes out of it, or a microsecond before or after.
func (w *twins) jump() {
	var ahead []time.Time
	if due := w.db.Metrics().NextDue; due != profile.Never {
		ahead = append(ahead, due.Time())
	}
	for _, l := range labelsOf(w.T, w.db) {
		ahead = append(ahead, l.since.Time(), l.until.Time())
	}
	ahead = slices.DeleteFunc(ahead, func(at time.Time) bool { return !at.After(w.clock.Add(time.Microsecond)) })
	if len(ahead) > 0 && w.r.IntN(2) == 0 {
		w.clock = ahead[w.r.IntN(len(ahead))].Add(time.Duration(w.r.IntN(3)-1) * time.Microsecond)
		return
	}
	w.clock = w.clock.Add(drawJump(w.r, w.clock, w.zone))
}

func (w *twins) advance(to time.Time) {
	w.Helper()
	if err := w.db.Advance(w.Context(), to); err != nil {
		w.Fatal(err)
	}
}

// ingest takes in one event, or several in one commit, some of them twice.
func (w *twins) ingest(i int) {
	w.Helper()
	events := make([]profile.Event, 1)
	if w.r.IntN(8) == 0 {
		events = make([]profile.Event, 2+w.r.IntN(6))
	}
	for k := range events {
		e := drawEvent(w.r, i, w.draw)
		e.MessageID = fmt.Sprint("m", i, ".", k)
		e.Time, e.Received = w.clock.Add(drawLag(w.r)), w.clock
		if len(w.events) > 0 && w.r.IntN(3) == 0 {
			w.follow(&e)
		}
		if w.r.IntN(10) == 0 {
			e = w.tell(e)
		}
		events[k] = e
		w.events = append(w.events, e)
		if w.r.IntN(10) == 0 {
			events[k] = events[w.r.IntN(k+1)]
		}
	}
	var want portrait.Result
	for _, e := range events {
		switch outcome := w.naive.Ingest(e); outcome {
		case oracle.Accepted:
			want.Accepted++
		case oracle.Duplicate:
			want.Duplicate++
		default:
			w.Fatalf("event %s: the naive store says %v", e.MessageID, outcome)
		}
	}
	for range 1 + w.r.IntN(8)/7 {
		got, err := w.db.Ingest(w.Context(), events...)
		if err != nil {
			w.Fatal(err)
		}
		if got.Accepted != want.Accepted || got.Duplicate != want.Duplicate {
			w.Fatalf("%d events: %+v, the naive store says %+v", len(events), got, want)
		}
		want.Accepted, want.Duplicate = 0, len(events) // a second time
	}
	for _, e := range events {
		w.inputs = append(w.inputs, func(ctx context.Context, db *portrait.DB) error {
			_, err := db.Ingest(ctx, e)
			return err
		})
	}
}

// follow makes an event one of the same person as an earlier one, at the same time or as
// long after it as a sequence of the model asks for, to the microsecond.
func (w *twins) follow(e *profile.Event) {
	before := w.events[w.r.IntN(len(w.events))]
	e.Identifiers = before.Identifiers
	gaps := withins.FindAllStringSubmatch(w.text, -1)
	if w.r.IntN(4) == 0 || len(gaps) == 0 {
		e.Time = before.Time
		return
	}
	gap := gaps[w.r.IntN(len(gaps))]
	n, err := strconv.Atoi(gap[1])
	if err != nil {
		w.Fatal(err)
	}
	unit := map[string]time.Duration{"h": time.Hour, "d": day}[gap[2]]
	at := before.Time.Add(time.Duration(n)*unit + time.Duration(w.r.IntN(3)-1)*time.Microsecond)
	if at.Before(w.clock.Add(day / 2)) { // else it is refused: it is too far ahead
		e.Time = at
	}
}

// withins finds the gaps of sequences in a model, and those of sessions.
var withins = regexp.MustCompile(`(?:within\(|sessions\(\\?"\*\\?", )\\?"(\d+)([hd])\\?"`)

// tell makes an event one that tells a tag.
func (w *twins) tell(e profile.Event) profile.Event {
	name := []string{"名单", "批"}[w.r.IntN(2)]
	var until time.Time
	if w.r.IntN(2) == 0 {
		until = e.Time.Add(time.Duration(w.r.IntN(60*24)) * time.Hour)
	}
	e.Type, e.Name, e.Properties = profile.Identify, "", nil
	e.Traits = tags.Assign(name, []string{"金", "银"}[w.r.IntN(2)], until, "li")
	if w.r.IntN(4) == 0 {
		e.Traits = tags.Unassign(name, "li")
	}
	return e
}

// compare compares the stores, and what the feed tells of the last step with what the
// naive store's answers of before it and of now come to.
func (w *twins) compare(cause string) {
	w.Helper()
	v, err := w.db.View(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	defer v.Close()
	from := w.r.IntN(len(segments) - 8)
	is := compareStores(w.T, v, w.db, w.naive, segments[from:from+8])
	told := len(w.feed.all)
	w.feed.catchUp(w.T, w.db)
	changes := w.feed.all[told:]
	g := regrouping{was: ownersOf(w.last), is: ownersOf(is)}
	why := func(id profile.ID) string {
		if cause != "" && g.touched()[id] {
			return "merge"
		}
		return cause
	}
	got, want := feedMoves(changes, cause), w.last.movesTo(is, why)
	if diff := cmp.Diff(want, got); diff != "" {
		w.Errorf("moves of a step by %q (- naive, + feed):\n%s", cause, diff)
	}
	for _, c := range changes {
		if cause != "" && !c.At.Equal(v.AsOf()) {
			w.Errorf("at %s the feed has %+v", v.AsOf(), c)
		}
	}
	for _, fault := range g.faults(changes) {
		w.Error(fault)
	}
	w.last = is
	if cause == "" {
		why = nil
	}
	w.ledger.observe(w.T, is, v.AsOf(), changes, why)
	w.ledger.compare(w.T, w.r, v)
}

// feedMoves writes what entered and left, and why; where several things happened it
// leaves out who did both, and the cause.
func feedMoves(changes []portrait.Change, cause string) []string {
	net := map[string]int{}
	for _, c := range changes {
		why := c.Cause
		if cause == "" {
			why = ""
		}
		switch c.Kind {
		case "entered":
			net[moveText("entered", inWhat(c), c.Profile, why)]++
		case "left":
			net[moveText("left", inWhat(c), c.Profile, why)]++
		}
	}
	var moves []string
	for text, n := range net {
		if cause == "" {
			n -= net[otherWay(text)]
		}
		for range n {
			moves = append(moves, text)
		}
	}
	slices.Sort(moves)
	return moves
}

func moveText(kind, what string, id profile.ID, cause string) string {
	return fmt.Sprintf("%s %s: %s %s", kind, what, id, cause)
}

func otherWay(move string) string {
	if rest, ok := strings.CutPrefix(move, "entered "); ok {
		return "left " + rest
	}
	return "entered " + strings.TrimPrefix(move, "left ")
}

// movesTo writes who is in what now and was not before, and the other way round.
func (a answers) movesTo(b answers, cause func(profile.ID) string) []string {
	var moves []string
	for _, side := range []struct {
		kind     string
		had, has map[string][]profile.ID
	}{{"entered", a.members, b.members}, {"left", b.members, a.members}} {
		for what, ids := range side.has {
			for _, id := range ids {
				if !strings.HasPrefix(what, anythingOf) && !slices.Contains(side.had[what], id) {
					moves = append(moves, moveText(side.kind, what, id, cause(id)))
				}
			}
		}
	}
	slices.Sort(moves)
	return moves
}

// bornAgain lets all that was taken in and decided happen to a new store at once, under
// the last model and in another order: it has the Digest of the one that lived through
// it.
func (w *twins) bornAgain() {
	w.Helper()
	v, err := w.db.View(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	at := v.AsOf()
	v.Close()
	db := open(w.T, w.TempDir(), &portrait.Options{Clock: fixed(at), NoSync: true})
	w.list(db)
	apply(w.T, db, w.text)
	w.r.Shuffle(len(w.inputs), func(i, j int) { w.inputs[i], w.inputs[j] = w.inputs[j], w.inputs[i] })
	play(w.T, db, w.inputs, 1+7*w.r.IntN(2))
	for _, name := range listNames {
		for _, id := range w.naive.Listed(name) {
			w.edit(db, name, id.Namespace, []string{id.Value}, nil)
		}
	}
	if got, want := digest(w.T, db, at), digest(w.T, w.db, at); got != want {
		w.Errorf("born again at %s: digest %s, want %s", at, got, want)
	}
	checkAndClose(w.T, db)
}
