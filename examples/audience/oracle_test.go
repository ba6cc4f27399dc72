package main

import (
	"math"
	"math/bits"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/golang/geo/s2"
)

// who is what a loop over the generated people makes of one profile at an instant: of a
// person, or of a tablet that nobody is signed in on. It knows nothing of the store.
type who struct {
	*person        // an empty one, of a tablet
	n       int    // of the person; -1 of a tablet
	id      string // the tablet's OAID
	honour  bool   // in the list vip

	orders   int
	cents    int // spent
	events   int // in 30 days
	stations map[int]bool
	downtown int

	residence, workplace, hangout found

	// Of those who have spent anything, how many have spent less and more.
	less, more, among int
}

// crowd is everybody as of an instant, once the list vip was edited or before.
func crowd(people []person, now time.Time, edited bool) (all []who) {
	first := time.Date(now.Year(), now.Month(), now.Day()-29, 0, 0, 0, 0, zone) // of 30 days
	recent := func(at time.Time) int {
		if at.Before(now) && !at.Before(first) {
			return 1
		}
		return 0
	}
	for n := range people {
		p := &people[n]
		w := who{person: p, n: n, stations: map[int]bool{}, honour: n%50 == 0}
		if edited {
			w.honour = n%50 == 0 && n >= 300 || n%50 == 1 && n < 1000
		}
		for _, o := range p.orders {
			w.events += recent(o.at)
			if o.at.Before(now) {
				w.orders++
				w.cents += int(math.Round(o.revenue * 100))
			}
		}
		for _, v := range p.visits {
			w.events += recent(v.at)
			if recent(v.at) == 0 {
				continue
			}
			if slices.ContainsFunc(stationSpots, func(s spot) bool { return metres(v.where, s) <= 600 }) {
				w.stations[v.at.In(zone).YearDay()] = true
			}
			if metres(v.where, centre) <= 3000 {
				w.downtown++
			}
		}
		w.stay()
		signedIn := !p.signedIn.IsZero() && p.signedIn.Before(now)
		tablet := who{person: &person{}, n: -1, id: p.tablet}
		for _, at := range p.opened {
			tablet.events += recent(at)
		}
		if signedIn {
			w.events += tablet.events + recent(p.signedIn)
		} else if p.tablet != "" {
			all = append(all, tablet)
		}
		all = append(all, w)
	}
	rank(all)
	return all
}

// rank finds out how everybody who has spent anything stands.
func rank(all []who) {
	var spent []int
	for _, w := range all {
		if w.orders > 0 {
			spent = append(spent, w.cents)
		}
	}
	for i := range all {
		w := &all[i]
		for _, cents := range spent {
			switch {
			case cents < w.cents:
				w.less++
			case cents > w.cents:
				w.more++
			}
		}
		w.among = len(spent)
	}
}

func (w *who) percentile() float64 { return float64(w.less) / float64(w.among) }

func (w *who) spends(yuan int) bool { return w.orders > 0 && w.cents >= 100*yuan }

func (w *who) fifth() bool { return w.orders > 0 && w.percentile() >= 0.8 }

func (w *who) active() bool { return w.events >= 2 }

func (w *who) young() bool { return w.person.age > 0 && w.person.age < 30 }

func (w *who) winBack() bool { return w.spends(400) && !w.active() }

// has is how many of these apps there are on the phone.
func (w *who) has(apps ...string) (n int) {
	for _, app := range apps {
		if slices.Contains(w.person.apps, app) {
			n++
		}
	}
	return n
}

func (w *who) crm() bool     { return w.n >= 0 && w.n%3 == 0 }
func (w *who) member() bool  { return w.n >= 0 && w.n%5 == 0 }
func (w *who) exposed() bool { return w.n >= 0 && w.n%4 == 0 }

// home is how far it is from a point to where the person said to live.
func (w *who) livesWithin(of spot, m float64) bool { return w.n >= 0 && metres(w.person.home, of) <= m }

func (w *who) campaign() bool {
	return (w.fifth() || w.crm() || w.winBack()) && w.has("外卖", "打车") > 0 &&
		(w.livesWithin(centre, 5000) || len(w.stations) >= 2 || w.inMall()) &&
		!w.exposed() && w.draw("holdout") >= 0.05 && w.person.consents
}

// lot is drawn as docs/language.md describes it, by the identifier of the earliest event.
func (w *who) lot(salt string) uint64 {
	id := "user_id\x00" + w.person.user
	if w.n < 0 {
		id = "oaid\x00" + w.id
	}
	mix := func(x uint64) uint64 { // the finalizer of SplitMix64
		x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
		x = (x ^ x>>27) * 0x94d049bb133111eb
		return x ^ x>>31
	}
	s := xxhash.Sum64String(salt)
	return mix(mix(xxhash.Sum64String(id)^s) + s)
}

