// Package syntaxtest has what tests of the language share: a model of its own
// and random expressions over it.
package syntaxtest

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/portraitdb/portrait/internal/syntax"
	"github.com/portraitdb/portrait/profile"
)

// Scope is a model as plain data. It implements [syntax.Scope]. It is not safe for
// concurrent use.
type Scope struct {
	Traits    map[string]syntax.TraitInfo
	Tags      map[string]syntax.Expr            // any value
	Values    map[string]map[string]syntax.Expr // of tags that have them
	Interests map[string]syntax.InterestInfo
	Places    map[string]syntax.Area
	Purposes  map[string]syntax.Purpose
	Numbers   map[string][]string // by event
	Uniques   map[string][]string
	Loc       *time.Location // nil is UTC
	FirstDay  time.Weekday   // of the week
	// KeepsNothing makes a model that keeps no fold; else all that are asked for are
	// kept for ever.
	KeepsNothing bool

	kept map[string]uint32 // by key
	// Folds are what was asked for: the first has the number 1.
	Folds []*syntax.Fold
}

var _ syntax.Scope = (*Scope)(nil)

// Trait implements [syntax.Scope].
func (s *Scope) Trait(name string) (syntax.TraitInfo, bool) {
	info, ok := s.Traits[name]
	return info, ok
}

// Tag implements [syntax.Scope].
func (s *Scope) Tag(name, value string) (syntax.Expr, bool) {
	if value != "" {
		e, ok := s.Values[name][value]
		return e, ok
	}
	e, ok := s.Tags[name]
	return e, ok
}

// Folded implements [syntax.Scope].
func (s *Scope) Folded(event, property string) (number, unique bool) {
	return slices.Contains(s.Numbers[event], property), slices.Contains(s.Uniques[event], property)
}

// Interest implements [syntax.Scope].
func (s *Scope) Interest(name string) (syntax.InterestInfo, bool) {
	info, ok := s.Interests[name]
	return info, ok
}

// Purpose implements [syntax.Scope].
func (s *Scope) Purpose(name string) (syntax.Purpose, bool) {
	p, ok := s.Purposes[name]
	return p, ok
}

// Place implements [syntax.Scope].
func (s *Scope) Place(name string) (syntax.Area, bool) {
	area, ok := s.Places[name]
	return area, ok
}

// Kept implements [syntax.Scope].
func (s *Scope) Kept(f *syntax.Fold) (id uint32, ok bool) {
	if s.KeepsNothing {
		return 0, false
	}
	key := f.Key(s.Zone().String())
	if id, ok := s.kept[key]; ok {
		return id, true
	}
	if s.kept == nil {
		s.kept = map[string]uint32{}
	}
	f = new(*f)
	f.Keep = 0
	s.Folds = append(s.Folds, f)
	s.kept[key] = uint32(len(s.Folds))
	return s.kept[key], true
}

// WeekStart implements [syntax.Scope].
func (s *Scope) WeekStart() time.Weekday { return s.FirstDay }

// Zone implements [syntax.Scope].
func (s *Scope) Zone() *time.Location {
	if s.Loc == nil {
		return time.UTC
	}
	return s.Loc
}

// Names implements [syntax.Scope].
func (s *Scope) Names(kind string) []string {
	switch kind {
	case "trait":
		return slices.Sorted(maps.Keys(s.Traits))
	case "interest":
		return slices.Sorted(maps.Keys(s.Interests))
	case "namespace":
		return []string{"anonymous_id", "device_id", "email", "phone", "user_id"}
	case "place":
		return slices.Sorted(maps.Keys(s.Places))
	case "purpose":
		return slices.Sorted(maps.Keys(s.Purposes))
	case "tag":
		return slices.Sorted(maps.Keys(s.Tags))
	}
	tag, _ := strings.CutPrefix(kind, "value of ")
	return slices.Sorted(maps.Keys(s.Values[tag]))
}

