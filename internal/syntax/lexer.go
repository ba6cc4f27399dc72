package syntax

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is one word of the text form.
type token struct {
	kind tokenKind
	pos  int    // byte offset
	end  int    // byte offset behind it
	text string // an identifier's name, a string's content, else the source
}

type tokenKind uint8

const (
	tokenEnd    tokenKind = iota
	tokenName             // a bare name: a keyword, a function or a trait
	tokenQuoted           // a trait in back quotes
	tokenString
	tokenNumber
	tokenClause // a name that stands within a function of events; the lexer has none
	tokenSymbol // ( ) [ ] , + - * / = != < <= > >=
)

// lexer cuts a text into tokens.
type lexer struct {
	text string
	at   int
}

// fullWidth maps the signs that an input method for Chinese produces to those of
// the language.
var fullWidth = map[rune]string{
	'（': "(", '）': ")", '，': ",", '、': ",", '［': "[", '］': "]", '【': "[", '】': "]", '「': `"`, '」': `"`,
	'“': `"`, '”': `"`, '‘': "'", '’': "'", '＂': `"`, '＇': "'", '＝': "=", '＞': ">", '＜': "<", '≥': ">=", '≤': "<=",
	'×': "*", '＊': "*", '÷': "/", '／': "/", '≠': "!=", '！': "!=", '＋': "+", '－': "-", '—': "-", '–': "-", '−': "-", '｀': "`",
}

// otherWords maps what other languages write to what this one does.
var otherWords = map[string]string{
	"&&": "and", "||": "or", "!": "not", "<>": "!=", "===": "=", "AND": "and", "OR": "or", "NOT": "not", "IN": "in",
	"TRUE": "true", "FALSE": "false", "True": "true", "False": "false",
	"且": "and", "并且": "and", "或": "or", "或者": "or", "非": "not",
}

// next returns the token at the lexer's place and moves behind it.
func (l *lexer) next() (token, *Error) {
	for l.at < len(l.text) {
		r, size := utf8.DecodeRuneInString(l.text[l.at:])
		if !unicode.IsSpace(r) {
			break
		}
		l.at += size
	}
	start := l.at
	if start == len(l.text) {
		return token{kind: tokenEnd, pos: start, end: start}, nil
	}
	r, size := utf8.DecodeRuneInString(l.text[start:])
	switch {
	case isNameStart(r):
		for l.at < len(l.text) {
			r, size := utf8.DecodeRuneInString(l.text[l.at:])
			if !isNamePart(r) {
				break
			}
			l.at += size
		}
		return l.token(tokenName, start), nil
	case r >= '0' && r <= '9':
		return l.number()
	case r == '"' || r == '\'':
		return l.string(byte(r))
	case r == '`':
		return l.backQuoted()
	}
	for _, s := range [...]string{"===", "<>", "&&", "||", "==", "!=", "<=", ">=", "(", ")", "[", "]", ",", "+", "-", "*", "/", "=", "<", ">"} {
		if strings.HasPrefix(l.text[start:], s) {
			l.at += len(s)
			if word, ok := otherWords[s]; ok {
				return token{}, faultAt(start, len(s), "write "+word, "%s is not an operator here", s)
			}
			return l.token(tokenSymbol, start), nil
		}
	}
	hint := ""
	switch ascii, ok := fullWidth[r]; {
	case ok:
		hint = "did you mean " + ascii + " ?"
	case r == '!':
		hint = "write not"
	case r == '.':
		hint = "a number begins with a digit, such as 0.5"
	}
	return token{}, faultAt(start, size, hint, "unexpected character %s", quote(string(r)))
}

func (l *lexer) token(kind tokenKind, start int) token {
	return token{kind: kind, pos: start, end: l.at, text: l.text[start:l.at]}
}

// number reads digits with an optional fraction and exponent; single
// underscores may stand between digits.
func (l *lexer) number() (token, *Error) {
	start := l.at
	l.digits()
	if l.at+1 < len(l.text) && l.text[l.at] == '.' && isDigit(l.text[l.at+1]) {
		l.at++
		l.digits()
	}
	if l.at < len(l.text) && (l.text[l.at] == 'e' || l.text[l.at] == 'E') {
		exp := l.at + 1
		if exp < len(l.text) && (l.text[exp] == '+' || l.text[exp] == '-') {
			exp++
		}
		if exp < len(l.text) && isDigit(l.text[exp]) {
			l.at = exp
			l.digits()
		}
	}
	if r, _ := utf8.DecodeRuneInString(l.text[l.at:]); l.at < len(l.text) && isNamePart(r) {
		for l.at < len(l.text) {
			r, size := utf8.DecodeRuneInString(l.text[l.at:])
			if !isNamePart(r) {
				break
			}
			l.at += size
		}
		word := l.text[start:l.at]
		return token{}, faultAt(start, len(word), "a length of time is written in quotes, such as \"30d\", and a trait whose name begins with a digit in back quotes", "%s is no number", quote(word))
	}
	return l.token(tokenNumber, start), nil
}

func (l *lexer) digits() {
	for l.at < len(l.text) {
		c := l.text[l.at]
		if !isDigit(c) && (c != '_' || l.at+1 == len(l.text) || !isDigit(l.text[l.at+1])) {
			return
		}
		l.at++
	}
}

// string reads a string in double or single quotes, with the escapes of JSON.
func (l *lexer) string(mark byte) (token, *Error) {
	start := l.at
	l.at++
	for l.at < len(l.text) {
		switch c := l.text[l.at]; {
		case c == mark:
			l.at++
			text, bad, msg := unquote(l.text[start+1 : l.at-1])
			if msg != "" {
				return token{}, faultAt(start+1+bad, 2, "", "%s", msg)
			}
			return token{kind: tokenString, pos: start, end: l.at, text: text}, nil
		case c == '\\':
			l.at++
			if l.at < len(l.text) && l.text[l.at] != '\n' {
				l.at++
			}
		case c == '\n':
			return token{}, faultAt(start, l.at-start, "a line break within a string is written \\n", "the string is not closed on its line")
		case c < ' ':
			return token{}, faultAt(l.at, 1, "", "a control character within a string is written as an escape, such as \\t or \\u0007")
		default:
			l.at++
		}
	}
	return token{}, faultAt(start, len(l.text)-start, "", "the string is not closed")
}

// backQuoted reads a trait's name in back quotes. It has no escapes.
func (l *lexer) backQuoted() (token, *Error) {
	start := l.at
	n := strings.IndexAny(l.text[start+1:], "`\n")
	if n < 0 || l.text[start+1+n] == '\n' {
		return token{}, faultAt(start, 1, "", "the name in back quotes is not closed")
	}
	l.at = start + n + 2
	if n == 0 {
		return token{}, faultAt(start, 2, "", "the name in back quotes is empty")
	}
	return token{kind: tokenQuoted, pos: start, end: l.at, text: l.text[start+1 : l.at-1]}, nil
}

// tokenWidth returns the length in bytes of the token at an offset.
func tokenWidth(text string, at int) int {
	l := lexer{text: text, at: at}
	t, err := l.next()
	if err != nil || t.pos != at {
		return 1
	}
	return t.end - t.pos
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isNameStart(r rune) bool {
	return unicode.IsLetter(r) || r == '_' || r == '$'
}

func isNamePart(r rune) bool {
	return isNameStart(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == '.'
}
