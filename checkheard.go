package portrait

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
)

// checkHeard compares what each node holds of consents with what is on record of who told
// it what, and either direction of these records with the other.
func (c *inspector) checkHeard() error {
	var parts []*profile.State
	var hearer identity.Token
	var heard, told digestSum
	hears := make(bitRow, (c.roster.count()+63)/64)
	end := func() error {
		number, there := c.roster.find(hearer)
		if len(parts) == 0 || !there { // Its records are told of by themselves.
			return nil
		}
		hears.set(number)
		return c.compareHeard(hearer, number, parts)
	}
	err := c.scan(keys.Heard, func(key, value []byte) error {
		a, b, ok := keys.Pair(key)
		if !ok {
			return fmt.Errorf("%w: key %x of %d bytes", ErrCorrupt, key[:1], len(key))
		}
		if a != hearer {
			if err := end(); err != nil {
				return err
			}
			hearer, parts = a, parts[:0]
		}
		heard.add(a[:], b[:])
		for _, token := range [...]identity.Token{a, b} {
			if _, there := c.roster.find(token); !there {
				c.differ("consents that node %s heard from node %s: node %s is not there", identity.Token(a), identity.Token(b), token)
			}
		}
		part, err := decodeHeard(value)
		parts = append(parts, part)
		return err
	})
	if err == nil {
		err = end()
	}
	if err == nil {
		err = c.scan(keys.Told, func(key, _ []byte) error {
			a, b, _ := keys.Pair(key)
			told.add(b[:], a[:])
			return nil
		})
	}
	if err == nil && !heard.equal(&told) {
		err = c.compareTold()
	}
	for i, part := range c.roster.parts {
		for j := range part {
			if number := c.roster.first[i] + uint32(j); part[j].hears && hears[number>>6]>>(number&63)&1 == 0 {
				c.differ("node %s: holds consents, and it is not on record who told it", part[j].token)
			}
		}
	}
	return err
}

// compareTold tells which records of who told whom have only one direction, of one range of
// hearers at a time.
func (c *inspector) compareTold() error {
	for i := range c.ranges {
		halves := map[identity.Pair]int{}
		if err := c.scanRange(keys.Heard, i, func(key, _ []byte) error {
			a, b, _ := keys.Pair(key)
			halves[identity.Pair{Weak: a, Strong: b}]++
			return nil
		}); err != nil {
			return err
		}
		if err := c.scan(keys.Told, func(key, _ []byte) error {
			a, b, _ := keys.Pair(key)
			if c.roster.rangeOf(b) == i {
				halves[identity.Pair{Weak: b, Strong: a}] += 2
			}
			return nil
		}); err != nil {
			return err
		}
		one := slices.DeleteFunc(slices.Collect(maps.Keys(halves)), func(p identity.Pair) bool { return halves[p] == 3 })
		slices.SortFunc(one, func(a, b identity.Pair) int {
			return cmp.Or(compareTokens(a.Weak, b.Weak), compareTokens(a.Strong, b.Strong))
		})
		for _, pair := range one {
			c.differ("consents that node %s heard from node %s: have only one direction", pair.Weak, pair.Strong)
		}
	}
	return nil
}

// compareHeard compares what a node holds with what its tellers told it: of each purpose
// the latest word.
func (c *inspector) compareHeard(token identity.Token, number uint32, parts []*profile.State) error {
	n, err := c.seen(token, number)
	if err != nil {
		return err
	}
	state := n.state
	told := map[string][]profile.ConsentRecord{}
	lost := false
	for _, part := range parts {
		lost = lost || gaveUpConsents(part)
		for purpose := range part.Purposes() {
			told[purpose] = append(told[purpose], part.Consents(purpose)...)
		}
	}
	const most = 100
	if lost = lost || len(told) > most; lost != gaveUpConsents(state) {
		c.differ("node %s: has given up its consents: says %t, should %t", n.id, !lost, lost)
	}
	if lost {
		return nil
	}
	held := map[string]bool{}
	for purpose := range state.Purposes() {
		held[purpose] = true
		var last time.Time
		for _, word := range told[purpose] {
			if word.At.After(last) {
				last = word.At
			}
		}
		for _, word := range state.Consents(purpose) {
			if !slices.Contains(told[purpose], word) || word.At.Before(last) {
				c.differ("node %s: its word on purpose %q is not the last that it heard", n.id, purpose)
			}
		}
	}
	for _, purpose := range sortedKeys(told) {
		if !held[purpose] {
			c.differ("node %s: heard of purpose %q, and does not hold it", n.id, purpose)
		}
	}
	return nil
}
