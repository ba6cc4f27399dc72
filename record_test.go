package portrait

import (
	"bytes"
	"encoding/hex"
	"errors"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/privacy"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// self is the token of the node whose record is decoded.
var self = identity.Token{1, 2, 3}

// recordKinds are the records of this package: to decode one and write it again.
var recordKinds = []struct {
	name   string
	golden string // an example, in hexadecimal
	again  func(data []byte) ([]byte, error)
}{
	{"node", "01" + "99" + "a5656d61696c" + "35" + "07" + "c410" + "01020400000000000000000000000000" + "03" + "cd03e8" + "91" + "c410" + "09000000000000000000000000000000" + "06" + "00" + "a66140622e636e" + noState, nodeAgain},
	{"component", "01" + "92" + "c410" + "01020300000000000000000000000000" + "c410" + "01020400000000000000000000000000", componentAgain},
	{"edge", "01" + "9b" + "c3" + "ce000f4240" + "05" + "ce001e8480" + "cc80" + "02" + "ff" + "00" + "c3" + "cd1f40" + "07", edgeAgain},
	{"state", "01" + "9d" + "cd0100" + "d1ff00" + "05" + "06" + "07" + "08" + "09" + "0a" + "0b" + "0e" + "0f" + "0c" + "0d", metaAgain},
	{"field", "01" + "94" + "04" + "a463697479" + "c402a162" + "c2", fieldAgain},
	{"merge", "01" + "92" + "07" + "93" + "07" + "cc80" + "ceffffffff", mergeAgain},
	{"advance", "01" + "cf0000000100000000", advanceAgain},
	{"veto", "01" + "93" + "c3" + "ce000f4240" + "05", vetoAgain},
	{"audit", "01" + "97" + "a46c696e6b" + "c410" + "01020300000000000000000000000000" + "c410" + "01020400000000000000000000000000" + "ce000f4240" + "a27437" + "a3616e6e" + "a0", auditAgain},
	{"refusal", "01" + "9a" + "05" + "a6756e69717565" + "a0" + "a7757365725f6964" + "c410" + "01020300000000000000000000000000" + "c410" + "01020400000000000000000000000000" + "a3776562" + "a26d31" + "ce000f4240" + "c410" + "01020400000000000000000000000000", refusalAgain},
	{"tally", "01" + "93" + "a6756e69717565" + "a7757365725f6964" + "07", tallyAgain},
	{"feed", "01" + "93" + "ce000f4240" + "03" + "91" + "94" + "07" + "01" + "c403057f00" + "c4058180800100", feedAgain},
	{"ledger", "01" + "91" + "94" + "07" + "09" + "01" + "c403057f00", ledgerAgain},
	{"feed name", "01" + "93" + "c3" + "a3564950" + "a3e9ab98", feedNameAgain},
	{"folds", "01" + "94" + "09" + "04" + "03" + "91" + "95" + "02" + "a16b" + "1e" + "04" + "ff", foldsAgain},
	{"suppression", "01" + "94" + "ce000f4240" + "cf7fffffffffffffff" + "c3" + "c3", suppressionAgain},
	{"origin", "01" + "92" + "cf0102030405060708" + "07", originAgain},
	{"audit log", "01" + "98" + "05" + "ce000f4240" + "a56572617365" + "a0" + "a3632d37" + "a2232d" + "92" + "c410" + "01020300000000000000000000000000" + "c410" + "01020400000000000000000000000000" + "c420" + "07" + strings.Repeat("00", 31), chainedAgain},
	{"audit head", "01" + "92" + "07" + "c420" + "07" + strings.Repeat("00", 31), headAgain},
	{"hold", "01" + "94" + "a161" + "ce000f4240" + "a162" + "07", holdsAgain},
	{"fill", "01" + "93" + "c410" + "01020300000000000000000000000000" + "cd03e8" + "c3", fillAgain},
	{"list", "01" + "94" + "a161" + "a5656d61696c" + "07" + "ce000f4240", listAgain},
	{"revision", "01" + "94" + "05" + "ce000f4240" + "c3" + "c402" + "7b7d", revisionAgain},
	{
		"what was heard", "01" + "0296c0009092" +
			"95a36164730f" + "9806d6ff0000000102a3776562a16da0c0a4666f726d" + "ce000f4240cf82ca127788c0ac79" +
			"95a96d61726b6574696e670f" + "9806d6ff0000000100a3776562a16da132c0a0" + "ce000f4240cf82ca127788c0ac79" + "9000", heardAgain,
	},
	{"log", "01" + "96" + "a0" + "ce0076a700" + "07" + "a54c6f67696e" + "00" + "00", logAgain},
}

// noState is the stored form of a state without events.
const noState = "0296c00090909000"

func foldsAgain(data []byte) ([]byte, error) {
	s, err := decodeFolds(data)
	if err != nil {
		return nil, err
	}
	return s.append(), nil
}

func logAgain(data []byte) ([]byte, error) {
	c, err := decodeCoverage(data)
	if err != nil {
		return nil, err
	}
	return c.append(), nil
}

func fillAgain(data []byte) ([]byte, error) {
	from, done, behind, err := decodeFill(data)
	if err != nil {
		return nil, err
	}
	return appendFill(nil, from, done, behind), nil
}

func listAgain(data []byte) ([]byte, error) {
	about, err := decodeList(data)
	if err != nil {
		return nil, err
	}
	if profile.InstantOf(about.At) == profile.Never-1 { // Never, which is no time, is read as that
		return data, nil
	}
	return appendList(nil, &about), nil
}

// revisionAgain takes the definition over: JSON has more than one form of it.
func revisionAgain(data []byte) ([]byte, error) {
	rev, err := decodeRevision(data)
	if err != nil {
		return nil, err
	}
	r := openRecord(data)
	r.Fields("revision", 4)
	r.Uint()
	at := profile.Instant(r.Int()) // Never is no time
	r.Bool()
	return appendRevision(nil, rev.Epoch, at, rev.Dropped, r.Bin()), nil
}

func heardAgain(data []byte) ([]byte, error) {
	s, err := decodeHeard(data)
	if err != nil {
		return nil, err
	}
	return appendHeard(nil, s), nil
}

// heardState is what an identifier heard of two purposes.
func heardState(t testing.TB) *profile.State {
	t.Helper()
	s, err := (&profile.Schema{}).Lift(&profile.Event{
		Type: profile.Identify, Source: "web", MessageID: "m", Time: time.Unix(1, 0),
		Consent: []profile.Consent{{Purpose: "ads", Method: "form"}, {Purpose: "marketing", Status: profile.ConsentGranted, Policy: "2"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s.ConsentsOf()
}

func suppressionAgain(data []byte) ([]byte, error) {
	s, err := decodeSuppression(data)
	if err != nil {
		return nil, err
	}
	return s.append(nil), nil
}

func originAgain(data []byte) ([]byte, error) {
	of, epoch, err := decodeOrigin(data)
	if err != nil {
		return nil, err
	}
	return appendOrigin(nil, of, epoch), nil
}

func chainedAgain(data []byte) ([]byte, error) {
	rec, err := decodeChained(keys.AppendChain(nil, 7), data)
	if err != nil {
		return nil, err
	}
	return appendChained(nil, &rec), nil
}

func holdsAgain(data []byte) ([]byte, error) {
	h, err := decodeHolds(data)
	if err != nil {
		return nil, err
	}
	return h.append(nil), nil
}

func headAgain(data []byte) ([]byte, error) {
	h, err := decodeHead(data)
	if err != nil {
		return nil, err
	}
	return appendHead(nil, h), nil
}

func vetoAgain(data []byte) ([]byte, error) {
	v, err := decodeVeto(data)
	if err != nil {
		return nil, err
	}
	return v.append(nil), nil
}

func auditAgain(data []byte) ([]byte, error) {
	d, pair, err := decodeDecided(keys.AppendAudit(nil, 5, 0), data)
	if err != nil {
		return nil, err
	}
	return appendDecided(nil, d.What, pair, &d.Decision), nil
}

func refusalAgain(data []byte) ([]byte, error) {
	rec, err := decodeRefusal(keys.AppendRefusal(nil, 5), data)
	if err != nil {
		return nil, err
	}
	return rec.append(nil), nil
}

func tallyAgain(data []byte) ([]byte, error) {
	c, err := decodeTally(data)
	if err != nil {
		return nil, err
	}
	return c.append(nil), nil
}

func nodeAgain(data []byte) ([]byte, error) {
	n, err := decodeNode(self, data)
	if err != nil {
		return nil, err
	}
	return appendNode(nil, n), nil
}

func componentAgain(data []byte) ([]byte, error) {
	members, err := decodeComponent(data)
	if err != nil {
		return nil, err
	}
	return appendComponent(nil, members), nil
}

func edgeAgain(data []byte) ([]byte, error) {
	e, err := decodeEdge(identity.Pair{}, data)
	if err != nil {
		return nil, err
	}
	return appendEdge(nil, &e), nil
}

func metaAgain(data []byte) ([]byte, error) {
	m, err := decodeMeta(data)
	if err != nil {
		return nil, err
	}
	return m.append(nil), nil
}

func fieldAgain(data []byte) ([]byte, error) {
	f, err := decodeField(data)
	if err != nil {
		return nil, err
	}
	return f.append(nil), nil
}

func mergeAgain(data []byte) ([]byte, error) {
	m, err := decodeMerge(keys.AppendMergeLog(nil, 5, 0), data)
	if err != nil {
		return nil, err
	}
	from := make([]uint32, len(m.From))
	for i, id := range m.From {
		from[i] = id.Ordinal()
	}
	return appendMerge(nil, m.Into.Ordinal(), from), nil
}

func advanceAgain(data []byte) ([]byte, error) {
	to, err := decodeAdvance(data)
	if err != nil {
		return nil, err
	}
	return appendAdvance(nil, to), nil
}

// The stored form is fixed: these bytes were written once and are read for ever.
func TestRecords_golden(t *testing.T) {
	n := &node{
		token: self, id: profile.Identifier{Namespace: "email", Value: "a@b.cn"}, ordinal: 7, numbered: true, linked: true,
		root: identity.Token{1, 2, 4}, partners: 3, state: &profile.State{},
		shared: true, named: true, since: 1000, admitted: []identity.Token{{9}}, gen: 6,
	}
	e := &identity.Edge{
		Seen: true, First: profile.Stamp{At: 1_000_000, Tie: 5}, Last: profile.Stamp{At: 2_000_000, Tie: 128},
		Decision: identity.Unlink, Decided: profile.Stamp{At: -1},
		Match: identity.Match{Weak: true, Weight: 8000, Model: 7},
	}
	m := &meta{epoch: 256, instant: -256, nextOrdinal: 5, nextField: 6, accepted: 7, merges: 8, splits: 9, refusals: 10, trimmed: 11, feedFrom: 14, feedAt: 15, earliest: 12, latest: 13}
	f := &fieldRecord{Use: useValue, Name: "city", Value: profile.AppendValue(nil, profile.String("b"))}
	written := map[string][]byte{
		"node":      appendNode(nil, n),
		"component": appendComponent(nil, []identity.Token{self, {1, 2, 4}}),
		"edge":      appendEdge(nil, e),
		"state":     m.append(nil),
		"field":     f.append(nil),
		"merge":     appendMerge(nil, 7, []uint32{7, 128, 1<<32 - 1}),
		"advance":   appendAdvance(nil, 1<<32),
		"veto":      (&veto{withdrawn: true, at: profile.Stamp{At: 1_000_000, Tie: 5}}).append(nil),
		"audit":     appendDecided(nil, "link", identity.Pair{Weak: self, Strong: identity.Token{1, 2, 4}}, &Decision{At: time.Unix(1, 0), ID: "t7", By: "ann"}),
		"refusal": (&refusalRecord{
			Refusal: Refusal{Epoch: 5, Rule: "unique", Namespace: "user_id", Source: "web", MessageID: "m1", Time: time.Unix(1, 0)},
			a:       self[:], b: []byte{1, 2, 4, 15: 0}, of: identity.Token{1, 2, 4},
		}).append(nil),
		"tally":          tally{{"unique", "user_id"}: 7}.append(nil),
		"folds":          (&foldSet{next: 9, gen: 4, done: 3, list: []foldEntry{{id: 2, key: "k", keep: 30, gen: 4, since: -1}}}).append(),
		"log":            coverage{"": {seconds: 90 * 86400, since: 7}, "Login": {}}.append(),
		"feed":           appendFeed(1_000_000, feedMerged|feedMore, feedGroup{7, byDeadline, []uint32{5, 133, 134}, []uint32{1<<21 + 1, 1<<21 + 2}}),
		"suppression":    suppression{at: 1_000_000, lifted: profile.Never, unpurged: true, nameless: true}.append(nil),
		"fill":           appendFill(nil, self, 1000, true),
		"list":           appendList(nil, &segment.List{Name: "a", Namespace: "email", Identifiers: 7, At: time.Unix(1, 0)}),
		"revision":       appendRevision(nil, 5, 1_000_000, true, []byte("{}")),
		"what was heard": appendHeard(nil, heardState(t)),
		"origin":         appendOrigin(nil, 0x0102030405060708, 7),
		"audit log": appendChained(nil, &privacy.Record{
			Head: privacy.Head{Number: 7, Hash: [32]byte{7}}, Epoch: 5, At: time.Unix(1, 0), What: "erase",
			Subjects: []privacy.Pseudonym{privacy.Pseudonym(self), {1, 2, 4}}, Note: privacy.Note{By: "c-7", Case: "#-"},
		}),
		"hold":       holds{{"a", 1_000_000}, {"b", 7}}.append(nil),
		"audit head": appendHead(nil, privacy.Head{Number: 7, Hash: [32]byte{7}}),
		"ledger":     appendLedger(ledgerGroup{7, 9, byDeadline, []uint32{5, 133, 134}}),
		"feed name":  feedName{segment: true, name: "VIP", value: "高"}.append(nil),
	}
	for _, kind := range recordKinds {
		t.Run(kind.name, func(t *testing.T) {
			if got := hex.EncodeToString(written[kind.name]); got != kind.golden {
				t.Errorf("written\n%s, want\n%s", got, kind.golden)
			}
			if again, err := kind.again(unhex(t, kind.golden)); err != nil || hex.EncodeToString(again) != kind.golden {
				t.Errorf("written again\n%x, %v, want\n%s", again, err, kind.golden)
			}
		})
	}
}

// Every record is refused with ErrCorrupt when it is of another version, when it
// is cut anywhere, and when anything follows it.
func TestRecords_whole_and_of_this_version(t *testing.T) {
	for _, kind := range recordKinds {
		t.Run(kind.name, func(t *testing.T) {
			data := unhex(t, kind.golden)
			refuse := func(what string, data []byte) {
				t.Helper()
				if _, err := kind.again(data); !errors.Is(err, ErrCorrupt) || strings.Contains(err.Error(), "%!") {
					t.Errorf("%s: error %v", what, err)
				}
			}
			for n := range data {
				refuse("cut", data[:n])
			}
			refuse("with more", append(bytes.Clone(data), 0))
			data[0] = 2
			refuse("version 2", data)
			if _, err := kind.again(data); err == nil || !strings.Contains(err.Error(), "unknown version 2, want 1") {
				t.Errorf("version 2: error %v", err)
			}
		})
	}
}

func TestRecords_refuse(t *testing.T) {
	one, two := "c410"+strings.Repeat("01", 16), "c410"+strings.Repeat("02", 16)
	objection := (&profile.State{}).Objected(profile.Restricted, true, 1, "")
	tests := []struct{ name, kind, data, want string }{
		{"an objection that was heard", "what was heard", hex.EncodeToString(appendHeard(nil, objection)), "there is more"},
		{"a node of unknown flags", "node", "0199a04000c400000090" + "00" + "00a0" + noState, "unknown flags 64"},
		{"a root of 15 bytes", "node", "0199a00000c40f" + strings.Repeat("01", 15) + "000090" + "00" + "00a0" + noState, "token of 15 bytes"},
		{"a lone node that names its root", "node", "0199a00000c410" + hex.EncodeToString(self[:]) + "000090" + "00" + "00a0" + noState, "its own token as root"},
		{"an ordinal beyond 32 bits", "node", "0199a000cf0000000100000000c400000090" + "00" + "00a0" + noState, "does not fit in 32 bits"},
		{"a state of another version", "node", "0199a00000c400000090" + "00" + "00a0" + "0196c00090909000", "unknown version 1"},
		{"a node whose key is gone, in a store that has none", "node", "0199a00000c400000090" + "00" + "00", "cut short"},
		{"a node of five fields", "node", "0195a0a00000c40001950090909000", "node of 5 fields"},
		{"a time of naming without a name", "node", "0199a00000c400000190" + "00" + "00a0" + noState, "never named"},
		{"admitted out of order", "node", "0199a00000c400000092" + two + one + "00" + "00a0" + noState, "not ascending"},
		{"a match beyond 32 bits", "edge", "019bc200000000000000c2cf000000010000000000", "match weight"},
		{"a tally of two fields", "tally", "0192a0a0", "2 fields"},
		{"a kind twice in a tally", "tally", "0196a0a001a0a001", "not ascending"},
		{"a refusal of a short token", "refusal", "019a00a0a0a0c40101c400a0a000c400", "tokens of 1"},
		{"a refusal of an event of a short token", "refusal", "019a00a0a0a0c410" + strings.Repeat("01", 16) + "c400a0a000c40101", "token of 1"},
		{"no member", "component", "0190", "0 members"},
		{"one member", "component", "0191" + one, "1 members"},
		{"a member twice", "component", "0192" + one + one, "not ascending"},
		{"members that descend", "component", "0192" + two + one, "not ascending"},
		{"a member of 18 bytes", "component", "0192" + one + "c412" + strings.Repeat("02", 18), "token of 18 bytes"},
		{"an unknown decision", "edge", "019bc200000000040000c20000", "unknown decision 4"},
		{"a decision of 256", "edge", "019bc200000000cd01000000c20000", "unknown decision 256"},
		{"an edge of seven fields", "edge", "0197c200000000000000", "edge of 7 fields"},
		{"an ordinal in the long form", "state", "019d0000cc0506070809000a0b00000000", "not the shortest form"},
		{"a generation that is done before it began", "folds", "0194000203" + "90", "generation 3 is done, of 2"},
		{"a fold of a number that is not given yet", "folds", "0194020202" + "91" + "9502a000010000", "fold 2"},
		{"a name in the log without more", "log", "0191a0", "without what is covered"},
		{"a name in the log twice", "log", "0196a0" + "00" + "00" + "a0" + "00" + "00", "not ascending"},
		{"a hold without a time", "hold", "0191a161", "1 fields"},
		{"no hold", "hold", "0190", "0 fields"},
		{"a hold twice", "hold", "0194a16100a16100", "not ascending"},
		{"subjects that descend", "audit log", "01980000a0a0a0a092" + two + one + "c420" + strings.Repeat("00", 32), "not ascending"},
		{"a hash of 31 bytes", "audit head", "019200c41f" + strings.Repeat("00", 31), "hash of 31 bytes"},
		{"an unknown use", "field", "019463a0c400c2", "unknown use 99"},
		{"a use of 256", "field", "0194cd0100a0c400c2", "unknown use 256"},
		{"a number for true", "field", "019401a0c40001", "want a boolean"},
		{"a merge of a number", "merge", "01920707", "want an array"},
		{"a merge of more than is there", "merge", "019207ddffffffff", "cut short"},
		{"an instant beyond 64 bits", "advance", "01cfffffffffffffffff", "beyond 64 bits"},
		{"unknown flags of a feed", "feed", "0193000490", "flags 0x4"},
		{"an unknown cause", "feed", "01930000919407" + "05c400c400", "unknown cause 5"},
		{"a gap in the long form", "feed", "0193000091940700c4028000c400", "bad varint"},
		{"a gap cut short", "feed", "0193000091940700c40180c400", "bad varint"},
		{"a move to nowhere else", "ledger", "0191940707" + "00c400", "from stage 7 to itself"},
		{"an unknown cause of a move", "ledger", "0191940709" + "05c400", "unknown cause 5"},
		{"a gap cut short in a ledger", "ledger", "0191940709" + "00c40180", "bad varint"},
		{"an ordinal above 32 bits in a feed", "feed", "0193000091940700c40600ffffffff0fc400", "above 32 bits"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, kind := range recordKinds {
				if kind.name != tt.kind {
					continue
				}
				_, err := kind.again(unhex(t, tt.data))
				if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("error %v, want %q", err, tt.want)
				}
			}
		})
	}
	if _, err := decodeMerge([]byte("g"), unhex(t, "01920790")); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a merge under a short key: error %v", err)
	}
}

// A record that claims more than it holds costs no more than what it holds.
func TestRecords_allocate_by_what_is_there(t *testing.T) {
	claims := map[string]string{
		"node":      "0196db7fffffff",
		"component": "01dd00ffffff",
		"field":     "019404a0c67fffffff",
		"merge":     "019207dd00ffffff",
		"feed":      "01930000dd00ffffff",
		"folds":     "0194090403dd00ffffff",
		"log":       "01dd00ffffff",
		"hold":      "01dd00ffffff",
		"audit log": "01980000a0a0a0a0dd00ffffff",
	}
	for _, kind := range recordKinds {
		claim, ok := claims[kind.name]
		if !ok {
			continue // Its records are of fixed fields only.
		}
		data := append(unhex(t, claim), make([]byte, 1<<12)...)
		if grown, err := allocated(kind.again, data); err == nil || grown > 1<<16 {
			t.Errorf("%s: %d bytes allocated for %d, %v", kind.name, grown, len(data), err)
		}
	}
}

// allocated returns how many bytes it takes to decode a record; of small objects
// it may miss some, and count some of other goroutines.
func allocated(again func([]byte) ([]byte, error), data []byte) (uint64, error) {
	total := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(total)
	before := total[0].Value.Uint64()
	_, err := again(data)
	metrics.Read(total)
	return total[0].Value.Uint64() - before, err
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
