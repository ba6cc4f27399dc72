//go:build !amd64

package segment

// wordKernelsHere lists the implementations that this processor can run.
func wordKernelsHere() map[string]wordKernels {
	return map[string]wordKernels{"portable": {andWordsGo, orWordsGo}}
}

// kernelsFor reports whether there are kernels that use what a setting of GODEBUG
// switches off: none here.
func kernelsFor(string) bool { return false }
