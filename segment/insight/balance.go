package insight

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/portraitdb/portrait/segment"
)

// MaxArms is how many arms one [SplitQuestion] may have.
const MaxArms = 1000

// Arm is one side of a split.
type Arm struct {
	// Name is what errors call it. Required; no two arms have the same.
	Name string
	// In is who is in it, by lot alone: bucket("exp-7", 3) = 1, or sample("holdout", 0.05).
	In segment.Expr
	// Share is its part of everybody, above 0.
	Share float64
	// Was is who was in the arm at an earlier time, as a set of the same condition; nil
	// where that is not asked.
	Was *segment.Set
}

// SplitQuestion asks whether a split, a layer of experiments or a holdout has the sizes
// that it should have.
type SplitQuestion struct {
	// Audience is who is divided: everybody where it is zero.
	Audience segment.Expr
	// Arms exclude each other. Where their shares sum to less than 1, those in none are a
	// side of their own.
	Arms []Arm
}

// SplitBalance answers a [SplitQuestion].
type SplitBalance struct {
	Audience uint64 // how many people
	// Arms are in the order of the question. Rest are those in none of them.
	Arms []ArmBalance
	Rest ArmBalance
	// ChiSquare is Pearson's statistic of all sides with a share, with one Freedom less
	// than there are, and P how likely lots alone make it as large. Below 0.001 something
	// else than lots has chosen: a sample ratio mismatch. P is 1 where there is nothing to
	// compare. Where an Expected is below 5, P is rough.
	ChiSquare float64
	Freedom   int
	P         float64
}

// ArmBalance is the size of one side.
type ArmBalance struct {
	Name     string
	People   uint64
	Expected float64 // by its share of the audience
	// Moved is how many profiles that hold members of Arm.Was, of the audience or not, are
	// not in the arm any more. By lot that takes a merge or a split, or an event that is
	// earlier than all others: two people of two arms who became one have moved one of the
	// two, and when that is undone none.
	Moved uint64
}

// shareSlack is by how much shares may exceed 1 in sum, for a third has no exact number.
const shareSlack = 1e-9

// Balance counts the sides of a split, and tests whether lots made them. All of it is as of
// one commit if c is a view. Arms that have somebody in common are an error, which says how
// many.
func Balance(ctx context.Context, c Counter, q SplitQuestion) (*SplitBalance, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	audience := segment.And()
	if !q.Audience.IsZero() {
		audience = q.Audience
	}
	es := []segment.Expr{audience}
	arms := make([]segment.Expr, len(q.Arms))
	for i, a := range q.Arms {
		arms[i] = a.In
		es = append(es, segment.And(audience, a.In))
	}
	es = append(es, segment.And(audience, segment.Or(arms...)))
	for _, a := range q.Arms {
		if a.Was != nil {
			es = append(es, segment.And(segment.Members(a.Was), segment.Not(a.In)))
		}
	}
	counts, err := c.Counts(ctx, es...)
	if err != nil {
		return nil, err
	}
	n := len(q.Arms)
	b := &SplitBalance{Audience: counts[0], Arms: make([]ArmBalance, n), P: 1}
	inOne, moved, rest := uint64(0), counts[n+2:], 1.0
	for i, a := range q.Arms {
		b.Arms[i] = ArmBalance{Name: a.Name, People: counts[1+i], Expected: a.Share * float64(b.Audience)}
		if a.Was != nil {
			b.Arms[i].Moved, moved = moved[0], moved[1:]
		}
		inOne += counts[1+i]
		rest -= a.Share
	}
	if inOne != counts[n+1] {
		return nil, fmt.Errorf("insight: the arms overlap: they have %d members, and %d people are in any", inOne, counts[n+1])
	}
	b.Rest.People = b.Audience - inOne
	if rest > shareSlack {
		b.Rest.Expected = rest * float64(b.Audience)
	}
	b.test()
	return b, nil
}

func (q *SplitQuestion) check() error {
	if len(q.Arms) == 0 || len(q.Arms) > MaxArms {
		return fmt.Errorf("insight: a split of %d arms: there are 1 to %d", len(q.Arms), MaxArms)
	}
	names, sum := map[string]bool{}, 0.0
	for _, a := range q.Arms {
		switch {
		case a.In.IsZero():
			return fmt.Errorf("insight: arm %q has no condition", a.Name)
		case a.Name == "":
			return errors.New("insight: an arm without a name")
		case names[a.Name]:
			return fmt.Errorf("insight: two arms are called %q", a.Name)
		case !(a.Share > 0 && a.Share <= 1):
			return fmt.Errorf("insight: arm %q has a share of %v: it is above 0 and at most 1", a.Name, a.Share)
		}
		names[a.Name] = true
		sum += a.Share
	}
	if sum > 1+shareSlack {
		return fmt.Errorf("insight: the shares of the arms sum to %v", sum)
	}
	return nil
}

// test compares the sizes with the shares.
func (b *SplitBalance) test() {
	if b.Audience == 0 {
		return
	}
	sides := b.Arms
	if b.Rest.Expected > 0 {
		sides = append(sides[:len(sides):len(sides)], b.Rest)
	} else if b.Rest.People > 0 { // whom no share allows
		b.ChiSquare, b.P, b.Freedom = math.Inf(1), 0, len(sides)
		return
	}
	for _, s := range sides {
		d := float64(s.People) - s.Expected
		b.ChiSquare += d * d / s.Expected
	}
	b.Freedom = len(sides) - 1
	b.P = chiSquareTail(b.ChiSquare, b.Freedom)
}

// chiSquareTail returns the probability that a chi-square variable exceeds x: the finite
// series of Abramowitz and Stegun 26.4.4 and 26.4.5, term by term from logarithms.
func chiSquareTail(x float64, freedom int) float64 {
	if x <= 0 || freedom < 1 {
		return 1
	}
	half, begin, p := x/2, 0.0, 0.0
	if freedom%2 == 1 {
		begin, p = 0.5, math.Erfc(math.Sqrt(half))
	}
	for a := begin; a < float64(freedom)/2; a++ {
		lg, _ := math.Lgamma(a + 1)
		p += math.Exp(a*math.Log(half) - half - lg)
	}
	return min(p, 1)
}
