package portrait

import "slices"

// WithoutHold returns the record of holds on an identifier without that of a reference; ok is
// false if there is none.
func WithoutHold(record []byte, ref string) (rest []byte, ok bool) {
	h, err := decodeHolds(record)
	i, has := h.find(ref)
	if err != nil || !has {
		return nil, false
	}
	return slices.Delete(h, i, i+1).append(nil), true
}
