package syntax

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/portraitdb/portrait/profile"
)

// Stay is what [Dwell] asks beside its events: where most hours were spent.
type Stay struct {
	// Hours are those in which a sighting counts; none are all.
	Hours []profile.Hours
	// Level is that of the S2 cells, from 10 to 18; 16 where nothing is said.
	Level int
	// MinDays is on how many days the person was seen at least, from 1 to 366; 3 where
	// nothing is said.
	MinDays int
	// Except are points, around which nothing counts.
	Except []Operand
}

const (
	usualLevel   = 16
	usualMinDays = 3
	leastLevel   = 10
	mostLevel    = 18
	mostMinDays  = 366
	maxHourSpans = 16
	maxExcepts   = 8
	everyDay     = 0x7f
)

func usualStay() *Stay { return &Stay{Level: usualLevel, MinDays: usualMinDays} }

// Window that a place is looked for in where none is written.
var usualDwell = Window{Kind: Last, N: 90, Unit: Day}

// Span returns the aggregate's window: of [Dwell] that of 90 days where it has none.
func (x *Aggregate) Span() Window {
	if x.Fn == Dwell && x.Window.Kind == Lifetime {
		return usualDwell
	}
	return x.Window
}

// stay returns what [Dwell] asks, where a tree that was built by hand leaves it out too.
func (x *Aggregate) stay() Stay {
	if x.Stay == nil {
		return *usualStay()
	}
	return *x.Stay
}

// presets are hours by what people mostly do in them.
var presets = map[string][]string{
	"home":    {"22-7"},
	"work":    {"mon-fri 9-18"},
	"leisure": {"mon-fri 18-22", "sat-sun 9-22"},
}

const hoursHelp = `hours are such as "22-7", "mon-fri 9-18" or "sat,sun 10-24", or one of "home", "work" and "leisure"`

// weekdays are in the order in which they are written.
var weekdays = [...]string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// weekday returns the bit of one of weekdays.
func weekday(i int) uint8 { return 1 << ((i + int(time.Monday)) % 7) }

// parseHours reads the name of a preset, or hours of some days; ok is false where it is
// neither.
func parseHours(text string) (hours []profile.Hours, ok bool) {
	spans := []string{text}
	if preset, ok := presets[text]; ok {
		spans = preset
	}
	for _, span := range spans {
		h := profile.Hours{Days: everyDay}
		if days, rest, found := strings.Cut(span, " "); found {
			if h.Days, ok = parseDays(days); !ok {
				return nil, false
			}
			span = rest
		}
		from, to, found := strings.Cut(span, "-")
		h.From, ok = hour(from)
		var toOK bool
		h.To, toOK = hour(to)
		if !found || !ok || !toOK || h.From > 23 || h.To < 1 {
			return nil, false
		}
		hours = append(hours, h)
	}
	return hours, true
}

func hour(text string) (int, bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 0 && n <= 24 && strconv.Itoa(n) == text
}

// parseDays reads days and ranges of them between commas.
func parseDays(text string) (days uint8, ok bool) {
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		i, end := slices.Index(weekdays[:], first), slices.Index(weekdays[:], last)
		if i < 0 || end < 0 {
			return 0, false
		}
		for ; ; i = (i + 1) % 7 {
			days |= weekday(i)
			if i == end {
				break
			}
		}
	}
	return days, true
}

// hoursText writes hours as parseHours reads them.
func hoursText(h profile.Hours) string {
	var b []byte
	for i := 0; i < 7 && h.Days&everyDay != everyDay; i++ {
		if h.Days&weekday(i) == 0 {
			continue
		}
		if len(b) > 0 {
			b = append(b, ',')
		}
		b = append(b, weekdays[i]...)
		end := i
		for end < 6 && h.Days&weekday(end+1) != 0 {
			end++
		}
		if end > i {
			b = append(append(b, '-'), weekdays[end]...)
			i = end
		}
	}
	if len(b) > 0 {
		b = append(b, ' ')
	}
	b = strconv.AppendInt(b, int64(h.From), 10)
	return string(strconv.AppendInt(append(b, '-'), int64(h.To), 10))
}

// stayClause reads what stands within a clause of dwell alone.
func (p *parser) stayClause(clause token, s *Stay) (err *Error) {
	switch clause.text {
	case "cell":
		text := p.tok
		if s.Level, err = p.wholeNumber(clause, mostLevel); err == nil && s.Level < leastLevel {
			err = faultAt(text.pos, text.end-text.pos, "16 is some 150 m wide, each level less twice as wide", "cell wants a level from %d to %d", leastLevel, mostLevel)
		}
	case "min_days":
		s.MinDays, err = p.wholeNumber(clause, mostMinDays)
	case "except":
		err = p.several(func() *Error {
			x, err := p.operand()
			s.Except = append(s.Except, x)
			return err
		})
	default: // during
		err = p.several(func() *Error {
			text := p.tok
			span, err := p.string(clause)
			if err != nil {
				return err
			}
			hours, ok := parseHours(span)
			if !ok {
				return faultAt(text.pos, text.end-text.pos, hoursHelp, "%s are no hours", quote(shorten(span)))
			}
			s.Hours = append(s.Hours, hours...)
			return nil
		})
	}
	return err
}

// several reads arguments between commas.
func (p *parser) several(read func() *Error) *Error {
	for {
		if err := read(); err != nil {
			return err
		}
		if !p.is(",") {
			return nil
		}
		if err := p.advance(); err != nil {
			return err
		}
	}
}

