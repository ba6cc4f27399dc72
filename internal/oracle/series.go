package oracle

import (
	"cmp"
	"maps"
	"math/big"
	"slices"
	"time"

	"github.com/portraitdb/portrait/profile"
)

// The bounds of one bucket of a series. What exceeds them is given up.
const (
	maxKeys   = 1000 // distinct values
	maxTraced = 1000 // events of a trace
	maxStays  = 1000 // cells
)

// Series is what the events of one fold come to, in buckets of time.
type Series struct {
	Form    profile.Form
	Grain   profile.Grain
	K       int           // Recent, Oldest: how many values a bucket keeps; 0 for all
	Gap     time.Duration // Spans: the longest pause within one
	Level   int           // Stays: of the cells
	Buckets map[int64]Bucket
	Spans   []Span // of the form Spans alone, which has no buckets; ascending
}

// Bucket is what the events of one stretch of time come to: of its fields those
// that its series' form asks for.
type Bucket struct {
	Count       uint64          // Tally; Numbers: of values; FirstDay: 1 where there was one
	First, Last profile.Instant // Times
	Sum         *big.Int        // Numbers, FirstDay: millionths
	Min, Max    float64         // Numbers
	Earliest    Sighting        // Ends
	Latest      Sighting        // Ends
	Keys        []Key           // Keys, Sums, Recent, Oldest and Scores: by value
	Traced      []Traced        // Trace: by stamp
	Stays       []Stayed        // Stays: by cell
	Lost        bool            // there were too many Keys, Traced or Stays, all of which were dropped
}

// Sighting is a value of a property, in the event of that stamp.
type Sighting struct {
	Value profile.Value
	At    profile.Stamp
}

// Key is one value of a property and what its events come to.
type Key struct {
	Value profile.Value
	Count uint64        // Keys: of events
	Sum   *big.Int      // Sums: millionths; Scores: of 2^-30
	At    profile.Stamp // Recent: of the last event; Oldest: of the first
}

// Traced is one event of a trace.
type Traced struct {
	At      profile.Stamp
	Selects uint64        // bit i: the i-th filter
	Link    profile.Value // null where there is none
}

// Span is a run of events.
type Span struct {
	First, Last profile.Instant
	Events      uint64
}

// joined returns what several buckets of one form come to together. It does not
// apply their bounds.
func joined(form profile.Form, parts []Bucket) Bucket {
	var whole Bucket
	keys := map[string]Key{} // by kind and text
	for i, b := range parts {
		whole.Lost = whole.Lost || b.Lost
		whole.Count += b.Count
		switch form {
		case profile.Times:
			if i == 0 {
				whole.First, whole.Last = b.First, b.Last
			}
			whole.First, whole.Last = min(whole.First, b.First), max(whole.Last, b.Last)
		case profile.Numbers:
			if i == 0 {
				whole.Sum, whole.Min, whole.Max = new(big.Int), b.Min, b.Max
			}
			whole.Sum.Add(whole.Sum, b.Sum)
			whole.Min, whole.Max = min(whole.Min, b.Min), max(whole.Max, b.Max)
		case profile.FirstDay:
			if i == 0 {
				whole.Sum = new(big.Int)
			}
			whole.Count = min(whole.Count, 1)
			whole.Sum.Add(whole.Sum, b.Sum)
		case profile.Ends:
			if i == 0 {
				whole.Earliest, whole.Latest = b.Earliest, b.Latest
			}
			whole.Earliest = slices.MinFunc([]Sighting{whole.Earliest, b.Earliest}, Sighting.compare)
			whole.Latest = slices.MaxFunc([]Sighting{whole.Latest, b.Latest}, Sighting.compare)
		}
		for _, k := range b.Keys {
			name := written(k.Value)
			before, found := keys[name]
			if found {
				k = before.and(k, form)
			}
			keys[name] = k
		}
		whole.Traced = append(whole.Traced, b.Traced...)
		whole.Stays = append(whole.Stays, b.Stays...)
	}
	whole.Stays = unitedStays(whole.Stays)
	for _, k := range keys {
		whole.Keys = append(whole.Keys, k)
	}
	slices.SortFunc(whole.Keys, func(a, b Key) int { return a.Value.Compare(b.Value) })
	slices.SortFunc(whole.Traced, Traced.compare)
	if whole.Lost {
		whole.Keys, whole.Traced, whole.Stays = nil, nil, nil
	}
	return whole
}

