package keys_test

import (
	"bytes"
	"testing"

	"github.com/portraitdb/portrait/internal/keys"
)

func TestFeed(t *testing.T) {
	var last []byte
	for _, at := range []struct {
		epoch uint64
		seq   uint32
	}{{0, 0}, {0, 1}, {1, 0}, {255, 7}, {256, 0}, {1 << 40, 1<<32 - 1}} {
		key := keys.AppendFeed(nil, at.epoch, at.seq)
		epoch, seq, ok := keys.ReadFeed(key)
		if !ok || epoch != at.epoch || seq != at.seq {
			t.Errorf("%+v reads as %d %d %t", at, epoch, seq, ok)
		}
		if bytes.Compare(last, key) >= 0 {
			t.Errorf("the key of %+v is not after the one before", at)
		}
		last = key
	}
	field, ok := keys.ReadFeedField(keys.AppendFeedField(nil, 1<<31+7))
	if !ok || field != 1<<31+7 {
		t.Errorf("field reads as %d %t", field, ok)
	}
	for _, bad := range [][]byte{nil, {keys.Feed}, keys.AppendMergeLog(nil, 1, 2), append(keys.AppendFeed(nil, 1, 2), 0)} {
		if _, _, ok := keys.ReadFeed(bad); ok {
			t.Errorf("% x is taken for a key of the feed", bad)
		}
		if _, ok := keys.ReadFeedField(bad); ok {
			t.Errorf("% x is taken for a key of a field's name", bad)
		}
	}
}
