package portrait

import (
	"fmt"

	"github.com/portraitdb/portrait/internal/pack"
	"github.com/portraitdb/portrait/segment"
)

// ledgerGroup is who moved from one stage to another for one cause. The stages are the
// fields of the index that held them, 0 for none: the feed's names of fields, which are
// kept for ever, say which they were.
type ledgerGroup struct {
	from, to segment.FieldID
	cause    feedCause
	ordinals []uint32 // ascending; of a path record, within its block
}

// ledgerStep is what the moves of one group have in common.
type ledgerStep struct {
	from, to segment.FieldID
	cause    feedCause
}

func appendLedgerHead(dst []byte, groups int) []byte {
	return pack.AppendArray(append(dst, recordVersion), groups)
}

func appendLedgerGroup(dst []byte, s ledgerStep, ordinals []byte) []byte {
	dst = pack.AppendArray(dst, 4)
	dst = pack.AppendUint(dst, uint64(s.from))
	dst = pack.AppendUint(dst, uint64(s.to))
	dst = pack.AppendUint(dst, uint64(s.cause))
	return pack.AppendBin(dst, ordinals)
}

// ledgerGroupWidth is the least that a group takes.
const ledgerGroupWidth = 1 + 1 + 1 + 1 + 2

func decodeLedger(data []byte) ([]ledgerGroup, error) {
	r := openRecord(data)
	groups := make([]ledgerGroup, r.Array(ledgerGroupWidth))
	for i := range groups {
		g := &groups[i]
		r.Fields("move", 4)
		g.from, g.to = segment.FieldID(r.Uint32()), segment.FieldID(r.Uint32())
		if g.from == g.to {
			r.Fail(fmt.Errorf("a move from stage %d to itself", g.from))
		}
		cause := r.Uint()
		if cause >= uint64(feedCauses) {
			r.Fail(fmt.Errorf("unknown cause %d", cause))
		}
		g.cause = feedCause(cause)
		list := r.Bin()
		if r.Err() != nil {
			break
		}
		var err error
		if g.ordinals, err = decodeOrdinals(list); err != nil {
			r.Fail(err)
			break
		}
	}
	return groups, closeRecord("ledger", &r)
}
