package identity

import "slices"

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
	// Unique says that no profile holds two values, the same as a Limit of 1.
	Unique bool
	// Limit is how many distinct values a profile may hold. Zero means any number.
	Limit int
	// MaxPartners is how many distinct identifiers a value may be seen with before
	// it is generic and links nothing any more. Zero means the default of the
	// kind: 100 for contact, 20 for device and cookie, 10,000 for the others.
	MaxPartners int
	// Normalize names the normalisers that bring a value to its one spelling, in
	// order; they are repeated until the value stays the same:
	//
	//	trim    cut white space, control and invisible characters off both ends
	//	nfkc    Unicode compatibility composition: full-width digits become digits
	//	lower   lower case
	//	fold    Unicode case folding, for comparison in any script
	//	digits  keep decimal digits of any script, as 0 to 9
	//	email   lower case; refuses what has no local part, no domain, or a space
	//	phone   keep the digits, without a leading 00; refuses letters, and fewer
	//	        than 5 or more than 15 digits. A country is never guessed: a
	//	        number with its country code and one without remain two values.
	//
	// Nil means trim and nfkc, followed by email or phone in the namespaces of
	// those names. An empty list means none.
	Normalize []string
	// Blocked lists values that are never identifiers, besides the default list.
	// They are compared before and after normalisation.
	Blocked []string
	// BlockedPatterns are regular expressions (RE2, unanchored) of values that are
	// never identifiers.
	BlockedPatterns []string
	// AllowDefaultBlocked switches the default list of blocked values off: the
	// placeholders that clients are known to send, such as "null", "undefined",
	// "anonymous", all zeros, "noreply@..." and 13800138000.
	AllowDefaultBlocked bool
	// Trait names the trait of an identify event that also carries this
	// identifier, such as "email". Empty means none.
	Trait string
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
}

// The defaults of Config.
const (
	defaultMaxNodes       = 200
	defaultMaxIdentifiers = 20
)

// Default returns the rules for a shop with web, app and mini-program: user_id
// (unique), unionid, email, phone, device_id and anonymous_id, strongest first,
// with e-mail and phone also taken from the traits of those names. The caller
// owns the result.
func Default() Config {
	return Config{Namespaces: []Namespace{
		{Name: "user_id", Priority: 1, Kind: Person, Unique: true},
		{Name: "unionid", Priority: 2, Kind: Account},
		{Name: "email", Priority: 3, Kind: Contact, Trait: "email"},
		{Name: "phone", Priority: 4, Kind: Contact, Trait: "phone"},
		{Name: "device_id", Priority: 5, Kind: Device},
		{Name: "anonymous_id", Priority: 6, Kind: Cookie},
	}}
}
