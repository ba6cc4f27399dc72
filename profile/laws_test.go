package profile

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// fold folds events one by one into a state of its own.
func fold(t rapid.TB, sc *Schema, events []Event) *State {
	t.Helper()
	s := &State{}
	for i := range events {
		d, err := sc.Lift(&events[i])
		if err != nil {
			t.Fatalf("Lift(%+v): %v", events[i], err)
		}
		s.Absorb(d)
	}
	return s
}

// same fails unless both states are equal, in memory and in bytes.
func same(t rapid.TB, what string, got, want *State) {
	t.Helper()
	g, w := got.Append(nil), want.Append(nil)
	if !bytes.Equal(g, w) {
		t.Fatalf("%s: states differ\ngot  %x\nwant %x", what, g, w)
	}
	if len(w) > 2000 {
		return // A comparison by reflection would take too long.
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(State{}, attr{}, counter{}, number{}, unique{}, series{}, Series{}, kind{}, Value{}, Decimal{}), equateEmpty); diff != "" {
		t.Fatalf("%s: equal bytes of different states (-want +got):\n%s", what, diff)
	}
}

// equateEmpty takes nil and empty slices for the same.
var equateEmpty = cmp.FilterValues(func(a, b any) bool {
	return isEmptySlice(a) && isEmptySlice(b)
}, cmp.Comparer(func(_, _ any) bool { return true }))

func isEmptySlice(v any) bool {
	switch s := v.(type) {
	case []attr:
		return len(s) == 0
	case []counter:
		return len(s) == 0
	case []number:
		return len(s) == 0
	case []unique:
		return len(s) == 0
	case []series:
		return len(s) == 0
	case []Consent:
		return len(s) == 0
	case []Value:
		return len(s) == 0
	}
	return false
}

// history is some events and some more after a change of the schema, so that
// declared and undeclared entries of one name meet.
type history struct{ before, after batch }

func genHistory() *rapid.Generator[history] {
	return rapid.Custom(func(t *rapid.T) history {
		h := history{before: genBatch().Draw(t, "before")}
		if rapid.Bool().Draw(t, "changed") {
			h.after = genBatch().Draw(t, "after")
		}
		return h
	})
}

// state folds the history, without what the later schema refuses.
func (h history) state(t rapid.TB) *State {
	t.Helper()
	later := slices.DeleteFunc(h.after.events(), func(e Event) bool {
		_, err := laterSchema.Lift(&e)
		return err != nil
	})
	return fold(t, testSchema, h.before.events()).Combine(fold(t, laterSchema, later))
}

func TestState_Combine_is_a_commutative_monoid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := genHistory().Draw(t, "a").state(t), genHistory().Draw(t, "b").state(t), genHistory().Draw(t, "c").state(t)
		before := [3][]byte{a.Append(nil), b.Append(nil), c.Append(nil)}
		same(t, "identity on the right", a.Combine(&State{}), a)
		same(t, "identity on the left", (&State{}).Combine(a), a)
		same(t, "commutative", a.Combine(b), b.Combine(a))
		same(t, "associative", a.Combine(b).Combine(c), a.Combine(b.Combine(c)))
		absorbed := a.Clone()
		absorbed.Absorb(b)
		same(t, "absorb is combine", absorbed, a.Combine(b))
		absorbed.Absorb(c)
		absorbed.Absorb(b)
		for i, s := range []*State{a, b, c} {
			if !bytes.Equal(s.Append(nil), before[i]) {
				t.Fatalf("operand %d was changed", i)
			}
		}
	})
}

func TestState_any_order_and_any_split_fold_to_one_state(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := append(genBatch().Draw(t, "one").events(), genBatch().Draw(t, "two").events()...)
		want := fold(t, testSchema, events)

		seed := rapid.Uint64().Draw(t, "order")
		shuffled := slices.Clone(events)
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		same(t, "shuffled", fold(t, testSchema, shuffled), want)

		var parts []*State
		for rest := shuffled; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "part")
			s, err := DecodeState(fold(t, testSchema, rest[:n]).Append(nil))
			if err != nil {
				t.Fatal(err)
			}
			parts, rest = append(parts, s), rest[n:]
		}
		for len(parts) > 1 {
			i := rapid.IntRange(0, len(parts)-2).Draw(t, "pair")
			parts[i] = parts[i].Combine(parts[i+1])
			parts = slices.Delete(parts, i+1, i+2)
		}
		if len(parts) == 1 {
			same(t, "split, stored and combined", parts[0], want)
		}
	})
}

func TestState_Clone_is_independent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := genHistory().Draw(t, "a").state(t), genHistory().Draw(t, "b").state(t), genHistory().Draw(t, "c").state(t)
		own := a.Clone()
		own.Absorb(b)
		snapshot := own.Clone()
		frozen := snapshot.Append(nil)
		own.Absorb(c)
		if !bytes.Equal(snapshot.Append(nil), frozen) {
			t.Fatal("absorbing into the original changed its clone")
		}
		snapshot.Absorb(b)
		same(t, "original after its clone absorbed", own, a.Combine(b).Combine(c))
	})
}

func TestDecodeState_reads_what_Append_wrote(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genHistory().Draw(t, "history").state(t)
		data := s.Append([]byte("prefix"))[len("prefix"):]
		got, err := DecodeState(data)
		if err != nil {
			t.Fatalf("%v\n%x", err, data)
		}
		same(t, "decoded", got, s)
		if got.MemoryBytes() < len(data)/4 {
			t.Fatalf("%d bytes of memory for %d stored", got.MemoryBytes(), len(data))
		}
	})
}
