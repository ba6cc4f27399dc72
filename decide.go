package portrait

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/profile"
)

// Decision is when, under what ID and by whom something was decided about
// identifiers. The latest decision about a pair holds, whatever the order in
// which decisions reach the store. Of equal times a hash of the IDs decides, and
// of equal IDs Unlink goes before Link, and both before what withdraws them. The
// zero value is a decision of now that names nobody.
type Decision struct {
	// At is when it was decided, to the microsecond, in the years 1900 to 9999.
	// Zero means now, by the store's clock. One that lies in the future holds from
	// now on and outranks whatever is decided before that time comes; more than
	// Options.Limits.MaxFuture ahead, 24 hours by default, is an error.
	At time.Time
	// ID names the decision, such as a ticket, in at most 1,024 bytes. It may be
	// empty, and need not be unique.
	ID string
	// By and Reason are for the record, at most 1,024 bytes each; see
	// View.Decisions. They may be empty.
	By, Reason string
	// Withdraw takes earlier decisions of that sort about the same identifiers
	// back: it is as if nobody had decided. Of Link and Unlink either takes back
	// both; Split and Detach refuse it.
	Withdraw bool
}

// maxDecisionText bounds each text of a Decision, in bytes.
const maxDecisionText = 1024

func (d *Decision) validate() error {
	if y := d.At.UTC().Year(); y < 1900 || y > 9999 {
		return fmt.Errorf("portrait: decision time %s is out of range", d.At.Format(time.RFC3339))
	}
	for _, s := range [...]struct{ name, text string }{{"ID", d.ID}, {"By", d.By}, {"Reason", d.Reason}} {
		if len(s.text) > maxDecisionText || !utf8.ValidString(s.text) {
			return fmt.Errorf("portrait: Decision.%s is no UTF-8 text of at most %d bytes", s.name, maxDecisionText)
		}
	}
	return nil
}

// stamp is the decision's place among those about the same pair.
func (d *Decision) stamp() profile.Stamp {
	id := sha256.Sum256([]byte(d.ID))
	return profile.Stamp{At: profile.InstantOf(d.At), Tie: binary.BigEndian.Uint64(id[:])}
}

// Effect tells what a decision did at once. A decision that a later one outranks
// does nothing: but for a Link, of which Refused then tells, its Effect is that of
// one which changes nothing because it was so already.
type Effect struct {
	// Epoch is the commit that holds the decision.
	Epoch uint64
	// Merges are the profiles that it merged or split.
	Merges []Merge
	// Outranked says that a later decision about the pair holds: this one is on
	// record and changes nothing.
	Outranked bool
	// Refused says why a Link does not unite its pair, or which weak edges of a
	// Suggest unite nothing; it is empty where they do. A Link never overrides a
	// unique namespace, a limit, a veto, the greatest size of a profile or a value
	// that is blocked or generic, nor what was decided later, of which the rule is
	// "unlinked". It is kept, and holds once nothing forbids it any more. Pairs that
	// have to give way are in View.Refusals.
	Refused []Refusal
}

// Link decides that two identifiers name one person, whether or not they were
// seen yet. Where a rule forbids it Effect.Refused has the pair. An identifier that
// may not name a person is an error that wraps a *[identity.DropError]; so it is
// with Unlink, Veto, Split, Detach and Suggest.
func (db *DB) Link(ctx context.Context, a, b profile.Identifier, d Decision) (Effect, error) {
	return db.decide(ctx, d, func(t *txn, d *decided) error { return t.decidePair(a, b, identity.Link, d) })
}

// Unlink decides that what was seen of two identifiers together, and any Link of
// them, does not make them one person; it holds against later events too. The
// profile splits where nothing else joins it: each part has exactly the history
// of its own identifiers.
func (db *DB) Unlink(ctx context.Context, a, b profile.Identifier, d Decision) (Effect, error) {
	return db.decide(ctx, d, func(t *txn, d *decided) error { return t.decidePair(a, b, identity.Unlink, d) })
}

// Veto decides that two identifiers are never of one person, on any path. It
// outlives Link and Unlink; only a later Veto with Decision.Withdraw lifts it.
func (db *DB) Veto(ctx context.Context, a, b profile.Identifier, d Decision) (Effect, error) {
	return db.decide(ctx, d, func(t *txn, d *decided) error {
		x, y, err := t.pair(a, b)
		if err != nil {
			return err
		}
		changed, err := t.veto(x, y, d)
		if err != nil {
			return err
		}
		return t.regroup(changed, &d.cause)
	})
}

