package portrait_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
)

// TestSuppress_anonymised suppresses an identifier of somebody made anonymous once more, also
// after it was admitted again: an older copy under the ledger keeps the numbers too.
func TestSuppress_anonymised(t *testing.T) {
	for name, admitted := range map[string]bool{"suppressed": false, "admitted again": true} {
		t.Run(name, func(t *testing.T) {
			c := clockAt(now)
			opts := &portrait.Options{Clock: c.now, NoSync: true}
			db := open(t, t.TempDir(), opts)
			apply(t, db, namelessModel)
			e := func(message string, revenue float64, ids ...profile.Identifier) {
				t.Helper()
				takenIn(t, db, message, profile.Event{Name: "Order Completed", Identifiers: ids, Properties: map[string]profile.Value{"revenue": profile.Number(revenue)}})
			}
			e("1", 10, mei[0])
			e("2", 5, mei[1])
			e("3", 3, mei...)
			e("4", 2, bo...)
			copied := filepath.Join(t.TempDir(), "copy")
			if err := db.Admin().Checkpoint(t.Context(), copied); err != nil {
				t.Fatal(err)
			}
			if _, err := db.Privacy().Anonymise(t.Context(), mei[0]); err != nil {
				t.Fatal(err)
			}
			c.set(c.now().Add(day))
			if admitted {
				if err := db.Privacy().Unsuppress(t.Context(), mei[1]); err != nil {
					t.Fatal(err)
				}
				c.set(c.now().Add(day))
			}
			if err := db.Privacy().Suppress(t.Context(), mei[1]); err != nil {
				t.Fatal(err)
			}
			var ledger bytes.Buffer
			if err := db.Privacy().ExportLedger(t.Context(), &ledger); err != nil {
				t.Fatal(err)
			}
			older := open(t, copied, opts)
			if _, err := older.Privacy().ReplayLedger(t.Context(), &ledger); err != nil {
				t.Fatal(err)
			}
			for _, of := range []*portrait.DB{db, older} { // of how many is another matter
				if sum := strings.Fields(totals(t, of)["revenue"])[1]; sum != "20" {
					t.Errorf("the sum over everybody is %s", sum)
				}
			}
			checkAndClose(t, older)
			checkAndClose(t, db)
		})
	}
}
