// Package oracle is Portrait a second time, written to be obviously right: maps,
// sorted slices and big integers, every event looked at again for every answer.
// It is slow and shares no algorithm with the fast path: of the other packages it
// uses the vocabulary (profile's events, values and stamps) and the tree of the
// language, never their folding, decoding, resolving or evaluation.
//
// Check and the tests compare the two. Each file restates one definition:
//
//   - fold.go: what a set of events says of a person;
//   - merge.go: what the persons behind several identifiers say together;
//   - decode.go, decodeseries.go: what the stored bytes of a state say;
//   - index.go: what the stored bytes of bitmaps and columns say;
//   - eval.go: when a condition holds of a person at an instant;
//   - where.go: when a where() holds of an event;
//   - history.go, series.go: what events come to in buckets of time;
//   - window.go: days, and which buckets a window has;
//   - aggregate.go, sequence.go, interest.go, dwell.go, formula.go: what operands are;
//   - rules.go: what the identity rules say;
//   - evidence.go: what is known of identifiers and pairs of them;
//   - filter.go: what an identifier's policies make of its pairs;
//   - partition.go, why.go: which identifiers are one person, and why;
//   - store.go: all of it at once, a whole Portrait in memory;
//   - roll.go: who is where in it, and who entered and left;
//   - gather.go: what its events, decisions, matches and vetoes come to.
//
// Nothing here is safe for concurrent use, but for functions over values that
// nobody changes.
package oracle
