// Package tags turns rules into programs: a rule is parsed, checked against a
// model, compiled once and then evaluated over the states of profiles, each time
// with the instant until which the answer holds by itself.
//
// The language is described in docs/language.md.
//
// # Goroutine safety
//
// A [Rule], a [Definition] and a [Program] are immutable and safe for concurrent
// use.
package tags
