package store

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs/atomicfs"
)

// checkIntact makes sure that what the files of a directory say of what is in it is what
// was written: the MANIFEST and the logs that are still needed. Pebble would take damage
// there for the trace of a crash, and forget what lies behind it. The tables have checksums
// that Pebble holds them against when it reads them.
func checkIntact(fsys FS, dir string, known acked) error {
	names, err := fsys.List(dir)
	if err != nil {
		return err
	}
	manifest, err := atomicfs.ReadMarker(fsys, dir, "manifest")
	if err != nil {
		return err
	}
	if manifest == "" {
		for _, name := range names {
			if _, isLog, _ := numbered(name); isLog || isTable(name) {
				return fmt.Errorf("%w: there is %s, and no marker.manifest to say which MANIFEST counts", ErrCorrupt, name)
			}
		}
		return nil
	}
	minLog, err := checkManifest(fsys, dir, manifest, known)
	if err != nil {
		return err
	}
	return checkLogs(fsys, dir, names, minLog, known)
}

// checkManifest returns the number of the first log that is not in tables.
func checkManifest(fsys FS, dir, name string, known acked) (minLog uint64, err error) {
	f, err := fsys.Open(fsys.PathJoin(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("%w: %s is missing: %w", ErrCorrupt, name, err)
	}
	if err != nil {
		return 0, inFile(name, err)
	}
	found, err := readManifest(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return 0, inFile(name, err)
	}
	number, _, _ := numbered(name)
	if number == known.manifest {
		err = found.reaches(name, known.manifestLen)
	}
	return found.minLog, errors.Join(err, found.fault(name))
}

// checkLogs checks the logs from minLog on.
func checkLogs(fsys FS, dir string, names []string, minLog uint64, known acked) error {
	type log struct {
		name   string
		number uint64
	}
	var logs []log
	for _, name := range names {
		if number, isLog, ok := numbered(name); ok && isLog && number >= minLog {
			logs = append(logs, log{name, number})
		}
	}
	slices.SortFunc(logs, func(a, b log) int { return cmp.Compare(a.number, b.number) })
	for _, number := range known.logs {
		if number > 0 && number >= minLog && !slices.ContainsFunc(logs, func(l log) bool { return l.number == number }) {
			return fmt.Errorf("%w: %06d.log is missing, with what was committed last", ErrCorrupt, number)
		}
	}
	for i, l := range logs {
		f, err := fsys.Open(fsys.PathJoin(dir, l.name))
		if err != nil {
			return inFile(l.name, err)
		}
		found, err := readLog(f, l.number)
		if err = errors.Join(err, f.Close()); err != nil {
			return inFile(l.name, err)
		}
		if l.number == known.logs[0] {
			err = found.reaches(l.name, known.logLen)
		}
		if i < len(logs)-1 && !found.sealed {
			err = errors.Join(err, fmt.Errorf("%w: %s: damaged at byte %d: another log follows, and this one has no end", ErrCorrupt, l.name, found.end))
		}
		if err = errors.Join(err, found.fault(l.name)); err != nil {
			return err
		}
	}
	return nil
}

// fault returns an error if something follows what is not whole.
func (s *reading) fault(name string) error {
	if s.later == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s: damaged at byte %d: what lies at byte %d was written after that was on the disk", ErrCorrupt, name, s.end, s.later)
}

// reaches returns an error if a file has less than was on the disk already.
func (s *reading) reaches(name string, length uint64) error {
	if uint64(s.end) >= length {
		return nil
	}
	return fmt.Errorf("%w: %s: damaged at byte %d: %s says that %d bytes were on the disk", ErrCorrupt, name, s.end, ackedName, length)
}

// inFile names the file that an error, if it is one, is about.
func inFile(name string, err error) error {
	if err == nil {
		return nil
	}
	if pebble.IsCorruptionError(err) && !errors.Is(err, ErrCorrupt) {
		err = fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return fmt.Errorf("%s: %w", name, err)
}

// checkChoices makes sure that Pebble can read what it wrote of its options the last time,
// and that they fit: its own error does not name the file.
func checkChoices(fsys FS, dir string) error {
	names, err := fsys.List(dir)
	if err != nil {
		return err
	}
	names = slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, "OPTIONS-") })
	if len(names) == 0 {
		return nil
	}
	last := slices.Max(names)
	f, err := fsys.Open(fsys.PathJoin(dir, last))
	if err != nil {
		return inFile(last, err)
	}
	text, err := io.ReadAll(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return inFile(last, err)
	}
	ours := &pebble.Options{Comparer: pebble.DefaultComparer, Merger: newMerger(new(atomic.Uint64))}
	err = ours.CheckCompatibility(dir, string(text))
	if err != nil && !pebble.IsCorruptionError(err) {
		err = fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return inFile(last, err)
}
