package identity

import (
	"slices"
	"time"
)

// Kind says what an identifier names. It sets how many partners a node may have
// before it counts as generic, unless the namespace says so itself.
type Kind uint8

// The kinds of namespace. The zero value is Person.
const (
	Person    Kind = iota // one human being, such as a login ID
	Contact               // an address, such as an e-mail or a phone number
	Device                // a piece of hardware
	Cookie                // an anonymous browser or installation
	Household             // several people who live together
	Account               // an account with a third party, such as a union ID
)

var kindNames = [...]string{"person", "contact", "device", "cookie", "household", "account"}

// String returns the kind's name as the model file writes it.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind(?)"
}

// ParseKind returns the kind of that name.
func ParseKind(name string) (Kind, bool) {
	i := slices.Index(kindNames[:], name)
	return Kind(max(i, 0)), i >= 0
}

// maxPartners is the default of Namespace.MaxPartners.
func (n *Namespace) maxPartners() int {
	if n.Conflict == Newest {
		return min(n.Kind.maxPartners(), 100)
	}
	return n.Kind.maxPartners()
}

func (k Kind) maxPartners() int {
	switch k {
	case Contact:
		return 100
	case Device, Cookie:
		return 20
	default:
		return 10_000
	}
}

// Policy says what becomes of a value that several people were seen with. Every
// policy is a function of the value's own edges, those that count: so none depends
// on the order in which the evidence came in, nor on what the far ends make of it.
// A partner counts although it may itself be generic or barred.
type Policy uint8

// The policies. The zero value is Demote. A Link outranks all of them: it settles
// whose the value is.
const (
	// Demote keeps what the strongest and earliest evidence says: of two edges
	// that may not both unite, the first in the order of edges does.
	Demote Policy = iota
	// Newest gives the value to the one it was seen with last: of its edges to a
	// unique namespace, only the one with the greatest last stamp is live, and of
	// equal ones that to the greatest identifier. One that is linked goes before all
	// that were seen, the last decided first; a weak match comes after them, the
	// heaviest first.
	Newest
	// Shared makes a value that was seen with two or more values of one unique
	// namespace nobody's: none of its edges is live, and what it does on its own is
	// a profile of its own. A Link counts like a sighting here, and stays live; a
	// weak match does not count.
	Shared
	// Refuse is Demote, and the caller of Ingest is warned of each refusal.
	Refuse
	// Never keeps the value apart from people from the start: its edges to
	// namespaces of kind Person, Contact and Account are never live.
	Never
)

var policyNames = [...]string{"demote", "newest", "shared", "refuse", "never"}

// String returns the policy's name as the model file writes it.
func (p Policy) String() string {
	if int(p) < len(policyNames) {
		return policyNames[p]
	}
	return "policy(?)"
}

// ParsePolicy returns the policy of that name.
func ParsePolicy(name string) (Policy, bool) {
	i := slices.Index(policyNames[:], name)
	return Policy(max(i, 0)), i >= 0
}

