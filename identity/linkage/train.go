package linkage

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// trainingRounds is how often the chances of agreeing by accident are taken anew:
// each time without the pairs that the weights of the round before say are one
// person.
const trainingRounds = 3

// trainer learns the weights of a plan from data.
type trainer struct {
	*data
	model  *Model
	random *patterns
	passes []pass
	rules  float64 // The pairs that the rules find, over their recall; 0 without rules.
	cands  *patterns
	scale  float64 // How many candidate pairs each sampled one stands for.
}

// Train learns how much each level of each comparison tells about records, as
// Config.Training says. The same records and configuration give the same model.
//
// A training block teaches well if most of its pairs are one person's. In one that
// namesakes share, such as that of a full name, training may take many of them for
// one person, and learn that one person's records differ as much as theirs do: what
// disagrees then hardly counts. Model.String tells the share of every block, by the
// model and by the block alone. Where the model says less than four fifths of what
// the block says, the block teaches only those comparisons that no other does.
//
// The error wraps ErrConfig and names every fault of the configuration; or it wraps
// ErrRecords where they are too few to learn from; or it is that of ctx.
func Train(ctx context.Context, recs *Records, c Config) (*Model, error) {
	p, err := newPlan(c, recs.column)
	if err != nil {
		return nil, err
	}
	if recs.Len() < 2 {
		return nil, fmt.Errorf("%w: %d records: too few to train on", ErrRecords, recs.Len())
	}
	d, err := newData(ctx, p, recs)
	if err != nil {
		return nil, err
	}
	t := &trainer{data: d, model: &Model{config: p.config}}
	t.count()
	if err := t.sample(ctx); err != nil {
		return nil, err
	}
	for range trainingRounds {
		t.accidents()
		t.learn()
		t.weigh()
		t.estimatePrior()
	}
	t.report()
	if err := t.model.seal(); err != nil {
		return nil, err
	}
	return t.model, nil
}

// count sets up the fields with how common values are.
func (t *trainer) count() {
	for i := range t.plan.comparisons {
		c := &t.plan.comparisons[i]
		f := field{}
		for _, s := range c.steps {
			f.levels = append(f.levels, levelWeight{name: s.name, group: s.group, m: 1, u: 1})
		}
		f.common = t.frequencies(i)
		t.model.fields = append(t.model.fields, f)
	}
}

// frequencies counts the terms of one comparison over all records.
func (t *trainer) frequencies(i int) []*frequencies {
	c := &t.plan.comparisons[i]
	stride := len(t.plan.comparisons)
	records := make([]uint32, c.size())
	for r := range t.n {
		records[t.rows[r*stride+i]]++
	}
	roles := c.roles()
	terms := c.vocab().texts
	counts := make([][]uint32, len(roles))
	totals := make([]float64, len(roles))
	for k := range counts {
		counts[k] = make([]uint32, len(terms))
	}
	for v, n := range records {
		if n == 0 || v == 0 {
			continue
		}
		seen := make([]bool, len(roles))
		c.terms(uint32(v), func(role int, term uint32) {
			counts[role][term] += n
			seen[role] = true
		})
		for k := range seen {
			if seen[k] {
				totals[k] += float64(n)
			}
		}
	}
	out := make([]*frequencies, len(roles))
	for k, role := range roles {
		f := &frequencies{role: role, common: map[string]float64{}}
		var sum, squares float64
		for term, n := range counts[k] {
			if n == 0 {
				continue
			}
			share := float64(n) / totals[k]
			sum += share
			squares += share * share
			if share > c.Floor {
				f.common[terms[term]] = share
			}
		}
		if sum > 0 {
			f.chance = squares / sum
		}
		out[k] = f
	}
	return out
}

// sample draws the random pairs and those of every training block, and of the
// candidates.
func (t *trainer) sample(ctx context.Context) error {
	random, err := t.randomPairs(ctx)
	if err != nil {
		return err
	}
	t.random = random
	t.passes = make([]pass, len(t.plan.blocks))
	trained := make([]bool, len(t.plan.comparisons))
	for i, k := range t.plan.blocks {
		s, err := t.blockPairs(ctx, []*key{k}, uint64(i))
		if err != nil {
			return err
		}
		t.passes[i] = pass{blockSample: s, trains: t.trains(k), share: 0.2}
		for f, yes := range t.passes[i].trains {
			trained[f] = trained[f] || yes && len(s.counts) > 0
		}
	}
	if i := slices.Index(trained, false); i >= 0 {
		return t.untaught(i)
	}
	return t.samplePrior(ctx)
}

