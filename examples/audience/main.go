// Audience builds a target group in every way that Portrait knows, over a made-up city of
// people with phones, apps and places. It prints how many are in each, how they overlap, and
// what becomes of them in a week.
//
//	go run ./examples/audience
//	go run ./examples/audience -people 50000
//
// Each kind of audience has a file, in the order of the tour:
//
//	city.go, events.go   the people, and what a shop is told of them
//	model.yaml           what is declared: identifiers, traits, places, tags, segments
//	tour.go              opening a store, taking events in, asking one view
//	lists.go             lists of phones and devices, plain, MD5 and SHA-256; editing one in place
//	tags.go              tags of the families basic, device and behaviour; the catalogue
//	apps.go              combinations of apps: all, any and none of, at least two
//	places.go            near a point, a list of points, in an area; residence, work, leisure
//	standing.go          the top fifth, the best hundred
//	samples.go           samples, splits, layers of experiments, holdouts, and their balance
//	saved.go             segments under a name: tracked, asked, and within each other
//	mixture.go           all of it in one expression; overlaps, who is reached, how it is counted
//	files.go             handing an audience on, and taking sets in from elsewhere
//	week.go              snapshots compared: who entered, left and stayed
//
// With -json it prints one JSON object instead. The exit status is 0, 1 after an error, and
// 2 for wrong usage.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	_ "time/tzdata" // The model counts days in a zone that a machine may not know.
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

type flags struct {
	people int
	seed   uint64
	json   bool
	dir    string
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var f flags
	set := flag.NewFlagSet("audience", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.IntVar(&f.people, "people", 5_000, "how many people live in the city")
	set.Uint64Var(&f.seed, "seed", 7, "which city: the same seed gives the same answers")
	set.BoolVar(&f.json, "json", false, "print one JSON object")
	set.StringVar(&f.dir, "dir", "", "where to put the store, and leave it: nothing may be there; default is a directory that is removed")
	switch err := set.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case set.NArg() > 0 || f.people < 1 || f.people > 5_000_000:
		fmt.Fprintln(stderr, "audience: it takes no arguments, and 1 to 5,000,000 people")
		return 2
	}
	r, err := newTour(city{f.seed}, f.people, f.dir).run(ctx)
	if err == nil && f.json {
		err = json.NewEncoder(stdout).Encode(r)
	} else if err == nil {
		err = r.print(stdout)
	}
	if err != nil {
		fmt.Fprintln(stderr, "audience:", err)
		return 1
	}
	return 0
}
