package linkage

import (
	"strings"

	"github.com/cespare/xxhash/v2"
)

// interner numbers distinct texts in the order in which they come. It is a hash
// table with linear probing over numbers, so that a text costs its bytes, a string
// header and some 6 bytes of table. What was interned last can be taken back.
type interner struct {
	texts []string
	slots []uint32 // The number of the text plus one; 0 is free.
	arena strings.Builder
}

// arenaBytes is the size of the pieces in which the texts are kept.
const arenaBytes = 1 << 16

func (t *interner) len() int { return len(t.texts) }

// find returns the number of s.
func (t *interner) find(s string) (uint32, bool) {
	if len(t.slots) == 0 {
		return 0, false
	}
	slot := t.slot(s)
	n := t.slots[slot]
	return n - 1, n != 0
}

// intern returns the number of s, giving it one if it has none.
func (t *interner) intern(s string) uint32 {
	if 4*(len(t.texts)+1) > 3*len(t.slots) {
		t.grow()
	}
	slot := t.slot(s)
	if n := t.slots[slot]; n != 0 {
		return n - 1
	}
	t.texts = append(t.texts, t.keep(s))
	t.slots[slot] = uint32(len(t.texts))
	return uint32(len(t.texts) - 1)
}

// slot returns where s is, or the free slot where it would be.
func (t *interner) slot(s string) uint64 {
	mask := uint64(len(t.slots) - 1)
	for i := xxhash.Sum64String(s) & mask; ; i = (i + 1) & mask {
		if n := t.slots[i]; n == 0 || t.texts[n-1] == s {
			return i
		}
	}
}

// grow doubles the table. Texts go in by number, so that the last number always
// sits in the last slot that was taken, which truncate relies on.
func (t *interner) grow() {
	t.slots = make([]uint32, max(16, 2*len(t.slots)))
	for n, s := range t.texts {
		t.slots[t.slot(s)] = uint32(n + 1)
	}
}

// truncate takes back all texts from number n on. Undone in reverse order,
// linear probing leaves no gap behind.
func (t *interner) truncate(n int) {
	for len(t.texts) > n {
		last := len(t.texts) - 1
		t.slots[t.slot(t.texts[last])] = 0
		t.texts[last] = ""
		t.texts = t.texts[:last]
	}
}

// keep copies s into the arena.
func (t *interner) keep(s string) string {
	if len(s) > arenaBytes/4 {
		return strings.Clone(s)
	}
	if t.arena.Cap()-t.arena.Len() < len(s) {
		t.arena = strings.Builder{}
		t.arena.Grow(min(arenaBytes, max(256, 8*len(t.texts))))
		if t.arena.Cap() < len(s) {
			return strings.Clone(s)
		}
	}
	start := t.arena.Len()
	t.arena.WriteString(s)
	return t.arena.String()[start:]
}
