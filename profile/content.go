package profile

import (
	"crypto/sha256"
	"slices"
	"time"

	"github.com/portraitdb/portrait/internal/pack"
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
	b = pack.AppendArray(b, 8)
	b = pack.AppendUint(b, uint64(e.Type))
	b = pack.AppendString(b, e.Source)
	b = pack.AppendString(b, e.MessageID)
	b = pack.AppendString(b, e.Name)
	b = appendIdentifiers(b, e.Identifiers)
	b = appendWhen(b, e.OriginalTime())
	b = appendFields(b, e.Properties)
	b = appendFields(b, e.Traits)
	if e.Auth != 0 {
		b = pack.AppendUint(b, uint64(e.Auth))
	}
	if len(e.Consent) > 0 {
		b = AppendConsents(b, e.Consent)
	}
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
	dst = pack.AppendArray(dst, 2*len(ids))
	for _, id := range ids {
		dst = pack.AppendString(pack.AppendString(dst, id.Namespace), id.Value)
	}
	return dst
}

func appendWhen(dst []byte, t time.Time) []byte {
	if t.IsZero() {
		return pack.AppendNil(dst)
	}
	return pack.AppendInt(dst, int64(InstantOf(t)))
}

func appendFields(dst []byte, fields map[string]Value) []byte {
	dst = pack.AppendArray(dst, 2*len(fields))
	var few [16]string
	names := few[:0]
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		dst = AppendValue(pack.AppendString(dst, name), fields[name])
	}
	return dst
}
