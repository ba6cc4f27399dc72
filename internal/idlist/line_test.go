package idlist

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFormat_field(t *testing.T) {
	csv := func(column int) Format { return Format{Column: column, Comma: ','} }
	for _, c := range []struct {
		name   string
		format Format
		line   string
		want   string
		err    error
	}{
		{"plain", Format{}, "abc", "abc", nil},
		{"windows line end", Format{}, "abc\r", "abc", nil},
		{"blanks", Format{}, " \tabc \r", "abc", nil},
		{"invisible characters", Format{}, "\u00a0\u200babc\ufeff", "abc", nil},
		{"blanks within stay", Format{}, "+86 138", "+86 138", nil},
		{"empty", Format{}, "", "", nil},
		{"blank", Format{}, " \r", "", nil},
		{"double quotes", Format{}, ` "abc" `, "abc", nil},
		{"single quotes", Format{}, "'abc'", "abc", nil},
		{"blanks within quotes", Format{}, `" abc "`, "abc", nil},
		{"nothing in quotes", Format{}, `""`, "", nil},
		{"one quote is text", Format{}, `"`, `"`, nil},
		{"an open quote is text", Format{}, `"abc`, `"abc`, nil},
		{"a comma is text", Format{}, "a,b", "a,b", nil},
		{"longest", Format{}, strings.Repeat("x", 40), strings.Repeat("x", 40), nil},
		{"longest with its end", Format{}, strings.Repeat("x", 40) + "\r", strings.Repeat("x", 40), nil},
		{"too long", Format{}, strings.Repeat("x", 41), "", ErrLongLine},
		{"too long, blank", Format{}, strings.Repeat(" ", 41), "", ErrLongLine},
		{"not UTF-8 is left to see", Format{}, "\xffabc\xff", "\xffabc\xff", nil},
		{"first column", csv(1), "a,b,c", "a", nil},
		{"middle column", csv(2), "a, b ,c", "b", nil},
		{"last column", csv(3), "a,b,c\r", "c", nil},
		{"empty column", csv(2), "a,,c", "", nil},
		{"empty last column", csv(2), "a,", "", nil},
		{"missing column", csv(4), "a,b,c", "", errColumn},
		{"empty line", csv(4), " ", "", nil},
		{"comma in quotes", csv(2), `"a,b","c,d",e`, "c,d", nil},
		{"after quotes", csv(3), `"a,b", "c,d" ,e`, "e", nil},
		{"doubled quotes", csv(1), `"a""b"`, `a"b`, nil},
		{"doubled quotes alone", csv(2), `"""",x`, "x", nil},
		{"quote within", csv(2), `5" screen,x`, "x", nil},
		{"open quote", csv(2), `"a,b`, "", errQuote},
		{"text after quotes", csv(2), `"a"b,c`, "", errQuote},
		{"single quotes in a column", csv(2), `a,'b'`, "b", nil},
		{"tabs", Format{Column: 2, Comma: '\t'}, "a\tb\tc", "b", nil},
		{"empty first cell before a tab", Format{Column: 2, Comma: '\t'}, "\tb", "b", nil},
		{"quotes and tabs", Format{Column: 3, Comma: '\t'}, "\"a\"\t\"b\"\tc", "c", nil},
		{"semicolons", Format{Column: 2, Comma: ';'}, "a,b;c", "c", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.format.field([]byte(c.line), 40)
			if string(got) != c.want || err != c.err {
				t.Errorf("%q is %q, %v; not %q, %v", c.line, got, err, c.want, c.err)
			}
		})
	}
}

// told is what a list comes to: the verdicts of its lines in order, its kind and error.
type told struct {
	Kind     Kind
	Verdicts string
	Err      string
}

