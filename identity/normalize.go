package identity

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

// step is one normaliser of a namespace. It reports false for a value that the
// namespace cannot hold.
type step struct {
	name  string
	apply func(string) (string, bool)
	hosts bool // apply is the host's own, and so not to be trusted
}

// unstable is the fault of a value that the normalisers never stop changing.
const unstable = "does not settle"

// maxRounds bounds how often a list of normalisers is repeated. One round
// settles nearly every value, a second one confirms it.
const maxRounds = 8

// normalizerNames lists the built-in normalisers, for messages.
func normalizerNames() []string {
	return []string{"trim", "nfkc", "width", "lower", "fold", "digits", "email", "email-provider", "phone", "device"}
}

// builtIn returns the built-in normaliser of that name, or nil.
func builtIn(name string) func(string) (string, bool) {
	switch name {
	case "trim":
		return always(trim)
	case "nfkc":
		return always(nfkc)
	case "width":
		return always(halfWidth)
	case "lower":
		return always(strings.ToLower)
	case "fold":
		return always(fold)
	case "digits":
		return always(digits)
	case "email":
		return email
	case "email-provider":
		return mailbox
	case "phone":
		return phone
	case "device":
		return always(device)
	default:
		return nil
	}
}

// stepOf returns the normaliser of that name, built in or the host's own.
func stepOf(name string, own map[string]func(string) (string, bool)) (step, bool) {
	if f := builtIn(name); f != nil {
		return step{name: name, apply: f}, true
	}
	f := own[name]
	return step{name: name, apply: f, hosts: true}, f != nil
}

// defaultSteps is what Namespace.Normalize means when it is nil.
func defaultSteps(name string) []string {
	if name == "email" || name == "phone" {
		return []string{"trim", "nfkc", name}
	}
	return []string{"trim", "nfkc"}
}

func always(f func(string) string) func(string) (string, bool) {
	return func(s string) (string, bool) { return f(s), true }
}

// normalize brings a value to the one spelling of its namespace. The steps are
// repeated until nothing changes, because one may undo what another did (NFKC
// makes capitals out of a trade mark sign); so a clean value stays as it is. The
// fault names the step that refused the value; it is empty if none did.
func (f *form) normalize(s string) (value, fault string) {
	for range maxRounds {
		before := s
		for i := range f.steps {
			if s, fault = f.steps[i].run(s); fault != "" {
				return "", fault
			}
		}
		if s == before || len(s) > maxRawLen { // no round makes it short again
			return s, ""
		}
	}
	return "", unstable
}

// run applies the step.
func (st *step) run(s string) (value, fault string) {
	if st.hosts {
		return st.runGuarded(s)
	}
	value, ok := st.apply(s)
	if !ok {
		return "", st.name
	}
	return value, ""
}

// runGuarded applies a function of the host's. It may panic, or return what is
// not text: that is a fault of the value, not the end of the process.
func (st *step) runGuarded(s string) (value, fault string) {
	defer func() {
		if recover() != nil {
			value, fault = "", panicked(st.name)
		}
	}()
	value, ok := st.apply(s)
	if !ok || !utf8.ValidString(value) {
		return "", st.name
	}
	return value, ""
}

// panicked is the fault of a value on which a function of the host's panicked.
func panicked(name string) string { return name + " panicked" }

// isASCII reports whether a value holds ASCII only, which no form of Unicode
// changes.
func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// nfkc composes a value and replaces what is only another shape of a character.
func nfkc(s string) string {
	if isASCII(s) {
		return s
	}
	return norm.NFKC.String(s)
}

// halfWidth makes full-width letters, digits and signs half-width, half-width
// katakana full-width, composes both, and leaves everything else alone: unlike NFKC
// it keeps "user²" and "user2" two values.
func halfWidth(s string) string {
	if isASCII(s) {
		return s
	}
	return norm.NFC.String(width.Fold.String(s))
}

// fold maps a value to the form in which case does not matter.
func fold(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	return cases.Fold().String(s) // a Caser may not be shared between goroutines
}

// trim cuts what cannot be seen off both ends.
func trim(s string) string {
	if s != "" && visible(s[0]) && visible(s[len(s)-1]) {
		return s
	}
	return strings.TrimFunc(s, invisible)
}

// visible reports whether a byte is a character that can be seen.
func visible(b byte) bool { return ' ' < b && b < 0x7f }

func invisible(c rune) bool {
	return unicode.IsSpace(c) || unicode.IsControl(c) || unicode.Is(unicode.Cf, c)
}

// digits keeps the decimal digits of any script, as 0 to 9.
func digits(s string) string {
	plain := true
	for i := range len(s) {
		plain = plain && '0' <= s[i] && s[i] <= '9'
	}
	if plain {
		return s
	}
	return strings.Map(func(c rune) rune {
		if d, ok := digit(c); ok {
			return '0' + d
		}
		return -1
	}, s)
}

// digit returns the value of a decimal digit. Unicode encodes every set of ten
// as a run from zero to nine, and a range of its table holds only whole sets.
func digit(c rune) (rune, bool) {
	if c < 0x80 {
		return c - '0', '0' <= c && c <= '9'
	}
	for _, r := range unicode.Nd.R16 {
		if c <= rune(r.Hi) {
			return (c - rune(r.Lo)) % 10, c >= rune(r.Lo)
		}
	}
	for _, r := range unicode.Nd.R32 {
		if c <= rune(r.Hi) {
			return (c - rune(r.Lo)) % 10, c >= rune(r.Lo)
		}
	}
	return 0, false
}
