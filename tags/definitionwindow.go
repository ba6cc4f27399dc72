package tags

import (
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// Expired reports whether the definition is at its end at an instant, its civil
// times read in a zone. Nil means UTC.
func (d Definition) Expired(at profile.Instant, zone *time.Location) bool {
	end, ok := readTime(d.Expires, zone)
	return ok && at >= end
}

// effect returns the conditions on the clock under which the tag is in effect.
func (d *Definition) effect() []syntax.Expr {
	var when []syntax.Expr
	bound := func(op syntax.Op, text string) {
		if text != "" {
			when = append(when, &syntax.Compare{Op: op, L: &syntax.Now{Pos: -1}, R: textLiteral(text), Pos: -1})
		}
	}
	bound(syntax.Ge, d.Since)
	bound(syntax.Lt, d.Until)
	bound(syntax.Lt, d.Expires)
	return when
}

// window checks the times of a definition.
func (v *validator) window(d *Definition) {
	read := func(what, text string) (profile.Instant, bool) {
		if text == "" {
			return 0, false
		}
		at, ok := readTime(text, nil)
		if !ok {
			v.fault("%s is %q, which is no time: write 2026-05-01 or 2026-05-01T08:00:00+08:00", what, shorten(text))
		}
		return at, ok
	}
	since, ok := read("since", d.Since)
	until, ended := read("until", d.Until)
	expires, expired := read("expires", d.Expires)
	// A civil time lies within a day of where it would in UTC.
	const day = 24 * 3600 * 1_000_000
	if ok && ended && until+day < since {
		v.fault("until, %s, is before since, %s", d.Until, d.Since)
	}
	if ok && expired && expires+day < since {
		v.fault("expires, %s, is before since, %s", d.Expires, d.Since)
	}
}

// readTime reads a time as the language does beside the clock.
func readTime(text string, zone *time.Location) (profile.Instant, bool) {
	if text == "" {
		return 0, false
	}
	e, err := syntax.Check(&syntax.Compare{L: &syntax.Now{Pos: -1}, R: textLiteral(text), Pos: -1}, clockScope{zone})
	if err != nil {
		return 0, false
	}
	if c, ok := e.(*syntax.Compare); ok {
		if lit, ok := c.R.(*syntax.Literal); ok && lit.Value.Kind() == profile.KindTime {
			return lit.Value.Instant(), true
		}
	}
	return 0, false
}

// clockScope is a model that declares nothing but its zone.
type clockScope struct{ zone *time.Location }

func (s clockScope) Trait(string) (syntax.TraitInfo, bool)       { return syntax.TraitInfo{}, false }
func (s clockScope) Tag(string, string) (syntax.Expr, bool)      { return nil, false }
func (s clockScope) Interest(string) (syntax.InterestInfo, bool) { return syntax.InterestInfo{}, false }
func (s clockScope) Purpose(string) (syntax.Purpose, bool)       { return syntax.Purpose{}, false }
func (s clockScope) Folded(string, string) (number, unique bool) { return false, false }
func (s clockScope) Kept(*syntax.Fold) (uint32, bool)            { return 0, false }
func (s clockScope) Zone() *time.Location                        { return s.zone }
func (s clockScope) Place(string) (syntax.Area, bool)            { return nil, false }
func (s clockScope) WeekStart() time.Weekday                     { return time.Monday }
func (s clockScope) Names(string) []string                       { return nil }
