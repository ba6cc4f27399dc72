package tags

import (
	"errors"
	"fmt"
	"math"
	"time"
	"unicode/utf8"

	"github.com/portraitdb/portrait/internal/syntax"
)

// Interest declares a score for each value of a property, such as each category
// that a person looks at. What an event adds halves with every HalfLife.
type Interest struct {
	// Name is how rules call it. Required.
	Name string
	// HalfLife is from a minute to 100 years. Required.
	HalfLife time.Duration
	// Sources are the events that add to it; at least one.
	Sources []InterestSource
}

// InterestSource says what the events of one name add.
type InterestSource struct {
	// Event is the name. Required.
	Event string
	// Property is that whose values are the keys; of a list every element is one.
	// Required.
	Property string
	// Where selects events by their properties. The zero Rule takes all.
	Where Rule
	// Weight is what an event adds, from -1e6 to 1e6. Zero means 1.
	Weight float64
	// By is a numeric property that Weight is multiplied by; "" for none.
	By string
}

// The bounds of an interest.
const (
	minHalfLife       = time.Minute
	maxHalfLife       = 100 * 365 * 24 * time.Hour
	maxInterestWeight = 1e6
)

// Info returns the declaration as rules are checked against it.
func (i Interest) Info() syntax.InterestInfo {
	info := syntax.InterestInfo{HalfLife: i.HalfLife}
	for _, s := range i.Sources {
		weight := s.Weight
		if weight == 0 {
			weight = 1
		}
		info.Sources = append(info.Sources, syntax.InterestSource{
			Filter:   syntax.Filter{Event: s.Event, Where: s.Where.Tree(), Pos: -1},
			Property: s.Property, Weight: weight, By: s.By,
		})
	}
	return info
}

// Validate returns an error that joins every fault of the declaration by itself.
func (i Interest) Validate() error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("interest %q: "+format, append([]any{shorten(i.Name)}, args...)...))
	}
	switch {
	case i.Name == "" || !utf8.ValidString(i.Name):
		faults = append(faults, errors.New("interest: it wants a name in valid UTF-8"))
	case len(i.Name) > MaxNameBytes:
		fault("the name is %d bytes long, %d are allowed", len(i.Name), MaxNameBytes)
	}
	if i.HalfLife < minHalfLife || i.HalfLife > maxHalfLife || i.HalfLife%time.Microsecond != 0 {
		fault("half_life %s: want a minute to 100 years, in whole microseconds", i.HalfLife)
	}
	if len(i.Sources) == 0 {
		fault("no event adds to it")
	}
	for n, s := range i.Sources {
		if s.Event == "" || s.Property == "" || !utf8.ValidString(s.Event+s.Property+s.By) {
			fault("source %d: it wants an event and the property whose values are scored, in valid UTF-8", n+1)
		}
		if math.IsNaN(s.Weight) || math.Abs(s.Weight) > maxInterestWeight {
			fault("source %d: weight %g: want -1e6 to 1e6", n+1, s.Weight)
		}
	}
	return errors.Join(faults...)
}
