package store

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// ackedName is the file that says how far the log and the MANIFEST are known to be on the
// disk: damage to the last record of either looks like a write that a crash broke off, and
// Pebble goes on without it. Damage to an earlier one is known by what follows.
//
// It has the same few bytes, written over and over. For the MANIFEST and for a new log they
// are synced, since both are few. For a commit they are not: that costs next to nothing and
// survives the process; after a loss of power they may say less than there is, never more.
const ackedName = "ACKNOWLEDGED"

const (
	ackedMagic = "PTRACK\x00\x01"
	ackedLen   = len(ackedMagic) + (ackedLogs+3)*8 + 4
	// ackedLogs is how many logs it tells of: more than there are memtables.
	ackedLogs = 8
)

// acked is what the file says: numbers of files, and how many bytes of the content of the
// last log and of the MANIFEST are on the disk.
type acked struct {
	logs                  [ackedLogs]uint64 // those made last, the last one first; then 0
	logLen                uint64
	manifest, manifestLen uint64
}

// fields returns what the file holds, in its order.
func (a *acked) fields() []*uint64 {
	all := make([]*uint64, 0, ackedLogs+3)
	for i := range a.logs {
		all = append(all, &a.logs[i])
	}
	return append(all, &a.logLen, &a.manifest, &a.manifestLen)
}

// begin notes that there is a log of that number.
func (a *acked) begin(log uint64) {
	if log > a.logs[0] {
		copy(a.logs[1:], a.logs[:])
		a.logs[0], a.logLen = log, 0
	}
}

func (a *acked) append(b []byte) []byte {
	from := len(b)
	b = append(b, ackedMagic...)
	for _, n := range a.fields() {
		b = binary.LittleEndian.AppendUint64(b, *n)
	}
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[from:], castagnoli))
}

// parseAcked returns what the file says; nothing, if it is not whole, which a loss of power
// may leave.
func parseAcked(b []byte) (a acked) {
	if len(b) != ackedLen || string(b[:len(ackedMagic)]) != ackedMagic ||
		binary.LittleEndian.Uint32(b[ackedLen-4:]) != crc32.Checksum(b[:ackedLen-4], castagnoli) {
		return acked{}
	}
	for i, n := range a.fields() {
		*n = binary.LittleEndian.Uint64(b[len(ackedMagic)+8*i:])
	}
	return a
}

// readAcked returns what the file of a directory says; nothing, if there is none.
func readAcked(fsys FS, dir string) (acked, error) {
	f, err := fsys.Open(fsys.PathJoin(dir, ackedName))
	if errors.Is(err, fs.ErrNotExist) {
		return acked{}, nil
	}
	if err != nil {
		return acked{}, err
	}
	b, err := io.ReadAll(io.LimitReader(f, int64(ackedLen)+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return acked{}, err
	}
	return parseAcked(b), nil
}

// ackedFile writes the file.
type ackedFile struct {
	dir string

	mu   sync.Mutex // what follows
	file vfs.File   // nil once closed, or once it could not be written
	says acked
	made uint64 // a log, until the directory has been synced
	buf  [ackedLen]byte
}

// openAcked opens the file of a directory, which says so far what says has, and makes it
// if there is none.
func openAcked(fsys FS, dir string, says acked) (*ackedFile, error) {
	f, err := fsys.OpenReadWrite(fsys.PathJoin(dir, ackedName), vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, err
	}
	if err := syncDir(fsys, dir); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &ackedFile{dir: fsys.PathBase(dir), file: f, says: says}, nil
}

// create remembers that a file has been made.
func (a *ackedFile) create(base string) {
	if number, isLog, _ := numbered(base); isLog {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.made = number
	}
}

// sync remembers that so many bytes of a file are on the disk, or the names of all files if
// it is the directory. Failure is no failure of the store: the file then says less than
// there is.
func (a *ackedFile) sync(base string, length uint64) {
	number, isLog, ok := numbered(base)
	if !ok && base != a.dir {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.file == nil:
		return
	case base == a.dir:
		if a.made <= a.says.logs[0] {
			return
		}
		a.says.begin(a.made)
	case !isLog:
		a.says.manifest, a.says.manifestLen = number, length
	case number != a.says.logs[0]:
		return
	default:
		a.says.logLen = length
	}
	_, err := a.file.WriteAt(a.says.append(a.buf[:0]), 0)
	if err == nil && !isLog {
		err = a.file.SyncData()
	}
	if err != nil {
		_ = a.file.Close()
		a.file = nil
	}
}

func (a *ackedFile) close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.file == nil {
		return nil
	}
	err := a.file.Close()
	a.file = nil
	return err
}

// numbered returns the number of a log, or of a MANIFEST, of that base name.
func numbered(base string) (number uint64, isLog, ok bool) {
	digits, isLog := strings.CutSuffix(base, ".log")
	if !isLog {
		if digits, ok = strings.CutPrefix(base, "MANIFEST-"); !ok {
			return 0, false, false
		}
	}
	number, err := strconv.ParseUint(digits, 10, 64)
	return number, isLog, err == nil
}
