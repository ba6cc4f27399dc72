package idlist

import (
	"context"
	"errors"
	"fmt"
	"runtime"
)

// errOrder is a broken promise of Index.Scan.
var errOrder = errors.New("entries are not in ascending order, or beyond the range asked for")

// merger finds records in an index and gives their lines a verdict.
type merger struct {
	index  Index
	kind   Kind
	found  func(Entry) (Verdict, error)
	sheet  *sheet
	counts [verdicts]int64
	seek   bool // look each token up instead of reading all between them
}

// checkEvery is how many steps are taken between two looks at the context. Then others
// have their turn, too: with all processors at work on a list, whoever waits for a disk
// would else have to wait ten milliseconds more for a processor.
const checkEvery = 1 << 12

// merge takes in the sorted records of one partition.
func (m *merger) merge(ctx context.Context, rs []record) error {
	if m.seek {
		return m.lookUp(ctx, rs)
	}
	from, to := rs[0].token(), rs[len(rs)-1].token()
	i, steps := 0, 0
	var before Token
	for e, err := range m.index.Scan(m.kind, from, to) {
		if err != nil {
			return inIndex(err)
		}
		if steps%checkEvery == 0 {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			runtime.Gosched()
		}
		if e.Token.compare(from) < 0 || e.Token.compare(to) > 0 || steps > 0 && e.Token.compare(before) <= 0 {
			return inIndex(errOrder)
		}
		steps++
		before = e.Token
		key := newRecord(&e.Token, 0)
		for rs[i].t != key.t && rs[i].less(&key) { // to is the last record's, so i stays within
			if err := m.missing(&rs[i]); err != nil {
				return err
			}
			i++
		}
		if rs[i].t != key.t {
			continue
		}
		if err := m.match(e, rs[i].line); err != nil {
			return err
		}
		if i++; i == len(rs) {
			break
		}
	}
	for ; i < len(rs); i++ {
		if i%checkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := m.missing(&rs[i]); err != nil {
			return err
		}
	}
	return nil
}

// lookUp takes in records one by one.
func (m *merger) lookUp(ctx context.Context, rs []record) error {
	for i := range rs {
		if i%64 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		t := rs[i].token()
		value, found, err := m.entry(t)
		switch {
		case err != nil:
			return inIndex(err)
		case found:
			err = m.match(Entry{Token: t, Value: value}, rs[i].line)
		default:
			err = m.missing(&rs[i])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// entry looks one token up.
func (m *merger) entry(t Token) (value []byte, found bool, err error) {
	if m.index.Lookup != nil {
		return m.index.Lookup(m.kind, t)
	}
	for e, err := range m.index.Scan(m.kind, t, t) {
		switch {
		case err != nil:
			return nil, false, err
		case e.Token != t:
			return nil, false, errOrder
		default:
			return e.Value, true, nil
		}
	}
	return nil, false, nil
}

// match asks the caller what becomes of a line whose identifier the index holds.
func (m *merger) match(e Entry, line uint32) error {
	v, err := m.found(e)
	if err != nil {
		return err
	}
	switch v {
	case Matched, Blocked, Erased, Unknown:
		m.judge(line, v)
		return nil
	default:
		return fmt.Errorf("idlist: %s is no verdict on an entry", v)
	}
}

// missing gives a line whose identifier the index does not hold its verdict.
func (m *merger) missing(r *record) error {
	if m.index.Erased != nil {
		erased, err := m.index.Erased(m.kind, r.token())
		if err != nil {
			return inIndex(err)
		}
		if erased {
			m.judge(r.line, Erased)
			return nil
		}
	}
	m.counts[Unknown]++ // which is what the sheet says already
	return nil
}

func (m *merger) judge(line uint32, v Verdict) {
	m.counts[v]++
	m.sheet.set(line, v)
}

func inIndex(err error) error { return fmt.Errorf("idlist: index: %w", err) }
