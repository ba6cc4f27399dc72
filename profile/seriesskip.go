package profile

// This file takes what a bucket holds without reading it.

// checkScalar reads a value that is not null without making it.
func (r *scan) checkScalar() {
	begin := r.i
	h := r.uint()
	content := h >> 3
	switch h & 7 {
	case codeText:
		r.text(content)
		return
	case codeNumber:
		n, e := unzigzag(content>>3), content&7
		if -fifteenDig < n && n < fifteenDig && e < escape && (e == 0 || n%10 != 0) {
			return
		}
	}
	if !r.bad {
		r.i = begin
		r.value()
	}
}

// skip takes what a bucket holds, of a body that is known to be sound.
func (c *cells) skip() {
	switch c.form {
	case Tally:
		c.uint()
	case Times:
		c.uint()
		c.uint()
	case Numbers:
		if c.uint() > 1 {
			c.skipSum()
			c.skipNumber()
		}
		c.skipNumber()
	case Ends:
		for more := c.uint() + 1; more > 0; more-- {
			c.uint()
			c.i += 8
			c.skipScalar()
		}
	case Keys, Sums, Scores:
		for n := c.uint(); n > 0; n-- {
			c.skipScalar()
			switch c.form {
			case Keys:
				c.uint()
			case Sums:
				c.skipSum()
			default:
				c.skipScore()
			}
		}
	case Recent, Oldest:
		for n := c.uint(); n > 0; n-- {
			c.uint()
			c.i += 8
			c.skipScalar()
		}
	case Trace:
		for n := c.uint(); n > 0; n-- {
			c.skipTraced()
		}
	case Stays:
		for n := c.uint(); n > 0; n-- {
			c.uint()
			c.uint()
		}
	case FirstDay:
		if c.uint() > 0 {
			c.skipSum()
		}
	}
}

func (r *scan) skipTraced() {
	r.uint()
	r.i += 8
	r.uint()
	r.skipScalar()
}

func (r *scan) skipNumber() {
	if r.uint() == escape {
		r.i += 8
	}
}

func (r *scan) skipSum() {
	if r.uint() == escape {
		r.i += 16
	}
}

func (r *scan) skipScore() {
	if r.uint() == 1 {
		r.i += 16
	}
}

func (r *scan) skipScalar() {
	switch h := r.uint(); h & 7 {
	case codeDouble:
		r.i += 8
	case codePoint:
		r.i += 16
	case codeText:
		r.i += int(h >> 3)
	}
}
