package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/store"
)

// trustErased is how many people are erased before the Purge, as far as there are so many.
const trustErased = 1_000

// personalSpaces are the first bytes of the keys under which personal data may lie, which a
// Purge writes anew; docs/format.md draws them.
const personalSpaces = "nlexcofbsariht"

// trustSuite measures what keeps a store trustworthy: opening it after kill -9, recomputing
// all of it, making anew what is derived, and removing erased people from the disk.
func trustSuite(ctx context.Context, cfg config) (report *Report, err error) {
	dir, err := os.MkdirTemp(cfg.dir, "portrait-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	report = &Report{
		Suite: "trust", Machine: thisMachine(), Summary: map[string]float64{},
		Setting: map[string]string{
			"store":  fmt.Sprintf("that of cold: people of one identifier, %d tags", coldTags),
			"open":   "from Open to the count of a segment of four tags, after a process that took events of a hundredth of all people in was killed (SIGKILL)",
			"check":  "DB.Check: all states, bitmaps, deadlines and the feed, by the naive implementation; an op is a profile",
			"repair": "Admin.Repair of a whole store: everything derived is worked out and compared, nothing written; an op is a profile",
			"purge":  fmt.Sprintf("Privacy.Purge after %d scattered people were erased in one call; written is what the process wrote meanwhile, its log included; tables is what flushes and compactions wrote, and last level what of it went there, each of the bytes of all tables before", min(trustErased, cfg.profiles/10)),
		},
	}
	s := &coldStore{dir: filepath.Join(dir, "store"), profiles: cfg.profiles, visits: make([]uint8, cfg.profiles)}
	cfg.logf("loading %d people", cfg.profiles)
	if err := s.load(ctx); err != nil {
		return nil, err
	}
	for _, c := range []struct {
		name string
		run  func(context.Context, config, string) (Case, error)
	}{
		{"open/after-kill", func(ctx context.Context, cfg config, name string) (Case, error) {
			cfg.rounds = 1
			return s.measure(ctx, cfg, name, true)
		}},
		{"check", s.check}, {"repair", s.repair}, {"purge", s.purge},
	} {
		if !cfg.only.MatchString(c.name) {
			continue
		}
		cfg.logf("%s", c.name)
		out, err := c.run(ctx, cfg, c.name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		report.Cases = append(report.Cases, out)
	}
	return report, nil
}

// timed opens the store and measures one call, with the most memory that the process had.
func (s *coldStore) timed(name string, ops int, call func(*portrait.DB) error) (c Case, err error) {
	db, err := openCold(s.dir)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	heapBytes() // collects what went before
	resetPeak()
	before := residentBytes()
	var m meter
	m.start()
	if err := call(db); err != nil {
		return c, err
	}
	m.stop(ops)
	c = newCase(name, s.profiles, map[string][]sample{subject: {m.sample}})
	c.tell("seconds", subject, m.elapsed.Seconds())
	c.tell("ops_per_second", subject, float64(ops)/m.elapsed.Seconds())
	c.tell("cpu_seconds", subject, m.cpu.Seconds())
	c.tell("peak_mib", subject, float64(peakBytes())/(1<<20))
	c.tell("resident_before_mib", subject, float64(before)/(1<<20))
	return c, nil
}

func (s *coldStore) check(ctx context.Context, _ config, name string) (Case, error) {
	return s.timed(name, s.profiles, func(db *portrait.DB) error { return db.Check(ctx) })
}

func (s *coldStore) repair(ctx context.Context, _ config, name string) (Case, error) {
	return s.timed(name, s.profiles, func(db *portrait.DB) error {
		done, err := db.Admin().Repair(ctx)
		if err == nil && done.Total()+uint64(done.LostTotal) > 0 {
			err = fmt.Errorf("a whole store was repaired: %s", done)
		}
		return err
	})
}

// purge erases some people, here and there, and removes them from the disk.
func (s *coldStore) purge(ctx context.Context, _ config, name string) (Case, error) {
	n := min(trustErased, s.profiles/10)
	ids := make([]profile.Identifier, n)
	for i := range ids {
		ids[i] = profile.Identifier{Namespace: "user_id", Value: customerID(uint32(i * (s.profiles / n)))}
	}
	db, err := openCold(s.dir)
	if err != nil {
		return Case{}, err
	}
	began := time.Now()
	_, err = db.Privacy().Erase(ctx, ids...)
	erased := time.Since(began)
	if err = errors.Join(err, db.Close()); err != nil {
		return Case{}, err
	}
	personal, tables, err := personalBytes(s.dir)
	if err != nil {
		return Case{}, err
	}
	var written int64
	var inTables, inLast uint64
	c, err := s.timed(name, 1, func(db *portrait.DB) error {
		before, m := writtenBytes(), db.Metrics().Store
		_, err := db.Privacy().Purge(ctx)
		after := db.Metrics().Store
		written = writtenBytes() - before
		inTables, inLast = after.TableBytesWritten-m.TableBytesWritten, after.LastLevelBytesWritten-m.LastLevelBytesWritten
		return err
	})
	if err != nil {
		return c, err
	}
	c.tell("erase_seconds", subject, erased.Seconds())
	c.tell("personal_mib", subject, float64(personal)/(1<<20))
	c.tell("tables_mib", subject, float64(tables)/(1<<20))
	c.tell("written_mib", subject, float64(written)/(1<<20))
	c.tell("tables_written_of_tables", subject, float64(inTables)/float64(tables))
	c.tell("last_level_written_of_tables", subject, float64(inLast)/float64(tables))
	return c, nil
}

// personalBytes returns how much of a closed store's tables lies in the ranges that a Purge
// writes anew, and how much there is of all.
func personalBytes(dir string) (n, all uint64, err error) {
	st, err := store.Open(dir, store.Options{})
	if err != nil {
		return 0, 0, err
	}
	all, err = st.SpanBytes([]byte{1}, []byte{0xff})
	for i := range len(personalSpaces) {
		bytes, spanErr := st.SpanBytes([]byte{personalSpaces[i]}, []byte{personalSpaces[i] + 1})
		n += bytes
		err = errors.Join(err, spanErr)
	}
	return n, all, errors.Join(err, st.Close())
}

// writtenBytes returns what the process has written to files so far; 0 where the system does
// not tell.
func writtenBytes() int64 {
	data, err := os.ReadFile("/proc/self/io")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "wchar:"); ok {
			n, _ := strconv.ParseInt(strings.TrimSpace(rest), 10, 64)
			return n
		}
	}
	return 0
}
