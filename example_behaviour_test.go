package portrait_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

func ask(ctx context.Context, db *portrait.DB, who profile.Identifier, now time.Time) error {
	// A told tag is an event. What is told last holds; here for two days.
	res, err := db.Ingest(ctx, profile.Event{
		Type: profile.Identify, MessageID: "ticket-7", Time: now, Identifiers: []profile.Identifier{who},
		Traits: tags.Assign("白名单", "金", now.Add(48*time.Hour), "li@example.cn"),
	})
	if err != nil {
		return err
	}
	if len(res.Rejected) > 0 { // a bad event is refused by itself, without an error
		return errors.New(res.Rejected[0].Detail)
	}
	view, err := db.View(ctx)
	if err != nil {
		return err
	}
	defer view.Close()
	why, err := view.Explain(ctx, segment.MustParse(`tag("高价值流失")`), who)
	if err != nil {
		return err
	}
	fmt.Println("lapsed:", why.Holds, "until", why.Until)
	for flip, err := range view.FlipsBefore(ctx, segment.MustParse(`tag("白名单", "金")`), now.AddDate(0, 0, 7)) {
		if err != nil {
			return err
		}
		fmt.Println("gold enters:", flip.Enters, "at", flip.At.Sub(now))
	}
	for event, err := range view.Timeline(ctx, who, time.Time{}, time.Time{}) {
		if err != nil {
			return err
		}
		fmt.Println("event:", event.MessageID)
	}
	tiers, err := view.Cutoffs(ctx, tags.MustParseFormula("spent"), 2) // the numbers to write tiers with
	fmt.Println("upper half from", tiers, err)

	model := db.Model()
	for i, def := range model.Tags {
		if def.Name == "沉睡" {
			model.Tags[i].Rule = tags.MustParse(`last_order < ago("30d")`)
		}
	}
	plan, err := db.Apply(ctx, model, portrait.DryRun) // who would move; without DryRun they do
	if err != nil {
		return err
	}
	for _, move := range plan.Moves {
		fmt.Println(move.Name, move.Entered.Count(), move.Left.Count(), move.Stayed)
	}
	history, err := view.TagHistory(ctx, "沉睡")
	if err != nil {
		return err
	}
	return db.DefineTag(ctx, history[0].Definition) // to roll back is to define so again
}

// The model and the questions of docs/behaviour.md, of one customer with one order.
func Example_behaviour() {
	text, err := os.ReadFile("docs/behaviour.md")
	if err != nil {
		log.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```yaml\n")
	file, _, _ := strings.Cut(rest, "```")
	m, err := portrait.ParseModel([]byte(file))
	if err != nil {
		log.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "portrait")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	db, err := portrait.Open(dir, &portrait.Options{Clock: func() time.Time { return now }})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	ctx := context.Background()
	if _, err := db.Apply(ctx, m); err != nil {
		log.Fatal(err)
	}
	ann := profile.Identifier{Namespace: "user_id", Value: "ann"}
	if _, err := db.Ingest(ctx, profile.Event{
		MessageID: "1", Name: "Order Completed", Time: now.AddDate(0, 0, -45), Identifiers: []profile.Identifier{ann},
		Properties: map[string]profile.Value{"revenue": profile.Number(1200)},
	}); err != nil {
		log.Fatal(err)
	}
	if err := ask(ctx, db, ann, now); err != nil {
		log.Fatal(err)
	}
	// Output:
	// lapsed: false until 2026-07-15T16:00:00Z
	// gold enters: false at 48h0m0s
	// event: 1
	// event: ticket-7
	// upper half from [1200] <nil>
	// 沉睡 1 0 0
	// 高价值流失 1 0 0
}

// The code of docs/behaviour.md is in a program that runs.
func TestDocs_behaviour(t *testing.T) {
	text, err := os.ReadFile("docs/behaviour.md")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile("example_behaviour_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "```go\n")
	code, _, closed := strings.Cut(rest, "```")
	if !ok || !closed || !strings.Contains(string(program), code) {
		t.Errorf("docs/behaviour.md has code that example_behaviour_test.go has not:\n%s", code)
	}
}
