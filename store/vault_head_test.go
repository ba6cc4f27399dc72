package store

import (
	"errors"
	"testing"

	"github.com/portraitdb/portrait/internal/crashdisk"
	"github.com/portraitdb/portrait/internal/shred"
)

// Of a value whose key was destroyed the head may be written anew, and nothing else.
func TestShred_a_head_without_a_key(t *testing.T) {
	mem := crashdisk.New()
	s := mustOpen(t, "db", shredded(mem))
	numbers := setSealed(t, s, "v1", "one")
	destroy(t, s, numbers)
	diff(t, []string{"v1=h:"}, content(t, s))
	b := s.NewBatch()
	b.SetSealed([]byte("v1"), numbers[0], []byte("another:"), nil)
	if err := s.Commit(b, true); err != nil {
		t.Fatal(err)
	}
	diff(t, []string{"v1=another:"}, content(t, s))
	b.SetSealed([]byte("v1"), numbers[0], []byte("another:"), []byte("one"))
	if err := s.Commit(b, true); !errors.Is(err, shred.ErrForgotten) {
		t.Errorf("a value under a key that was destroyed: %v", err)
	}
	mustClose(t, s)
	diff(t, []string{"v1=another:"}, content(t, mustOpen(t, "db", shredded(mem))))
}
