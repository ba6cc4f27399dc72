package profile

import (
	"slices"

	"github.com/portraitdb/portrait/internal/civil"
)

// Expire drops what no reading at the instant or later looks at: the buckets that the
// Keep of their Fold has passed, and the series of Folds that the schema does not have.
// The caller must own s, see Clone. Of Spans a run is dropped that no later event in
// the days that are kept can prolong; one that began before these days is cut, see
// SpanFold. What expires can come back: a late event folds into an expired bucket until
// the next Expire. It does not matter when, and how often, a state was expired before,
// nor whether its parts were: the state is the same.
//
// Where nothing has expired it allocates nothing; it walks the Folds and the series.
func (s *State) Expire(sc *Schema, now Instant) {
	folds := sc.folds().folds
	var days dayCache
	empty := false
	for i := range s.series {
		one := &s.series[i]
		for len(folds) > 0 && folds[0].ID < one.id {
			folds = folds[1:]
		}
		if len(folds) == 0 || folds[0].ID != one.id || folds[0].kind() != one.kind {
			one.body = ""
		} else {
			one.expire(&folds[0], now, &days)
		}
		empty = empty || one.body == ""
	}
	if empty {
		s.series = slices.DeleteFunc(s.series, func(one series) bool { return one.body == "" })
	}
}

// expire drops the buckets of one series.
func (s *series) expire(f *Fold, now Instant, days *dayCache) {
	switch {
	case f.Keep <= 0 || f.Form == FirstDay || f.Grain == WholeLife && f.Form != Spans:
		return
	case f.Form == Spans:
		begin := Instant(civil.Day(int64(civil.Today(int64(now), f.Zone)) - int64(f.Keep) + 1).Start(f.Zone))
		if Instant(s.oldest) < begin {
			s.cut(begin)
		}
		return
	}
	least := f.bucket(now, days) - int64(f.Keep) + 1
	if s.oldest >= least {
		return
	}
	end := 0
	for c := s.cells(); c.next() && c.bucket >= least; end = c.i {
		c.skip()
		s.oldest = c.bucket
	}
	s.body = s.body[:end]
}
