package main

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/portraitdb/portrait/internal/keys"
)

// dueRecords is raw Pebble with a record a person, as rawSide, and a deadline a
// person, in the order of time.
type dueRecords struct {
	*rawSide
	people int
	lost   []uint64 // a bit for each person who has lost the tag
	read   uint64   // bytes of records
}

// dueBatch is how many deadlines a commit fires, as many as Portrait's.
const dueBatch = 4096

// newDueRecords opens a store that loadRaw has made, and gives everybody a deadline.
func newDueRecords(dir string, size memory, people int, at time.Time) (*dueRecords, error) {
	raw, err := newRawSide(dir, size, people)
	if err != nil {
		return nil, err
	}
	d := &dueRecords{rawSide: raw, people: people, lost: make([]uint64, (people+63)/64)}
	for i := range people {
		d.key = keys.AppendDeadline(d.key[:0], at.UnixMicro(), uint32(i))
		if err := d.batch.Set(d.key, nil, nil); err != nil {
			return d, err
		}
		if d.batch.Count() >= 10_000 || i == people-1 {
			if err := d.commit(pebble.NoSync); err != nil {
				return d, err
			}
		}
	}
	return d, d.db.Flush()
}

func (d *dueRecords) commit(o *pebble.WriteOptions) error {
	err := d.db.Apply(d.batch, o)
	d.batch.Reset()
	return err
}

// fire is the loop by hand: for every deadline that is due it reads the person's
// record, takes the deadline away, sets the next one, and notes the bit that
// changes; at the end it writes all bits.
func (d *dueRecords) fire(due, next time.Time) (err error) {
	clear(d.lost)
	prefix := []byte{keys.Deadline}
	end := keys.AppendDeadline(nil, due.UnixMicro()+1, 0)
	it, err := d.db.NewIter(&pebble.IterOptions{LowerBound: prefix, UpperBound: end})
	if err != nil {
		return err
	}
	defer func() {
		if e := it.Close(); err == nil {
			err = e
		}
	}()
	for ok := it.First(); ok; ok = it.Next() {
		if err := d.fireOne(it.Key(), next); err != nil {
			return err
		}
		if d.batch.Count() >= 2*dueBatch {
			if err := d.commit(pebble.Sync); err != nil {
				return err
			}
		}
	}
	bits := make([]byte, 0, 8*len(d.lost))
	for _, word := range d.lost {
		bits = binary.LittleEndian.AppendUint64(bits, word)
	}
	if err := d.batch.Set(keys.AppendShard(nil, 0, 0), bits, nil); err != nil {
		return err
	}
	return d.commit(pebble.Sync)
}

func (d *dueRecords) fireOne(key []byte, next time.Time) error {
	_, person, ok := keys.ReadDeadline(key)
	if !ok {
		return fmt.Errorf("raw Pebble: deadline key of %d bytes", len(key))
	}
	if err := d.batch.Delete(key, nil); err != nil {
		return err
	}
	d.key = appendRawKey(d.key[:0], person)
	record, closer, err := d.db.Get(d.key)
	if err != nil {
		return err
	}
	d.read += uint64(len(record))
	if err := closer.Close(); err != nil {
		return err
	}
	d.lost[person/64] |= 1 << (person % 64)
	d.key = keys.AppendDeadline(d.key[:0], next.UnixMicro(), person)
	return d.batch.Set(d.key, nil, nil)
}

// check holds that the last midnight fired everybody's deadline and left one.
func (d *dueRecords) check() error {
	for i := range d.people {
		if d.lost[i/64]>>(i%64)&1 == 0 {
			return fmt.Errorf("raw Pebble: person %d has not lost the tag", i)
		}
	}
	it, err := d.db.NewIter(&pebble.IterOptions{LowerBound: []byte{keys.Deadline}, UpperBound: keys.End([]byte{keys.Deadline})})
	if err != nil {
		return err
	}
	n := 0
	for ok := it.First(); ok; ok = it.Next() {
		n++
	}
	if err := it.Close(); err != nil {
		return err
	}
	if n != d.people {
		return fmt.Errorf("raw Pebble: %d deadlines are left, want %d", n, d.people)
	}
	return nil
}
