package main

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/portraitdb/portrait/identity/linkage"
)

// madeConfig says how generated records are linked.
const madeConfig = `
comparisons:
  - {name: name, kind: name, columns: [given, surname]}
  - {kind: date, columns: [dob]}
  - {kind: email, columns: [email]}
  - {kind: phone, columns: [phone]}
  # One comparison, not two: a household's agree or differ together.
  - {kind: address, columns: [street, postcode]}
blocking:
  keys:
    - email
    - phone
    - sorted(given, surname) + year(dob)
    - dob + soundex(given)
    - dob + postcode
    - surname + street
    - surname + postcode
    - soundex(surname) + year(dob)
    - soundex(surname) + dob
training:
  blocks: [email, "dob + postcode", "sorted(given, surname) + year(dob)"]
  rules: [email, "sorted(given, surname) + dob"]
  recall: 0.7
thresholds:
  join: 0
`

var madeColumns = []string{"given", "surname", "dob", "email", "phone", "street", "postcode", "city"}

// The columns of a household, which its members share; the phone they may.
const (
	givenAt, surnameAt, dobAt, emailAt, phoneAt, streetAt, postcodeAt, cityAt = 0, 1, 2, 3, 4, 5, 6, 7
)

// recordMaker makes records of people who live in households: a person has one
// to six records; in each a value may be missing, misspelt or out of date.
type recordMaker struct {
	*rand.Rand
	number int // of people so far
}

func newRecordMaker(seed uint64) *recordMaker {
	return &recordMaker{Rand: rand.New(rand.NewPCG(8, seed))}
}

// records makes so many, and tells the person of each.
func (m *recordMaker) records(n int) (*linkage.Records, []int32, error) {
	recs, err := linkage.NewRecords(madeColumns...)
	if err != nil {
		return nil, nil, err
	}
	truth := make([]int32, 0, n)
	who := int32(0)
	for len(truth) < n {
		home := m.home()
		for range 1 + m.IntN(4) {
			person := m.person(home)
			for range min(1+m.skewed(6), n-len(truth)) {
				if _, err := recs.Add(m.copy(person)...); err != nil {
					return nil, nil, err
				}
				truth = append(truth, who)
			}
			who++
		}
	}
	return recs, truth, nil
}

// skewed draws a number below n, small ones far more often.
func (m *recordMaker) skewed(n int) int {
	return int(float64(n) * m.Float64() * m.Float64() * m.Float64())
}

var syllables = strings.Fields("ba ker lo man ti ro sen wil har son mar den ley ton ash be cor vin dal fer gra hol jen kim")

// word is the i-th made-up word.
func word(i, parts int) string {
	var b strings.Builder
	for range parts {
		b.WriteString(syllables[i%len(syllables)])
		i = i/len(syllables) + i%7
	}
	return b.String()
}

func (m *recordMaker) home() []string {
	city := m.skewed(400)
	v := make([]string, len(madeColumns))
	v[surnameAt] = word(m.skewed(30_000), 3)
	v[phoneAt] = fmt.Sprintf("0%09d", m.IntN(1e9))
	v[streetAt] = fmt.Sprintf("%d %s street", 1+m.IntN(150), word(m.IntN(20_000), 2))
	v[postcodeAt] = fmt.Sprintf("%05d", city*100+m.IntN(100))
	v[cityAt] = word(city, 2) + "ville"
	return v
}

// person is a member of a household. One in five uses its phone, the others one
// of their own.
func (m *recordMaker) person(home []string) []string {
	v := append([]string(nil), home...)
	v[givenAt] = word(m.skewed(3_000), 2)
	v[dobAt] = fmt.Sprintf("%04d-%02d-%02d", 1935+m.IntN(70), 1+m.IntN(12), 1+m.IntN(28))
	v[emailAt] = fmt.Sprintf("%s.%s%d@example%d.com", v[givenAt], v[surnameAt], m.number%1_000, m.skewed(40))
	if m.IntN(5) > 0 {
		v[phoneAt] = fmt.Sprintf("1%010d", m.IntN(1e10))
	}
	m.number++
	return v
}

// copy makes a record of a person: some have moved, some give their names the
// other way round, and one value in ten is missing, one in twelve misspelt.
func (m *recordMaker) copy(person []string) []string {
	v := append([]string(nil), person...)
	if m.IntN(12) == 0 {
		elsewhere := m.home()
		copy(v[streetAt:], elsewhere[streetAt:])
	}
	if m.IntN(50) == 0 {
		v[givenAt], v[surnameAt] = v[surnameAt], v[givenAt]
	}
	for i := range v {
		switch r := m.Float64(); {
		case r < 0.10:
			v[i] = ""
		case r < 0.18:
			v[i] = m.slip(v[i])
		}
	}
	return v
}

// slip replaces, drops, doubles or swaps one character.
func (m *recordMaker) slip(s string) string {
	k := m.IntN(len(s) - 1)
	switch m.IntN(4) {
	case 0:
		return s[:k] + string(s[k]^1) + s[k+1:]
	case 1:
		return s[:k] + s[k+1:]
	case 2:
		return s[:k+1] + s[k:]
	default:
		return s[:k] + s[k+1:k+2] + s[k:k+1] + s[k+2:]
	}
}
