package linkage

import "slices"

// The levels of dateComparator, in the order of its list.
const (
	dateSame = iota
	dateSlip
	dateTwoParts
	dateYear
	dateSlips
	dateElse
	yearSame
	yearSlip
	yearElse
)

// The roles in which dates are counted.
const (
	roleDay = iota
	roleYear
)

// dateComparator compares calendar days.
type dateComparator struct {
	cells[day]
	order        dateOrder
	placeholders []string
}

// day is a date and the number of the value that is its year alone.
type day struct {
	date
	alone uint32
}

func newDateComparator(order dateOrder, placeholders []string) *dateComparator {
	c := &dateComparator{order: order, placeholders: placeholders}
	c.value("", func(string) day { return day{} })
	return c
}

func (c *dateComparator) levels() []level {
	return []level{
		dateSame:     {"the same day", 0},
		dateSlip:     {"one digit off", 0},
		dateTwoParts: {"two of year, month and day the same, or swapped", 0},
		dateYear:     {"the same year", 0},
		dateSlips:    {"two digits off", 0},
		dateElse:     {"different", 0},
		yearSame:     {"the same year, no more known", 1},
		yearSlip:     {"the year one digit off, no more known", 1},
		yearElse:     {"another year, no more known", 1},
	}
}

// add reads a date; what is none is missing.
func (c *dateComparator) add(parts []string) uint32 {
	d, ok := parseDate(parts[0], c.order)
	if !ok {
		return 0
	}
	var buf [16]byte
	if d.full() && len(c.placeholders) > 0 {
		if slices.Contains(c.placeholders, string(d.appendTo(buf[:0])[5:])) {
			d.month, d.day = 0, 0
		}
	}
	alone := c.value(string(appendPadded(buf[:0], d.year, 4)), func(s string) day {
		plain := lexicon{}
		return day{date: date{year: d.year, digits: plain.word(s)}}
	})
	c.facts[alone].alone = alone
	if d.month == 0 {
		return alone
	}
	return c.value(string(d.appendTo(buf[:0])), func(s string) day {
		plain := lexicon{}
		d.digits = plain.word(keepDigits(s))
		return day{date: d, alone: alone}
	})
}

func (c *dateComparator) roles() []string { return []string{"day", "year"} }

func (c *dateComparator) terms(v uint32, yield func(role int, term uint32)) {
	d := &c.facts[v]
	if d.full() {
		yield(roleDay, v)
	}
	if v != 0 {
		yield(roleYear, d.alone)
	}
}

func (c *dateComparator) shared(lev int, a, _ uint32, dst []sharedTerm) []sharedTerm {
	switch lev {
	case dateSame:
		dst = append(dst, sharedTerm{roleDay, a})
	case yearSame, dateYear:
		dst = append(dst, sharedTerm{roleYear, c.facts[a].alone})
	}
	return dst
}

func (c *dateComparator) compare(a, b uint32) int {
	if a == 0 || b == 0 {
		return missing
	}
	x, y := &c.facts[a], &c.facts[b]
	if !x.full() || !y.full() {
		return c.years(x, y)
	}
	if a == b {
		return dateSame
	}
	slips := edits(&x.digits, &y.digits, 3)
	sameYear, sameMonth, sameDay := x.year == y.year, x.month == y.month, x.day == y.day
	switch {
	case slips <= 1:
		return dateSlip
	case sameYear && (sameMonth || sameDay), sameMonth && sameDay, sameYear && x.month == y.day && x.day == y.month:
		return dateTwoParts
	case sameYear:
		return dateYear
	case slips == 2:
		return dateSlips
	}
	return dateElse
}

// years compares two dates of which one is a year, or a year and a month.
func (c *dateComparator) years(x, y *day) int {
	switch {
	case x.year == y.year:
		if x.month != 0 && y.month != 0 && x.month != y.month {
			return yearSlip
		}
		return yearSame
	case edits(&c.facts[x.alone].digits, &c.facts[y.alone].digits, 2) < 2:
		return yearSlip
	}
	return yearElse
}
