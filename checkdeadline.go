package portrait

import (
	"fmt"

	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/oracle"
	"github.com/portraitdb/portrait/profile"
)

// readDeadlines reads when everybody is to be evaluated again, at first.
func (c *inspector) readDeadlines() error {
	return c.scan(keys.Deadline, func(key, _ []byte) error {
		at, ordinal, ok := keys.ReadDeadline(key)
		if !ok {
			return fmt.Errorf("%w: deadline key of %d bytes", ErrCorrupt, len(key))
		}
		if profile.Instant(at) < c.armed.at(ordinal) {
			c.armed.set(ordinal, profile.Instant(at))
		}
		if profile.Instant(at) <= c.v.epoch.instant {
			c.differ("deadline of ordinal %d: %s is past the instant %s", ordinal, profile.Instant(at), c.v.epoch.instant)
		}
		if profile.Instant(at) < c.v.epoch.nextDue {
			c.differ("deadline of ordinal %d: %s is before the next one known, %s", ordinal, profile.Instant(at), c.v.epoch.nextDue)
		}
		return nil
	})
}

// checkDeadlines makes sure that a profile has a deadline at or before the next instant at
// which one of its tags, their values or its indexed traits changes. That instant is found by asking
// the fast evaluator and judged by the naive one.
func (c *inspector) checkDeadlines(ordinal uint32, p *oracle.Person, st *profile.State) {
	first := c.armed.at(ordinal)
	cat, now := c.v.epoch.cat, c.v.epoch.instant
	for _, t := range cat.tags {
		if t.filling || !t.program.Deps().Timed {
			continue
		}
		c.checkDeadline(t, ordinal, p, st, now, first)
		if t.values != nil {
			c.checkTurn(t.values, ordinal, p, st, now, first)
		}
	}
	for _, i := range cat.timed.indexes {
		if ix := cat.indexes[i]; !ix.filling {
			c.checkTurn(ix, ordinal, p, st, now, first)
		}
	}
}

func (c *inspector) checkDeadline(t *tag, ordinal uint32, p *oracle.Person, st *profile.State, now, armed profile.Instant) {
	_, until := t.program.Eval(st, now)
	if until == profile.Never {
		return
	}
	cat := c.v.epoch.cat
	is := oracle.Eval(t.rule, p, cat, now)
	if oracle.Eval(t.rule, p, cat, until-1) != is {
		c.differ("tag %q of ordinal %d: changes before %s", t.def.Name, ordinal, until)
	}
	// Where the evaluator gave up its search nothing changes then: ask on from there.
	for until < armed && oracle.Eval(t.rule, p, cat, until) == is {
		_, until = t.program.Eval(st, until)
	}
	if until < armed {
		c.differ("tag %q of ordinal %d: changes at %s, the first deadline is %s", t.def.Name, ordinal, until, armed)
	}
}

// checkTurn is checkDeadline of an indexed trait, or of the values of a tag.
func (c *inspector) checkTurn(ix *traitIndex, ordinal uint32, p *oracle.Person, st *profile.State, now, armed profile.Instant) {
	what := "trait"
	value := func(at profile.Instant) (profile.Value, bool) {
		v, ok := oracle.ValueAt(ix.info.Compute, p, c.v.epoch.cat, at)
		return v, ok && fits(v, ix.info)
	}
	if ix.label != nil {
		what = "values of tag"
		of := value
		value = func(at profile.Instant) (profile.Value, bool) {
			v, ok := of(at)
			if !ok {
				v = profile.List()
			}
			return v, oracle.Eval(ix.label.rule, p, c.v.epoch.cat, at)
		}
	}
	is, ok := value(now)
	same := func(at profile.Instant) bool {
		v, has := value(at)
		return has == ok && (!ok || v.Equal(is))
	}
	_, _, until := ix.value(st, now)
	if until != profile.Never && !same(until-1) {
		c.differ("%s %q of ordinal %d: changes before %s", what, ix.name, ordinal, until)
	}
	for until < armed && same(until) {
		_, _, until = ix.value(st, until)
	}
	if until < armed {
		c.differ("%s %q of ordinal %d: changes at %s, the first deadline is %s", what, ix.name, ordinal, until, armed)
	}
}
