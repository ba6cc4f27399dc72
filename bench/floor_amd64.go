package main

import "golang.org/x/sys/cpu"

// floorKernels returns the ways of reading memory that this machine has.
func floorKernels() map[string]func([]byte) uint64 {
	kernels := map[string]func([]byte) uint64{"portable": xorGo}
	if cpu.X86.HasAVX2 {
		kernels["AVX2"] = xorAVX2
	}
	if cpu.X86.HasAVX512F {
		kernels["AVX-512"] = xorAVX512
	}
	return kernels
}

// xorAVX512 is xorGo.
//
//go:noescape
func xorAVX512(data []byte) uint64

// xorAVX2 is xorGo.
//
//go:noescape
func xorAVX2(data []byte) uint64
