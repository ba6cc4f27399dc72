package main

import (
	"context"

	"github.com/portraitdb/portrait/profile"
)

// portrait asks for the profiles of visitors, or takes their events in.
func (r *register) portrait(ctx context.Context, c resolveCase, list []visit) func(from, to int) error {
	if c.read {
		ids := make([]profile.Identifier, len(list))
		for i, v := range list {
			ids[i] = identifier(v.person, v.strongest())
		}
		return func(from, to int) error {
			for _, id := range ids[from:to] {
				p, err := r.db.Profile(ctx, id)
				if err != nil {
					return err
				}
				r.sink += len(p.Identifiers)
			}
			return nil
		}
	}
	events := make([]profile.Event, len(list))
	for i, v := range list {
		events[i] = v.event(r.seq)
		r.seq++
		r.tally[v.person]++
	}
	return func(from, to int) error { return takeIn(ctx, r.db, events[from:to]) }
}

// get reads the record of each visit's strongest identifier.
func (r *register) get(list []visit) func(from, to int) error {
	return func(from, to int) error {
		for _, v := range list[from:to] {
			if err := r.getOne(nodeNumber(v.person, v.strongest())); err != nil {
				return err
			}
		}
		return nil
	}
}

// getSix reads as many records a visit as a profile of five identifiers takes:
// theirs and the one that says which they are.
func (r *register) getSix(list []visit) func(from, to int) error {
	return func(from, to int) error {
		for _, v := range list[from:to] {
			for space := range namespaces {
				if err := r.getOne(nodeNumber(v.person, space)); err != nil {
					return err
				}
			}
			if err := r.getOne(nodeNumber((v.person+1)%uint32(r.people), 0)); err != nil {
				return err
			}
		}
		return nil
	}
}

func (r *register) getOne(number uint32) error {
	r.raw.key = appendRawKey(r.raw.key[:0], number)
	value, closer, err := r.raw.db.Get(r.raw.key)
	if err != nil {
		return err
	}
	r.sink += len(value)
	return closer.Close()
}

// getSet reads, changes and writes the record of each visit's strongest
// identifier, with one commit a batch.
func (r *register) getSet(list []visit) func(from, to int) error {
	touches := make([]touch, len(list))
	for i, v := range list {
		touches[i].customer = nodeNumber(v.person, v.strongest())
		r.raw.tally[touches[i].customer]++
	}
	return func(from, to int) error { return r.raw.take(touches[from:to]) }
}
