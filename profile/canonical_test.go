package profile_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/portraitdb/portrait/profile"
)

// The namespaces of combined states are those of their names, whatever the order, of
// states without events too; and combining changes neither side.
func TestState_Namespaces(t *testing.T) {
	r := rand.New(rand.NewPCG(81, 82))
	all := []string{"anonymous_id", "device_id", "email", "phone", "user_id"}
	schema := &profile.Schema{}
	for range 300 {
		var parts []*profile.State
		names := map[string]bool{}
		for range 1 + r.IntN(6) {
			s := &profile.State{}
			if r.IntN(2) == 0 {
				e := profile.Event{Name: "A", MessageID: "m", Time: time.Unix(int64(r.IntN(100)), 0)}
				var err error
				if s, err = schema.Lift(&e); err != nil {
					t.Fatal(err)
				}
			}
			if r.IntN(5) > 0 {
				id := profile.Identifier{Namespace: all[r.IntN(len(all))], Value: "x"}
				names[id.Namespace] = true
				s.Name(&id)
			}
			parts = append(parts, s)
		}
		var want []string
		for _, name := range all {
			if names[name] {
				want = append(want, name)
			}
		}
		before := make([][]string, len(parts))
		for i, p := range parts {
			before[i] = slices.Collect(p.Namespaces())
		}
		for range 3 {
			r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i]; before[i], before[j] = before[j], before[i] })
			left, right := &profile.State{}, &profile.State{}
			cut := r.IntN(len(parts) + 1)
			for i, p := range parts {
				if i < cut {
					left = left.Combine(p)
				} else {
					right = right.Combine(p)
				}
			}
			if got := slices.Collect(left.Combine(right).Namespaces()); !slices.Equal(got, want) {
				t.Fatalf("got %q, want %q", got, want)
			}
			whole := parts[0].Clone()
			for _, p := range parts[1:] {
				whole.Absorb(p)
			}
			if got := slices.Collect(whole.Namespaces()); !slices.Equal(got, want) {
				t.Fatalf("absorbed: got %q, want %q", got, want)
			}
			for i, p := range parts {
				if got := slices.Collect(p.Namespaces()); !slices.Equal(got, before[i]) {
					t.Fatalf("a part has become %q, was %q", got, before[i])
				}
			}
		}
	}
}
