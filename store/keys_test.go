package store

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/portraitdb/portrait/internal/atrest"
)

// testKeys has a key for every ID that was ever current.
type testKeys struct {
	mu      sync.Mutex
	current string
	keys    map[string][32]byte
	err     error // of Current
}

func newTestKeys(ids ...string) *testKeys {
	k := &testKeys{keys: map[string][32]byte{}}
	for _, id := range ids {
		k.rotate(id)
	}
	return k
}

// rotate makes a key the current one.
func (k *testKeys) rotate(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.current, k.keys[id] = id, sha256.Sum256([]byte("key "+id))
}

func (k *testKeys) Current() (string, [32]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.current, k.keys[k.current], k.err
}

var errNoSuchKey = errors.New("no such key")

func (k *testKeys) Key(id string) ([32]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	key, ok := k.keys[id]
	if !ok {
		return key, fmt.Errorf("%w: %s", errNoSuchKey, id)
	}
	return key, nil
}

// sorted returns lines in order, without those that come twice.
func sorted(lines []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(lines)))
}

// keyOf returns the ID of the key of a file as it is on the disk, and its header.
func keyOf(t *testing.T, fsys FS, name string) (string, []byte) {
	t.Helper()
	head, err := readHead(fsys, name)
	if err != nil {
		t.Fatal(err)
	}
	h, err := atrest.Parse(head)
	if err != nil {
		if len(head) > 0 {
			t.Errorf("%s: %v", name, err)
		}
		return "", head
	}
	return h.KeyID(), head
}
