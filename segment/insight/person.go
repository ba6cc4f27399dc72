package insight

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Person is all that a page shows of one person. What is empty is left out of the page.
// It holds personal data as it is given: leave out, or shorten, what the readers of the
// page may not see.
type Person struct {
	// Identities are the identifiers, the strongest first.
	Identities []PersonIdentity
	// Apart are identifiers that were seen with the person and kept apart.
	Apart []PersonIdentity
	// Traits are what is known of the person.
	Traits []PersonTrait
	// Tags are the tags that the person has, and others that are worth telling.
	Tags []PersonTag
	// Until is how far ahead the Flips of Tags were asked for. The zero time is that of
	// the last of them.
	Until time.Time
	// Stages are the stages of the person's life so far, ascending in time.
	Stages []PersonStage
	// Order has all stages in order, for the picture; those of Stages that are not in it
	// follow.
	Order []string
	// Events are what the person did, ascending in time. All are in the picture and
	// counted, and the latest 30 are listed.
	Events []PersonEvent
}

// PersonIdentity is an identifier, and what joins it to the others.
type PersonIdentity struct {
	// Name is the identifier as it may be shown, such as "email: a@b.cn".
	Name string
	// Through is the place, in the list, of the identifier that it was joined to the
	// person through. That of the first in the list is not read.
	Through int
	// First and Last are the times of the earliest and the latest event that named
	// both. Zero if none did.
	First, Last time.Time
	// Linked is when somebody decided that the two belong together. Zero if nobody did.
	Linked time.Time
	// Bits is the weight of a match by likeness. 0 if there is none.
	Bits float64
	// Rule is what keeps it apart, such as "unique", where it is in [Person.Apart].
	Rule string
}

// PersonTrait is a trait, and where it is from.
type PersonTrait struct {
	Name, Value string
	// Compute is what it is computed by; empty where it was told.
	Compute string
	// Source is who told it, and At when. May be empty and zero.
	Source string
	At     time.Time
}

// PersonTag is a tag, and why the person has it or not.
type PersonTag struct {
	Name string
	// Value is that of a tag with values.
	Value string
	// Has says that the person has the tag now.
	Has bool
	// Why are the conditions of its rule.
	Why []Reason
	// Flips are when Has changes, ascending, if nothing else happens.
	Flips []time.Time
}

// Reason is one condition of a rule.
type Reason struct {
	// Text is the condition in the language of rules.
	Text string
	// Depth is how deep it lies within the rule; 0 is the whole.
	Depth int
	// Holds is the answer. Unknown says that it hangs on a missing value.
	Holds, Unknown bool
	// Note is what it was decided on, such as "orders = 3".
	Note string
}

// PersonStage is a time that was spent in one stage.
type PersonStage struct {
	Stage string
	From  time.Time
	// To is when it ended; zero of the stage now.
	To time.Time
}

// PersonEvent is an event.
type PersonEvent struct {
	At           time.Time
	Name, Source string
	// Detail is what there is to say of it. May be empty.
	Detail string
}

// maxListed is how many events are listed.
const maxListed = 30

// Person adds what there is of one person: identities with the evidence that joins
// them, traits with their sources, tags with the reasons for them and what time alone
// will change, the path through the stages, and the events. Times are shown in the zone
// of AsOf, which is also the present; where it is zero, that is the latest event.
func (r *Report) Person(p *Person) {
	v := &personView{r: r, w: r.words(), p: p, now: r.AsOf}
	if v.now.IsZero() && len(p.Events) > 0 {
		v.now = p.Events[len(p.Events)-1].At
	}
	v.zone = v.now.Location()
	v.identities()
	v.tags()
	v.ahead()
	v.traits()
	v.stages()
	v.events()
}

// personView makes the sections of a person.
type personView struct {
	r    *Report
	w    *words
	p    *Person
	now  time.Time
	zone *time.Location
}

func (v *personView) add(s section) { v.r.sections = append(v.r.sections, s) }

// evidence says what joins an identifier to another.
func (v *personView) evidence(id *PersonIdentity) string {
	var parts []string
	if !id.First.IsZero() {
		text := v.w.seen + day(id.First.In(v.zone))
		if last := day(id.Last.In(v.zone)); !id.Last.IsZero() && last != day(id.First.In(v.zone)) {
			text += " – " + last
		}
		parts = append(parts, text)
	}
	if !id.Linked.IsZero() {
		parts = append(parts, v.w.linked+day(id.Linked.In(v.zone)))
	}
	if id.Bits != 0 {
		parts = append(parts, v.w.matched+v.w.number(id.Bits))
	}
	if id.Rule != "" {
		rule, ok := v.w.rules[id.Rule]
		if !ok {
			rule = id.Rule
		}
		parts = append(parts, v.w.apart+rule)
	}
	return strings.Join(parts, v.w.semicolon)
}

