package linkage

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
)

var dateOrders = map[string]dateOrder{"ymd": yearFirst, "dmy": dayFirst, "mdy": monthFirst}

// withDefaults returns the configuration with every default filled in.
func (c Config) withDefaults() Config {
	c.Comparisons = slices.Clone(c.Comparisons)
	for i := range c.Comparisons {
		c.Comparisons[i] = c.Comparisons[i].withDefaults()
	}
	b := &c.Blocking
	b.MaxPosting = cmp.Or(b.MaxPosting, 1000)
	b.MaxPairs = cmp.Or(b.MaxPairs, 64<<20)
	t := &c.Training
	if len(t.Blocks) == 0 {
		t.Blocks = b.Keys
	}
	t.BlockPairs = cmp.Or(t.BlockPairs, 200_000)
	t.RandomPairs = cmp.Or(t.RandomPairs, 1_000_000)
	t.Recall = cmp.Or(t.Recall, 0.7)
	t.MaxWeight = cmp.Or(t.MaxWeight, 14)
	h := &c.Thresholds
	h.Match = cmp.Or(h.Match, new(6.6))
	h.Review = cmp.Or(h.Review, new(0.0))
	h.Join = cmp.Or(h.Join, h.Match)
	return c
}

func (c Comparison) withDefaults() Comparison {
	if c.Name == "" && len(c.Columns) > 0 {
		c.Name = c.Columns[0]
	}
	c.Floor = cmp.Or(c.Floor, 1e-4)
	if len(c.Similar) == 0 {
		switch c.Kind {
		case Text:
			c.Similar = []float64{0.92, 0.85}
		case Name, Tokens, Email, Address:
			c.Similar = []float64{0.88}
		}
	}
	switch {
	case c.Kind == Phone:
		c.Suffix = cmp.Or(c.Suffix, 7)
	case c.Kind == Date:
		c.Format = cmp.Or(c.Format, "ymd")
	case c.Kind == Number && len(c.Within) == 0:
		c.Within = []float64{0}
	}
	return c
}

// nearness returns the first of Similar, 1 if there is none.
func (c Comparison) nearness() float64 {
	if len(c.Similar) == 0 {
		return 1
	}
	return c.Similar[0]
}

// check returns what is wrong with a configuration that has its defaults, columns
// apart.
func (c *Config) check() []error {
	var faults []error
	fault := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	fault(len(c.Comparisons) > 0, "no comparisons")
	fault(len(c.Comparisons) <= maxComparisons, "%d comparisons: at most %d", len(c.Comparisons), maxComparisons)
	seen := map[string]bool{}
	for i := range c.Comparisons {
		k := &c.Comparisons[i]
		fault(!seen[k.Name], "two comparisons named %q", k.Name)
		seen[k.Name] = true
		if err := k.check(); err != nil {
			faults = append(faults, fmt.Errorf("comparison %q: %w", k.Name, err))
		}
	}
	b := &c.Blocking
	fault(len(b.Keys) > 0, "blocking: no keys")
	fault(len(b.Keys) <= 64, "blocking: %d keys: at most 64", len(b.Keys))
	fault(b.MaxPosting > 0, "blocking: max_posting %d is not above 0", b.MaxPosting)
	fault(b.MaxPairs > 0, "blocking: max_pairs %d is not above 0", b.MaxPairs)
	t := &c.Training
	fault(t.BlockPairs > 0 && t.BlockPairs <= 1e9, "training: block_pairs %d is not from 1 to 1e9", t.BlockPairs)
	fault(t.RandomPairs > 0 && t.RandomPairs <= 1e9, "training: random_pairs %d is not from 1 to 1e9", t.RandomPairs)
	fault(t.Recall > 0 && t.Recall <= 1, "training: recall %v is not above 0 and at most 1", t.Recall)
	fault(t.MaxWeight > 0 && t.MaxWeight <= 64, "training: max_weight %v is not above 0 and at most 64", t.MaxWeight)
	h := &c.Thresholds
	for _, w := range []float64{*h.Match, *h.Review, *h.Join} {
		fault(!math.IsNaN(w) && math.Abs(w) <= 1e6, "threshold %v is not a number of at most 1e6", w)
	}
	fault(!(*h.Review > *h.Match), "thresholds: review %v is above match %v", *h.Review, *h.Match)
	if _, err := c.Clustering.resolve(); err != nil {
		faults = append(faults, fmt.Errorf("clustering: %w", err))
	}
	if _, err := regexp.Compile(c.TruthPattern); err != nil {
		faults = append(faults, fmt.Errorf("truth_pattern: %w", err))
	}
	return faults
}

// kindFields says what each kind reads: how many columns (0 for any number from 1),
// and which of the fields that not all kinds use.
var kindFields = map[Kind]struct {
	columns int
	fields  []string
}{
	Name:    {2, []string{"similar", "nicknames", "equal_by"}},
	Text:    {1, []string{"similar", "nicknames", "equal_by"}},
	Tokens:  {0, []string{"similar", "nicknames", "equal_by"}},
	Date:    {1, []string{"format", "placeholders"}},
	Email:   {1, []string{"similar"}},
	Phone:   {1, []string{"suffix"}},
	Code:    {1, []string{"prefix"}},
	Exact:   {1, nil},
	Number:  {1, []string{"within"}},
	Address: {0, []string{"similar"}},
}

// check returns what is wrong with a comparison that has its defaults.
func (c *Comparison) check() error {
	kind, ok := kindFields[c.Kind]
	if !ok {
		known := []string{string(Name), string(Text), string(Tokens), string(Date), string(Email), string(Phone), string(Code), string(Exact), string(Number), string(Address)}
		return fmt.Errorf("no kind %q%s (the kinds: %s)", c.Kind, suggest(string(c.Kind), known), strings.Join(known, ", "))
	}
	var faults []error
	fault := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	if kind.columns == 0 {
		fault(len(c.Columns) > 0, "no columns")
	} else {
		fault(len(c.Columns) == kind.columns, "%d columns, want %d", len(c.Columns), kind.columns)
	}
	for field, set := range map[string]bool{
		"similar": len(c.Similar) > 0, "nicknames": c.Nicknames, "equal_by": c.EqualBy != "", "within": len(c.Within) > 0,
		"prefix": c.Prefix != 0, "suffix": c.Suffix != 0, "format": c.Format != "", "placeholders": len(c.Placeholders) > 0,
	} {
		fault(!set || slices.Contains(kind.fields, field), "%s means nothing to kind %s", field, c.Kind)
	}
	last := 1.0
	for _, s := range c.Similar {
		fault(s > 0 && s <= last, "similar %v is not above 0 and at most %v", s, last)
		last = s
	}
	least := math.Inf(-1)
	for _, w := range c.Within {
		fault(w >= 0 && w > least && !math.IsInf(w, 1), "within %v is not 0 or more, and ascending", w)
		least = w
	}
	fault(len(c.Similar) <= 8 && len(c.Within) <= 8, "more than 8 levels of likeness")
	fault(c.Prefix >= -100 && c.Prefix <= 100, "prefix %d is not from -100 to 100", c.Prefix)
	fault(c.Suffix >= 0 && c.Suffix <= 30, "suffix %d is not from 0 to 30", c.Suffix)
	fault(c.Floor > 0, "floor %v is not above 0", c.Floor)
	if _, ok := dateOrders[c.Format]; c.Kind == Date {
		fault(ok, "format %q is not ymd, dmy or mdy", c.Format)
	}
	slices.SortFunc(faults, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	return errors.Join(faults...)
}
