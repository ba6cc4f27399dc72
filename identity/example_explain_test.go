package identity_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/profile"
)

// evidence is a Graph in memory: what was seen, and who is who by it.
type evidence struct {
	tokens *identity.Tokenizer
	nodes  map[identity.Token]identity.Node
	edges  map[identity.Pair]identity.Edge
	groups [][]identity.Token
}

// see notes that one event named two identifiers, the weaker one first.
func (g *evidence) see(at int64, weak, strong profile.Identifier) {
	var ends [2]identity.Node
	for i, id := range [...]profile.Identifier{weak, strong} {
		t := g.tokens.Token(id)
		if _, known := g.nodes[t]; !known {
			g.nodes[t] = identity.Node{Token: t, Identifier: id}
			g.groups = append(g.groups, []identity.Token{t})
		}
		ends[i] = g.nodes[t]
	}
	p := identity.Pair{Weak: ends[0].Token, Strong: ends[1].Token}
	e := g.edges[p]
	if e.Pair = p; !e.Seen {
		for _, n := range ends {
			n.Partners++
			g.nodes[n.Token] = n
		}
	}
	e.See(profile.Stamp{At: profile.Instant(at)})
	g.edges[p] = e
}

// shop declares users with their e-mails and browsers.
func shop(policy identity.Policy) identity.Config {
	return identity.Config{Namespaces: []identity.Namespace{
		{Name: "user_id", Priority: 1, Unique: true},
		{Name: "email", Priority: 2, Kind: identity.Contact},
		{Name: "anonymous_id", Priority: 3, Kind: identity.Cookie, Conflict: policy},
	}}
}

// name returns the identifier of a token.
func (g *evidence) name(t identity.Token) string { return g.nodes[t].Identifier.String() }

func (g *evidence) Node(t identity.Token) (identity.Node, error) {
	n, ok := g.nodes[t]
	if !ok {
		return n, errors.New("no such node")
	}
	return n, nil
}

func (g *evidence) Edge(p identity.Pair) (identity.Edge, bool, error) {
	e, ok := g.edges[p]
	return e, ok, nil
}

func (g *evidence) Edges(t identity.Token) iter.Seq2[identity.Edge, error] {
	return func(yield func(identity.Edge, error) bool) {
		for p, e := range g.edges {
			if (p.Weak == t || p.Strong == t) && !yield(e, nil) {
				return
			}
		}
	}
}

func (g *evidence) Vetoed(identity.Token) ([]identity.Token, error) { return nil, nil }

func (g *evidence) Component(t identity.Token) ([]identity.Token, error) {
	i := slices.IndexFunc(g.groups, func(group []identity.Token) bool { return slices.Contains(group, t) })
	return g.groups[i], nil
}

// all returns the evidence as one.
func (g *evidence) all() identity.Evidence {
	return identity.Evidence{
		Nodes: func(yield func(identity.Node, error) bool) {
			for _, n := range g.nodes {
				if !yield(n, nil) {
					return
				}
			}
		},
		Edges: func(yield func(identity.Edge, error) bool) {
			for _, e := range g.edges {
				if !yield(e, nil) {
					return
				}
			}
		},
	}
}

var (
	alice   = profile.Identifier{Namespace: "user_id", Value: "alice"}
	bob     = profile.Identifier{Namespace: "user_id", Value: "bob"}
	email   = profile.Identifier{Namespace: "email", Value: "bob@example.com"}
	browser = profile.Identifier{Namespace: "anonymous_id", Value: "browser"}
)

// twoAtOneBrowser is what is seen when Bob uses Alice's browser.
func twoAtOneBrowser() *evidence {
	g := &evidence{
		tokens: identity.NewTokenizer([32]byte{}),
		nodes:  map[identity.Token]identity.Node{},
		edges:  map[identity.Pair]identity.Edge{},
	}
	g.see(1, browser, alice)
	g.see(2, email, bob)
	g.see(3, browser, bob)
	return g
}

// Two people are seen at one browser. Under one set of rules it is the first one's,
// under another the last one's.
func ExampleRules_Partition() {
	g := twoAtOneBrowser()
	for _, policy := range []identity.Policy{identity.Demote, identity.Newest} {
		rules, err := identity.New(shop(policy))
		if err != nil {
			fmt.Println(err)
			return
		}
		p, err := rules.Partition(context.Background(), g.all())
		if err != nil {
			fmt.Println(err)
			return
		}
		at, _ := p.Find(g.tokens.Token(browser))
		fmt.Printf("%s:", policy)
		for _, t := range p.Group(at) {
			fmt.Printf(" %s", g.name(t))
		}
		fmt.Println()
		for cause, n := range p.Health().Refused {
			fmt.Printf("  %d refused by %s of %s\n", n, cause.Rule, cause.Namespace)
		}
	}
	// Output:
	// demote: anonymous_id:browser user_id:alice
	//   1 refused by unique of user_id
	// newest: anonymous_id:browser email:bob@example.com user_id:bob
	//   1 refused by newest of anonymous_id
}

// What keeps an e-mail and a browser apart is that two people used the browser.
func ExampleRules_Explain() {
	g := twoAtOneBrowser()
	rules, err := identity.New(shop(identity.Demote))
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := rules.Partition(context.Background(), g.all())
	if err != nil {
		fmt.Println(err)
		return
	}
	g.groups = slices.Collect(p.Groups())
	why, err := rules.Explain(g, g.tokens.Token(email), g.tokens.Token(browser))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("together:", why.Together)
	for _, hop := range why.Path {
		fmt.Print(g.name(hop.From), " to ", g.name(hop.To))
		if hop.Rule != 0 {
			fmt.Printf(", barred by %s: %s or %s", hop.Rule, g.name(hop.Against[0]), g.name(hop.Against[1]))
		}
		fmt.Println()
	}
	// Output:
	// together: false
	// email:bob@example.com to user_id:bob
	// user_id:bob to anonymous_id:browser, barred by unique: user_id:bob or user_id:alice
}
