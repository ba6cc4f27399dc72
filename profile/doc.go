// Package profile is Portrait's vocabulary and its state: identifiers, events,
// values, traits and profiles, and the commutative monoid that events fold into.
//
// # What a host uses
//
// [Event] with [ParseEvent] and [Type]; [Identifier]; [Value], [Kind] and what makes
// values ([String], [Number], [Bool], [Time], [Point], [List], [Set]); [Consent];
// [Limits]; [Policy] and [Folds], of a model; [FieldError] and the reasons. And what package portrait answers with:
// [Profile], [ID], [Trait], [EventStats], [Provenance] and [Instant]. All else, such as
// [State] and the folds, is between Portrait's own packages, and may change.
package profile
