// Package seeds gives the random tests their seeds, in such a way that a failure can be
// had again.
package seeds

import (
	"flag"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"testing/cryptotest"
)

// Env names the variable that holds the seed of every random test. Without it, and without
// the flag, each test draws one.
const Env = "PORTRAIT_SEED"

var given = flag.Uint64("seed", 0, "seed of the random tests; 0 takes that of $"+Env+", or draws one")

// Draw returns the seed of a test, and logs how to have it again: that of the flag -seed,
// else that of the variable Env, else a fresh one. The keys that stores make for themselves
// follow from it too, until the test ends, for what a store does may depend on the order of
// tokens under its key; so a test that draws runs beside no other.
func Draw(t testing.TB) uint64 {
	t.Helper()
	s := *given
	if text := os.Getenv(Env); s == 0 && text != "" {
		var err error
		if s, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("the seed in %s: %v", Env, err)
		}
	} else if s == 0 {
		s = rand.Uint64()
	}
	t.Logf("-seed %d", s)
	if t, ok := t.(*testing.T); ok {
		cryptotest.SetGlobalRandom(t, s)
	}
	return s
}
