package portrait

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/pack"
	"github.com/portraitdb/portrait/profile"
)

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
	barred   bool           // the rules do not allow the identifier any more
	// What the node's policies make of its edges; see identity.Node.
	shared   bool
	admitted []identity.Token
	// since is the time of the earliest event that named the node beside a stronger
	// one, if named; events that fold into it are in its state.
	named bool
	since profile.Instant
	state *profile.State
	// gen is the generation of folds that the state has; see foldSet. Of none that is
	// later has it folded the events of before.
	gen uint32
	// expiry is what the node last told the sweep of its events.
	expiry expiry
	// seal is the number of the key that the node's record and its events are sealed
	// under; 0 as long as they need none. lost says that the key was destroyed: of the record there is
	// only the head, and nobody knows what the node was.
	seal uint64
	lost bool

	dirty uint64 // the transaction that changed it last
	owned uint64 // the transaction that cloned its state last
	bytes int    // of the stored record, for the cache's bound
}

const (
	nodeNumbered = 1 << iota
	nodeVetoed
	nodeLinked
	nodeBarred
	nodeShared
	nodeNamed
	nodeFlags = 1<<iota - 1
)

func (n *node) alone() bool { return n.root == n.token }

// appendNode appends the record of a node; docs/format.md draws it.
func appendNode(dst []byte, n *node) []byte { return appendNodeBody(appendNodeHead(dst, n), n) }

// appendNodeHead appends what is not sealed of a node's record: that it is there, of
// which namespace, and where in the graph.
func appendNodeHead(dst []byte, n *node) []byte {
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
	if n.barred {
		flags |= nodeBarred
	}
	if n.shared {
		flags |= nodeShared
	}
	if n.named {
		flags |= nodeNamed
	}
	dst = append(dst, recordVersion)
	dst = pack.AppendArray(dst, 9)
	dst = pack.AppendString(dst, n.id.Namespace)
	dst = pack.AppendUint(dst, flags)
	dst = pack.AppendUint(dst, uint64(n.ordinal))
	if n.alone() {
		dst = pack.AppendBin(dst, nil)
	} else {
		dst = pack.AppendBin(dst, n.root[:])
	}
	dst = pack.AppendUint(dst, uint64(n.partners))
	dst = pack.AppendInt(dst, int64(n.since))
	dst = pack.AppendArray(dst, len(n.admitted))
	for _, t := range n.admitted {
		dst = pack.AppendBin(dst, t[:])
	}
	dst = pack.AppendUint(dst, uint64(n.gen))
	return pack.AppendUint(dst, n.seal)
}

// appendNodeBody appends the rest: who it is, and all that is known.
func appendNodeBody(dst []byte, n *node) []byte {
	if n.lost {
		return dst
	}
	return n.state.Append(pack.AppendString(dst, n.id.Value))
}

// lostState is what is known of a node whose key was destroyed.
var lostState = (&profile.State{}).Append(nil)

// splitNode reads a node's record but for its state, whose bytes it returns as
// a part of data.
func splitNode(token identity.Token, data []byte) (n node, state []byte, err error) {
	r := openRecord(data)
	r.Fields("node", 9)
	n.token, n.root, n.bytes = token, token, len(data)
	n.id.Namespace = r.String()
	flags := r.Uint()
	if flags > nodeFlags {
		r.Fail(fmt.Errorf("unknown flags %d", flags))
	}
	n.numbered = flags&nodeNumbered != 0
	n.vetoed = flags&nodeVetoed != 0
	n.linked = flags&nodeLinked != 0
	n.barred = flags&nodeBarred != 0
	n.shared = flags&nodeShared != 0
	n.named = flags&nodeNamed != 0
	n.ordinal = r.Uint32()
	if root := r.Bin(); len(root) > 0 {
		n.root = readToken(&r, root)
		if n.alone() {
			r.Fail(errors.New("its own token as root"))
		}
	}
	n.partners = r.Uint32()
	if n.since = profile.Instant(r.Int()); n.since != 0 && !n.named {
		r.Fail(errors.New("a time of naming, and never named"))
	}
	n.admitted = readTokens(&r)
	n.gen = r.Uint32()
	n.seal = r.Uint()
	body := r.Rest()
	if n.lost = n.seal != 0 && len(body) == 0 && r.Err() == nil; n.lost {
		return n, lostState, nil
	}
	if err := r.Err(); err != nil {
		return node{}, nil, corrupt("node", err)
	}
	r = pack.NewReader(body)
	n.id.Value = r.String()
	state = r.Rest()
	if err := r.Err(); err != nil {
		return node{}, nil, corrupt("node", err)
	}
	return n, state, nil
}

