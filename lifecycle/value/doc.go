// Package value tells what customers are worth who may leave without a word: how
// probably each is still alive, how often they will buy, and for how much.
//
//	table, err := value.Summarise(transactions, value.Options{Unit: value.Week, CalibrationEnd: end})
//	model, report, err := value.FitParetoNBD(ctx, table.Rows())  // or BG/NBD, MBG/NBD, BG/BB
//	spend, _, err := value.FitGammaGamma(ctx, table.Rows())
//	alive := model.PAlive(row)                                   // a probability
//	orders := model.ConditionalExpected(row, 52)                 // in the next 52 weeks
//	worth := value.CLV(model, spend, row, value.Horizon{Periods: 12, Length: 52.0 / 12, Discount: 0.01})
//
// All of a customer that counts is a [Summary]: how many repeat transactions, when
// the last was, how long ago the first. Customers whose summaries are alike are one
// row with a weight, so a fit costs what there are different rows.
//
// # Which model
//
//   - [ParetoNBD]: purchases at any time, customers leave at any time. The
//     reference; the slowest to fit.
//   - [BGNBD]: customers leave only at a repeat purchase. As good for expected
//     numbers, ten times as fast; it takes every one-time buyer for alive.
//   - [MBGNBD]: as BG/NBD, but they may leave at the first purchase too.
//   - [BGBB]: at most one transaction at each of some given opportunities.
//   - [GammaGamma]: how much a customer spends, beside any of those.
//
// Each says where it must not be used. None is for contracts, where one sees who
// leaves. Hold a part of the time back, and look at [Compare] and [Track], before
// believing any.
//
// # In a store
//
// [Folds] reads summaries from profiles whose model folds their purchases, and a
// [Scorer] turns profiles into events that tell each its scores as traits, which
// rules then ask: p_alive < 0.2 and clv > 500. See docs/value.md.
//
// # Numbers
//
// The parameters are those of greatest likelihood. A fit returns an error rather
// than parameters that mean nothing: see [FitError]. Likelihoods are computed in
// logarithms, so thousands of transactions neither under- nor overflow, and the
// formulas hold at a = 1, s = 1 and gamma = 1, where the published ones are 0/0.
// The same rows in any order give the same bits.
//
// Everything here is a value or a pure function, safe for concurrent use.
package value
