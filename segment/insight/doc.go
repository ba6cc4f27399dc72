// Package insight reads audiences: how a segment differs from everybody or from
// another segment, how attributes go together, how numbers are spread, how segments
// overlap, where people drop out of a funnel, who comes back, by which channels they are
// reached, and how a segment has grown.
//
// Everything is counted exactly, from bitmaps, by a [Counter], such as a
// *portrait.View, which answers all of it as of one commit and one instant. What is
// inferred beyond the counts (intervals, tests) says how, and where it is from.
//
// Small groups are hidden where a least cell is set: they, and as many others as it
// takes that nobody finds them by subtraction.
//
// A [Report] shows what was found, and what is known of one person or of how people come
// and go, as a page of pictures with their figures.
//
// All functions may be called from any goroutine. They keep nothing of their
// arguments.
package insight
