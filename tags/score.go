package tags

import (
	"cmp"
	"math"
	"slices"

	"github.com/portraitdb/portrait/internal/civil"
	"github.com/portraitdb/portrait/profile"
)

// decay is how the scores of an interest fade: a score halves with every half-life,
// in ticks, and counts for halfLives of them.
type decay struct {
	id   uint32
	half int64 // microseconds
}

const (
	halfLives = 64
	ticks     = 4096 // in a half-life
)

func (d *decay) tick() int64 { return max(d.half/ticks, 1) }

// start returns the beginning of the tick that an instant is in.
func (d *decay) start(now profile.Instant) int64 {
	return civil.FloorDiv(int64(now), d.tick()) * d.tick()
}

// bounds returns the first and the last half-life that count at now.
func (d *decay) bounds(now profile.Instant) (from, to int64) {
	to = civil.FloorDiv(d.start(now), d.half)
	return to - halfLives + 1, to
}

// at returns the first tick that begins in a half-life.
func (d *decay) at(bucket int64) profile.Instant {
	hi, lo := math.MaxInt64/d.half, math.MinInt64/d.half
	if bucket >= hi {
		return profile.Never
	}
	us := max(bucket, lo+1) * d.half
	return profile.Instant(-civil.FloorDiv(-us, d.tick()) * d.tick())
}

// factor returns what a score of the beginning of a half-life is worth at a tick.
func (d *decay) factor(bucket, tick int64) float64 {
	return profile.Exp2(bucket*d.half-tick, d.half)
}

// scale is factor for the half-lives of one tick: they are powers of two apart.
type scale struct {
	bucket int64
	factor float64
}

func (d *decay) scale(bucket, tick int64) scale { return scale{bucket, d.factor(bucket, tick)} }

func (s scale) of(bucket int64) float64 { return math.Ldexp(s.factor, int(bucket-s.bucket)) }

// turn returns the first instant after now at which a half-life comes in or leaves.
func (d *decay) turn(s profile.Series, from, to int64) profile.Instant {
	until := profile.Never
	if b, ok := s.Next(from - 1); ok && b <= to {
		until = d.at(b + halfLives)
	}
	if last, ok := s.Last(); ok && last > to {
		if b, ok := s.Next(to); ok {
			until = min(until, d.at(b))
		}
	}
	return until
}

// step returns the beginning of the tick after the one at hand.
func (d *decay) step(now profile.Instant) profile.Instant {
	return add(profile.Instant(d.start(now)), profile.Instant(d.tick()))
}

// affinity is the score of one key, or of all.
type affinity struct {
	decay
	key profile.Value // null for all
}

// pile is what a half-life holds of one score.
type pile struct {
	bucket int64
	score  float64
}

// piles returns what the half-lives hold, ascending; ok is false where one had too
// many keys.
func (o *affinity) piles(s profile.Series, from, to int64, buf []pile) (ps []pile, ok bool) {
	read := s.Scores
	if o.key.IsNull() {
		read = s.Totals // added up exactly, and rounded once
	}
	scores, ok := read(from, to)
	if !ok {
		return nil, false
	}
	ps = buf[:0]
	for _, x := range scores {
		if o.key.IsNull() || x.Key.Equal(o.key) {
			ps = append(ps, pile{bucket: x.Bucket, score: x.Score})
		}
	}
	return ps, true
}

// worth adds the piles up, each at what it is worth at a tick, in the order of time.
func (o *affinity) worth(ps []pile, tick int64) (total float64) {
	if len(ps) == 0 {
		return 0
	}
	scale := o.scale(ps[0].bucket, tick)
	for _, p := range ps {
		total += float64(p.score * scale.of(p.bucket))
	}
	return total
}

func (o *affinity) read(st *profile.State, now profile.Instant) reading {
	s := st.Series(o.id)
	from, to := o.bounds(now)
	until := o.turn(s, from, to)
	var buf [halfLives]pile
	ps, ok := o.piles(s, from, to, buf[:])
	if !ok {
		return missing(until)
	}
	if len(ps) > 0 {
		until = min(until, o.step(now))
	}
	return reading{value: profile.Number(o.worth(ps, o.start(now))), ok: true, until: until}
}

