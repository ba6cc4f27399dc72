package portrait

import (
	"bytes"

	"github.com/portraitdb/portrait/internal/eventlog"
	"github.com/portraitdb/portrait/internal/keys"
	"github.com/portraitdb/portrait/profile"
)

// expiry is what tells the sweep of a node's events: those that are kept for so many
// seconds have some that expire on a day.
type expiry struct {
	day     int32
	seconds uint32
}

// log writes the form in which an event is kept, if it is.
func (p *prepared) log(policy *LogPolicy, e *profile.Event) {
	if p.keep = seconds(policy.logs(eventlog.NameOf(e), e.Source)); p.keep > 0 {
		var buf [1024]byte
		p.form = bytes.Clone(eventlog.Append(buf[:0], e, p.keep))
	}
}

// keepEvent puts an event into the log, at the node that it folded into. What is past
// its time by then is left out: no answer would show it.
//
// Both keys are written without a look at what is there. Two events of one node that
// have one place in time differ by the hash of their content; where that is the same
// too they are one event, which was recognised as a duplicate before.
func (t *txn) keepEvent(n *node, p *prepared) {
	if p.keep == 0 {
		return
	}
	end := after(p.stamp.At, int64(p.keep)*microsPerSecond)
	if end <= t.meta.instant {
		return
	}
	t.key = keys.AppendEvent(t.key[:0], n.token, int64(p.stamp.At), p.stamp.Tie, p.content)
	t.batch.SetSealed(t.key, t.sealOf(n), nil, p.form)
	if e := (expiry{expiryDay(end), p.keep}); e != n.expiry {
		n.expiry = e
		t.key = keys.AppendExpiry(t.key[:0], e.day, n.token, e.seconds)
		t.batch.Set(t.key, nil)
		t.db.sweep.day = min(t.db.sweep.day, e.day)
	}
}
