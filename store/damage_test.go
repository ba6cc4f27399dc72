package store

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/portraitdb/portrait/internal/counts"
	"github.com/portraitdb/portrait/internal/crashdisk"
	"github.com/portraitdb/portrait/internal/seeds"
)

var positions = flag.Int("positions", 5, "at how many places each kind of damage is done to each file")

// damages are what becomes of the bytes of a file, at a position drawn between 0
// and 1. They may change what they are given.
var damages = map[string]func(data []byte, at float64, r *rand.Rand) []byte{
	"one bit flipped": func(data []byte, at float64, r *rand.Rand) []byte {
		data[int(at*float64(len(data)))] ^= 1 << r.IntN(8)
		return data
	},
	"one byte changed": func(data []byte, at float64, r *rand.Rand) []byte {
		data[int(at*float64(len(data)))] += byte(1 + r.IntN(255))
		return data
	},
	"cut short":       func(data []byte, at float64, _ *rand.Rand) []byte { return data[:int(at*float64(len(data)))] },
	"a page of zeros": func(data []byte, at float64, _ *rand.Rand) []byte { clear(page(data, at)); return data },
	"a page of before": func(data []byte, at float64, _ *rand.Rand) []byte {
		copy(page(data, at), page(data, at/2))
		return data
	},
	"garbage appended": func(data []byte, _ float64, r *rand.Rand) []byte {
		for range 1 + r.IntN(100) {
			data = append(data, byte(r.Uint32()))
		}
		return data
	},
}

// page returns the page of 512 bytes, or what there is of it, that a position lies in.
func page(data []byte, at float64) []byte {
	from := int(at*float64(len(data))) / 512 * 512
	return data[from:min(from+512, len(data))]
}

// lived returns what is left of a store with tables in several levels and commits in its
// log, all of them acknowledged, after the process was killed, or after a loss of power;
// and what was in it after each commit.
func lived(t *testing.T, with options, kept int) (mem *crashdisk.FS, contents []string) {
	t.Helper()
	mem = crashdisk.New()
	s, err := Open("db", with(mem))
	if err != nil {
		t.Fatal(err)
	}
	defer mustClose(t, s)
	for i := range 45 {
		if _, err = workload(s, i, i); err != nil {
			t.Fatal(err)
		}
		content, err := wholeOf(s)
		if err != nil {
			t.Fatal(err)
		}
		contents = append(contents, content)
	}
	r := rand.New(rand.NewPCG(1, 1))
	return mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: kept, RNG: r}), contents
}

// fileOf returns the content of a file.
func fileOf(t *testing.T, fs FS, name string) []byte {
	t.Helper()
	f, err := fs.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// damaged returns a copy of a file system in which one file has another content.
func damaged(t *testing.T, mem *crashdisk.FS, name string, data []byte) *crashdisk.FS {
	t.Helper()
	out := mem.CrashClone(vfs.CrashCloneCfg{})
	f, err := out.Create(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return out
}

// readWhole opens a store and returns all that it says, or the error that it says instead.
func readWhole(o Options) (content string, err error) {
	s, err := Open("db", o)
	if err != nil {
		return "", err
	}
	content, err = wholeOf(s)
	return content, errors.Join(err, s.Close())
}

func wholeOf(s *Store) (string, error) {
	sn, err := s.Snapshot()
	if err != nil {
		return "", err
	}
	defer sn.Close()
	var b strings.Builder
	for kv, err := range sn.Scan(nil, nil) {
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%s=%s\n", kv.Key, kv.Value)
	}
	return b.String(), nil
}

// Whatever happens to the bytes of a file, the store says so and names the file, or
// answers as if nothing had happened. The one exception is damage to the end of a log after
// a loss of power, which nothing tells from a write that was broken off.
func TestStore_damage_is_told(t *testing.T) {
	for name, with := range kinds {
		t.Run(name+", killed", func(t *testing.T) { tellDamage(t, with, 100) })
		t.Run(name+", without power", func(t *testing.T) { tellDamage(t, with, 0) })
	}
}

// tail reports whether damage was to the end of a log: nothing whole is behind it, and
// what is before it is there.
func tail(what string, last, commits int) bool {
	return last >= 0 && (strings.HasPrefix(what, "cut short") || last >= commits-3)
}

// named is what an error about a file has to say: its name, of a table the number, and of a
// marker, whose name is what it says, which one it is.
func named(file string) string {
	if kind, ok := strings.CutPrefix(file, "marker."); ok {
		kind, _, _ = strings.Cut(kind, ".")
		return "marker." + kind
	}
	return strings.TrimSuffix(file, ".sst")
}

// verdicts count what became of damage.
type verdicts struct{ tried, told, harmless, unseen, silent, unnamed int }

func tellDamage(t *testing.T, with options, kept int) {
	r := rand.New(rand.NewPCG(seeds.Draw(t), 0))
	mem, contents := lived(t, with, kept)
	last := contents[len(contents)-1]
	names, err := mem.List("db")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	var all verdicts
	for _, name := range names {
		path := mem.PathJoin("db", name)
		judge := func(what string, disk FS) {
			got, err := readWhole(with(disk))
			all.tried++
			switch {
			case err == nil && got == last:
				all.harmless++
			case err == nil && kept == 0 && strings.HasSuffix(name, ".log") && tail(what, slices.Index(contents, got), len(contents)):
				all.unseen++
			case err == nil:
				all.silent++
				t.Errorf("%s, %s: %d bytes of content, want %d", name, what, len(got), len(last))
			case !strings.Contains(err.Error(), named(name)):
				all.unnamed++
				t.Errorf("%s, %s: %v", name, what, err)
			default:
				all.told++
			}
		}
		judgeRemoved := func() {
			gone := mem.CrashClone(vfs.CrashCloneCfg{})
			if err := gone.Remove(path); err != nil {
				t.Fatal(err)
			}
			judge("removed", gone)
		}
		if name != "LOCK" { // It is made anew.
			judgeRemoved()
		}
		data := fileOf(t, mem, path)
		if len(data) == 0 {
			continue
		}
		for what, damage := range damages {
			for i := range *positions {
				at := (float64(i) + r.Float64()) / float64(*positions)
				judge(fmt.Sprintf("%s at %.4f of %d bytes", what, at, len(data)), damaged(t, mem, path, damage(slices.Clone(data), at, r)))
			}
		}
	}
	t.Logf("%+v", all)
	for name, n := range map[string]int{
		"corruptions tried": all.tried, "corruptions detected": all.told, "corruptions harmless": all.harmless,
		"corruptions beyond detection": all.unseen, "silent corruptions": all.silent,
	} {
		counts.Add(t, name, n)
	}
	if all.told == 0 || all.harmless == 0 {
		t.Error("the test shows little")
	}
}
