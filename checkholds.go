package portrait

import (
	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
)

// checkSuppressed makes sure that nobody is in who is suppressed.
func (c *inspector) checkSuppressed() error {
	return c.scan(keys.Suppression, func(key, value []byte) error {
		token, err := tokenOf(key)
		if err != nil {
			c.differ("suppression: %v", err)
			return nil
		}
		s, err := decodeSuppression(value)
		if err != nil {
			c.differ("suppression of %s: %v", token, err)
			return nil
		}
		if _, there := c.roster.find(token); there && s.lifted == profile.Never {
			c.differ("node %s: is suppressed, and there", token)
		}
		return nil
	})
}

// checkHolds makes sure that whoever is held is there, and whoever the audit log has under
// a hold is held.
func (c *inspector) checkHolds() error {
	c.held = map[identity.Token]bool{}
	on, err := c.v.epoch.heldOnRecord(c.ctx)
	if err != nil {
		on = nil // checkAudit tells of it
	}
	if err := c.scan(keys.Hold, func(key, value []byte) error {
		token, err := tokenOf(key)
		if err != nil {
			c.differ("hold: %v", err)
			return nil
		}
		h, err := decodeHolds(value)
		if err != nil {
			c.differ("hold on %s: %v", token, err)
		}
		c.held[token] = true
		if _, there := c.roster.find(token); !there {
			c.differ("hold on %s: the node is not there", token)
		}
		if len(on) > 0 {
			for _, one := range h {
				delete(on[c.v.db.pseudonyms.of(token)], one.ref)
			}
		}
		return nil
	}); err != nil || len(on) == 0 {
		return err
	}
	for _, part := range c.roster.parts {
		for i := range part {
			for _, ref := range sortedKeys(on[c.v.db.pseudonyms.of(part[i].token)]) {
				c.differ("hold on %s: the audit log has it held under %q, and it is not", part[i].token, ref)
			}
		}
	}
	return nil
}
