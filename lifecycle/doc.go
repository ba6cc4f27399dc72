// Package lifecycle is the arithmetic of how customers come, stay and leave: scores
// of recency, frequency and monetary value, growth accounting, cohorts, and how they
// move from stage to stage.
//
// All of it is pure functions of values: nothing is read from a store, and the
// order of customers never matters but where it is said to. Everything is safe for
// concurrent use. What single customers are worth is in package lifecycle/value.
//
// # RFM
//
// A [Scheme] scores customers against each other by quantiles and returns, beside
// the scores, the cut-offs that it used: [Scales] scores anybody by them later,
// however the population has moved on. A [Naming] turns scores into the names of
// segments: [Putler], [RPackage], [Quartiles], or boxes and codes of your own.
// [Eight] names the eight classes that are in use in China.
//
// The field disagrees about what happens to values that equal a cut-off, and the
// segments of one population differ for it: [Edges] has the three ways, each held
// against a published table, and one that agrees with what a store counts itself.
//
// Frozen cut-offs make live tags: [Scale.Tiers], [Boxes.Tiers], [Codes.Tiers] and
// [EightTiers] write their rules. Where equal frequencies shall be told apart, as
// RankFrequency does, score orders + draw("rfm") instead of orders: draw goes by the
// canonical identifier alone.
//
// # Growth
//
// [Grow] accounts for every customer in every period: new, retained, resurrected or
// churned, so that
//
//	active(t)   = new + retained + resurrected
//	active(t-1) = retained + churned
//
// [Cohorts] follows those who came in one period through the later ones. Both take
// the periods in which each customer was active, as [Calendar] numbers them.
//
// # Stages
//
// [Thresholds.Rules] is a model of eight stages of a customer's life, from orders alone.
// A store keeps every [Move] between stages: a [Path] is those of one profile, a [Flow]
// where everybody went between two dates, [Times] how long they stayed, and an [Order]
// tells the moves that should not be.
package lifecycle
