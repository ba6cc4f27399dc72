package tags

import "github.com/portraitdb/portrait/profile"

// firstDay is the sum over the first day on which an event happened.
type firstDay struct{ id uint32 }

func (o *firstDay) read(st *profile.State, _ profile.Instant) reading {
	sum, ok := st.Series(o.id).FirstDay()
	return still(profile.Number(sum.Float64()), ok)
}
