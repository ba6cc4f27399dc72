package identity

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/portraitdb/portrait/profile"
)

// Rules are a checked Config. They are immutable and safe for concurrent use.
type Rules struct {
	byName  map[string]*namespace
	byRank  []*namespace // strongest first
	limited int          // how many namespaces have a limit
	nodes   int          // per profile
	perCall int          // identifiers per event
}

// namespace is a Namespace made ready for use.
type namespace struct {
	name     string
	rank     int
	kind     Kind
	trait    string
	unique   bool
	limit    int    // 0: none
	per      uint64 // the limit is one of so many microseconds; 0: of all time
	slot     int    // which of the limited namespaces this is; -1: none
	index    int    // among all namespaces, as declared
	partners int
	policies
	form
}

// maxNameLen is the greatest length of a namespace's name, in bytes.
const maxNameLen = 64

// New checks a Config and returns its rules. The error joins every fault found.
// The Config is copied.
func New(c Config) (*Rules, error) {
	r := &Rules{
		byName:  make(map[string]*namespace, len(c.Namespaces)),
		nodes:   cmp.Or(c.MaxNodes, defaultMaxNodes),
		perCall: cmp.Or(c.MaxIdentifiers, defaultMaxIdentifiers),
	}
	var faults []error
	if len(c.Namespaces) == 0 {
		faults = append(faults, errors.New("identity: no namespaces"))
	}
	if c.MaxNodes < 0 {
		faults = append(faults, fmt.Errorf("identity: max nodes %d: want 0 or more", c.MaxNodes))
	}
	if c.MaxIdentifiers < 0 {
		faults = append(faults, fmt.Errorf("identity: max identifiers %d: want 0 or more", c.MaxIdentifiers))
	}
	faults = append(faults, checkHooks(&c)...)
	ranks := make(map[int]string, len(c.Namespaces))
	for _, decl := range c.Namespaces {
		fault := func(format string, args ...any) {
			faults = append(faults, fmt.Errorf("identity: namespace %q: %w", decl.Name, fmt.Errorf(format, args...)))
		}
		switch {
		case decl.Name == Nameless:
			fault("the name stands for profiles that name nobody")
		case r.byName[decl.Name] != nil:
			fault("declared twice")
		}
		if other, taken := ranks[decl.Priority]; taken {
			fault("priority %d is that of %q", decl.Priority, other)
		}
		ranks[decl.Priority] = decl.Name
		ns := compile(decl, &c, fault)
		ns.index = len(r.byRank)
		if ns.limit > 0 {
			ns.slot = r.limited
			r.limited++
		}
		r.byName[ns.name] = ns
		r.byRank = append(r.byRank, ns)
	}
	faults = append(faults, r.compilePolicies(c)...)
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	// No edge leads to it, so that it has no place among the quotas.
	r.byName[Nameless] = &namespace{name: Nameless, rank: math.MaxInt, slot: -1, index: -1, partners: math.MaxInt}
	slices.SortFunc(r.byRank, func(a, b *namespace) int { return cmp.Compare(a.rank, b.rank) })
	return r, nil
}

// compile makes one namespace ready and reports its faults.
func compile(decl Namespace, c *Config, fault func(format string, args ...any)) *namespace {
	if err := checkName(decl.Name); err != nil {
		fault("%w", err)
	}
	if decl.Priority <= 0 {
		fault("priority %d: want above 0", decl.Priority)
	}
	if int(decl.Kind) >= len(kindNames) {
		fault("unknown kind %d", decl.Kind)
	}
	if decl.Limit < 0 || decl.Limit > math.MaxInt32 {
		fault("limit %d: want 0 to %d", decl.Limit, math.MaxInt32)
	}
	if decl.Unique && decl.Limit > 1 {
		fault("unique with a limit of %d", decl.Limit)
	}
	switch {
	case decl.Per < 0:
		fault("per %v: want 0 or more", decl.Per)
	case decl.Per > 0 && decl.Unique:
		fault("unique per %v: unique holds for all time", decl.Per)
	case decl.Per > 0 && decl.Limit == 0:
		fault("per %v without a limit", decl.Per)
	}
	if decl.MaxPartners < 0 {
		fault("max partners %d: want 0 or more", decl.MaxPartners)
	}
	ns := &namespace{
		name:     decl.Name,
		rank:     decl.Priority,
		kind:     decl.Kind,
		trait:    decl.Trait,
		unique:   decl.Unique || decl.Limit == 1 && decl.Per == 0,
		limit:    decl.Limit,
		per:      microseconds(decl.Per),
		slot:     -1,
		partners: cmp.Or(decl.MaxPartners, decl.maxPartners()),
		form:     compileForm(decl, c, fault),
	}
	if decl.Unique {
		ns.limit = 1
	}
	return ns
}

// checkName says what is wrong with the name of a namespace. A colon would make
// "namespace:value" ambiguous, and a zero byte the token of an identifier.
func checkName(name string) error {
	switch {
	case name == "":
		return errors.New("empty name")
	case len(name) > maxNameLen:
		return fmt.Errorf("name of %d bytes: want at most %d", len(name), maxNameLen)
	case !utf8.ValidString(name):
		return errors.New("name is not valid UTF-8")
	}
	for _, c := range name {
		if c == ':' || unicode.IsSpace(c) || unicode.IsControl(c) {
			return fmt.Errorf("name holds %q", c)
		}
	}
	return nil
}

// Rank returns the priority of a namespace: the smaller, the stronger. One that
// is not declared ranks behind all others.
func (r *Rules) Rank(namespace string) int {
	if ns := r.byName[namespace]; ns != nil {
		return ns.rank
	}
	return math.MaxInt
}

// Compare orders identifiers from strong to weak: by rank, then bytewise. The
// first of an event's identifiers in this order is the node that it folds into.
func (r *Rules) Compare(a, b profile.Identifier) int {
	return cmp.Or(cmp.Compare(r.Rank(a.Namespace), r.Rank(b.Namespace)), a.Compare(b))
}

// FromTraits returns the identifiers that the traits of an identify event carry,
// by Namespace.Trait, strongest namespace first. Text counts, and whole numbers
// that a float holds exactly; other values are no identifiers. The result is not
// yet clean: pass it to Select.
func (r *Rules) FromTraits(traits map[string]profile.Value) []profile.Identifier {
	var ids []profile.Identifier
	for _, ns := range r.byRank {
		if ns.trait == "" {
			continue
		}
		v := traits[ns.trait]
		switch v.Kind() {
		case profile.KindString:
		case profile.KindNumber:
			if f := v.Number(); f != math.Trunc(f) || math.Abs(f) > 1<<53 {
				continue
			}
		default:
			continue
		}
		ids = append(ids, profile.Identifier{Namespace: ns.name, Value: v.String()})
	}
	return ids
}
