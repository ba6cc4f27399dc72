package portrait

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
)

// recast is a change of identity rules over all that is stored: what the new
// rules make of the evidence, beside what the old ones did. Its slices are by the
// place of a node in the order of tokens.
type recast struct {
	db       *DB
	epoch    *epoch
	cur, mid *catalog // the model before, and with the new rules
	part     *identity.Partition
	roots    []identity.Token // of the components as they are stored
	ordinals []int64          // -1: none
	flags    []recastFlag
	closure  []int32 // the least place of the nodes that change together
	affected []int32 // nodes of the closures that change, by closure; see sortAffected
	reflag   []int32 // nodes whose record changes in other ways
	turned   []identity.Pair
}

type recastFlag uint8

const (
	holdsEvents recastFlag = 1 << iota
	wasNobody
	isNobody
)

// Regrouping is one change that other identity rules bring: profiles that
// become others.
type Regrouping struct {
	// Before are the profiles as they are, and After the identifiers of each
	// profile that takes their place: none where nothing is left of them but
	// identifiers that name nobody.
	Before []profile.ID
	After  [][]profile.Identifier
}

// planRecast works out what new rules change, as of an epoch. To run it the caller
// must hold the right to write since that epoch was the last.
func (db *DB) planRecast(ctx context.Context, e *epoch, next *catalog) (*recast, error) {
	mid := *e.cat
	mid.model.Identity, mid.rules = next.model.Identity, next.rules
	r := &recast{db: db, epoch: e, cur: e.cat, mid: &mid}
	var err error
	if r.part, err = e.partition(ctx, mid.rules, r.nodes(ctx)); err != nil {
		return nil, err
	}
	respelt := r.part.Health().Respelt
	for _, ns := range sortedKeys(respelt) {
		return nil, fmt.Errorf("%w: namespace %q: %d identifiers that are in would be spelled otherwise, and no longer be found", ErrModel, ns, respelt[ns].Count)
	}
	r.enclose()
	return r, r.compare(ctx)
}

// nodes reads every node in the order of tokens, and notes how it stands.
func (r *recast) nodes(ctx context.Context) iter.Seq2[identity.Node, error] {
	return scanAll(ctx, r.epoch, keys.Node, func(key, value []byte) (identity.Node, bool, error) {
		token, err := tokenOf(key)
		if err != nil {
			return identity.Node{}, false, err
		}
		n, err := decodeNode(token, bytes.Clone(value))
		if err != nil {
			return identity.Node{}, false, err
		}
		e := n.evidence()
		var flags recastFlag
		if n.state.Events() > 0 {
			flags |= holdsEvents
		}
		if !r.cur.rules.Names(e) {
			flags |= wasNobody
		}
		ordinal := int64(-1)
		if n.numbered {
			ordinal = int64(n.ordinal)
		}
		r.roots, r.flags, r.ordinals = append(r.roots, n.root), append(r.flags, flags), append(r.ordinals, ordinal)
		return e, true, nil
	})
}

// enclose finds the least sets of nodes that hold whole components, as they are
// and as they will be, and of these the ones that change.
func (r *recast) enclose() {
	n := r.part.Len()
	r.closure = make([]int32, n)
	for i := range r.closure {
		r.closure[i] = int32(i)
	}
	size := make([]int32, n) // of the stored component, at its root
	for i, root := range r.roots {
		at, ok := r.part.Find(root)
		if !ok {
			at = i
		}
		size[at]++
		r.join(int32(i), int32(at))
		r.join(int32(i), int32(r.part.Leader(i)))
		if !r.mid.rules.Names(r.part.Node(i)) {
			r.flags[i] |= isNobody
		}
	}
	// A component changes unless all of its nodes, and no others, have one leader.
	becomes := make([]int32, n)
	for i := range r.closure {
		becomes[r.part.Leader(i)]++
	}
	changes := make([]bool, n)
	for i, root := range r.roots {
		at, _ := r.part.Find(root)
		apart := r.part.Leader(i) != r.part.Leader(at) || size[at] != becomes[r.part.Leader(i)]
		if apart || r.flags[i]&wasNobody>>1 != r.flags[i]&isNobody>>2 {
			changes[r.find(int32(i))] = true
		}
	}
	for i := range r.closure {
		if r.closure[i] = r.find(int32(i)); changes[r.closure[i]] {
			r.affected = append(r.affected, int32(i))
		}
	}
	r.sortAffected()
}

// sortAffected puts the nodes that change together side by side, and all in the order of
// their identifiers: that of tokens is another one under the key of another store, and who
// gets which ID would follow it.
func (r *recast) sortAffected() {
	first := make([]int32, len(r.closure)) // by closure, one more than the node of the least identifier
	compare := func(a, b int32) int {
		return r.part.Identifier(int(a)).Compare(r.part.Identifier(int(b)))
	}
	for _, i := range r.affected {
		if f := &first[r.closure[i]]; *f == 0 || compare(i, *f-1) < 0 {
			*f = i + 1
		}
	}
	slices.SortFunc(r.affected, func(a, b int32) int {
		if r.closure[a] != r.closure[b] {
			a, b = first[r.closure[a]]-1, first[r.closure[b]]-1
		}
		return compare(a, b)
	})
}

