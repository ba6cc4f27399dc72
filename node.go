package portrait

import (
	"fmt"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/pack"
	"github.com/portraitdb/portrait/profile"
)

// recordVersion is the first byte of every record that this file writes.
const recordVersion = 1

// node is one identifier as the writer holds it. Its state is immutable unless
// the transaction that is under way owns it.
type node struct {
	token    identity.Token
	id       profile.Identifier
	ordinal  uint32 // meaningless unless numbered
	numbered bool
	vetoed   bool           // has vetoes, so that most nodes need no look-up
	linked   bool           // has edges
	root     identity.Token // of its component; its own token while it is alone
	partners uint32         // distinct identifiers it was seen with, ever
	state    *profile.State

	dirty uint64 // the transaction that changed it last
	owned uint64 // the transaction that cloned its state last
	bytes int    // of the stored record, for the cache's bound
}

const (
	nodeNumbered = 1 << iota
	nodeVetoed
	nodeLinked
)

func (n *node) alone() bool { return n.root == n.token }

// appendNode appends the record of a node; docs/format.md draws it.
func appendNode(dst []byte, n *node) []byte {
	var flags uint64
	if n.numbered {
		flags |= nodeNumbered
	}
	if n.vetoed {
		flags |= nodeVetoed
	}
	if n.linked {
		flags |= nodeLinked
	}
	dst = append(dst, recordVersion)
	dst = pack.AppendArray(dst, 6)
	dst = pack.AppendString(dst, n.id.Namespace)
	dst = pack.AppendString(dst, n.id.Value)
	dst = pack.AppendUint(dst, flags)
	dst = pack.AppendUint(dst, uint64(n.ordinal))
	if n.alone() {
		dst = pack.AppendBin(dst, nil)
	} else {
		dst = pack.AppendBin(dst, n.root[:])
	}
	dst = pack.AppendUint(dst, uint64(n.partners))
	return n.state.Append(dst)
}

// splitNode reads a node's record but for its state, whose bytes it returns as
// a part of data.
func splitNode(token identity.Token, data []byte) (n node, state []byte, err error) {
	r := pack.NewReader(data)
	if v := r.Byte(); v != recordVersion {
		return n, nil, fmt.Errorf("%w: node record of version %d", ErrCorrupt, v)
	}
	r.ArrayOf(6)
	n.token = token
	n.id.Namespace = r.String()
	n.id.Value = r.String()
	flags := r.Uint()
	n.ordinal = r.Uint32()
	root := r.Bin()
	n.partners = r.Uint32()
	n.numbered = flags&nodeNumbered != 0
	n.vetoed = flags&nodeVetoed != 0
	n.linked = flags&nodeLinked != 0
	n.root = token
	switch len(root) {
	case 0:
	case len(n.root):
		n.root = identity.Token(root)
	default:
		return n, nil, fmt.Errorf("%w: node record: root of %d bytes", ErrCorrupt, len(root))
	}
	n.bytes = len(data)
	state = r.Rest()
	if err := r.Err(); err != nil {
		return n, nil, fmt.Errorf("%w: node record: %w", ErrCorrupt, err)
	}
	return n, state, nil
}

func decodeNode(token identity.Token, data []byte) (*node, error) {
	n, state, err := splitNode(token, data)
	if err != nil {
		return nil, err
	}
	if n.state, err = profile.DecodeState(state); err != nil {
		return nil, fmt.Errorf("%w: state of a node: %w", ErrCorrupt, err)
	}
	return &n, nil
}

// appendComponent appends the record of a component of several nodes.
func appendComponent(dst []byte, members []identity.Token) []byte {
	dst = append(dst, recordVersion)
	dst = pack.AppendArray(dst, len(members))
	for _, m := range members {
		dst = pack.AppendBin(dst, m[:])
	}
	return dst
}

func decodeComponent(data []byte) ([]identity.Token, error) {
	r := pack.NewReader(data)
	if v := r.Byte(); v != recordVersion {
		return nil, fmt.Errorf("%w: component record of version %d", ErrCorrupt, v)
	}
	members := make([]identity.Token, r.Array())
	for i := range members {
		b := r.Bin()
		if len(b) != len(members[i]) && r.Err() == nil {
			return nil, fmt.Errorf("%w: component record: token of %d bytes", ErrCorrupt, len(b))
		}
		copy(members[i][:], b)
	}
	if err := r.Close(); err != nil {
		return nil, fmt.Errorf("%w: component record: %w", ErrCorrupt, err)
	}
	return members, nil
}

// appendEdge appends the record of an edge: what was seen of the pair, and what
// was decided.
func appendEdge(dst []byte, e *identity.Edge) []byte {
	dst = append(dst, recordVersion)
	dst = pack.AppendArray(dst, 8)
	dst = pack.AppendBool(dst, e.Seen)
	dst = appendStamp(dst, e.First)
	dst = appendStamp(dst, e.Last)
	dst = pack.AppendUint(dst, uint64(e.Decision))
	return appendStamp(dst, e.Decided)
}

func decodeEdge(p identity.Pair, data []byte) (identity.Edge, error) {
	e := identity.Edge{Pair: p}
	r := pack.NewReader(data)
	if v := r.Byte(); v != recordVersion {
		return e, fmt.Errorf("%w: edge record of version %d", ErrCorrupt, v)
	}
	r.ArrayOf(8)
	e.Seen = r.Bool()
	e.First = readStamp(r)
	e.Last = readStamp(r)
	e.Decision = identity.Decision(r.Uint())
	e.Decided = readStamp(r)
	if err := r.Close(); err != nil {
		return e, fmt.Errorf("%w: edge record: %w", ErrCorrupt, err)
	}
	if e.Decision > identity.Unlink {
		return e, fmt.Errorf("%w: edge record: decision %d", ErrCorrupt, e.Decision)
	}
	return e, nil
}

func appendStamp(dst []byte, s profile.Stamp) []byte {
	return pack.AppendUint(pack.AppendInt(dst, int64(s.At)), s.Tie)
}

func readStamp(r *pack.Reader) profile.Stamp {
	at := r.Int()
	return profile.Stamp{At: profile.Instant(at), Tie: r.Uint()}
}
