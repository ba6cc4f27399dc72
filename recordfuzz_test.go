package portrait

import (
	"bytes"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/pack"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// fuzzRecord holds a decoder against its writer: what is read is written again
// as the same bytes, what is not is ErrCorrupt, and neither costs more than a
// multiple of the input.
func fuzzRecord(f *testing.F, name string, seeds ...[]byte) {
	f.Helper()
	for _, kind := range recordKinds {
		if kind.name != name {
			continue
		}
		f.Add(unhex(f, kind.golden))
		for _, seed := range seeds {
			f.Add(seed)
		}
		f.Fuzz(func(t *testing.T, data []byte) {
			again, err := kind.again(data)
			switch {
			case err != nil && !errors.Is(err, ErrCorrupt):
				t.Fatalf("%x: error %v", data, err)
			case err == nil && !bytes.Equal(again, data):
				t.Fatalf("%x is written again as %x", data, again)
			}
			// Other goroutines allocate too, so only what is seen again is too much.
			for range 5 {
				if grown, _ := allocated(kind.again, data); grown <= 1<<16+110*uint64(len(data)) {
					return
				}
			}
			t.Fatalf("%x: too much is allocated for %d bytes", data, len(data))
		})
	}
}

func FuzzDecodeNode(f *testing.F) {
	sc := &profile.Schema{Events: map[string]profile.Folds{"Order": {Numbers: []string{"revenue"}, Uniques: []string{"sku"}}}}
	s := &profile.State{}
	for i := range 3 {
		d, err := sc.Lift(&profile.Event{
			Name: "Order", MessageID: strings.Repeat("m", i), Time: time.Unix(int64(i), 0),
			Properties: map[string]profile.Value{"revenue": profile.Number(2.5), "sku": profile.String("x")},
			Traits:     map[string]profile.Value{"city": profile.String("上海")},
		})
		if err != nil {
			f.Fatal(err)
		}
		s.Absorb(d)
	}
	n := &node{token: self, root: self, id: profile.Identifier{Namespace: "user_id", Value: strings.Repeat("u", 40)}, vetoed: true, state: s}
	fuzzRecord(f, "node", appendNode(nil, n))
}

func FuzzDecodeComponent(f *testing.F) {
	members := make([]identity.Token, 17)
	for i := range members {
		members[i][0] = byte(i)
	}
	fuzzRecord(f, "component", appendComponent(nil, members))
}

func FuzzDecodeEdge(f *testing.F) {
	e := &identity.Edge{Decision: identity.Link, Decided: profile.Stamp{At: 1 << 50, Tie: 1 << 63}}
	fuzzRecord(f, "edge", appendEdge(nil, e))
}

func FuzzDecodeMeta(f *testing.F) {
	m := &meta{epoch: 1 << 40, instant: profile.Never, nextOrdinal: 1<<32 - 1}
	fuzzRecord(f, "state", m.append(nil))
}

func FuzzDecodeField(f *testing.F) {
	r := &fieldRecord{Use: useTag, Name: strings.Repeat("高频购买者", 4), Filling: true}
	fuzzRecord(f, "field", r.append(nil), pack.AppendArray([]byte{recordVersion}, 4))
}

func FuzzDecodeMerge(f *testing.F) {
	fuzzRecord(f, "merge", appendMerge(nil, 0, make([]uint32, 300)))
}

func FuzzDecodeAdvance(f *testing.F) {
	fuzzRecord(f, "advance", appendAdvance(nil, -1), appendAdvance(nil, profile.Never))
}

func FuzzDecodeVeto(f *testing.F) {
	fuzzRecord(f, "veto", (&veto{at: profile.Stamp{At: profile.Never, Tie: 1 << 63}}).append(nil))
}

func FuzzDecodeDecided(f *testing.F) {
	d := &Decision{At: time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), ID: "T-1", By: strings.Repeat("林", 20)}
	fuzzRecord(f, "audit", appendDecided(nil, "veto", identity.Pair{Weak: self}, d))
}

func FuzzDecodeRefusal(f *testing.F) {
	rec := refusalRecord{a: self[:], of: self, Refusal: Refusal{Rule: "blocked", Detail: "null", Namespace: "email", Time: time.Unix(-1, 0)}}
	fuzzRecord(f, "refusal", rec.append(nil))
}

