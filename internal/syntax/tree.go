package syntax

import (
	"time"

	"github.com/portraitdb/portrait/profile"
)

// Pos is a byte offset into the text that a node was read from; -1 for a node
// that was built by hand.
type Pos int

// Expr is a condition: true or false of one profile. The nodes are And, Or, Not,
// Xor, Minus, AtLeast, Const, Compare, In, Has, Match, Exists, Inside, InList, Consent, TagRef,
// Happened and Each, Members and Refused where it was put together. Trees are immutable once built.
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
	// TagRef holds when the profile has the tag; where Value is set, with that
	// value.
	TagRef struct {
		Name  string
		Value string // "" asks for any
		Pos   Pos
	}
	// Happened holds when the sequence has a match.
	Happened struct{ X *Sequence }
	// Each stands in a where() alone: X is a list-valued property of the event, and
	// Where holds of one of its elements; All, of every one (of none, it holds).
	// The traits in Where are the fields of an element that is an object.
	Each struct {
		X     Operand
		Where Expr
		All   bool
		Pos   Pos
	}
)

func (*And) expr()      {}
func (*Or) expr()       {}
func (*Not) expr()      {}
func (*Xor) expr()      {}
func (*Minus) expr()    {}
func (*AtLeast) expr()  {}
func (*Const) expr()    {}
func (*Compare) expr()  {}
func (*In) expr()       {}
func (*Has) expr()      {}
func (*Match) expr()    {}
func (*Exists) expr()   {}
func (*TagRef) expr()   {}
func (*Happened) expr() {}
func (*Each) expr()     {}

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

// Mirrored returns the operator that says the same with its sides exchanged.
func (op Op) Mirrored() Op {
	switch op {
	case Lt:
		return Gt
	case Le:
		return Ge
	case Gt:
		return Lt
	case Ge:
		return Le
	}
	return op
}

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
// Sequence, Interest, Interests, Standing, Namespaces, Draw, Arith, Call, If, Literal, Now and Ago.
type Operand interface{ operand() }

