// Audience builds a target group in every way that Portrait knows, over a made-up city:
// by tags of three families, by combining apps, by uploading lists of hashed identifiers,
// by places, by how people stand among all, and by any mixture of them in one expression.
// It prints how many are in each, how they overlap, and what an experiment on the result
// would look like.
//
//	go run ./examples/audience
//	go run ./examples/audience -people 200000
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
	set.IntVar(&f.people, "people", 20_000, "how many people live in the city")
	set.Uint64Var(&f.seed, "seed", 7, "which city: the same seed gives the same answers")
	set.BoolVar(&f.json, "json", false, "print one JSON object")
	set.StringVar(&f.dir, "dir", "", "where to put the store, and leave it; default is a directory that is removed")
	switch err := set.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case set.NArg() > 0 || f.people < 1 || f.people > 5_000_000:
		fmt.Fprintln(stderr, "audience: it takes no arguments, and 1 to 5,000,000 people")
		return 2
	}
	r, err := tour(ctx, f)
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
