//go:build !amd64

package main

// floorKernel returns the fastest reading of memory that the machine has.
func floorKernel() (kernel func([]byte) uint64, name string) { return xorGo, "portable" }