// Schema returns what the model folds.
func (s *Scope) Schema() *profile.Schema {
	schema := &profile.Schema{Attributes: map[string]profile.Attribute{}, Events: map[string]profile.Folds{}, Purposes: slices.Sorted(maps.Keys(s.Purposes))}
	for name, info := range s.Traits {
		if info.Compute == nil {
			schema.Attributes[name] = profile.Attribute{Kind: info.Kind, Elem: info.Elem, Policy: info.Policy}
		}
	}
	for _, events := range []map[string][]string{s.Numbers, s.Uniques} {
		for name := range events {
			schema.Events[name] = profile.Folds{Numbers: s.Numbers[name], Uniques: s.Uniques[name]}
		}
	}
	return schema
}

// Shop returns a model with a trait of every kind and a few tags, under a zone.
func Shop(zone *time.Location) *Scope {
	s := &Scope{
		Traits: map[string]syntax.TraitInfo{
			"city":       {Kind: profile.KindString},
			"名 字":        {Kind: profile.KindString},
			"age":        {Kind: profile.KindNumber},
			"points":     {Kind: profile.KindNumber, Policy: profile.Sum},
			"vip":        {Kind: profile.KindBool},
			"registered": {Kind: profile.KindTime, Policy: profile.Min},
			"renewal":    {Kind: profile.KindTime},
			"home":       {Kind: profile.KindPoint},
			"apps":       {Kind: profile.KindSet, Elem: profile.KindString, Policy: profile.Union},
			"sizes":      {Kind: profile.KindSet, Elem: profile.KindNumber},
			"visits":     {Kind: profile.KindSet, Elem: profile.KindTime, Policy: profile.Union},
		},
		Tags:   map[string]syntax.Expr{},
		Values: map[string]map[string]syntax.Expr{"等级": {}},
		Interests: map[string]syntax.InterestInfo{"category": {HalfLife: 7 * 24 * time.Hour, Sources: []syntax.InterestSource{
			{Filter: syntax.Filter{Event: "Product Viewed", Pos: -1}, Property: "category", Weight: 1},
		}}},
		Purposes: map[string]syntax.Purpose{
			"ads": {Terms: profile.Terms{Policy: "v9", MaxAge: 72 * time.Hour}}, "mail": {}, "scores": {Automated: true},
		},
		Numbers:  map[string][]string{"Order Completed": {"revenue"}, "Product Viewed": {"price"}},
		Uniques:  map[string][]string{"Order Completed": {"coupon"}},
		Loc:      zone,
		FirstDay: time.Monday,
	}
	for name, compute := range map[string]string{
		"spend":      `sum("Order Completed", "revenue")`,
		"last_order": `last_time("Order Completed")`,
		"recent":     `count("Order Completed", last("7d"))`,
		"basket":     `spend / count("Order Completed")`,
		"favourite":  `most_frequent("Product Viewed", "category")`,
	} {
		x, err := syntax.ParseOperand(compute)
		if err != nil {
			panic("syntaxtest: " + err.Error())
		}
		s.Traits[name] = syntax.TraitInfo{Compute: x}
	}
	for name, info := range s.Traits {
		if info.Compute != nil {
			info.Kind, info.Elem, _ = syntax.OperandKind(info.Compute, s)
			s.Traits[name] = info
		}
	}
	for name, rule := range map[string]string{
		"高频购买者": `count("Order Completed") >= 3`,
		"沉睡":    `last_time("Order Completed") < ago("90d") or missing(last_order)`,
		"新客":    `registered >= ago("7d") and not tag("高频购买者")`,
		"等级":    `true`,
		"等级/高":  `spend >= 20`,
		"等级/中":  `not (spend >= 20)`,
	} {
		e, err := syntax.Parse(rule)
		if err != nil {
			panic("syntaxtest: " + err.Error())
		}
		if tag, value, ok := strings.Cut(name, "/"); ok {
			s.Values[tag][value] = e
			continue
		}
		s.Tags[name] = e
	}
	return s
}
