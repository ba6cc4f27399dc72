package idlist

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testKeys makes the tokens of all kinds.
func testKeys(t rapid.TB, kinds ...Kind) *Keys {
	t.Helper()
	if kinds == nil {
		kinds = []Kind{MD5, SHA1, SHA256}
	}
	keys, err := NewKeys([32]byte{1, 2, 3}, "phone", kinds...)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// normalize lower-cases, refuses what begins with "bad" or "block", and leaves
// nothing of "void".
func normalize(value string) (string, error) {
	value = strings.ToLower(value)
	switch {
	case strings.HasPrefix(value, "bad"):
		return "", errors.New("begins with bad")
	case strings.HasPrefix(value, "block"):
		return "", fmt.Errorf("a placeholder: %w", ErrBlocked)
	case value == "void":
		return "", nil
	default:
		return value, nil
	}
}

// memIndex is an index in memory.
type memIndex struct {
	values map[Kind]map[Token]string
	tokens map[Kind][]Token // ascending
	scans  int              // how many scans were begun
}

// newIndex returns the index of some identifiers, whose values are they themselves.
func newIndex(keys *Keys, values ...string) *memIndex {
	m := &memIndex{values: map[Kind]map[Token]string{}, tokens: map[Kind][]Token{}}
	for _, value := range values {
		for kind, token := range keys.Tokens(value) {
			if m.values[kind] == nil {
				m.values[kind] = map[Token]string{}
			}
			m.values[kind][token] = value
		}
	}
	for kind, values := range m.values {
		m.tokens[kind] = slices.SortedFunc(maps.Keys(values), Token.compare)
	}
	return m
}

func (m *memIndex) scan(kind Kind, from, to Token) iter.Seq2[Entry, error] {
	m.scans++
	return func(yield func(Entry, error) bool) {
		tokens := m.tokens[kind]
		i, _ := slices.BinarySearchFunc(tokens, from, Token.compare)
		for ; i < len(tokens) && tokens[i].compare(to) <= 0; i++ {
			if !yield(Entry{tokens[i], []byte(m.values[kind][tokens[i]])}, nil) {
				return
			}
		}
	}
}

func (m *memIndex) lookup(kind Kind, t Token) ([]byte, bool, error) {
	value, ok := m.values[kind][t]
	return []byte(value), ok, nil
}

func (m *memIndex) index() Index { return Index{Scan: m.scan} }

// outcome is all that a match tells.
type outcome struct {
	Kind     Kind
	Lines    int64
	Counts   map[Verdict]int64
	Faults   []string
	Found    []string // in the order in which it was told
	Verdicts string
	Err      string
}

// verdictOf is what the tests make of an entry: values that begin with "gone" belong
// to someone erased, with "spam" are blocked, with "odd" are unknown after all.
func verdictOf(value string) Verdict {
	switch {
	case strings.HasPrefix(value, "gone"):
		return Erased
	case strings.HasPrefix(value, "spam"):
		return Blocked
	case strings.HasPrefix(value, "odd"):
		return Unknown
	default:
		return Matched
	}
}

// smallSizes make every boundary fall into a short list.
func smallSizes() sizes { return sizes{workers: 3, block: 128, line: 80, chunk: 2, run: 4} }

// runMatch matches a list, with sizes of its own unless they are zero.
func runMatch(t rapid.TB, list string, index Index, opts Options, sz sizes) outcome {
	t.Helper()
	var file bytes.Buffer
	opts.Verdicts = &file
	opts, err := opts.withDefaults(strings.NewReader(list), index)
	if err != nil {
		t.Fatal(err)
	}
	if sz == (sizes{}) {
		sz = opts.sizes()
	}
	var out outcome
	report, err := match(context.Background(), strings.NewReader(list), index, &opts, sz, func(e Entry) (Verdict, error) {
		out.Found = append(out.Found, string(e.Value))
		return verdictOf(string(e.Value)), nil
	})
	out.Kind, out.Lines, out.Verdicts = report.Kind, report.Lines, file.String()
	out.Counts = map[Verdict]int64{}
	var sum int64
	for v := range verdicts {
		if n := report.Count(v); n != 0 {
			out.Counts[v] = n
			sum += n
		}
	}
	if sum != report.Lines {
		t.Errorf("%d verdicts on %d lines", sum, report.Lines)
	}
	for _, f := range report.Faults {
		out.Faults = append(out.Faults, f.Error())
	}
	if err != nil {
		out.Err = err.Error()
	}
	return out
}

// modelMatch is what a match of a list of plain lines or of hashes must tell, by
// maps and strings. The kind is declared, lines are not quoted.
func modelMatch(list string, kind Kind, keys *Keys, m *memIndex, erased map[Token]bool, blocked func(Token) bool) outcome {
	out := outcome{Kind: kind, Counts: map[Verdict]int64{}}
	scanned := kind
	if kind == Plain {
		scanned = SHA256
	}
	if err := modelFault(list, kind); err != "" {
		return outcome{Err: err, Counts: map[Verdict]int64{}}
	}
	seen := map[Token]bool{}
	found := map[Token]string{}
	if list != "" {
		for i, line := range strings.Split(strings.TrimSuffix(list, "\n"), "\n") {
			v := Unknown
			t, verdict := modelToken(strings.TrimSpace(line), kind, keys)
			switch value, ok := m.values[scanned][t]; {
			case verdict != Unknown:
				v = verdict
			case blocked(t):
				v = Blocked
			case seen[t]:
				v = Duplicate
			case ok:
				v = verdictOf(value)
				found[t] = value
			case erased[t]:
				v = Erased
			}
			if verdict == Unknown && v != Blocked || found[t] != "" {
				seen[t] = true
			}
			out.Lines++
			out.Counts[v]++
			out.Verdicts += fmt.Sprintf("%d,%s\n", i+1, v)
		}
	}
	for _, t := range slices.SortedFunc(maps.Keys(found), func(a, b Token) int { return cmp.Compare(a.String(), b.String()) }) {
		out.Found = append(out.Found, found[t])
	}
	return out
}

// modelFault says why a list of a declared kind is refused, or nothing.
func modelFault(list string, kind Kind) string {
	var none string
	lines, any := strings.Split(strings.TrimSuffix(list, "\n"), "\n"), false
	for i, line := range lines {
		line = strings.TrimSpace(line)
		is := Plain
		if _, err := hex.DecodeString(line); err == nil {
			is = map[int]Kind{32: MD5, 40: SHA1, 64: SHA256}[len(line)]
		}
		value, err := normalize(line)
		switch {
		case line == "":
		case kind != Plain && is == kind, kind == Plain && err == nil && value != "":
			any = true
		case is != Plain && is != Auto, err == nil && value != "":
			return fmt.Sprintf("line %d: mixed hash kinds: it is %s, the list is declared %s", i+1, max(is, Plain), kind)
		case none == "" && !errors.Is(err, ErrBlocked):
			why := "begins with bad"
			if kind != Plain {
				why = errNotHash.Error()
			}
			none = fmt.Sprintf("line %d: no line holds an identifier, this one because: %s", i+1, why)
		}
	}
	end := len(lines) + 1
	if list == "" {
		end = 1
	}
	switch {
	case any:
		return ""
	case none != "":
		return none
	case strings.Contains(strings.ToLower(list), "block"):
		return fmt.Sprintf("line %d: the list ends, and no line holds an identifier that is not blocked", end)
	default:
		return fmt.Sprintf("line %d: the list is empty: no line holds an identifier", end)
	}
}

// modelToken returns the token of a line, or its verdict if it has none.
func modelToken(line string, kind Kind, keys *Keys) (Token, Verdict) {
	if line == "" {
		return Token{}, Skipped
	}
	if kind == Plain {
		value, err := normalize(line)
		switch {
		case errors.Is(err, ErrBlocked):
			return Token{}, Blocked
		case err != nil:
			return Token{}, Invalid
		}
		for k, t := range keys.Tokens(value) {
			if k == SHA256 {
				return t, Unknown
			}
		}
	}
	digest, err := hex.DecodeString(line)
	if strings.HasPrefix(line, "block") {
		return Token{}, Blocked
	}
	if err != nil || len(digest) != map[Kind]int{MD5: 16, SHA1: 20, SHA256: 32}[kind] {
		return Token{}, Invalid
	}
	m := maker{keys: keys}
	copy(m.digest[:], digest)
	return m.ofDigest(kind), Unknown
}

// hashOf returns the digest of a value in hexadecimal, or the value if it is plain.
func hashOf(kind Kind, value string) string {
	switch kind {
	case MD5:
		return fmt.Sprintf("%x", md5.Sum([]byte(value)))
	case SHA1:
		return fmt.Sprintf("%x", sha1.Sum([]byte(value)))
	case SHA256:
		return fmt.Sprintf("%x", sha256.Sum256([]byte(value)))
	default:
		return value
	}
}
