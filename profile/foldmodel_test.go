package profile

import (
	"cmp"
	"math"
	"math/big"
	"slices"
	"sync"
	"testing"
	"time"
	_ "time/tzdata"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/portraitdb/portrait/internal/grid"
)

// seen is one event as a fold sees it: in which bucket, and with which values.
type seen struct {
	bucket  int64
	hour    int // of Stays
	at      Stamp
	selects uint64
	values  []Value
	event   *Event
}

// selected returns the events that a fold selects, by the words of Fold.
func selected(f *Fold, events []Event) (all []seen) {
	for i := range events {
		e := &events[i]
		one := seen{at: e.Stamp(), event: e, values: distinct(e.Properties[f.Property])}
		for n, filter := range f.Filters {
			name := countedName(*e)
			if name != "" && (filter.Event == "*" || filter.Event == name) && (filter.Match == nil || filter.Match(e)) && one.at.At >= f.Since {
				one.selects |= 1 << n
			}
		}
		if one.selects == 0 {
			continue
		}
		counts := true
		if one.bucket = naiveBucket(f, one.at.At); f.Form == Stays {
			one.bucket, one.hour, counts = naiveStay(f, one.at.At)
		}
		if counts {
			all = append(all, one)
		}
	}
	if f.Form == FirstDay {
		all = onFirstDay(all)
	}
	return all
}

// distinct returns the scalars in a value, by trying each.
func distinct(v Value) (all []Value) {
	list := []Value{v}
	if v.Kind() == KindList || v.Kind() == KindSet {
		list = v.Elements()
	}
	for _, e := range list {
		if e.Kind() != KindNull && e.Kind() < KindList && !slices.ContainsFunc(all, e.Equal) {
			all = append(all, e)
		}
	}
	return all
}

// naiveBucket counts buckets by time.Time and by rational arithmetic.
func naiveBucket(f *Fold, at Instant) int64 {
	length := map[Grain]time.Duration{ByMinute: time.Minute, ByHour: time.Hour, ByHalfLife: f.HalfLife}[f.Grain]
	if length > 0 {
		q := new(big.Int).Div(big.NewInt(int64(at)), big.NewInt(length.Microseconds()))
		return q.Int64()
	}
	if f.Grain == WholeLife {
		return 0
	}
	zone := f.Zone
	if zone == nil {
		zone = time.UTC
	}
	day := func(t time.Time) int64 {
		y, m, d := t.In(zone).Date()
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400 // whole days
	}
	// A clock put back over midnight does not begin a day again: where it was put back,
	// it is the greatest date that it showed since, however shortly.
	best, t := day(at.Time()), at.Time()
	_, offset := t.In(zone).Zone()
	if _, before := t.Add(-26 * time.Hour).In(zone).Zone(); before > offset {
		for back := time.Duration(0); back <= 26*time.Hour; back += 30 * time.Second {
			best = max(best, day(t.Add(-back)))
		}
	}
	return best
}

// naiveStay asks the clock for the hour, and looks for it in a list of all that count.
func naiveStay(f *Fold, at Instant) (bucket int64, hour int, ok bool) {
	zone := f.Zone
	if zone == nil {
		zone = time.UTC
	}
	t := at.Time().In(zone)
	y, m, d := t.Date()
	midnight := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	day := midnight.Unix() / 86400
	if len(f.Hours) == 0 {
		return day, t.Hour(), true
	}
	for _, h := range f.Hours {
		for back := range 2 { // those that begin today, then yesterday
			begin := midnight.AddDate(0, 0, -back)
			if h.Days>>begin.Weekday()&1 == 0 {
				continue
			}
			end := h.To
			if end <= h.From {
				end += 24
			}
			if now := t.Hour() + 24*back; h.From <= now && now < end {
				return day - int64(back), t.Hour(), true
			}
		}
	}
	return 0, 0, false
}

// naiveStays gathers the hours of each cell.
func naiveStays(f *Fold, all []seen) (stays []StayFold, ok bool) {
	type place struct {
		day  int64
		cell uint64
	}
	hours := map[place]uint32{}
	for _, s := range all {
		for _, v := range s.values {
			if v.Kind() == KindPoint {
				cell, _ := grid.Level(f.Level).Cell(v.Point())
				hours[place{s.bucket, cell}] |= 1 << s.hour
			}
		}
	}
	n := map[int64]int{}
	for p, h := range hours {
		stays = append(stays, StayFold{p.day, p.cell, h})
		n[p.day]++
	}
	if !perBucket(n) {
		return nil, false
	}
	slices.SortFunc(stays, func(a, b StayFold) int { return cmp.Or(cmp.Compare(b.Day, a.Day), cmp.Compare(a.Cell, b.Cell)) })
	return stays, true
}

