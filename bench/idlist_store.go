package main

import (
	"bufio"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"time"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/profile"
)

// appendPhone appends a phone number as the store spells it. Those from the number of
// people on are nobody's.
func appendPhone(dst []byte, i int) []byte { return fmt.Appendf(dst, "86139%08d", i) }

// event is one of a person, who is known by a phone number, and every fourth by a user
// ID too.
func (s *idlistStore) event(person int, message string) profile.Event {
	ids := []profile.Identifier{{Namespace: "phone", Value: string(appendPhone(nil, person))}}
	if person%4 == 0 {
		ids = append(ids, profile.Identifier{Namespace: "user_id", Value: customerID(uint32(person))})
	}
	return profile.Event{Type: profile.Page, MessageID: message, Time: opened, Identifiers: ids}
}

// load makes the store.
func (s *idlistStore) load(ctx context.Context) (err error) {
	began := time.Now()
	db, err := openPortrait(s.dir, memory{blocks: 256 << 20, states: 64 << 20}, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	model := plainModel(identity.Namespace{Name: "phone", Kind: identity.Contact, Match: []string{"md5"}})
	if _, err := db.Apply(ctx, model); err != nil {
		return err
	}
	for from := 0; from < s.people; from += 10_000 {
		events := make([]profile.Event, min(10_000, s.people-from))
		for i := range events {
			events[i] = s.event(from+i, "a-"+strconv.Itoa(from+i))
		}
		if err := takeIn(ctx, db, events); err != nil {
			return err
		}
	}
	settle(func() bool { return db.Metrics().Store.CompactionsRunning == 0 })
	s.loading = time.Since(began)
	return nil
}

// writeList makes the list, and counts what is to be found in it.
func (s *idlistStore) writeList() error {
	f, err := os.Create(s.path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	rng := rand.New(rand.NewPCG(5, 0))
	named := make([]uint64, (s.people+s.lines)/64+1)
	var phone []byte
	line := make([]byte, 2*md5.Size+1)
	s.want.lines = int64(s.lines)
	for i := range s.lines {
		line[2*md5.Size] = '\n'
		number := s.people + i // of nobody
		switch draw := rng.IntN(100); {
		case draw < 2:
			s.want.invalid++
			if _, err := fmt.Fprintf(w, "line %d\n", i); err != nil {
				return errors.Join(err, f.Close())
			}
			continue
		case draw < 52:
			number = rng.IntN(s.people)
		case draw < 57:
			number = s.people + rng.IntN(i+1)
		}
		if named[number/64]>>(number%64)&1 == 1 {
			s.want.duplicate++
		} else if named[number/64] |= 1 << (number % 64); number < s.people {
			s.want.matched++
		} else {
			s.want.unknown++
		}
		phone = appendPhone(phone[:0], number)
		sum := md5.Sum(phone)
		hex.Encode(line, sum[:])
		if _, err := w.Write(line); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	return errors.Join(w.Flush(), f.Close())
}
