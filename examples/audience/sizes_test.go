package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sizes are the numbers of a report: of each sheet those of each row.
type sizes map[string]map[string][]uint64

func (s sizes) put(title, row string, counts ...uint64) {
	if s[title] == nil {
		s[title] = map[string][]uint64{}
	}
	s[title][row] = counts
}

// Every size that the tour prints is what a loop over the people counts, and no other size
// is printed. The people are not those of the golden file.
func TestTour_sizes(t *testing.T) {
	const people, seed = 3000, 11
	got := printed(t, people, seed)
	if diff := cmp.Diff(want(people, seed), got); diff != "" {
		t.Errorf("counted one by one, and printed (-want +got):\n%s", diff)
	}
	for title, rows := range got {
		for row, counts := range rows {
			if !strings.Contains(row, "nobody") && !slices.ContainsFunc(counts, func(n uint64) bool { return n > 0 }) {
				t.Errorf("%s: %s: nobody, which shows nothing", title, row)
			}
		}
	}
}

// printed reads the sizes of a report, and holds what it says of money against the orders.
func printed(t *testing.T, people int, seed uint64) sizes {
	t.Helper()
	var r struct {
		Sheets []struct {
			Title string
			Rows  [][]any
		}
	}
	if err := json.Unmarshal(output(t, "-people", fmt.Sprint(people), "-seed", fmt.Sprint(seed), "-json"), &r); err != nil {
		t.Fatal(err)
	}
	got := sizes{}
	for _, s := range r.Sheets {
		for _, row := range s.Rows {
			var counts []uint64
			for _, c := range row {
				if n, ok := c.(float64); ok {
					counts = append(counts, uint64(n))
				}
			}
			name := row[0].(string)
			if s.Title == "Whom the campaign reaches" && name == "with orders" && row[2] != spending(people, seed) {
				t.Errorf("%s: want %s", row[2], spending(people, seed))
			}
			if counts != nil {
				if _, twice := got[s.Title][name]; twice {
					name += ", again"
				}
				got.put(s.Title, name, counts...)
			}
		}
	}
	return got
}

// spending is what those of the campaign spent.
func spending(people int, seed uint64) string {
	var cents []int
	sum := 0
	for _, w := range crowd(populace(people, seed), today, true) {
		if w.campaign() && w.orders > 0 {
			cents, sum = append(cents, w.cents), sum+w.cents
		}
	}
	slices.Sort(cents)
	return fmt.Sprintf("spent %.2f in all, %.2f on average, %.2f at the median",
		float64(sum)/100, float64(sum)/100/float64(len(cents)), float64(cents[(len(cents)-1)/2])/100)
}

func populace(people int, seed uint64) []person {
	all := make([]person, people)
	for n := range all {
		all[n] = city{seed}.person(n)
	}
	return all
}

// want counts all that there is to count.
func want(people int, seed uint64) sizes {
	everybody := populace(people, seed)
	was, now, next := crowd(everybody, today, false), crowd(everybody, today, true), crowd(everybody, later, true)
	s := sizes{}
	counts := func(title string, rows map[string]func(who) bool) {
		for row, in := range rows {
			s.put(title, row, count(now, in))
		}
	}
	counts("The city", map[string]func(who) bool{
		"profiles":                     func(who) bool { return true },
		"people who have signed up":    func(w who) bool { return w.n >= 0 },
		"tablets of nobody knows whom": func(w who) bool { return w.n < 0 },
	})
	s.lists(people, was, now)
	counts("Tags: the catalogue", catalogueRows)
	counts("By tags of the three families", familyRows)
	counts("By apps", appRows)
	counts("By lists", listRows)
	counts("By places", placeRows)
	counts("By standing among all", standingRows)
	counts("By lot: samples, holdout, layers", lotRows)
	counts("By saved segments", savedRows)
	counts("All at once", map[string]func(who) bool{"the campaign": func(w who) bool { return w.campaign() }})
	s.splits(now)
	s.overlaps(now)
	counts("Whom the campaign reaches", map[string]func(who) bool{
		"of 上海":       func(w who) bool { return w.campaign() && w.person.city == "上海" },
		"of 杭州":       func(w who) bool { return w.campaign() && w.person.city == "杭州" },
		"of 苏州":       func(w who) bool { return w.campaign() && w.person.city == "苏州" },
		"with orders": func(w who) bool { return w.campaign() && w.orders > 0 },
	})
	for _, title := range []string{"The campaign as CSV", "The campaign as JSON lines", "The campaign as an advertising platform takes it"} {
		counts(title, map[string]func(who) bool{"rows": func(w who) bool { return w.campaign() }})
	}
	counts("Sets from elsewhere", map[string]func(who) bool{
		"the campaign, read from a bitmap":      func(w who) bool { return w.campaign() },
		"of them, with dear phones":             func(w who) bool { return w.campaign() && w.price >= 6000 },
		"chosen by a program that read the CSV": func(w who) bool { return w.campaign() && w.spends(500) },
		"of them, under thirty":                 func(w who) bool { return w.campaign() && w.spends(500) && w.young() },
	})
	s.week(now, next)
	return s
}

