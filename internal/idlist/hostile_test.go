package idlist

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
)

// zipped returns a text in gzip, as several members if there are several texts.
func zipped(t testing.TB, texts ...string) []byte {
	t.Helper()
	var buf bytes.Buffer
	for _, text := range texts {
		w := gzip.NewWriter(&buf)
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return buf.Bytes()
}

func manyLines(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintln(&b, hashOf(MD5, fmt.Sprint(i)))
	}
	return b.String()
}

func TestMatch_reads_gzip(t *testing.T) {
	keys := testKeys(t)
	index := newIndex(keys, "1", "2", "3").index()
	list := manyLines(5000)
	plain := runMatch(t, list, index, Options{Keys: keys}, sizes{})
	for name, file := range map[string][]byte{
		"one member":               zipped(t, list),
		"two members":              zipped(t, list[:7777], list[7777:]),
		"with a byte order mark":   zipped(t, "\ufeff"+list),
		"mark in two halves":       zipped(t, "\xef", "\xbb\xbf", list),
		"an empty member at first": zipped(t, "", list),
	} {
		if got := runMatch(t, string(file), index, Options{Keys: keys}, sizes{}); fmt.Sprint(got) != fmt.Sprint(plain) {
			t.Errorf("%s: %v, not %v", name, got, plain)
		}
	}
	if got := runMatch(t, string(zipped(t, "")), index, Options{Keys: keys}, sizes{}); got.Err != "line 1: the list is empty: no line holds an identifier" {
		t.Errorf("an empty file in gzip: %v", got)
	}
}

func TestMatch_broken_gzip_names_the_line_and_does_nothing(t *testing.T) {
	keys := testKeys(t)
	index := newIndex(keys, "1", "2", "3").index()
	list := manyLines(5000)
	whole := zipped(t, list)
	corrupt := bytes.Clone(whole)
	corrupt[len(corrupt)-6] ^= 1 // of the checksum
	for name, c := range map[string]struct {
		file []byte
		line int64 // 0 for any
		is   error
	}{
		"cut in the header":      {whole[:5], 1, io.ErrUnexpectedEOF},
		"cut in the middle":      {whole[:len(whole)/2], 0, io.ErrUnexpectedEOF},
		"cut in the checksum":    {whole[:len(whole)-3], 5001, io.ErrUnexpectedEOF},
		"corrupt checksum":       {corrupt, 5001, gzip.ErrChecksum},
		"text after the gzip":    {append(bytes.Clone(whole), list[:33]...), 5001, gzip.ErrHeader},
		"not a gzip after all":   {[]byte("\x1f\x8bnothing of the kind"), 1, gzip.ErrHeader},
		"second member cut":      {append(bytes.Clone(whole), whole[:40]...), 0, io.ErrUnexpectedEOF},
		"cut right after a line": {zipped(t, list)[:len(whole)-8], 5001, io.ErrUnexpectedEOF},
	} {
		for _, sz := range []sizes{{}, smallSizes()} {
			var file bytes.Buffer
			opts, err := Options{Keys: keys, Verdicts: &file, Dir: t.TempDir(), MemoryBytes: 1000}.withDefaults(bytes.NewReader(nil), index)
			if err != nil {
				t.Fatal(err)
			}
			if sz == (sizes{}) {
				sz = opts.sizes()
			}
			report, err := match(t.Context(), bytes.NewReader(c.file), index, &opts, sz, func(Entry) (Verdict, error) {
				t.Errorf("%s: something is found", name)
				return Matched, nil
			})
			at, ok := errors.AsType[*LineError](err)
			if !ok || !errors.Is(err, c.is) || c.line != 0 && at.Line != c.line || at.Line > 5001+5000 {
				t.Errorf("%s: error %v, not %v at line %d", name, err, c.is, c.line)
			}
			if file.Len() > 0 || report.Lines != 0 {
				t.Errorf("%s: report %+v, verdicts %q", name, report, file.Bytes())
			}
		}
	}
}

// endless is a line that does not end for a long time.
type endless struct{ left int64 }

func (e *endless) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), e.left))
	for i := range p[:n] {
		p[i] = 'f'
	}
	e.left -= int64(n)
	return n, nil
}

// blankLines are empty lines without end.
type blankLines struct{}

func (blankLines) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '\n'
	}
	return len(p), nil
}

// allocated is how many bytes this process has ever allocated.
func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

