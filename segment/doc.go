// Package segment answers which profiles are in a segment, and how many, from
// bitmaps and columns held in memory.
//
// # What a host uses
//
// [Expr] and what makes one: [Parse], [MustParse], [And], [Or], [Not], [Tag],
// [TagValue], [Identified], [Consent] and [Members]. [Set], with [CollectSet],
// [ParseSet] and [Compare]. [WithBudget], [Budget] and [BudgetError]; [Plan] and [Cost].
// [Upload], [Uploaded] and [List]. And what a portrait.View answers with: [Stats],
// [Score], [Bin], [GroupStats], [Facet], [Flip], [Flow] and [Move]. All else is between
// Portrait's own packages, and may change.
//
// # Parts
//
// An [Index] holds fields: bitmaps (a tag, a value of a trait, the universe of
// live profiles) and columns (a number or a time per profile). Every commit makes
// a new immutable [Root], sharing with the one before all that it did not touch.
// Shards of 2^20 ordinals are loaded through the reader's [Loader] when a query
// first needs them, and evicted under a byte budget.
//
// An [Expr] is a condition in Portrait's language; [Compile] turns it, by way of
// a [Catalog] that knows which field holds what, into the algebra of [Node], and
// plans it to a [Query]. A Query counts without building, stops early where it
// only asks whether any member exists, or builds a [Set]; a [Batch] answers many in
// one pass. What it will take is known before, from [Query.Plan], and bounded by a
// [Budget].
//
// Numbers and times are asked of any query: [Query.Summary], Quantiles, Rank, Top,
// Histogram and Groups go through a column once or twice, and are exact whatever the
// order and number of the values.
//
// # The executor
//
// A query runs block by block (2^16 ordinals). In each block operands are ordered
// by their cardinality there; a conjunction with an empty operand ends at once,
// one with a short list of candidates probes the other operands with it, and
// any other goes through all its operands in a single pass. Nothing is allocated
// and no intermediate bitmap is built.
package segment
