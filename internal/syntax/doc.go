// Package syntax is the language that tag rules and segments share: its tree,
// its text and JSON forms, and its type rules. It evaluates nothing.
package syntax
