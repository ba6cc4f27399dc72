package copies_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/internal/copies"
)

const key = "00112233445566778899aabbccddeeff"

func ledgerOf(r *rand.Rand, n int) *copies.Ledger {
	l := &copies.Ledger{Key: key, Taken: r.Int64() - r.Int64(), Entries: []copies.Entry{}}
	for range n {
		e := copies.Entry{At: r.Int64() - r.Int64(), Lifted: copies.Never, Nameless: r.IntN(2) == 0}
		binary.BigEndian.PutUint64(e.Token[:], r.Uint64())
		if r.IntN(3) == 0 {
			e.Lifted = r.Int64() - r.Int64()
		}
		l.Entries = append(l.Entries, e)
	}
	slices.SortFunc(l.Entries, func(a, b copies.Entry) int { return bytes.Compare(a.Token[:], b.Token[:]) })
	return l
}

// What is written is read again, and a ledger with any bit changed, or cut anywhere, is
// not read.
func TestLedger(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for n := range 20 {
		l := ledgerOf(r, n)
		text := l.Append(nil)
		got, err := copies.ReadLedger(text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(l, got); diff != "" {
			t.Fatal(diff)
		}
		for _, e := range l.Entries {
			if found, ok := got.Find(e.Token); !ok || found != e {
				t.Errorf("found %v, %t, want %v", found, ok, e)
			}
		}
		if _, ok := got.Find([16]byte{15: 1}); ok {
			t.Error("found a token that is not there")
		}
		for i := range text {
			changed := bytes.Clone(text)
			changed[i] ^= 1 << r.IntN(8)
			if _, err := copies.ReadLedger(changed); !errors.Is(err, copies.ErrSeal) {
				t.Errorf("byte %d changed: %v", i, err)
			}
			if _, err := copies.ReadLedger(text[:i]); !errors.Is(err, copies.ErrSeal) {
				t.Errorf("cut at %d: %v", i, err)
			}
		}
	}
}

// A text that is sealed and says something else is refused.
func TestLedger_refuses(t *testing.T) {
	head := "portrait erasure ledger 1\nkey " + key + "\ntaken 5\n"
	token := "000102030405060708090a0b0c0d0e0f"
	for name, text := range map[string]string{
		"another kind":          "portrait copy 1 -\n",
		"another version":       "portrait erasure ledger 2\nkey " + key + "\ntaken 5\nentries 0\n",
		"no key":                "portrait erasure ledger 1\ntaken 5\nentries 0\n",
		"a key in capitals":     "portrait erasure ledger 1\nkey 00112233445566778899AABBCCDDEEFF\ntaken 5\nentries 0\n",
		"a short key":           "portrait erasure ledger 1\nkey 00\ntaken 5\nentries 0\n",
		"no count":              head,
		"too few":               head + "entries 1 -\n",
		"too many":              head + "entries 0\n" + token + " 1 - -\n",
		"a plus":                head + "entries 1\n" + token + " +1 - -\n",
		"two spaces":            head + "entries 1\n" + token + "  1 - -\n",
		"a short token":         head + "entries 1\n" + token[2:] + " 1 - -\n",
		"no digits":             head + "entries 1\n" + "zz" + token[2:] + " 1 - -\n",
		"no lifted":             head + "entries 1\n" + token + " 1 -\n",
		"never in digits":       head + "entries 1\n" + token + " 1 9223372036854775807 -\n",
		"another kind of entry": head + "entries 1\n" + token + " 1 - gone\n",
		"the same twice":        head + "entries 2\n" + token + " 1 - -\n" + token + " 2 - -\n",
		"no last newline":       head + "entries 1\n" + token + " 1 - -",
	} {
		if l, err := copies.ReadLedger(copies.Seal([]byte(text))); err == nil {
			t.Errorf("%s: read as %+v", name, l)
		}
	}
}

func TestNote(t *testing.T) {
	l := ledgerOf(rand.New(rand.NewPCG(1, 2)), 3)
	for _, n := range []*copies.Note{
		{Store: "0a", Key: key, Epoch: 7},
		{Store: "0a", Key: key, Epoch: 1<<63 + 1, Backup: "x", Ledger: l.Append(nil)},
	} {
		text, err := n.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := copies.ReadNote(text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(n, got); diff != "" {
			t.Error(diff)
		}
		for i := range text {
			changed := bytes.Clone(text)
			changed[i] ^= 4
			if _, err := copies.ReadNote(changed); err == nil {
				t.Errorf("byte %d changed, and read", i)
			}
		}
	}
	for _, text := range []string{"", "portrait copy 1 -\n", "portrait copy 1\n{\n", "portrait copy 2\n{}\n"} {
		if n, err := copies.ReadNote(copies.Seal([]byte(text))); err == nil {
			t.Errorf("%q is read as %+v", text, n)
		}
	}
}

func FuzzReadLedger(f *testing.F) {
	for n := range 3 {
		text, _ := copies.Unseal(ledgerOf(rand.New(rand.NewPCG(3, 4)), n).Append(nil))
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		sealed := copies.Seal(bytes.Clone(text))
		l, err := copies.ReadLedger(sealed)
		if err != nil {
			return
		}
		if again := l.Append(nil); !bytes.Equal(again, sealed) {
			t.Errorf("read and written again it is\n%s", again)
		}
	})
}

func FuzzReadNote(f *testing.F) {
	n := copies.Note{Store: "0a", Key: key, Epoch: 7, Ledger: []byte("x\n")}
	text, err := n.Append(nil)
	if err != nil {
		f.Fatal(err)
	}
	text, _ = copies.Unseal(text)
	f.Add(text)
	f.Fuzz(func(t *testing.T, text []byte) {
		n, err := copies.ReadNote(copies.Seal(bytes.Clone(text)))
		if err != nil {
			return
		}
		again, err := n.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		m, err := copies.ReadNote(again)
		if err != nil || cmp.Diff(n, m) != "" {
			t.Errorf("%+v is read as %+v, %v", n, m, err)
		}
	})
}

// A ledger that was cut short or changed is refused, and the error names the line where that shows.
func TestReadLedger_names_where(t *testing.T) {
	entry := func(n byte) copies.Entry {
		return copies.Entry{Token: [16]byte{n}, At: int64(n), Lifted: copies.Never}
	}
	whole := (&copies.Ledger{Key: key, Taken: 7, Entries: []copies.Entry{entry(1), entry(2), entry(3)}}).Append(nil)
	lines := bytes.SplitAfter(whole, []byte{'\n'})
	join := func(n int) []byte { return bytes.Join(lines[:n], nil) }
	replace := func(old, by string) []byte { return bytes.Replace(whole, []byte(old), []byte(by), 1) }
	for _, damaged := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "it ends after line 0"},
		{"cut in the head", join(2), "it ends after line 2"},
		{"cut after an entry", join(6), "it ends after line 6"},
		{"cut within an entry", whole[:len(join(6))+5], "it ends within line 7"},
		{"without the checksum", join(7), "it ends after line 7"},
		{"cut within the checksum", whole[:len(whole)-1], "it ends within line 8"},
		{"another heading", replace("ledger 1", "ledger 2"), "line 1: "},
		{"a key without its name", replace("key ", "kay "), "line 2: "},
		{"a time that is none", replace("taken 7", "taken x"), "line 3: "},
		{"an entry that is none", replace("02000000", "0x000000"), "line 6: "},
		{"entries in another order", replace("02000000", "00000000"), "line 6: tokens do not ascend"},
		{"an entry too many", replace("entries 3", "entries 2"), "line 7: want the checksum"},
		{"an entry too few", replace("entries 3", "entries 4"), "line 8: "},
		{"more behind it", append(slices.Clone(whole), "x\n"...), "line 8: nothing follows"},
		{"another time", replace("taken 7", "taken 8"), "every line has its form"},
	} {
		l, err := copies.ReadLedger(damaged.data)
		if l != nil || !errors.Is(err, copies.ErrSeal) || !strings.Contains(err.Error(), damaged.want) {
			t.Errorf("%s: %v, want %q", damaged.name, err, damaged.want)
		}
	}
}