// compare orders sightings by stamp; of equal ones the least value comes first.
func (s Sighting) compare(o Sighting) int {
	return cmp.Or(s.At.Compare(o.At), s.Value.Compare(o.Value))
}

func (t Traced) compare(o Traced) int {
	return cmp.Or(t.At.Compare(o.At), cmp.Compare(t.Selects, o.Selects), t.Link.Compare(o.Link))
}

// and returns what a key is in two buckets.
func (k Key) and(o Key, form profile.Form) Key {
	k.Count += o.Count
	if k.Sum != nil && o.Sum != nil {
		k.Sum = new(big.Int).Add(k.Sum, o.Sum)
	}
	if c := o.At.Compare(k.At); form == profile.Recent && c > 0 || form == profile.Oldest && c < 0 {
		k.At = o.At
	}
	return k
}

// bounded gives up what a single bucket of the series may not hold.
func (s Series) bounded(b Bucket) Bucket {
	few := s.Form == profile.Recent || s.Form == profile.Oldest
	switch {
	case few && s.K > 0:
		kept := rankedKeys(b.Keys, s.Form)[:min(s.K, len(b.Keys))]
		slices.SortFunc(kept, func(x, y Key) int { return x.Value.Compare(y.Value) })
		b.Keys = kept
	case !few && len(b.Keys) > maxKeys, len(b.Traced) > maxTraced, len(b.Stays) > maxStays:
		b.Keys, b.Traced, b.Stays, b.Lost = nil, nil, nil, true
	}
	return b
}

// unitedSeries returns what several series of one fold come to together.
func unitedSeries(parts []Series) Series {
	whole := Series{Form: parts[0].Form, Grain: parts[0].Grain, K: parts[0].K, Gap: parts[0].Gap, Level: parts[0].Level, Buckets: map[int64]Bucket{}}
	buckets := map[int64][]Bucket{}
	for _, s := range parts {
		for number, b := range s.Buckets {
			buckets[number] = append(buckets[number], b)
		}
		whole.Spans = append(whole.Spans, s.Spans...)
	}
	for number, bs := range buckets {
		whole.Buckets[number] = whole.bounded(joined(whole.Form, bs))
	}
	whole.Spans = coalesced(whole.Spans, whole.Gap)
	return whole.firstAlone()
}

// firstAlone drops, of a FirstDay, all days but the first.
func (s Series) firstAlone() Series {
	if s.Form == profile.FirstDay && len(s.Buckets) > 0 {
		first := slices.Min(slices.Collect(maps.Keys(s.Buckets)))
		s.Buckets = map[int64]Bucket{first: s.Buckets[first]}
	}
	return s
}

// coalesced unites the spans that no pause longer than gap divides.
func coalesced(spans []Span, gap time.Duration) []Span {
	spans = slices.SortedFunc(slices.Values(spans), func(a, b Span) int { return cmp.Compare(a.First, b.First) })
	var runs []Span
	for _, s := range spans {
		last := len(runs) - 1
		if last < 0 || int64(s.First-runs[last].Last) > gap.Microseconds() {
			runs = append(runs, s)
			continue
		}
		runs[last].Last = max(runs[last].Last, s.Last)
		runs[last].Events += s.Events
	}
	return runs
}

// between returns the buckets from one to another, both included.
func (s Series) between(from, to int64) []Bucket {
	var in []Bucket
	for number, b := range s.Buckets {
		if from <= number && number <= to {
			in = append(in, b)
		}
	}
	return in
}

// over returns what the buckets from one to another come to; ok is false when
// there are none, and when one of them gave up what it held.
func (s Series) over(from, to int64) (whole Bucket, ok bool) {
	parts := s.between(from, to)
	whole = joined(s.Form, parts)
	return whole, len(parts) > 0 && !whole.Lost
}

// lost reports whether one of the buckets gave up what it held.
func (s Series) lost(from, to int64) bool {
	return slices.ContainsFunc(s.between(from, to), func(b Bucket) bool { return b.Lost })
}
