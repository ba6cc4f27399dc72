package profile

import (
	"crypto/sha256"
	"slices"
	"time"
)

// contentVersion leads what ContentHash hashes.
const contentVersion = 1

// ContentHash returns the first 16 bytes of the SHA-256 of the event's content:
// everything but Received. Identifiers count in any order and however often
// repeated. The time is Original where that is set, since Time may then be
// corrected by what changes on a retry, else Time, to the microsecond; where
// neither is set the content has none. The hash is part of the stored form and
// never changes.
func (e *Event) ContentHash() (h [16]byte) {
	var buf [512]byte
	b := append(buf[:0], contentVersion)
	b = appendArray(b, 8)
	b = appendUint(b, uint64(e.Type))
	b = appendString(b, e.Source)
	b = appendString(b, e.MessageID)
	b = appendString(b, e.Name)
	b = appendIdentifiers(b, e.Identifiers)
	b = appendWhen(b, e.OriginalTime())
	b = appendFields(b, e.Properties)
	b = appendFields(b, e.Traits)
	sum := sha256.Sum256(b)
	copy(h[:], sum[:])
	return h
}

func appendIdentifiers(dst []byte, ids []Identifier) []byte {
	ascending := true
	for i := 1; i < len(ids) && ascending; i++ {
		ascending = ids[i-1].Compare(ids[i]) < 0
	}
	if !ascending {
		var few [8]Identifier
		sorted := append(few[:0], ids...)
		slices.SortFunc(sorted, Identifier.Compare)
		ids = slices.Compact(sorted)
	}
	dst = appendArray(dst, 2*len(ids))
	for _, id := range ids {
		dst = appendString(appendString(dst, id.Namespace), id.Value)
	}
	return dst
}

func appendWhen(dst []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(dst, codeNil)
	}
	return appendInt(dst, int64(InstantOf(t)))
}

func appendFields(dst []byte, fields map[string]Value) []byte {
	dst = appendArray(dst, 2*len(fields))
	var few [16]string
	names := few[:0]
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		dst = AppendValue(appendString(dst, name), fields[name])
	}
	return dst
}
