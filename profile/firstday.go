package profile

// opening is what FirstDay keeps of the earliest day: the sum of the numbers that a
// property had. An event without one makes its day the earliest all the same.
type opening struct {
	has bool // a number, at least one
	sum Decimal
}

// openingOf returns what one event adds, whose property has these values.
func openingOf(values []Value) (o opening) {
	for _, v := range values {
		if sum, ok := v.amount(); ok {
			o.join(opening{has: true, sum: sum})
		}
	}
	return o
}

// join adds what another part of the same day holds.
func (o *opening) join(p opening) {
	o.has, o.sum = o.has || p.has, o.sum.Add(p.sum)
}

// opening reads 0, or 1 and the sum.
func (c *cells) opening() (o opening) {
	switch c.uint() {
	case 0:
	case 1:
		o = opening{has: true, sum: c.sum()}
	default:
		c.fail()
	}
	return o
}

func appendOpening(dst []byte, o opening) []byte {
	if !o.has {
		return append(dst, 0)
	}
	return appendSum(append(dst, 1), o.sum)
}

// joinFirstDay appends the body with the earlier day, or what both say of the same.
func (s *series) joinFirstDay(dst []byte, o *series) []byte {
	switch {
	case s.oldest < o.oldest:
		return append(dst, s.body...)
	case s.oldest > o.oldest:
		s.oldest = o.oldest
		return append(dst, o.body...)
	}
	return s.kind.join(dst, s.body, o.body)
}

// FirstDay returns the sum of a property on the earliest day, of FirstDay, which
// [Series.First] tells; ok is false where no event of that day had a number. It
// allocates nothing.
func (s Series) FirstDay() (sum Decimal, ok bool) {
	c := s.of(FirstDay)
	if !c.next() {
		return Decimal{}, false
	}
	o := c.opening()
	return o.sum, o.has
}
