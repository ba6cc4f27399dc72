package store

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/record"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// What Pebble writes into a MANIFEST is whole, whatever the lengths of its records, and
// every byte of a record but the last is missed.
func TestReading_of_a_manifest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		var file bytes.Buffer
		w := record.NewWriter(&file)
		var last int
		for range 2 + r.IntN(8) {
			last = file.Len()
			rec, err := w.Next()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := rec.Write(bytes.Repeat([]byte{byte(1 + r.IntN(250))}, 1+r.IntN(1<<r.IntN(18)))); err != nil {
				t.Fatal(err)
			}
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		whole := file.Bytes()
		found, err := readManifest(bytes.NewReader(whole))
		if err != nil || found.end != int64(len(whole)) || found.broken || found.later != 0 {
			t.Fatalf("%d bytes: %+v, %v", len(whole), found, err)
		}
		at := r.IntN(last)
		was := whole[at]
		whole[at] ^= byte(1 + r.IntN(255))
		found, err = readManifest(bytes.NewReader(whole))
		if padding := was == 0 && blockLen-at%blockLen < manifestChunk.header; err != nil || !padding && found.later == 0 || found.end > int64(at) {
			t.Fatalf("byte %d of %d changed: %+v, %v", at, len(whole), found, err)
		}
	}
}

// A log is followed from the first commit on, and closed by who wrote it.
func TestReading_of_a_log(t *testing.T) {
	mem := vfs.NewMem()
	s := mustOpen(t, "db", small(mem))
	if _, err := workload(s, 0, 60); err != nil {
		t.Fatal(err)
	}
	mustClose(t, s)
	names, err := mem.List("db")
	if err != nil {
		t.Fatal(err)
	}
	logs, sealed := 0, 0
	for _, name := range names {
		number, isLog, _ := numbered(name)
		if !isLog {
			continue
		}
		found, err := readLog(bytes.NewReader(fileOf(t, mem, "db/"+name)), number)
		if err != nil || found.later != 0 {
			t.Errorf("%s: %+v, %v", name, found, err)
		}
		logs++
		if found.sealed {
			sealed++
		}
	}
	if logs == 0 || sealed != logs {
		t.Errorf("%d logs, %d of them closed", logs, sealed)
	}
}

func TestAcked(t *testing.T) {
	var a acked
	for _, log := range []uint64{3, 7, 7, 5, 9} {
		a.begin(log)
	}
	a.logLen, a.manifest, a.manifestLen = 1<<40, 11, 12
	diff(t, [ackedLogs]uint64{9, 7, 3}, a.logs)
	b := a.append(nil)
	if got := parseAcked(b); got != a {
		t.Errorf("%+v, want %+v", got, a)
	}
	for i := range 8 * len(b) {
		b[i/8] ^= 1 << (i % 8)
		if got := parseAcked(b); got != (acked{}) {
			t.Errorf("bit %d changed: %+v", i, got)
		}
		b[i/8] ^= 1 << (i % 8)
	}
}

func FuzzReading(f *testing.F) {
	var file bytes.Buffer
	w := record.NewWriter(&file)
	for _, s := range []string{"\x01\x04name\x02\x07", strings.Repeat("x", 200), ""} {
		if _, err := w.WriteRecord([]byte(s)); err != nil {
			f.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(file.Bytes())
	f.Add([]byte{0, 0, 0, 0, 0, 0, 5, 8, 0, 0, 0})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		for name, read := range map[string]func() (*reading, error){
			"manifest": func() (*reading, error) { return readManifest(bytes.NewReader(data)) },
			"log":      func() (*reading, error) { return readLog(bytes.NewReader(data), 7) },
		} {
			found, err := read()
			if err != nil || found.end < 0 || found.end > int64(len(data)) || found.later != 0 && found.later <= found.end || len(found.head) > headLen {
				t.Errorf("%s: %+v, %v", name, found, err)
			}
		}
		if a := parseAcked(data); a != (acked{}) && !bytes.Equal(a.append(nil), data) {
			t.Errorf("%+v", a)
		}
	})
}
