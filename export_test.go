package portrait

import (
	"context"
	"io"
	"time"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/oracle"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/store"
)

// WithFS returns options on a file system of the test's.
func WithFS(o Options, fs store.FS) *Options {
	o.fs = fs
	return &o
}

// FoldOf returns what the model in force folds.
func FoldOf(db *DB) *profile.Schema { return db.cat.Load().fold }

// ScopeOf returns what names mean under the model in force.
func ScopeOf(db *DB) syntax.Scope { return db.cat.Load() }

// CheckedTree returns a segment's tree, checked against the model in force.
func CheckedTree(db *DB, e segment.Expr) (syntax.Expr, error) {
	return syntax.Check(e.Tree(), db.cat.Load())
}

// CheckCut is Check by so many goroutines, with the work cut up much finer if fine is set.
func CheckCut(ctx context.Context, db *DB, workers int, fine bool) error {
	return checkError(func(yield func(string, error) bool) {
		_, err := within(ctx, db, func(v *View) (struct{}, error) {
			s := scaleOf(v.epoch.meta.nextOrdinal)
			if fine {
				s = scale{ranges: 64, span: 128, batch: 64, replay: 100, follow: 70, expiries: 1}
			}
			return struct{}{}, v.check(ctx, workers, s, yieldTo(yield))
		})
		if err != nil {
			yield("", err)
		}
	})
}

// ReplayLedger is Privacy.ReplayLedger of a ledger of so many bytes at most.
func ReplayLedger(ctx context.Context, db *DB, r io.Reader, most int64) error {
	_, err := db.Privacy().replayLedger(ctx, r, most)
	return err
}

// WithoutState returns the record of a node as if no event lay at it.
func WithoutState(record []byte) []byte {
	n, _, err := splitNode(identity.Token{}, record)
	if err != nil {
		panic(err)
	}
	n.state = &profile.State{}
	return appendNode(nil, &n)
}

// NodeDamages falsify the record of a node, where they can.
var NodeDamages = map[string]func(record []byte) (falsified []byte, ok bool){
	"that is shared, or not": falsify(func(n *node) bool { n.shared = !n.shared; return true }),
	"that is barred, or not": falsify(func(n *node) bool { n.barred = !n.barred; return true }),
	"that admits nothing":    falsify(func(n *node) bool { ok := len(n.admitted) > 0; n.admitted = nil; return ok }),
	"that admits a phantom":  falsify(func(n *node) bool { n.admitted = append(n.admitted, identity.Token{0: 255, 1: 255}); return true }),
	"that was named later":   falsify(func(n *node) bool { n.since++; return n.named }),
	"that was never named":   falsify(func(n *node) bool { ok := n.named; n.named, n.since = false, 0; return ok }),
	"with a partner more":    falsify(func(n *node) bool { n.partners++; return true }),
	"without edges":          falsify(func(n *node) bool { ok := n.linked; n.linked = false; return ok }),
	"without vetoes":         falsify(func(n *node) bool { ok := n.vetoed; n.vetoed = false; return ok }),
	"of another component":   falsify(func(n *node) bool { ok := !n.alone(); n.root = n.token; return ok }),
}

func falsify(change func(*node) bool) func([]byte) ([]byte, bool) {
	return func(record []byte) ([]byte, bool) {
		n, err := decodeNode(identity.Token{}, record)
		if err != nil {
			panic(err)
		}
		ok := change(n)
		return appendNode(nil, n), ok
	}
}

// CachedNodes returns how many decoded nodes the writer keeps, and the bytes of
// their records. Nobody may write meanwhile.
func CachedNodes(db *DB) (n int, bytes int64) {
	for _, generation := range []map[identity.Token]*node{db.nodes.young, db.nodes.old} {
		n += len(generation)
		for _, cached := range generation {
			bytes += int64(cached.bytes)
		}
	}
	return n, bytes
}

// SpillLists makes uploads put what they read into their temporary file.
func SpillLists(db *DB) { db.listSizes.memory = 1 }

// HoldWriter keeps commits waiting until release is called.
func HoldWriter(db *DB) (release func()) {
	db.write <- struct{}{}
	return db.unlock
}

