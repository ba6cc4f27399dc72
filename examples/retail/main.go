// Retail is a tour of Portrait on the data of a shop. Without flags it makes up
// a shop of 20,000 customers, who browse before they log in, use several devices,
// share some, and whose events come late, twice or spoilt:
//
//	go run ./examples/retail
//
// It takes some 410,000 events in and shows what became of them: who is one
// person, which tags they have, a few segments by intersection, union and
// complement, one profile in full, why somebody is in a segment or not, and at
// last Check, which recomputes everything in another way and finds no
// difference. The same seed gives the same answers, down to the digest.
//
// The same with real data:
//
//	go run ./examples/retail -orders online_retail.csv.gz   # UCI "Online Retail"
//	go run ./examples/retail -events events.jsonl.gz        # Segment-spec events
//
// With -pages it also writes pages to be looked at in a browser: about those who have
// spent much, about one customer, and about the lifecycle of all. See README.md. With
// -json it prints one JSON object instead, for scripts. The exit status is 0, 1 after an
// error or when Check finds differences, and 2 for wrong usage.
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
	"time"
	_ "time/tzdata" // The models count days in zones that a machine may not know.

	"github.com/portraitdb/portrait"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, time.Now(), os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

type flags struct {
	seed           uint64
	customers      int
	orders, events string
	json           bool
	dir, pages     string
	language       string // of the pages
	batch          int
	now            time.Time // when the program was started
}

// run is the program, started at a time: data goes to stdout, all else to stderr.
func run(ctx context.Context, now time.Time, args []string, stdout, stderr io.Writer) int {
	f, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	f.now = now
	r, err := tour(ctx, f, stdout, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "retail:", err)
		return 1
	}
	if f.json {
		if err := json.NewEncoder(stdout).Encode(r); err != nil {
			fmt.Fprintln(stderr, "retail:", err)
			return 1
		}
	}
	if r.Check.Differences > 0 {
		return 1
	}
	return 0
}

func parse(args []string, stderr io.Writer) (flags, error) {
	var f flags
	set := flag.NewFlagSet("retail", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.Uint64Var(&f.seed, "seed", 1, "`number` that the generated shop follows from")
	set.IntVar(&f.customers, "customers", 20_000, "`number` of customers of the generated shop")
	set.StringVar(&f.orders, "orders", "", "read the Online Retail CSV `file`, plain or gzipped")
	set.StringVar(&f.events, "events", "", "read a `file` of Segment-spec JSON lines, plain or gzipped")
	set.BoolVar(&f.json, "json", false, "print one JSON object")
	set.StringVar(&f.dir, "dir", "", "`directory` to keep the store in (default: one that is removed at the end)")
	set.StringVar(&f.pages, "pages", "", "`directory` to write pages to: an audience, a customer, the lifecycle")
	set.StringVar(&f.language, "language", "en", "`language` of the pages: en or zh")
	set.IntVar(&f.batch, "batch", 2000, "`number` of events in one commit")
	if err := set.Parse(args); err != nil {
		return f, err
	}
	var err error
	switch {
	case set.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", set.Arg(0))
	case f.orders != "" && f.events != "":
		err = errors.New("-orders and -events exclude each other")
	case f.customers < 1 || f.customers > 1_000_000:
		err = errors.New("-customers must be from 1 to 1,000,000")
	case words[f.language] == nil:
		err = fmt.Errorf("-language %q: there are en and zh", f.language)
	case f.batch < 1 || f.batch > 100_000:
		err = errors.New("-batch must be from 1 to 100,000")
	}
	if err != nil {
		fmt.Fprintln(stderr, "retail:", err)
		set.Usage()
	}
	return f, err
}

// tour opens a store, takes the data in and asks its questions.
func tour(ctx context.Context, f flags, stdout, stderr io.Writer) (r *result, err error) {
	d, err := open(f)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	dir := f.dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "portrait-retail-"); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	db, err := portrait.Open(dir, &portrait.Options{Clock: d.clock.now})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.Apply(ctx, d.model); err != nil {
		return nil, err
	}
	out := io.Discard
	if !f.json {
		out = stdout
	}
	return visit(ctx, db, d, f, out, stderr)
}