// Split decides that groups of identifiers are different people. It acts on what
// is known now: of the profiles that hold the identifiers, every other
// identifier stays with the group that it is joined to most strongly; what was
// seen across groups is unlinked, and the identifiers named veto those of other
// groups, so that no later event joins them again. There must be 2 to 20 groups
// of at most 200 identifiers together, each of which is known, or it is
// ErrNotFound. What was resolved is on record in View.Decisions, and is withdrawn
// by Withdraw: Split itself refuses Decision.Withdraw.
func (db *DB) Split(ctx context.Context, groups [][]profile.Identifier, d Decision) (Effect, error) {
	return db.decide(ctx, d, func(t *txn, d *decided) error { return t.split(groups, d) })
}

// Detach decides that an identifier is not of the person whose profile holds it:
// it is unlinked from each one that it was seen with, linked to or weakly matched
// with until now, and stays so should it be seen with that one again. What happened
// on it alone, if anything did, is a profile of its own until it is seen with
// somebody new. One that is not known is ErrNotFound. What was resolved is on record
// and withdrawn as that of Split.
func (db *DB) Detach(ctx context.Context, id profile.Identifier, d Decision) (Effect, error) {
	return db.decide(ctx, d, func(t *txn, d *decided) error {
		if err := d.notWithdrawn("Detach"); err != nil {
			return err
		}
		n, err := t.known(id)
		if err != nil {
			return err
		}
		cut, err := t.cat.rules.Counting(graph{t}, n.token)
		if err != nil {
			return err
		}
		return t.unlinkAll(cut, d)
	})
}

// decided is a Decision on its way into the store.
type decided struct {
	Decision
	stamp profile.Stamp
	cause cause
}

// notWithdrawn refuses to withdraw a decision that resolved to pairs: which they
// were depends on what was known then.
func (d *decided) notWithdrawn(call string) error {
	if !d.Withdraw {
		return nil
	}
	return fmt.Errorf("portrait: a %s is not withdrawn as a whole: see DB.Withdraw", call)
}

// decide runs one decision in a commit of its own.
func (db *DB) decide(ctx context.Context, d Decision, act func(*txn, *decided) error) (Effect, error) {
	if d.At.IsZero() {
		d.At = db.opts.Clock()
	}
	if err := d.validate(); err != nil {
		return Effect{}, err
	}
	ahead := cmp.Or(max(db.opts.Limits.MaxFuture, 0), 24*time.Hour)
	if now := db.opts.Clock(); d.At.After(now.Add(ahead)) {
		return Effect{}, fmt.Errorf("portrait: decision time %s is more than %v ahead of the clock", d.At.Format(time.RFC3339), ahead)
	}
	in := &decided{Decision: d, stamp: d.stamp()}
	in.cause = cause{source: "decision", id: d.ID, at: in.stamp.At}
	var effect Effect
	err := db.transact(ctx, func(t *txn) error {
		if err := act(t, in); err != nil {
			return err
		}
		t.attestDecided()
		effect.Refused, effect.Outranked = t.refused, t.outranked
		return nil
	}, func(t *txn) { effect.Epoch, effect.Merges = t.meta.epoch, t.merged })
	return effect, err
}

// decidePair folds a decision into the edge of two identifiers.
func (t *txn) decidePair(a, b profile.Identifier, what identity.Decision, d *decided) error {
	x, y, err := t.pair(a, b)
	if err != nil {
		return err
	}
	if d.Withdraw {
		what = identity.Withdraw
	}
	pair := t.cat.rules.Pair(x.evidence(), y.evidence())
	changed, err := t.decideEdge(pair, what, d)
	if err != nil {
		return err
	}
	if what != identity.Link {
		return t.regroup(changed, &d.cause)
	}
	d.cause.tell = pair
	// A Link is answered even where it changes nothing, such as a second time.
	if !slices.Contains(changed, pair) {
		changed = append(changed, pair)
	}
	if err := t.regroup(changed, &d.cause); err != nil {
		return err
	}
	e, err := t.edge(pair)
	if err != nil || e.Decision == identity.Link || x.root == y.root {
		return err
	}
	return t.refuseEdges([]identity.Refusal{{Pair: pair, Rule: identity.RuleUnlinked}}, &d.cause)
}

// decideEdge folds a decision into an edge and returns what has to be regrouped.
func (t *txn) decideEdge(pair identity.Pair, what identity.Decision, d *decided) ([]identity.Pair, error) {
	t.audit(what.String(), pair, d)
	e, err := t.edge(pair)
	if err != nil {
		return nil, err
	}
	before := e.Edge
	if !e.Decide(what, d.stamp) {
		t.outranked = t.outranked || e.Decision != what || e.Decided != d.stamp
		return nil, nil
	}
	weak, err := t.must(pair.Weak)
	if err != nil {
		return nil, err
	}
	strong, err := t.must(pair.Strong)
	if err != nil {
		return nil, err
	}
	e.dirty = true
	if err := t.link(weak, strong); err != nil {
		return nil, err
	}
	return t.judge(e, before)
}

