package portrait

import (
	"fmt"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/eventlog"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
)

// checkEventLog makes sure that every logged event can be read, lies at the node that
// it folds into, where its stamp and its content say, and that the sweep is told when
// it expires.
func (c *checker) checkEventLog() error {
	expiries := map[identity.Token]map[expiry]bool{}
	err := c.scan(keys.Expiry, func(key, _ []byte) error {
		day, token, seconds, ok := keys.ReadExpiry(key)
		if !ok {
			return fmt.Errorf("%w: expiry key of %d bytes", ErrCorrupt, len(key))
		}
		if expiries[token] == nil {
			expiries[token] = map[expiry]bool{}
		}
		expiries[token][expiry{day, seconds}] = true
		return nil
	})
	if err != nil {
		return err
	}
	held := map[identity.Token]uint64{}
	err = c.scan(keys.Event, func(key, value []byte) error {
		token, at, tie, content, ok := keys.ReadEvent(key)
		if !ok {
			return fmt.Errorf("%w: event key of %d bytes", ErrCorrupt, len(key))
		}
		e, err := eventlog.Decode(value, profile.Instant(at))
		if err != nil {
			c.differ("event at %s: %v", profile.Instant(at), err)
			return nil
		}
		head, err := eventlog.ReadHead(value)
		if err != nil {
			return err
		}
		if stamp := (profile.Stamp{At: profile.Instant(at), Tie: tie}); e.Stamp() != stamp || contentKey(e.ContentHash()) != content {
			c.differ("event %q of %q at %s: it is not the one that its key says", e.MessageID, e.Source, stamp.At)
		}
		end := after(profile.Instant(at), int64(head.Seconds)*microsPerSecond)
		if !expiries[token][expiry{expiryDay(end), head.Seconds}] {
			c.differ("event %q of %q at %s: the sweep does not know when it expires", e.MessageID, e.Source, profile.Instant(at))
		}
		held[token]++
		return nil
	})
	if err != nil {
		return err
	}
	for token, events := range held {
		switch n := c.nodes[token]; {
		case n == nil:
			c.differ("%d events lie at a node that is not there", events)
		case n.state.Events() < events:
			c.differ("node %s: %d events in the log, %d folded", n.id, events, n.state.Events())
		}
	}
	return nil
}
