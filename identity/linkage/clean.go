package linkage

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// defaultClean are the steps of a column that none are listed for.
var defaultClean = []string{"nfkc", "lower", "space", "blank"}

// cleaners are the steps by name.
var cleaners = map[string]func(string) string{
	"nfkc":  norm.NFKC.String,
	"lower": strings.ToLower,
	"fold":  foldMarks,
	"space": joinBlanks,
	"punct": blankPunctuation,
	"alnum": func(s string) string {
		return keep(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) })
	},
	"letters": func(s string) string { return keep(s, unicode.IsLetter) },
	"digits":  keepDigits,
	"blank":   blankPlaceholder,
}

// cleaner puts the steps of a column together.
func cleaner(steps []string, adapters map[string]func(string) string) (func(string) string, error) {
	run := make([]func(string) string, len(steps))
	for i, name := range steps {
		f, ok := cleaners[name]
		if !ok {
			f, ok = adapters[name]
		}
		if !ok || f == nil {
			known := slices.Concat(slices.Sorted(maps.Keys(cleaners)), slices.Sorted(maps.Keys(adapters)))
			return nil, fmt.Errorf("no cleaning step %q%s", name, suggest(name, known))
		}
		run[i] = f
	}
	return func(s string) string {
		for _, f := range run {
			if s == "" {
				return ""
			}
			s = f(s)
		}
		return s
	}, nil
}

// foldMarks takes the marks off letters: é becomes e. Letters that are not a letter
// and a mark, such as ø and ß, become what they are usually written as.
func foldMarks(s string) string {
	if ascii(s) {
		return s
	}
	s = keep(norm.NFD.String(s), func(r rune) bool { return !unicode.Is(unicode.Mn, r) })
	return norm.NFC.String(foldLetters.Replace(s))
}

var foldLetters = strings.NewReplacer(
	"ß", "ss", "æ", "ae", "Æ", "AE", "œ", "oe", "Œ", "OE", "ø", "o", "Ø", "O",
	"ł", "l", "Ł", "L", "đ", "d", "Đ", "D", "ð", "d", "þ", "th", "ı", "i",
)

// joinBlanks trims blanks and makes one of several.
func joinBlanks(s string) string {
	if !strings.ContainsFunc(s, unicode.IsSpace) {
		return s
	}
	return strings.Join(strings.Fields(s), " ")
}

// blankPunctuation makes punctuation and symbols blanks, but drops apostrophes.
func blankPunctuation(s string) string {
	return joinBlanks(strings.Map(func(r rune) rune {
		switch {
		case r == '\'' || r == '’':
			return -1
		case unicode.IsPunct(r) || unicode.IsSymbol(r):
			return ' '
		}
		return r
	}, s))
}

// blankPlaceholder makes what stands for "not known" missing.
func blankPlaceholder(s string) string {
	switch strings.ToLower(s) {
	case "-", "--", ".", "?", "n/a", "na", "n.a.", "nil", "none", "null", "nan", "unknown", "undefined", "anonymous", "not known", "不详", "未知", "无":
		return ""
	}
	return s
}

func keep(s string, ok func(rune) bool) string {
	return strings.Map(func(r rune) rune {
		if ok(r) {
			return r
		}
		return -1
	}, s)
}
