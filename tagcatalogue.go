package portrait

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// Tags returns the catalogue of the tags, by name: what each is, who has it, and what it
// hangs on. Sizes are those of the bitmaps, so that a thousand tags take milliseconds;
// the zero Search is all tags. A view for a role has the tags that it may read, and those
// rules of them that name nothing else. See docs/model.md.
func (v *View) Tags(ctx context.Context, want tags.Search) ([]tags.Entry, error) {
	return inside(v, func() ([]tags.Entry, error) { return v.tags(ctx, want) })
}

func (v *View) tags(ctx context.Context, want tags.Search) ([]tags.Entry, error) {
	rough := want
	rough.Text, rough.MinCoverage = "", 0
	wanted := rough.Matcher()
	l := listing{view: v}
	for t := range v.epoch.cat.labels() {
		if t.segment || !v.access.tag(t.def.Name) {
			continue
		}
		if e := v.epoch.cat.entry(t); wanted(&e) {
			l.add(t, e)
		}
	}
	if err := l.count(ctx); err != nil {
		return nil, err
	}
	if want.Query {
		if err := l.ask(ctx); err != nil {
			return nil, err
		}
	}
	wanted = want.Matcher()
	l.entries = slices.DeleteFunc(l.entries, func(e tags.Entry) bool { return !wanted(&e) })
	slices.SortFunc(l.entries, func(a, b tags.Entry) int { return strings.Compare(a.Definition.Name, b.Definition.Name) })
	if err := v.epoch.addEdits(ctx, l.entries); err != nil {
		return nil, err
	}
	for i := range l.entries {
		v.access.entry(&l.entries[i])
	}
	return l.entries, nil
}

// entry is what a catalog itself knows of a tag.
func (c *catalog) entry(t *tag) tags.Entry {
	e := tags.Entry{Definition: t.def, Complete: !t.filling}
	reads := []syntax.Expr{t.rule}
	deps := []tags.Deps{t.program.Deps()}
	if x := t.def.Operand(); x != nil {
		reads = append(reads, &syntax.Exists{X: x, Pos: -1})
	}
	if t.values != nil {
		deps = append(deps, t.values.computed.Deps())
	}
	r := syntax.Read(&syntax.And{X: reads})
	e.Traits = slices.DeleteFunc(r.Traits, func(name string) bool {
		_, told := c.told[name]
		return told
	})
	e.Events, e.Tags, e.Interests, e.Places, e.Lists = r.Events, r.Tags, r.Interests, r.Places, r.Lists
	attributes, events, since := false, false, firstInstant
	for _, d := range deps {
		events = events || len(d.Events) > 0
		attributes = attributes || slices.ContainsFunc(d.Attributes, func(name string) bool {
			_, told := c.told[name]
			return !told
		})
		for _, id := range d.Folds {
			if i, ok := slices.BinarySearchFunc(c.folds.list, id, func(f foldEntry, id uint32) int { return cmp.Compare(f.id, id) }); ok {
				since = max(since, c.folds.list[i].since)
			}
		}
		e.Complete = e.Complete && !c.lags(d)
	}
	if since != firstInstant {
		e.Since = since.Time()
	}
	switch e.Family = t.def.Family; {
	case e.Family != "":
	case events:
		e.Family = tags.FamilyBehaviour
	case attributes:
		e.Family = tags.FamilyBasic
	}
	return e
}

// listing gathers the entries of a catalogue, and which fields say how large they are.
type listing struct {
	view     *View
	entries  []tags.Entry
	declared []int // by entry: how many of its values the definition declares
	asked    []int // the entries of query tags

	fields    []segment.FieldID
	counts    []counted // by field: what its size is of
	everybody uint64
}

// counted is one number of an entry, by its place: of a value, or with value -1 of all.
type counted struct{ entry, value int }

func (l *listing) field(f segment.FieldID, value int) {
	l.fields = append(l.fields, f)
	l.counts = append(l.counts, counted{len(l.entries), value})
}

