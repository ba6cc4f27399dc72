//go:build !amd64

package main

// floorKernels returns the ways of reading memory that this machine has.
func floorKernels() map[string]func([]byte) uint64 {
	return map[string]func([]byte) uint64{"portable": xorGo}
}
