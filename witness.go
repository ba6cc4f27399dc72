package portrait

import (
	"context"
	"slices"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/tags"
)

// maxWitnesses is how many events an explanation shows of what is counted or added up.
const maxWitnesses = 5

// witnesses fills in, all through an explanation, which events made the values that it
// looked at, as far as the log still has them.
func (v *View) witnesses(ctx context.Context, m *member, e *tags.Explanation, seen map[*tags.Explanation]bool) error {
	if seen[e] { // all mentions of a tag share one
		return nil
	}
	seen[e] = true
	for i := range e.Values {
		o := &e.Values[i]
		if !v.access.events() {
			o.Witnesses, o.Grounds = nil, ""
			continue
		}
		o.Since = v.sinceOf(o.Text)
		var err error
		if o.Events, err = v.eventsBehind(ctx, m, o); err != nil {
			return err
		}
		if !v.access.whole() { // The tie may be a hash of what the event says.
			o.Witnesses = slices.Clone(o.Witnesses)
			for k := range o.Witnesses {
				o.Witnesses[k].Tie = 0
			}
		}
		o.Events = slices.DeleteFunc(o.Events, func(w tags.Witness) bool { return !v.access.hears(w.Event) })
	}
	for _, part := range e.Parts {
		if err := v.witnesses(ctx, m, part, seen); err != nil {
			return err
		}
	}
	return nil
}

// eventsBehind returns the events behind one value.
func (v *View) eventsBehind(ctx context.Context, m *member, o *tags.Operand) ([]tags.Witness, error) {
	stamps := o.Witnesses
	x, err := syntax.ParseOperand(o.Text)
	if err != nil {
		return nil, nil //nolint:nilerr // What has no text form has no events to show.
	}
	if c, ok := x.(*syntax.Call); ok && c.Fn.Evidence() {
		x = c.Args[0] // which is made of the same events
	}
	if t, ok := x.(*syntax.Trait); ok {
		info := v.epoch.cat.traits[t.Name]
		if x = info.Compute; x == nil {
			if stamp, ok := m.state().Told(t.Name, info.Policy); ok {
				stamps = append(stamps, stamp)
			}
		}
	}
	if v.epoch.cat.model.Log.longest() == 0 {
		return nil, nil
	}
	if len(stamps) > 0 {
		return v.eventsAt(m, stamps)
	}
	a, ok := x.(*syntax.Aggregate)
	if !ok {
		return nil, nil
	}
	from := firstInstant
	if !o.Since.IsZero() {
		from = profile.InstantOf(o.Since)
	}
	return v.eventsOf(ctx, m, a, from)
}

// sinceOf returns from when on the value of an operand is complete; the zero time where
// it always was.
func (v *View) sinceOf(text string) time.Time {
	x, err := syntax.ParseOperand(text)
	if err != nil {
		return time.Time{}
	}
	value, err := tags.CompileValue(x, v.epoch.cat)
	if err != nil {
		return time.Time{}
	}
	since := v.epoch.cat.since(value.Deps(), func(uint32) bool { return true })
	if since == firstInstant {
		return time.Time{}
	}
	return since.Time()
}

// eventsAt returns the events of some stamps; of one that is no longer kept, its time.
func (v *View) eventsAt(m *member, stamps []profile.Stamp) ([]tags.Witness, error) {
	var list []tags.Witness
	for _, stamp := range stamps {
		e, ok, err := v.eventAt(m, stamp)
		if err != nil {
			return nil, err
		}
		w := tags.Witness{At: stamp.At.Time()}
		if ok {
			w.Event, w.Source, w.MessageID = e.CountedName(), e.Source, e.MessageID
		}
		list = append(list, w)
	}
	return list, nil
}

// eventsOf returns the latest of the events that an aggregate looks at, of those from an
// instant on.
func (v *View) eventsOf(ctx context.Context, m *member, a *syntax.Aggregate, since profile.Instant) ([]tags.Witness, error) {
	cat := v.epoch.cat
	selects := profile.Fold{Filters: []profile.FoldFilter{{Event: a.Event}}}
	if spec := syntax.FoldOf(a, cat); spec != nil {
		var err error
		if selects, err = tags.NewFold(spec, 0, cat); err != nil {
			return nil, err
		}
	}
	window := a.Span()
	from, to := window.Range(v.at, selects.Grain, cat.zone, cat.week)
	var list []tags.Witness
	for l, err := range v.logged(ctx, m.nodes, since, profile.Never) {
		if err != nil {
			return nil, err
		}
		if b, ok := selects.Place(l.at); !ok || b < from || b > to || l.at < selects.Since {
			continue
		}
		e, err := l.event()
		if err != nil {
			return nil, err
		}
		filter := selects.Filters[0]
		name := e.CountedName()
		if name == "" || filter.Event != name && filter.Event != profile.AnyEvent || filter.Match != nil && !filter.Match(&e) {
			continue
		}
		if len(list) == maxWitnesses {
			list = append(list[:0], list[1:]...)
		}
		list = append(list, tags.Witness{At: l.at.Time(), Event: name, Source: e.Source, MessageID: e.MessageID})
	}
	return list, nil
}
