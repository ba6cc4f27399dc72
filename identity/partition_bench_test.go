package identity

import (
	"encoding/binary"
	"flag"
	"fmt"
	"runtime"
	"testing"

	"github.com/portraitdb/portrait/profile"
)

var manyFlag = flag.Int("nodes", 1_000_000, "nodes of BenchmarkPartition, and about as many edges")

// crowd is evidence about many people, made up as it is read: each has a user ID,
// an e-mail, a device and two cookies, and every other one a second device that
// the next one uses too.
type crowd struct{ people int }

const perPerson = 5

func (c crowd) node(i int) Node {
	n := Node{Partners: 2, Since: profile.Instant(i), Dated: true}
	n.Identifier.Namespace = [...]string{"user_id", "email", "device_id", "anonymous_id", "anonymous_id"}[i%perPerson]
	n.Identifier.Value = fmt.Sprintf("v%d-%016x", i%perPerson, uint64(i)*0x9e3779b97f4a7c15)
	if i%perPerson == 1 {
		n.Identifier.Value += "@example.com"
	}
	n.Token = c.token(i)
	return n
}

func (c crowd) token(i int) (t Token) {
	binary.BigEndian.PutUint64(t[:], uint64(i)*0x9e3779b97f4a7c15)
	binary.BigEndian.PutUint64(t[8:], uint64(i))
	return t
}

func (c crowd) evidence() Evidence {
	return Evidence{
		Nodes: func(yield func(Node, error) bool) {
			for i := range c.people * perPerson {
				if !yield(c.node(i), nil) {
					return
				}
			}
		},
		Edges: func(yield func(Edge, error) bool) {
			see := func(a, b int) bool {
				e := Edge{Pair: Pair{Weak: c.token(a), Strong: c.token(b)}}
				e.See(profile.Stamp{At: profile.Instant(a ^ b), Tie: uint64(a)})
				return yield(e, nil)
			}
			for p := range c.people {
				user := p * perPerson
				for i := range perPerson - 1 {
					if !see(user+1+i, user) {
						return
					}
				}
				if p%2 == 1 && !see(user-perPerson+2, user) {
					return
				}
			}
		},
	}
}

// BenchmarkPartition replays a whole store. B/node is what a Partition keeps.
func BenchmarkPartition(b *testing.B) {
	plain, full := plain(), plain()
	for i, ns := range full.Namespaces {
		if ns.Kind == Device || ns.Kind == Cookie {
			full.Namespaces[i].Conflict = Newest
		}
	}
	for _, bb := range []struct {
		name   string
		config Config
	}{{"demote", plain}, {"newest", full}} {
		b.Run(fmt.Sprintf("policy=%s/nodes=%d", bb.name, *manyFlag), func(b *testing.B) {
			rules, err := New(bb.config)
			if err != nil {
				b.Fatal(err)
			}
			c := crowd{people: *manyFlag / perPerson}
			before := heap()
			var p *Partition
			for b.Loop() {
				if p, err = rules.Partition(b.Context(), c.evidence()); err != nil {
					b.Fatal(err)
				}
			}
			if h := p.Health(); h.Refused[Cause{RuleUnique, "user_id"}]+h.Refused[Cause{RuleNewest, "device_id"}] != c.people/2 {
				b.Fatalf("refused: %v", h.Refused)
			}
			b.ReportMetric(float64(heap()-before)/float64(p.Len()), "B/node")
			b.ReportMetric(float64(p.Len())*float64(b.N)/b.Elapsed().Seconds(), "nodes/s")
			runtime.KeepAlive(p)
		})
	}
}

// heap returns the bytes of the heap that are in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
