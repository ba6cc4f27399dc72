package idlist

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestMatch_agrees_with_a_model_of_maps(t *testing.T) {
	keys := testKeys(t)
	dir := t.TempDir()
	names := []string{"a", "b", "c", "gone1", "spam1", "odd1", "block1", "bad1", "é"}
	for i := range 300 {
		names = append(names, fmt.Sprint("person", i))
	}
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]Kind{Plain, MD5, SHA1, SHA256}).Draw(t, "kind")
		known := rapid.SliceOfDistinct(rapid.SampledFrom(names), rapid.ID).Draw(t, "known")
		line := rapid.OneOf(
			rapid.Custom(func(t *rapid.T) string {
				text := hashOf(kind, rapid.SampledFrom(names).Draw(t, "name"))
				if rapid.Bool().Draw(t, "upper") {
					text = strings.ToUpper(text)
				}
				return text
			}),
			rapid.SampledFrom([]string{"", " ", "bad", "block"}),
		)
		if rapid.IntRange(0, 3).Draw(t, "of another kind") == 0 {
			line = rapid.OneOf(line, line, line, rapid.SampledFrom([]string{strings.Repeat("0", 40), strings.Repeat("0", 32), strings.Repeat("x", 32)}))
		}
		lines := rapid.SliceOfN(line, 0, 200).Draw(t, "lines")
		list := strings.Join(lines, rapid.SampledFrom([]string{"\n", "\r\n", " \n"}).Draw(t, "end"))
		if rapid.Bool().Draw(t, "last newline") && list != "" {
			list += "\n"
		}
		m := newIndex(keys, known...)
		erased, blocked := map[Token]bool{}, map[Token]bool{}
		for _, name := range []string{"person1", "person2", "person3"} {
			for _, token := range keys.Tokens(name) {
				erased[token] = true
			}
		}
		for _, token := range keys.Tokens("person9") {
			blocked[token] = true
		}
		index := m.index()
		index.Erased = func(_ Kind, t Token) (bool, error) { return erased[t], nil }
		if rapid.Bool().Draw(t, "lookup") {
			index.Lookup = m.lookup
		}
		opts := Options{
			Kind: kind, Keys: keys, Normalize: normalize, Blocked: func(t Token) bool { return blocked[t] }, Dir: dir,
			MemoryBytes: rapid.SampledFrom([]int64{0, 1, 20 * recordBytes}).Draw(t, "memory"),
		}
		want := modelMatch(list, kind, keys, m, erased, opts.Blocked)
		for _, sz := range []sizes{{}, smallSizes()} {
			got := runMatch(t, list, index, opts, sz)
			got.Faults = nil
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("sizes %+v, list %q: (-want +got)\n%s", sz, list, diff)
			}
		}
	})
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left in the directory: %v, %v", left, err)
	}
}

func TestMatch_scans_and_lookups_find_the_same(t *testing.T) {
	keys := testKeys(t, MD5)
	var names, lines []string
	for i := range 5000 {
		names = append(names, fmt.Sprint("n", i))
		lines = append(lines, hashOf(MD5, fmt.Sprint("n", i*7%6000)))
	}
	m := newIndex(keys, names...)
	for _, n := range []int{1, 3, 30, 3000} {
		index := m.index()
		m.scans = 0
		list := strings.Join(lines[:n], "\n")
		scanned := runMatch(t, list, index, Options{Keys: keys}, sizes{})
		if wantSeeks := n*seekCost < len(names); wantSeeks != (m.scans == n+1) {
			t.Errorf("%d lines against %d entries: %d scans", n, len(names), m.scans)
		}
		index.Lookup = m.lookup
		if diff := cmp.Diff(scanned, runMatch(t, list, index, Options{Keys: keys}, smallSizes())); diff != "" {
			t.Errorf("%d lines: scanned against looked up:\n%s", n, diff)
		}
		want := modelMatch(list, MD5, keys, m, nil, func(Token) bool { return false })
		if diff := cmp.Diff(want, scanned); diff != "" {
			t.Errorf("%d lines: model against match:\n%s", n, diff)
		}
	}
}

func TestMatch_one_identifier_repeated_needs_no_room(t *testing.T) {
	keys := testKeys(t, MD5)
	m := newIndex(keys, "a", "b")
	// Two tokens in turn, so that no two neighbours are equal, in one partition each.
	list := strings.Repeat(hashOf(MD5, "a")+"\n"+hashOf(MD5, "b")+"\n"+hashOf(MD5, "c")+"\n", 20_000)
	sz := smallSizes()
	sz.block, sz.run = 4096, 64
	got := runMatch(t, list, m.index(), Options{Keys: keys, Dir: t.TempDir(), MemoryBytes: 1000}, sz)
	want := map[Verdict]int64{Matched: 2, Unknown: 1, Duplicate: 59_997}
	if diff := cmp.Diff(want, got.Counts); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if first, _, _ := strings.Cut(got.Verdicts, "4,"); first != "1,matched\n2,matched\n3,unknown\n" {
		t.Errorf("the first lines are %q", first)
	}
}
