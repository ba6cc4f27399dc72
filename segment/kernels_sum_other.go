//go:build !amd64

package segment

func sumPacked(data []byte, width uint8, mask *[4]uint64) (hi, lo uint64) {
	return sumPackedGo(data, width, mask)
}

func extremes(data []byte, width uint8, mask *[4]uint64) (least, greatest uint64) {
	return extremesGo(data, width, mask)
}

func extract(x, mask uint64) uint64 { return extractGo(x, mask) }
