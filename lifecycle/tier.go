package lifecycle

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Tier is a value of a live tag and its rule in the language of rules, of which
// package tags makes one of its own:
//
//	tags.Tier{Value: t.Value, Rule: tags.MustParse(t.Rule)}
//
// Of several the first whose rule holds gives the value. A rule holds for nobody who
// has no value for an operand in it.
type Tier struct {
	Value, Rule string
}

// Tiers returns the scores, the best first, as tiers by what an operand gives, such as
// "spent", "days_since(last_order)" or `orders + draw("rfm")`. Everybody has the score
// that [Scale.Score] gives, from the instant on at which the operand changes.
func (s Scale) Tiers(operand string) []Tier {
	var tiers []Tier
	for score := s.Top(); score >= 1; score-- {
		if rule, some := s.within(operand, Span{score, score}); some {
			tiers = append(tiers, Tier{strconv.Itoa(score), anded(rule, operand)})
		}
	}
	return tiers
}

// within returns the conditions under which what an operand gives has a score within a
// span; some is false where nothing has.
func (s Scale) within(operand string, in Span) (rule []string, some bool) {
	if in == (Span{}) {
		return nil, true
	}
	// The least and the most cut-offs that the value lies above.
	least, most := in.From-1, in.To-1
	if s.LowIsBest {
		least, most = s.Top()-in.To, s.Top()-in.From
	}
	if least > most || most < 0 || least > len(s.Cuts) {
		return nil, false
	}
	above, below := " > ", " <= "
	if s.LeftClosed {
		above, below = " >= ", " < "
	}
	if least > 0 {
		switch cut := s.Cuts[least-1]; {
		case !(cut <= math.MaxFloat64): // NaN or +Inf, which nothing lies above
			return nil, false
		case cut >= -math.MaxFloat64:
			rule = append(rule, operand+above+number(cut))
		}
	}
	if most < len(s.Cuts) {
		switch cut := s.Cuts[most]; {
		case cut < -math.MaxFloat64: // which everything lies above
			return nil, false
		case cut <= math.MaxFloat64:
			rule = append(rule, operand+below+number(cut))
		}
	}
	return rule, true
}

// number writes a number as the language reads it.
func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// anded joins conditions; without any it asks for what the operands give at all.
func anded(rule []string, operands ...string) string {
	if len(rule) == 0 {
		for _, x := range operands {
			rule = append(rule, "exists("+x+")")
		}
	}
	return strings.Join(rule, " and ")
}

// Tiers returns the segments, by frozen scales, as tiers by what three operands give:
// such as "days_since(last_order)", `orders + draw("rfm")` and "spent". Whom no box holds
// has [Others]. An operand that no box asks about may be anything.
func (b Boxes) Tiers(s Scales, r, f, m string) []Tier {
	asked := b.asked(r, f, m)
	var tiers []Tier
	for _, box := range b {
		if rule, some := s.within(box, r, f, m); some {
			tiers = append(tiers, Tier{box.Name, anded(rule, asked...)})
		}
	}
	if b.gap(s) {
		tiers = append(tiers, Tier{Others, anded(nil, asked...)})
	}
	return tiers
}

// within is [Scale.within] of all three.
func (s Scales) within(box Box, r, f, m string) (rule []string, some bool) {
	byR, someR := s.R.within(r, box.R)
	byF, someF := s.F.within(f, box.F)
	byM, someM := s.M.within(m, box.M)
	return slices.Concat(byR, byF, byM), someR && someF && someM
}

// asked returns those of the operands that the boxes ask about; all where none does.
func (b Boxes) asked(r, f, m string) []string {
	var asked []string
	for operand, span := range map[string]func(Box) Span{
		r: func(x Box) Span { return x.R }, f: func(x Box) Span { return x.F }, m: func(x Box) Span { return x.M },
	} {
		if slices.ContainsFunc(b, func(x Box) bool { return span(x) != Span{} }) {
			asked = append(asked, operand)
		}
	}
	slices.Sort(asked)
	if asked == nil {
		return []string{r, f, m}
	}
	return asked
}

// gap reports whether there are scores that no box holds.
func (b Boxes) gap(s Scales) bool {
	for r := range min(s.R.Top(), 100) {
		for f := range min(s.F.Top(), 100) {
			for m := range min(s.M.Top(), 100) {
				if b.Name(Score{r + 1, f + 1, m + 1}) == Others {
					return true
				}
			}
		}
	}
	return false
}

// Tiers is [Boxes.Tiers] of codes.
func (c Codes) Tiers(s Scales, r, f, m string) []Tier {
	rules := map[string][]string{}
	codes := slices.SortedFunc(maps.Keys(c), func(a, b Score) int {
		return cmp.Or(cmp.Compare(a.R, b.R), cmp.Compare(a.F, b.F), cmp.Compare(a.M, b.M))
	})
	for _, x := range codes {
		if rule, some := s.within(Box{R: Span{x.R, x.R}, F: Span{x.F, x.F}, M: Span{x.M, x.M}}, r, f, m); some {
			rules[c[x]] = append(rules[c[x]], anded(rule, r, f, m))
		}
	}
	var tiers []Tier
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		tiers = append(tiers, Tier{name, strings.Join(rules[name], " or ")})
	}
	return append(tiers, Tier{Others, anded(nil, r, f, m)})
}

// EightTiers returns the classes of [Eight] against a mean that stays what it is, and is
// finite, as tiers by what three operands give.
func EightTiers(mean RFM, r, f, m string) []Tier {
	var tiers []Tier
	for _, much := range []bool{true, false} {
		for _, often := range []bool{true, false} {
			for _, recent := range []bool{true, false} {
				c, ops := mean, [3]string{" >= ", " <= ", " <= "}
				if recent {
					c.Recency, ops[0] = math.Inf(-1), " < "
				}
				if often {
					c.Frequency, ops[1] = math.Inf(1), " > "
				}
				if much {
					c.Monetary, ops[2] = math.Inf(1), " > "
				}
				tiers = append(tiers, Tier{Eight(c, mean), anded([]string{
					r + ops[0] + number(mean.Recency), f + ops[1] + number(mean.Frequency), m + ops[2] + number(mean.Monetary),
				})})
			}
		}
	}
	return tiers
}
