package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/portraitdb/portrait/lifecycle/value"
)

// scoreReading is the case of what customers are worth.
const scoreReading = "score/bgnbd+gammagamma"

const (
	// scoreProfiles is the most customers that are scored.
	scoreProfiles = 1_000_000
	scoreTurns    = 3
	scoreAhead    = 52.0 // weeks
)

// The models are those that CDNOW's customers are fitted with, in weeks.
var (
	scoreModel   = value.BGNBD{R: 0.243, Alpha: 4.414, A: 0.793, B: 2.426}
	scoreSpend   = value.GammaGamma{P: 6.25, Q: 3.74, V: 15.44}
	scoreHorizon = value.Horizon{Periods: 12, Length: scoreAhead / 12, Discount: 0.01}
)

// scores are what a customer is told: P(alive), the purchases of the next 52 weeks, and
// the value of the next twelve months.
type scores struct{ alive, purchases, clv float64 }

// scoreCase scores customers, one after the other.
func scoreCase(ctx context.Context, cfg config, report *Report) (Case, error) {
	rows := drawCustomers(min(cfg.profiles, scoreProfiles))
	cfg.logf("%s: %d customers", scoreReading, len(rows))
	outs := map[string][]scores{}
	var model value.Model = scoreModel
	of := func(name string, do func(out []scores, from, to int)) racer {
		outs[name] = make([]scores, len(rows))
		return racer{name: name, batch: 1 << 12, ready: func(int) (int, func(from, to int) error) {
			return len(rows), func(from, to int) error {
				do(outs[name], from, to)
				return nil
			}
		}}
	}
	var known map[value.Summary]scores
	distinct := of("distinct_rows", func(out []scores, from, to int) {
		for i, row := range rows[from:to] {
			out[from+i] = scoreAlike(model, known, row)
		}
	})
	fill := distinct.ready
	distinct.ready = func(round int) (int, func(from, to int) error) {
		known = map[value.Summary]scores{}
		return fill(round)
	}
	done, err := race(ctx, min(cfg.rounds, scoreTurns), scoreReading, []racer{
		of(subject, func(out []scores, from, to int) {
			for i, row := range rows[from:to] {
				out[from+i] = score(model, row)
			}
		}),
		of("plain_formula", func(out []scores, from, to int) {
			for i, row := range rows[from:to] {
				out[from+i] = scorePlainly(row)
			}
		}),
		distinct,
	})
	if err != nil {
		return Case{}, err
	}
	for name, out := range outs {
		if err := agree(name, out, outs[subject], rows); err != nil {
			return Case{}, err
		}
	}
	report.Setting["customers"] = fmt.Sprintf("%d drawn from the model, seen for 27 to 39 weeks, times in whole days; %d rows differ but for their mean", len(rows), len(known))
	c := newCase(scoreReading, len(rows), done.samples)
	c.tellCPU(done.samples)
	c.tellRate()
	return c, nil
}

// score asks the library.
func score(m value.Model, row value.Summary) scores {
	return scores{
		alive:     m.PAlive(row),
		purchases: m.ConditionalExpected(row, scoreAhead),
		clv:       value.CLV(m, scoreSpend, row, scoreHorizon),
	}
}

// scoreAlike asks it once for all rows that differ in their mean alone, for which only
// what is spent each time differs.
func scoreAlike(m value.Model, known map[value.Summary]scores, row value.Summary) scores {
	key := row
	key.Mean = 0
	s, ok := known[key]
	if !ok {
		s = score(m, key)
		s.clv /= scoreSpend.Expected(key)
		known[key] = s
	}
	s.clv *= scoreSpend.Expected(row)
	return s
}

// scorePlainly computes the published formulas as they stand: the hypergeometric series
// is summed for every number of expected purchases, from its first term on.
func scorePlainly(row value.Summary) scores {
	m, g, h := scoreModel, scoreSpend, scoreHorizon
	x := float64(row.Frequency)
	alive := 1.0
	if x > 0 {
		alive = 1 / (1 + m.A/(m.B+x-1)*math.Pow((m.Alpha+row.Age)/(m.Alpha+row.Recency), m.R+x))
	}
	expected := func(t float64) float64 {
		z := t / (m.Alpha + row.Age + t)
		series := hypergeometric(m.R+x, m.B+x, m.A+m.B+x-1, z)
		return alive * (m.A + m.B + x - 1) / (m.A - 1) * (1 - math.Pow(1-z, m.R+x)*series)
	}
	s := scores{alive: alive, purchases: expected(scoreAhead)}
	before := 0.0
	for k := range h.Periods {
		upTo := expected(float64(k+1) * h.Length)
		s.clv += (upTo - before) / math.Pow(1+h.Discount, float64(k+1))
		before = upTo
	}
	s.clv *= g.P * (g.V + x*row.Mean) / (g.P*x + g.Q - 1)
	return s
}

// hypergeometric sums the series of 2F1(a, b; c; z).
func hypergeometric(a, b, c, z float64) float64 {
	sum, term := 1.0, 1.0
	for n := 0.0; term > 1e-16*sum; n++ {
		term *= (a + n) * (b + n) / ((c + n) * (n + 1)) * z
		sum += term
	}
	return sum
}

// agree reports where scores are not those of the library.
func agree(name string, got, want []scores, rows []value.Summary) error {
	for i, w := range want {
		g := got[i]
		for _, pair := range [...][2]float64{{g.alive, w.alive}, {g.purchases, w.purchases}, {g.clv, w.clv}} {
			if !(math.Abs(pair[0]-pair[1]) <= 1e-8*pair[1]) {
				return fmt.Errorf("%s: %+v is scored %+v, by %s %+v", name, rows[i], g, subject, w)
			}
		}
	}
	return nil
}

// drawCustomers draws customers as the models have them, the same on every run.
func drawCustomers(n int) []value.Summary {
	r := rand.New(rand.NewPCG(6, 3))
	rows := make([]value.Summary, n)
	for i := range rows {
		days := 189 + r.IntN(85) // the age
		rate := drawGamma(r, scoreModel.R) / scoreModel.Alpha / 7
		leave := drawGamma(r, scoreModel.A)
		leave /= leave + drawGamma(r, scoreModel.B)
		x, last := 0, 0
		for at := 0.0; ; {
			at += r.ExpFloat64() / rate
			if !(at < float64(days)) {
				break
			}
			// Purchases of one day are one, and none is a repeat on the first.
			if day := int(at); day > last {
				x, last = x+1, day
			}
			if r.Float64() < leave {
				break
			}
		}
		rows[i] = value.Summary{Frequency: x, Recency: float64(last) / 7, Age: float64(days) / 7}
		if x > 0 {
			often := scoreSpend.P * float64(x)
			mean := drawGamma(r, often) / (float64(x) * drawGamma(r, scoreSpend.Q) / scoreSpend.V)
			rows[i].Mean = math.Round(100*mean) / 100
		}
	}
	return rows
}

// drawGamma draws from the gamma distribution of that shape and rate 1, by the method of
// Marsaglia and Tsang.
func drawGamma(r *rand.Rand, shape float64) float64 {
	if shape < 1 {
		return drawGamma(r, shape+1) * math.Pow(1-r.Float64(), 1/shape)
	}
	d := shape - 1.0/3
	for {
		z := r.NormFloat64()
		v := 1 + z/math.Sqrt(9*d)
		if v <= 0 {
			continue
		}
		v *= v * v
		if math.Log(1-r.Float64()) < z*z/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}
