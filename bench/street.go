package main

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"
)

// street is the shops and the loops by hand that race on as many touches.
type street struct {
	shops []*shop
	raws  map[string]*rawSide
}

// open opens all shops that are loaded and has every customer come once. It
// returns about how many events the first takes in within a turn, in whole batches.
func (st *street) open(ctx context.Context, cfg config) (events int, err error) {
	for i, s := range st.shops {
		if err := s.open(false); err != nil {
			return 0, err
		}
		per, err := s.warm(ctx)
		if err != nil {
			return 0, err
		}
		if i == 0 {
			events = shopBatch * max(1, int(cfg.seconds*float64(time.Second)/float64(per)/shopBatch))
		}
	}
	for _, r := range st.raws {
		if _, err := r.sweep(ctx); err != nil {
			return 0, err
		}
	}
	return events, nil
}

// calm waits until nobody works in the background.
func (st *street) calm() {
	settle(func() bool {
		busy := slices.ContainsFunc(st.shops, func(s *shop) bool { return s.db.Metrics().Store.CompactionsRunning > 0 })
		for _, r := range st.raws {
			busy = busy || !rawIdle(r.db)
		}
		return !busy
	})
}

// race gives all their turns and compares what they have counted.
func (st *street) race(ctx context.Context, cfg config, name string, events int, seed uint64) (finish, error) {
	var racers []racer
	for _, s := range st.shops {
		racers = append(racers, s.racer(ctx, events, seed, st.calm))
	}
	for _, raw := range slices.Sorted(maps.Keys(st.raws)) {
		racers = append(racers, st.raws[raw].racer(raw, events, seed, st.calm))
	}
	f, err := race(ctx, cfg.rounds, name, racers)
	if err != nil {
		return f, err
	}
	for _, s := range st.shops {
		if err := s.check(ctx, sampleCustomers(uniform, len(s.tally), seed)); err != nil {
			return f, err
		}
	}
	for _, r := range st.raws {
		if err := r.check(ctx, sampleCustomers(uniform, len(r.tally), seed)); err != nil {
			return f, err
		}
	}
	return f, nil
}

func (st *street) close() error {
	var faults []error
	for _, s := range st.shops {
		faults = append(faults, s.close())
	}
	for _, r := range st.raws {
		faults = append(faults, r.close())
	}
	return errors.Join(faults...)
}

// addRaw makes a store for the loop by hand from the records of the first shop,
// which is loaded and closed.
func (st *street) addRaw(name, dir string, size memory, customers int) (record float64, err error) {
	if record, err = loadRaw(st.shops[0].dir, dir, len(st.shops[0].tally), customers); err != nil {
		return 0, err
	}
	st.raws[name], err = newRawSide(dir, size, customers)
	if err != nil {
		delete(st.raws, name)
	}
	return record, err
}
