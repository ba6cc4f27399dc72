package segment

import (
	"os"
	command "os/exec"
	"strings"
	"testing"
)

// kernelsEnv says in a process that a test has started which features of the processor
// were switched off for it.
const kernelsEnv = "PORTRAIT_KERNELS_OFF"

// TestKernels_of_lesser_processors runs the tests that compare the index with roaring and
// with plain Go once more as they run on a processor without AVX-512, and on one without
// AVX2 and BMI2 as well.
func TestKernels_of_lesser_processors(t *testing.T) {
	if off := os.Getenv(kernelsEnv); off != "" {
		if kernelsFor(off) {
			t.Errorf("with %s the kernels are still those of this processor", off)
		}
		return
	}
	if testing.Short() {
		t.Skip("the race detector sees nothing of it")
	}
	for _, off := range []string{"cpu.avx512f=off", "cpu.all=off"} {
		if !kernelsFor(off) {
			continue // It has none of these anyway.
		}
		cmd := command.Command(os.Args[0], "-test.run", "^(TestKernels_.*|TestRuns_equal_words|TestQuery_many_spans_equal_comparing)$")
		cmd.Env = append(os.Environ(), "GODEBUG="+off, kernelsEnv+"="+off)
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS") {
			t.Errorf("%s: %v\n%s", off, err, out)
		}
	}
}
