package segment

import (
	"encoding/binary"

	"golang.org/x/sys/cpu"
)

var hasPEXT = cpu.X86.HasBMI2

//go:noescape
func sum8AVX512(data *byte, n int, mask *[4]uint64) uint64

//go:noescape
func sum16AVX512(data *byte, n int, mask *[4]uint64) uint64

//go:noescape
func sum32AVX512(data *byte, n int, mask *[4]uint64) uint64

//go:noescape
func sum64AVX512(data *byte, n int, mask *[4]uint64) (hi, lo uint64)

// The extremes come lane by lane: 64 bytes of the least, and as many of the
// greatest.
//
//go:noescape
func extremes8AVX512(lanes *[128]byte, data *byte, n int, mask *[4]uint64)

//go:noescape
func extremes16AVX512(lanes *[128]byte, data *byte, n int, mask *[4]uint64)

//go:noescape
func extremes32AVX512(lanes *[128]byte, data *byte, n int, mask *[4]uint64)

//go:noescape
func extremes64AVX512(lanes *[128]byte, data *byte, n int, mask *[4]uint64)

func extractBMI2(x, mask uint64) uint64

func sumPacked(data []byte, width uint8, mask *[4]uint64) (hi, lo uint64) {
	if !hasAVX512 || len(data) == 0 {
		return sumPackedGo(data, width, mask)
	}
	switch width {
	case 1:
		return 0, sum8AVX512(&data[0], len(data), mask)
	case 2:
		return 0, sum16AVX512(&data[0], len(data)/2, mask)
	case 4:
		return 0, sum32AVX512(&data[0], len(data)/4, mask)
	}
	return sum64AVX512(&data[0], len(data)/8, mask)
}

func extremes(data []byte, width uint8, mask *[4]uint64) (least, greatest uint64) {
	if !hasAVX512 || len(data) == 0 {
		return extremesGo(data, width, mask)
	}
	var lanes [128]byte
	least = ^uint64(0)
	switch width {
	case 1:
		extremes8AVX512(&lanes, &data[0], len(data), mask)
		for i := range 64 {
			least, greatest = min(least, uint64(lanes[i])), max(greatest, uint64(lanes[64+i]))
		}
	case 2:
		extremes16AVX512(&lanes, &data[0], len(data)/2, mask)
		for i := 0; i < 64; i += 2 {
			least = min(least, uint64(binary.LittleEndian.Uint16(lanes[i:])))
			greatest = max(greatest, uint64(binary.LittleEndian.Uint16(lanes[64+i:])))
		}
	case 4:
		extremes32AVX512(&lanes, &data[0], len(data)/4, mask)
		for i := 0; i < 64; i += 4 {
			least = min(least, uint64(binary.LittleEndian.Uint32(lanes[i:])))
			greatest = max(greatest, uint64(binary.LittleEndian.Uint32(lanes[64+i:])))
		}
	default:
		extremes64AVX512(&lanes, &data[0], len(data)/8, mask)
		for i := 0; i < 64; i += 8 {
			least = min(least, binary.LittleEndian.Uint64(lanes[i:]))
			greatest = max(greatest, binary.LittleEndian.Uint64(lanes[64+i:]))
		}
	}
	return least, greatest
}

func extract(x, mask uint64) uint64 {
	if hasPEXT {
		return extractBMI2(x, mask)
	}
	return extractGo(x, mask)
}