// Namespace declares one kind of identifier.
type Namespace struct {
	// Name is what events call it, such as "email". At most 64 bytes, without
	// colons, spaces and control characters. Required.
	Name string
	// Priority ranks the namespace: the smaller, the stronger. It must be above 0
	// and differ from that of every other namespace. Required: a rank that
	// followed from the name would change when a namespace is added.
	Priority int
	// Kind says what the identifier names. The zero value is Person.
	Kind Kind
	// Unique says that no profile holds two values, the same as a Limit of 1 for
	// all time.
	Unique bool
	// Limit is how many distinct values a profile may hold. Zero means any number.
	Limit int
	// Per makes the limit one of a time: no stretch of this length, in event time,
	// may hold the first sightings of more than Limit of a profile's values. Its
	// begin belongs to a stretch, its end does not. Values that only decisions named
	// do not count. Zero means ever.
	Per time.Duration
	// Conflict says what becomes of a value that several people were seen with.
	// The zero value is Demote.
	Conflict Policy
	// MaxEdges is, by namespace, how many of its values one value may be tied to:
	// the ones that come first in the order of edges. An event ties its identifiers
	// to the strongest of them only, so that a number for a namespace is about the
	// events that it is strongest in. A Link is live even beyond that, and takes a
	// place. Towards a unique namespace the policy Newest goes before. Zero or
	// absent means any number.
	MaxEdges map[string]int
	// Lookup says that a value finds a profile and never unites two: only the
	// first of its edges, in the order of edges, is live, besides those that are
	// linked. It stands neither with MaxEdges nor with the policy Newest.
	Lookup bool
	// Auth is the level of authentication that an event must have for it to tie a
	// value of this namespace to another: 1 to 255. Zero means none. Of two
	// namespaces the greater level holds.
	Auth int
	// MaxPartners is how many distinct identifiers a value may be seen with before
	// it is generic and links nothing any more. Zero means the default of the
	// kind: 100 for contact, 20 for device and cookie, 10,000 for the others; and
	// under Newest never more than 100, for all edges of a value that moves to
	// another are read again.
	MaxPartners int
	// Normalize names the normalisers that bring a value to its one spelling, in
	// order; they are repeated until the value stays the same:
	//
	//	trim            cut white space, control and invisible characters off both ends
	//	nfkc            Unicode compatibility composition: full-width digits become digits
	//	width           full-width to half-width alone: unlike nfkc it keeps x² and x2 two
	//	lower           lower case
	//	fold            Unicode case folding, for comparison in any script
	//	digits          keep decimal digits of any script, as 0 to 9
	//	email           lower case; refuses what has no local part, no domain, or a space
	//	email-provider  email, and the spellings that a large provider delivers to one
	//	                mailbox become one: +tags of Google, Apple, Microsoft, Fastmail
	//	                and Proton, -keywords of Yahoo, dots of Google, and the domains
	//	                of Google and of Apple. Other domains are left alone
	//	phone           keep the digits, without a leading 00; refuses fewer than 5 or more
	//	                than 15, and what is not one plain number: letters, extensions,
	//	                masked digits. A country is never guessed: a number with its
	//	                country code and one without remain two values
	//	device          UUIDs in lower case with dashes, MAC addresses and IMEIs without
	//	                separators, other hexadecimal IDs in lower case; no braces
	//
	// Names in Config.Normalizers may stand among them. Nil means trim and nfkc,
	// followed by email or phone in the namespaces of those names. An empty list
	// means none.
	Normalize []string
	// Pattern is a regular expression (RE2, unanchored) that a value must match
	// once it is normalised. Empty means any value.
	Pattern string
	// MaxLength is the greatest length of a normalised value in bytes. Zero means
	// 1,024, which is also the most.
	MaxLength int
	// Blocked lists values that are never identifiers, besides the default list.
	// They are compared before and after normalisation.
	Blocked []string
	// BlockedPatterns are regular expressions (RE2, unanchored) of values that are
	// never identifiers.
	BlockedPatterns []string
	// BlockedBy names functions in Config.Blockers that say which values are never
	// identifiers. They too are asked before and after normalisation.
	BlockedBy []string
	// AllowDefaultBlocked switches the default list of blocked values off: the
	// placeholders that clients are known to send, such as "null", "undefined",
	// "anonymous", all zeros, "noreply@..." and 13800138000.
	AllowDefaultBlocked bool
	// Trait names the trait of an identify event that also carries this
	// identifier, such as "email", besides those that the event names as such.
	// Empty means none.
	Trait string
	// Match names the digests by which uploaded lists may name a value: "md5", "sha1",
	// "sha256", each of the normalised value. For each the store keeps an index of keyed
	// tokens. None means that lists hold plain values.
	Match []string
}

// Config declares the identity rules of a model.
type Config struct {
	// Namespaces are the identifiers that count. At least one is required.
	Namespaces []Namespace
	// MaxNodes is how many identifiers one profile may hold. Zero means 200.
	MaxNodes int
	// MaxIdentifiers is how many identifiers of one event count, the strongest
	// ones. Zero means 20.
	MaxIdentifiers int
	// Normalizers are normalisers of the host's own, which Namespace.Normalize may
	// name beside the ones built in. Each returns the spelling of a value, or false
	// for one that the namespace cannot hold. It must be a pure function, the same
	// for as long as the store lives, that leaves its own results as they are, and
	// safe for concurrent use.
	Normalizers map[string]func(string) (string, bool)
	// Blockers are tests of the host's own, which Namespace.BlockedBy may name: true
	// means that the value is never an identifier. The same rules hold as for
	// Normalizers.
	Blockers map[string]func(string) bool
}

// The defaults of Config.
const (
	defaultMaxNodes       = 200
	defaultMaxIdentifiers = 20
)

// Default returns the rules for a shop with web, app and mini-program: user_id
// (unique), unionid, email, phone, device_id and anonymous_id, strongest first,
// with e-mail and phone also taken from the traits of those names. A device or
// browser that two users log in on is nobody's, and a browser never joins two
// people: its first tie to the strongest namespace is the one that counts. The
// caller owns the result.
func Default() Config {
	return Config{Namespaces: []Namespace{
		{Name: "user_id", Priority: 1, Kind: Person, Unique: true},
		{Name: "unionid", Priority: 2, Kind: Account},
		{Name: "email", Priority: 3, Kind: Contact, Trait: "email"},
		{Name: "phone", Priority: 4, Kind: Contact, Trait: "phone"},
		{Name: "device_id", Priority: 5, Kind: Device, Conflict: Shared, Normalize: []string{"trim", "nfkc", "device"}},
		{Name: "anonymous_id", Priority: 6, Kind: Cookie, Conflict: Shared, Lookup: true},
	}}
}
