package insight

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/portraitdb/portrait/segment"
)

// Catalogue knows tags and traits with their values. *portrait.View is one.
type Catalogue interface {
	Counter
	// Facets returns the tags and the traits of these names with their values, or, of no
	// names, all.
	Facets(ctx context.Context, names ...string) ([]segment.Facet, error)
}

// Dimensions makes dimensions of tags and traits: of one without values whether people
// have it, else its values that anybody has, at most most of them, those of most people
// (0: all). Values keep their order.
func Dimensions(most int, facets ...segment.Facet) []Dimension {
	var dims []Dimension
	for _, f := range facets {
		d := Dimension{Name: f.Name}
		if len(f.Values) == 0 {
			if f.Size > 0 {
				d.Values = []Value{{Expr: f.Expr}}
			}
		} else {
			for _, v := range frequent(f.Values, most) {
				d.Values = append(d.Values, Value{Name: v.Value.String(), Expr: v.Expr})
			}
			d.Values = distinct(d.Values)
		}
		if len(d.Values) > 0 {
			dims = append(dims, d)
		}
	}
	return dims
}

// frequent returns the values that anybody has, the most frequent where they are more
// than most.
func frequent(values []segment.FacetValue, most int) []segment.FacetValue {
	values = slices.DeleteFunc(slices.Clone(values), func(v segment.FacetValue) bool { return v.Size == 0 })
	if most <= 0 || len(values) <= most {
		return values
	}
	bySize := make([]int, len(values))
	for i := range bySize {
		bySize[i] = i
	}
	slices.SortStableFunc(bySize, func(a, b int) int { return cmp.Compare(values[b].Size, values[a].Size) })
	kept := bySize[:most]
	slices.Sort(kept)
	out := make([]segment.FacetValue, most)
	for i, at := range kept {
		out[i] = values[at]
	}
	return out
}

// distinct gives values of one name, such as a number and a text that look alike, names of
// their own, and a name to an empty text.
func distinct(values []Value) []Value {
	seen := map[string]bool{}
	for i := range values {
		name := values[i].Name
		if name == "" {
			name = `""`
		}
		for n := 2; seen[name]; n++ {
			name = fmt.Sprintf("%s (%d)", values[i].Name, n)
		}
		values[i].Name, seen[name] = name, true
	}
	return values
}

// Characterisation asks what tells an audience apart, of all that is known.
type Characterisation struct {
	// Audience, Base, Confidence and LeastCell are as those of a [Question].
	Audience   segment.Expr
	Base       segment.Expr
	Confidence float64
	LeastCell  uint64
	// Most is how many values of one tag or trait are looked at, those of most people; 0
	// means 100.
	Most int
	// Except are tags and traits that are not looked at, such as those that make the
	// audience what it is.
	Except []string
}

// Characterise compares an audience with a base by all tags and all traits whose index
// lists their values, in one pass: see [Comparison.Characteristic] for what tells it apart
// best. Of those that have more than [MaxValues] values in all it is an error.
func Characterise(ctx context.Context, c Catalogue, q Characterisation) (*Comparison, error) {
	if q.Most < 0 {
		return nil, fmt.Errorf("insight: %d values of each tag", q.Most)
	}
	facets, err := c.Facets(ctx)
	if err != nil {
		return nil, err
	}
	facets = slices.DeleteFunc(facets, func(f segment.Facet) bool { return slices.Contains(q.Except, f.Name) })
	dims := Dimensions(cmp.Or(q.Most, 100), facets...)
	if len(dims) == 0 {
		return nil, errors.New("insight: there is no tag that anybody has, nor a trait with values")
	}
	return Compare(ctx, c, Question{Audience: q.Audience, Base: q.Base, Dimensions: dims, Confidence: q.Confidence, LeastCell: q.LeastCell})
}
