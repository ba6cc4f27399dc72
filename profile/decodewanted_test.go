package profile

import (
	"encoding/hex"
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// excerptOf is what Decode should read, made of the whole state.
func excerptOf(s *State, w *Wants) State {
	e := *s
	e.attrs, e.counters, e.series = nil, nil, nil
	for _, a := range s.attrs {
		if slices.Contains(w.Attributes, a.name) {
			e.attrs = append(e.attrs, a)
		}
	}
	for _, c := range s.counters {
		if slices.Contains(w.Events, c.name) {
			e.counters = append(e.counters, c)
		}
	}
	for _, one := range s.series {
		if slices.Contains(w.Series, one.id) {
			e.series = append(e.series, one)
		}
	}
	return e
}

// genWants draws some of what a state has, and something that it has not.
func genWants(t *rapid.T, s *State) *Wants {
	w := &Wants{}
	some := func() bool { return rapid.IntRange(0, 2).Draw(t, "wanted") == 0 }
	for _, a := range s.attrs[:min(len(s.attrs), 30)] {
		if some() {
			w.Attributes = append(w.Attributes, a.name)
		}
	}
	for _, c := range s.counters[:min(len(s.counters), 30)] {
		if some() {
			w.Events = append(w.Events, c.name)
		}
	}
	for _, one := range s.series {
		if some() {
			w.Series = append(w.Series, one.id)
		}
	}
	if some() {
		w.Attributes, w.Events = append(w.Attributes, "absent", ""), append(w.Events, "Absent", "~")
		w.Series = append(w.Series, 2, math.MaxUint32)
	}
	slices.Sort(w.Attributes)
	slices.Sort(w.Events)
	slices.Sort(w.Series)
	w.Attributes, w.Events, w.Series = slices.Compact(w.Attributes), slices.Compact(w.Events), slices.Compact(w.Series)
	return w
}

func genState(t *rapid.T) *State {
	s := genHistory().Draw(t, "history").state(t)
	few := rapid.SliceOfN(genEvent(), 0, 6).Draw(t, "series")
	sc := genFolds().Draw(t, "folds").schema()
	for i := range few {
		s = s.Combine(sc.LiftSeries(&few[i]))
	}
	return s
}

// An excerpt is the state without what is not wanted, whatever was decoded into the same
// memory before.
func TestWants_Decode_reads_what_is_wanted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var x Excerpt
		for range 2 {
			s := genState(t)
			w := genWants(t, s)
			if err := w.Decode(&x, s.Append(nil)); err != nil {
				t.Fatal(err)
			}
			sameBytes(t, "excerpt", x.State(), excerptOf(s, w))
		}
	})
}

func sameBytes(t *rapid.T, what string, got *State, want State) {
	t.Helper()
	if diff := cmp.Diff(hex.EncodeToString(want.Append(nil)), hex.EncodeToString(got.Append(nil))); diff != "" {
		t.Fatalf("%s: %s", what, diff)
	}
}

// What is combined of excerpts is the excerpt of what is combined, or not known.
func TestCombineExcerpts(t *testing.T) {
	combined, whole := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		var states []*State
		all := &State{}
		names := []Identifier{{"email", "a@b.cn"}, {"phone", "1"}, {"user_id", "u"}}
		for i := range rapid.IntRange(1, 3).Draw(t, "states") {
			s := genState(t)
			s.Name(&names[i])
			states, all = append(states, s), all.Combine(s)
		}
		w := genWants(t, all)
		xs := make([]Excerpt, len(states))
		bytes := 0
		for i, s := range states {
			data := s.Append(nil)
			bytes += len(data)
			if err := w.Decode(&xs[i], data); err != nil {
				t.Fatal(err)
			}
			xs[i].Name(&names[i])
		}
		s, ok := CombineExcerpts(xs)
		if !ok {
			whole++
			if bytes < 4*maxUndeclared {
				t.Fatalf("states of %d bytes are said to have too many names", bytes)
			}
			return
		}
		combined++
		sameBytes(t, "combined", s, excerptOf(all, w))
	})
	if combined == 0 {
		t.Errorf("none combined, %d not", whole)
	}
}

// Names that only together are too many do not show in excerpts.
func TestCombineExcerpts_of_too_many_names(t *testing.T) {
	for _, kind := range []bulk{bulkAttributes, bulkNames} {
		var xs [2]Excerpt
		w := &Wants{Attributes: []string{"extra0"}, Events: []string{"Extra 0"}}
		for i := range xs {
			s := fold(t, testSchema, batch{bulk: kind, from: i * bulkSize}.events())
			if err := w.Decode(&xs[i], s.Append(nil)); err != nil {
				t.Fatal(err)
			}
		}
		if _, ok := CombineExcerpts(xs[:]); ok {
			t.Errorf("bulk %d: excerpts of more names than a state holds are combined", kind)
		}
		if s, ok := CombineExcerpts(xs[:1]); !ok || s != xs[0].State() {
			t.Errorf("bulk %d: one excerpt is not combined", kind)
		}
	}
}

