package profile

import (
	"cmp"
	"strings"
	"time"
)

// Provenance says where a trait has its value from.
type Provenance struct {
	Trait
	// Compute is the operand that a computed trait stands for; the fields below are then
	// not set.
	Compute string
	// Masked says that the trait is computed, and that whoever asked may not read what of:
	// Compute is then empty.
	Masked bool
	// Policy made one of the values told of the attribute. Declared says that the model
	// names the attribute; one that it does not name is under Latest.
	Policy   Policy
	Declared bool
	// At is the time of the event that told the value, UTC; zero where it comes from
	// many, as under Sum and Union. Source and MessageID are of that event; both are
	// empty where it is no longer kept. None of the three is set for whoever may not read
	// what events say.
	At                time.Time
	Source, MessageID string
}

// Told returns the stamp of the event that an attribute has its value from under a
// policy. ok is false where it has none, or where it comes from many events, as under
// Sum and Union.
func (s *State) Told(name string, p Policy) (at Stamp, ok bool) {
	if p == Sum || p == Union {
		return Stamp{}, false
	}
	i := find(len(s.attrs), func(i int) int {
		a := &s.attrs[i]
		return cmp.Or(strings.Compare(a.name, name), cmp.Compare(a.policy, p))
	})
	if i < 0 {
		return Stamp{}, false
	}
	a := s.attrs[i]
	if i+1 < len(s.attrs) && a.twin(&s.attrs[i+1]) {
		a.join(&s.attrs[i+1])
	}
	_, ok = a.read()
	return a.stamp, ok
}
