package oracle

import (
	"cmp"
	"math"
	"math/big"
	"slices"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// scoreUnit is what a score is counted in: 2^-30.
const scoreUnit = 1 << 30

// score returns what an event of that weight adds to its half-life, in units: the
// weight, twice as much at the end as at the beginning.
func score(weight float64, at profile.Instant, halfLife time.Duration) *big.Int {
	length := halfLife.Microseconds()
	into := int64(at) - floorDiv(int64(at), length)*length
	units := math.RoundToEven(float64(float64(weight*power(into, length)) * scoreUnit))
	n, _ := new(big.Float).SetFloat64(units).Int(nil)
	return n
}

// power returns 2 to the power of part/whole, a fraction from 0 to below 1, of
// which the first 32 binary digits count: the product, from the greatest down, of
// the roots of 2 that the digits stand for.
func power(part, whole int64) float64 {
	digits := new(big.Int).Lsh(big.NewInt(part), 32)
	digits.Div(digits, big.NewInt(whole))
	product := 1.0
	for i, root := range roots {
		if digits.Bit(31-i) == 1 {
			product = float64(product * root)
		}
	}
	return product
}

// roots are the numbers nearest to the square root of 2, its square root, and so on.
var roots = rootsOfTwo()

func rootsOfTwo() (roots [32]float64) {
	exact := big.NewFloat(2).SetPrec(200)
	for i := range roots {
		exact = new(big.Float).SetPrec(200).Sqrt(exact)
		roots[i], _ = exact.Float64()
	}
	return roots
}

// scores returns the score of every key at now, and that of all keys together; ok
// is false where too many keys fell into one half-life.
func (w *world) scores(o syntax.Operand, name string) (keys map[string]scored, total float64, ok bool) {
	info, known := w.scope.Interest(name)
	if !known {
		return nil, 0, false
	}
	g := gathering{form: profile.Scores, grain: profile.ByHalfLife, halfLife: info.HalfLife, since: math.MinInt64}
	for _, source := range info.Sources {
		p := w.choices(source.Filter)[0]
		p.property, p.weight, p.by = source.Property, source.Weight, source.By
		g.choices = append(g.choices, p)
	}
	s, kept := w.series(o, g)
	length := info.HalfLife.Microseconds()
	tick := max(length/4096, 1)
	now := floorDiv(int64(w.now), tick) * tick
	running := floorDiv(now, length)
	if !kept || s.lost(running-63, running) {
		return nil, 0, false
	}
	keys = map[string]scored{}
	for bucket := running - 63; bucket <= running; bucket++ {
		if len(s.Buckets[bucket].Keys) == 0 {
			continue
		}
		factor := decay(bucket, now, length)
		all := new(big.Int)
		for _, k := range s.Buckets[bucket].Keys {
			before := keys[written(k.Value)]
			keys[written(k.Value)] = scored{k.Value, before.score + worth(k.Sum, factor)}
			all.Add(all, k.Sum)
		}
		total += worth(all, factor)
	}
	return keys, total, true
}

// scored is a key with its score.
type scored struct {
	key   profile.Value
	score float64
}

// decay returns what a unit of the bucket's beginning is worth at now: 2 to the
// power of its age in half-lives, turned negative, of which power takes the fraction
// above the next whole number.
func decay(bucket, now, length int64) float64 {
	age := now - bucket*length
	whole := floorDiv(-age, length)
	return math.Ldexp(power(-age-whole*length, length), int(whole))
}

// worth returns units times a factor.
func worth(units *big.Int, factor float64) float64 {
	f, _ := new(big.Float).SetInt(units).Float64()
	return float64(f*factor) / scoreUnit
}

// interest evaluates the score of one key, or of all.
func (w *world) interest(o *syntax.Interest) (v profile.Value, ok bool) {
	keys, total, ok := w.scores(o, o.Name)
	if o.Key == "" {
		return profile.Number(total), ok
	}
	return profile.Number(keys[written(profile.String(o.Key))].score), ok
}

// interests evaluates the keys of greatest score.
func (w *world) interests(o *syntax.Interests) (v profile.Value, ok bool) {
	keys, _, ok := w.scores(o, o.Name)
	if !ok || len(keys) == 0 {
		return profile.Value{}, false
	}
	var all []scored
	for _, k := range keys {
		all = append(all, k)
	}
	slices.SortFunc(all, func(a, b scored) int { return cmp.Or(cmp.Compare(b.score, a.score), a.key.Compare(b.key)) })
	var values []profile.Value
	for _, k := range all[:min(o.N, len(all))] {
		values = append(values, k.key)
	}
	return profile.List(values...), true
}
