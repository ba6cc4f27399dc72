package identity

import (
	"fmt"
	"strings"
	"time"

	"github.com/portraitdb/portrait/profile"
)

// Relation tells what two identifiers have to do with each other.
type Relation struct {
	// Together says that they lead to one profile.
	Together bool
	// Path leads from the first identifier to the second over what was seen and
	// decided. Where they are together it is the strongest such path, the one that
	// united them; where they are apart, one with the fewest steps that a rule
	// bars. It is empty where nothing joins them.
	Path []Step
	// Truncated says that there was more evidence than Explain reads, so that
	// there may be a path, or a better one.
	Truncated bool
}

// Step is one step of a Relation: a pair of identifiers, and what is known of
// them.
type Step struct {
	From, To profile.Identifier
	// First and Last are the times of the earliest and of the latest event that
	// named both, zero if none did.
	First, Last time.Time
	// Decision is what was decided last about the pair, "link" or "unlink", and
	// Decided when. Empty means nothing.
	Decision string
	Decided  time.Time
	// Match is what record linkage says of the pair.
	Match Match
	// Rule is what keeps the pair apart, such as "unique", and Namespace the one
	// that it is about; as a record of refusals has them. Empty means that the step unites.
	Rule, Namespace string
	// Against are two identifiers that may not meet, where Rule is "unique",
	// "limit" or "veto": one on the side of From, then one on that of To.
	Against []profile.Identifier
}

// String tells the relation in words, a line a step. It holds identifiers.
func (r *Relation) String() string {
	var b strings.Builder
	switch {
	case r.Together:
		b.WriteString("one profile")
	case len(r.Path) == 0:
		b.WriteString("two profiles: nothing joins them")
	default:
		b.WriteString("two profiles")
	}
	for _, s := range r.Path {
		fmt.Fprintf(&b, "\n  %s", &s)
	}
	if r.Truncated {
		b.WriteString("\n  (not all evidence was read)")
	}
	return b.String()
}

// String tells the step in words. It holds identifiers.
func (s *Step) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s - %s", s.From, s.To)
	const form = "2006-01-02 15:04"
	switch {
	case s.First.IsZero():
	case s.First.Equal(s.Last):
		fmt.Fprintf(&b, ", seen %s", s.First.Format(form))
	default:
		fmt.Fprintf(&b, ", seen %s to %s", s.First.Format(form), s.Last.Format(form))
	}
	if s.Decision != "" {
		fmt.Fprintf(&b, ", %sed %s", s.Decision, s.Decided.Format(form))
	}
	if s.Match.Model != 0 {
		fmt.Fprintf(&b, ", matched at %.1f bits", float64(s.Match.Weight)/1000)
	}
	if s.Rule == "" {
		return b.String()
	}
	fmt.Fprintf(&b, "; kept apart: %s", s.Rule)
	if s.Namespace != "" {
		fmt.Fprintf(&b, " of %s", s.Namespace)
	}
	if len(s.Against) == 2 {
		fmt.Fprintf(&b, ": %s, %s", s.Against[0], s.Against[1])
	}
	return b.String()
}
