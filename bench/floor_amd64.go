package main

import "golang.org/x/sys/cpu"

// floorKernel returns the fastest reading of memory that the machine has.
func floorKernel() (kernel func([]byte) uint64, name string) {
	switch {
	case cpu.X86.HasAVX512F:
		return xorAVX512, "AVX-512"
	case cpu.X86.HasAVX2:
		return xorAVX2, "AVX2"
	}
	return xorGo, "portable"
}

// xorAVX512 is xorGo.
//
//go:noescape
func xorAVX512(data []byte) uint64

// xorAVX2 is xorGo.
//
//go:noescape
func xorAVX2(data []byte) uint64
