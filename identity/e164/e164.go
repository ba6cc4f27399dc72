// Package e164 normalises phone numbers to E.164, such as +8613812345678, with
// the numbering plans of the world. It is a module of its own because the plans
// are large: the core's normaliser "phone" keeps the digits and guesses no
// country.
//
// # Use
//
// Give the function to the store under a name of your choice and name it in the
// namespace:
//
//	opts := &portrait.Options{
//		Normalizers: map[string]func(string) (string, bool){"e164-cn": e164.Normalizer("CN")},
//	}
//
//	identity.Namespace{Name: "phone", Priority: 4, Kind: identity.Contact, Normalize: []string{"trim", "nfkc", "e164-cn"}}
//
// On the identity package alone the field is identity.Config.Normalizers.
//
// A number that is valid is not for that a person's: 13800138000, which every
// Chinese form is filled with, is valid. It is the default list of blocked values
// that drops it, in the spelling of this package too.
//
// The region and the version of this module decide what a value means. A change
// of either is a change of the model: events already folded keep their spelling.
package e164

import (
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
)

// maxLen bounds what is looked at: no phone number is written in more bytes.
const maxLen = 250

// Normalizer returns a function that brings a phone number to E.164. A number
// without a country code is taken for one of the region, a country of ISO 3166-1
// such as "CN"; with an unknown or empty region such numbers are refused.
//
// The function reports false for what is not one valid number: words, an
// extension, a masked number, a number that the plan of its country does not
// have. It leaves its own results as they are and is safe for concurrent use. A
// number costs some 15 microseconds and 50 small allocations.
func Normalizer(region string) func(string) (string, bool) {
	region = strings.ToUpper(region)
	return func(s string) (string, bool) {
		if len(s) > maxLen || !plain(s) {
			return "", false
		}
		number, err := phonenumbers.Parse(s, region)
		if err != nil || number.GetExtension() != "" || !phonenumbers.IsValidNumber(number) {
			return "", false
		}
		return phonenumbers.Format(number, phonenumbers.E164), true
	}
}

// plain reports whether a value has nothing but a number in it. The parser would
// take letters for the keys of a telephone and leave masked digits out, and a
// wrong number is worse than none.
func plain(s string) bool {
	if len(s) >= 4 && strings.EqualFold(s[:4], "tel:") {
		s, _, _ = strings.Cut(s[4:], ";") // the parameters of RFC 3966
	}
	return !strings.ContainsFunc(s, func(c rune) bool { return unicode.IsLetter(c) || strings.ContainsRune("*＊#＃,;?", c) })
}
