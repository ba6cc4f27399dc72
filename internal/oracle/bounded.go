package oracle

import (
	"errors"
	"fmt"

	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// maxNesting is how deep the arrays of a state lie within each other: more than
// any state has.
const maxNesting = 16

// bounded reports why data is not one msgpack value of the kinds that a state is
// made of, each as long as it says. The general decoder believes what a header
// says and allocates for it, up to gigabytes, before it looks at what is there.
func bounded(data []byte) error {
	open := []uint64{1} // of each array around the place, how many elements are to come
	for pos := 0; ; {
		for len(open) > 0 && open[len(open)-1] == 0 {
			open = open[:len(open)-1]
		}
		if len(open) == 0 {
			if pos < len(data) {
				return fmt.Errorf("%d bytes too many", len(data)-pos)
			}
			return nil
		}
		open[len(open)-1]--
		header, elements, payload, err := header(data[pos:])
		left := uint64(len(data) - pos - header)
		switch {
		case err != nil:
			return fmt.Errorf("at byte %d: %w", pos, err)
		case elements > left || payload > left:
			return fmt.Errorf("at byte %d: longer than the state", pos)
		case len(open) > maxNesting:
			return fmt.Errorf("at byte %d: more than %d arrays within each other", pos, maxNesting)
		}
		pos += header + int(payload)
		open = append(open, elements)
	}
}

// header returns how long the header of the first msgpack value of data is, and
// how many elements or bytes follow it.
func header(data []byte) (size int, elements, payload uint64, err error) {
	if len(data) == 0 {
		return 0, 0, 0, errors.New("cut short")
	}
	width := 0 // of the length that follows the code
	switch code := data[0]; {
	case msgpcode.IsFixedNum(code):
	case msgpcode.IsFixedString(code):
		payload = uint64(code & msgpcode.FixedStrMask)
	case msgpcode.IsFixedArray(code):
		elements = uint64(code & msgpcode.FixedArrayMask)
	default:
		var known bool
		width, payload, known = form(code)
		if !known {
			return 0, 0, 0, fmt.Errorf("code %#x has no place in a state", code)
		}
	}
	if len(data) < 1+width {
		return 0, 0, 0, errors.New("cut short")
	}
	var length uint64
	for _, b := range data[1 : 1+width] {
		length = length<<8 | uint64(b)
	}
	if data[0] == msgpcode.Array16 || data[0] == msgpcode.Array32 {
		return 1 + width, length, 0, nil
	}
	return 1 + width, elements, payload + length, nil
}

// form returns how many bytes of length follow a code, and how many bytes of
// anything else besides what that length counts.
func form(code byte) (width int, payload uint64, known bool) {
	switch code {
	case msgpcode.Nil, msgpcode.True, msgpcode.False:
		return 0, 0, true
	case msgpcode.Uint8, msgpcode.Int8:
		return 0, 1, true
	case msgpcode.Uint16, msgpcode.Int16:
		return 0, 2, true
	case msgpcode.Uint32, msgpcode.Int32, msgpcode.Float:
		return 0, 4, true
	case msgpcode.Uint64, msgpcode.Int64, msgpcode.Double:
		return 0, 8, true
	case msgpcode.FixExt4: // one byte more, the type of the extension
		return 0, 5, true
	case msgpcode.FixExt8:
		return 0, 9, true
	case msgpcode.Ext8:
		return 1, 1, true
	case msgpcode.Str8, msgpcode.Bin8:
		return 1, 0, true
	case msgpcode.Str16, msgpcode.Bin16, msgpcode.Array16:
		return 2, 0, true
	case msgpcode.Str32, msgpcode.Bin32, msgpcode.Array32:
		return 4, 0, true
	}
	return 0, 0, false
}
