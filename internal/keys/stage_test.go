package keys_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/portraitdb/portrait/internal/keys"
)

func TestStage(t *testing.T) {
	var lastMove, lastPath []byte
	for _, m := range []struct {
		at    int64
		epoch uint64
		seq   uint32
	}{{math.MinInt64, 9, 0}, {-1, 1, 7}, {0, 1, 0}, {0, 1, 1}, {0, 255, 0}, {0, 256, 0}, {1, 2, 0}, {math.MaxInt64, 1, 1<<32 - 1}} {
		move := keys.AppendStageMove(nil, m.at, m.epoch, m.seq)
		if at, epoch, seq, ok := keys.ReadStageMove(move); !ok || at != m.at || epoch != m.epoch || seq != m.seq {
			t.Errorf("move %+v reads as %d %d %d %t", m, at, epoch, seq, ok)
		}
		path := keys.AppendStagePath(nil, 1<<25+3, m.at, m.epoch, m.seq)
		if block, at, epoch, seq, ok := keys.ReadStagePath(path); !ok || block != 1<<25+3 || at != m.at || epoch != m.epoch || seq != m.seq {
			t.Errorf("path %+v reads as %d %d %d %d %t", m, block, at, epoch, seq, ok)
		}
		if !bytes.HasPrefix(path, keys.AppendStagePaths(nil, 1<<25+3)) {
			t.Errorf("path %+v does not begin with its block", m)
		}
		if bytes.Compare(lastMove, move) >= 0 || bytes.Compare(lastPath, path) >= 0 {
			t.Errorf("the keys of %+v are not after those before", m)
		}
		lastMove, lastPath = move, path
	}
	for _, bad := range [][]byte{nil, {keys.StageMove}, {keys.StagePath}, keys.AppendFeed(nil, 1, 2), append(lastMove, 0), append(lastPath, 0)} {
		if _, _, _, ok := keys.ReadStageMove(bad); ok {
			t.Errorf("% x is taken for a move", bad)
		}
		if _, _, _, _, ok := keys.ReadStagePath(bad); ok {
			t.Errorf("% x is taken for a path", bad)
		}
	}
}
