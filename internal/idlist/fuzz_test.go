package idlist

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// naiveText returns the text of a list and whether it can be read to its end.
func naiveText(file []byte) (text string, ok bool) {
	if bytes.HasPrefix(file, gzipMark) {
		r, err := gzip.NewReader(bytes.NewReader(file))
		if err != nil {
			return "", false
		}
		if file, err = io.ReadAll(r); err != nil {
			return "", false
		}
	}
	for _, f := range foreign {
		if strings.HasPrefix(string(file), f.mark) {
			return "", false
		}
	}
	return strings.TrimPrefix(string(file), "\ufeff"), true
}

// naiveLines tells the verdicts of plain lines without columns against an empty index,
// or the fault that the list is refused for.
func naiveLines(text string, longest int) (out string, fault error) {
	seen := map[string]bool{}
	var all []string
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		line = strings.TrimSuffix(line, "\r")
		value := strings.TrimFunc(line, invisible)
		if n := len(value); n >= 2 && value[0] == value[n-1] && strings.Contains(`'"`, value[:1]) {
			value = strings.TrimFunc(value[1:n-1], invisible)
		}
		v := Unknown
		switch {
		case len(line) > longest:
			return "", ErrLongLine
		case strings.Contains(line, "\x00"):
			return "", ErrBinary
		case value != "" && !utf8.ValidString(value):
			v = Invalid
		case value == "":
			v = Skipped
		case seen[value]:
			v = Duplicate
		default:
			seen[value] = true
		}
		all = append(all, v.String())
	}
	if len(seen) == 0 {
		return "", ErrNoIdentifier
	}
	return strings.Join(all, " "), nil
}

// FuzzMatch holds that no file breaks the reader, that where it is cut into blocks
// changes nothing, and that lines are counted and told as by splitting strings.
func FuzzMatch(f *testing.F) {
	long := strings.Repeat("x", 79)
	for _, text := range []string{
		"", "\n", "a\nb\n\n'a'", "\ufeffa\r\n\"b\"\r\n", long + "\n" + long + "x\n" + long + "x\r\n" + long + "xx\ra\n" + strings.Repeat(long, 9),
		"\xff\n\x00\n\u200b\n", hashOf(MD5, "a") + "\r\n" + hashOf(SHA1, "a") + "\n", "id,x\n\"a,\"\"b\",c\n\"\n", "PK\x03\x04", "\xfe\xff",
		strings.Repeat("\n", 500), strings.Repeat(hashOf(MD5, "a")+"\n", 20),
	} {
		for kind := range SHA256 + 1 {
			f.Add([]byte(text), uint8(kind), uint8(kind)%3, kind%2 == 0)
		}
		f.Add(zipped(f, text), uint8(Auto), uint8(0), false)
		f.Add(zipped(f, text, text)[:15], uint8(Auto), uint8(0), false)
	}
	keys := testKeys(f)
	index := newIndex(keys).index()
	f.Fuzz(func(t *testing.T, file []byte, kind, column uint8, header bool) {
		opts := Options{Kind: Kind(kind) % (SHA256 + 1), Keys: keys, Format: Format{Column: int(column % 4), Header: header}}
		small, large := smallSizes(), smallSizes()
		large.block, large.workers, large.chunk, large.run = 1<<16, 1, 64, 1<<10
		got := runMatch(t, string(file), index, opts, small)
		if diff := cmp.Diff(runMatch(t, string(file), index, opts, large), got); diff != "" {
			t.Fatalf("other blocks, other outcome:\n%s", diff)
		}
		text, ok := naiveText(file)
		if !ok {
			if got.Err == "" {
				t.Fatalf("the list cannot be read, and %d lines were", got.Lines)
			}
			return
		}
		if opts.Kind == Plain && column%4 == 0 && !header {
			want, fault := naiveLines(text, small.line)
			if fault == nil && got.Err != "" || fault != nil && !strings.Contains(got.Err, fault.Error()) {
				t.Fatalf("refused: %s; want %v", got.Err, fault)
			}
			if diff := cmp.Diff(want, words(got.Verdicts)); diff != "" {
				t.Fatalf("-want +got:\n%s", diff)
			}
		}
		if got.Err != "" {
			return
		}
		if n := strings.Count(strings.TrimSuffix(text, "\n")+"\n", "\n"); text != "" && int64(n) != got.Lines || text == "" && got.Lines != 0 {
			t.Fatalf("%d lines, not %d", got.Lines, n)
		}
	})
}