// add takes in a tag that is wanted.
func (l *listing) add(t *tag, e tags.Entry) {
	declared := map[string]int{}
	for _, text := range t.def.Values() {
		value := profile.String(text)
		declared[valueKey(value)] = len(e.Values)
		e.Values = append(e.Values, tags.ValueSize{Value: value})
	}
	switch {
	case t.def.Query:
		l.asked = append(l.asked, len(l.entries))
	case e.Complete:
		e.Counted = true
		l.field(t.field, -1)
		if t.values == nil {
			break
		}
		for value, f := range (valuesView{t.values}).All() {
			i, ok := declared[valueKey(value)]
			if !ok {
				i = len(e.Values)
				e.Values = append(e.Values, tags.ValueSize{Value: value})
			}
			l.field(f, i)
		}
	}
	l.declared = append(l.declared, len(declared))
	l.entries = append(l.entries, e)
}

// count fills in the sizes of what is kept live.
func (l *listing) count(ctx context.Context) error {
	sizes, err := l.view.sizes(ctx, append(l.fields, universe))
	if err != nil {
		return err
	}
	l.everybody = sizes[len(l.fields)]
	for i, at := range l.counts {
		l.set(at, sizes[i])
	}
	for i := range l.entries {
		// A value that nobody has any more is known to the index alone.
		values, n := l.entries[i].Values, l.declared[i]
		others := slices.DeleteFunc(values[n:], func(v tags.ValueSize) bool { return v.Size == 0 })
		slices.SortFunc(others, func(a, b tags.ValueSize) int { return a.Value.Compare(b.Value) })
		l.entries[i].Values = values[:n+len(others)]
	}
	return nil
}

// ask fills in the sizes of query tags, and of the values that they declare.
func (l *listing) ask(ctx context.Context) error {
	var es []segment.Expr
	var places []counted
	for _, i := range l.asked {
		e := &l.entries[i]
		es, places = append(es, segment.Tag(e.Definition.Name)), append(places, counted{i, -1})
		for k, v := range e.Values {
			es, places = append(es, segment.TagValue(e.Definition.Name, v.Value.Text())), append(places, counted{i, k})
		}
	}
	sizes, err := l.view.counts(ctx, es)
	if err != nil {
		return err
	}
	for i, at := range places {
		l.entries[at.entry].Counted = true
		l.set(at, sizes[i])
	}
	return nil
}

func (l *listing) set(at counted, size uint64) {
	e := &l.entries[at.entry]
	if at.value >= 0 {
		e.Values[at.value].Size = size
		return
	}
	e.Size = size
	if l.everybody > 0 {
		e.Coverage = float64(size) / float64(l.everybody)
	}
}

// edit is the last edit of a tag's definition.
type edit struct {
	number uint32
	at     profile.Instant
}

// sweepFrom is for how many tags all edits are read in one sweep.
const sweepFrom = 16

// addEdits fills in which edit of its definition each entry shows.
func (e *epoch) addEdits(ctx context.Context, entries []tags.Entry) error {
	prefix := keys.AppendRevisions(nil, false, "")
	prefix = prefix[:len(prefix)-2] // without the length of the name: of all tags
	last := map[string]edit{}
	if len(entries) >= sweepFrom {
		if err := e.lastEdits(ctx, prefix, last); err != nil {
			return err
		}
	}
	for i := range entries {
		name := entries[i].Definition.Name
		if len(entries) < sweepFrom {
			if err := e.lastEdits(ctx, keys.AppendRevisions(nil, false, name), last); err != nil {
				return err
			}
		}
		if edit, ok := last[name]; ok {
			entries[i].Revision, entries[i].Changed = edit.number, edit.at.Time()
		}
	}
	return nil
}

// lastEdits enters the last edit of every tag whose revisions begin with a prefix.
func (e *epoch) lastEdits(ctx context.Context, prefix []byte, last map[string]edit) error {
	const head = 4 // what comes before the name: two bytes and its length
	n := 0
	for kv, err := range e.snap.Scan(prefix, keys.End(prefix)) {
		if n++; err == nil && n&1023 == 0 && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		if len(kv.Key) < head+4 || len(kv.Key) != head+int(binary.BigEndian.Uint16(kv.Key[2:]))+4 {
			return fmt.Errorf("%w: revision key of %d bytes", ErrCorrupt, len(kv.Key))
		}
		r := openRecord(kv.Value)
		r.Fields("revision", 4)
		r.Uint()
		at := profile.Instant(r.Int())
		if err := r.Err(); err != nil {
			return corrupt("revision", err)
		}
		name, number := kv.Key[head:len(kv.Key)-4], binary.BigEndian.Uint32(kv.Key[len(kv.Key)-4:])
		last[string(name)] = edit{number, at}
	}
	return nil
}
