package keys_test

import (
	"bytes"
	"testing"

	"github.com/portraitdb/portrait/internal/keys"
)

func TestHeard(t *testing.T) {
	a, b := keys.Token{1}, keys.Token{2}
	for name, key := range map[string][]byte{"heard": keys.AppendHeard(nil, a, b), "told": keys.AppendTold(nil, a, b)} {
		if x, y, ok := keys.Pair(key); !ok || x != a || y != b {
			t.Errorf("%s reads as %v %v %t", name, x, y, ok)
		}
		if !bytes.HasPrefix(key, keys.AppendFrom(nil, key[0], a)) {
			t.Errorf("%s does not lie with all of its first end", name)
		}
	}
	if bytes.Equal(keys.AppendHeard(nil, a, b), keys.AppendTold(nil, a, b)) {
		t.Error("either direction has the same key")
	}
}
