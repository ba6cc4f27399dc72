// Package linkage finds the records of one person where no identifier is shared.
//
// It does what Fellegi and Sunter described: every comparison of two records (of
// their names, their dates of birth, their e-mails) falls into a level, and a
// level is evidence for or against one person, in bits:
//
//	log2( how often the level is seen for one person / how often for two )
//
// The bits add up, from a prior that says how rare it is that two records picked
// at random are one person. A weight of 0 is even odds, 6.6 is 99 in 100.
//
// # From records to clusters
//
//	cfg, err := linkage.ParseConfig(yaml)             // what to compare, and which pairs
//	recs, err := linkage.NewRecords("name", "dob")    // the columns
//	_, err = recs.Add("Ada Lovelace", "1815-12-10")   // a row each
//	model, err := linkage.Train(ctx, recs, cfg)       // the weights, frozen
//	linker, err := linkage.NewLinker(recs, model)     // the records, ready to compare
//	res, err := linker.Link(ctx, nil)                 // pairs, clusters, what to review
//	why := linker.Score(0, 1)                         // one pair, field by field
//
// A [Model] is trained rarely and kept: it has a version, a JSON form and a
// printable table of every weight, and it scores without the data that it was
// trained on. [Index] tells, record by record, which entity a new record belongs
// to.
//
// # Which pairs
//
// Pairs are compared that share a blocking key, such as
//
//	soundex(surname) + year(dob)
//
// See [Blocking] for the language. A key shared by too many records tells no one
// apart and is skipped, and counted as such.
//
// # Clusters
//
// Two clusters join when the mean weight over all pairs across them allows it, so
// one wrong pair does not weld two people together. Clusters never join two
// values of a unique column, two records that were ruled apart or, if it was
// asked for, two records of one list.
//
// # Promises
//
// The same records, configuration and seed give the same bytes of model and
// result, on any number of cores: sums are taken in a fixed order, and whatever is
// sampled is sorted first. Weights are bounded. A missing value is no evidence,
// unless the comparison says that it is.
//
// Memory: 4 bytes a cell as given, and 4 a record and comparison; per distinct value
// of a column its text and some 40 to 150 bytes, by kind of comparison; some 30 bytes
// a record and blocking key while linking; 12 bytes a pair that is kept. A million
// records of ten columns, eight comparisons and eleven keys take 1.7 GiB all in all,
// with training, and some 40 seconds on two cores.
package linkage
