package portrait

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// Facets returns the tags and the traits of these names with the values that people have,
// in that order; of no names all tags, by name, and then all traits whose index lists its
// values. Sizes are those of the bitmaps, of everybody. Query tags and what is being
// filled have no bitmaps: of no names they are left out, else an error, as are names that
// nothing has and traits without such an index. Tracked segments are named alone.
func (v *View) Facets(ctx context.Context, names ...string) ([]segment.Facet, error) {
	return inside(v, func() ([]segment.Facet, error) { return v.facets(ctx, names) })
}

func (v *View) facets(ctx context.Context, names []string) ([]segment.Facet, error) {
	cat := v.epoch.cat
	l := faceting{}
	for _, name := range names {
		if err := v.legible(name); err != nil {
			return nil, err
		}
		switch t, ix := cat.tag(name), cat.traitIndex(name); {
		case t != nil && !t.filling && !(t.values != nil && cat.lags(t.values.computed.Deps())):
			l.tag(t)
		case t == nil && ix != nil && !ix.column && !ix.filling && name != namespaceIndex:
			l.trait(ix)
		default:
			_, err := v.groupBy(name)
			return nil, cmp.Or(err, fmt.Errorf("portrait: the values of %q are being filled and cannot be asked yet", name))
		}
	}
	if len(names) == 0 {
		for _, t := range cat.tags {
			if !t.segment && cat.entry(t).Complete && v.access.tag(t.def.Name) {
				l.tag(t)
			}
		}
		for _, ix := range cat.indexes {
			if !ix.column && !ix.filling && ix.name != namespaceIndex && cat.tag(ix.name) == nil && v.access.trait(ix.name) {
				l.trait(ix)
			}
		}
	}
	sizes, err := v.sizes(segment.Metered(ctx), l.fields)
	if err != nil {
		return nil, err
	}
	for i := range l.facets {
		f := &l.facets[i]
		f.Size, sizes = sizes[0], sizes[1:]
		for k := range f.Values {
			f.Values[k].Size = sizes[k]
		}
		sizes = sizes[len(f.Values):]
		declared := f.Values[:l.declared[i]]
		others := slices.DeleteFunc(f.Values[len(declared):], func(v segment.FacetValue) bool { return v.Size == 0 })
		slices.SortFunc(others, func(a, b segment.FacetValue) int {
			return cmp.Or(cmp.Compare(b.Size, a.Size), a.Value.Compare(b.Value))
		})
		f.Values = f.Values[:len(declared)+len(others)]
	}
	return l.facets, nil
}

// faceting gathers facets, and the fields whose sizes are theirs: by facet, of itself and
// of its values.
type faceting struct {
	facets   []segment.Facet
	declared []int // how many values the definition declares, which come first
	fields   []segment.FieldID
}

func (l *faceting) tag(t *tag) {
	f := segment.Facet{Name: t.def.Name, Expr: segment.Tag(t.def.Name)}
	l.fields = append(l.fields, t.field)
	if t.values != nil {
		declared := t.def.Values()
		for _, text := range declared {
			l.value(&f, t.values, profile.String(text), segment.TagValue(f.Name, text))
		}
		n := len(f.Values)
		for value := range (valuesView{t.values}).All() {
			if value.String() != "" && !slices.ContainsFunc(f.Values[:n], func(v segment.FacetValue) bool { return v.Value.Equal(value) }) {
				l.value(&f, t.values, value, segment.TagValue(f.Name, value.String()))
			}
		}
		l.declared = append(l.declared, n)
	} else {
		l.declared = append(l.declared, 0)
	}
	l.facets = append(l.facets, f)
}

func (l *faceting) trait(ix *traitIndex) {
	f := segment.Facet{Name: ix.name, Trait: true, Expr: segment.HasTrait(ix.name)}
	l.fields = append(l.fields, ix.field)
	for value := range (valuesView{ix}).All() {
		l.value(&f, ix, value, segment.TraitValue(ix.name, ix.info.Kind, value))
	}
	l.declared = append(l.declared, 0)
	l.facets = append(l.facets, f)
}

// value adds a value. One that nobody ever had has no field, but a place.
func (l *faceting) value(f *segment.Facet, ix *traitIndex, v profile.Value, e segment.Expr) {
	field, ok := ix.values.lookup(v)
	if !ok {
		field = nowhere
	}
	l.fields = append(l.fields, field)
	f.Values = append(f.Values, segment.FacetValue{Value: v, Expr: e})
}

// nowhere is a field that there is not.
const nowhere = segment.FieldID(1<<32 - 1)
