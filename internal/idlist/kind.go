package idlist

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"slices"
)

// Kind says what the lines of a list are.
type Kind uint8

// The kinds of list. The zero value is Auto.
const (
	// Auto tells the kind from the lines: 32, 40 or 64 hexadecimal digits are MD5,
	// SHA1 or SHA256, anything else is Plain; and refuses a list that mixes them. A
	// device ID may itself be 32 hexadecimal digits (a UUID without dashes, an OAID),
	// which no rule can tell from an MD5: Auto takes it for one, so a plain list of
	// such identifiers must be declared Plain.
	Auto   Kind = iota
	Plain       // the identifiers themselves
	MD5         // 32 hexadecimal digits in any case
	SHA1        // 40 hexadecimal digits in any case
	SHA256      // 64 hexadecimal digits in any case; base64 is not read
)

var kindNames = [...]string{"auto", "plain", "md5", "sha1", "sha256"}

// String returns the kind's name: auto, plain, md5, sha1 or sha256.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind(?)"
}

// ParseKind returns the kind of that name.
func ParseKind(name string) (Kind, bool) {
	i := slices.Index(kindNames[:], name)
	return Kind(max(i, 0)), i >= 0
}

// maxDigest is the size of the largest digest in bytes.
const maxDigest = sha256.Size

// digestLen returns the size of the kind's digests in bytes, 0 for a kind that is
// no hash.
func (k Kind) digestLen() int {
	switch k {
	case MD5:
		return md5.Size
	case SHA1:
		return sha1.Size
	case SHA256:
		return sha256.Size
	default:
		return 0
	}
}

// kindOfWidth returns the kind whose digests have so many hexadecimal digits.
func kindOfWidth(digits int) (Kind, bool) {
	switch digits {
	case 2 * md5.Size:
		return MD5, true
	case 2 * sha1.Size:
		return SHA1, true
	case 2 * sha256.Size:
		return SHA256, true
	default:
		return Plain, false
	}
}

// appendDigest appends the digest of a value.
func (k Kind) appendDigest(dst, value []byte) []byte {
	switch k {
	case MD5:
		d := md5.Sum(value)
		return append(dst, d[:]...)
	case SHA1:
		d := sha1.Sum(value)
		return append(dst, d[:]...)
	default:
		d := sha256.Sum256(value)
		return append(dst, d[:]...)
	}
}

// notHex marks a byte that is no hexadecimal digit.
const notHex = 0xff

// hexValues holds the value of each hexadecimal digit. It is read only.
var hexValues = func() (v [256]byte) {
	for c := range v {
		switch b := byte(c); {
		case '0' <= b && b <= '9':
			v[c] = b - '0'
		case 'a' <= b && b <= 'f':
			v[c] = b - 'a' + 10
		case 'A' <= b && b <= 'F':
			v[c] = b - 'A' + 10
		default:
			v[c] = notHex
		}
	}
	return v
}()

// isHex reports whether a text is hexadecimal digits alone.
func isHex(text []byte) bool {
	return !slices.ContainsFunc(text, func(c byte) bool { return hexValues[c] == notHex })
}

// decodeHex fills dst from twice as many hexadecimal digits. It reports false, with
// dst in any state, if src holds another byte among them.
func decodeHex(dst, src []byte) bool {
	src = src[:2*len(dst)]
	var seen byte
	for i := range dst {
		hi, lo := hexValues[src[2*i]], hexValues[src[2*i+1]]
		seen |= hi | lo
		dst[i] = hi<<4 | lo
	}
	return seen < 16
}
