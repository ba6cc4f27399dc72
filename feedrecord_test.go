package portrait

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/profile"
)

// appendFeed writes a record as the feed's writer does.
func appendFeed(at profile.Instant, flags uint64, groups ...feedGroup) []byte {
	dst := appendFeedHead(nil, at, flags, len(groups))
	for _, g := range groups {
		var entered, left ordinalList
		for _, o := range g.entered {
			entered.add(o)
		}
		for _, o := range g.left {
			left.add(o)
		}
		dst = appendFeedGroup(dst, g.field, g.cause, entered.data, left.data)
	}
	return dst
}

func feedAgain(data []byte) ([]byte, error) {
	rec, err := decodeFeed(data)
	if err != nil {
		return nil, err
	}
	var flags uint64
	if rec.merged {
		flags |= feedMerged
	}
	if rec.more {
		flags |= feedMore
	}
	return appendFeed(rec.at, flags, rec.groups...), nil
}

func feedNameAgain(data []byte) ([]byte, error) {
	n, err := decodeFeedName(data)
	if err != nil {
		return nil, err
	}
	return n.append(nil), nil
}

func FuzzDecodeFeed(f *testing.F) {
	fuzzRecord(f, "feed",
		appendFeed(-1, 0),
		appendFeed(profile.Never, feedMore,
			feedGroup{1, byEvent, []uint32{0, 1, 2, 1 << 20}, nil},
			feedGroup{1, byMerge, nil, []uint32{math.MaxUint32}},
			feedGroup{1 << 31, byDefinition, slices.Repeat([]uint32{7}, 1), []uint32{0}}))
}

func FuzzDecodeFeedName(f *testing.F) {
	fuzzRecord(f, "feed name", feedName{name: "高频购买者", value: "高"}.append(nil))
}

func TestOrdinalList(t *testing.T) {
	for _, want := range [][]uint32{
		nil, {0}, {math.MaxUint32}, {0, math.MaxUint32}, {0, 1, 2, 3}, {127, 128, 129, 1 << 14, 1 << 28, math.MaxUint32 - 1, math.MaxUint32},
	} {
		var l ordinalList
		for _, o := range want {
			l.add(o)
		}
		got, err := decodeOrdinals(l.data)
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, d)
		}
	}
}

func TestOrdinalSet(t *testing.T) {
	s := ordinalSet{}
	for _, o := range []uint32{0, 63, 64, 65535, 65536, 1 << 31, math.MaxUint32} {
		if !s.add(o) {
			t.Errorf("%d is in before it was put in", o)
		}
		if s.add(o) {
			t.Errorf("%d is not in after it was put in", o)
		}
	}
}

func TestCursor_text(t *testing.T) {
	for _, want := range []Cursor{
		{},
		{store: 1},
		{store: math.MaxUint64, place: feedPlace{math.MaxUint64, math.MaxUint32, math.MaxUint32}},
		{store: 7, place: feedPlace{1 << 20, 0, 300}},
	} {
		text, err := want.MarshalText()
		if err != nil || string(text) != want.String() {
			t.Errorf("%+v: %q, %v", want, text, err)
		}
		var got Cursor
		if err := got.UnmarshalText(text); err != nil || got != want {
			t.Errorf("%q reads as %+v, %v; want %+v", text, got, err, want)
		}
	}
	long := Cursor{store: 5, place: feedPlace{1, 2, 3}}.String()
	for _, bad := range []string{"x", "!", long[:len(long)-2], long + "AA", long + "=", long + "\n", long[:10] + "\r\n" + long[10:], "AgAAAAAAAAAFAQID", "AQAAAAAAAAAAAQID", string(make([]byte, 100))} {
		c := Cursor{store: 9}
		if err := c.UnmarshalText([]byte(bad)); err == nil || c.store != 9 {
			t.Errorf("%q reads as %+v, %v", bad, c, err)
		}
	}
}

func FuzzCursor(f *testing.F) {
	f.Add(Cursor{store: 5, place: feedPlace{1 << 30, 2, 3}}.String())
	f.Add("")
	f.Add("AX0000000000\r0000AA")
	f.Fuzz(func(t *testing.T, text string) {
		var c Cursor
		if err := c.UnmarshalText([]byte(text)); err == nil && c.String() != text {
			t.Errorf("%q reads as %+v and is written as %q", text, c, c)
		}
	})
}

// What the merge log has of a commit, told as changes.
func TestTellMerges(t *testing.T) {
	id := func(ordinals ...uint32) (ids []profile.ID) {
		for _, o := range ordinals {
			ids = append(ids, profile.MakeID(0, o))
		}
		return ids
	}
	log := func(records ...[]uint32) (all []Merge) {
		for _, r := range records {
			all = append(all, Merge{Into: profile.MakeID(0, r[0]), From: id(r[1:]...)})
		}
		return all
	}
	merged := func(into uint32, others ...uint32) Change {
		return Change{Kind: "merged", Profile: profile.MakeID(0, into), Others: id(others...), Cause: "merge"}
	}
	split := func(of uint32, others ...uint32) Change {
		c := merged(of, others...)
		c.Kind = "split"
		return c
	}
	for _, tt := range []struct {
		name string
		log  []Merge
		want []Change
	}{
		{"two become one", log([]uint32{3, 3, 7}), []Change{merged(3, 7)}},
		{"three become one", log([]uint32{3, 3, 7, 9}), []Change{merged(3, 7, 9)}},
		{"one becomes two", log([]uint32{3, 3}, []uint32{9, 3}), []Change{split(3, 9)}},
		{"one becomes three", log([]uint32{3, 3}, []uint32{8, 3}, []uint32{9, 3}), []Change{split(3, 8, 9)}},
		{"nodes go from one to another", log([]uint32{3, 3}, []uint32{7, 3, 7}), nil},
		{"one takes another's place", log([]uint32{9, 5}), []Change{merged(9, 5)}},
		{"two take its place", log([]uint32{8, 5}, []uint32{9, 5}), []Change{merged(8, 5), split(8, 9)}},
		{"a new one of two that stay", log([]uint32{3, 3}, []uint32{7, 7}, []uint32{9, 3, 7}), []Change{split(3, 9)}},
		{"one that goes to two that stay", log([]uint32{3, 3, 5}, []uint32{7, 5, 7}), []Change{merged(3, 5)}},
		{"one merges while another splits", log([]uint32{1, 1, 2}, []uint32{4, 4}, []uint32{9, 4}), []Change{merged(1, 2), split(4, 9)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, tellMerges(tt.log), cmp.AllowUnexported(Cursor{}, feedPlace{})); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}
