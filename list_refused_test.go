package portrait_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

// endlessLine is a line of so many bytes.
type endlessLine struct{ left int64 }

func (e *endlessLine) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), e.left)
	for i := range p[:n] {
		p[i] = '1'
	}
	e.left -= n
	return int(n), nil
}

// inGzip is what a reader holds, compressed.
func inGzip(t *testing.T, r io.Reader) []byte {
	t.Helper()
	var zipped bytes.Buffer
	z, err := gzip.NewWriterLevel(&zipped, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(z, r); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return zipped.Bytes()
}

// listState is what an upload may change.
type listState struct {
	Lists []segment.List
	In    map[string][]int
	Feed  int
}

func stateOfLists(t *testing.T, db *portrait.DB, feed *follower, people int) listState {
	t.Helper()
	s := listState{Lists: viewOf(t, db).Lists(), In: map[string][]int{}}
	for _, text := range []string{`in_list("vip")`, `tag("vip")`, `tag("level", "silver")`} {
		s.In[text] = peopleIn(t, db, text, people)
	}
	feed.catchUp(t, db)
	s.Feed = len(feed.all)
	return s
}

// A list that is broken changes nothing: neither the list, nor the tags that ask of it, nor
// the feed. The error says at which line.
func TestUpload_refused(t *testing.T) {
	const people = 10
	db := openLive(t, t.TempDir(), people)
	uploadPhones(t, db, "vip", 1, 2)
	lists := db.Lists()
	sha1Of := func(s string) string {
		sum := sha1.Sum([]byte(s))
		return hex.EncodeToString(sum[:])
	}
	whole := inGzip(t, strings.NewReader(strings.Repeat(sha256Of(phoneOf(1))+"\n", 10_000)))
	good := phoneOf(3) + "\n" + phoneOf(4) + "\n"
	phones := segment.Upload{Namespace: "phone"}
	of := func(kind string) segment.Upload { return segment.Upload{Namespace: "phone", Kind: kind} }
	long := func() io.Reader { return &endlessLine{1 << 30} }
	feed := newFollower()
	state := func() listState { return stateOfLists(t, db, feed, people) }
	before := state()
	if len(before.In[`tag("vip")`]) == 0 || before.Feed == 0 {
		t.Fatalf("nothing asks of the list: %+v", before)
	}
	for name, try := range map[string]struct {
		list io.Reader
		o    segment.Upload
		want string
	}{
		"mixed kinds":                   {strings.NewReader(md5Of("a") + "\n" + sha256Of("b")), phones, "line 2: mixed hash kinds: it is sha256, line 1 is md5"},
		"sha1 for md5":                  {strings.NewReader(sha1Of("a") + "\n" + sha1Of("b")), of("md5"), "line 1: mixed hash kinds: it is sha1, the list is declared md5"},
		"one sha256 for md5":            {strings.NewReader(md5Of("a") + "\n" + sha256Of("b")), of("md5"), "line 2: mixed hash kinds: it is sha256, the list is declared md5"},
		"md5 for sha256":                {strings.NewReader(md5Of("a")), of("sha256"), "line 1: mixed hash kinds: it is md5, the list is declared sha256"},
		"md5 for plain":                 {strings.NewReader(good + md5Of("a")), of("plain"), "line 3: mixed hash kinds: it is md5, the list is declared plain"},
		"plain for md5":                 {strings.NewReader(md5Of("a") + "\n" + good), of("md5"), "line 2: mixed hash kinds: it is plain, the list is declared md5"},
		"a line of a gigabyte":          {long(), phones, "line 1: longer than 65536 bytes"},
		"a line of a gigabyte, last":    {io.MultiReader(strings.NewReader(good), long()), phones, "line 3: longer than 65536 bytes"},
		"a line of a gigabyte, between": {io.MultiReader(strings.NewReader(good), long(), strings.NewReader("\n"+good)), of("plain"), "line 3: longer than 65536 bytes"},
		"a long line in gzip":           {bytes.NewReader(inGzip(t, io.MultiReader(strings.NewReader(good), &endlessLine{64 << 20}))), phones, "line 3: longer than 65536 bytes"},
		"gzip cut off":                  {bytes.NewReader(whole[:len(whole)-5]), phones, "line 10001: gzip: the file is cut off"},
		"gzip and bytes after it":       {bytes.NewReader(append(bytes.Clone(whole), good...)), phones, "line 10001: gzip: after the end of the compressed text follow bytes that are no gzip"},
		"gzip within gzip":              {bytes.NewReader(inGzip(t, bytes.NewReader(whole))), phones, "line 1: the list is gzip within gzip"},
		"bytes that are no text":        {bytes.NewReader(bytes.Repeat([]byte{7, 1, 2, 255, '\n'}, 20)), phones, "line 1: no line holds an identifier, this one because: not UTF-8"},
		"a zero byte":                   {strings.NewReader(good + "\x00\x01\n" + good), phones, "line 3: a zero byte: the list is no text"},
		"a column that is not there":    {strings.NewReader(good), segment.Upload{Namespace: "phone", Column: 7}, "line 1: no line holds an identifier, this one because: the line has fewer columns than Column"},
		"no line is valid":              {strings.NewReader("name\nx\ny\n"), phones, "line 1: no line holds an identifier, this one because: no identifier of the namespace"},
		"empty":                         {strings.NewReader(""), phones, "line 1: the list is empty: no line holds an identifier (Drop removes a list"},
		"empty in gzip":                 {bytes.NewReader(inGzip(t, strings.NewReader(""))), of("md5"), "the list is empty"},
		"a header alone":                {strings.NewReader("phone\n"), segment.Upload{Namespace: "phone", Header: true}, "line 2: the list is empty"},
		"all lines blocked":             {strings.NewReader("13800138000\n"), phones, "no line holds an identifier that is not blocked"},
		"too many lines":                {strings.NewReader("1\n2\n3\n"), segment.Upload{Namespace: "phone", Kind: "plain", MaxLines: 2}, "line 3: too many lines: the most is 2"},
		"a negative column":             {strings.NewReader(good), segment.Upload{Namespace: "phone", Column: -1}, `"vip": Column is -1`},
		"a comma that is none":          {strings.NewReader(good), segment.Upload{Namespace: "phone", Column: 1, Comma: '"'}, `"vip": Comma is '"'`},
		"a comma and no column":         {strings.NewReader(good), segment.Upload{Namespace: "phone", Comma: ';'}, `"vip": Comma is ';' and Column is 0`},
		"no reader":                     {nil, phones, `"vip": there is no list to read: the reader is nil`},
		"an unknown namespace":          {strings.NewReader(good), segment.Upload{Namespace: "fax"}, "no namespace"},
		"a namespace without digests":   {strings.NewReader("x"), segment.Upload{Namespace: "email", Kind: "md5"}, "no index of md5"},
		"a digest not declared":         {strings.NewReader("x"), of("sha1"), "sha1: kind is not indexed"},
		"an unknown kind":               {strings.NewReader("x"), of("crc"), "unknown kind"},
	} {
		got, err := lists.Upload(t.Context(), "vip", try.list, try.o)
		if err == nil || !strings.Contains(err.Error(), try.want) || strings.Contains(err.Error(), "idlist") {
			t.Errorf("%s: %+v, %v; want %q", name, got, err, try.want)
		}
	}
	if diff := cmp.Diff(before, state()); diff != "" {
		t.Errorf("a list that was refused has changed something: %s", diff)
	}
	// What is merely no phone number is told of by line, and the others are taken.
	if got, err := lists.Upload(t.Context(), "vip", strings.NewReader("13800x\n"+good), of("plain")); err != nil || got.Invalid != 1 || got.Matched != 2 {
		t.Errorf("%+v, %v", got, err)
	}
}

// What a list may not be called, and what may not ask of one.
func TestLists_refused(t *testing.T) {
	db := openLists(t, t.TempDir(), 3)
	lists := db.Lists()
	for _, name := range []string{"", " ", "a\nb", "a\x00", "a\u0085", "a\xff", strings.Repeat("x", 257)} {
		if _, err := lists.Upload(t.Context(), name, strings.NewReader(phoneOf(1)), segment.Upload{Namespace: "phone"}); err == nil {
			t.Errorf("a list is uploaded as %q", name)
		}
		if _, err := lists.Edit(t.Context(), name, "phone", nil, nil); err == nil {
			t.Errorf("a list is made as %q", name)
		}
	}
	if n := len(viewOf(t, db).Lists()); n > 0 {
		t.Errorf("there are %d lists", n)
	}
	if err := lists.Drop(t.Context(), "x"); err == nil {
		t.Error("a list that is not there")
	}
	uploadPhones(t, db, "vip", 1)
	live := func(rule string) error {
		return db.DefineTag(t.Context(), tags.Definition{Name: "live", Rule: tags.MustParse(rule)})
	}
	for rule, want := range map[string]string{
		`tag("asked")`:                          `unknown list "blocked"`,
		`count("x", where(in_list("vip"))) > 1`: "cannot stand in where()",
		`if(in_list("x"), 1, 0) > 0`:            `unknown list "x"`,
	} {
		if err := live(rule); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", rule, err)
		}
	}
	if _, err := db.Count(t.Context(), segment.MustParse(`in_list("vpi")`)); err == nil || !strings.Contains(err.Error(), `did you mean "vip"?`) {
		t.Error(err)
	}
}

