package insight

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/portraitdb/portrait/segment"
)

// MaxChannels is how many channels one [ReachQuestion] may have.
const MaxChannels = 8

// Channel is a way to reach people: by an identifier, if they allow it.
type Channel struct {
	// Name is what reports call it. Required; no two channels have the same.
	Name string
	// Namespaces are those of which an identifier is enough. Without any the condition
	// alone decides.
	Namespaces []string
	// Allowed is the condition, such as consent("marketing") or a tag. Where it is zero
	// everybody with an identifier is reached.
	Allowed segment.Expr
}

// ReachQuestion asks by which identifiers an audience is known, and how it is reached.
type ReachQuestion struct {
	// Audience is who is looked at: everybody where it is zero.
	Audience segment.Expr
	// Namespaces are those whose coverage is told, before those of the channels.
	Namespaces []string
	// Channels are at most [MaxChannels]. There is at least a namespace or a channel.
	Channels []Channel
	// LeastCell is how many people a group must have to be shown; smaller ones, and
	// what would betray them, are hidden. 0 and 1 hide nothing.
	LeastCell uint64
}

// Reachability answers a [ReachQuestion].
type Reachability struct {
	Audience uint64 // how many people
	// Identifiers has every namespace that was asked for and those of the channels, each
	// once.
	Identifiers []Coverage
	Channels    []ChannelReach
	// Reachable are those whom any channel reaches, Unreachable the others of the
	// audience. They are nobody and everybody where there are no channels.
	Reachable, Unreachable Cell
	// Exactly has how many are reached by all channels of a mask and by no other: bit i
	// is the i-th channel, Exactly[0] the unreachable. It has 1 << len(Channels)
	// elements.
	Exactly []Cell
}

// Coverage is how many have an identifier of one namespace.
type Coverage struct {
	Namespace string
	People    Cell
	// Share is that of the audience; 0 where it is hidden or there is nobody.
	Share float64
}

// ChannelReach is whom a channel reaches.
type ChannelReach struct {
	Name string
	// Identified have an identifier of one of the namespaces.
	Identified Cell
	// Reachable are those of them who allow it.
	Reachable Cell
	// Alone are those whom no other channel reaches.
	Alone Cell
	// Share is that of the reachable in the audience; 0 where they are hidden or there
	// is nobody.
	Share float64
}

// Reach counts by which identifiers the people of an audience are known, whom each
// channel reaches and how the channels overlap. Errors name the channel; those of c come
// as they are. Where too many groups are small to hide them safely it is [ErrTooFew].
func Reach(ctx context.Context, c Counter, q ReachQuestion) (*Reachability, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	audience := orEveryone(q.Audience)
	namespaces := q.namespaces()
	es := []segment.Expr{audience}
	for _, name := range namespaces {
		es = append(es, segment.And(audience, segment.Identified(name)))
	}
	reached := make([]segment.Expr, len(q.Channels))
	for i, ch := range q.Channels {
		es = append(es, segment.And(audience, ch.identified()))
		reached[i] = segment.And(ch.identified(), orEveryone(ch.Allowed))
	}
	for mask := range 1 << len(q.Channels) {
		parts := []segment.Expr{audience}
		for i, e := range reached {
			if mask>>i&1 == 1 {
				parts = append(parts, e)
			}
		}
		es = append(es, segment.And(parts...))
	}
	counts, err := c.Counts(ctx, es...)
	if err != nil {
		return nil, err
	}
	r := reckoning{q: &q, namespaces: namespaces}
	r.fill(counts)
	if err := r.sums.hide(q.LeastCell); err != nil {
		return nil, err
	}
	if r.sums.cells[0].Hidden { // which the answer shows
		return nil, fmt.Errorf("%w: the audience, or most of its parts, has fewer than %d people", ErrTooFew, q.LeastCell)
	}
	return r.answer(counts[0]), nil
}

func (q *ReachQuestion) check() error {
	switch n := len(q.Channels); {
	case n == 0 && len(q.Namespaces) == 0:
		return errors.New("insight: there is neither a namespace nor a channel")
	case n > MaxChannels:
		return fmt.Errorf("insight: %d channels, %d are allowed", n, MaxChannels)
	}
	for i, name := range q.Namespaces {
		if name == "" {
			return fmt.Errorf("insight: namespace %d has no name", i+1)
		}
	}
	seen := map[string]bool{}
	for i, ch := range q.Channels {
		switch {
		case ch.Name == "":
			return fmt.Errorf("insight: channel %d has no name", i+1)
		case seen[ch.Name]:
			return fmt.Errorf("insight: channel %q is there twice", ch.Name)
		case len(ch.Namespaces) == 0 && ch.Allowed.IsZero():
			return fmt.Errorf("insight: channel %q has neither a namespace nor a condition", ch.Name)
		case slices.Contains(ch.Namespaces, ""):
			return fmt.Errorf("insight: channel %q has a namespace without a name", ch.Name)
		}
		seen[ch.Name] = true
	}
	return nil
}

