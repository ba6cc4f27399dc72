package portrait_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
)

// Somebody asks to be forgotten who is under a legal hold. Once it has ended their numbers
// stay and nothing else, and the audit log shows what was done, by whom and why.
func ExamplePrivacy_Anonymise() {
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

	mei := profile.Identifier{Namespace: "user_id", Value: "mei"}
	_, err = db.Ingest(context.Background(), profile.Event{
		Source: "shop", MessageID: "1", Name: "Order Completed", Time: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), Identifiers: []profile.Identifier{mei},
	})
	if err != nil {
		log.Fatal(err)
	}

	ctx := privacy.WithNote(context.Background(), privacy.Note{By: "clerk-7", Case: "DSR-118"})
	rights := db.Privacy()
	if err := rights.Hold(ctx, "court-44", mei); err != nil {
		log.Fatal(err)
	}
	_, err = rights.Anonymise(ctx, mei)
	fmt.Println("held:", errors.Is(err, privacy.ErrHeld))
	if err := rights.ReleaseAll(ctx, "court-44"); err != nil {
		log.Fatal(err)
	}
	done, err := rights.Anonymise(ctx, mei)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("gone:", done.Identifiers, "profiles without a name:", done.Nameless, "verified:", done.Verified)

	for rec, err := range rights.Audit(ctx, 0) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(rec.Number, rec.What, len(rec.Subjects), rec.By, rec.Case, rec.Detail)
	}
	if _, err := rights.VerifyAudit(ctx, done.Audit); err != nil {
		log.Fatal(err)
	}
	// Output:
	// held: true
	// gone: [user_id:mei] profiles without a name: 1 verified: true
	// 1 hold 1 clerk-7 DSR-118 court-44
	// 2 release 1 clerk-7 DSR-118 court-44
	// 3 anonymise 1 clerk-7 DSR-118
}
