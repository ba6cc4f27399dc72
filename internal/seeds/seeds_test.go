package seeds

import (
	"crypto/rand"
	"fmt"
	"testing"
)

func TestDraw(t *testing.T) {
	if *given != 0 {
		t.Skip("a seed is given")
	}
	t.Setenv(Env, "")
	if a, b := Draw(t), Draw(t); a == b {
		t.Errorf("%d twice", a)
	}
	t.Setenv(Env, "18446744073709551615")
	if got := Draw(t); got != 1<<64-1 {
		t.Errorf("%d, not that of the variable", got)
	}
	t.Cleanup(func() { *given = 0 })
	if *given = 7; Draw(t) != 7 {
		t.Error("the variable beats the flag")
	}
}

// The same seed gives the same keys, another one others.
func TestDraw_keys(t *testing.T) {
	keys := map[string]bool{}
	for _, seed := range []string{"1", "1", "2"} {
		t.Run(seed, func(t *testing.T) {
			t.Setenv(Env, seed)
			Draw(t)
			key := make([]byte, 32)
			rand.Read(key)
			keys[fmt.Sprintf("%x", key)] = true
		})
	}
	if *given == 0 && len(keys) != 2 {
		t.Errorf("%d keys of two seeds", len(keys))
	}
}
