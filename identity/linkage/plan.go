package linkage

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// ErrConfig is what every error about a Config wraps.
var ErrConfig = errors.New("linkage: config")

// plan is a configuration with its defaults, bound to columns: what Linker and
// Train work by.
type plan struct {
	config      Config // With defaults.
	columns     []cleanColumn
	comparisons []planned
	keys        []*key
	rules       []*key
	blocks      []*key
	unique      []int // Clean columns.
}

// cleanColumn is a column that something reads.
type cleanColumn struct {
	name   string
	source int // The column of Records.
	clean  func(string) string
}

// planned is a comparison bound to clean columns.
type planned struct {
	Comparison
	reads []int
	comparator
	steps []level
}

// planner puts a plan together and gathers every fault.
type planner struct {
	plan
	find      func(name string) (int, error)
	nicknames nicknames
	faults    []error
}

// newPlan checks a configuration and binds it to columns; find tells where a
// column is. The error wraps ErrConfig and names every fault.
func newPlan(c Config, find func(name string) (int, error)) (*plan, error) {
	p := &planner{find: find}
	p.config = c.withDefaults()
	p.faults = append(p.faults, p.config.check()...)
	if len(p.faults) == 0 {
		p.nicknames = newNicknames(c.Nicknames, foldedName)
		p.bind()
	}
	if err := errors.Join(p.faults...); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return &p.plan, nil
}

// Columns returns the columns that a configuration reads, each once: those that it
// cleans, the ID, and those that it compares, blocks by and holds unique. Records
// need no others. The error wraps ErrConfig; the caller owns the result.
func (c Config) Columns() ([]string, error) {
	var names []string
	_, err := newPlan(c, func(name string) (int, error) {
		i := slices.Index(names, name)
		if i < 0 {
			i = len(names)
			names = append(names, name)
		}
		return i, nil
	})
	if err != nil {
		return nil, err
	}
	return names, nil
}

// foldedName is how a name is written in the table of nicknames.
func foldedName(s string) string { return joinBlanks(cleaners["lower"](cleaners["nfkc"](s))) }

func (p *planner) faultf(format string, args ...any) {
	p.faults = append(p.faults, fmt.Errorf(format, args...))
}

func (p *planner) bind() {
	for _, name := range slices.Sorted(maps.Keys(p.config.Clean)) {
		if _, err := p.find(name); err != nil {
			p.faultf("clean: %w", err)
		}
	}
	if p.config.ID != "" {
		if _, err := p.find(p.config.ID); err != nil {
			p.faultf("id: %w", err)
		}
	}
	for i := range p.config.Comparisons {
		p.comparison(&p.config.Comparisons[i])
	}
	parser := &keyParser{column: p.column, order: p.dateOrder, nicknames: p.nicknames, adapters: p.config.Adapters}
	p.keys = p.parse(parser, "blocking", p.config.Blocking.Keys)
	p.rules = p.parse(parser, "rules", p.config.Training.Rules)
	p.blocks = p.parse(parser, "training", p.config.Training.Blocks)
	for _, name := range p.config.Constraints.Unique {
		c, err := p.column(name)
		if err != nil {
			p.faultf("unique: %w", err)
		}
		p.unique = append(p.unique, c)
	}
}

func (p *planner) parse(parser *keyParser, what string, texts []string) []*key {
	keys := make([]*key, 0, len(texts))
	for _, text := range texts {
		k, err := parser.parse(text)
		if err != nil {
			p.faultf("%s: %w", what, err)
			continue
		}
		keys = append(keys, k)
	}
	return keys
}

// column returns the clean column of a name.
func (p *planner) column(name string) (int, error) {
	if i := slices.IndexFunc(p.columns, func(c cleanColumn) bool { return c.name == name }); i >= 0 {
		return i, nil
	}
	if name == p.config.ID {
		return 0, fmt.Errorf("column %q is the ID, which may not be compared", name)
	}
	source, err := p.find(name)
	if err != nil {
		return 0, err
	}
	steps, ok := p.config.Clean[name]
	if !ok {
		steps = defaultClean
	}
	clean, err := cleaner(steps, p.config.Adapters)
	if err != nil {
		return 0, fmt.Errorf("clean %q: %w", name, err)
	}
	p.columns = append(p.columns, cleanColumn{name: name, source: source, clean: clean})
	return len(p.columns) - 1, nil
}

// dateOrder returns how the dates of a clean column are written: as the comparison
// says that reads it.
func (p *planner) dateOrder(column int) dateOrder {
	for _, c := range p.comparisons {
		if c.Kind == Date && slices.Contains(c.reads, column) {
			return dateOrders[c.Format]
		}
	}
	return yearFirst
}

func (p *planner) comparison(c *Comparison) {
	out := planned{Comparison: *c}
	for _, name := range c.Columns {
		i, err := p.column(name)
		if err != nil {
			p.faultf("comparison %q: %w", c.Name, err)
			return
		}
		out.reads = append(out.reads, i)
	}
	lex := lexicon{similar: c.nearness()}
	if c.Nicknames {
		lex.nicknames = p.nicknames
	}
	if c.EqualBy != "" {
		if lex.equalBy = p.config.Adapters[c.EqualBy]; lex.equalBy == nil {
			p.faultf("comparison %q: equal_by: no adapter %q", c.Name, c.EqualBy)
			return
		}
	}
	switch c.Kind {
	case Name:
		out.comparator = newNameComparator(lex)
	case Text:
		out.comparator = newTextComparator(lex, c.Similar)
	case Tokens:
		out.comparator = newTokensComparator(lex)
	case Date:
		out.comparator = newDateComparator(dateOrders[c.Format], c.Placeholders)
	case Email:
		out.comparator = newEmailComparator(lex)
	case Phone:
		out.comparator = newPhoneComparator(c.Suffix)
	case Code:
		out.comparator = newCodeComparator(c.Prefix)
	case Exact:
		out.comparator = newExactComparator()
	case Number:
		out.comparator = newNumberComparator(c.Within)
	case Address:
		out.comparator = newAddressComparator(lex)
	}
	out.steps = out.levels()
	p.comparisons = append(p.comparisons, out)
}

// add returns the number of the value that a row of clean cells has.
func (c *planned) add(cells []string, buf []string) uint32 {
	parts := buf[:0]
	for _, i := range c.reads {
		parts = append(parts, cells[i])
	}
	return c.comparator.add(parts)
}

// level returns the level of two values, or missing.
func (c *planned) level(a, b uint32) int {
	l := c.compare(a, b)
	if l == missing && c.MissingDisagrees {
		return c.weakest()
	}
	return l
}

// weakest returns the last level of the first group.
func (c *planned) weakest() int {
	last := 0
	for i, s := range c.steps {
		if s.group == c.steps[0].group {
			last = i
		}
	}
	return last
}
