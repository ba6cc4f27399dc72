package export

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
)

// Form is the form in which a platform takes one kind of identifier. [ParseAudience]
// knows those of several platforms; any other is a Form of the caller's own.
type Form struct {
	// Spelling is how the identifier is written before it is hashed.
	Spelling Spelling
	// Hash is what is made of it. The zero value leaves it plain.
	Hash Hash
	// Header is what the platform calls the column. Empty where files have no header.
	Header string
}

// Hash is a digest without a key, written in lower-case hexadecimal. Whoever has the
// file can find out the phone numbers in it by trying them all: it is the platforms'
// custom, not a protection.
type Hash uint8

// The hashes.
const (
	Plain Hash = iota
	MD5
	SHA256
)

var hashNames = [...]string{"plain", "md5", "sha256"}

// String returns the name of the hash.
func (h Hash) String() string {
	if int(h) < len(hashNames) {
		return hashNames[h]
	}
	return "hash(?)"
}

// of returns the digest of a text.
func (h Hash) of(s string) string {
	switch h {
	case MD5:
		d := md5.Sum([]byte(s))
		return hex.EncodeToString(d[:])
	case SHA256:
		d := sha256.Sum256([]byte(s))
		return hex.EncodeToString(d[:])
	default:
		return s
	}
}

// Spelling is a rule that brings an identifier to the spelling of which a platform
// keeps hashes. It refuses what cannot be such an identifier, whose hash would match
// nobody.
type Spelling uint8

// The spellings. Devices of zeros alone, which stand for a user who opted out of
// tracking, are refused.
const (
	// Verbatim cuts white space off both ends.
	Verbatim Spelling = iota
	// EmailLower is lower case, without white space at the ends.
	EmailLower
	// EmailCompact is lower case, without any white space.
	EmailCompact
	// EmailGoogle is EmailCompact, without the dots before the @ of gmail.com and
	// googlemail.com.
	EmailGoogle
	// PhoneE164 is a plus, the country code and the number: +8613812345678.
	PhoneE164
	// PhoneDigits is PhoneE164 without the plus: 8613812345678.
	PhoneDigits
	// PhoneChina is the 11 digits of a mobile number of mainland China: 13812345678.
	PhoneChina
	// UUIDLower is 32 digits in lower case, with dashes: an IDFA, GAID.
	UUIDLower
	// UUIDUpper is 32 digits in upper case, with dashes.
	UUIDUpper
	// IMEILower is 14 or 15 digits, of a MEID in lower case.
	IMEILower
	// MACUpper is 12 digits in upper case, without separators.
	MACUpper
)

var spellingNames = [...]string{
	"verbatim", "lower-case e-mail", "compact e-mail", "e-mail of Google's", "E.164 phone", "phone digits", "phone of China",
	"lower-case UUID", "upper-case UUID", "IMEI", "MAC address",
}

// String names the spelling in words.
func (s Spelling) String() string {
	if int(s) < len(spellingNames) {
		return spellingNames[s]
	}
	return "spelling(?)"
}

// of spells an identifier; ok is false where it cannot be one.
func (s Spelling) of(value, callingCode string) (spelt string, ok bool) {
	value = strings.TrimSpace(value)
	switch s {
	case EmailLower:
		return email(value)
	case EmailCompact:
		return email(compact(value))
	case EmailGoogle:
		value, ok = email(compact(value))
		return withoutDots(value), ok
	case PhoneE164:
		value, ok = phone(value, callingCode)
		return "+" + value, ok
	case PhoneDigits:
		return phone(value, callingCode)
	case PhoneChina:
		return phoneOfChina(value)
	case UUIDLower:
		return uuid(value)
	case UUIDUpper:
		value, ok = uuid(value)
		return strings.ToUpper(value), ok
	case IMEILower:
		return imei(value)
	case MACUpper:
		return mac(value)
	default:
		return value, value != ""
	}
}

// compact drops white space.
func compact(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) {
			return -1
		}
		return c
	}, s)
}

// email brings an address to lower case.
func email(s string) (string, bool) {
	at := strings.LastIndexByte(s, '@')
	if at <= 0 || at == len(s)-1 || strings.ContainsFunc(s, unicode.IsSpace) {
		return "", false
	}
	return strings.ToLower(s), true
}

// withoutDots drops the dots that do not count in an address of Gmail.
func withoutDots(s string) string {
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return s
	}
	local, domain := s[:at], s[at+1:]
	if domain != "gmail.com" && domain != "googlemail.com" {
		return s
	}
	if bare := strings.ReplaceAll(local, ".", ""); bare != "" {
		return bare + "@" + domain
	}
	return s
}

// uuid brings a UUID to lower case with dashes.
func uuid(s string) (string, bool) {
	if len(s) == 36 {
		for _, i := range []int{8, 13, 18, 23} {
			if s[i] != '-' {
				return "", false
			}
		}
		s = s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:]
	}
	if len(s) != 32 || !hexadecimal(s) || zeros(s) {
		return "", false
	}
	s = strings.ToLower(s)
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:], true
}

// imei brings an IMEI or MEID to lower case.
func imei(s string) (string, bool) {
	s = strings.ToLower(strings.NewReplacer("-", "", " ", "").Replace(s))
	return s, (len(s) == 14 || len(s) == 15) && hexadecimal(s) && !zeros(s)
}

// mac brings a MAC address to upper case.
func mac(s string) (string, bool) {
	s = strings.ToUpper(strings.NewReplacer(":", "", "-", "", ".", "").Replace(s))
	return s, len(s) == 12 && hexadecimal(s) && !zeros(s)
}

func hexadecimal(s string) bool {
	return strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

func zeros(s string) bool { return strings.Trim(s, "0") == "" }
