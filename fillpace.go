package portrait

import (
	"encoding/binary"
	"time"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/store"
)

const (
	// fillPieces is how many pieces a batch of a sweep over all nodes has, but the first,
	// which has fewer: how wide they should be is a guess then.
	fillPieces, fillFirst = 16, 4
	// fillOver is how many times as many nodes as it should have a piece has at most,
	// beside fillSlack more.
	fillOver, fillSlack = 4, 16
	// fillTurn is how long a batch should keep others from writing.
	fillTurn = 10 * time.Millisecond
)

// fillPace is how large the batches of a sweep over all nodes are. Tokens are keyed
// hashes, which lie evenly: as wide a range of them as another has about as many nodes.
type fillPace struct {
	nodes  int    // that a piece should have
	pieces int    // of the next batch
	width  uint64 // of a piece, in steps of the first eight bytes of a token
}

// newFillPace returns the pace of batches of so many nodes, where there are about so
// many in all.
func newFillPace(batch int, all uint64) fillPace {
	p := fillPace{nodes: max(batch/fillPieces, 1), pieces: fillFirst}
	p.width = widened(1<<63/max(all, 1), 2*float64(p.nodes))
	return p
}

// widened returns a width times a factor, at least one step and at most half of all.
func widened(width uint64, factor float64) uint64 {
	w := float64(width) * factor
	if w >= 1<<63 {
		return 1 << 63
	}
	return max(uint64(w), 1)
}

// most returns how many nodes a piece may have.
func (p *fillPace) most() int { return fillOver*p.nodes + fillSlack }

// fillPiece is a range of tokens, which one goroutine reads.
type fillPiece struct {
	from, to identity.Token
	open     bool // it ends with the last token, and to means nothing
	nodes    int  // that it was found to have
	over     bool // it had more than it may, and was cut at to
}

// bounds are those of keys that begin with a space and a token of the piece.
func (p *fillPiece) bounds(space byte) (lower, upper []byte) {
	lower = append([]byte{space}, p.from[:]...)
	if p.open {
		return lower, keys.End([]byte{space})
	}
	return lower, append([]byte{space}, p.to[:]...)
}

// each hands over the nodes of the piece without their states, whose bytes come with them.
// Both stay as they are until the next.
func (p *fillPiece) each(snap *store.Snapshot, most int, yield func(head *node, state []byte) error) error {
	var head node
	for kv, err := range snap.Scan(p.bounds(keys.Node)) {
		if err != nil {
			return err
		}
		token, err := tokenOf(kv.Key)
		if err != nil {
			return err
		}
		if !p.admit(token, most) {
			return nil
		}
		var state []byte
		if head, state, err = splitNode(token, kv.Value); err != nil {
			return err
		}
		if err := yield(&head, state); err != nil {
			return err
		}
	}
	return nil
}

// admit counts a node in; false where the piece has as many as it may, and ends before it.
func (p *fillPiece) admit(token identity.Token, most int) bool {
	if p.nodes == most {
		p.to, p.open, p.over = token, false, true
		return false
	}
	p.nodes++
	return true
}

// cut returns the pieces of the next batch.
func (p *fillPace) cut(from identity.Token) []fillPiece {
	pieces := make([]fillPiece, 0, p.pieces)
	for range p.pieces {
		piece := fillPiece{from: from}
		at := binary.BigEndian.Uint64(from[:])
		piece.open = at+p.width < at
		from = identity.Token{}
		binary.BigEndian.PutUint64(from[:], at+p.width)
		piece.to = from
		if pieces = append(pieces, piece); piece.open {
			break
		}
	}
	return pieces
}

// adapt fits the next batch to the nodes that the last one had, and to how long it kept
// others from writing.
func (p *fillPace) adapt(pieces, nodes int, took time.Duration) {
	factor := float64(p.nodes*pieces) / float64(max(nodes, 1))
	// Of more pieces it takes longer.
	took = took * fillPieces / time.Duration(p.pieces)
	factor = min(factor, float64(fillTurn)/float64(max(took, 1)), fillOver)
	p.width, p.pieces = widened(p.width, max(factor, 1.0/fillOver)), fillPieces
}
