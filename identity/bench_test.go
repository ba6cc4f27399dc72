package identity

import (
	"fmt"
	"testing"

	"github.com/portraitdb/portrait/profile"
)

// BenchmarkRegroup measures one call on a graph in maps, by what the change asks
// for; the change is not applied.
func BenchmarkRegroup(b *testing.B) {
	person := func(w *world, n int) {
		for i := range 4 {
			w.regroup(w.event(at(10+i), ident(fmt.Sprint("user_id:u", n)), ident(fmt.Sprint("device_id:d", n, ".", i)))...)
		}
	}
	cases := []struct {
		name string
		tell func(w *world) []Pair
	}{
		{"new", func(w *world) []Pair {
			return w.event(at(20), ident("email:a@x.com"), ident("anonymous_id:a"))
		}},
		{"attach", func(w *world) []Pair {
			person(w, 1)
			return w.event(at(20), ident("user_id:u1"), ident("anonymous_id:a"))
		}},
		{"refuse", func(w *world) []Pair {
			person(w, 1)
			person(w, 2)
			return w.event(at(20), ident("user_id:u1"), ident("device_id:d2.0"))
		}},
		{"replay", func(w *world) []Pair {
			person(w, 1)
			person(w, 2)
			return w.event(at(5), ident("user_id:u1"), ident("device_id:d2.0"))
		}},
		{"generic", func(w *world) []Pair {
			for i := range 50 {
				w.regroup(w.event(at(i), ident(fmt.Sprint("user_id:u", i)), ident("device_id:d"))...)
			}
			return w.event(at(60), ident("user_id:x"), ident("device_id:d"))
		}},
		{"full", func(w *world) []Pair {
			for i := range 250 {
				w.regroup(w.event(at(i), ident("user_id:u"), ident(fmt.Sprint("anonymous_id:a", i)))...)
			}
			return w.event(at(999), ident("user_id:u"), ident("anonymous_id:x"))
		}},
		{"recut", func(w *world) []Pair {
			for i := range 199 {
				w.regroup(w.event(at(i+10), ident("user_id:u"), ident(fmt.Sprint("anonymous_id:a", i)))...)
			}
			return w.decide(Unlink, at(999), ident("user_id:u"), ident("anonymous_id:a7"))
		}},
	}
	for _, bb := range cases {
		b.Run("change="+bb.name, func(b *testing.B) {
			w := newWorld(b, plain())
			changed := bb.tell(w)
			if len(changed) == 0 {
				b.Fatal("nothing changed")
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := w.rules.Regroup(w, changed...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkTokenizer(b *testing.B) {
	tokens := NewTokenizer([32]byte{1})
	id := ident("email:someone@example.com")
	b.ReportAllocs()
	for b.Loop() {
		tokens.Token(id)
	}
}

func BenchmarkRules_Select(b *testing.B) {
	r, err := New(plain())
	if err != nil {
		b.Fatal(err)
	}
	ids := []profile.Identifier{
		ident("anonymous_id:6f1c0a9e-77b1-4a4e-9a3e-1f0c8d1b2a3c"), ident("user_id:u-102938"), ident("email:someone@example.com"), ident("phone:+86 138-1234-5678"),
	}
	b.ReportAllocs()
	for b.Loop() {
		r.Select(ids)
	}
}

// BenchmarkRules_Judge measures one judgement, which is not applied.
func BenchmarkRules_Judge(b *testing.B) {
	b.Run("seen=before", func(b *testing.B) {
		w := newWorld(b, plain())
		user, device := ident("user_id:u"), ident("device_id:d")
		w.regroup(w.event(at(1), user, device)...)
		pair := w.pair(user, device)
		before := w.edges[pair]
		w.event(at(2), user, device)
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := w.rules.Judge(w, pair, before); err != nil {
				b.Fatal(err)
			}
		}
	})
	login := func(w *world, i int) []Pair {
		return w.event(at(i), ident(fmt.Sprint("crm:", i)), ident("device:d"))
	}
	for _, p := range []Policy{Demote, Newest, Shared, Never} {
		for _, logins := range []int{1, 1000} {
			b.Run(fmt.Sprintf("policy=%v/logins=%d", p, logins), func(b *testing.B) {
				c := crm(p)
				c.Namespaces[2].MaxPartners = 1 << 20
				w := newWorld(b, c)
				for i := range logins - 1 {
					w.regroup(login(w, i)...)
				}
				// The last login is judged again and again, as the world was before it.
				user, device := ident(fmt.Sprint("crm:", logins)), ident("device:d")
				pair := w.pair(user, device)
				node := w.nodes[pair.Weak]
				w.event(at(logins), user, device)
				w.nodes[pair.Weak] = node
				b.ReportAllocs()
				for b.Loop() {
					if _, _, err := w.rules.Judge(w, pair, Edge{}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
