package main

import (
	"context"
	"io"
	"math"
	"regexp"
	"slices"
	"testing"
)

// naiveAnswer answers a question profile by profile, by sorting and by maps.
func naiveAnswer(p *population, q question) uint64 {
	type group struct{ count, sum uint64 }
	var (
		n, sum  uint64
		members []int
		byKey   = map[uint64]group{}
	)
	for i := range p.len() {
		v := int64(p.value[i])
		if q.column == "seen" {
			v = p.seen[i]
		}
		if v >= q.lo && v <= q.hi {
			n++
		}
		if !p.inFifth(i) {
			continue
		}
		members = append(members, i)
		sum += uint64(p.value[i])
		key := uint64(0)
		for _, name := range q.by {
			key = key*uint64(attributeValues(name)) + uint64(p.attribute(name)[i])
		}
		g := byKey[key]
		byKey[key] = group{g.count + 1, g.sum + uint64(p.value[i])}
	}
	slices.SortStableFunc(members, func(a, b int) int { return int(p.value[a]) - int(p.value[b]) })
	switch q.asked {
	case counted:
		return n
	case summed:
		return sum
	case quantiled:
		at := func(share float64) uint64 {
			return uint64(p.value[members[int(math.Ceil(share*float64(len(members))))-1]])
		}
		return digest(at(shares[0]), at(shares[1]))
	case topped:
		slices.SortStableFunc(members, func(a, b int) int {
			if p.value[a] != p.value[b] {
				return int(p.value[b]) - int(p.value[a])
			}
			return a - b
		})
		d := newDigest()
		for _, i := range members[:topCount] {
			d.add(uint64(i))
			d.add(uint64(p.value[i]))
		}
		return d.sum()
	}
	d := newDigest()
	keys := make([]uint64, 0, len(byKey))
	for k := range byKey {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		d.add(k)
		d.add(byKey[k].count)
		if q.sums {
			d.add(byKey[k].sum)
		}
	}
	return d.sum()
}

// TestEngines holds every engine of this build against the naive answers, on a
// population whose greatest values are shared by several.
func TestEngines(t *testing.T) {
	p := drawPopulation(30_000)
	for i := range p.value {
		p.value[i] = p.value[i] / 200 * 200
	}
	cfg := config{progress: io.Discard, dir: t.TempDir(), rivals: regexp.MustCompile("")}
	es, err := loadEngines(t.Context(), cfg, p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := es.close(); err != nil {
			t.Error(err)
		}
	})
	for _, q := range slices.Concat(rangeQuestions(), groupQuestions()) {
		want := naiveAnswer(p, q)
		for _, e := range es.all {
			ask, err := e.prepare(t.Context(), q)
			if err != nil {
				t.Fatalf("%s: %s: %v", q.name, e.name(), err)
			}
			if ask == nil {
				continue
			}
			for range 2 {
				if got, err := ask(); got != want || err != nil {
					t.Errorf("%s: %s answers %d (error: %v), want %d", q.name, e.name(), got, err, want)
				}
			}
		}
	}
}

// liar answers every question with the same number.
type liar struct{}

func (liar) name() string { return "liar" }
func (liar) close() error { return nil }

func (liar) prepare(context.Context, question) (func() (uint64, error), error) {
	return func() (uint64, error) { return 17, nil }, nil
}

func TestPut_refuses_a_wrong_answer(t *testing.T) {
	p := drawPopulation(1_000)
	es := engines{all: []engine{columnScan{p}, liar{}}}
	cfg := config{progress: io.Discard, rounds: 1, seconds: 0.001}
	if _, err := es.put(t.Context(), cfg, p, rangeQuestions()[0]); err == nil {
		t.Error("an engine with another answer was measured")
	}
}

func TestRivals_only_those_that_were_asked_for(t *testing.T) {
	cfg := config{progress: io.Discard, rivals: regexp.MustCompile("^kelindar")}
	es, err := loadEngines(t.Context(), cfg, drawPopulation(1_000))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range es.all {
		names = append(names, e.name())
	}
	if want := []string{"column_scan", subject, "kelindar_column"}; !slices.Equal(names, want) || len(es.skipped) > 0 {
		t.Errorf("engines %q, skipped %v", names, es.skipped)
	}
	if err := es.close(); err != nil {
		t.Error(err)
	}
}
