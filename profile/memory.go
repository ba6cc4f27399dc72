package profile

import "unsafe"

// MemoryBytes estimates the memory that the state keeps alive, for the budget of
// a cache. Texts and values count as if they were its own.
func (s *State) MemoryBytes() int {
	n := int(unsafe.Sizeof(*s))
	n += cap(s.attrs) * int(unsafe.Sizeof(attr{}))
	n += cap(s.counters) * int(unsafe.Sizeof(counter{}))
	n += cap(s.series) * int(unsafe.Sizeof(series{}))
	for i := range s.series {
		n += len(s.series[i].body)
	}
	for i := range s.attrs {
		n += len(s.attrs[i].name) + s.attrs[i].value.memory()
	}
	for i := range s.counters {
		c := &s.counters[i]
		n += len(c.name)
		n += cap(c.numbers) * int(unsafe.Sizeof(number{}))
		n += cap(c.uniques) * int(unsafe.Sizeof(unique{}))
		for j := range c.numbers {
			n += len(c.numbers[j].prop)
		}
		for j := range c.uniques {
			n += len(c.uniques[j].prop)
			for _, v := range c.uniques[j].values {
				n += int(unsafe.Sizeof(v)) + v.memory()
			}
		}
	}
	return n
}

// memory estimates what the value holds besides itself.
func (v Value) memory() int {
	n := len(v.str)
	for _, e := range v.list {
		n += int(unsafe.Sizeof(e)) + e.memory()
	}
	return n
}
