package portrait

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/portraitdb/portrait/internal/pack"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// feedCause says what brought about a change of a tag.
type feedCause uint8

const (
	byEvent feedCause = iota
	byDeadline
	byDefinition
	byMerge
	byList
	feedCauses // how many there are
)

// String returns the cause as Change has it.
func (c feedCause) String() string {
	return [...]string{"event", "deadline", "definition", "merge", "list"}[c]
}

// feedRecord is one part of what a commit changed, as it is stored.
type feedRecord struct {
	at     profile.Instant
	merged bool // the merge log has records of the commit; said in its first part
	more   bool // the commit has another part
	groups []feedGroup
}

// feedGroup is who entered and left one field of the index for one cause, each
// ascending.
type feedGroup struct {
	field         segment.FieldID
	cause         feedCause
	entered, left []uint32
}

// The flags of a record.
const (
	feedMerged = 1 << iota
	feedMore
)

// appendFeedHead appends what a record has before its groups.
func appendFeedHead(dst []byte, at profile.Instant, flags uint64, groups int) []byte {
	dst = append(dst, recordVersion)
	dst = pack.AppendArray(dst, 3)
	dst = pack.AppendInt(dst, int64(at))
	dst = pack.AppendUint(dst, flags)
	return pack.AppendArray(dst, groups)
}

func appendFeedGroup(dst []byte, f segment.FieldID, cause feedCause, entered, left []byte) []byte {
	dst = pack.AppendArray(dst, 4)
	dst = pack.AppendUint(dst, uint64(f))
	dst = pack.AppendUint(dst, uint64(cause))
	dst = pack.AppendBin(dst, entered)
	return pack.AppendBin(dst, left)
}

// feedGroupWidth is the least that a group takes.
const feedGroupWidth = 1 + 1 + 1 + 2 + 2

func decodeFeed(data []byte) (rec feedRecord, err error) {
	r := openRecord(data)
	r.Fields("feed", 3)
	rec.at = profile.Instant(r.Int())
	flags := r.Uint()
	if flags > feedMerged|feedMore {
		r.Fail(fmt.Errorf("flags %#x", flags))
	}
	rec.merged, rec.more = flags&feedMerged != 0, flags&feedMore != 0
	rec.groups = make([]feedGroup, r.Array(feedGroupWidth))
	for i := range rec.groups {
		g := &rec.groups[i]
		r.Fields("group", 4)
		g.field = segment.FieldID(r.Uint32())
		cause := r.Uint()
		if cause >= uint64(feedCauses) {
			r.Fail(fmt.Errorf("unknown cause %d", cause))
		}
		g.cause = feedCause(cause)
		for _, list := range [...]*[]uint32{&g.entered, &g.left} {
			data := r.Bin()
			if r.Err() != nil {
				break
			}
			if *list, err = decodeOrdinals(data); err != nil {
				r.Fail(err)
			}
		}
		if r.Err() != nil {
			break
		}
	}
	return rec, closeRecord("feed", &r)
}

// count is how many changes of tags a record has.
func (rec *feedRecord) count() int {
	n := 0
	for i := range rec.groups {
		n += len(rec.groups[i].entered) + len(rec.groups[i].left)
	}
	return n
}

// ordinalList is a list of ordinals as it is stored: ascending, the first as it is
// and then what each is above the one before, less 1.
type ordinalList struct {
	data []byte
	next uint64 // one more than the last
}

func (l *ordinalList) add(ordinal uint32) {
	l.data = binary.AppendUvarint(l.data, uint64(ordinal)-l.next)
	l.next = uint64(ordinal) + 1
}

func (l *ordinalList) reset() { l.data, l.next = l.data[:0], 0 }

func decodeOrdinals(data []byte) ([]uint32, error) {
	n := 0
	for _, b := range data {
		if b < 0x80 {
			n++
		}
	}
	if n == 0 && len(data) == 0 {
		return nil, nil
	}
	list := make([]uint32, 0, n)
	for next := uint64(0); len(data) > 0; {
		gap, size := binary.Uvarint(data)
		switch {
		case size <= 0 || size > 1 && data[size-1] == 0:
			return nil, errors.New("bad varint in a list of ordinals")
		case gap > math.MaxUint32 || next+gap > math.MaxUint32:
			return nil, errors.New("ordinal above 32 bits")
		}
		list = append(list, uint32(next+gap))
		next += gap + 1
		data = data[size:]
	}
	return list, nil
}

// feedName is what the feed calls a field of the index.
type feedName struct {
	segment bool
	name    string
	value   string // of a tag with values
}

func (n feedName) append(dst []byte) []byte {
	dst = append(dst, recordVersion)
	dst = pack.AppendArray(dst, 3)
	dst = pack.AppendBool(dst, n.segment)
	return pack.AppendString(pack.AppendString(dst, n.name), n.value)
}

func decodeFeedName(data []byte) (n feedName, err error) {
	r := openRecord(data)
	r.Fields("feed name", 3)
	n.segment, n.name, n.value = r.Bool(), r.String(), r.String()
	return n, closeRecord("feed name", &r)
}
