package portrait

import (
	"context"
	"testing"

	"github.com/portraitdb/portrait/internal/keys"
)

// TestPurge_waits_for_nobody cleans while others write beside the commits: what is published
// by then shows nothing of before.
func TestPurge_waits_for_nobody(t *testing.T) {
	db, err := Open(t.TempDir(), &Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx, cancel := context.WithCancel(t.Context())
	wrote, ended := make(chan struct{}, 1), make(chan error)
	go func() {
		b := db.store.NewBatch()
		for ctx.Err() == nil {
			b.Reset()
			b.Set(keys.AppendMeta(nil, "test"), nil)
			if err := db.commitApart(b, 0); err != nil {
				ended <- err
				return
			}
			select {
			case wrote <- struct{}{}:
			default:
			}
		}
		ended <- nil
	}()
	<-wrote
	for range 300 {
		w := &purge{db: db}
		if err := w.clean(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := db.store.Pinned(w.since); n > 0 {
			t.Errorf("%d snapshots are taken for ones of before, and nobody reads", n)
			break
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}
