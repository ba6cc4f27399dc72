package portrait

import (
	"errors"
	"fmt"

	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/internal/syntax"
)

// sealed returns the spaces of keys whose values are sealed: what is known of people. All
// else holds numbers and tokens, or what is common to many; docs/encryption.md lists it.
func (o *Options) sealed() []byte {
	if !o.Shred {
		return nil
	}
	return []byte{keys.Heard, keys.Node, keys.Event}
}

// sealOf returns the number of the key that a node's values are sealed under: one of its
// own from the first time that any is written. An identifier that comes back after it was
// erased is another node, and has another.
func (t *txn) sealOf(n *node) uint64 {
	if n.seal == 0 {
		// A failure is one of the store, and the batch is refused.
		n.seal, _ = t.db.store.Number()
	}
	return n.seal
}

// unsealed returns an error that wraps ErrModel for a model which puts values of sensitive
// traits where nothing is sealed: into the index. That somebody has a tag whose rule asks of one is a bit
// like any other.
func (c *catalog) unsealed() error {
	var faults []error
	for _, ix := range c.indexes {
		if c.sensitive.traits[ix.name] {
			faults = append(faults, fmt.Errorf("%w: trait %q is sensitive and cannot be indexed: the index of a store with Options.Shred is not sealed", ErrModel, ix.name))
		}
	}
	for _, t := range c.tags {
		if t.values == nil || len(t.def.Tiers) > 0 {
			continue
		}
		if x := t.def.Operand(); x != nil && c.reveals(&syntax.Exists{X: x}, map[string]bool{}) {
			faults = append(faults, fmt.Errorf("%w: tag %q has the values of a sensitive trait: the index of a store with Options.Shred is not sealed", ErrModel, t.def.Name))
		}
	}
	return errors.Join(faults...)
}
