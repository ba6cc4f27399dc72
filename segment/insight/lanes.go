package insight

import (
	"math"
	"slices"
	"time"
)

// Pictures of a person over time: a lane for each kind of thing.

const (
	maxLanes = 16  // that are drawn of events
	buckets  = 150 // of time that events are counted in
)

// lane is where instants from one to another lie in a room.
type lane struct{ from, to time.Time }

func (l lane) at(t time.Time) float64 {
	length := l.to.Sub(l.from)
	if length <= 0 {
		return 50
	}
	return min(max(100*float64(t.Sub(l.from))/float64(length), 0), 100)
}

// lanes draws the events: a lane for each name, in which the bars are the higher the
// more there were.
func (v *personView) lanes() *bars {
	w, events := v.w, v.p.Events
	l := lane{events[0].At.In(v.zone), events[len(events)-1].At.In(v.zone)}
	if v.now.After(l.to) {
		l.to = v.now
	}
	kinds := v.kinds()
	row := map[string]int{}
	for i, k := range kinds[:min(len(kinds), maxLanes)] {
		row[k.name] = i
	}
	counts := make([][buckets]int, len(row))
	most := 0
	for _, e := range events {
		if i, ok := row[e.Name]; ok {
			n := &counts[i][min(int(l.at(e.At)/100*buckets), buckets-1)]
			*n++
			most = max(most, *n)
		}
	}
	b := &bars{Title: w.timeline, Axis: times(l.from, l.to), Class: "lanes"}
	for i := range counts {
		k := kinds[i]
		r := barRow{Name: k.name, Text: w.count(uint64(k.count)), Mark: -1}
		for j, n := range counts[i] {
			if n > 0 {
				h := 6 + 12*math.Sqrt(float64(n)/float64(most))
				r.Bars = append(r.Bars, span{"more", 100 * float64(j) / buckets, 80.0 / buckets, 19 - h, h})
			}
		}
		r.Spoken = k.name + w.colon + r.Text + w.comma + day(k.first.In(v.zone)) + " – " + day(k.last.In(v.zone))
		b.Rows = append(b.Rows, r)
	}
	return b.done()
}

// stages draws the path through the stages: a lane for each.
func (v *personView) stages() {
	w, path := v.w, v.p.Stages
	if len(path) == 0 {
		return
	}
	s := section{Heading: w.stages, Notes: []string{w.stageNote}, Columns: []string{w.stage, w.from, w.to, w.long}}
	l := lane{path[0].From.In(v.zone), v.now}
	order := slices.Clone(v.p.Order)
	for _, p := range path {
		if !slices.Contains(order, p.Stage) {
			order = append(order, p.Stage)
		}
		if p.To.After(l.to) {
			l.to = p.To.In(v.zone)
		}
	}
	b := &bars{Title: w.stages, Axis: times(l.from, l.to), Class: "lanes"}
	spent := make([]time.Duration, len(order))
	for i, name := range order {
		b.Rows = append(b.Rows, barRow{Name: name, Mark: -1})
		r := &b.Rows[i]
		for _, p := range path {
			if p.Stage != name {
				continue
			}
			to := p.To
			if to.IsZero() {
				to = l.to
			}
			spent[i] += to.Sub(p.From)
			x := l.at(p.From)
			r.Bars = append(r.Bars, whole(class(i), x, max(l.at(to)-x, 0.4)))
		}
		if spent[i] > 0 {
			r.Text = w.duration(spent[i])
		}
		r.Spoken = name + w.colon + r.Text
	}
	for _, p := range path {
		to, ended := l.to, w.now
		if !p.To.IsZero() {
			to, ended = p.To, minute(v.in(p.To))
		}
		s.Rows = append(s.Rows, []string{p.Stage, minute(v.in(p.From)), ended, w.duration(to.Sub(p.From))})
	}
	s.Bars = b.done()
	s.vega = vegaStages(w.stages, path, l.to)
	v.add(s)
}

// ahead draws what time alone will change: when the person has each tag that begins or
// ends by itself.
func (v *personView) ahead() {
	w := v.w
	var moving []PersonTag
	l := lane{v.now, v.p.Until.In(v.zone)}
	for _, t := range v.p.Tags {
		if len(t.Flips) > 0 {
			moving = append(moving, t)
			if last := t.Flips[len(t.Flips)-1]; last.After(l.to) {
				l.to = last.In(v.zone)
			}
		}
	}
	if len(moving) == 0 {
		return
	}
	slices.SortStableFunc(moving, func(a, b PersonTag) int { return a.Flips[0].Compare(b.Flips[0]) })
	s := section{Heading: w.ahead, Notes: []string{w.aheadNote}, Columns: []string{w.tag, w.time, ""}}
	b := &bars{Title: w.ahead, Axis: times(l.from, l.to), Class: "lanes"}
	for _, t := range moving {
		r := barRow{Name: t.Name, Mark: -1, Text: w.inFor + w.duration(t.Flips[0].Sub(v.now))}
		has, from := t.Has, l.from
		for _, at := range append(slices.Clone(t.Flips), l.to) {
			if has {
				r.Bars = append(r.Bars, whole("more", l.at(from), l.at(at)-l.at(from)))
			}
			has, from = !has, at
		}
		has = t.Has
		r.Spoken = t.Name
		for i, at := range t.Flips {
			word := w.turnsOn
			if has {
				word = w.turnsOff
			}
			has = !has
			if i < 3 {
				r.Spoken += w.comma + word + minute(v.in(at))
			}
			s.Rows = append(s.Rows, []string{t.Name, minute(v.in(at)), word})
		}
		b.Rows = append(b.Rows, r)
	}
	s.Bars = b.done()
	s.vega = vegaFlips(w.ahead, moving, l.from, l.to)
	v.add(s)
}

// branch is a line of the tree of identifiers.
type branch struct {
	Name, Note string
	Guides     []string // what is drawn before it, a column each: "line", "tee", "end" or ""
}

// Room is how wide the guides are, in hundredths of the size of the text.
func (b branch) Room() int { return 18 * len(b.Guides) }

// tree puts each identifier below the one that it was joined through.
func (v *personView) tree() []branch {
	ids := v.p.Identities
	below := make([][]int, len(ids))
	for i := 1; i < len(ids); i++ {
		through := ids[i].Through
		if through < 0 || through >= len(ids) || through == i {
			through = 0
		}
		below[through] = append(below[through], i)
	}
	var out []branch
	shown := make([]bool, len(ids))
	var add func(i int, guides []string, last bool)
	add = func(i int, guides []string, last bool) {
		if shown[i] {
			return
		}
		shown[i] = true
		b := branch{Name: clip(ids[i].Name, 2*nameLength), Note: v.w.strongest}
		if i > 0 {
			b.Note = v.evidence(&ids[i])
			b.Guides = append(slices.Clone(guides), map[bool]string{true: "end", false: "tee"}[last])
			guides = append(slices.Clone(guides), map[bool]string{true: "", false: "line"}[last])
		}
		out = append(out, b)
		for k, child := range below[i] {
			add(child, guides, k == len(below[i])-1)
		}
	}
	add(0, nil, true)
	for i := range ids { // those that were joined through each other in a ring
		add(i, nil, true)
	}
	return out
}