// unlinkAll unlinks some edges as one change.
func (t *txn) unlinkAll(pairs []identity.Pair, d *decided) error {
	var changed []identity.Pair
	for _, p := range pairs {
		more, err := t.decideEdge(p, identity.Unlink, d)
		if err != nil {
			return err
		}
		changed = append(changed, more...)
	}
	return t.regroup(changed, &d.cause)
}

// split unlinks and vetoes across groups.
func (t *txn) split(groups [][]profile.Identifier, d *decided) error {
	if err := d.notWithdrawn("Split"); err != nil {
		return err
	}
	nodes, err := t.groups(groups)
	if err != nil {
		return err
	}
	tokens := make([][]identity.Token, len(nodes))
	for i, group := range nodes {
		for _, n := range group {
			tokens[i] = append(tokens[i], n.token)
		}
	}
	cut, err := t.cat.rules.Divide(graph{t}, tokens)
	if err != nil {
		return err
	}
	if err := t.unlinkAll(cut, d); err != nil {
		return err
	}
	var changed []identity.Pair
	for i, group := range nodes {
		others := slices.Concat(nodes[:i]...)
		for _, x := range group {
			for _, y := range others {
				more, err := t.veto(x, y, d)
				if err != nil {
					return err
				}
				changed = append(changed, more...)
			}
		}
	}
	return t.regroup(changed, &d.cause)
}

// The most that one Split may name.
const (
	maxSplitGroups      = 20
	maxSplitIdentifiers = 200
)

// groups returns the nodes of the groups of a Split, each of which is known and in
// one group only.
func (t *txn) groups(groups [][]profile.Identifier) ([][]*node, error) {
	if len(groups) < 2 || len(groups) > maxSplitGroups {
		return nil, fmt.Errorf("portrait: split into %d groups: want 2 to %d", len(groups), maxSplitGroups)
	}
	if n := len(slices.Concat(groups...)); n > maxSplitIdentifiers {
		return nil, fmt.Errorf("portrait: split: %d identifiers are named: want at most %d", n, maxSplitIdentifiers)
	}
	named := map[identity.Token]int{}
	nodes := make([][]*node, len(groups))
	for i, group := range groups {
		if len(group) == 0 {
			return nil, fmt.Errorf("portrait: split: group %d is empty", i+1)
		}
		for _, id := range group {
			n, err := t.known(id)
			if err != nil {
				return nil, err
			}
			if j, twice := named[n.token]; twice {
				return nil, fmt.Errorf("portrait: split: an identifier of %s is in group %d and in group %d", n.id.Namespace, j+1, i+1)
			}
			named[n.token] = i
			nodes[i] = append(nodes[i], n)
		}
	}
	return nodes, nil
}

// known returns the node of an identifier that events or decisions have named.
func (t *txn) known(id profile.Identifier) (*node, error) {
	clean, err := t.cat.clean(id)
	if err != nil {
		return nil, fmt.Errorf("portrait: %w", err)
	}
	n, err := t.node(t.db.tokens.Token(clean))
	if err == nil && n == nil {
		err = fmt.Errorf("%w: %s", ErrNotFound, id.Namespace)
	}
	return n, err
}

// pair returns the nodes of two identifiers, made if need be.
func (t *txn) pair(a, b profile.Identifier) (x, y *node, err error) {
	var nodes [2]*node
	for i, id := range []profile.Identifier{a, b} {
		clean, err := t.cat.clean(id)
		if err != nil {
			return nil, nil, fmt.Errorf("portrait: %w", err)
		}
		token := t.db.tokens.Token(clean)
		if err := t.allowed(token, clean); err != nil {
			return nil, nil, fmt.Errorf("portrait: %w", err)
		}
		if nodes[i], err = t.nodeOf(token, clean); err != nil {
			return nil, nil, err
		}
	}
	if nodes[0] == nodes[1] {
		return nil, nil, fmt.Errorf("portrait: both are the same identifier of %s", nodes[0].id.Namespace)
	}
	return nodes[0], nodes[1], nil
}

// transact runs one commit of its own; done is called once it is durable.
func (db *DB) transact(ctx context.Context, change func(*txn) error, done func(*txn)) error {
	if err := db.gate.enter(); err != nil {
		return err
	}
	defer db.gate.leave()
	if err := db.lock(ctx); err != nil {
		return err
	}
	defer db.unlock()
	t := db.begin()
	db.nodes.watch()
	defer db.nodes.unwatch()
	err := t.noted(ctx)
	if err == nil {
		err = change(t)
	}
	if err != nil {
		t.abort()
		return err
	}
	if err := t.finish(false); err != nil {
		return err
	}
	done(t)
	return nil
}
