package portrait

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
)

// IdentityHealth tells how well the rules of identity serve. docs/identity.md says
// how to read it.
type IdentityHealth struct {
	// Profiles counts the live profiles, and Identifiers those that were ever
	// named, by namespace.
	Profiles    uint64
	Identifiers map[string]uint64
	// PerProfile counts the live profiles by how many identifiers they hold.
	PerProfile map[int]uint64
	// Dedup is the share of profile IDs, of all that were ever given, that lead to
	// no profile of their own now, from 0 to 1: mostly those that a merge took away,
	// which is what resolving identities saved in duplicates.
	Dedup float64
	// Generic, Shared and Barred count, by namespace, the identifiers that have too
	// many partners, that were seen with several people under the policy shared,
	// and that the rules do not allow any more.
	Generic, Shared, Barred map[string]uint64
	// Hubs are the ten identifiers with the most partners, those included that are
	// generic or barred, and Largest the ten profiles with the most identifiers:
	// where a wrong merge would show first. Both begin with the greatest.
	Hubs    []identity.IdentifierState
	Largest []identity.LargeProfile
	// Apart counts the pairs that evidence would join, and that are two profiles
	// now, by the rule that keeps them so.
	Apart []identity.RefusalCount
	// Refused counts what was refused as events and decisions came in, over the
	// life of the directory; see View.Refusals. Events that were refused because
	// none of their identifiers may name a person are not in it: see Result.Rejected.
	Refused []identity.RefusalCount
}

// most is how many hubs and large profiles are listed.
const most = 10

// IdentityHealth reads the whole graph of identifiers, and every profile. It holds
// the graph in memory; see [identity.Rules.Partition].
func (v *View) IdentityHealth(ctx context.Context) (*IdentityHealth, error) {
	return inside(v, func() (*IdentityHealth, error) { return v.identityHealth(ctx) })
}

func (v *View) identityHealth(ctx context.Context) (*IdentityHealth, error) {
	if err := v.unbounded("the health of the graph"); err != nil {
		return nil, err
	}
	h := &IdentityHealth{
		Identifiers: map[string]uint64{}, PerProfile: map[int]uint64{},
		Generic: map[string]uint64{}, Shared: map[string]uint64{}, Barred: map[string]uint64{},
		Refused: v.epoch.tally.counts(),
	}
	e := v.epoch
	part, err := e.partition(ctx, e.cat.rules, h.count(ctx, e))
	if err != nil {
		return nil, err
	}
	for cause, n := range part.Health().Refused {
		h.Apart = append(h.Apart, identity.RefusalCount{Rule: cause.Rule.String(), Namespace: cause.Namespace, Count: uint64(n)})
	}
	slices.SortFunc(h.Apart, func(a, b identity.RefusalCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Rule, b.Rule), strings.Compare(a.Namespace, b.Namespace))
	})
	for m, err := range e.everyone(ctx, identity.Token{}) {
		if err != nil {
			return nil, err
		}
		h.Profiles++
		h.PerProfile[len(m.nodes)]++
		p := identity.LargeProfile{ID: profile.MakeID(0, m.ordinal), Identifiers: len(m.nodes)}
		for _, n := range m.nodes {
			p.Events += n.state.Events()
		}
		h.Largest = top(h.Largest, p, func(a, b identity.LargeProfile) int {
			return cmp.Or(cmp.Compare(b.Identifiers, a.Identifiers), cmp.Compare(a.ID, b.ID))
		})
	}
	if given := e.meta.nextOrdinal; given > 0 {
		h.Dedup = 1 - float64(h.Profiles)/float64(given)
	}
	return h, nil
}

// count yields every node, and counts it.
func (h *IdentityHealth) count(ctx context.Context, e *epoch) iter.Seq2[identity.Node, error] {
	return scanAll(ctx, e, keys.Node, func(key, value []byte) (identity.Node, bool, error) {
		token, err := tokenOf(key)
		if err != nil {
			return identity.Node{}, false, err
		}
		n, err := decodeNode(token, bytes.Clone(value))
		if err != nil {
			return identity.Node{}, false, err
		}
		node := n.evidence()
		ns := n.id.Namespace
		h.Identifiers[ns]++
		if e.cat.rules.Generic(node) {
			h.Generic[ns]++
		}
		if node.Shared {
			h.Shared[ns]++
		}
		if node.Barred {
			h.Barred[ns]++
		}
		if node.Partners > 0 {
			h.Hubs = top(h.Hubs, e.cat.stateOf(node), func(a, b identity.IdentifierState) int {
				return cmp.Or(cmp.Compare(b.Partners, a.Partners), a.Identifier.Compare(b.Identifier))
			})
		}
		return node, true, nil
	})
}

// stateOf says what the rules make of a node.
func (c *catalog) stateOf(n identity.Node) identity.IdentifierState {
	return identity.IdentifierState{
		Identifier: n.Identifier, Partners: n.Partners,
		Generic: c.rules.Generic(n), Shared: n.Shared, Barred: n.Barred,
	}
}

// Identifiers yields every identifier that was ever named, in no particular
// order, with what the rules of identity make of it: which are generic, shared or
// barred. An error comes at most once, last.
func (v *View) Identifiers(ctx context.Context) iter.Seq2[identity.IdentifierState, error] {
	return records(ctx, v, []byte{keys.Node}, keys.Node, func(key, value []byte) (identity.IdentifierState, error) {
		token, err := tokenOf(key)
		if err != nil {
			return identity.IdentifierState{}, err
		}
		n, _, err := splitNode(token, value)
		if err != nil {
			return identity.IdentifierState{}, err
		}
		return v.epoch.cat.stateOf(identity.Node{
			Token: token, Identifier: n.id, Partners: int(n.partners), Shared: n.shared, Barred: n.barred,
		}), nil
	})
}

// top keeps the first few of all that it is given, in order.
func top[T any](list []T, v T, compare func(a, b T) int) []T {
	if len(list) == most && compare(list[most-1], v) < 0 {
		return list
	}
	i, _ := slices.BinarySearchFunc(list, v, compare)
	list = slices.Insert(list, i, v)
	return list[:min(len(list), most)]
}

// String tells the figures in words, without values.
func (h *IdentityHealth) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "profiles %d, dedup rate %.3f\n", h.Profiles, h.Dedup)
	for _, s := range [...]struct {
		name   string
		counts map[string]uint64
	}{{"identifiers", h.Identifiers}, {"generic", h.Generic}, {"shared", h.Shared}, {"barred", h.Barred}} {
		for _, ns := range sortedKeys(s.counts) {
			fmt.Fprintf(&b, "%s %s %d\n", s.name, ns, s.counts[ns])
		}
	}
	for _, n := range sortedKeys(h.PerProfile) {
		fmt.Fprintf(&b, "with %d identifiers %d\n", n, h.PerProfile[n])
	}
	for _, s := range [...]struct {
		name   string
		counts []identity.RefusalCount
	}{{"apart", h.Apart}, {"refused", h.Refused}} {
		for _, c := range s.counts {
			fmt.Fprintf(&b, "%s %s", s.name, c.Rule)
			if c.Namespace != "" {
				fmt.Fprintf(&b, " %s", c.Namespace)
			}
			fmt.Fprintf(&b, " %d\n", c.Count)
		}
	}
	return b.String()
}