// between returns those of the events in the buckets from one to another.
func between(all []seen, from, to int64) []seen {
	return slices.DeleteFunc(slices.Clone(all), func(s seen) bool { return s.bucket < from || s.bucket > to })
}

// reading is all that a series says of some buckets.
type reading struct {
	Count       uint64
	Days        int
	First, Last Instant
	Numbers     NumberFold
	Ends        [2]Value
	Keys        []KeyFold
	Seen        []SeenFold
	Scores      []ScoreFold
	Trace       []TraceFold
	Stays       []StayFold
	FirstDay    Decimal
	OK          bool // of those that have one
}

func readSeries(f *Fold, s Series, from, to int64, k int) (r reading) {
	r.Days = s.Days(from, to)
	switch f.Form {
	case Tally:
		r.Count = s.Count(from, to)
	case Times:
		r.First, r.Last, r.OK = s.Times(from, to)
	case Numbers:
		r.Numbers, r.OK = s.Numbers(from, to)
	case Ends:
		r.Ends[0], r.Ends[1], r.OK = s.Ends(from, to)
	case Keys, Sums:
		r.Keys, r.OK = s.Keys(from, to)
	case Recent, Oldest:
		r.Seen = s.Seen(from, to, k)
	case Scores:
		r.Scores, r.OK = s.Scores(from, to)
	case Trace:
		r.Trace, r.OK = s.Trace(from, to)
	case Stays:
		if r.Stays, r.OK = s.Stays(from, to, nil); !r.OK {
			r.Stays = nil
		}
	case FirstDay:
		if r.FirstDay, r.OK = s.FirstDay(); r.Days == 0 {
			r.FirstDay, r.OK = Decimal{}, false // of no bucket that was asked for
		}
	}
	return r
}

// readNaive answers as readSeries does, by looking at all the events.
func readNaive(f *Fold, all []seen, from, to int64, k int) (r reading) {
	all = between(all, from, to)
	slices.SortFunc(all, func(a, b seen) int { return a.at.Compare(b.at) })
	all = slices.DeleteFunc(all, func(s seen) bool { return !folds(f, s) })
	days := map[int64]bool{}
	for _, s := range all {
		days[s.bucket] = true
	}
	r.Days = len(days)
	switch f.Form {
	case Tally:
		r.Count = uint64(len(all))
	case Times:
		if r.OK = len(all) > 0; r.OK {
			r.First, r.Last = all[0].at.At, all[len(all)-1].at.At
		}
	case Numbers, FirstDay:
		sum := new(big.Int)
		for _, s := range all {
			for _, v := range s.values {
				if x := v.Number(); v.Kind() == KindNumber && math.Abs(x) <= 1e18 {
					if !r.OK {
						r.Numbers.Min, r.Numbers.Max, r.OK = x, x, true
					}
					r.Numbers.Count++
					r.Numbers.Min, r.Numbers.Max = min(r.Numbers.Min, x), max(r.Numbers.Max, x)
					sum.Add(sum, millionths(x))
				}
			}
		}
		if r.Numbers.Sum = fromBig(sum); f.Form == FirstDay {
			r.FirstDay, r.Numbers = r.Numbers.Sum, NumberFold{}
		}
	case Ends:
		list := sightings(all)
		slices.SortFunc(list, func(a, b SeenFold) int { return cmp.Or(a.At.Compare(b.At), a.Value.Compare(b.Value)) })
		if r.OK = len(list) > 0; r.OK {
			r.Ends = [2]Value{list[0].Value, list[len(list)-1].Value}
		}
	case Keys, Sums:
		r.Keys, r.OK = naiveKeys(f, all)
	case Recent, Oldest:
		r.Seen = naiveSeen(f, all, k)
	case Scores:
		r.Scores, r.OK = naiveScores(f, all)
	case Trace:
		r.Trace, r.OK = naiveTrace(f, all)
	case Stays:
		r.Stays, r.OK = naiveStays(f, all)
	}
	return r
}

// onFirstDay returns the events of the least bucket.
func onFirstDay(all []seen) []seen {
	first := int64(math.MaxInt64)
	for _, s := range all {
		first = min(first, s.bucket)
	}
	return between(all, first, first)
}

