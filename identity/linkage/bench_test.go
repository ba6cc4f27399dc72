package linkage

import (
	"runtime"
	"testing"
)

func historical(b *testing.B) *Linker {
	b.Helper()
	c, recs, _ := datasets["splink historical"].load(b, func(string) bool { return true })
	m, err := Train(b.Context(), recs, c)
	if err != nil {
		b.Fatal(err)
	}
	l, err := NewLinker(recs, m)
	if err != nil {
		b.Fatal(err)
	}
	return l
}

// BenchmarkCompare scores the candidates of the historical data set on one core, from
// candidates to the sorted list of pairs.
func BenchmarkCompare(b *testing.B) {
	l := historical(b)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	cands, err := l.block(b.Context(), l.plan.keys)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	pairs := int64(0)
	for b.Loop() {
		var n Counts
		if _, err := l.scoreAll(b.Context(), cands, &Options{}, &n); err != nil {
			b.Fatal(err)
		}
		pairs += n.Compared
	}
	b.ReportMetric(float64(pairs)/b.Elapsed().Seconds(), "pairs/s")
}

// BenchmarkLink does all of Link on one core: blocking, scoring, clustering.
func BenchmarkLink(b *testing.B) {
	l := historical(b)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	b.ReportAllocs()
	pairs := int64(0)
	for b.Loop() {
		res, err := l.Link(b.Context(), nil)
		if err != nil {
			b.Fatal(err)
		}
		pairs += res.Counts.Compared
	}
	b.ReportMetric(float64(pairs)/b.Elapsed().Seconds(), "pairs/s")
}

func BenchmarkScore(b *testing.B) {
	l := historical(b)
	b.ReportAllocs()
	for b.Loop() {
		l.Score(0, 1)
	}
}

func BenchmarkIndex_Match(b *testing.B) {
	recs, _ := newPeople(1).records(b, 50_000)
	m, err := Train(b.Context(), recs, peopleConfig())
	if err != nil {
		b.Fatal(err)
	}
	entities := make([]int32, recs.Len())
	for i := range entities {
		entities[i] = int32(i)
	}
	x, err := NewIndex(b.Context(), recs, m, entities)
	if err != nil {
		b.Fatal(err)
	}
	row := rowOf(recs, 77)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := x.Match(row...); err != nil {
			b.Fatal(err)
		}
	}
}