// untaught returns the error that no block teaches comparison i: none may, or those
// that may have no pairs.
func (t *trainer) untaught(i int) error {
	name := t.plan.comparisons[i].Name
	var empty []string
	for b, p := range t.passes {
		if p.trains[i] {
			empty = append(empty, strconv.Quote(t.plan.config.Training.Blocks[b]))
		}
	}
	if len(empty) == 0 {
		return fmt.Errorf("%w: no training block teaches comparison %q: each reads a column of it", ErrConfig, name)
	}
	return fmt.Errorf("%w: no training block teaches comparison %q: no two of the %d records share %s: too few records to train on, or a block too strict",
		ErrRecords, name, t.n, strings.Join(empty, " or "))
}

// samplePrior draws what the prior is estimated from.
func (t *trainer) samplePrior(ctx context.Context) error {
	if len(t.plan.rules) == 0 {
		s, err := t.blockPairs(ctx, t.plan.keys, 1<<32)
		if err != nil {
			return err
		}
		t.cands, t.scale = s.patterns, s.scale()
		return nil
	}
	cands, err := t.block(ctx, t.plan.rules)
	if err != nil {
		return err
	}
	for shard := range cands.shards() {
		for range cands.pairs(shard) {
			t.rules++
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	if t.rules == 0 {
		return fmt.Errorf("%w: training: the rules find no pair, so they give no prior", ErrConfig)
	}
	t.rules /= t.plan.config.Training.Recall
	return nil
}

// trains tells which comparisons a block teaches: those that read none of its
// columns.
func (t *trainer) trains(k *key) []bool {
	cols := k.columns(nil)
	out := make([]bool, len(t.plan.comparisons))
	for i, c := range t.plan.comparisons {
		out[i] = !slices.ContainsFunc(c.reads, func(r int) bool { return slices.Contains(cols, r) })
	}
	return out
}

// matches returns the share of a block's pairs that are one person's, by all that the
// model weighs.
func (t *trainer) matches(p *pass) float64 {
	matches, all := 0.0, 0.0
	for i := range p.levels {
		matches += p.counts[i] * chance(t.model.prior+t.bits(&p.levels[i], nil))
		all += p.counts[i]
	}
	return matches / max(1, all)
}

// report tells of every training block what it had to teach from.
func (t *trainer) report() {
	for i := range t.passes {
		p := &t.passes[i]
		r := blockReport{key: t.plan.config.Training.Blocks[i], pairs: p.total}
		if p.total > 0 {
			r.share, r.own = t.matches(p), p.share
		}
		t.model.blocks = append(t.model.blocks, r)
	}
}

// weigh sets the bits of all levels.
func (t *trainer) weigh() {
	for i := range t.model.fields {
		t.model.fields[i].weigh(t.plan.config.Training.MaxWeight)
	}
}

// estimatePrior sets the prior: from what the rules find, or as the share of
// matches among the candidates at which their weights agree with it.
func (t *trainer) estimatePrior() {
	matches := t.rules
	all := t.pairs()
	if t.cands != nil {
		matches = float64(t.n) / 2
		for range 50 {
			prior := logOdds(matches, all)
			matches = 0
			for i, p := range t.cands.levels {
				matches += t.cands.counts[i] * t.scale * chance(prior+t.bits(&p, nil))
			}
		}
	}
	t.model.prior = logOdds(matches, all)
}

// logOdds returns the odds of so many matches among all pairs in bits, within what
// can be.
func logOdds(matches, all float64) float64 {
	share := max(0.5/max(all, 1), min(0.5, matches/max(all, 1)))
	return math.Log2(share / (1 - share))
}

// chance returns the probability of a weight in bits.
func chance(bits float64) float64 { return 1 / (1 + math.Exp2(-bits)) }

// bits returns the weight of a pattern without the prior, of all fields or of those
// that are asked for.
func (t *trainer) bits(p *pattern, only []bool) float64 {
	sum := 0.0
	for i, f := range t.model.fields {
		if l := p[i]; l != missing && (only == nil || only[i]) {
			sum += f.levels[l].bits
		}
	}
	return sum
}