// identities draws a tree of what joins the identifiers.
func (v *personView) identities() {
	w := v.w
	if len(v.p.Identities) > 0 {
		s := section{Heading: w.identities, Columns: []string{w.identifier, w.through, w.evidence}, Tree: v.tree()}
		for i, id := range v.p.Identities {
			row := []string{id.Name, "", w.strongest}
			if i > 0 {
				row[2] = v.evidence(&id)
				if id.Through >= 0 && id.Through < len(v.p.Identities) && id.Through != i {
					row[1] = v.p.Identities[id.Through].Name
				}
			}
			s.Rows = append(s.Rows, row)
		}
		v.add(s)
	}
	if len(v.p.Apart) > 0 {
		s := section{Heading: w.apartHead, Notes: []string{w.apartNote}, Columns: []string{w.identifier, w.evidence}, Plain: true}
		for _, id := range v.p.Apart {
			s.Rows = append(s.Rows, []string{id.Name, v.evidence(&id)})
		}
		v.add(s)
	}
}

func (v *personView) traits() {
	w := v.w
	if len(v.p.Traits) == 0 {
		return
	}
	s := section{Heading: w.traits, Columns: []string{w.trait, w.value, w.origin, w.time}, Plain: true}
	for _, t := range v.p.Traits {
		origin := t.Source
		if t.Compute != "" {
			origin = w.computed + t.Compute
		}
		s.Rows = append(s.Rows, []string{t.Name, t.Value, origin, minute(v.in(t.At))})
	}
	v.add(s)
}

// in is an instant in the zone of the page, or the zero time.
func (v *personView) in(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.In(v.zone)
}

// tagBlock is a tag with its reasons.
type tagBlock struct {
	Name, When string
	Has        bool
	Why        []reasonLine
}

type reasonLine struct {
	Class, Word string
	Depth       int
	Text, Note  string
}

// tags shows the tags that the person has, then the others.
func (v *personView) tags() {
	for _, has := range []bool{true, false} {
		s := section{Heading: v.w.tags}
		if !has {
			s.Heading = v.w.nearly
		}
		for _, t := range v.p.Tags {
			if t.Has == has {
				s.Labels = append(s.Labels, v.block(&t))
			}
		}
		if len(s.Labels) > 0 {
			v.add(s)
		}
	}
}

func (v *personView) block(t *PersonTag) tagBlock {
	w := v.w
	b := tagBlock{Name: t.Name, Has: t.Has, When: w.stays}
	if t.Value != "" {
		b.Name += w.colon + t.Value
	}
	if len(t.Flips) > 0 {
		word := w.turnsOn
		if t.Has {
			word = w.turnsOff
		}
		b.When = word + minute(v.in(t.Flips[0])) + w.comma + w.inFor + w.duration(t.Flips[0].Sub(v.now))
	}
	for _, why := range t.Why {
		line := reasonLine{Class: "no", Word: w.fails, Depth: min(max(why.Depth, 0), 8), Text: why.Text, Note: why.Note}
		switch {
		case why.Unknown:
			line.Class, line.Word = "unknown", w.unknown
		case why.Holds:
			line.Class, line.Word = "yes", w.holds
		}
		b.Why = append(b.Why, line)
	}
	return b
}

// Indent is how far the reason is moved in, in tenths of its size.
func (l reasonLine) Indent() string { return strconv.FormatFloat(1.1*float64(l.Depth), 'f', 1, 64) }

// events shows when what happened, and the latest of it.
func (v *personView) events() {
	w, all := v.w, v.p.Events
	if len(all) == 0 {
		return
	}
	s := section{Heading: w.timeline, Bars: v.lanes(), Columns: []string{w.event, w.times, w.first, w.last}}
	for _, k := range v.kinds() {
		s.Rows = append(s.Rows, []string{k.name, w.count(uint64(k.count)), minute(v.in(k.first)), minute(v.in(k.last))})
	}
	s.vega = vegaEvents(w.timeline, all)
	v.add(s)

	list := section{Heading: w.events, Columns: []string{w.time, w.event, w.source, w.detail}, Plain: true}
	if len(all) > maxListed {
		list.Notes = []string{strings.NewReplacer("{n}", w.count(maxListed), "{all}", w.count(uint64(len(all)))).Replace(w.latest)}
	}
	for _, e := range slices.Backward(all[max(0, len(all)-maxListed):]) {
		list.Rows = append(list.Rows, []string{minute(v.in(e.At)), e.Name, e.Source, e.Detail})
	}
	v.add(list)
}

// kind is the events of one name.
type kind struct {
	name        string
	count       int
	first, last time.Time
}

// kinds are the events by name, the most frequent first.
func (v *personView) kinds() []kind {
	at := map[string]int{}
	var kinds []kind
	for _, e := range v.p.Events {
		i, ok := at[e.Name]
		if !ok {
			i = len(kinds)
			at[e.Name] = i
			kinds = append(kinds, kind{name: e.Name, first: e.At})
		}
		kinds[i].count++
		kinds[i].last = e.At
	}
	slices.SortStableFunc(kinds, func(a, b kind) int { return cmp.Compare(b.count, a.count) })
	return kinds
}