// namespaces are all that are asked for, each once.
func (q *ReachQuestion) namespaces() []string {
	var all []string
	add := func(names []string) {
		for _, name := range names {
			if !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
	}
	add(q.Namespaces)
	for _, ch := range q.Channels {
		add(ch.Namespaces)
	}
	return all
}

// identified are those who have what the channel needs.
func (ch *Channel) identified() segment.Expr {
	if len(ch.Namespaces) == 0 {
		return segment.And()
	}
	es := make([]segment.Expr, len(ch.Namespaces))
	for i, name := range ch.Namespaces {
		es[i] = segment.Identified(name)
	}
	return segment.Or(es...)
}

// reckoning is the counts of a [Reachability], and how they hang together.
type reckoning struct {
	q                      *ReachQuestion
	namespaces             []string
	sums                   sums
	byNamespace            []int // places in sums, as all that follow
	identified, byChannel  []int
	reachable, unreachable int
	exactly                []int
}

// fill takes the counts: of the audience, the namespaces, who is identified for each
// channel, and whom all channels of each mask reach.
func (r *reckoning) fill(counts []uint64) {
	s, n := &r.sums, len(r.q.Channels)
	all := s.cell(counts[0]) // in place 0
	counts = counts[1:]
	for i := range r.namespaces {
		cell := s.cell(counts[i])
		s.rest(all, cell)
		r.byNamespace = append(r.byNamespace, cell)
	}
	identified, within := counts[len(r.namespaces):][:n], counts[len(r.namespaces)+n:]
	exactly := exactly(within, n)
	for _, count := range exactly {
		r.exactly = append(r.exactly, s.cell(count))
	}
	s.add(all, r.exactly...)
	r.unreachable = r.exactly[0]
	r.reachable = s.rest(all, r.unreachable)
	for i := range r.q.Channels {
		cell := r.identify(i, identified[i])
		r.identified = append(r.identified, cell)
		reach := cell
		if !r.q.Channels[i].Allowed.IsZero() {
			reach = s.cell(within[1<<i])
			s.rest(cell, reach)
		}
		var in, out []int
		for mask, cell := range r.exactly {
			if mask>>i&1 == 1 {
				in = append(in, cell)
			} else {
				out = append(out, cell)
			}
		}
		s.add(reach, in...)
		s.add(s.rest(0, reach), out...)
		r.byChannel = append(r.byChannel, reach)
	}
}

// identify returns the place of those who have what a channel needs: of everybody or of
// a namespace where that is the same, so that nothing is hidden in one place and shown
// in the other.
func (r *reckoning) identify(channel int, count uint64) int {
	named := func(i int) []string { return slices.Compact(slices.Sorted(slices.Values(r.q.Channels[i].Namespaces))) }
	mine := named(channel)
	for i, place := range r.identified {
		if slices.Equal(named(i), mine) {
			return place
		}
	}
	switch len(mine) {
	case 0:
		return 0
	case 1:
		return r.byNamespace[slices.Index(r.namespaces, mine[0])]
	}
	cell := r.sums.cell(count)
	r.sums.rest(0, cell)
	for _, name := range mine {
		// Who has any of them beside those who have this one.
		r.sums.rest(cell, r.byNamespace[slices.Index(r.namespaces, name)])
	}
	return cell
}

func (r *reckoning) answer(audience uint64) *Reachability {
	at := func(place int) Cell { return r.sums.cells[place] }
	out := &Reachability{Audience: audience, Reachable: at(r.reachable), Unreachable: at(r.unreachable)}
	for i, name := range r.namespaces {
		people := at(r.byNamespace[i])
		out.Identifiers = append(out.Identifiers, Coverage{Namespace: name, People: people, Share: share(people.Count, audience)})
	}
	for _, cell := range r.exactly {
		out.Exactly = append(out.Exactly, at(cell))
	}
	for i, ch := range r.q.Channels {
		reach := at(r.byChannel[i])
		out.Channels = append(out.Channels, ChannelReach{
			Name: ch.Name, Identified: at(r.identified[i]), Reachable: reach, Alone: at(r.exactly[1<<i]), Share: share(reach.Count, audience),
		})
	}
	return out
}
