package linkage

import (
	"fmt"
	"math"
	"strconv"
)

// Score is the weight of one pair, taken apart.
type Score struct {
	// Weight is the sum of Prior and the weights of the fields, in bits.
	Weight float64
	// Prior is the weight before anything is compared.
	Prior float64
	// Fields are the contributions, in the order of Config.Comparisons.
	Fields []Contribution
}

// Probability returns the probability that the pair is one person: 1/(1+2^-Weight).
// It is 1 for every weight above some 53, so compare weights, not probabilities.
func (s Score) Probability() float64 { return 1 / (1 + math.Exp2(-s.Weight)) }

// Contribution is what one comparison adds to a weight.
type Contribution struct {
	// Comparison is its name.
	Comparison string
	// A and B are the two values, cleaned; "" is missing.
	A, B string
	// Level is the level that the values fall into, "missing" where one is missing
	// and that is no evidence.
	Level string
	// Weight is the evidence in bits.
	Weight float64
	// Rarity is the part of Weight that the frequency of the shared value gave or
	// took, in bits.
	Rarity float64
	// Frequency is the share of records that have the shared value, 0 if it does not
	// matter: the product of the shares where several values are shared.
	Frequency float64
}

// String says what the comparison found, such as "the same, rare: 1 in 4,213".
func (c Contribution) String() string {
	if c.Frequency <= 0 {
		return c.Level
	}
	share := "1 in " + grouped(1/c.Frequency)
	if c.Frequency >= 0.1 {
		share = fmt.Sprintf("%.0f %% of all", 100*c.Frequency)
	}
	switch {
	case c.Rarity > 0.5:
		share = "rare: " + share
	case c.Rarity < -0.5:
		share = "common: " + share
	}
	return c.Level + ", " + share
}

// grouped writes a number of at least 1 without decimals, three digits a group.
func grouped(f float64) string {
	s := strconv.FormatFloat(max(1, math.Round(f)), 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