// test implements tester. Until a half-life comes in or leaves, every term fades by
// the same factor, so that the tick at which a comparison turns is found by bisection.
func (o *affinity) test(p predicate, st *profile.State, now profile.Instant) answer {
	s := st.Series(o.id)
	from, to := o.bounds(now)
	turn := o.turn(s, from, to)
	open := func(held bool) answer { return answer{ok: held, until: turn, exact: turn == profile.Never} }
	var buf [halfLives]pile
	ps, ok := o.piles(s, from, to, buf[:])
	value := o.worth(ps, o.start(now))
	held := p.holds(profile.Number(value), ok)
	if !ok || len(ps) == 0 {
		return open(held)
	}
	t, isThreshold := p.(*threshold)
	if !isThreshold || t.value.Kind() != profile.KindNumber {
		if _, isExistence := p.(*existence); isThreshold || isExistence {
			return open(held)
		}
		return answer{ok: held, until: min(turn, o.step(now))}
	}
	limit := t.value.Number()
	side := func(tick int64) int { return cmp.Compare(o.worth(ps, tick*o.tick()), limit) }
	at, last := civil.FloorDiv(int64(now), o.tick()), civil.FloorDiv(int64(turn)-1, o.tick())
	steady := o.steady(ps, at*o.tick())
	for is := side(at); ; is = side(at) {
		if at = o.turned(side, is, at+1, last, steady); at > last {
			return open(held)
		}
		if holds(t.op, side(at)) != held || !steady {
			return answer{ok: held, until: profile.Instant(at * o.tick()), exact: true}
		}
	}
}

// turned returns the first tick, from one to another, that is on another side, or the
// one after the last. Of terms that cancel out no more is left than the errors of
// their rounding, which are looked through one by one, for so long.
func (o *affinity) turned(side func(int64) int, is int, from, last int64, steady bool) int64 {
	if !steady {
		for last = min(last, from+ticks-1); from <= last && side(from) == is; {
			from++
		}
		return from
	}
	for hi := last + 1; from < hi; {
		mid := from + (hi-from)/2
		if side(mid) != is {
			hi = mid
		} else {
			from = mid + 1
		}
	}
	return from
}

// steady reports whether the sum is large enough beside its terms to fade from tick
// to tick in spite of their rounding.
func (o *affinity) steady(ps []pile, tick int64) bool {
	total, size := 0.0, 0.0
	scale := o.scale(ps[0].bucket, tick)
	for _, p := range ps {
		term := float64(p.score * scale.of(p.bucket))
		total += term
		size += math.Abs(term)
	}
	return math.Abs(total) >= size*1e-9
}

// affinities are the keys of greatest score.
type affinities struct {
	decay
	n int
}

func (o *affinities) read(st *profile.State, now profile.Instant) reading {
	s := st.Series(o.id)
	from, to := o.bounds(now)
	until := o.turn(s, from, to)
	scores, ok := s.Scores(from, to)
	if !ok || len(scores) == 0 {
		return missing(until)
	}
	tick := o.start(now)
	// The scores of a key stay in the order of time.
	slices.SortStableFunc(scores, func(a, b profile.ScoreFold) int { return a.Key.Compare(b.Key) })
	var totals []total
	scale := o.scale(to, tick)
	for i, x := range scores {
		term := float64(x.Score * scale.of(x.Bucket))
		if i == 0 || !scores[i-1].Key.Equal(x.Key) {
			totals = append(totals, total{key: x.Key, from: i})
		}
		last := &totals[len(totals)-1]
		last.score, last.size, last.to = last.score+term, last.size+math.Abs(term), i+1
	}
	slices.SortStableFunc(totals, func(a, b total) int { return cmp.Compare(b.score, a.score) })
	list := make([]profile.Value, min(o.n, len(totals)))
	for i := range list {
		list[i] = totals[i].key
		if i+1 < len(totals) && totals[i].near(&totals[i+1], scores) {
			until = min(until, o.step(now))
		}
	}
	return reading{value: profile.List(list...), ok: true, until: until}
}

// total is the score of one key and the scores that it is made of.
type total struct {
	key         profile.Value
	score, size float64
	from, to    int
}

// near reports whether two totals may change places from tick to tick, by their
// rounding alone. Otherwise they fade side by side.
func (t *total) near(o *total, scores []profile.ScoreFold) bool {
	alike := slices.EqualFunc(scores[t.from:t.to], scores[o.from:o.to], func(a, b profile.ScoreFold) bool {
		return a.Bucket == b.Bucket && a.Score == b.Score
	})
	return !alike && math.Abs(t.score-o.score) <= 1e-12*(t.size+o.size)
}
