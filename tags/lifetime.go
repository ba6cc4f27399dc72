package tags

import (
	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// lifetime is a fold over the whole life that a state keeps by the names of the
// event and of the property.
type lifetime struct {
	fn              syntax.Fn
	event, property string
}

func (o *lifetime) read(st *profile.State, _ profile.Instant) reading {
	switch o.fn {
	case syntax.Count, syntax.FirstTime, syntax.LastTime:
		stats, ok := st.Event(o.event)
		switch o.fn {
		case syntax.Count:
			return still(profile.Number(float64(stats.Count)), ok)
		case syntax.FirstTime:
			return still(profile.TimeAt(stats.First), stats.Count > 0)
		}
		return still(profile.TimeAt(stats.Last), stats.Count > 0)
	case syntax.Unique:
		n, ok := st.Unique(o.event, o.property)
		return still(profile.Number(float64(n)), ok)
	}
	n, ok := st.Number(o.event, o.property)
	if !ok || n.Count == 0 {
		return missing(profile.Never)
	}
	switch o.fn {
	case syntax.SumOf:
		return still(profile.Number(n.Sum.Float64()), true)
	case syntax.AvgOf:
		return still(profile.Number(n.Sum.Div(n.Count)), true)
	case syntax.MinOf:
		return still(profile.Number(n.Min), true)
	case syntax.MaxOf:
		return still(profile.Number(n.Max), true)
	case syntax.FirstOf:
		return still(profile.Number(n.First), true)
	case syntax.LastOf:
		return still(profile.Number(n.Last), true)
	}
	return missing(profile.Never)
}