// folds reports whether the event leaves anything in the bucket.
func folds(f *Fold, s seen) bool {
	numeric := func(v Value) bool { return v.Kind() == KindNumber && math.Abs(v.Number()) <= 1e18 }
	switch f.Form {
	case Numbers:
		return slices.ContainsFunc(s.values, numeric)
	case Ends, Keys, Recent, Oldest:
		return len(s.values) > 0
	case Stays:
		return slices.ContainsFunc(s.values, func(v Value) bool { return v.Kind() == KindPoint })
	case Sums:
		return len(s.values) > 0 && numeric(s.event.Properties[f.By])
	case Scores:
		for n, filter := range f.Filters {
			if s.selects>>n&1 == 1 && len(distinct(s.event.Properties[filter.Property])) > 0 && (filter.By == "" || numeric(s.event.Properties[filter.By])) {
				return true
			}
		}
		return false
	}
	return true
}

func sightings(all []seen) (list []SeenFold) {
	for _, s := range all {
		for _, v := range s.values {
			list = append(list, SeenFold{v, s.at})
		}
	}
	return list
}

func fromBig(n *big.Int) Decimal {
	lo := new(big.Int).And(n, new(big.Int).SetUint64(math.MaxUint64)).Uint64()
	return Decimal{hi: new(big.Int).Rsh(n, 64).Int64(), lo: lo}
}

// perBucket reports whether no bucket has more than 1,000 of something.
func perBucket(n map[int64]int) bool {
	for _, n := range n {
		if n > 1000 {
			return false
		}
	}
	return true
}

func naiveKeys(f *Fold, all []seen) (keys []KeyFold, ok bool) {
	sums := map[string]*big.Int{}
	in := map[int64]map[string]bool{}
	for _, s := range all {
		for _, v := range s.values {
			name := v.Kind().String() + v.String()
			if in[s.bucket] == nil {
				in[s.bucket] = map[string]bool{}
			}
			in[s.bucket][name] = true
			i := slices.IndexFunc(keys, func(k KeyFold) bool { return k.Value.Equal(v) })
			if i < 0 {
				i, keys = len(keys), append(keys, KeyFold{Value: v})
				sums[name] = new(big.Int)
			}
			if f.Form == Keys {
				keys[i].Count++
			} else {
				sums[name].Add(sums[name], millionths(s.event.Properties[f.By].Number()))
				keys[i].Sum = fromBig(sums[name])
			}
		}
	}
	for _, names := range in {
		if len(names) > 1000 {
			return nil, false
		}
	}
	slices.SortFunc(keys, func(a, b KeyFold) int { return a.Value.Compare(b.Value) })
	return keys, true
}

func naiveSeen(f *Fold, all []seen, k int) (kept []SeenFold) {
	list := sightings(all)
	slices.SortFunc(list, func(a, b SeenFold) int {
		c := a.At.Compare(b.At)
		if f.Form == Recent {
			c = -c
		}
		return cmp.Or(c, a.Value.Compare(b.Value))
	})
	for _, s := range list {
		if len(kept) < min(k, f.K) && !slices.ContainsFunc(kept, func(o SeenFold) bool { return o.Value.Equal(s.Value) }) {
			kept = append(kept, s)
		}
	}
	return kept
}

func naiveScores(f *Fold, all []seen) (scores []ScoreFold, ok bool) {
	type key struct {
		bucket int64
		value  string
	}
	sums := map[key]*big.Int{}
	values := map[key]Value{}
	for _, s := range all {
		for n, filter := range f.Filters {
			by := s.event.Properties[filter.By]
			if s.selects>>n&1 == 0 || filter.By != "" && (by.Kind() != KindNumber || math.Abs(by.Number()) > 1e18) {
				continue
			}
			w := filter.Weight
			if filter.By != "" {
				w *= by.Number()
			}
			for _, v := range distinct(s.event.Properties[filter.Property]) {
				k := key{s.bucket, v.Kind().String() + v.String()}
				if sums[k] == nil {
					sums[k] = new(big.Int)
				}
				values[k] = v
				sums[k].Add(sums[k], naiveScore(w, s.at.At, f.HalfLife))
			}
		}
	}
	n := map[int64]int{}
	for k, sum := range sums {
		f, _ := new(big.Float).SetInt(sum).Float64()
		scores = append(scores, ScoreFold{k.bucket, values[k], f / (1 << 30)})
		n[k.bucket]++
	}
	if !perBucket(n) {
		return nil, false
	}
	slices.SortFunc(scores, func(a, b ScoreFold) int { return cmp.Or(cmp.Compare(a.Bucket, b.Bucket), a.Key.Compare(b.Key)) })
	return scores, true
}

