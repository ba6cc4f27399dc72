package linkage

import (
	"iter"
	"math"
	"slices"
)

// smoothing is how many pairs each level is taken to have been seen in beside those
// that were, so that nothing is impossible.
const smoothing = 0.5

// doubt is how many pairs of one person are taken to have been seen beside those
// that were, in which the levels were as likely as for two people: what was never
// seen is no evidence.
const doubt = 2

// borneOut is the part of a block's own share of matches that the whole model must
// find too for the block to be believed. Among the pairs of namesakes a block may
// take those for matches whose e-mails, say, are alike, since they are made of the
// name: the model of all blocks and comparisons knows better.
const borneOut = 0.8

// pass is a training block: the patterns of its pairs, what it trains, and the
// share of its pairs that are one person's.
type pass struct {
	blockSample
	trains   []bool
	share    float64
	m        [][]float64 // By field and level.
	believed bool
}

// accidents sets u, the chance of each level for two people: its share of the random
// pairs, those not counted that the weights say are one person.
func (t *trainer) accidents() {
	sums := t.zeros()
	for i := range t.random.levels {
		p := &t.random.levels[i]
		w := t.random.counts[i]
		if t.model.prior != 0 { // Not the first round.
			w *= 1 - chance(t.model.prior+t.bits(p, nil))
		}
		add(sums, p, w)
	}
	for i := range t.model.fields {
		f := &t.model.fields[i]
		shares(f.levels, sums[i])
		for l := range f.levels {
			f.levels[l].u = sums[i][l]
		}
	}
}

// learn sets m, the chance of each level for one person, by expectation and
// maximisation in every training block on its own, with u held fast, and takes the
// mean of the blocks: of those that the model of the round before does not bear out
// only where no other teaches.
func (t *trainer) learn() {
	sums := t.zeros()
	weights := make([]float64, len(sums))
	for i := range t.passes {
		p := &t.passes[i]
		if len(p.counts) == 0 {
			continue
		}
		t.maximise(p)
		p.believed = t.model.prior == 0 || t.matches(p) >= borneOut*p.share // In the first round there is no model.
	}
	for f := range sums {
		teaches := func(p *pass) bool { return len(p.counts) > 0 && p.trains[f] }
		believed := slices.ContainsFunc(t.passes, func(p pass) bool { return teaches(&p) && p.believed })
		for i := range t.passes {
			p := &t.passes[i]
			if !teaches(p) || believed && !p.believed {
				continue
			}
			weights[f]++
			for l, m := range p.m[f] {
				sums[f][l] += m
			}
		}
	}
	for i := range t.model.fields {
		for l := range t.model.fields[i].levels {
			t.model.fields[i].levels[l].m = sums[i][l] / weights[i]
		}
	}
}

// maximise runs one block until it stands still.
func (t *trainer) maximise(p *pass) {
	if p.m == nil {
		p.m = t.start()
	}
	for range 200 {
		bits := t.zeros()
		for i := range bits {
			for l := range bits[i] {
				bits[i][l] = math.Log2(p.m[i][l] / t.model.fields[i].levels[l].u)
			}
		}
		prior := math.Log2(p.share / (1 - p.share))
		sums := t.zeros()
		matches, all := 0.0, 0.0
		for i := range p.levels {
			w := prior
			for f, yes := range p.trains {
				if l := p.levels[i][f]; yes && l != missing {
					w += bits[f][l]
				}
			}
			c := p.counts[i] * chance(w)
			add(sums, &p.levels[i], c)
			matches += c
			all += p.counts[i]
		}
		for i := range sums {
			cautious(t.model.fields[i].levels, sums[i])
		}
		share := max(1e-6, min(1-1e-6, matches/all))
		done := math.Abs(share-p.share) < 1e-7
		p.share, p.m = share, sums
		if done {
			return
		}
	}
}

// start returns chances to begin with: the strongest levels of a group are likely.
func (t *trainer) start() [][]float64 {
	m := t.zeros()
	for i := range m {
		levels := t.model.fields[i].levels
		w := 1.0
		for l := range levels {
			if l == 0 || levels[l].group != levels[l-1].group {
				w = 1
			}
			m[i][l] = w * 1000
			w /= 2
		}
		shares(levels, m[i])
	}
	return m
}

// zeros returns a zero for every level of every field.
func (t *trainer) zeros() [][]float64 {
	out := make([][]float64, len(t.model.fields))
	for i, f := range t.model.fields {
		out[i] = make([]float64, len(f.levels))
	}
	return out
}

// add adds w to every level of a pattern.
func add(sums [][]float64, p *pattern, w float64) {
	for i := range sums {
		if l := p[i]; l != missing {
			sums[i][l] += w
		}
	}
}

// shares turns sums into shares, smoothed, of the levels of one group.
func shares(levels []levelWeight, sums []float64) {
	for first, end := range groups(levels) {
		for i := first; i < end; i++ {
			sums[i] += smoothing
		}
		normalise(sums[first:end])
	}
}

// cautious is shares for what was learnt of one person: with nothing seen of a group,
// its levels are as likely as for two people.
func cautious(levels []levelWeight, sums []float64) {
	for first, end := range groups(levels) {
		seen := 0.0
		for _, s := range sums[first:end] {
			seen += s
		}
		for i := first; i < end; i++ {
			sums[i] += smoothing*seen/(seen+1) + doubt*levels[i].u
		}
		normalise(sums[first:end])
	}
}

// groups yields where each group of levels begins and ends.
func groups(levels []levelWeight) iter.Seq2[int, int] {
	return func(yield func(first, end int) bool) {
		for first := 0; first < len(levels); {
			end := first + 1
			for end < len(levels) && levels[end].group == levels[first].group {
				end++
			}
			if !yield(first, end) {
				return
			}
			first = end
		}
	}
}

// normalise makes shares add up to 1.
func normalise(sums []float64) {
	total := 0.0
	for _, s := range sums {
		total += s
	}
	for i := range sums {
		sums[i] /= total
	}
}
