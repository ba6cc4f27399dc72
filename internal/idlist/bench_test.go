package idlist

import (
	"bufio"
	"context"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"io"
	"iter"
	"os"
	"path/filepath"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"testing"
)

var (
	benchLines   = flag.Int("lines", 1_000_000, "lines of the list in benchmarks")
	benchEntries = flag.Int("entries", 200_000, "entries of the index in benchmarks")
)

// benchList writes a list of MD5s, one line in ten a repetition, and returns its path.
func benchList(b *testing.B, lines int) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "list")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	line := make([]byte, 2*md5.Size+1)
	line[2*md5.Size] = '\n'
	for i := range lines {
		hex.Encode(line, benchDigest(i-i%10/9*(i/2)))
		w.Write(line)
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	return path
}

func benchDigest(i int) []byte {
	d := md5.Sum(binary.LittleEndian.AppendUint64(nil, uint64(i)))
	return d[:]
}

// sortedIndex is an index of tokens alone, as small as one can be.
type sortedIndex []Token

func benchIndex(keys *Keys, entries, lines int) sortedIndex {
	index := make(sortedIndex, entries)
	m := maker{keys: keys}
	for i := range index {
		copy(m.digest[:], benchDigest(i*(2*lines/entries)))
		index[i] = m.ofDigest(MD5)
	}
	slices.SortFunc(index, Token.compare)
	return index
}

func (s sortedIndex) scan(_ Kind, from, to Token) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		i, _ := slices.BinarySearchFunc(s, from, Token.compare)
		for ; i < len(s) && s[i].compare(to) <= 0; i++ {
			if !yield(Entry{Token: s[i]}, nil) {
				return
			}
		}
	}
}

// heapBytes is the memory that the heap takes from the system at the moment.
func heapBytes() uint64 {
	samples := []metrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/unused:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
	}
	metrics.Read(samples)
	var sum uint64
	for _, s := range samples {
		sum += s.Value.Uint64()
	}
	return sum
}

// BenchmarkMatch matches a list of MD5s against an index in memory. Scale it with
// -lines and -entries. read is the floor: the same file, read and thrown away.
func BenchmarkMatch(b *testing.B) {
	path := benchList(b, *benchLines)
	keys := testKeys(b, MD5)
	index := benchIndex(keys, *benchEntries, *benchLines)
	rate := func(b *testing.B) {
		b.ReportMetric(float64(*benchLines)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mlines/s")
	}
	b.Run("op=read", func(b *testing.B) {
		for b.Loop() {
			f, err := os.Open(path)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{f}, make([]byte, blockBytes)); err != nil {
				b.Fatal(err)
			}
			f.Close()
		}
		rate(b)
	})
	for _, c := range []struct {
		name string
		opts Options
	}{
		{"op=match/kind=md5", Options{Kind: MD5}},
		{"op=match/kind=auto", Options{}},
		{"op=match/verdicts=file", Options{Kind: MD5, Verdicts: io.Discard}},
		{"op=match/memory=quarter", Options{Kind: MD5, MemoryBytes: int64(*benchLines) * recordBytes / 4, Dir: b.TempDir()}},
	} {
		b.Run(c.name, func(b *testing.B) {
			c.opts.Keys = keys
			debug.FreeOSMemory()
			before := heapBytes()
			var peak, matches uint64
			for b.Loop() {
				f, err := os.Open(path)
				if err != nil {
					b.Fatal(err)
				}
				matches = 0
				_, err = Match(context.Background(), f, Index{Scan: index.scan}, c.opts, func(Entry) (Verdict, error) {
					if matches++; matches%65536 == 1 {
						peak = max(peak, heapBytes())
					}
					return Matched, nil
				})
				if err != nil {
					b.Fatal(err)
				}
				f.Close()
			}
			rate(b)
			b.ReportMetric(float64(matches), "matches")
			b.ReportMetric(float64(peak-min(peak, before))/1e6, "heap-MB")
		})
	}
}