// A reader that hangs holds up neither the end of an upload's context nor Close, nor does
// it keep the epoch.
func TestUpload_a_reader_that_hangs(t *testing.T) {
	db := openLists(t, t.TempDir(), 3)
	uploadPhones(t, db, "vip", 1)
	begin := func(ctx context.Context) (done chan error, end func()) {
		r, w := io.Pipe()
		done = make(chan error)
		go func() {
			_, err := db.Lists().Upload(ctx, "vip", r, segment.Upload{Namespace: "phone"})
			done <- err
		}()
		if _, err := io.WriteString(w, phoneOf(2)+"\n"); err != nil { // it reads by then
			t.Error(err)
		}
		return done, func() { r.Close() }
	}
	ctx, cancel := context.WithCancel(t.Context())
	done, end := begin(ctx)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with its context: %v", err)
	}
	if n := portrait.Holders(db); n != 0 {
		t.Errorf("%d epochs are held", n)
	}
	if in := peopleIn(t, db, `in_list("vip")`, 3); len(in) != 1 || in[0] != 1 {
		t.Errorf("the list has become %v", in)
	}
	end()
	done, end = begin(t.Context())
	defer end()
	closed := make(chan error)
	go func() { closed <- db.Close() }()
	if err := <-done; !errors.Is(err, portrait.ErrClosed) || errors.Is(err, context.Canceled) {
		t.Errorf("ended with Close: %v", err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

// A plain line of an erased person is told of as such, in an edit too; a digest cannot be.
func TestLists_erased(t *testing.T) {
	db := openLists(t, t.TempDir(), 4)
	if _, err := db.Privacy().Erase(t.Context(), id("phone", phoneOf(1))); err != nil {
		t.Fatal(err)
	}
	count := func(what string, got segment.Uploaded, err error, want segment.Uploaded) {
		t.Helper()
		want.Kind, want.Faults = got.Kind, got.Faults
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", what, err, diff)
		}
	}
	lines := phoneOf(1) + "\n" + phoneOf(2) + "\n" + phoneOf(99) + "\n"
	got, err := db.Lists().Upload(t.Context(), "plain", strings.NewReader(lines), segment.Upload{Namespace: "phone"})
	count("plain", got, err, segment.Uploaded{Lines: 3, Matched: 1, Erased: 1, Unknown: 1, Profiles: 1})
	lines = md5Of(phoneOf(1)) + "\n" + md5Of(phoneOf(2)) + "\n" + md5Of(phoneOf(99)) + "\n"
	got, err = db.Lists().Upload(t.Context(), "md5", strings.NewReader(lines), segment.Upload{Namespace: "phone"})
	count("md5", got, err, segment.Uploaded{Lines: 3, Matched: 1, Unknown: 2, Profiles: 1})
	got, err = db.Lists().Edit(t.Context(), "plain", "", []string{phoneOf(1), phoneOf(3), phoneOf(99)}, []string{phoneOf(1), phoneOf(2)})
	count("edit", got, err, segment.Uploaded{Lines: 5, Matched: 2, Erased: 2, Unknown: 1, Profiles: 1})
	// Once somebody new may be known by it, and is, it matches.
	if err := db.Privacy().Unsuppress(t.Context(), id("phone", phoneOf(1))); err != nil {
		t.Fatal(err)
	}
	take(t, db, profile.Event{Type: profile.Page, MessageID: "new", Time: now.Add(time.Minute), Identifiers: []profile.Identifier{id("phone", phoneOf(1))}})
	got, err = db.Lists().Edit(t.Context(), "plain", "", []string{phoneOf(1)}, nil)
	count("known again", got, err, segment.Uploaded{Lines: 1, Matched: 1, Profiles: 2})
	if err := db.Check(t.Context()); err != nil {
		t.Error(fmt.Errorf("afterwards: %w", err))
	}
}
