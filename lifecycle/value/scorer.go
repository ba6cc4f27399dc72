package value

import (
	"fmt"
	"iter"
	"math"
	"strconv"
	"time"

	"github.com/portraitdb/portrait/profile"
)

// The traits that a [Scorer] tells, behind its Prefix. A model declares those that
// rules ask for, as told attributes that it indexes:
//
//	p_alive:            {type: number, index: true}
//	expected_purchases: {type: number, index: true}
//	clv:                {type: number, index: true}
//	value_model:        {type: string, index: true}
//	value_as_of:        {type: time, index: true}
const (
	TraitPAlive    = "p_alive"
	TraitPurchases = "expected_purchases"
	TraitCLV       = "clv"
	TraitModel     = "value_model"
	TraitAsOf      = "value_as_of"
)

// Scorer turns profiles into events that tell each its scores, for the host to ingest:
//
//	for event, err := range scorer.Events(view.Profiles(ctx, set)) { ... }
//
// Scores are facts of one instant: they stay as they are, whatever the customer does,
// until they are told again, and are then replaced together. TraitAsOf says which are
// old, TraitModel by which fit they are.
//
// Where profiles merge, the scores that were told last hold, those of one of them: the
// next time makes them right. So it is after a merge is undone.
type Scorer struct {
	Folds Folds
	// Model tells P(alive) and the number of purchases. It was fitted without an error
	// to summaries in the unit of Folds.
	Model Model
	// Spend is the model of spending. The zero GammaGamma is none: no CLV is told.
	Spend GammaGamma
	// Horizon is what [CLV] counts; TraitPurchases are those within all of it.
	Horizon Horizon
	// Version names the fit, in TraitModel. It is needed.
	Version string
	// AsOf is up to when purchases were seen: the instant of the view that profiles are
	// read from. It is the time of the events, so that of two scorings the later holds,
	// in whatever order they are ingested; of two as of one instant nothing says which. It
	// is needed.
	AsOf time.Time
	// Prefix stands before the name of every trait: for models of several kinds of
	// purchase.
	Prefix string
}

// Source is that of the events of a [Scorer].
const Source = "portrait/value"

// Validate returns nil or an [*InputError] that names the field: Model, Spend and Horizon
// mean something, and Version and AsOf are there.
func (s *Scorer) Validate() error {
	fault := func(field, detail string) error { return &InputError{Index: -1, Field: field, Detail: detail} }
	checked, ours := s.Model.(interface{ valid() bool })
	switch h := s.Horizon; {
	case s.Model == nil:
		return fault("model", "there is none")
	case ours && !checked.valid():
		return fault("model", "its parameters are not finite and above 0")
	case s.Spend != GammaGamma{} && !s.Spend.valid():
		return fault("spend", "its parameters are not finite and above 0")
	case s.Spend != GammaGamma{} && s.Spend.Q <= 1:
		return fault("spend", fmt.Sprintf("with q = %.4g the mean over the population is infinite", s.Spend.Q))
	case h.Periods < 1 || h.Periods > maxPeriods || !(h.Length > 0) || math.IsInf(h.Length, 0) || !(h.Discount > -1) || math.IsInf(h.Discount, 0):
		return fault("horizon", fmt.Sprintf("%+v is no time to count over", h))
	case math.IsInf(float64(h.Periods)*h.Length, 0) || math.IsInf(math.Pow(1+h.Discount, -float64(h.Periods)), 0):
		return fault("horizon", fmt.Sprintf("%+v makes of something more than can be counted", h))
	case s.Version == "":
		return fault("version", "the fit has no name")
	case s.AsOf.IsZero():
		return fault("as of", "it is not said up to when purchases were seen")
	case !isDated(s.AsOf):
		return fault("as of", notDated)
	}
	return nil
}

// Events yields an Identify event for every profile that made a purchase, and for every
// one that has scores although it made none, whose scores it unsets. The event has one
// identifier, the strongest of the profile, so it joins nobody; its message ID is made
// of Prefix, Version, AsOf and the profile's ID, so that it changes nothing a second time.
//
// A number that the model does not know is unset, never NaN or infinite: P(alive) of one
// who bought once, of a [BGNBD]; CLV without a Spend, or of one whose purchases come to
// less than nothing.
//
// The error comes at most once, last, with a zero event: that of [Scorer.Validate], of
// profiles, or of [Folds.Summary] with the position of the profile. It may be ranged over
// again where profiles may.
func (s *Scorer) Events(profiles iter.Seq2[*profile.Profile, error]) iter.Seq2[profile.Event, error] {
	return func(yield func(profile.Event, error) bool) {
		if err := s.Validate(); err != nil {
			yield(profile.Event{}, err)
			return
		}
		n := 0
		for p, err := range profiles {
			var event profile.Event
			var some bool
			if err == nil {
				event, some, err = s.event(p)
				err = at(err, n)
			}
			if err != nil {
				yield(profile.Event{}, err)
				return
			}
			if n++; some && !yield(event, nil) {
				return
			}
		}
	}
}

// event returns what a profile is told; ok is false where that is nothing.
func (s *Scorer) event(p *profile.Profile) (e profile.Event, ok bool, err error) {
	row, bought, err := s.Folds.Summary(p, s.AsOf)
	_, scored := p.Trait(s.Prefix + TraitAsOf)
	if err != nil || !bought && !scored || len(p.Identifiers) == 0 {
		return profile.Event{}, false, err
	}
	e = profile.Event{
		Type: profile.Identify, Source: Source, Time: s.AsOf, Identifiers: []profile.Identifier{p.Identifiers[0]},
		MessageID: s.Prefix + "/" + s.Version + "/" + profile.InstantOf(s.AsOf).String() + "/" + strconv.FormatUint(uint64(p.ID), 10),
		Traits:    s.unset(),
	}
	if bought {
		e.Traits = s.traits(row)
	}
	return e, true, nil
}

// unset returns all traits as null.
func (s *Scorer) unset() map[string]profile.Value {
	traits := map[string]profile.Value{}
	for _, name := range [...]string{TraitPAlive, TraitPurchases, TraitCLV, TraitModel, TraitAsOf} {
		traits[s.Prefix+name] = profile.Value{}
	}
	return traits
}

// traits returns all traits of one customer; null for what is not known.
func (s *Scorer) traits(row Summary) map[string]profile.Value {
	alive, worth := s.Model.PAlive(row), math.NaN()
	if m, ok := s.Model.(interface{ silent(row Summary) bool }); ok && m.silent(row) {
		alive = math.NaN()
	}
	if s.Spend != (GammaGamma{}) && row.Mean >= 0 {
		worth = CLV(s.Model, s.Spend, row, s.Horizon)
	}
	return map[string]profile.Value{
		s.Prefix + TraitPAlive:    numberOf(alive),
		s.Prefix + TraitPurchases: numberOf(s.Model.ConditionalExpected(row, float64(s.Horizon.Periods)*s.Horizon.Length)),
		s.Prefix + TraitCLV:       numberOf(worth),
		s.Prefix + TraitModel:     profile.String(s.Version),
		s.Prefix + TraitAsOf:      profile.Time(s.AsOf),
	}
}

// numberOf returns a number, null where it is none.
func numberOf(f float64) profile.Value {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return profile.Value{}
	}
	return profile.Number(f)
}
