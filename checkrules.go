package portrait

import (
	"math"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/oracle"
)

// naiveRules restates identity rules with their defaults.
func naiveRules(config identity.Config) oracle.Rules {
	r := oracle.Rules{Namespaces: map[string]oracle.Namespace{}, MaxNodes: config.MaxNodes}
	if r.MaxNodes == 0 {
		r.MaxNodes = 200
	}
	partners := map[identity.Kind]int{identity.Contact: 100, identity.Device: 20, identity.Cookie: 20}
	conflicts := map[identity.Policy]oracle.Conflict{
		identity.Demote: oracle.Demote, identity.Newest: oracle.Newest, identity.Shared: oracle.Shared,
		identity.Refuse: oracle.Refuse, identity.Never: oracle.Never,
	}
	for _, n := range config.Namespaces {
		ns := oracle.Namespace{
			Rank: n.Priority, Unique: n.Unique, Limit: n.Limit, Per: n.Per.Microseconds(), MaxPartners: n.MaxPartners,
			Conflict: conflicts[n.Conflict], MaxEdges: n.MaxEdges, Lookup: n.Lookup, Auth: n.Auth,
			Personal: n.Kind == identity.Person || n.Kind == identity.Contact || n.Kind == identity.Account,
		}
		if ns.MaxPartners == 0 {
			ns.MaxPartners = partners[n.Kind]
		}
		if ns.MaxPartners == 0 {
			ns.MaxPartners = 10_000
			if n.Conflict == identity.Newest {
				ns.MaxPartners = 100
			}
		}
		r.Namespaces[n.Name] = ns
	}
	// Nothing leads to those who were made anonymous: they rank behind all others.
	r.Namespaces[identity.Nameless] = oracle.Namespace{Rank: math.MaxInt}
	return r
}
