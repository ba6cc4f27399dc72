// Package tags turns rules into programs: a rule is parsed, checked against a
// model, compiled once and then evaluated over the states of profiles, each time
// with the instant until which the answer holds by itself. Likewise operands are
// compiled into values, and what profiles have to keep for both into folds.
//
// The language is described in docs/language.md.
//
// # What a host uses
//
// [Rule] and [Formula] with [Parse], [MustParse], [ParseFormula] and
// [MustParseFormula]; [Definition] with [Kind], [Tier], [Place] and [Interest];
// [Assign] and [Unassign]; [Search]. And what package portrait answers with:
// [Entry], [Revision], [Explanation] and [Analysis]. All else, such as programs and
// folds, is between Portrait's own packages, and may change.
//
// # How the instant is found
//
// Every operand gives, with its value, an instant before which it stays the same: the
// next at which a bucket that is not empty enters or leaves its window, the next
// midnight or tick, the end of what a sequence waits for. A condition asks on at that
// instant until its answer differs; where the value can go one way only, or the
// matches of a sequence are known with their times, it bisects or looks them up
// instead. Conditions that are combined combine their instants.
//
// # Goroutine safety
//
// A [Rule], a [Formula], a [Definition], a [Program] and a [Value] are immutable and
// safe for concurrent use; so are the functions within a fold of [NewFold].
package tags
