package portrait

import (
	"math"
	"testing"
)

func ledgerAgain(data []byte) ([]byte, error) {
	groups, err := decodeLedger(data)
	if err != nil {
		return nil, err
	}
	return appendLedger(groups...), nil
}

// appendLedger writes a record as the ledger's writer does.
func appendLedger(groups ...ledgerGroup) []byte {
	dst := appendLedgerHead(nil, len(groups))
	for _, g := range groups {
		var list ordinalList
		for _, o := range g.ordinals {
			list.add(o)
		}
		dst = appendLedgerGroup(dst, ledgerStep{g.from, g.to, g.cause}, list.data)
	}
	return dst
}

func FuzzDecodeLedger(f *testing.F) {
	fuzzRecord(f, "ledger",
		appendLedger(),
		appendLedger(
			ledgerGroup{0, 7, byEvent, []uint32{0, 1, 2, 1 << 20, math.MaxUint32}},
			ledgerGroup{7, 1<<32 - 1, byDeadline, []uint32{63}},
			ledgerGroup{7, 0, byMerge, []uint32{5}}))
}
