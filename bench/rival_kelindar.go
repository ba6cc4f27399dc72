package main

import (
	"context"
	"errors"

	"github.com/kelindar/column"
)

// kelindar is a population in a collection of kelindar/column, rows by ordinal.
type kelindar struct{ rows *column.Collection }

// newKelindar loads a population. Numbers are of 64 bits, so that their sum fits.
func newKelindar(p *population) (engine, error) {
	rows := column.NewCollection(column.Options{Capacity: p.len()})
	err := errors.Join(
		rows.CreateColumn("value", column.ForUint64()), rows.CreateColumn("seen", column.ForInt64()), rows.CreateColumn("fifth", column.ForBool()),
		rows.CreateColumn("city", column.ForUint16()), rows.CreateColumn("shop", column.ForUint16()), rows.CreateColumn("channel", column.ForUint16()),
	)
	for from := 0; from < p.len() && err == nil; from += 1 << 14 {
		err = rows.Query(func(txn *column.Txn) error {
			for i := from; i < min(from+1<<14, p.len()); i++ {
				if _, err := txn.Insert(func(r column.Row) error {
					r.SetUint64("value", uint64(p.value[i]))
					r.SetInt64("seen", p.seen[i])
					r.SetBool("fifth", p.inFifth(i))
					r.SetUint16("city", p.city[i])
					r.SetUint16("shop", p.shop[i])
					r.SetUint16("channel", p.channel[i])
					return nil
				}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	k := &kelindar{rows}
	if err != nil {
		return nil, errors.Join(err, k.close())
	}
	return k, nil
}

func (*kelindar) name() string   { return "kelindar_column" }
func (k *kelindar) close() error { return k.rows.Close() }

// prepare puts the questions that the library has words for, or a loop over its
// selection. Quantiles are not among them.
func (k *kelindar) prepare(_ context.Context, q question) (func() (uint64, error), error) {
	var ask func(txn *column.Txn) (uint64, error)
	switch q.asked {
	case counted:
		ask = func(txn *column.Txn) (uint64, error) {
			if q.column == "seen" {
				return uint64(txn.WithInt("seen", func(v int64) bool { return v >= q.lo && v <= q.hi }).Count()), nil
			}
			lo, hi := uint64(q.lo), uint64(q.hi)
			return uint64(txn.WithUint("value", func(v uint64) bool { return v >= lo && v <= hi }).Count()), nil
		}
	case summed:
		ask = func(txn *column.Txn) (uint64, error) { return txn.With("fifth").Uint64("value").Sum(), nil }
	case topped:
		ask = askTop
	case grouped:
		ask = func(txn *column.Txn) (uint64, error) { return askGroups(txn, q) }
	default:
		return nil, nil
	}
	return func() (n uint64, err error) {
		err = k.rows.Query(func(txn *column.Txn) (err error) {
			n, err = ask(txn)
			return err
		})
		return n, err
	}, nil
}

func askTop(txn *column.Txn) (uint64, error) {
	var best topTen
	value := txn.Uint64("value")
	err := txn.With("fifth").Range(func(i uint32) {
		v, _ := value.Get()
		best.offer(uint64(i), v)
	})
	return best.digest(), err
}

func askGroups(txn *column.Txn, q question) (uint64, error) {
	g := newGroups(q)
	first, second, value := txn.Uint16(q.by[0]), txn.Uint16(q.by[len(q.by)-1]), txn.Uint64("value")
	err := txn.With("fifth").Range(func(uint32) {
		a, _ := first.Get()
		at := int(a)
		if g.second > 1 {
			b, _ := second.Get()
			at = at*g.second + int(b)
		}
		v := uint64(0)
		if g.sums != nil {
			v, _ = value.Get()
		}
		g.add(at, uint32(v))
	})
	return g.digest(), err
}
