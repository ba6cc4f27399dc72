package crowd

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/portraitdb/portrait/profile"
)

// resident is what one person goes by.
type resident struct {
	user    string // of the account; empty for who never opens one
	member  bool   // whether the account is open by now
	emails  []string
	phones  []number
	devices []int
}

// number is a phone number for as long as it is somebody's.
type number struct {
	value    string
	from, to time.Time
}

// phone returns the number that a person has at a time, or "".
func (p *resident) phone(at time.Time) string {
	for _, n := range p.phones {
		if !at.Before(n.from) && at.Before(n.to) {
			return n.value
		}
	}
	return ""
}

// device is a telephone, a computer, or what stands in public.
type device struct {
	index   int
	id      string // device_id; empty for a browser
	cookies int    // how many it had; the last one is valid
	shared  bool   // whether people who use it have to sign out
	user    int    // who is signed in, or nobody
}

// nobody stands for no person.
const nobody = -1

func (d *device) cookie() string { return fmt.Sprintf("cookie-%d-%d", d.index, d.cookies) }

// identifiers are what a device sends by itself, in a slice of the caller's.
func (d *device) identifiers() []profile.Identifier {
	ids := []profile.Identifier{{Namespace: "anonymous_id", Value: d.cookie()}}
	if d.id != "" {
		ids = append(ids, profile.Identifier{Namespace: "device_id", Value: d.id})
	}
	return ids
}

// constants are device IDs that many devices send, and which no list of
// placeholders knows: only their number of partners tells.
var constants = [...]string{"sdk-sample-device", "factory-image-7"}

// belongings gives every person devices, addresses and numbers.
type belongings struct {
	o         Options
	r         *rand.Rand
	people    []Person
	residents []resident
	devices   []device
	kiosks    int // the last devices stand in public
}

func settle(people []Person, o Options) *belongings {
	b := &belongings{o: o, r: rand.New(rand.NewPCG(o.Seed, 2)), people: people, residents: make([]resident, len(people))}
	members, order := households(people)
	for _, h := range order {
		b.household(members[h])
	}
	b.recycle()
	for range o.Kiosks {
		b.device(true)
		b.devices[len(b.devices)-1].shared = true
	}
	b.kiosks = o.Kiosks
	return b
}

// chance is true with a probability.
func (b *belongings) chance(p float64) bool { return b.r.Float64() < p }

func (b *belongings) device(app bool) int {
	d := device{index: len(b.devices), user: nobody}
	if app {
		d.id = fmt.Sprintf("device-%d", d.index)
	}
	b.devices = append(b.devices, d)
	return d.index
}

func (b *belongings) household(members []int) {
	several := len(members) > 1
	family, landline := "", ""
	if several && b.chance(b.o.FamilyEmail) {
		family = fmt.Sprintf("family%d@mail.example", members[0])
	}
	if several && b.chance(b.o.Landline) {
		landline = fmt.Sprintf("+8621%07d", 2_000_000+members[0])
	}
	for _, m := range members {
		p := &b.residents[m]
		if b.chance(b.o.Registered) {
			p.user = fmt.Sprintf("user-%d", m)
		}
		for range 1 + b.r.IntN(3) {
			app := b.chance(b.o.Apps)
			d := b.device(app)
			if app && b.chance(b.o.Constant) {
				b.devices[d].id = constants[b.r.IntN(len(constants))]
			}
			p.devices = append(p.devices, d)
			if several && b.chance(b.o.Shared) {
				b.devices[d].shared = true
				other := members[b.r.IntN(len(members))]
				for other == m {
					other = members[b.r.IntN(len(members))]
				}
				b.residents[other].devices = append(b.residents[other].devices, d)
			}
		}
		p.emails = b.emails(m, family)
		if b.chance(b.o.Phone) {
			value := landline
			if value == "" {
				value = mobile(m)
			}
			p.phones = []number{{value, time.Time{}, b.end()}}
		}
	}
}

// end is after everything.
func (b *belongings) end() time.Time { return b.o.Start.AddDate(0, 0, b.o.Days+1) }

func mobile(n int) string { return fmt.Sprintf("+86139%08d", 10_000_000+n) }

// emails are the addresses of one person, named after them where they write in
// ASCII.
func (b *belongings) emails(m int, family string) []string {
	local := func(s string) string {
		return strings.Map(func(c rune) rune {
			if c >= 'a' && c <= 'z' {
				return c
			}
			return -1
		}, strings.ToLower(s))
	}
	own := strings.Trim(local(b.people[m].First)+"."+local(b.people[m].Last), ".") + strconv.Itoa(m)
	emails := []string{own + "@mail.example"}
	if family != "" {
		emails[0] = family
	}
	if b.chance(b.o.SecondEmail) {
		emails = append(emails, own+"@work.example")
	}
	return emails
}

// recycle lets some mobile numbers go over to people who had none.
func (b *belongings) recycle() {
	var without []int
	for i := range b.residents {
		if len(b.residents[i].phones) == 0 {
			without = append(without, i)
		}
	}
	b.r.Shuffle(len(without), func(i, j int) { without[i], without[j] = without[j], without[i] })
	gap := time.Duration(b.o.Days) * 24 * time.Hour / 6
	for i := range b.residents {
		p := &b.residents[i]
		if len(p.phones) != 1 || p.phones[0].value != mobile(i) || !b.chance(b.o.Recycled) || len(without) == 0 {
			continue
		}
		next := without[0]
		without = without[1:]
		given := b.o.Start.Add(gap + b.moment(gap))
		p.phones[0].to = given
		p.phones = append(p.phones, number{mobile(len(b.people) + i), given, b.end()})
		b.residents[next].phones = []number{{mobile(i), given.Add(gap), b.end()}}
	}
}

// moment is a random length of time below a bound, in whole milliseconds.
func (b *belongings) moment(below time.Duration) time.Duration {
	return time.Duration(b.r.Int64N(max(int64(below/time.Millisecond), 1))) * time.Millisecond
}