// isStayClause reports whether a clause is one of dwell alone.
func isStayClause(name string) bool {
	switch name {
	case "during", "cell", "min_days", "except":
		return true
	}
	return false
}

// appendStay writes the clauses, with a comma before each.
func appendStay(b []byte, s Stay) []byte {
	if len(s.Hours) > 0 {
		b = append(b, ", during("...)
		for i, h := range s.Hours {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendQuoted(b, hoursText(h))
		}
		b = append(b, ')')
	}
	if s.Level != usualLevel {
		b = append(strconv.AppendInt(append(b, ", cell("...), int64(s.Level), 10), ')')
	}
	if s.MinDays != usualMinDays {
		b = append(strconv.AppendInt(append(b, ", min_days("...), int64(s.MinDays), 10), ')')
	}
	if len(s.Except) > 0 {
		b = append(b, ", except("...)
		for i, x := range s.Except {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendOperand(b, x)
		}
		b = append(b, ')')
	}
	return b
}

// stay writes the fields of dwell alone.
func (w *encoder) stay(s Stay) {
	if len(s.Hours) > 0 {
		w.raw(`,"during":[`)
		for i, h := range s.Hours {
			if i > 0 {
				w.raw(",")
			}
			w.text(hoursText(h))
		}
		w.raw("]")
	}
	if s.Level != usualLevel {
		w.raw(`,"cell":` + strconv.Itoa(s.Level))
	}
	if s.MinDays != usualMinDays {
		w.raw(`,"min_days":` + strconv.Itoa(s.MinDays))
	}
	if len(s.Except) > 0 {
		w.raw(`,"except":[`)
		for i, x := range s.Except {
			if i > 0 {
				w.raw(",")
			}
			w.operand(x)
		}
		w.raw("]")
	}
}

// stayField reads the field of a key of dwell alone.
func (d *decoder) stayField(s *Stay, key string) (err *Error) {
	switch key {
	case "cell":
		if s.Level, err = d.wholeNumber(mostLevel); err == nil && s.Level < leastLevel {
			err = d.fault("", "a level from %d to %d should be here", leastLevel, mostLevel)
		}
	case "min_days":
		s.MinDays, err = d.wholeNumber(mostMinDays)
	case "except":
		s.Except, err = d.operands()
	default: // during
		err = d.array(func() *Error {
			span, err := d.text()
			if err != nil {
				return err
			}
			hours, ok := parseHours(span)
			if !ok {
				return d.fault(hoursHelp, "%s are no hours", quote(shorten(span)))
			}
			s.Hours = append(s.Hours, hours...)
			return nil
		})
	}
	return err
}

// stay checks what dwell asks beside its events.
func (c *checker) stay(x *Aggregate) *Stay {
	if x.Fn != Dwell {
		if x.Stay != nil {
			c.fault(x.Pos, "", "%s looks for no place", x.Fn)
		}
		return nil
	}
	s := x.stay()
	switch {
	case s.Level < leastLevel || s.Level > mostLevel:
		c.fault(x.Pos, "", "the cells of dwell are of a level from %d to %d", leastLevel, mostLevel)
	case s.MinDays < 1 || s.MinDays > mostMinDays:
		c.fault(x.Pos, "", "dwell wants 1 to %d days", mostMinDays)
	case len(s.Hours) > maxHourSpans:
		c.fault(x.Pos, "", "dwell takes at most %d stretches of hours", maxHourSpans)
	case len(s.Except) > maxExcepts:
		c.fault(x.Pos, "", "dwell leaves out at most %d places", maxExcepts)
	}
	for _, h := range s.Hours {
		if h.Days == 0 || h.Days > everyDay || h.From < 0 || h.From > 23 || h.To < 1 || h.To > 24 {
			c.fault(x.Pos, hoursHelp, "hours that are on no day, or on no clock")
		}
	}
	except := s.Except
	s.Except = nil
	for _, y := range except {
		checked, kind, ok := c.operand(y, x.Pos)
		if ok && kind != profile.KindPoint && kind != Any {
			c.fault(x.Pos, "", "dwell leaves out points, %s is %s", shorten(PrintOperand(y)), a(kind))
		}
		s.Except = append(s.Except, checked)
	}
	return &s
}

// Evidence reports whether the function tells of a place that [Dwell] gives how sure it
// is.
func (f CallFn) Evidence() bool { return f == DaysAt || f == DaysSeen || f == Confidence }

// dwelling checks what a function tells the evidence of: dwell(), or a trait that
// stands for it.
func (c *checker) dwelling(x *Call) Operand {
	if !c.outside(x.Fn.String()+"()", x.Pos) {
		return x.Args[0]
	}
	checked, _, ok := c.operand(x.Args[0], x.Pos)
	if ok && !dwells(checked, c.scope) {
		c.fault(x.Pos, `declare a trait with compute: dwell("event", "point", during("home"))`, "%s wants a place that dwell() gives, %s is none", x.Fn, shorten(PrintOperand(checked)))
	}
	return checked
}

// dwells reports whether an operand is dwell(), or a trait that stands for it.
func dwells(x Operand, s Scope) bool {
	for range maxTags {
		switch y := x.(type) {
		case *Aggregate:
			return y.Fn == Dwell
		case *Trait:
			info, _ := s.Trait(y.Name)
			x = info.Compute
		default:
			return false
		}
	}
	return false
}
