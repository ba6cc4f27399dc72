package linkage

// The levels of nameComparator, in the order of its list.
const (
	nameSame = iota
	nameSwapped
	nameNick
	nameAlike
	nameSimilar
	nameSwappedSimilar
	nameSurname
	nameGiven
	nameOneSimilar
	nameCrossed
	nameElse
	givenSame
	givenCrossed
	givenNick
	givenAlike
	givenSimilar
	givenElse
	surnameSame
	surnameAlike
	surnameSimilar
	surnameElse
)

// The groups of its levels: what both names have.
const (
	nameBoth = iota
	nameOne
	nameSurnames
)

// nameLevels are the levels of a joint comparison of given name and surname.
func nameLevels() []level {
	return []level{
		nameSame:           {"given name and surname the same", nameBoth},
		nameSwapped:        {"given name and surname the same, swapped", nameBoth},
		nameNick:           {"nickname, surname the same", nameBoth},
		nameAlike:          {"both sound the same", nameBoth},
		nameSimilar:        {"both similar", nameBoth},
		nameSwappedSimilar: {"both similar, swapped", nameBoth},
		nameSurname:        {"surname the same, given name not", nameBoth},
		nameGiven:          {"given name the same, surname not", nameBoth},
		nameOneSimilar:     {"one of them similar", nameBoth},
		nameCrossed:        {"one in the other's place", nameBoth},
		nameElse:           {"neither alike", nameBoth},
		givenSame:          {"given name the same, a surname missing", nameOne},
		givenCrossed:       {"the only name is the other's surname", nameOne},
		givenNick:          {"nickname, a surname missing", nameOne},
		givenAlike:         {"given name sounds the same, a surname missing", nameOne},
		givenSimilar:       {"the only name is similar", nameOne},
		givenElse:          {"the only name is not alike", nameOne},
		surnameSame:        {"surname the same, a given name missing", nameSurnames},
		surnameAlike:       {"surname sounds the same, a given name missing", nameSurnames},
		surnameSimilar:     {"surname similar, a given name missing", nameSurnames},
		surnameElse:        {"surname not alike, a given name missing", nameSurnames},
	}
}

// The roles in which names are counted.
const (
	roleGiven = iota
	roleSurname
)

// fullName is a given name and a surname, by number of the name; 0 is missing.
type fullName struct{ given, surname uint32 }

// nameComparator compares given name and surname jointly.
type nameComparator struct {
	lexicon
	names cells[word] // Given names and surnames alike, so that a swap is seen.
	pairs map[fullName]uint32
	full  []fullName
}

func newNameComparator(lex lexicon) *nameComparator {
	c := &nameComparator{lexicon: lex, pairs: map[fullName]uint32{{}: 0}, full: []fullName{{}}}
	c.names.value("", c.word)
	return c
}

func (c *nameComparator) levels() []level { return nameLevels() }

func (c *nameComparator) add(parts []string) uint32 {
	f := fullName{c.names.value(parts[0], c.word), c.names.value(parts[1], c.word)}
	n, ok := c.pairs[f]
	if !ok {
		n = uint32(len(c.full))
		c.pairs[f] = n
		c.full = append(c.full, f)
	}
	return n
}

func (c *nameComparator) size() int { return len(c.full) }

func (c *nameComparator) mark() mark {
	return mark{values: len(c.full), terms: c.names.len(), sounds: c.sounds.len()}
}

func (c *nameComparator) undo(m mark) {
	for _, f := range c.full[m.values:] {
		delete(c.pairs, f)
	}
	c.full = c.full[:m.values]
	c.names.undo(m)
	c.sounds.truncate(m.sounds)
}

func (c *nameComparator) text(v uint32) string {
	given, surname := c.names.texts[c.full[v].given], c.names.texts[c.full[v].surname]
	switch {
	case given == "" && surname != "":
		return "· " + surname
	case surname == "":
		return given
	}
	return given + " " + surname
}

func (c *nameComparator) roles() []string { return []string{"given name", "surname"} }

func (c *nameComparator) vocab() *vocabulary { return &c.names.vocabulary }

func (c *nameComparator) terms(v uint32, yield func(role int, term uint32)) {
	if f := c.full[v]; f.given != 0 {
		yield(roleGiven, f.given)
	}
	if f := c.full[v]; f.surname != 0 {
		yield(roleSurname, f.surname)
	}
}

