package syntax

import (
	"time"

	"github.com/portraitdb/portrait/profile"
)

// Pos is a byte offset into the text that a node was read from; -1 for a node
// that was built by hand.
type Pos int

// Expr is a condition: true or false of one profile. The nodes are And, Or, Not,
// Xor, Minus, AtLeast, Const, Compare, In, Has, Match, Exists and TagRef. Trees
// are immutable once built.
type Expr interface{ expr() }

type (
	// And holds when all of X hold; of none it is true.
	And struct{ X []Expr }
	// Or holds when any of X holds; of none it is false.
	Or struct{ X []Expr }
	// Not is the complement among live profiles.
	Not struct{ X Expr }
	// Xor holds when an odd number of X hold.
	Xor struct{ X []Expr }
	// Minus holds when the first of X holds and none of the others.
	Minus struct{ X []Expr }
	// AtLeast holds when K or more of X hold.
	AtLeast struct {
		K int
		X []Expr
	}
	// Const is true or false for every profile.
	Const struct{ Value bool }
	// Compare compares two operands of one kind. It does not hold when either is
	// missing.
	Compare struct {
		Op   Op
		L, R Operand
		Pos  Pos
	}
	// In holds when X equals one of List; Negated, when X exists and equals none.
	In struct {
		X       Operand
		List    []profile.Value
		Negated bool
		Pos     Pos
	}
	// Has compares a set- or list-valued operand with List.
	Has struct {
		Mode HasMode
		X    Operand
		List []profile.Value
		Pos  Pos
	}
	// Match is a predicate on text.
	Match struct {
		Mode    MatchMode
		X       Operand
		Pattern string
		Pos     Pos
	}
	// Exists asks whether X has a value; Missing asks the contrary.
	Exists struct {
		X       Operand
		Missing bool
		Pos     Pos
	}
	// TagRef holds when the profile has the tag.
	TagRef struct {
		Name string
		Pos  Pos
	}
)

func (*And) expr()     {}
func (*Or) expr()      {}
func (*Not) expr()     {}
func (*Xor) expr()     {}
func (*Minus) expr()   {}
func (*AtLeast) expr() {}
func (*Const) expr()   {}
func (*Compare) expr() {}
func (*In) expr()      {}
func (*Has) expr()     {}
func (*Match) expr()   {}
func (*Exists) expr()  {}
func (*TagRef) expr()  {}

// Op is a comparison operator.
type Op uint8

// The comparison operators.
const (
	Eq Op = iota
	Ne    // requires both sides: it does not hold of a missing operand
	Lt
	Le
	Gt
	Ge
)

// HasMode says how a set is compared with a list.
type HasMode uint8

// The set predicates.
const (
	AnyOf  HasMode = iota
	AllOf          // of an empty list: true where the set exists
	NoneOf         // requires the set to exist
)

// MatchMode is a predicate on text.
type MatchMode uint8

// The text predicates. Regex is RE2 (linear time), unanchored.
const (
	Contains MatchMode = iota
	StartsWith
	EndsWith
	Regex
)

// Operand is a value of one profile, or missing. The nodes are Trait, Aggregate,
// Literal, Now and Ago.
type Operand interface{ operand() }

type (
	// Trait is a trait by name: an attribute, or a computed trait, which stands
	// for its Aggregate.
	Trait struct {
		Name string
		Pos  Pos
	}
	// Aggregate is a lifetime fold over one event name.
	Aggregate struct {
		Fn       Fn
		Event    string
		Property string // empty for Count, FirstTime and LastTime
		Pos      Pos
	}
	// Literal is a constant.
	Literal struct {
		Value profile.Value
		Pos   Pos
	}
	// Now is the instant of the answer, moved by Offset (negative: before it).
	Now struct {
		Offset time.Duration
		Pos    Pos
	}
	// Ago is the start of the window last(N Unit) in the model's zone: for days
	// and longer the civil day N-1 units before today's.
	Ago struct {
		N    int
		Unit Unit
		Pos  Pos
	}
)

func (*Trait) operand()     {}
func (*Aggregate) operand() {}
func (*Literal) operand()   {}
func (*Now) operand()       {}
func (*Ago) operand()       {}

// Fn is an aggregate function.
type Fn uint8

// The aggregate functions. Count and Unique of a person without the event are
// 0; every other is missing.
const (
	Count Fn = iota
	SumOf
	AvgOf
	MinOf
	MaxOf
	FirstOf // the property in the earliest event that had it
	LastOf
	FirstTime // when the event first happened
	LastTime
	Unique // how many distinct values the property had
)

// Unit is a unit of a window.
type Unit uint8

// The units, with the letters that write them.
const (
	Minute Unit = iota // m
	Hour               // h
	Day                // d
	Week               // w
	Month              // mo
	Year               // y
)

// Scope tells what the names in an expression mean under one model.
type Scope interface {
	// Trait returns the declaration of a trait.
	Trait(name string) (TraitInfo, bool)
	// Tag returns a tag's rule.
	Tag(name string) (Expr, bool)
	// Folded reports whether the property of the event is folded as a number,
	// and as a set of distinct values.
	Folded(event, property string) (number, unique bool)
	// Zone is the model's time zone.
	Zone() *time.Location
	// Names lists what is declared, for suggestions: kind is "trait" or "tag".
	Names(kind string) []string
}

// TraitInfo is the declaration of one trait. Where Aggregate is set the trait
// is computed; otherwise it is an attribute of Kind under Policy.
type TraitInfo struct {
	Kind      profile.Kind // for a set or list: KindSet, its elements of Elem
	Elem      profile.Kind
	Policy    profile.Policy
	Aggregate *Aggregate
}
