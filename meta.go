package portrait

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/pack"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// The names of the store's own records.
const (
	metaKey     = "key"     // 32 random bytes: the key of tokens and dedup hashes
	metaState   = "state"   // see meta
	metaModel   = "model"   // the model in its JSON form
	metaFolds   = "folds"   // what profiles keep for it; see foldSet
	metaLog     = "log"     // what the event log covers; see coverage
	metaFill    = "fill"    // how far the filling of tags and indexes has come; absent otherwise
	metaAdvance = "advance" // the instant that an unfinished Advance goes to
	metaRecast  = "recast"  // the model whose identity rules are being applied
	metaAudit   = "audit"   // where the audit log stands; absent while it is empty
	metaAnchor  = "anchor"  // the last record that was pruned from it; absent while none was
	metaTally   = "tally"   // how many refusals there were, by rule; see tally
	// metaIncarnation is 8 random bytes, made with the store: whose cursors are whose.
	metaIncarnation = "incarnation"
	// metaOrigin says of which commit of which other store this one began as a copy.
	metaOrigin = "origin"
)

// universe is the field of all live profiles.
const universe segment.FieldID = 0

// lots is the column of everybody's lot before it is salted: draw.Key of the canonical
// identifier.
const lots segment.FieldID = 1

// meta is what every commit writes of the store as a whole.
type meta struct {
	epoch       uint64
	instant     profile.Instant // that tags are evaluated at
	nextOrdinal uint32
	nextField   uint32
	accepted    uint64
	merges      uint64          // profiles that a merge made disappear
	splits      uint64          // profiles that a split made appear
	refusals    uint64          // the number of the next record of a refusal
	trimmed     uint64          // that of the oldest which may be kept
	feedFrom    uint64          // the first commit whose changes the feed keeps
	feedAt      profile.Instant // of the last of them
	// The times of the earliest and the latest event accepted, if one was.
	earliest, latest profile.Instant

	nextDue profile.Instant // not stored: the earliest deadline, or earlier
	// feedOldest is not stored either: of the first changes that the feed keeps, or
	// Never.
	feedOldest profile.Instant
}

func (m *meta) append(dst []byte) []byte {
	dst = append(dst, recordVersion)
	dst = pack.AppendArray(dst, 13)
	dst = pack.AppendUint(dst, m.epoch)
	dst = pack.AppendInt(dst, int64(m.instant))
	dst = pack.AppendUint(dst, uint64(m.nextOrdinal))
	dst = pack.AppendUint(dst, uint64(m.nextField))
	dst = pack.AppendUint(dst, m.accepted)
	dst = pack.AppendUint(dst, m.merges)
	dst = pack.AppendUint(dst, m.splits)
	dst = pack.AppendUint(dst, m.refusals)
	dst = pack.AppendUint(dst, m.trimmed)
	dst = pack.AppendUint(dst, m.feedFrom)
	dst = pack.AppendInt(dst, int64(m.feedAt))
	return pack.AppendInt(pack.AppendInt(dst, int64(m.earliest)), int64(m.latest))
}

func decodeMeta(data []byte) (m meta, err error) {
	r := openRecord(data)
	r.Fields("state", 13)
	m.epoch = r.Uint()
	m.instant = profile.Instant(r.Int())
	m.nextOrdinal = r.Uint32()
	m.nextField = r.Uint32()
	m.accepted = r.Uint()
	m.merges = r.Uint()
	m.splits = r.Uint()
	m.refusals = r.Uint()
	m.trimmed = r.Uint()
	m.feedFrom = r.Uint()
	m.feedAt = profile.Instant(r.Int())
	m.earliest = profile.Instant(r.Int())
	m.latest = profile.Instant(r.Int())
	return m, closeRecord("state", &r)
}

// appendAdvance appends the record of an unfinished Advance.
func appendAdvance(dst []byte, to profile.Instant) []byte {
	return pack.AppendInt(append(dst, recordVersion), int64(to))
}

func decodeAdvance(data []byte) (to profile.Instant, err error) {
	r := openRecord(data)
	to = profile.Instant(r.Int())
	return to, closeRecord("advance", &r)
}

// fieldUse says what a field of the index holds.
type fieldUse uint8

const (
	useUniverse fieldUse = iota
	useTag               // Name: the tag's
	useColumn            // Name: the trait's
	useExists            // who has a value of trait Name
	useValue             // who has Value of trait Name
	useSegment           // Name: the tracked segment's
	useTagValue          // who has Value of tag Name
	// Who had tag Name, or Value of it, before its definition changed, while it is
	// being filled by the new one.
	useFormerTag
	useFormerSegment // likewise of a tracked segment
	useLots
	useList // Name: the uploaded list's
)

// fieldRecord says what one field of the index is for.
type fieldRecord struct {
	Use     fieldUse
	Name    string
	Value   []byte // useValue only, as profile.AppendValue writes it
	Filling bool
}

func (f *fieldRecord) append(dst []byte) []byte {
	dst = append(dst, recordVersion)
	dst = pack.AppendArray(dst, 4)
	dst = pack.AppendUint(dst, uint64(f.Use))
	dst = pack.AppendString(dst, f.Name)
	dst = pack.AppendBin(dst, f.Value)
	return pack.AppendBool(dst, f.Filling)
}

func decodeField(data []byte) (f fieldRecord, err error) {
	r := openRecord(data)
	r.Fields("field", 4)
	use := r.Uint()
	if use > uint64(useList) {
		r.Fail(fmt.Errorf("unknown use %d", use))
	}
	f.Use = fieldUse(use)
	f.Name = r.String()
	f.Value = slices.Clone(r.Bin())
	f.Filling = r.Bool()
	return f, closeRecord("field", &r)
}

// newField adds a field to the index and to its dictionary.
func (t *txn) newField(rec fieldRecord, kind segment.FieldKind) segment.FieldID {
	id := segment.FieldID(t.meta.nextField)
	t.meta.nextField++
	t.index.Add(id, kind)
	t.putField(id, rec)
	return id
}

func (t *txn) putField(id segment.FieldID, rec fieldRecord) {
	t.key = keys.AppendField(t.key[:0], uint32(id))
	t.scratch = rec.append(t.scratch[:0])
	t.batch.Set(t.key, t.scratch)
}

// dropField removes a field and its shards.
func (t *txn) dropField(id segment.FieldID) {
	t.index.Drop(id)
	t.key = keys.AppendField(t.key[:0], uint32(id))
	t.batch.Delete(t.key)
	prefix := keys.AppendShard(nil, uint32(id), 0)[:5]
	t.batch.DeleteRange(prefix, keys.End(prefix))
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