func (r *recast) find(i int32) int32 {
	for r.closure[i] != i {
		r.closure[i] = r.closure[r.closure[i]]
		i = r.closure[i]
	}
	return i
}

func (r *recast) join(a, b int32) {
	a, b = r.find(a), r.find(b)
	r.closure[max(a, b)] = min(a, b)
}

// compare finds the nodes whose record changes though their closure does not, and
// the edges whose ends change places.
func (r *recast) compare(ctx context.Context) error {
	i := int32(0)
	for n, err := range scanAll(ctx, r.epoch, keys.Node, func(key, value []byte) (node, bool, error) {
		token, err := tokenOf(key)
		if err != nil {
			return node{}, false, err
		}
		n, _, err := splitNode(token, value)
		return n, true, err
	}) {
		if err != nil {
			return err
		}
		if v := r.part.Node(int(i)); n.barred != v.Barred || n.shared != v.Shared || !slices.Equal(n.admitted, v.Admitted) {
			r.reflag = append(r.reflag, i)
		}
		i++
	}
	if !r.reranked() {
		return nil
	}
	for e, err := range r.epoch.edges(ctx) {
		if err != nil {
			return err
		}
		weak, _ := r.part.Find(e.Weak)
		strong, _ := r.part.Find(e.Strong)
		if r.mid.rules.Pair(r.part.Node(weak), r.part.Node(strong)) != e.Pair {
			r.turned = append(r.turned, e.Pair)
		}
	}
	return nil
}

// reranked reports whether two namespaces change places in the order of
// strength.
func (r *recast) reranked() bool {
	names := map[string]bool{}
	for _, c := range [...]*catalog{r.cur, r.mid} {
		for _, ns := range c.identity().Namespaces {
			names[ns.Name] = true
		}
	}
	all := sortedKeys(names)
	for _, a := range all {
		for _, b := range all {
			if (r.cur.rules.Rank(a) < r.cur.rules.Rank(b)) != (r.mid.rules.Rank(a) < r.mid.rules.Rank(b)) {
				return true
			}
		}
	}
	return false
}

// closures yields the sets of nodes that change together.
func (r *recast) closures() iter.Seq[[]int32] {
	return func(yield func([]int32) bool) {
		for rest := r.affected; len(rest) > 0; {
			n := 1
			for n < len(rest) && r.closure[rest[n]] == r.closure[rest[0]] {
				n++
			}
			if !yield(rest[:n]) {
				return
			}
			rest = rest[n:]
		}
	}
}

// regroupings tells which profiles become others.
func (r *recast) regroupings() []Regrouping {
	var all []Regrouping
	for nodes := range r.closures() {
		var g Regrouping
		for _, group := range partsBy(nodes, func(i int32) identity.Token { return r.roots[i] }) {
			if id, ok := r.idOf(group, wasNobody); ok {
				g.Before = append(g.Before, id)
			}
		}
		for _, group := range partsBy(nodes, func(i int32) int { return r.part.Leader(int(i)) }) {
			if !r.live(group, isNobody) {
				continue
			}
			ids := make([]profile.Identifier, len(group))
			for j, i := range group {
				ids[j] = r.part.Node(int(i)).Identifier
			}
			slices.SortFunc(ids, r.mid.rules.Compare)
			g.After = append(g.After, ids)
		}
		if len(g.Before)+len(g.After) == 0 {
			continue
		}
		slices.Sort(g.Before)
		slices.SortFunc(g.After, func(a, b []profile.Identifier) int { return r.mid.rules.Compare(a[0], b[0]) })
		all = append(all, g)
	}
	slices.SortFunc(all, func(a, b Regrouping) int { return slices.Compare(a.Before, b.Before) })
	return all
}

// partsBy cuts nodes into those of equal key, in the order of first appearance.
func partsBy[K comparable](nodes []int32, key func(int32) K) [][]int32 {
	var parts [][]int32
	at := map[K]int{}
	for _, i := range nodes {
		k := key(i)
		n, ok := at[k]
		if !ok {
			n = len(parts)
			at[k] = n
			parts = append(parts, nil)
		}
		parts[n] = append(parts[n], i)
	}
	return parts
}

func (r *recast) live(group []int32, nobody recastFlag) bool {
	return slices.ContainsFunc(group, func(i int32) bool { return r.flags[i]&(holdsEvents|nobody) == holdsEvents })
}

// idOf returns the ID of a stored component, if it is a live profile.
func (r *recast) idOf(group []int32, nobody recastFlag) (profile.ID, bool) {
	least := int64(-1)
	for _, i := range group {
		if o := r.ordinals[i]; o >= 0 && (least < 0 || o < least) {
			least = o
		}
	}
	return profile.MakeID(0, uint32(max(least, 0))), least >= 0 && r.live(group, nobody)
}
