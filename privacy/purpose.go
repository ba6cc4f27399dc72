package privacy

import (
	"fmt"
	"strings"
	"time"

	"github.com/portraitdb/portrait/profile"
)

// Purpose is the declaration of one purpose that data is used for, and what a grant of
// consent to it has to meet. The zero Purpose takes any grant.
type Purpose struct {
	// Policy is the least version of the text that a grant has to be of; see
	// [profile.ComparePolicies]. Empty takes any, or none.
	Policy string
	// MaxAge is for how long a grant counts from its event on: it ends at that very instant.
	// Zero has no bound, others are at least a second.
	MaxAge time.Duration
	// Automated says that decisions are made about people by machines alone: whoever has
	// opted out of that does not count, whatever was granted.
	Automated bool
}

// Validate returns what is wrong with the purpose, which goes by a name.
func (p Purpose) Validate(name string) error {
	switch {
	case name == profile.AllPurposes || strings.HasPrefix(name, "$"):
		return fmt.Errorf("purpose %q: the name is reserved", name)
	case len(p.Policy) > 256:
		return fmt.Errorf("purpose %q: a policy of %d bytes, the most is 256", name, len(p.Policy))
	case p.MaxAge != 0 && (p.MaxAge < time.Second || p.MaxAge > 200*365*24*time.Hour):
		return fmt.Errorf("purpose %q: max_age %s: want a second to 200 years, or 0 for no bound", name, p.MaxAge)
	}
	return nil
}
