package main

import (
	"encoding/binary"

	"github.com/RoaringBitmap/roaring/v2"
)

// operandBytes lays the operands' bytes side by side, as an engine would have to
// read them that skips nothing, padded to whole steps of the kernels.
func operandBytes(bitmaps map[int]*roaring.Bitmap) []byte {
	var out []byte
	for _, percent := range densities {
		data, err := bitmaps[percent].ToBytes()
		if err != nil {
			panic(err) // a buffer in memory takes everything
		}
		out = append(out, data...)
	}
	return append(out, make([]byte, -len(out)&(floorStep-1))...)
}

// floorStep is how many bytes the kernels take at once.
const floorStep = 512

// xorGo returns the xor of all words of data, whose length is a multiple of
// floorStep.
func xorGo(data []byte) uint64 {
	var a, b, c, d uint64
	for ; len(data) >= 32; data = data[32:] {
		a ^= binary.LittleEndian.Uint64(data)
		b ^= binary.LittleEndian.Uint64(data[8:])
		c ^= binary.LittleEndian.Uint64(data[16:])
		d ^= binary.LittleEndian.Uint64(data[24:])
	}
	return a ^ b ^ c ^ d
}

// floorKernel returns the fastest of the kernels.
func floorKernel() (name string, kernel func([]byte) uint64) {
	kernels := floorKernels()
	for _, name := range []string{"AVX-512", "AVX2"} {
		if k, ok := kernels[name]; ok {
			return name, k
		}
	}
	return "portable", xorGo
}
