package profile

// LiftSeries returns the State of one valid event as far as it is series: absorbing it
// adds the event to the series of the Schema's Folds, and to nothing else. It is for
// Folds that are new beside a State which has folded the event already.
func (sc *Schema) LiftSeries(e *Event) *State {
	s := &State{}
	if name := e.CountedName(); name != "" && len(sc.Folds) > 0 {
		s.series = sc.liftSeries(e, name, e.Stamp())
	}
	return s
}