// naiveScore is what Exp2 and scoreAt promise, with roots worked out anew.
func naiveScore(weight float64, at Instant, half time.Duration) *big.Int {
	h := big.NewInt(half.Microseconds())
	rest := new(big.Int).Mod(big.NewInt(int64(at)), h)
	digits := new(big.Int).Div(rest.Lsh(rest, 32), h)
	p := 1.0
	for i, root := range naiveRoots() {
		if digits.Bit(31-i) == 1 {
			p *= root
		}
	}
	x := new(big.Float).SetPrec(53).SetFloat64(weight * p)
	n, _ := new(big.Float).SetFloat64(math.RoundToEven(mustFloat(x.SetMantExp(x, 30)))).Int(nil)
	return n
}

// naiveRoots works out 2^(1/2), 2^(1/4) and so on.
var naiveRoots = sync.OnceValue(func() (roots [32]float64) {
	root := new(big.Float).SetPrec(300).SetInt64(2)
	for i := range roots {
		root.Sqrt(root)
		roots[i] = mustFloat(root)
	}
	return roots
})

func mustFloat(x *big.Float) float64 { f, _ := x.Float64(); return f }

func naiveTrace(f *Fold, all []seen) (events []TraceFold, ok bool) {
	n := map[int64]int{}
	for _, s := range all {
		t := TraceFold{Stamp: s.at, Selects: s.selects}
		if v := s.event.Properties[f.Property]; v.Kind() < KindList {
			t.Link = v
		}
		events = append(events, t)
		n[s.bucket]++
	}
	if !perBucket(n) {
		return nil, false
	}
	slices.SortFunc(events, func(a, b TraceFold) int {
		return cmp.Or(a.Compare(b.Stamp), cmp.Compare(a.Selects, b.Selects), a.Link.Compare(b.Link))
	})
	return events, true
}

func naiveSpans(f *Fold, all []seen) (runs []SpanFold) {
	slices.SortFunc(all, func(a, b seen) int { return cmp.Compare(a.at.At, b.at.At) })
	for _, s := range all {
		at := s.at.At
		if n := len(runs); n > 0 && int64(at-runs[n-1].Last) <= f.Gap.Microseconds() {
			runs[n-1].Last = at
			runs[n-1].Events++
		} else {
			runs = append(runs, SpanFold{at, at, 1})
		}
	}
	return runs
}

func TestSeries_agree_with_a_naive_fold_of_the_events(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sc := genFolds().Draw(t, "folds").schema()
		events := genPast().Draw(t, "events").events()
		s := fold(t, sc, events)
		for i := range sc.Folds {
			f := &sc.Folds[i]
			all := selected(f, events)
			series := s.Series(f.ID)
			if f.Form == Spans {
				if diff := gocmp.Diff(naiveSpans(f, all), series.Spans()); diff != "" {
					t.Fatalf("%+v: spans (-want +got):\n%s", f, diff)
				}
				continue
			}
			from := int64(math.MinInt64)
			to := int64(math.MaxInt64)
			if len(all) > 0 && rapid.Bool().Draw(t, "part") {
				from = rapid.SampledFrom(all).Draw(t, "from").bucket + rapid.Int64Range(-1, 1).Draw(t, "off")
				to = rapid.SampledFrom(all).Draw(t, "to").bucket + rapid.Int64Range(-1, 1).Draw(t, "off")
			}
			k := rapid.IntRange(0, 4).Draw(t, "k")
			want, got := readNaive(f, all, from, to, k), readSeries(f, series, from, to, k)
			if diff := gocmp.Diff(want, got, gocmp.AllowUnexported(Value{}, Decimal{}), cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("%+v from %d to %d (-want +got):\n%s", f, from, to, diff)
			}
			compareBuckets(t, f, series, all)
		}
	})
}

// compareBuckets compares which buckets there are.
func compareBuckets(t *rapid.T, f *Fold, s Series, all []seen) {
	t.Helper()
	var want []int64
	for _, e := range all {
		if folds(f, e) && !slices.Contains(want, e.bucket) {
			want = append(want, e.bucket)
		}
	}
	slices.Sort(want)
	got := slices.Collect(s.Buckets())
	if !slices.Equal(got, want) || s.Empty() != (len(want) == 0) {
		t.Fatalf("%+v: buckets %v, want %v", f, got, want)
	}
	after := int64(math.MinInt64)
	for _, b := range want {
		if next, ok := s.Next(after); !ok || next != b {
			t.Fatalf("after %d comes %d, %v, want %d", after, next, ok, b)
		}
		after = b
	}
	first, ok := s.First()
	last, _ := s.Last()
	if _, more := s.Next(after); ok != (len(want) > 0) || len(want) > 0 && (more || first != want[0] || last != after) {
		t.Fatalf("from %d to %d, want %v", first, last, want)
	}
}