func TestMatch_a_line_of_a_gigabyte_ends_the_list(t *testing.T) {
	keys := testKeys(t, MD5)
	a := hashOf(MD5, "a") + "\n"
	const long = 1 << 30
	var bomb bytes.Buffer // a line of a gigabyte in gzip, too
	w, err := gzip.NewWriterLevel(&bomb, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(w, io.MultiReader(strings.NewReader(a), &endless{64 << 20})); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		list   io.Reader
		format Format
		line   int64
	}{
		"at once":      {&endless{long}, Format{}, 1},
		"between":      {io.MultiReader(strings.NewReader(a), &endless{long}, strings.NewReader("\n"+a)), Format{}, 2},
		"the header":   {io.MultiReader(&endless{long}, strings.NewReader("\n"+a)), Format{Header: true}, 1},
		"short header": {io.MultiReader(&endless{maxLine + 1}, strings.NewReader("\n"+a)), Format{Header: true}, 1},
		"in a column":  {io.MultiReader(strings.NewReader("x,"+a+"\""), &endless{long}, strings.NewReader("\n"+a)), Format{Column: 2}, 2},
		"in gzip":      {&bomb, Format{}, 2},
	} {
		before := allocated()
		_, err := Match(t.Context(), c.list, newIndex(keys, "a").index(), Options{Keys: keys, Format: c.format}, func(Entry) (Verdict, error) {
			t.Errorf("%s: something is found", name)
			return Matched, nil
		})
		if at, ok := errors.AsType[*LineError](err); !ok || at.Line != c.line || !errors.Is(err, ErrLongLine) {
			t.Errorf("%s: %v, want line %d", name, err, c.line)
		}
		if used := allocated() - before; used > 32<<20 {
			t.Errorf("%s: %d bytes were allocated", name, used)
		}
	}
}

// A reader that hangs holds up neither Match nor, once its Read returns, its goroutine.
func TestMatch_ends_with_its_context_while_a_read_hangs(t *testing.T) {
	keys := testKeys(t, MD5)
	for name, begin := range map[string]string{"at once": "", "within a line": "abc", "after many lines": manyLines(50_000), "in gzip": string(zipped(t, manyLines(10_000))[:40_000])} {
		synctest.Test(t, func(t *testing.T) { // fails where a goroutine is left
			r, w := io.Pipe()
			ctx, cancel := context.WithCancelCause(t.Context())
			boom := errors.New("boom")
			done := make(chan error)
			go func() {
				_, err := Match(ctx, r, newIndex(keys, "1").index(), Options{Keys: keys}, func(Entry) (Verdict, error) {
					t.Error("something is found")
					return Matched, nil
				})
				done <- err
			}()
			if _, err := io.WriteString(w, begin); err != nil {
				t.Error(err)
			}
			synctest.Wait()
			cancel(boom)
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", name, err)
			}
			r.Close() // ends the Read
		})
	}
}

func TestMatch_a_reader_that_ends_its_goroutine_is_an_error(t *testing.T) {
	list := io.MultiReader(strings.NewReader("a\nb\n"), readerFunc(func([]byte) (int, error) { runtime.Goexit(); return 0, nil }))
	_, err := Match(t.Context(), list, newIndex(nil).index(), Options{Kind: Plain, Keys: testKeys(t, SHA256)}, nil)
	if !errors.Is(err, errGone) {
		t.Error(err)
	}
}

