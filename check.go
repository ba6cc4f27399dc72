package portrait

import (
	"context"
	"fmt"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/oracle"
	"github.com/portraitdb/portrait/profile"
)

// Check recomputes everything that can be derived from what is kept: who is one
// person, from the evidence; what is known of them, from the states of their
// identifiers; tags, indexes and deadlines, from that. It does so with a naive
// second implementation that shares no code with the first, on a view of this
// moment, while the store goes on working. Records of what happened (refusals,
// decisions, merges) are read, and the feed is replayed. It returns nil, or a *CheckError
// that lists every difference. It holds all identifiers in memory.
func (db *DB) Check(ctx context.Context) error {
	_, err := within(ctx, db, func(v *View) (struct{}, error) { return struct{}{}, v.check(ctx) })
	return err
}

const maxDifferences = 1000

// checker compares one view with its recomputation.
type checker struct {
	v     *View
	ctx   context.Context //nolint:containedctx // lives for the one call of Check
	err   *CheckError
	nodes map[identity.Token]*checkedNode
	byID  map[profile.Identifier]*checkedNode
	// components and ordinals are the records of those names.
	components map[identity.Token][]identity.Token
	ordinals   map[uint32]identity.Token
	edges      []oracle.Edge
	veto       [][2]profile.Identifier
	// people are the live profiles, recomputed, by ordinal.
	people map[uint32]*oracle.Person
	// members are the tokens of their identifiers.
	members map[uint32][]identity.Token
	// states are those of the fast path, by ordinal.
	states map[uint32]*profile.State
}

type checkedNode struct {
	node
	person   *oracle.Person
	partners int // counted from the edges
	vetoed   bool
	linked   bool
}

func (v *View) check(ctx context.Context) error {
	c := &checker{
		v: v, ctx: ctx, err: &CheckError{},
		nodes:      map[identity.Token]*checkedNode{},
		components: map[identity.Token][]identity.Token{},
		ordinals:   map[uint32]identity.Token{},
		byID:       map[profile.Identifier]*checkedNode{},
		people:     map[uint32]*oracle.Person{},
		members:    map[uint32][]identity.Token{},
		states:     map[uint32]*profile.State{},
	}
	for _, step := range []func() error{
		c.readNodes, c.readEdges, c.readVetoes, c.readComponents, c.readOrdinals, c.checkSuppressed, c.partition, c.checkOrdinals, c.readLists,
		c.checkIndex, c.checkLists, c.checkMatches, c.checkDeadlines, c.checkLogs, c.checkFeed, c.checkLedger, c.checkEventLog,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	if c.err.Total > 0 {
		return c.err
	}
	return nil
}

func (c *checker) differ(format string, args ...any) {
	if c.err.Total++; len(c.err.Differences) < maxDifferences {
		c.err.Differences = append(c.err.Differences, fmt.Sprintf(format, args...))
	}
}

// scan runs over one space of keys.
func (c *checker) scan(space byte, each func(key, value []byte) error) error {
	n := 0
	for kv, err := range c.v.epoch.snap.Scan([]byte{space}, keys.End([]byte{space})) {
		if n++; err == nil && n&1023 == 0 && c.ctx.Err() != nil {
			err = context.Cause(c.ctx)
		}
		if err == nil {
			err = each(kv.Key, kv.Value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
