// Package pinyin writes Chinese names in toneless pinyin, so that 张伟, "Zhang
// Wei" and "zhangwei" compare as equal. It is a module of its own because of the
// dictionary.
//
// # Use
//
// Record linkage takes [Key] as the function of its pinyin level: two names that
// differ as written and have the same key are most likely one name, typed with
// another character or in Latin letters. Equal keys are weaker evidence than equal
// names, for many names sound the same; the level's weight is learnt for that.
//
// # Readings
//
// A character has the reading that it has in names: the first characters are read
// as a surname where the surname is read in its own way (单 shan, 曾 zeng, 尉迟
// yuchi), the others by their commonest reading. Words are not looked at, so a given
// name may come out differently from how its bearer says it; two spellings with the
// same characters still have the same key.
package pinyin

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mozillazg/go-pinyin"
)

// Key returns the letters, marks and digits of a name in lower case, with Chinese
// characters in toneless pinyin and nothing between the syllables: 欧阳修 and
// "Ouyang Xiu" are both "ouyangxiu". The letter ü is written v, as it is typed. A
// character that the dictionary does not know stays as it is. The name is a whole
// one or a surname: one in the column of given names is read as if it began with a
// surname. A name without letters has the empty key, which equals no name.
//
// The order of the parts is kept: "Wei Zhang" is another key. Key allocates a few
// small strings per Chinese character; compute it once per record. It is safe for
// concurrent use.
func Key(name string) string {
	var key strings.Builder
	key.Grow(len(name) + len(name)/2)
	surname := true // the next Chinese character begins one
	for len(name) > 0 {
		c, size := utf8.DecodeRuneInString(name)
		if unicode.Is(unicode.Han, c) {
			reading := ""
			if surname {
				reading, size = surnameReading(name, size)
				surname = false
			}
			if reading == "" {
				reading = readingOf(c)
			}
			key.WriteString(reading)
		} else if unicode.In(c, unicode.Letter, unicode.Mark, unicode.Digit) {
			key.WriteRune(typed(unicode.ToLower(c)))
		}
		name = name[size:]
	}
	return key.String()
}

// surnameReading returns the reading of the surname that a name begins with, and
// its length in bytes, where it is not that of its characters; otherwise "" and the
// length of the first character.
func surnameReading(name string, first int) (reading string, size int) {
	_, second := utf8.DecodeRuneInString(name[first:])
	if r := surnames[name[:first+second]]; r != "" {
		return r, first + second
	}
	return surnames[name[:first]], first
}

// readingOf returns the toneless reading of a Chinese character in names, or the
// character.
func readingOf(c rune) string {
	if r := characters[c]; r != "" {
		return r
	}
	return dictionaryReading(c)
}

// dictionaryReading returns the reading that the dictionary puts first, or the
// character.
func dictionaryReading(c rune) string {
	// All settings are given, because the package's defaults are variables.
	readings := pinyin.SinglePinyin(c, pinyin.Args{Style: pinyin.Normal, Fallback: none})
	if len(readings) == 0 {
		return string(c)
	}
	return strings.Map(typed, readings[0])
}

func none(rune, pinyin.Args) []string { return nil }

// typed writes ü as Chinese input methods do.
func typed(c rune) rune {
	if c == 'ü' {
		return 'v'
	}
	return c
}
