package portrait

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/portraitdb/portrait/identity"
	"github.com/portraitdb/portrait/internal/eventlog"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
)

// checkEventLog makes sure that every logged event can be read, lies at the node that
// it folds into, where its stamp and its content say, and that the sweep is told when
// it expires.
func (c *checker) checkEventLog(ctx context.Context) error {
	counts := make([]int, c.ranges)
	if err := c.spread(ctx, 1, func(c *inspector, _ int) error {
		return c.eachExpiry(func(day int32, token identity.Token, seconds uint32) { counts[c.roster.rangeOf(token)]++ })
	}); err != nil {
		return err
	}
	for from := 0; from < c.ranges; {
		to, n := from+1, counts[from]
		for ; to < c.ranges && n+counts[to] <= c.expiries; to++ {
			n += counts[to]
		}
		known := make([]uint64, 0, n)
		if err := c.spread(ctx, 1, func(c *inspector, _ int) error {
			return c.eachExpiry(func(day int32, token identity.Token, seconds uint32) {
				if i := c.roster.rangeOf(token); i >= from && i < to {
					known = append(known, expiryHash(day, token, seconds))
				}
			})
		}); err != nil {
			return err
		}
		slices.Sort(known)
		if err := c.spread(ctx, to-from, func(c *inspector, i int) error {
			return (&eventCheck{inspector: c, known: known}).checkRange(from + i)
		}); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// eachExpiry runs over what the sweep was told.
func (c *inspector) eachExpiry(each func(day int32, token identity.Token, seconds uint32)) error {
	return c.scan(keys.Expiry, func(key, _ []byte) error {
		day, token, seconds, ok := keys.ReadExpiry(key)
		if !ok {
			return fmt.Errorf("%w: expiry key of %d bytes", ErrCorrupt, len(key))
		}
		each(day, token, seconds)
		return nil
	})
}

func expiryHash(day int32, token identity.Token, seconds uint32) uint64 {
	var key [64]byte
	return xxhash.Sum64(keys.AppendExpiry(key[:0], day, token, seconds))
}

// eventCheck goes through the events of one range of nodes.
type eventCheck struct {
	*inspector
	known []uint64 // the hashes of the expiries, ascending
	at    identity.Token
	n     uint64 // events so far of the node at hand
}

func (c *eventCheck) checkRange(i int) error {
	if err := c.scanRange(keys.Event, i, c.event); err != nil {
		return err
	}
	c.checkCount()
	return nil
}

func (c *eventCheck) event(key, value []byte) error {
	token, at, tie, content, ok := keys.ReadEvent(key)
	if !ok {
		return fmt.Errorf("%w: event key of %d bytes", ErrCorrupt, len(key))
	}
	if token != c.at {
		c.checkCount()
		c.at, c.n = token, 0
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
	// Of who is held the sweep has passed over what had expired.
	if passed := c.held[token] && end <= c.v.epoch.instant; !passed {
		if _, found := slices.BinarySearch(c.known, expiryHash(expiryDay(end), token, head.Seconds)); !found {
			c.differ("event %q of %q at %s: the sweep does not know when it expires", e.MessageID, e.Source, profile.Instant(at))
		}
	}
	c.n++
	return nil
}

// checkCount makes sure that no more events lie at a node than were folded into it.
func (c *eventCheck) checkCount() {
	if c.n == 0 {
		return
	}
	number, there := c.roster.find(c.at)
	switch {
	case !there:
		c.differ("%d events lie at a node that is not there", c.n)
	case uint64(c.roster.at(number).events) < min(c.n, math.MaxUint32):
		c.differ("node %s: %d events in the log, %d folded", c.at, c.n, c.roster.at(number).events)
	}
}
