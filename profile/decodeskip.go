package profile

// This file passes over msgpack of the forms that this package writes without reading
// it: of every value it looks at the code and the length alone.

// variable stands in sizes for codes whose length follows them, and 0 for those that are
// not in use.
const variable = -1

// sizes are how many bytes values of the codes from 0xc0 to 0xdf take, the code with them.
var sizes = [32]int{
	0x00: 1, 0x02: 1, 0x03: 1, // nil, false, true
	0x04: variable, 0x05: variable, 0x06: variable, // bin of 8, 16 and 32 bits of length
	0x07: 15,         // the timestamp of 12 bytes
	0x0a: 5, 0x0b: 9, // floats
	0x0c: 2, 0x0d: 3, 0x0e: 5, 0x0f: 9, // unsigned integers
	0x10: 2, 0x11: 3, 0x12: 5, 0x13: 9, // integers
	0x16: 6, 0x17: 10, // the timestamps of 4 and 8 bytes
	0x19: variable, 0x1a: variable, 0x1b: variable, // str
	0x1c: variable, 0x1d: variable, // array of 16 and 32 bits of length
}

// skip passes over n values and returns what follows them; ok is false where data ends
// before, or has a code that is not in use.
func skip(data []byte, n int) (rest []byte, ok bool) {
	for ; n > 0; n-- {
		size, more := measure(data)
		// What is still to come takes a byte at least each.
		if size == 0 || size > len(data) || more > len(data)-size {
			return nil, false
		}
		data = data[size:]
		n += more
	}
	return data, true
}

// measure returns how many bytes the value at the front of data takes, of an array its
// header alone, and how many elements follow that; a size of 0 where there is no value.
func measure(data []byte) (size, elements int) {
	if len(data) == 0 {
		return 0, 0
	}
	switch c := data[0]; {
	case c < 0x80, c >= 0xe0: // an integer by itself
		return 1, 0
	case c >= 0xc0:
		if size = sizes[c-0xc0]; size == variable {
			return measureLong(data)
		}
		return size, 0
	case c >= 0xa0: // a short text
		return 1 + int(c&0x1f), 0
	case c >= 0x90: // a short array
		return 1, int(c & 0x0f)
	}
	return 0, 0
}

// measureLong is measure for a value whose length follows its code.
func measureLong(data []byte) (size, elements int) {
	c := data[0]
	width := 0 // of the length
	switch c {
	case 0xc4, 0xd9:
		width = 1
	case 0xc5, 0xda, 0xdc:
		width = 2
	default:
		width = 4
	}
	if len(data) <= width {
		return 0, 0
	}
	length := uint64(0)
	for _, b := range data[1 : 1+width] {
		length = length<<8 | uint64(b)
	}
	if length > uint64(len(data)) {
		return 0, 0
	}
	if c == 0xdc || c == 0xdd {
		return 1 + width, int(length)
	}
	return 1 + width + int(length), 0
}

// nameOf returns the text that an entry of a list begins with: an array of few fields,
// whose first is its name.
func nameOf(entry []byte) (name []byte, ok bool) {
	header, fields := measure(entry)
	if header == 0 || fields == 0 {
		return nil, false
	}
	text := entry[header:]
	size, _ := measure(text)
	if size == 0 || size > len(text) {
		return nil, false
	}
	switch c := text[0]; {
	case c >= 0xa0 && c < 0xc0:
		return text[1:size], true
	case c == 0xd9:
		return text[2:size], true
	case c == 0xda:
		return text[3:size], true
	case c == 0xdb:
		return text[5:size], true
	}
	return nil, false
}