func FuzzDecodeTally(f *testing.F) {
	fuzzRecord(f, "tally", tally{{"unique", "user_id"}: 1 << 40, {"unique", "email"}: 1, {"max_nodes", ""}: 2}.append(nil))
}

func FuzzDecodeChained(f *testing.F) {
	rec := &privacy.Record{At: time.Unix(-1, 0), What: "apply", Detail: modelDetail(nil), Note: privacy.Note{Case: "GDPR-17"}}
	fuzzRecord(f, "audit log", appendChained(nil, rec))
}

func FuzzDecodeHead(f *testing.F) {
	fuzzRecord(f, "audit head", appendHead(nil, privacy.Head{Number: 1 << 40}))
}

func FuzzDecodeHolds(f *testing.F) {
	fuzzRecord(f, "hold", holds{{"case-1", -1}, {"case-2", profile.Never}}.append(nil))
}

func FuzzDecodeSuppression(f *testing.F) {
	fuzzRecord(f, "suppression", suppression{at: -1, lifted: profile.Never, nameless: true}.append(nil))
}

func FuzzDecodeOrigin(f *testing.F) {
	fuzzRecord(f, "origin", appendOrigin(nil, 1<<63, 1<<40))
}

func FuzzDecodeFill(f *testing.F) {
	fuzzRecord(f, "fill", appendFill(nil, self, 1<<40, true))
}

func FuzzDecodeList(f *testing.F) {
	fuzzRecord(f, "list", appendList(nil, &segment.List{Name: "去年的买家", Namespace: "phone", Identifiers: 50_000_000, At: time.Unix(-1, 0)}))
}

func FuzzDecodeRevision(f *testing.F) {
	def := []byte(`{"name": "vip", "rule": "spent > 1000"}`)
	fuzzRecord(f, "revision", appendRevision(nil, 1<<40, profile.Never, true, def))
}

func FuzzDecodeOrdinals(f *testing.F) {
	f.Add([]byte{5, 0x80, 1, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := decodeOrdinals(data)
		if err != nil {
			return
		}
		var l ordinalList
		for _, o := range list {
			l.add(o)
		}
		if !bytes.Equal(l.data, data) {
			t.Fatalf("%x is written again as %x", data, l.data)
		}
	})
}

// A part of a list is tokens, and has no version.
func FuzzReadPart(f *testing.F) {
	f.Add(appendPart(nil, []identity.Token{self, {4}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		tokens, err := readPart(data)
		switch {
		case err != nil && (!errors.Is(err, ErrCorrupt) || len(data)%16 == 0):
			t.Fatalf("%x: error %v", data, err)
		case err == nil && !bytes.Equal(appendPart(nil, tokens), data):
			t.Fatalf("%x is written again as another", data)
		}
	})
}

func FuzzDecodeHeard(f *testing.F) {
	other, err := (&profile.Schema{}).Lift(&profile.Event{Name: "Order", Time: time.Unix(1, 0)})
	if err != nil {
		f.Fatal(err)
	}
	fuzzRecord(f, "what was heard", appendHeard(nil, &profile.State{}), appendHeard(nil, heardState(f).Combine(other)))
}

// Every decoder of this package has a fuzz target.
func TestRecords_fuzzed(t *testing.T) {
	decoder, target := regexp.MustCompile(`(?m)^func decode(\w+)\(`), regexp.MustCompile(`(?m)^func FuzzDecode(\w+)\(`)
	decoders, targets := map[string]bool{}, map[string]bool{}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := file.Name()
		if !strings.HasSuffix(name, ".go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		into, found := decoders, decoder
		if strings.HasSuffix(name, "_test.go") {
			into, found = targets, target
		}
		for _, m := range found.FindAllSubmatch(text, -1) {
			into[string(m[1])] = true
		}
	}
	if len(decoders) < 20 {
		t.Errorf("%d decoders were found", len(decoders))
	}
	for name := range decoders {
		if !targets[name] {
			t.Errorf("decode%s has no FuzzDecode%s", name, name)
		}
	}
}
