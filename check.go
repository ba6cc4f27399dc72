package portrait

import (
	"context"
	"errors"
	"iter"
	"runtime"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/oracle"
	"github.com/portraitdb/portrait/internal/shard"
	"github.com/portraitdb/portrait/profile"
)

// Check recomputes everything that can be derived from what is kept: who is one
// person, from the evidence; what is known of them, from the states of their
// identifiers; tags, indexes and deadlines, from that. It does so with a naive
// second implementation that shares no code with the first, on a view of this
// moment, while the store goes on working. Records of what happened (refusals,
// decisions, merges) are read, and the feed is replayed. It returns nil, or a *CheckError
// that counts the differences and lists the first of them, always in the same order;
// [Admin.Differences] yields all.
//
// It works on as many goroutines as GOMAXPROCS says, and ends them before it returns. It
// holds some 40 bytes of each identifier, 8 of each pair that evidence ties and 12 of each
// profile, besides the index, what is worked out of a million profiles at a time, and the
// evidence that hangs together in one piece. Host functions that the model names are
// called from several goroutines.
func (db *DB) Check(ctx context.Context) error {
	return checkError(db.Admin().Differences(ctx))
}

// Differences is [DB.Check] that yields every difference as it is found, in words, however
// many there are: all of one commit, and always in the same order. None is kept: where the
// loop takes its time the work waits for it, and files of that commit stay meanwhile. The loop may be left
// at any time, which ends the work. An error comes at most once, last, with an
// empty text; what was yielded before it stands. It may be ranged over again, which checks
// the store of that moment.
func (a *Admin) Differences(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		_, err := within(ctx, a.db, func(v *View) (struct{}, error) {
			return struct{}{}, v.check(ctx, runtime.GOMAXPROCS(0), scaleOf(v.epoch.meta.nextOrdinal), yieldTo(yield))
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield("", err)
		}
	}
}

// errEnough ends a check of which nobody wants to know more.
var errEnough = errors.New("portrait: enough differences")

func yieldTo(yield func(string, error) bool) func(string) error {
	return func(difference string) error {
		if !yield(difference, nil) {
			return errEnough
		}
		return nil
	}
}

// checkError gathers differences into what Check returns.
func checkError(found iter.Seq2[string, error]) error {
	e := &CheckError{}
	for d, err := range found {
		if err != nil {
			return err
		}
		if e.Total++; len(e.Differences) < maxDifferences {
			e.Differences = append(e.Differences, d)
		}
	}
	if e.Total > 0 {
		return e
	}
	return nil
}

const maxDifferences = 1000

// checker compares one view with its recomputation. Its inspectors share it: what it
// holds is written by one step and read by later ones.
type checker struct {
	v       *View
	workers int
	rules   oracle.Rules
	// tell is told of every difference, in order, on the goroutine of the caller. Its error
	// ends the check.
	tell func(difference string) error
	scale
	roster roster
	// byOrdinal are the nodes' numbers, less one, by their ordinals.
	byOrdinal ordinalTable[uint32]
	// ids are the ordinals that are profiles' IDs, and live those of them who are live.
	ids, live ordinalSet
	// ties are the pairs of nodes that live edges tie; see pairOf. Vetoed are the pairs that
	// vetoes keep apart, from either side.
	ties, vetoed []uint64
	// held are under a legal hold.
	held map[identity.Token]bool
	// armed are the first deadlines, by ordinal, and listed the uploaded lists with who
	// is in them.
	armed  ordinalTable[profile.Instant]
	listed []listedNodes
	// matches is what the entries of the match index should come to.
	matches digestSum
}

// scale is how finely a check cuts up what it has to do.
type scale struct {
	ranges   int    // of tokens: a power of two, 256 at most
	span     uint64 // ordinals that are recomputed before they are compared
	batch    uint64 // ordinals of one piece of work: a multiple of 64 that divides the span
	replay   uint64 // ordinals whose moves between stages are held at a time, where they do not add up
	follow   uint64 // ordinals that the feed is replayed for at a time; 0: see feedPart
	expiries int    // expiries that are held at a time, unless one range has more
}

// scaleOf returns the scale for a store that gave out so many ordinals. A span is a shard,
// which is one stored value of each bitmap.
func scaleOf(ordinals uint32) scale {
	s := scale{ranges: 1, span: shard.Span, batch: 1 << 10, replay: 1 << 18, expiries: 4 << 20}
	for s.ranges < 256 && uint32(s.ranges)<<11 < ordinals {
		s.ranges *= 2
	}
	return s
}

func (v *View) check(ctx context.Context, workers int, s scale, tell func(string) error) error {
	c := &checker{
		v: v, workers: workers, scale: s, tell: tell, rules: naiveRules(v.epoch.cat.identity()),
		roster: newRoster(s.ranges), ids: ordinalSet{}, live: ordinalSet{}, held: map[identity.Token]bool{},
		byOrdinal: newOrdinalTable[uint32](v.epoch.meta.nextOrdinal, 0),
		armed:     newOrdinalTable(v.epoch.meta.nextOrdinal, profile.Never),
	}
	for _, step := range []func(context.Context) error{
		c.readNodes,
		c.each((*inspector).checkOrdinals, (*inspector).checkSuppressed, (*inspector).checkHolds, (*inspector).checkHeard, (*inspector).readLists, (*inspector).readDeadlines),
		c.readEvidence, c.unite, c.checkComponents, c.checkPeople,
		c.each((*inspector).checkLists, (*inspector).checkMatches, (*inspector).checkLogs, (*inspector).checkTaken, (*inspector).checkAudit, (*inspector).checkLedger),
		c.checkFeed, c.checkEventLog,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// inspector does one piece of the work of a check, on a goroutine of its own.
type inspector struct {
	*checker
	*findings
	buf []byte // for values that are looked at and left
}

// scan runs over one space of keys.
func (c *inspector) scan(space byte, each func(key, value []byte) error) error {
	return c.between([]byte{space}, keys.End([]byte{space}), each)
}

// scanRange runs over the keys of one space that are followed by a token of one range.
func (c *inspector) scanRange(space byte, i int, each func(key, value []byte) error) error {
	lower, upper := c.bounds(space, i)
	return c.between(lower, upper, each)
}

// bounds returns the bounds of the keys of one space that are followed by a token of one
// range.
func (s *scale) bounds(space byte, i int) (lower, upper []byte) {
	lower, upper = []byte{space}, keys.End([]byte{space})
	if i > 0 {
		lower = []byte{space, byte(i * 256 / s.ranges)}
	}
	if i < s.ranges-1 {
		upper = []byte{space, byte((i + 1) * 256 / s.ranges)}
	}
	return lower, upper
}

func (c *inspector) between(lower, upper []byte, each func(key, value []byte) error) error {
	n := 0
	for kv, err := range c.v.epoch.snap.Scan(lower, upper) {
		if n++; err == nil && n&1023 == 0 {
			err = c.ended()
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
