package tags

import (
	"github.com/portraitdb/portrait/internal/draw"
	"github.com/portraitdb/portrait/profile"
)

// lot is what a person draws under a salt; missing for a state that is nobody's.
type lot struct {
	salt uint64
	n    int // of how many parts; 0: a number below 1
}

func (o *lot) read(st *profile.State, _ profile.Instant) reading {
	id := st.Canonical()
	if id == nil {
		return missing(profile.Never)
	}
	drawn := draw.Salted(draw.Key(*id), o.salt)
	if o.n == 0 {
		return still(profile.Number(draw.Fraction(drawn)), true)
	}
	return still(profile.Number(float64(draw.Bucket(drawn, o.n))), true)
}
