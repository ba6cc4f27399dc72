// Package profile is Portrait's vocabulary and its state: identifiers, events,
// values, traits and profiles, and the commutative monoid that events fold into.
package profile
