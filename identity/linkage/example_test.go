package linkage_test

import (
	"context"
	"fmt"
	"log"

	"github.com/portraitdb/portrait/identity/linkage"
)

var rows = [][]string{
	{"Ada Lovelace", "1815-12-10", "London"},
	{"Ada Lovelase", "1815-12-10", "London"},
	{"Charles Babbage", "1791-12-26", "London"},
	{"Chas Babbage", "1791-12-26", ""},
	{"Mary Somerville", "1780-12-26", "Jedburgh"},
	{"Mary Somervile", "1780-12-26", "Jedburgh"},
	{"George Boole", "1815-11-02", "Lincoln"},
	{"Ada Byron", "", "London"},
	{"Augustus De Morgan", "1806-06-27", "Madurai"},
	{"Augustus De Morgan", "1806-06-27", "London"},
}

const config = `
clean:
  name: [nfkc, lower, punct]
comparisons:
  - {kind: tokens, column: name, nicknames: true}
  - {kind: date, column: born}
  - {kind: text, column: city}
blocking:
  keys: [born, words(name)]
thresholds: # With ten records there is little to learn from: little must do.
  match: 2
  join: 0
nicknames:
  - [charles, chas]
`

// train returns the rows as records and what was learnt from them.
func train(ctx context.Context) (*linkage.Records, *linkage.Model) {
	cfg, err := linkage.ParseConfig([]byte(config))
	if err != nil {
		log.Fatal(err)
	}
	recs, err := linkage.NewRecords("name", "born", "city")
	if err != nil {
		log.Fatal(err)
	}
	for _, row := range rows {
		if _, err := recs.Add(row...); err != nil {
			log.Fatal(err)
		}
	}
	model, err := linkage.Train(ctx, recs, cfg)
	if err != nil {
		log.Fatal(err)
	}
	return recs, model
}

// Records are linked by a small configuration: what is compared, and which pairs.
func Example() {
	ctx := context.Background()
	recs, model := train(ctx)
	linker, err := linkage.NewLinker(recs, model)
	if err != nil {
		log.Fatal(err)
	}
	res, err := linker.Link(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	for r, c := range res.Clusters {
		if int(c) != r {
			fmt.Printf("%s is %s\n", rows[r][0], rows[c][0])
		}
	}
	for _, f := range linker.Score(2, 3).Fields {
		fmt.Printf("%s: %s\n", f.Comparison, f.Level)
	}
	// Output:
	// Ada Lovelase is Ada Lovelace
	// Chas Babbage is Charles Babbage
	// Mary Somervile is Mary Somerville
	// Augustus De Morgan is Augustus De Morgan
	// name: the same words but for slips and nicknames
	// born: the same day
	// city: missing
}

// An index places records one by one, as they come.
func ExampleIndex() {
	ctx := context.Background()
	recs, model := train(ctx)
	linker, err := linkage.NewLinker(recs, model)
	if err != nil {
		log.Fatal(err)
	}
	res, err := linker.Link(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	index, err := linkage.NewIndex(ctx, recs, model, res.Clusters)
	if err != nil {
		log.Fatal(err)
	}
	for _, row := range [][]string{{"Lovelace, Ada", "1815-12-10", "London"}, {"Alan Turing", "1912-06-23", "London"}} {
		d, err := index.Match(row...)
		if err != nil {
			log.Fatal(err)
		}
		if d.Verdict == linkage.Matched {
			fmt.Printf("%s is %s\n", row[0], rows[d.Best][0])
			continue
		}
		entity, err := index.Add(-1, row...)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %s, now entity %d\n", row[0], d.Verdict, entity)
	}
	// Output:
	// Lovelace, Ada is Ada Lovelace
	// Alan Turing: no match, now entity 10
}
