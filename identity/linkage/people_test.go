package linkage

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// people makes records of made-up people: how often each field is damaged is known.
type people struct {
	*rand.Rand
	// slip and gap are the chances that a value is misspelt or missing in a copy.
	slip, gap float64
}

var peopleColumns = []string{"id", "given", "surname", "dob", "email", "phone", "street", "city", "postcode", "job"}

var syllables = []string{"ba", "ker", "lo", "man", "ti", "ro", "sen", "wil", "har", "son", "mar", "den", "ley", "ton", "ash", "be", "cor", "vin", "dal", "fer", "gra", "hol", "jen", "kim"}

// skewed returns a number below n, small ones far more often.
func (p people) skewed(n int) int { return int(float64(n) * p.Float64() * p.Float64() * p.Float64()) }

func name(i, parts int) string {
	var s strings.Builder
	for range parts {
		s.WriteString(syllables[i%len(syllables)])
		i = i/len(syllables) + i%7
	}
	return s.String()
}

// person returns the true values, by peopleColumns but for the ID.
func (p people) person() []string {
	given, surname := name(p.skewed(3000), 2), name(p.skewed(40000), 3)
	city := p.skewed(400)
	return []string{
		given, surname,
		fmt.Sprintf("%04d-%02d-%02d", 1930+p.IntN(75), 1+p.IntN(12), 1+p.IntN(28)),
		fmt.Sprintf("%s.%s%d@example%d.com", given, surname, p.IntN(1000), p.skewed(40)),
		strconv.Itoa(13000000000 + p.IntN(1000000000)),
		fmt.Sprintf("%d %s street", 1+p.IntN(200), name(p.IntN(20000), 2)),
		name(city, 2) + "ville",
		fmt.Sprintf("%05d", city*100+p.IntN(100)),
		name(p.skewed(300), 3),
	}
}

// copy returns a record of a person, damaged.
func (p people) copy(person []string) []string {
	out := make([]string, len(person))
	for i, v := range person {
		switch r := p.Float64(); {
		case r < p.gap:
		case r < p.gap+p.slip:
			k := p.IntN(len(v))
			out[i] = v[:k] + string(v[k]^1) + v[k+1:]
		default:
			out[i] = v
		}
	}
	return out
}

// records returns n records, of some two each person, and the person of each.
func (p people) records(tb testing.TB, n int) (*Records, []int32) {
	tb.Helper()
	recs, err := NewRecords(peopleColumns...)
	if err != nil {
		tb.Fatal(err)
	}
	truth := make([]int32, 0, n)
	for who := int32(0); len(truth) < n; who++ {
		person := p.person()
		for range min(1+p.skewed(8), n-len(truth)) {
			if _, err := recs.Add(append([]string{strconv.Itoa(len(truth))}, p.copy(person)...)...); err != nil {
				tb.Fatal(err)
			}
			truth = append(truth, who)
		}
	}
	return recs, truth
}

func newPeople(seed uint64) people {
	return people{Rand: rand.New(rand.NewPCG(seed, 7)), slip: 0.08, gap: 0.1}
}

func peopleConfig() Config {
	return Config{
		ID: "id",
		Comparisons: []Comparison{
			{Name: "name", Kind: Name, Columns: []string{"given", "surname"}},
			{Kind: Date, Columns: []string{"dob"}},
			{Kind: Email, Columns: []string{"email"}},
			{Kind: Phone, Columns: []string{"phone"}},
			{Kind: Address, Columns: []string{"street"}},
			{Kind: Text, Columns: []string{"city"}},
			{Kind: Code, Columns: []string{"postcode"}, Prefix: 3},
			{Kind: Exact, Columns: []string{"job"}},
		},
		Blocking: Blocking{Keys: []string{
			"email", "phone", "given + surname + year(dob)", "dob + surname", "dob + soundex(given)", "street + postcode", "surname + postcode", "dob + postcode",
		}},
		Training:   Training{RandomPairs: 100_000, Blocks: []string{"email", "phone", "dob + postcode"}},
		Thresholds: Thresholds{Join: new(0.0)},
	}
}