func (w *who) draw(salt string) float64 { return float64(w.lot(salt)>>11) / (1 << 53) }

func (w *who) bucket(salt string, n uint64) int {
	hi, _ := bits.Mul64(w.lot(salt), n)
	return 1 + int(hi)
}

// found is where somebody mostly is, by what their phone said.
type found struct {
	there, seen int // days
	at          spot
}

func (f found) exists() bool { return f.there >= 3 }

func (f found) within(of spot, m float64) bool { return f.exists() && metres(f.at, of) <= m }

func (w *who) inMall() bool {
	return slices.ContainsFunc(malls, func(m spot) bool { return w.hangout.within(m, 300) })
}

// stay finds the three places. That with most days is also that with most hours, since
// everybody is twice a day at work and in bed, and once in a mall.
func (w *who) stay() {
	var nights, days, leisure []stay
	for _, s := range w.person.seen {
		switch hour, weekend := s.at.Hour(), s.at.Weekday() == time.Saturday || s.at.Weekday() == time.Sunday; {
		case hour >= 22:
			nights = append(nights, s)
		case hour < 7:
			nights = append(nights, stay{s.at.AddDate(0, 0, -1), s.where}) // of the night before
		case weekend || hour >= 18:
			leisure = append(leisure, s)
		default:
			days = append(days, s)
		}
	}
	w.residence, w.workplace = mostly(nights), mostly(days)
	around := slices.Concat(w.residence.around(), w.workplace.around())
	leisure = slices.DeleteFunc(leisure, func(s stay) bool { return slices.Contains(around, cellOf(s.where)) })
	w.hangout = mostly(leisure)
}

func cellOf(s spot) s2.CellID {
	return s2.CellIDFromLatLng(s2.LatLngFromDegrees(s.lat, s.lon)).Parent(16)
}

// around are the cells that do not count as another place.
func (f found) around() []s2.CellID {
	if !f.exists() {
		return nil
	}
	cell := cellOf(f.at)
	return append(cell.AllNeighbors(16), cell)
}

// mostly is the cell in which somebody was on most days, told as its middle.
func mostly(stays []stay) (f found) {
	seen, cells := map[int]bool{}, map[s2.CellID]map[int]bool{}
	for _, s := range stays {
		cell := cellOf(s.where)
		if cells[cell] == nil {
			cells[cell] = map[int]bool{}
		}
		cells[cell][s.at.YearDay()], seen[s.at.YearDay()] = true, true
	}
	for cell, days := range cells {
		if len(days) > f.there {
			middle := cell.LatLng()
			f.there, f.at = len(days), spot{rounded(middle.Lat.Degrees()), rounded(middle.Lng.Degrees())}
		}
	}
	f.seen = len(seen)
	return f
}

func rounded(x float64) float64 { return math.Round(x*1e4) / 1e4 }

var (
	centre       = spot{31.2304, 121.4737}
	stationSpots = []spot{{31.2304, 121.4737}, {31.2243, 121.4768}, {31.2397, 121.4998}, {31.1886, 121.4365}, {31.1944, 121.3209}, {31.2497, 121.4558}}
	lujiazui     = []spot{{31.2330, 121.4920}, {31.2290, 121.5180}, {31.2420, 121.5230}, {31.2490, 121.5060}, {31.2450, 121.4930}}
	drawn        = []spot{{31.18, 121.43}, {31.19, 121.46}, {31.22, 121.45}}
)

// metres is the distance of two points by the law of cosines: good enough where nobody
// stands on the border.
func metres(a, b spot) float64 {
	const r = math.Pi / 180
	cos := math.Sin(a.lat*r)*math.Sin(b.lat*r) + math.Cos(a.lat*r)*math.Cos(b.lat*r)*math.Cos((a.lon-b.lon)*r)
	return 6_371_008.8 * math.Acos(min(cos, 1))
}

// inside reports whether a ray from the point crosses the polygon's border an odd number
// of times.
func inside(s spot, polygon []spot) bool {
	in := false
	for i, a := range polygon {
		b := polygon[(i+1)%len(polygon)]
		if (a.lat > s.lat) != (b.lat > s.lat) && s.lon < a.lon+(s.lat-a.lat)/(b.lat-a.lat)*(b.lon-a.lon) {
			in = !in
		}
	}
	return in
}
