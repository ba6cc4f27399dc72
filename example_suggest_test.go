package portrait_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/identity/linkage"
	"github.com/portraitdb/portrait/profile"
)

// customers are the rows of a CRM: number, name, birthday, city.
var customers = [][]string{
	{"c-1", "Ada Lovelace", "1815-12-10", "London"},
	{"c-2", "Ada Lovelase", "1815-12-10", "London"},
	{"c-3", "Charles Babbage", "1791-12-26", "London"},
	{"c-4", "Mary Somerville", "1780-12-26", "Jedburgh"},
	{"c-5", "Mary Somervile", "1780-12-26", "Jedburgh"},
	{"c-6", "George Boole", "1815-11-02", "Lincoln"},
	{"c-7", "Augustus De Morgan", "1806-06-27", "Madurai"},
	{"c-8", "Augustus De Morgan", "1806-06-27", "London"},
	{"c-9", "Ada Byron", "", "London"},
}

const declared = `
identity:
  namespaces:
    - {name: user_id, priority: 1, unique: true}
    - {name: crm_id, priority: 2, kind: account}
`

const compared = `
id: crm_id
comparisons:
  - {kind: tokens, column: name}
  - {kind: date, column: born}
  - {kind: text, column: city}
blocking: {keys: [born, words(name)]}
thresholds: {match: 2, review: -4, join: 0} # With nine records there is little to learn from: little must do.
`

// What record linkage finds among the customers of a CRM goes into the graph: the
// records of one cluster become one profile, and the doubtful pairs wait for a person.
func ExampleDB_Suggest() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "portrait")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	db, err := portrait.Open(dir, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	rules, err := portrait.ParseModel([]byte(declared))
	if err != nil {
		log.Fatal(err)
	}
	if _, err := db.Apply(ctx, rules); err != nil {
		log.Fatal(err)
	}

	var ids []profile.Identifier
	for _, row := range customers {
		id := profile.Identifier{Namespace: "crm_id", Value: row[0]}
		ids = append(ids, id)
		if _, err := db.Ingest(ctx, profile.Event{MessageID: row[0], Type: profile.Identify, Identifiers: []profile.Identifier{id}}); err != nil {
			log.Fatal(err)
		}
	}
	model, res, err := link(ctx)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := suggest(ctx, db, model, res, ids); err != nil {
		log.Fatal(err)
	}

	view, err := db.View(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer view.Close()
	for i, id := range ids {
		p, err := view.Profile(ctx, id)
		if err != nil {
			log.Fatal(err)
		}
		if len(p.Identifiers) > 1 && p.Identifiers[0] == id {
			fmt.Println(customers[i][1], p.Identifiers)
		}
	}
	for s, err := range view.Suggestions(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("to review:", s.A, s.B)
	}
	// Unordered output:
	// Ada Lovelace [crm_id:c-1 crm_id:c-2]
	// Mary Somerville [crm_id:c-4 crm_id:c-5]
	// Augustus De Morgan [crm_id:c-7 crm_id:c-8]
	// to review: crm_id:c-9 crm_id:c-1
	// to review: crm_id:c-9 crm_id:c-2
}

// link finds the records of one person.
func link(ctx context.Context) (*linkage.Model, *linkage.Result, error) {
	config, err := linkage.ParseConfig([]byte(compared))
	if err != nil {
		return nil, nil, err
	}
	records, err := linkage.NewRecords("crm_id", "name", "born", "city")
	if err != nil {
		return nil, nil, err
	}
	for _, row := range customers {
		if _, err := records.Add(row...); err != nil {
			return nil, nil, err
		}
	}
	model, err := linkage.Train(ctx, records, config)
	if err != nil {
		return nil, nil, err
	}
	linker, err := linkage.NewLinker(records, model)
	if err != nil {
		return nil, nil, err
	}
	res, err := linker.Link(ctx, nil)
	return model, res, err
}

// suggest hands in what was found; ids has the identifier of every record.
func suggest(ctx context.Context, db *portrait.DB, model *linkage.Model, res *linkage.Result, ids []profile.Identifier) (portrait.Effect, error) {
	var found []portrait.Suggestion
	add := func(p linkage.Edge, weak bool) {
		found = append(found, portrait.Suggestion{
			A: ids[p.A], B: ids[p.B],
			Match: identity.Match{Weak: weak, Weight: p.Millibits(), Model: model.Number()},
		})
	}
	for _, p := range res.Pairs {
		if res.Clusters[p.A] == res.Clusters[p.B] { // the others would weld clusters together
			add(p, true)
		}
	}
	for _, p := range res.Review {
		add(p, false)
	}
	return db.Suggest(ctx, found...)
}
