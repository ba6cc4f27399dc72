package main

import (
	"math/rand/v2"
	"time"
)

// valueBits is how wide the numbers of a population are.
const valueBits = 20

// The attributes that a population is grouped by, and how many values each has.
const (
	cities   = 20
	shops    = 1000
	channels = 12
)

// population is what the engines are asked about, as plain columns: one row for each
// profile, by ordinal.
type population struct {
	value   []uint32 // uniform, of valueBits bits
	seen    []int64  // an instant of the last 400 days, whole seconds, in microseconds
	fifth   []uint64 // bits: a random fifth of all profiles
	members int      // of the fifth
	city    []uint16
	shop    []uint16
	channel []uint16
}

// populationDays is over how many days the instants of a population are spread.
const populationDays = 400

// populationStart is the first instant that a population may have.
var populationStart = time.Date(2025, time.October, 1, 0, 0, 0, 0, time.UTC)

// drawPopulation draws so many profiles, the same on every run.
func drawPopulation(profiles int) *population {
	r := rand.New(rand.NewPCG(20, 400))
	c := &population{
		value: make([]uint32, profiles), seen: make([]int64, profiles), fifth: make([]uint64, (profiles+63)/64),
		city: make([]uint16, profiles), shop: make([]uint16, profiles), channel: make([]uint16, profiles),
	}
	start := populationStart.UnixMicro()
	for i := range profiles {
		c.value[i] = r.Uint32N(1 << valueBits)
		c.seen[i] = start + 1_000_000*r.Int64N(populationDays*86_400)
		c.city[i] = uint16(r.IntN(cities))
		c.shop[i] = uint16(r.IntN(shops))
		c.channel[i] = uint16(r.IntN(channels))
		if r.IntN(5) == 0 {
			c.fifth[i>>6] |= 1 << (i & 63)
			c.members++
		}
	}
	return c
}

func (c *population) len() int { return len(c.value) }

// inFifth reports whether a profile is in the set of a fifth.
func (c *population) inFifth(i int) bool { return c.fifth[i>>6]>>(i&63)&1 == 1 }

// attribute returns the column of an attribute to group by.
func (c *population) attribute(name string) []uint16 {
	switch name {
	case "city":
		return c.city
	case "shop":
		return c.shop
	}
	return c.channel
}

// attributeValues returns how many values an attribute has.
func attributeValues(name string) int {
	switch name {
	case "city":
		return cities
	case "shop":
		return shops
	}
	return channels
}