func (c *nameComparator) shared(lev int, a, b uint32, dst []sharedTerm) []sharedTerm {
	x, y := c.full[a], c.full[b]
	switch lev {
	case nameSame, nameGiven, givenSame, nameSurname, nameNick, surnameSame:
		if x.given == y.given && x.given != 0 {
			dst = append(dst, sharedTerm{roleGiven, x.given})
		}
		if x.surname == y.surname && x.surname != 0 {
			dst = append(dst, sharedTerm{roleSurname, x.surname})
		}
	case nameSwapped:
		if c.unlikely(x, y) {
			x = y
		}
		dst = append(dst, sharedTerm{roleGiven, x.given}, sharedTerm{roleSurname, x.surname})
	case givenCrossed, nameCrossed:
		if x.given == y.surname && x.given != 0 {
			dst = append(dst, sharedTerm{roleSurname, x.given})
		} else if x.surname != 0 && x.surname == y.given {
			dst = append(dst, sharedTerm{roleSurname, x.surname})
		}
	}
	return dst
}

// unlikely reports whether x, of two names that are each other's swap, is the one
// that was written wrongly: the rarer one, if it is known how rare they are.
func (c *nameComparator) unlikely(x, y fullName) bool {
	if rare := c.names.rare; rare != nil {
		given, surname := rare[roleGiven].bits, rare[roleSurname].bits
		a, b := given[x.given]+surname[x.surname], given[y.given]+surname[y.surname]
		if a != b {
			return a > b
		}
	}
	return x.given > y.given
}

func (c *nameComparator) compare(a, b uint32) int {
	x, y := c.full[a], c.full[b]
	givens, surnames := x.given != 0 && y.given != 0, x.surname != 0 && y.surname != 0
	switch {
	case givens && surnames:
		return c.both(x, y)
	case givens:
		return c.givens(x, y)
	case surnames:
		return c.surnames(x, y)
	}
	return missing
}

// both compares two names that have both parts.
func (c *nameComparator) both(x, y fullName) int {
	sameGiven, sameSurname := x.given == y.given, x.surname == y.surname
	if sameGiven && sameSurname {
		return nameSame
	}
	if x.given == y.surname && x.surname == y.given {
		return nameSwapped
	}
	w := c.names.facts
	xg, xs, yg, ys := &w[x.given], &w[x.surname], &w[y.given], &w[y.surname]
	nick := xg.nick(yg)
	if nick && sameSurname {
		return nameNick
	}
	if (sameGiven || xg.same(yg)) && (sameSurname || xs.same(ys)) {
		return nameAlike
	}
	nearGiven := sameGiven || nick || xg.initial(yg) || c.near(xg, yg)
	nearSurname := sameSurname || c.near(xs, ys)
	if nearGiven && nearSurname {
		return nameSimilar
	}
	crossA := x.given == y.surname || c.near(xg, ys)
	crossB := x.surname == y.given || c.near(xs, yg)
	switch {
	case crossA && crossB:
		return nameSwappedSimilar
	case sameSurname:
		return nameSurname
	case sameGiven:
		return nameGiven
	case nearGiven || nearSurname:
		return nameOneSimilar
	case crossA || crossB:
		return nameCrossed
	}
	return nameElse
}

// givens compares two names of which one lacks the surname: its given name may
// well be one.
func (c *nameComparator) givens(x, y fullName) int {
	w := c.names.facts
	xg, yg := &w[x.given], &w[y.given]
	switch {
	case x.given == y.given:
		return givenSame
	case x.given == y.surname || y.given == x.surname:
		return givenCrossed
	case xg.nick(yg):
		return givenNick
	case xg.same(yg):
		return givenAlike
	case xg.initial(yg), c.near(xg, yg),
		y.surname != 0 && c.near(xg, &w[y.surname]), x.surname != 0 && c.near(yg, &w[x.surname]):
		return givenSimilar
	}
	return givenElse
}

// surnames compares two names of which one lacks the given name.
func (c *nameComparator) surnames(x, y fullName) int {
	w := c.names.facts
	switch {
	case x.surname == y.surname:
		return surnameSame
	case w[x.surname].same(&w[y.surname]):
		return surnameAlike
	case c.near(&w[x.surname], &w[y.surname]):
		return surnameSimilar
	}
	return surnameElse
}