func count(all []who, in func(who) bool) (n uint64) {
	for _, w := range all {
		if in(w) {
			n++
		}
	}
	return n
}

// lists counts lines as they are written.
func (s sizes) lists(people int, was, now []who) {
	const title = "Lists: what became of their lines"
	for _, l := range []struct {
		name             string
		step             int
		invalid, blocked uint64
	}{{"vip", 50, 1, 1}, {"crm-2026-11", 3, 0, 0}, {"members", 5, 0, 0}, {"exposed", 4, 0, 0}} {
		var matched, unknown, duplicate uint64
		for n := 0; n < people+people/10; n += l.step {
			if n < people {
				matched++
			} else {
				unknown++
			}
			if n%7 == 6 { // twice in the file
				duplicate++
			}
		}
		lines := matched + duplicate + unknown + l.invalid + l.blocked
		if l.name == "vip" {
			lines++ // the header
		}
		s.put(title, l.name, lines, matched, duplicate, unknown, l.invalid, l.blocked, matched)
	}
	honoured := func(w who) bool { return w.honour }
	const editing = "Lists: editing one in place"
	s.put(editing, "have the tag 贵宾 before", count(was, honoured))
	edited := uint64(0)
	for n := range people {
		if n%50 == 1 && n < 1000 || n%50 == 0 && n < 300 {
			edited++
		}
	}
	s.put(editing, "phones put in or taken out", edited)
	s.put(editing, "phones that nobody has", 1)
	s.put(editing, "have the tag 贵宾 after", count(now, honoured))
}

func (s sizes) splits(now []who) {
	const title = "By lot: splits, and whether they are fair"
	for i, name := range []string{"campaign 1", "campaign 2", "campaign 3"} {
		s.put(title, name, count(now, func(w who) bool { return w.active() && w.bucket("campaign", 3) == i+1 }))
	}
	held := func(w who) bool { return w.draw("holdout") < 0.05 }
	s.put(title, "held out", count(now, held))
	s.put(title, "in none of them", count(now, func(w who) bool { return !held(w) }))
	s.put(title, "experiment A", count(now, func(w who) bool { return w.bucket("prices", 100) <= 20 }))
	s.put(title, "experiment B", count(now, func(w who) bool { return w.bucket("prices", 100) > 20 && w.bucket("prices", 100) <= 25 }))
	s.put(title, "in none of them, again", count(now, func(w who) bool { return w.bucket("prices", 100) > 25 }))
}

func (s sizes) overlaps(now []who) {
	rows := []struct {
		name string
		in   func(who) bool
	}{
		{"A young and active", func(w who) bool { return w.young() && w.active() }},
		{"B of the CRM", func(w who) bool { return w.crm() }},
		{"C the top fifth", func(w who) bool { return w.fifth() }},
		{"D live nearby", func(w who) bool { return w.livesWithin(centre, 5000) }},
		{"E the campaign", func(w who) bool { return w.campaign() }},
	}
	for _, row := range rows {
		var counts []uint64
		for _, column := range rows {
			counts = append(counts, count(now, func(w who) bool { return row.in(w) && column.in(w) }))
		}
		s.put("Who is in two at once", row.name, counts...)
	}
}

// week compares who was in a group with who is. A tablet that was signed in on since leads
// to its person, who may have been in the group before.
func (s sizes) week(now, next []who) {
	signedIn := map[string]string{} // tablet: user
	for _, w := range next {
		if w.n >= 0 && !w.signedIn.IsZero() {
			signedIn[w.tablet] = w.user
		}
	}
	key := func(w who) string { return w.user + w.id } // one of them is empty
	for name, in := range map[string]func(who) bool{
		"active":             func(w who) bool { return w.active() },
		"worth winning back": func(w who) bool { return w.winBack() },
		"the campaign":       func(w who) bool { return w.campaign() },
	} {
		before, after := map[string]bool{}, map[string]bool{}
		was := count(now, in)
		for _, w := range now {
			if !in(w) {
				continue
			}
			if user, ok := signedIn[w.id]; ok {
				before[user] = true
			} else {
				before[key(w)] = true
			}
		}
		for _, w := range next {
			if in(w) {
				after[key(w)] = true
			}
		}
		var left, stayed, entered uint64
		for id := range before {
			if after[id] {
				stayed++
			} else {
				left++
			}
		}
		for id := range after {
			if !before[id] {
				entered++
			}
		}
		s.put("A week later: snapshots compared", name, was, was-uint64(len(before)), left, stayed, entered, uint64(len(after)))
	}
	s.put("The same by the feed", "worth winning back: the snapshot, and every change since", count(next, func(w who) bool { return w.winBack() }))
}
