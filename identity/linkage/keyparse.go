package linkage

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// keyParser reads one blocking key. Its errors name the column of the text.
type keyParser struct {
	text string
	pos  int
	// What names mean.
	column    func(name string) (int, error)
	order     func(column int) dateOrder
	nicknames nicknames
	adapters  map[string]func(string) string
	depth     int
}

// maxKeyDepth bounds how deep functions nest, and maxKeyText how long a key is.
const (
	maxKeyDepth = 16
	maxKeyText  = 1000
)

func (p *keyParser) parse(text string) (*key, error) {
	p.text, p.pos = text, 0
	if len(text) > maxKeyText {
		return nil, fmt.Errorf("key of %d bytes: at most %d", len(text), maxKeyText)
	}
	k := &key{text: text}
	for {
		t, err := p.term()
		if err != nil {
			return nil, err
		}
		k.parts = append(k.parts, t)
		if p.blanks(); p.pos == len(p.text) {
			return k, nil
		}
		if !p.take('+') {
			return nil, p.errorf("want + or the end")
		}
	}
}

func (p *keyParser) errorf(format string, args ...any) error {
	return fmt.Errorf("key %q, column %d: %s", p.text, utf8.RuneCountInString(p.text[:p.pos])+1, fmt.Sprintf(format, args...))
}

func (p *keyParser) blanks() {
	for p.pos < len(p.text) && (p.text[p.pos] == ' ' || p.text[p.pos] == '\t') {
		p.pos++
	}
}

func (p *keyParser) take(c byte) bool {
	p.blanks()
	if p.pos < len(p.text) && p.text[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

// name reads a plain word, or one in backquotes.
func (p *keyParser) name() (name string, quoted bool, err error) {
	p.blanks()
	if p.take('`') {
		end := strings.IndexByte(p.text[p.pos:], '`')
		if end <= 0 {
			return "", true, p.errorf("a quoted name has no end, or nothing in it")
		}
		name = p.text[p.pos : p.pos+end]
		p.pos += end + 1
		return name, true, nil
	}
	rest := p.text[p.pos:]
	end := strings.IndexFunc(rest, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '.' })
	if end < 0 {
		end = len(rest)
	}
	if end == 0 {
		return "", false, p.errorf("want a column or a function")
	}
	p.pos += end
	return rest[:end], false, nil
}

func (p *keyParser) term() (*term, error) {
	if p.depth++; p.depth > maxKeyDepth {
		return nil, p.errorf("functions nest deeper than %d", maxKeyDepth)
	}
	defer func() { p.depth-- }()
	p.blanks()
	start := p.pos
	name, quoted, err := p.name()
	if err != nil {
		return nil, err
	}
	if quoted || !p.take('(') {
		c, err := p.column(name)
		if err != nil {
			p.pos = start
			return nil, p.errorf("%v", err)
		}
		return &term{column: c, name: name}, nil
	}
	return p.call(name, start)
}

// call reads what follows the opening bracket of a function.
func (p *keyParser) call(name string, start int) (*term, error) {
	t := &term{column: -1, name: name}
	number, hasNumber := 0, false
	for {
		if p.blanks(); p.pos < len(p.text) && (p.text[p.pos] == '-' || p.text[p.pos] >= '0' && p.text[p.pos] <= '9') && len(t.args) > 0 {
			end := p.pos + 1
			for end < len(p.text) && p.text[end] >= '0' && p.text[end] <= '9' {
				end++
			}
			n, err := strconv.Atoi(p.text[p.pos:end])
			if err != nil || hasNumber || n == 0 || n < -1000 || n > 1000 {
				return nil, p.errorf("want one number that is not 0, of at most 1,000")
			}
			number, hasNumber, p.pos = n, true, end
		} else {
			a, err := p.term()
			if err != nil {
				return nil, err
			}
			t.args = append(t.args, a)
		}
		if p.take(')') {
			break
		}
		if !p.take(',') {
			return nil, p.errorf("want , or )")
		}
	}
	end := p.pos
	p.pos = start
	if err := p.bind(t, number, hasNumber); err != nil {
		return nil, err
	}
	p.pos = end
	return t, nil
}

// bind finds what a function does.
func (p *keyParser) bind(t *term, number int, hasNumber bool) error {
	takesNumber, takesMany := false, false
	each := func(f func(s string, dst []string) []string) {
		t.apply = func(in, dst []string) []string {
			for _, s := range in {
				dst = f(s, dst)
			}
			return dst
		}
	}
	switch f, ok := keyFunctions[t.name]; {
	case ok:
		takesNumber = f.number
		each(func(s string, dst []string) []string { return f.each(s, number, dst) })
	case dateParts[t.name] != nil:
		part, order := dateParts[t.name], yearFirst
		if cols := t.columns(nil); len(cols) == 1 {
			order = p.order(cols[0])
		}
		each(func(s string, dst []string) []string {
			if d, ok := parseDate(s, order); ok {
				dst = some(part(&d), dst)
			}
			return dst
		})
	case t.name == "sorted":
		takesMany, t.apply = true, sortedWords
	case t.name == "any":
		takesMany = true
		t.apply = func(in, dst []string) []string { return append(dst, in...) }
	case t.name == "nickname":
		each(p.nickname)
	case p.adapters[t.name] != nil:
		f := p.adapters[t.name]
		each(func(s string, dst []string) []string { return some(f(s), dst) })
	default:
		known := slices.Concat([]string{"sorted", "any", "nickname"}, slices.Sorted(maps.Keys(keyFunctions)), slices.Sorted(maps.Keys(dateParts)), slices.Sorted(maps.Keys(p.adapters)))
		return p.errorf("no function %s%s", t.name, suggest(t.name, known))
	}
	switch {
	case takesNumber && !hasNumber:
		return p.errorf("%s needs a number, as in %s(x, 3)", t.name, t.name)
	case hasNumber && !takesNumber:
		return p.errorf("%s takes no number", t.name)
	case len(t.args) != 1 && !takesMany:
		return p.errorf("%s takes one value", t.name)
	}
	return nil
}

// nickname appends a mark for each group that a name is in, or the name.
func (p *keyParser) nickname(s string, dst []string) []string {
	groups := p.nicknames[s]
	if len(groups) == 0 {
		return append(dst, s)
	}
	for _, g := range groups {
		dst = append(dst, "\x00"+strconv.Itoa(int(g)))
	}
	return dst
}