// What DecodeState refuses is refused where it is of what is wanted.
func TestWants_Decode_refuses(t *testing.T) {
	// Faults of what is not looked at: what follows the last attribute that is wanted, and
	// how the codes of what is passed over are written.
	all := &Wants{Attributes: []string{"a", "b"}, Events: []string{"a", "b"}, Series: []uint32{1}}
	unseen := map[string]bool{"an end too late": true}
	for _, tt := range refusedStates {
		t.Run(tt.name, func(t *testing.T) {
			data, err := hex.DecodeString(tt.data)
			if err != nil {
				t.Fatal(err)
			}
			var x Excerpt
			if err := all.Decode(&x, data); (err == nil) != unseen[tt.name] {
				t.Errorf("error %v", err)
			} else if err != nil && (x.State().Events() != 0 || len(x.State().attrs) != 0) {
				t.Errorf("refused, and it holds %+v", x)
			}
		})
	}
}

func TestWants_Decode_allocates_for_what_is_wanted(t *testing.T) {
	s := fold(t, testSchema, batch{bulk: bulkAttributes}.events())
	data := s.Append(nil)
	for _, tt := range []struct {
		wants  Wants
		allocs float64
	}{
		{Wants{}, 0},
		{Wants{Attributes: []string{"absent"}, Events: []string{"Absent"}, Series: []uint32{1}}, 0},
		{Wants{Attributes: []string{"extra1"}}, 1}, // its texts
		{Wants{Events: []string{"Order Completed"}}, 1},
	} {
		var x Excerpt
		n := testing.AllocsPerRun(100, func() {
			if err := tt.wants.Decode(&x, data); err != nil {
				t.Fatal(err)
			}
		})
		if n > tt.allocs {
			t.Errorf("%+v: %v allocations, want %v", tt.wants, n, tt.allocs)
		}
	}
	for _, claim := range overstatedStates {
		data, err := hex.DecodeString(claim)
		if err != nil {
			t.Fatal(err)
		}
		data = append(data, make([]byte, 4096)...)
		var before, after runtime.MemStats
		w := &Wants{Attributes: []string{"a"}, Events: []string{"a"}, Series: []uint32{1}}
		runtime.ReadMemStats(&before)
		if err := w.Decode(&Excerpt{}, data); err == nil {
			t.Errorf("%s: no error", claim)
		}
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 110*uint64(len(data)) {
			t.Errorf("%s: %d bytes allocated for %d", claim, grown, len(data))
		}
	}
}

// Of bytes that DecodeState reads an excerpt is a part; of others it is refused, or what
// is wanted can be read all the same.
func FuzzWants_Decode(f *testing.F) {
	for _, b := range []batch{{}, {few: []Event{*valid()}}} {
		f.Add(fold(f, testSchema, b.events()).Append(nil), "city", "Order Completed", uint32(1))
	}
	for _, s := range seriesStates(f) {
		f.Add(s.Append(nil), "a", "b", uint32(300))
	}
	for _, tt := range refusedStates {
		data, _ := hex.DecodeString(tt.data)
		f.Add(data, "a", "a", uint32(1))
	}
	f.Fuzz(func(t *testing.T, data []byte, attribute, event string, id uint32) {
		w := &Wants{Attributes: []string{attribute}, Events: []string{event}, Series: []uint32{id}}
		s, whole := DecodeState(data)
		var x Excerpt
		err := w.Decode(&x, data)
		switch {
		case err != nil && whole == nil:
			t.Fatalf("%x: refused, and it is a state: %v", data, err)
		case err != nil:
			return
		}
		got := x.State()
		if whole == nil {
			want := excerptOf(s, w)
			if a, b := fmt.Sprintf("%x", want.Append(nil)), fmt.Sprintf("%x", got.Append(nil)); a != b {
				t.Fatalf("%x: read %s, want %s", data, b, a)
			}
		}
		got.Attr(attribute, Latest)
		got.Event(event)
		readAll(got.Series(id))
		if twice, ok := CombineExcerpts([]Excerpt{x, x}); ok {
			readAll(twice.Series(id))
		}
	})
}

func BenchmarkWants_Decode(b *testing.B) {
	data := benchState(b).Append(nil)
	for _, bb := range []struct {
		name  string
		wants Wants
	}{
		{"nothing", Wants{}},
		{"attribute", Wants{Attributes: []string{"city"}}},
		{"event", Wants{Events: []string{"Order Completed"}}},
	} {
		b.Run("wants="+bb.name, func(b *testing.B) {
			var x Excerpt
			b.ReportAllocs()
			for b.Loop() {
				if err := bb.wants.Decode(&x, data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