func TestMatch_reads_lists_as_they_come(t *testing.T) {
	a, b := hashOf(MD5, "a"), hashOf(MD5, "b")
	a1, a2 := hashOf(SHA1, "a"), hashOf(SHA256, "a")
	for _, c := range []struct {
		name string
		list string
		opts Options
		want told
	}{
		{"nothing", "", Options{}, told{Err: "line 1: the list is empty: no line holds an identifier"}},
		{"one newline", "\n", Options{}, told{Err: "line 2: the list is empty: no line holds an identifier"}},
		{"nothing, declared", "", Options{Kind: MD5}, told{Err: "line 1: the list is empty: no line holds an identifier"}},
		{"byte order mark", "\ufeff" + a + "\r\n" + b + "\r\n", Options{}, told{MD5, "matched unknown", ""}},
		{"byte order mark alone", "\ufeff", Options{}, told{Err: "line 1: the list is empty: no line holds an identifier"}},
		{"header", "id_md5\n" + a, Options{Format: Format{Header: true}}, told{MD5, "skipped matched", ""}},
		{"header alone", "id_md5", Options{Format: Format{Header: true}}, told{Err: "line 2: the list is empty: no line holds an identifier"}},
		{"columns", "n,id\n1,\"" + a + "\"\n2\n3," + a, Options{Format: Format{Header: true, Column: 2}}, told{MD5, "skipped matched invalid duplicate", ""}},
		{"a digest is the whole line and not a column", a + "\n1," + a, Options{Kind: MD5, Format: Format{Column: 2}}, told{MD5, "invalid matched", ""}},
		{"nothing is left of it", "void\na", Options{}, told{Plain, "invalid matched", ""}},
		{"empty lines count", "\n" + a + "\n\n \n" + a, Options{}, told{MD5, "skipped matched skipped skipped duplicate", ""}},
		{"any case is one digest", a + "\n" + strings.ToUpper(a), Options{}, told{MD5, "matched duplicate", ""}},
		{"quotes", `"` + a + `"` + "\n'" + a + "'", Options{}, told{MD5, "matched duplicate", ""}},
		{"plain", "A\n a\nc\nbad\nblock", Options{}, told{Plain, "matched duplicate unknown invalid blocked", ""}},
		{"sha1", a1 + "\nbad" + a1[1:] + "\nblock", Options{Kind: SHA1}, told{SHA1, "matched invalid blocked", ""}},
		{"sha256", "bad" + a2 + "\n" + a2, Options{Kind: SHA256}, told{SHA256, "invalid matched", ""}},
		{"md5 declared, sha1 given", a1, Options{Kind: MD5}, told{Err: "line 1: mixed hash kinds: it is sha1, the list is declared md5"}},
		{"md5 declared, one is sha1", a + "\nbad\n" + a1 + "\n" + a2, Options{Kind: MD5}, told{Err: "line 3: mixed hash kinds: it is sha1, the list is declared md5"}},
		{"sha256 declared, md5 given", a, Options{Kind: SHA256}, told{Err: "line 1: mixed hash kinds: it is md5, the list is declared sha256"}},
		{"sha1 declared, one is plain", a1 + "\nb", Options{Kind: SHA1}, told{Err: "line 2: mixed hash kinds: it is plain, the list is declared sha1"}},
		{"another digest in a column", "x," + a1 + "\ny," + a2, Options{Kind: SHA1, Format: Format{Column: 2}}, told{Err: "line 2: mixed hash kinds: it is sha256, the list is declared sha1"}},
		{"plain declared, and no plain value may be this digest", "b\nbad0" + a[4:], Options{Kind: Plain}, told{Err: "line 2: mixed hash kinds: it is md5, the list is declared plain"}},
		{"sha256 found", a2 + "\n" + a2, Options{}, told{SHA256, "matched duplicate", ""}},
		{"what is invalid tells no kind", "bad\nblock\n" + a, Options{}, told{MD5, "invalid blocked matched", ""}},
		{"not UTF-8", "\xff\xe4\na", Options{}, told{Plain, "invalid matched", ""}},
		{"not UTF-8 in a hash", "\xe4" + a[1:] + "\n" + a, Options{Kind: MD5}, told{MD5, "invalid matched", ""}},
		{"another column is not UTF-8", "a,\xff", Options{Format: Format{Column: 1}}, told{Plain, "matched", ""}},
		{"a zero byte", "a\nb\nc\x00d\n" + a, Options{}, told{Err: "line 3: a zero byte: the list is no text in UTF-8"}},
		{"a zero byte in the header", "\x00\na", Options{Format: Format{Header: true}}, told{Err: "line 1: a zero byte: the list is no text in UTF-8"}},
		{"a zero byte after another fault", a + "\nb\n\x00", Options{}, told{Err: "line 2: mixed hash kinds: it is plain, line 1 is md5"}},
		{"a zero byte before another fault", a + "\n\x00\nb", Options{}, told{Err: "line 2: a zero byte: the list is no text in UTF-8"}},
		{"none is valid", "\nbad\nbad", Options{}, told{Err: "line 2: no line holds an identifier, this one because: begins with bad"}},
		{"no such column", "a\nb\n", Options{Format: Format{Column: 7}}, told{Err: "line 1: no line holds an identifier, this one because: the line has fewer columns than Column"}},
		{"all are blocked", "block\nblock\n", Options{}, told{Err: "line 3: the list ends, and no line holds an identifier that is not blocked"}},
		{"no digest", "bad", Options{Kind: MD5}, told{Err: "line 1: no line holds an identifier, this one because: not as many hexadecimal digits as the hash has"}},
		{"gzip within gzip", string(zipped(t, string(zipped(t, "a\n")))), Options{}, told{Err: "line 1: the list is gzip within gzip: plain text in UTF-8 is read, and gzip"}},
		{"hash declared plain", a, Options{Kind: Plain}, told{Plain, "unknown", ""}},
		{"md5 then sha1", a + "\n\n" + a1, Options{}, told{Err: "line 3: mixed hash kinds: it is sha1, line 1 is md5"}},
		{"md5 then plain", "bad\n" + a + "\n" + b + "\nc", Options{}, told{Err: "line 4: mixed hash kinds: it is plain, line 2 is md5"}},
		{"plain then md5", "c\n" + a, Options{}, told{Err: "line 2: mixed hash kinds: it is md5, line 1 is plain"}},
		{"the first of many that differ", a + "\n" + a2 + "\nc\n" + a1, Options{}, told{Err: "line 2: mixed hash kinds: it is sha256, line 1 is md5"}},
		{"a cut hash is plain", a + "\n" + a[1:], Options{}, told{Err: "line 2: mixed hash kinds: it is plain, line 1 is md5"}},
		{"not indexed", "\n" + a1 + "\n" + a, Options{Keys: testKeys(t, MD5)}, told{Err: "line 2: sha1: kind is not indexed"}},
		{"too many lines", "a\nb\n\n", Options{MaxLines: 2}, told{Err: "line 3: too many lines: the most is 2"}},
		{"as many lines as may be", "a\nb\n", Options{MaxLines: 2}, told{Plain, "matched unknown", ""}},
		{"mixed before too many", "a\n" + a + "\nb", Options{MaxLines: 2}, told{Err: "line 2: mixed hash kinds: it is md5, line 1 is plain"}},
		{"zip", "PK\x03\x04abc", Options{}, told{Err: "line 1: the list is a zip or xlsx file: plain text in UTF-8 is read, and gzip"}},
		{"UTF-16", "\xff\xfea\x00\n\x00", Options{}, told{Err: "line 1: the list is UTF-16: plain text in UTF-8 is read, and gzip"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.opts.Keys == nil {
				c.opts.Keys = testKeys(t)
			}
			c.opts.Normalize = normalize
			index := newIndex(testKeys(t), "a").index()
			for _, sz := range []sizes{{}, smallSizes()} {
				out := runMatch(t, c.list, index, c.opts, sz)
				got := told{out.Kind, words(out.Verdicts), out.Err}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("sizes %+v: (-want +got)\n%s", sz, diff)
				}
			}
		})
	}
}