func TestMatch_errors_of_the_reader_name_the_line(t *testing.T) {
	keys := testKeys(t, MD5)
	boom := errors.New("boom")
	list := manyLines(1000)
	for name, r := range map[string]struct {
		r    io.Reader
		line int64
		is   error
	}{
		"at once":          {iotest.ErrReader(boom), 1, boom},
		"within a line":    {io.MultiReader(strings.NewReader(list+"abc"), iotest.ErrReader(boom)), 1001, boom},
		"with the data":    {iotest.DataErrReader(io.MultiReader(strings.NewReader(list), iotest.ErrReader(boom))), 1001, boom},
		"no progress":      {io.MultiReader(strings.NewReader(list), stuck{}), 1001, io.ErrNoProgress},
		"impossible count": {liar{}, 1, nil},
	} {
		_, err := Match(t.Context(), r.r, newIndex(keys, "1").index(), Options{Keys: keys}, nil)
		if at, ok := errors.AsType[*LineError](err); !ok || at.Line != r.line || r.is != nil && !errors.Is(err, r.is) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, r := range map[string]io.Reader{
		"byte by byte":       iotest.OneByteReader(strings.NewReader(list)),
		"every other time":   &hesitant{r: strings.NewReader(list)},
		"the end comes with": iotest.DataErrReader(strings.NewReader(list)),
	} {
		report, err := Match(t.Context(), r, newIndex(keys).index(), Options{Keys: keys}, nil)
		if err != nil || report.Count(Unknown) != 1000 {
			t.Errorf("%s: %+v, %v", name, report, err)
		}
	}
}

// hesitant returns nothing every other time.
type hesitant struct {
	r   io.Reader
	odd bool
}

func (h *hesitant) Read(p []byte) (int, error) {
	if h.odd = !h.odd; h.odd {
		return 0, nil
	}
	return h.r.Read(p[:min(len(p), 100)])
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

type liar struct{}

func (liar) Read(p []byte) (int, error) { return len(p) + 1, nil }

func TestMatch_memory_is_bounded_and_files_are_removed(t *testing.T) {
	keys := testKeys(t, MD5)
	index := newIndex(keys, "1", "2").index()
	list := manyLines(20_000)
	dir := t.TempDir()
	boom := errors.New("boom")
	none := func(Entry) (Verdict, error) { return Matched, nil }
	run := func(r io.Reader, dir string, found func(Entry) (Verdict, error)) error {
		_, err := Match(t.Context(), r, index, Options{Keys: keys, MemoryBytes: 10_000, Dir: dir}, found)
		return err
	}
	if err := run(strings.NewReader(list), dir, none); err != nil {
		t.Error(err)
	}
	for lines, want := range map[int]error{1000: nil, 1001: ErrMemory} {
		opts := Options{Keys: keys, MemoryBytes: 1000 * recordBytes}
		if _, err := Match(t.Context(), strings.NewReader(manyLines(lines)), index, opts, none); !errors.Is(err, want) {
			t.Errorf("%d lines in memory for 1000: %v", lines, err)
		}
	}
	if err := run(strings.NewReader(list), "", none); !errors.Is(err, ErrMemory) {
		t.Errorf("without a directory: %v", err)
	}
	if err := run(strings.NewReader(list), filepath.Join(dir, "absent"), none); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without that directory: %v", err)
	}
	if err := run(strings.NewReader(list), dir, func(Entry) (Verdict, error) { return Matched, boom }); !errors.Is(err, boom) {
		t.Errorf("found fails: %v", err)
	}
	if err := run(io.MultiReader(strings.NewReader(list), iotest.ErrReader(boom)), dir, none); !errors.Is(err, boom) {
		t.Errorf("the reader fails: %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left in the directory: %v, %v", left, err)
	}
}

func TestSpill_faults_are_errors(t *testing.T) {
	s, err := newSpill(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	rs := []record{{line: 1}, {line: 2}, {line: 3}}
	at, err := s.write([][]record{rs})
	if err != nil {
		t.Fatal(err)
	}
	buf, raw := make([]record, 2), make([]byte, 2*recordBytes)
	at.records++ // as if the file were cut
	if err := s.read(at, buf, raw, func([]record) {}); !errors.Is(err, io.EOF) {
		t.Errorf("a short file: %v", err)
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
	if _, err := s.write([][]record{rs}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a closed file: %v", err)
	}
	// Where a file in use cannot be unlinked, close does it.
	path := filepath.Join(t.TempDir(), "kept")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := (&spill{f: f}).close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is left: %v", err)
	}
}

func TestMatch_faults_of_the_index_are_errors(t *testing.T) {
	keys := testKeys(t, MD5)
	boom := errors.New("boom")
	yields := func(entries []Entry, err error) func(Kind, Token, Token) iter.Seq2[Entry, error] {
		return func(Kind, Token, Token) iter.Seq2[Entry, error] {
			return func(yield func(Entry, error) bool) {
				for _, e := range entries {
					if !yield(e, nil) {
						return
					}
				}
				if err != nil {
					yield(Entry{}, err)
				}
			}
		}
	}
	list := manyLines(3)
	token := func(v string) (t Token) {
		for _, t = range keys.Tokens(v) {
		}
		return t
	}
	lookup := func(Kind, Token) ([]byte, bool, error) { return nil, false, boom }
	many := make([]Entry, 1000) // more than are scanned for three lines
	matched := func(Entry) (Verdict, error) { return Matched, nil }
	for name, c := range map[string]struct {
		index Index
		is    error
		found func(Entry) (Verdict, error)
	}{
		"the scan fails":   {Index{Scan: yields(nil, boom)}, boom, matched},
		"the lookup fails": {Index{Scan: yields(many, nil), Lookup: lookup}, boom, matched},
		"a lookup by scan": {Index{Scan: yields(many, nil)}, errOrder, matched},
		"beyond the range": {Index{Scan: yields([]Entry{{Token: Token{}}}, nil)}, errOrder, matched},
		"an entry twice":   {Index{Scan: yields([]Entry{{Token: token("1")}, {Token: token("1")}}, nil)}, errOrder, matched},
		"the ledger fails": {Index{Scan: yields(nil, nil), Erased: func(Kind, Token) (bool, error) { return false, boom }}, boom, matched},
		"a lookup is followed": {
			Index{Scan: yields(many, nil), Lookup: func(Kind, Token) ([]byte, bool, error) { return nil, true, nil }},
			boom, func(Entry) (Verdict, error) { return Unknown, boom },
		},
		"no verdict on entry": {newIndex(keys, "1").index(), nil, func(Entry) (Verdict, error) { return Duplicate, nil }},
	} {
		var verdicts bytes.Buffer
		_, err := Match(t.Context(), strings.NewReader(list), c.index, Options{Keys: keys, Verdicts: &verdicts}, c.found)
		if err == nil || c.is != nil && !errors.Is(err, c.is) || verdicts.Len() > 0 {
			t.Errorf("%s: error %v, verdicts %q", name, err, verdicts.Bytes())
		}
	}
}

// fullDisk takes so many bytes and no more.
type fullDisk struct{ left int }

var errFull = errors.New("no space left")

func (f *fullDisk) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestMatch_a_full_disk_for_verdicts_is_an_error(t *testing.T) {
	keys := testKeys(t, MD5)
	for _, room := range []int{0, 100_000} {
		opts := Options{Keys: keys, Verdicts: &fullDisk{room}}
		if _, err := Match(t.Context(), strings.NewReader(manyLines(20_000)), newIndex(keys).index(), opts, nil); !errors.Is(err, errFull) {
			t.Errorf("room for %d bytes: %v", room, err)
		}
	}
}

// cancelling cancels a context once so many bytes were read.
type cancelling struct {
	r      io.Reader
	left   int
	cancel context.CancelFunc
}

func (c *cancelling) Read(p []byte) (int, error) {
	n, err := c.r.Read(p[:min(len(p), 4096)])
	if c.left -= n; c.left < 0 {
		c.cancel()
	}
	return n, err
}

func TestMatch_cancellation_ends_it_at_every_stage(t *testing.T) {
	keys := testKeys(t, MD5)
	m := newIndex(keys, "1", "2", "3")
	list := manyLines(20_000)
	matched := func(Entry) (Verdict, error) { return Matched, nil }
	stages := map[string]func(ctx context.Context, cancel context.CancelFunc) error{
		"before": func(ctx context.Context, cancel context.CancelFunc) error {
			cancel()
			_, err := Match(ctx, strings.NewReader(list), m.index(), Options{Keys: keys}, matched)
			return err
		},
		"reading": func(ctx context.Context, cancel context.CancelFunc) error {
			_, err := Match(ctx, &cancelling{strings.NewReader(list), 5000, cancel}, m.index(), Options{Keys: keys}, matched)
			return err
		},
		"an endless list": func(ctx context.Context, cancel context.CancelFunc) error {
			_, err := Match(ctx, &cancelling{&blankLines{}, 5 << 20, cancel}, m.index(), Options{Keys: keys}, matched)
			return err
		},
		"merging": func(ctx context.Context, cancel context.CancelFunc) error {
			_, err := Match(ctx, strings.NewReader(list), m.index(), Options{Keys: keys}, func(Entry) (Verdict, error) {
				cancel()
				return Matched, nil
			})
			return err
		},
		"writing": func(ctx context.Context, cancel context.CancelFunc) error {
			opts := Options{Keys: keys, Verdicts: writerFunc(func(p []byte) (int, error) { cancel(); return len(p), nil })}
			_, err := Match(ctx, strings.NewReader(list), m.index(), opts, matched)
			return err
		},
	}
	for name, stage := range stages {
		ctx, cancel := context.WithCancel(t.Context())
		if err := stage(ctx, cancel); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// A reader that panics takes nothing with it: the goroutines that parse end, and the
// panic is its caller's to recover from.
func TestMatch_a_reader_that_panics_leaves_no_goroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // fails where one is left
		defer func() {
			if recover() == nil {
				t.Error("the panic is swallowed")
			}
		}()
		list := io.MultiReader(strings.NewReader("a\nb\n"), readerFunc(func([]byte) (int, error) { panic("torn") }))
		_, err := Match(t.Context(), list, newIndex(nil).index(), Options{Kind: Plain, Keys: testKeys(t, SHA256)}, nil)
		t.Errorf("Match returned %v", err)
	})
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
