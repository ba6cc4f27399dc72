package profile

import "slices"

// Policy says how the values told for one attribute, over all events and all
// identifiers of a person, become one. Each is order-free.
type Policy uint8

// The merge policies. The zero value is Latest.
const (
	Latest   Policy = iota // the value of the latest event; null unsets it
	First                  // the value of the earliest event
	Max                    // the greatest value
	Min                    // the least value
	Sum                    // a counter: every value told is added (numbers only)
	Union                  // the set of all values told
	NonEmpty               // the latest value that is neither null, "" nor an empty list

	// consents is how consents are kept, see register.go. No attribute is declared so.
	consents
)

var policyNames = [...]string{"latest", "first", "max", "min", "sum", "union", "nonEmpty", "consent"}

// String returns the policy's name as the model file writes it.
func (p Policy) String() string {
	if int(p) < len(policyNames) {
		return policyNames[p]
	}
	return "policy(?)"
}

// ParsePolicy returns the policy of that name.
func ParsePolicy(name string) (Policy, bool) {
	i := slices.Index(policyNames[:consents], name)
	return Policy(max(i, 0)), i >= 0
}
