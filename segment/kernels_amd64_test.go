package segment

// wordKernelsHere lists the implementations that this processor can run.
func wordKernelsHere() map[string]wordKernels {
	out := map[string]wordKernels{"portable": {andWordsGo, orWordsGo}}
	if hasAVX2 {
		out["avx2"] = wordKernels{
			func(dst *words, ops []*words, pos int) int { return andAVX2(dst, &ops[0], pos, len(ops)) },
			func(dst *words, ops []*words) int { return orAVX2(dst, &ops[0], len(ops)) },
		}
	}
	if hasAVX512 {
		out["avx512"] = wordKernels{
			func(dst *words, ops []*words, pos int) int { return andAVX512(dst, &ops[0], pos, len(ops)) },
			func(dst *words, ops []*words) int { return orAVX512(dst, &ops[0], len(ops)) },
		}
	}
	return out
}

// kernelsFor reports whether there are kernels that use what a setting of GODEBUG
// switches off.
func kernelsFor(off string) bool {
	if off == "cpu.avx512f=off" {
		return hasAVX512
	}
	return hasAVX512 || hasAVX2 || hasBMI2
}
