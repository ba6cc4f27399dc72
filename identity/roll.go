package identity

import (
	"bytes"
	"iter"
	"slices"

	"github.com/portraitdb/portrait/profile"
)

// roll is all nodes, close together.
type roll struct {
	entries  []entry
	index    map[Token]int32
	spaces   []string // the namespaces, declared or not
	admitted lists    // of each node, ascending; empty without quotas
}

// entry is one node of a roll.
type entry struct {
	token    Token
	value    string
	since    profile.Instant
	partners int32
	space    uint16
	flags    uint8
}

// What an entry is.
const (
	isDated = 1 << iota
	isBarred
	isShared
	isVetoed
)

func (r *roll) identifier(v int32) profile.Identifier {
	e := &r.entries[v]
	return profile.Identifier{Namespace: r.spaces[e.space], Value: e.value}
}

// plain returns a node without Admitted.
func (r *roll) plain(v int32) Node {
	e := &r.entries[v]
	return Node{
		Token:      e.token,
		Identifier: r.identifier(v),
		Partners:   int(e.partners),
		Vetoed:     e.flags&isVetoed != 0,
		Since:      e.since,
		Dated:      e.flags&isDated != 0,
		Barred:     e.flags&isBarred != 0,
		Shared:     e.flags&isShared != 0,
	}
}

// node returns a node in full.
func (r *roll) node(v int32) Node {
	n := r.plain(v)
	for _, a := range r.admitted.of(v) {
		n.Admitted = append(n.Admitted, r.entries[a].token)
	}
	slices.SortFunc(n.Admitted, func(a, b Token) int { return bytes.Compare(a[:], b[:]) })
	return n
}

// lists holds a list of numbers for each of the numbers from 0 on.
type lists struct {
	starts []uint32 // one more than there are lists; nil: all are empty
	items  []int32
}

func (l *lists) of(i int32) []int32 {
	if l.starts == nil {
		return nil
	}
	return l.items[l.starts[i]:l.starts[i+1]:l.starts[i+1]]
}

// newLists makes n lists of the items that all yields, each list in the order
// given. It ranges over all twice.
func newLists(n int, all iter.Seq2[int32, int32]) lists {
	l := lists{starts: make([]uint32, n+1)}
	for i := range all {
		l.starts[i+1]++
	}
	for i := range n {
		l.starts[i+1] += l.starts[i]
	}
	l.items = make([]int32, l.starts[n])
	for i, item := range all {
		l.items[l.starts[i]] = item
		l.starts[i]++ // to its end, which is where the next one starts
	}
	copy(l.starts[1:], l.starts[:n])
	l.starts[0] = 0
	return l
}