type (
	// Trait is a trait by name: an attribute, or one that stands for what it
	// computes. In a where() it is a property of the event.
	Trait struct {
		Name string
		Pos  Pos
	}
	// Aggregate is a fold over the events of one name that Where holds of, within
	// Window.
	Aggregate struct {
		Fn       Fn
		Event    string // AnyEvent for the events of every name that are counted
		Property string // empty for those that fold none: see Fn
		By       string // Top: the number that is summed for each value; "" counts events
		N        int    // Top, Latest, Earliest: how many values at most
		Gap      time.Duration
		Where    Expr // nil: all events of the name
		Window   Window
		Stay     *Stay // Dwell
		Pos      Pos
	}
	// Sequence is the number of matches of a sequence of events.
	Sequence struct {
		Steps  []Step
		Within time.Duration // from the first step to the last at most; 0: no bound but Window
		// Without are forbidden after the last step, until Within has passed since the
		// first: then the match is complete.
		Without []Filter
		Same    string // the property whose value all events of a match share; "": none
		Overlap bool   // count a match for every event that begins one; else they do not overlap
		Window  Window // Last; the zero Window is that of 30 days
		Pos     Pos
	}
	// Interest is the decayed score of one key of an interest that the model
	// declares; Key "" stands for the sum of all keys.
	Interest struct {
		Name, Key string
		Pos       Pos
	}
	// Interests are the N keys of greatest score, the greatest first.
	Interests struct {
		Name string
		N    int
		Pos  Pos
	}
	// Draw is the lot of the profile's canonical identifier under a salt: which of N
	// equal parts, from 1 on, it falls into; of no parts a number from 0 to below 1.
	Draw struct {
		Salt string
		N    int
		Pos  Pos
	}
	// Arith is arithmetic on two numbers; missing where a side is, and where it
	// divides by zero.
	Arith struct {
		Op   ArithOp
		L, R Operand
		Pos  Pos
	}
	// Call is a function of values.
	Call struct {
		Fn   CallFn
		Args []Operand
		Pos  Pos
	}
	// If is Then where Cond holds, else Else.
	If struct {
		Cond       Expr
		Then, Else Operand
		Pos        Pos
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
func (*Sequence) operand()  {}
func (*Interest) operand()  {}
func (*Interests) operand() {}
func (*Draw) operand()      {}
func (*Arith) operand()     {}
func (*Call) operand()      {}
func (*If) operand()        {}
func (*Literal) operand()   {}
func (*Now) operand()       {}
func (*Ago) operand()       {}

// AnyEvent stands for the events of every name that are counted.
const AnyEvent = "*"

// Fn is an aggregate function.
type Fn uint8

// The aggregate functions. Of a person without such an event the counts (Count,
// Unique, Days, ShareOfDays, Streak, LongestStreak, Sessions) are 0; every other is
// missing.
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
	Unique        // how many distinct values the property had
	MostFrequent  // the value that most events had; of equals the least
	Top           // the N values that most events had, or of the greatest sum of By; of equals the least
	Latest        // the N values seen last, the last first; of equals the least
	Earliest      // the N values seen first, the first first; of equals the least
	Days          // on how many civil days it happened
	ShareOfDays   // Days by the number of days in the window, up to today
	Streak        // days in a row up to today, or to yesterday while there is none today
	LongestStreak // most days in a row
	Sessions      // runs of events without a pause longer than Gap, counted where they begin
	Dwell         // the point where most hours of Stay were spent; its Window is of days
	FirstDaySum   // the sum over the civil day on which it first happened
)

// Step is one step of a sequence: an event after that of the step before.
type Step struct {
	Filter
	// Within bounds the time since the step before; 0: no bound.
	Within time.Duration
	// Without are forbidden between the step before and this one.
	Without []Filter
}

// Filter is the events of one name that Where holds of.
type Filter struct {
	Event string
	Where Expr // nil: all
	Pos   Pos
}

// ArithOp is an arithmetic operator.
type ArithOp uint8

// The arithmetic operators.
const (
	Add ArithOp = iota
	Sub
	Mul
	Div
)

// CallFn is a function of values.
type CallFn uint8

// The functions of values. All but Coalesce are missing where an argument is.
const (
	Coalesce    CallFn = iota // the first that is not missing
	Least                     // of numbers, times or texts
	Greatest                  //
	Round                     // a number, to as many decimals as the second, a constant from 0 to 6, says; half away from zero
	Floor                     //
	Ceil                      //
	Abs                       //
	DaysSince                 // civil days from a time to today; negative for one to come
	DaysBetween               // civil days from a time to another
	DaysAt                    // of what Dwell gives: on how many days the person was there
	DaysSeen                  // on how many days the person was seen at all
	Confidence                // DaysAt by DaysSeen
)

// WindowKind says what a window is bounded by.
type WindowKind uint8

// The kinds of windows.
const (
	Lifetime WindowKind = iota
	Last                // last(N Unit): the running unit and the N-1 before it
	Between             // between(N Unit, M Unit): last(N Unit) without last(M Unit), N > M
	Since               // since a time, all that comes later included
	This                // this(Period): the running civil day, week, month, quarter or year
)

// Window is the time that an aggregate looks at. Its unit is its grain: minutes and
// hours are those of UTC, days and longer are civil days of the model's zone. A unit
// counts once it has begun.
type Window struct {
	Kind   WindowKind
	N, M   int
	Unit   Unit
	Period Period
	Since  profile.Value // a time; before Check perhaps a civil text
}

// Period is a civil unit that begins by the calendar.
type Period uint8

// The periods. Weeks begin on the day that the model says.
const (
	ThisDay Period = iota
	ThisWeek
	ThisMonth
	ThisQuarter
	ThisYear
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
	// Tag returns the rule by which a profile has the tag, or has it with a value.
	Tag(name, value string) (Expr, bool)
	// Interest returns the declaration of an interest.
	Interest(name string) (InterestInfo, bool)
	// Folded reports whether the property of the event is folded as a number,
	// and as a set of distinct values, over the whole life.
	Folded(event, property string) (number, unique bool)
	// Place returns the area of a place that is declared.
	Place(name string) (Area, bool)
	// Purpose returns the declaration of a purpose.
	Purpose(name string) (Purpose, bool)
	// Kept returns the number under which profiles keep what a Fold says, for as long
	// as it says or longer; ok is false where the model does not ask for it.
	Kept(f *Fold) (id uint32, ok bool)
	// Zone is the model's time zone.
	Zone() *time.Location
	// WeekStart is the day that weeks begin on.
	WeekStart() time.Weekday
	// Names lists what is declared, for suggestions: kind is "trait", "tag",
	// "interest", "place", "namespace", "purpose" or, of the values that a tag declares, "value of " and its name.
	Names(kind string) []string
}

// TraitInfo is the declaration of one trait. Where Compute is set the trait is what
// that gives; otherwise it is an attribute of Kind under Policy.
type TraitInfo struct {
	Kind    profile.Kind // for a set or list: KindSet, its elements of Elem
	Elem    profile.Kind
	Policy  profile.Policy
	Retain  time.Duration // told longer ago it is missing; 0: never
	Compute Operand
}

// InterestInfo is the declaration of one interest: a score for each value of a
// property, that halves with every HalfLife.
type InterestInfo struct {
	Sources  []InterestSource
	HalfLife time.Duration
}

// InterestSource says what an event adds to the score.
type InterestSource struct {
	Filter
	Property string // whose values are the keys; of a list each element
	// Weight is what an event adds, not 0, from -1e6 to 1e6; where By is set, times
	// that numeric property.
	Weight float64
	By     string
}
