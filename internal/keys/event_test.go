package keys_test

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"github.com/portraitdb/portrait/internal/keys"
)

// The keys of events sort by node, then by time; those of what expires by day. What
// is read is what was written.
func TestEventKeys_order(t *testing.T) {
	a, b := keys.Token{1}, keys.Token{2}
	var events, days [][]byte
	for _, token := range []keys.Token{a, b} {
		for _, at := range []int64{math.MinInt64, -1, 0, 1, math.MaxInt64} {
			for _, tie := range []uint64{0, math.MaxUint64} {
				for _, content := range []uint64{0, 7} {
					key := keys.AppendEvent(nil, token, at, tie, content)
					gotToken, gotAt, gotTie, gotContent, ok := keys.ReadEvent(key)
					if !ok || gotToken != token || gotAt != at || gotTie != tie || gotContent != content {
						t.Errorf("read %v %d %d %d, %v", gotToken, gotAt, gotTie, gotContent, ok)
					}
					if !bytes.HasPrefix(key, keys.AppendEventsAt(nil, token, at, tie)) || !bytes.HasPrefix(key, keys.AppendEvents(nil, token)) ||
						bytes.Compare(key, keys.AppendEventsFrom(nil, token, at)) <= 0 || !bytes.HasSuffix(key, keys.EventOrder(key)) {
						t.Errorf("key %x does not lie where it should", key)
					}
					events = append(events, key)
				}
			}
		}
	}
	for _, day := range []int32{math.MinInt32, -1, 0, 1, math.MaxInt32} {
		for _, token := range []keys.Token{a, b} {
			for _, seconds := range []uint32{0, 1, math.MaxUint32} {
				key := keys.AppendExpiry(nil, day, token, seconds)
				gotDay, gotToken, gotSeconds, ok := keys.ReadExpiry(key)
				if !ok || gotDay != day || gotToken != token || gotSeconds != seconds || !bytes.HasPrefix(key, keys.AppendExpiryDay(nil, day)) {
					t.Errorf("read %d %v %d, %v", gotDay, gotToken, gotSeconds, ok)
				}
				days = append(days, key)
			}
		}
	}
	if !slices.IsSortedFunc(events, bytes.Compare) || !slices.IsSortedFunc(days, bytes.Compare) {
		t.Error("the keys are not ascending")
	}
	if _, _, _, _, ok := keys.ReadEvent(days[0]); ok || keys.EventOrder(days[0]) != nil {
		t.Error("a key of another space is read as an event's")
	}
	if _, _, _, ok := keys.ReadExpiry(events[0]); ok {
		t.Error("an event's key is read as one of another space")
	}
}
