package lifecycle

import (
	"cmp"
	"slices"
	"strconv"
)

// RFM is what a customer's purchases come to.
type RFM struct {
	// Recency is how long ago the last one was, in any unit: less is better.
	Recency float64
	// Frequency is how many there were.
	Frequency float64
	// Monetary is what they were worth, all together or on average.
	Monetary float64
}

// Score is an RFM in scores from 1 to the scheme's best; 0 is none.
type Score struct {
	R, F, M int
}

// String returns the three digits, as in "543".
func (s Score) String() string {
	return strconv.Itoa(s.R) + strconv.Itoa(s.F) + strconv.Itoa(s.M)
}

// Scheme is how customers are scored against each other. The zero Scheme is
// quintiles with closed right edges.
type Scheme struct {
	// Parts is the number of scores; 0 is 5. It is at most 100.
	Parts int
	Edges Edges
	// RankFrequency tells customers of the same Frequency apart by their order, so
	// that the parts get equal size: most customers bought once, and by Edges alone
	// scores would stay empty. Give customers in the order of an identifier.
	RankFrequency bool
}

// Scales are the cut-offs of a scheme, to score others by.
type Scales struct {
	R Scale `json:"r"`
	// F is of ranks from 1, not of frequencies, where the scheme has RankFrequency.
	F Scale `json:"f"`
	M Scale `json:"m"`
}

// Score returns the scores of c.
func (s Scales) Score(c RFM) Score {
	return Score{R: s.R.Score(c.Recency), F: s.F.Score(c.Frequency), M: s.M.Score(c.Monetary)}
}

// Scores returns the score of each customer, and the cut-offs. A Top of one of these
// below Parts tells that ties left a scale with fewer scores.
func (s Scheme) Scores(customers []RFM) ([]Score, Scales) {
	parts := min(cmp.Or(max(s.Parts, 0), 5), 100)
	ranked := slices.Clone(customers)
	if s.RankFrequency {
		order := make([]int, len(customers))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(customers[a].Frequency, customers[b].Frequency) })
		for rank, i := range order {
			ranked[i].Frequency = float64(rank + 1)
		}
	}
	scale := func(of func(RFM) float64) Scale {
		values := make([]float64, len(ranked))
		for i, c := range ranked {
			values[i] = of(c)
		}
		return NewScale(values, parts, s.Edges)
	}
	scales := Scales{
		R: scale(func(c RFM) float64 { return c.Recency }),
		F: scale(func(c RFM) float64 { return c.Frequency }),
		M: scale(func(c RFM) float64 { return c.Monetary }),
	}
	scales.R.LowIsBest = true
	scores := make([]Score, len(ranked))
	for i, c := range ranked {
		scores[i] = scales.Score(c)
	}
	return scores, scales
}

// Mean returns the mean of the customers, the zero RFM of none.
func Mean(customers []RFM) RFM {
	var sum RFM
	for _, c := range customers {
		sum.Recency += c.Recency
		sum.Frequency += c.Frequency
		sum.Monetary += c.Monetary
	}
	n := float64(max(1, len(customers)))
	return RFM{Recency: sum.Recency / n, Frequency: sum.Frequency / n, Monetary: sum.Monetary / n}
}

// Eight returns the class, of the eight that are usual in China, of a customer
// against the mean: 重要 or 一般 by Monetary, and 价值, 发展, 保持 or 挽留 by Recency and
// Frequency. What equals the mean is not better than it.
func Eight(c, mean RFM) string {
	recent, often := c.Recency < mean.Recency, c.Frequency > mean.Frequency
	weight, kind := "一般", "挽留"
	if c.Monetary > mean.Monetary {
		weight = "重要"
	}
	switch {
	case recent && often:
		kind = "价值"
	case recent:
		kind = "发展"
	case often:
		kind = "保持"
	}
	return weight + kind
}
