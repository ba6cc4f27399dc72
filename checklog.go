package portrait

import (
	"github.com/portraitdb/portrait/internal/keys"
)

// checkLogs reads the records of what happened. They cannot be worked out again,
// but each can be read, none is of a commit to come, and of refusals none is
// missing between the oldest and the newest, nor counted too few times.
func (c *inspector) checkLogs() error {
	if err := c.checkRefusals(); err != nil {
		return err
	}
	if err := c.scan(keys.Audit, func(key, value []byte) error {
		d, _, err := decodeDecided(key, value)
		c.checkRecord("decision", d.Epoch, err)
		return nil
	}); err != nil {
		return err
	}
	if err := c.scan(keys.Revision, func(_, value []byte) error {
		_, err := decodeRevision(value)
		c.checkRecord("revision of a definition", 0, err)
		return nil
	}); err != nil {
		return err
	}
	return c.scan(keys.MergeLog, func(key, value []byte) error {
		m, err := decodeMerge(key, value)
		c.checkRecord("merge", m.Epoch, err)
		return nil
	})
}

// checkTaken counts what tells duplicates: every event that was ever accepted has one record.
func (c *inspector) checkTaken() error {
	taken := uint64(0)
	err := c.scan(keys.Dedup, func(key, value []byte) error {
		if taken++; len(key) != 1+4+keys.DedupHashLen || len(value) != 8 {
			c.differ("record of an accepted event: key of %d bytes, value of %d", len(key), len(value))
		}
		return nil
	})
	if accepted := c.v.epoch.meta.accepted; err == nil && taken != accepted {
		c.differ("accepted events: %d are on record, %d were accepted", taken, accepted)
	}
	return err
}

func (c *inspector) checkRecord(what string, epoch uint64, err error) {
	switch {
	case err != nil:
		c.differ("record of a %s: %v", what, err)
	case epoch > c.v.epoch.number:
		c.differ("record of a %s: of commit %d, and the last is %d", what, epoch, c.v.epoch.number)
	}
}

func (c *inspector) checkRefusals() error {
	counts := tally{}
	next := c.v.epoch.meta.trimmed
	missing := func(until uint64) {
		if next < until {
			c.differ("refusals: records %d to %d are missing", next, until-1)
		}
		next = until + 1
	}
	if err := c.scan(keys.Refusal, func(key, value []byte) error {
		rec, err := decodeRefusal(key, value)
		c.checkRecord("refusal", rec.Epoch, err)
		if err == nil {
			counts[[2]string{rec.Rule, rec.Namespace}]++
		}
		if number, ok := keys.ReadRefusal(key); ok {
			missing(number)
		}
		return nil
	}); err != nil {
		return err
	}
	missing(c.v.epoch.meta.refusals)
	for _, n := range counts.counts() {
		if counted := c.v.epoch.tally[[2]string{n.Rule, n.Namespace}]; counted < n.Count {
			c.differ("refusals by %s %s: %d are counted, %d are on record", n.Rule, n.Namespace, counted, n.Count)
		}
	}
	return nil
}
