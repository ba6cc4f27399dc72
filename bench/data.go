package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
)

// dataFlag is families of bitmaps as the command line asks for them.
type dataFlag []family

// String implements flag.Value.
func (d *dataFlag) String() string {
	var names []string
	for _, f := range *d {
		names = append(names, f.name)
	}
	return strings.Join(names, " ")
}

// Set implements flag.Value. It takes density=D, and runs=L and skew=S if they are wanted, with
// commas between them: the first bitmap holds that share of the profiles, in runs of about that
// many, and the nth its nth part to the power of the skew, as Zipf's law has it.
func (d *dataFlag) Set(text string) error {
	density, runs, skew := 0.0, 1.0, 0.0
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(part, "=")
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return fmt.Errorf("%q: want a name, = and a number", part)
		}
		switch {
		case name == "density" && n > 0 && n < 1:
			density = n
		case name == "runs" && n >= 1 && n <= 1e9:
			runs = n
		case name == "skew" && n >= 0 && n <= 10:
			skew = n
		case name == "density" || name == "runs" || name == "skew":
			return fmt.Errorf("%q: a density lies between 0 and 1, runs from 1 to 1e9, a skew from 0 to 10", part)
		default:
			return fmt.Errorf("%q: want density, runs or skew", part)
		}
	}
	if density == 0 {
		return fmt.Errorf("%q gives no density", text)
	}
	*d = append(*d, family{"data/" + text, func(r *rand.Rand, profiles, nth int) []uint32 {
		share := density / math.Pow(float64(nth+1), skew)
		if runs == 1 {
			return scattered(share)(r, profiles, nth)
		}
		return clustered(share, runs)(r, profiles, nth)
	}})
	return nil
}
