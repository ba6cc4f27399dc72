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
comparisons:
  - {kind: tokens, column: name, nicknames: true}
  - {kind: date, column: born}
  - {kind: text, column: city}
blocking:
  keys: [born, words(name)]
thresholds:
  join: 0 # With ten records there is little to learn from: even odds must do.
nicknames:
  - [charles, chas]
`

// Records are linked by a small configuration: what is compared, and which pairs.
func Example() {
	ctx := context.Background()
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