// Waiting returns how many Ingest calls wait for a commit.
func Waiting(db *DB) int {
	db.queue.mu.Lock()
	defer db.queue.mu.Unlock()
	return len(db.queue.waiting)
}

// NaiveRules restates identity rules for the naive implementation.
func NaiveRules(c identity.Config) oracle.Rules { return naiveRules(c) }

// StampOf returns a decision's place among those about the same pair.
func StampOf(d Decision) profile.Stamp { return d.stamp() }

// WithRecastBatch returns options under which a change of identity rules takes
// many commits.
func WithRecastBatch(o *Options, nodes int) *Options {
	o.recastBatch = nodes
	return o
}

// SmallLists makes one commit of a list put in about so many profiles, and holds as many
// claims at once. With a seek of 0 identifiers are looked up, with a large one all nodes
// are read in a row.
func SmallLists(db *DB, n, seek int) {
	db.listSizes = listSizes{bits: n, claims: n, seek: seek, moves: defaultListSizes.moves}
}

// MovesOfLists makes a change of a list that moves more profiles than so many fill anew
// what asks of it.
func MovesOfLists(db *DB, n int) { db.listSizes.moves = n }

// BreakOffList writes a part of a list, as if the process ended then.
func BreakOffList(ctx context.Context, db *DB, name string, ids ...profile.Identifier) error {
	w := &listWriter{db: db, list: &list{about: segment.List{Name: name, Namespace: ids[0].Namespace}}}
	tokens := new(listTokens)
	for _, id := range ids {
		tokens.add(db.tokens.Token(id))
	}
	if err := w.begin(ctx); err != nil {
		return err
	}
	return w.putParts(ctx, tokens)
}

// MatchesOf counts the entries of all match indexes, of models and of none.
func MatchesOf(db *DB) (n int) {
	prefix := []byte{keys.Match}
	for _, err := range db.current.Load().snap.Scan(prefix, keys.End(prefix)) {
		if err != nil {
			panic(err)
		}
		n++
	}
	return n
}

// FieldsOf counts the fields of the index that are recorded under a name.
func FieldsOf(db *DB, name string) (n int) {
	prefix := []byte{keys.Field}
	for kv, err := range db.current.Load().snap.Scan(prefix, keys.End(prefix)) {
		if rec, bad := decodeField(kv.Value); err == nil && bad == nil && rec.Name == name {
			n++
		}
	}
	return n
}

// MaxUnderWay is how many events of Ingest calls may be under way.
const MaxUnderWay = maxUnderWay

// LoggedEvents counts the events in the log, expired or not.
func LoggedEvents(db *DB) (n int) {
	prefix := []byte{keys.Event}
	for _, err := range db.current.Load().snap.Scan(prefix, keys.End(prefix)) {
		if err != nil {
			panic(err)
		}
		n++
	}
	return n
}

// SetNextOrdinal says which ordinal is handed out next, and returns which was to be.
func SetNextOrdinal(db *DB, next uint32) (was uint32) {
	db.write <- struct{}{}
	defer db.unlock()
	was, db.meta.nextOrdinal = db.meta.nextOrdinal, next
	return was
}

// WithRepairBatch returns options under which a repair takes many commits.
func WithRepairBatch(o *Options, bytes int) *Options {
	o.repairBatch = bytes
	return o
}

// WithPurgeBatch returns options under which a Purge tells of so many identifiers in one
// commit that it is done.
func WithPurgeBatch(o *Options, n int) *Options {
	o.purgeBatch = n
	return o
}

// Admissions is the bound on events of Ingest calls under way, of no store.
type Admissions struct{ q queue }

// Enter waits as an Ingest of so many events does.
func (a *Admissions) Enter(ctx context.Context, events int) error { return a.q.enter(ctx, events) }

// Leave is called at the end of an Ingest that was let in.
func (a *Admissions) Leave(events int) { a.q.leave(events) }

// UnderWay returns how many events are under way.
func (a *Admissions) UnderWay() int { _, events := a.q.load(); return events }

// CountFlips is how many flips FlipsBefore tells of, where it may tell of so many.
func CountFlips(ctx context.Context, v *View, e segment.Expr, t time.Time, most int) (int, error) {
	flips, err := v.flips(ctx, e, profile.InstantOf(t), most)
	return len(flips), err
}