// readToken returns a token of the bytes that a reader took.
func readToken(r *pack.Reader, b []byte) (t identity.Token) {
	if len(b) != len(t) {
		r.Fail(fmt.Errorf("token of %d bytes", len(b)))
		return t
	}
	return identity.Token(b)
}

// readTokens reads a list of ascending tokens; nil for an empty one.
func readTokens(r *pack.Reader) []identity.Token {
	n := r.Array(2 + keys.TokenLen)
	if n == 0 {
		return nil
	}
	tokens := make([]identity.Token, n)
	for i := 0; i < n && r.Err() == nil; i++ {
		tokens[i] = readToken(r, r.Bin())
		if i > 0 && bytes.Compare(tokens[i-1][:], tokens[i][:]) >= 0 {
			r.Fail(errors.New("tokens are not ascending"))
		}
	}
	return tokens
}

// decodeNode reads a node's record. The node shares no memory with data.
func decodeNode(token identity.Token, data []byte) (*node, error) {
	n, state, err := splitNode(token, data)
	if err != nil {
		return nil, err
	}
	if err := n.readState(state); err != nil {
		return nil, err
	}
	return &n, nil
}

// readState reads the state of a node that splitNode returned, of the bytes that it
// returned with it.
func (n *node) readState(data []byte) (err error) {
	if n.state, err = profile.DecodeState(data); err != nil {
		return fmt.Errorf("%w: state of a node: %w", ErrCorrupt, err)
	}
	n.state.Name(&n.id)
	return nil
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
	r := openRecord(data)
	members := readTokens(&r)
	if len(members) < 2 {
		r.Fail(fmt.Errorf("%d members", len(members)))
	}
	if err := closeRecord("component", &r); err != nil {
		return nil, err
	}
	return members, nil
}

// appendEdge appends the record of an edge: what was seen of the pair, and what
// was decided.
func appendEdge(dst []byte, e *identity.Edge) []byte {
	dst = append(dst, recordVersion)
	dst = pack.AppendArray(dst, 11)
	dst = pack.AppendBool(dst, e.Seen)
	dst = appendStamp(dst, e.First)
	dst = appendStamp(dst, e.Last)
	dst = pack.AppendUint(dst, uint64(e.Decision))
	dst = appendStamp(dst, e.Decided)
	dst = pack.AppendBool(dst, e.Match.Weak)
	dst = pack.AppendInt(dst, int64(e.Match.Weight))
	return pack.AppendUint(dst, e.Match.Model)
}

func decodeEdge(p identity.Pair, data []byte) (identity.Edge, error) {
	e := identity.Edge{Pair: p}
	r := openRecord(data)
	r.Fields("edge", 11)
	e.Seen = r.Bool()
	e.First = readStamp(&r)
	e.Last = readStamp(&r)
	decision := r.Uint()
	if decision > uint64(identity.Withdraw) {
		r.Fail(fmt.Errorf("unknown decision %d", decision))
	}
	e.Decision = identity.Decision(decision)
	e.Decided = readStamp(&r)
	e.Match.Weak = r.Bool()
	weight := r.Int()
	if weight != int64(int32(weight)) {
		r.Fail(fmt.Errorf("match weight %d", weight))
	}
	e.Match.Weight, e.Match.Model = int32(weight), r.Uint()
	return e, closeRecord("edge", &r)
}

func appendStamp(dst []byte, s profile.Stamp) []byte {
	return pack.AppendUint(pack.AppendInt(dst, int64(s.At)), s.Tie)
}

func readStamp(r *pack.Reader) profile.Stamp {
	at := r.Int()
	return profile.Stamp{At: profile.Instant(at), Tie: r.Uint()}
}
