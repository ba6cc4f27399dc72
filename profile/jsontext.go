package profile

import (
	"bytes"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// unquote returns the text of a checked JSON string.
func unquote(raw []byte) string {
	raw = raw[1 : len(raw)-1]
	i := bytes.IndexByte(raw, '\\')
	if i < 0 {
		return string(raw)
	}
	out := append(make([]byte, 0, len(raw)), raw[:i]...)
	for ; i < len(raw); i++ {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			continue
		}
		i++
		switch c := raw[i]; c {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r, _ := hex4(raw[i+1:])
			i += 4
			if utf16.IsSurrogate(r) {
				low, _ := hex4(raw[i+3:])
				r = utf16.DecodeRune(r, low)
				i += 6
			}
			out = utf8.AppendRune(out, r)
		default:
			out = append(out, c)
		}
	}
	return string(out)
}

// member is one name of a JSON object with its value's text.
type member struct {
	name string
	raw  []byte
}

// object is the members of a JSON object.
type object []member

// get returns the text of a member's value, nil when there is none.
func (o object) get(name string) []byte {
	for i := range o {
		if o[i].name == name {
			return o[i].raw
		}
	}
	return nil
}

// members returns the members of a checked JSON object in their order; of a
// name that is repeated only the last.
func members(raw []byte) object {
	s := scanner{data: raw}
	s.peek()
	s.pos++
	var list []member
	for s.peek() == '"' {
		start := s.pos
		_ = s.text() // Checked before.
		name := unquote(raw[start:s.pos])
		s.peek()
		s.pos++ // Over the colon.
		list = append(list, member{name, s.raw()})
		if s.peek() == ',' {
			s.pos++
		}
	}
	return lastOfEach(list)
}

// lastOfEach drops every member whose name comes again later.
func lastOfEach(list []member) []member {
	const few = 16
	var last map[string]int
	if len(list) > few {
		last = make(map[string]int, len(list))
		for i, m := range list {
			last[m.name] = i
		}
	}
	repeated := func(i int) bool {
		if last != nil {
			return last[list[i].name] != i
		}
		return slices.ContainsFunc(list[i+1:], func(m member) bool { return m.name == list[i].name })
	}
	kept := list[:0]
	for i, m := range list {
		if !repeated(i) {
			kept = append(kept, m)
		}
	}
	return kept
}

// items returns the texts of the elements of a checked JSON array.
func items(raw []byte) [][]byte {
	s := scanner{data: raw}
	s.peek()
	s.pos++
	var list [][]byte
	for s.peek() != ']' {
		list = append(list, s.raw())
		if s.peek() == ',' {
			s.pos++
		}
	}
	return list
}

// raw returns the text of the next value, checked before.
func (s *scanner) raw() []byte {
	s.space()
	start := s.pos
	_ = s.value(0) // Checked before, and no deeper than it was then.
	return s.data[start:s.pos:s.pos]
}
