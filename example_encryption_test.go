package portrait_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
)

// keyFile is a set of keys as a host might hold it: all that were ever current,
// read from wherever it keeps its secrets.
type keyFile struct {
	current string
	keys    map[string][32]byte
}

func (k *keyFile) Current() (string, [32]byte, error) {
	key, err := k.Key(k.current)
	return k.current, key, err
}

func (k *keyFile) Key(id string) ([32]byte, error) {
	key, ok := k.keys[id]
	if !ok {
		return key, errors.New("not in the key file")
	}
	return key, nil
}

// Example_encryption encrypts a directory, and opens it again after the key has
// changed: what is written from then on is under the new one.
func Example_encryption() {
	dir, err := os.MkdirTemp("", "portrait")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	// Keys are random; these are not, to be the same in every run.
	keys := &keyFile{current: "2026-11", keys: map[string][32]byte{
		"2026-11": sha256.Sum256([]byte("a")), "2026-12": sha256.Sum256([]byte("b")),
	}}

	db, err := portrait.Open(dir, &portrait.Options{Keys: keys})
	if err != nil {
		log.Fatal(err)
	}
	_, err = db.Ingest(ctx, profile.Event{
		MessageID: "1", Name: "Signed Up", Time: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC),
		Identifiers: []profile.Identifier{{Namespace: "user_id", Value: "u1"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := db.Close(); err != nil {
		log.Fatal(err)
	}

	_, err = portrait.Open(dir, nil)
	fmt.Println("without keys:", errors.Is(err, store.ErrKey))

	keys.current = "2026-12"
	if db, err = portrait.Open(dir, &portrait.Options{Keys: keys}); err != nil {
		log.Fatal(err)
	}
	p, err := db.Profile(ctx, profile.Identifier{Namespace: "user_id", Value: "u1"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("events:", p.Events)
	fmt.Println("under the old key:", db.Metrics().Store.KeysInUse["2026-11"] > 0)

	// What is still under the old key is rewritten, while events go in.
	if err := db.Admin().Rekey(ctx); err != nil {
		log.Fatal(err)
	}
	if err := db.Close(); err != nil {
		log.Fatal(err)
	}

	delete(keys.keys, "2026-11")
	if db, err = portrait.Open(dir, &portrait.Options{Keys: keys}); err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	fmt.Println("opened without the old key")

	// Output:
	// without keys: true
	// events: 1
	// under the old key: true
	// opened without the old key
}