func TestMatch_a_line_that_is_too_long_stays_so_wherever_it_is_cut(t *testing.T) {
	index := newIndex(testKeys(t)).index()
	sz := smallSizes()
	for more := range 3 * sz.block {
		for _, header := range []bool{false, true} {
			list := strings.Repeat("x", sz.line) + "\r" + strings.Repeat("y", more) + "\r\nz\x00"
			out := runMatch(t, list, index, Options{Kind: Plain, Keys: testKeys(t), Format: Format{Header: header}}, sz)
			if want := "line 1: " + ErrLongLine.Error(); out.Err != want {
				t.Errorf("%d bytes beyond the longest line, header %t: %s", more+1, header, out.Err)
			}
			out = runMatch(t, "a\n"+strings.Repeat("x", sz.line)+"\r\nz\n"+list+"\n", index, Options{Kind: Plain, Keys: testKeys(t)}, sz)
			if want := "line 4: " + ErrLongLine.Error(); out.Err != want {
				t.Errorf("%d bytes beyond the longest line, after others: %s", more+1, out.Err)
			}
		}
	}
}

func TestMatch_an_index_may_have_plain_tokens_of_its_own(t *testing.T) {
	own := func(value string) Token { return Token([]byte((value + strings.Repeat("-", 16))[:16])) }
	m := newIndex(nil)
	m.values[Plain] = map[Token]string{own("a"): "a", own("b"): "b"}
	m.tokens[Plain] = []Token{own("a"), own("b")}
	got := runMatch(t, "B\nA\nc\na", m.index(), Options{Plain: own, Normalize: normalize}, sizes{})
	want := outcome{
		Kind: Plain, Lines: 4, Counts: map[Verdict]int64{Matched: 2, Unknown: 1, Duplicate: 1}, Found: []string{"a", "b"},
		Verdicts: "1,matched\n2,matched\n3,unknown\n4,duplicate\n",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	got = runMatch(t, hashOf(MD5, "a"), m.index(), Options{Plain: own}, sizes{})
	if want := "line 1: md5: kind is not indexed"; got.Err != want {
		t.Errorf("a hash: %s", got.Err)
	}
}

// words leaves the line numbers out of a file of verdicts.
func words(file string) string {
	var all []string
	for line := range strings.Lines(file) {
		_, word, _ := strings.Cut(strings.TrimSpace(line), ",")
		all = append(all, word)
	}
	return strings.Join(all, " ")
}

func TestMatch_says_why_lines_are_invalid(t *testing.T) {
	list := hashOf(MD5, "a") + "\nbad\n\xff\n"
	out := runMatch(t, list, newIndex(testKeys(t), "a").index(), Options{Kind: MD5, Keys: testKeys(t), Normalize: normalize}, sizes{})
	want := []string{"line 2: not as many hexadecimal digits as the hash has", "line 3: not UTF-8"}
	if diff := cmp.Diff(want, out.Faults); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	out = runMatch(t, strings.Repeat("bad\n", 3000)+"a", newIndex(testKeys(t)).index(), Options{Keys: testKeys(t), Normalize: normalize}, smallSizes())
	if n := len(out.Faults); n != maxFaults || out.Faults[0] != "line 1: begins with bad" || out.Faults[n-1] != "line 16: begins with bad" {
		t.Errorf("the faults of 3000 lines are %q", out.Faults)
	}
}
