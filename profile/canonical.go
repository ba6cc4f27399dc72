package profile

// Name tells the state whose it is: the identifier that its events fold into. The state
// keeps id, which must not change; it is no part of what is stored.
func (s *State) Name(id *Identifier) { s.named = id }

// Canonical returns the identifier that stands for the person in whatever must not
// depend on the order of arrival: of those whose states were combined the one with the
// earliest event, of equals the least. It is nil where no state with events was named.
func (s *State) Canonical() *Identifier {
	if s.events == 0 {
		return nil
	}
	return s.named
}

// rename takes over the name of a state that is about to be absorbed.
func (s *State) rename(d *State) {
	if d.named == nil || d.events == 0 {
		return
	}
	if s.named == nil || s.events == 0 {
		s.named = d.named
		return
	}
	if c := d.first.Compare(s.first); c < 0 || c == 0 && d.named.Compare(*s.named) < 0 {
		s.named = d.named
	}
}
