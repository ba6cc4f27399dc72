package portrait

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/portraitdb/portrait/profile"
)

// Change is one entry of the feed: who came into a tag or a tracked segment and who
// went, and which profiles merged and split. It is a plain value, and marshals to
// JSON.
type Change struct {
	// Cursor is the place after this change: reading goes on with the next from
	// here, in the middle of a commit too.
	Cursor Cursor `json:"cursor"`
	// Epoch is the commit that holds the change. Readers see the commits of one
	// Advance, or of one Apply of other identity rules, together, once the last is
	// there.
	Epoch uint64 `json:"epoch"`
	// At is when it happened, by the store's clock, and of a deadline the instant
	// that the store moved to. It never decreases along the feed.
	At time.Time `json:"at"`
	// Kind is one of
	//
	//	"entered"  Profile now has Tag, or is in Segment
	//	"left"     it no longer does, or is
	//	"merged"   Profile took in the identifiers of Others, whose IDs went
	//	"split"    of the identifiers of Profile some became Others, which are new IDs
	//	"erased"   Profile was erased
	//
	// What merged and split in a commit comes before who entered and left in it.
	// An ID that went leaves all that it was in.
	Kind string `json:"kind"`
	// Tag or Segment is the name that Kind is about, of "entered" and "left".
	Tag     string `json:"tag,omitempty"`
	Segment string `json:"segment,omitempty"`
	// Value is which value of a tag with values: of such a tag every change names one,
	// and who goes from one to another leaves the one and enters the other. A Purge puts a
	// number, such as "(12)", in the place of one that nobody has any more.
	Value string `json:"value,omitempty"`
	// Profile is a live profile after the commit, but where it left, or was erased.
	Profile profile.ID   `json:"profile"`
	Others  []profile.ID `json:"others,omitempty"` // ascending
	// Cause is "event" for what was taken in, decided or erased, "deadline" for time alone,
	// "definition" for a change of the model, "merge" where Profile was merged or split
	// in the commit, or "list" for an upload or an edit of a list that a rule asks of.
	Cause string `json:"cause"`
}

// The kinds of changes.
const (
	kindEntered = "entered"
	kindLeft    = "left"
	kindMerged  = "merged"
	kindSplit   = "split"
	kindErased  = "erased"
)

var kinds = [...]string{kindEntered, kindLeft, kindMerged, kindSplit, kindErased}

// Cursor is a place in the feed of one store, between two changes. The zero Cursor
// is the oldest change that is still kept. It is opaque, comparable, and marshals
// to text of some 20 to 35 letters, digits, - and _; the zero Cursor to no text.
type Cursor struct {
	store uint64 // whose feed; 0: of any
	place feedPlace
}

// feedPlace is what is read next: the change of that index in a part of a commit's
// record.
type feedPlace struct {
	epoch      uint64
	seq, index uint32
}

const cursorVersion = 1

// MarshalText implements encoding.TextMarshaler.
func (c Cursor) MarshalText() ([]byte, error) {
	if c == (Cursor{}) {
		return []byte{}, nil
	}
	b := binary.BigEndian.AppendUint64([]byte{cursorVersion}, c.store)
	for _, n := range [...]uint64{c.place.epoch, uint64(c.place.seq), uint64(c.place.index)} {
		b = binary.AppendUvarint(b, n)
	}
	return base64.RawURLEncoding.AppendEncode(nil, b), nil
}

// UnmarshalText implements encoding.TextUnmarshaler. Text that is no cursor is an
// error.
func (c *Cursor) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*c = Cursor{}
		return nil
	}
	next, err := parseCursor(text)
	if err != nil {
		return fmt.Errorf("portrait: %.60q is no cursor: %w", text, err)
	}
	*c = next
	return nil
}

// String returns the cursor as text.
func (c Cursor) String() string {
	text, _ := c.MarshalText() // never fails
	return string(text)
}

func parseCursor(text []byte) (c Cursor, err error) {
	if len(text) > 64 {
		return c, fmt.Errorf("%d bytes long", len(text))
	}
	b, err := base64.RawURLEncoding.Strict().AppendDecode(nil, text)
	switch {
	case bytes.ContainsAny(text, "\r\n"): // which decoding passes over
		return c, errors.New("broken over lines")
	case err != nil:
		return c, err
	case len(b) < 1+8+3:
		return c, errors.New("cut short")
	case b[0] != cursorVersion:
		return c, fmt.Errorf("of unknown version %d", b[0])
	}
	c.store, b = binary.BigEndian.Uint64(b[1:]), b[9:]
	var place [3]uint64
	for i := range place {
		n, size := binary.Uvarint(b)
		if size <= 0 || size > 1 && b[size-1] == 0 || i > 0 && n > math.MaxUint32 {
			return c, errors.New("bad number")
		}
		place[i], b = n, b[size:]
	}
	if len(b) > 0 {
		return c, errors.New("too long")
	}
	c.place = feedPlace{place[0], uint32(place[1]), uint32(place[2])}
	if c.store == 0 {
		return c, errors.New("of no store")
	}
	return c, nil
}
