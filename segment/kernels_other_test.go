//go:build !amd64

package segment

// wordKernelsHere lists the implementations that this processor can run.
func wordKernelsHere() map[string]wordKernels {
	return map[string]wordKernels{"portable": {andWordsGo, orWordsGo}}
}
