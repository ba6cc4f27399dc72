// Command bench measures Portrait beside references that do the same work by
// hand, in the same process and at the same time. README.md says what is
// measured and why it is fair.
//
//	go run . ingest   # DB.Ingest beside a get-and-set loop on raw Pebble
//	go run . algebra  # counting segments beside roaring and beside plain reading
//	go run . batch    # a thousand segments in one pass beside one by one
//	go run . range    # counts by number and time, sums, quantiles, tops beside DuckDB, SQLite and others
//	go run . groupby  # counts and sums by one attribute and by two, beside the same
//	go run . insight  # what sets an audience apart, tables and overlaps, beside DuckDB and loops by hand
//	go run . memory   # bytes of the index beside roaring's on the same bits
//	go run . cold     # from Open to the first answer, after Close and after kill -9
//	go run . geo      # who lives in circles and polygons, beside loops over all points and DuckDB
//	go run . idlist   # uploading a list of hashed IDs beside reading it and beside DuckDB
//	go run . trust    # opening after kill -9, Check, Repair and Purge, of a whole store
//	go run . mixed    # questions while events are taken in, beside the same alone
//	go run . identity # resolving identifiers beside a Get of raw Pebble
//	go run . tags     # windows, deadlines, the feed and filling beside raw Pebble
//	go run . linkage  # comparing records beside a plain loop of Jaro-Winkler
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"runtime/pprof"
)

const usage = "usage: bench ingest|algebra|batch|range|groupby|insight|geo|memory|cold|idlist|mixed|trust|identity|linkage|tags [--json] [--html FILE] [--smoke] [--profiles N] [--lines N] [--rounds N] [--seconds S] [--data DATA] [--dir DIR] [--only REGEXP] [--rivals REGEXP] [--cpuprofile FILE]"

func main() {
	runChild()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

var errUsage = errors.New(usage)

// config is what the command line asks for.
type config struct {
	json     bool
	smoke    bool
	profiles int            // customers, or width of the bitmaps
	lines    int            // of an uploaded list; 0: five for each profile
	rounds   int            // how often each contender takes its turn in a case
	seconds  float64        // about how long one turn takes
	html     string         // where the report goes as a page too; empty: nowhere
	data     dataFlag       // what bitmaps to draw (algebra, memory); empty: the usual ones
	dir      string         // where the stores are made
	profile  string         // where a CPU profile goes; empty: nowhere
	only     *regexp.Regexp // of the names of the cases to run
	rivals   *regexp.Regexp // of the names of the engines to compare with
	progress io.Writer
}

// suite is what can be run, with what its flags are where they are not given.
type suite struct {
	run      func(context.Context, config) (*Report, error)
	standard config
	smoke    int // profiles where only a smoke run is asked for
}

var suites = map[string]suite{
	"ingest":   {ingest, config{profiles: 1_000_000, rounds: 9, seconds: 0.5}, 2_000},
	"identity": {identitySuite, config{profiles: 1_000_000, rounds: 9, seconds: 0.5}, 2_000},
	"linkage":  {linkageSuite, config{profiles: 1_000_000, rounds: 5, seconds: 1}, 2_000},
	"tags":     {tagsSuite, config{profiles: 1_000_000, rounds: 9, seconds: 0.5}, 2_000},
	"algebra":  {algebra, config{profiles: 10_000_000, rounds: 41, seconds: 0.025}, 200_000},
	"batch":    {batch, config{profiles: 10_000_000, rounds: 9, seconds: 0.2}, 70_000},
	"range":    {rangeSuite, config{profiles: 10_000_000, rounds: 9, seconds: 0.05}, 200_000},
	"groupby":  {groupSuite, config{profiles: 10_000_000, rounds: 9, seconds: 0.05}, 200_000},
	"insight":  {insightSuite, config{profiles: 10_000_000, rounds: 9, seconds: 0.2}, 70_000},
	"memory":   {memorySuite, config{profiles: 10_000_000, rounds: 3, seconds: 1}, 100_000},
	"cold":     {coldSuite, config{profiles: 10_000_000, rounds: 5, seconds: 1}, 2_000},
	"geo":      {geoSuite, config{profiles: 1_000_000, rounds: 9, seconds: 0.2}, 5_000},
	"idlist":   {idlistSuite, config{profiles: 1_000_000, rounds: 3, seconds: 3}, 2_000},
	"trust":    {trustSuite, config{profiles: 5_000_000, rounds: 1, seconds: 1}, 2_000},
	"mixed":    {mixedSuite, config{profiles: 1_000_000, rounds: 5, seconds: 3}, 2_000},
}

// run executes one suite and prints its report on out.
func run(ctx context.Context, args []string, out, progress io.Writer) error {
	if len(args) == 0 {
		return errUsage
	}
	chosen, ok := suites[args[0]]
	if !ok {
		return errUsage
	}
	cfg, standard := config{progress: progress}, chosen.standard
	var only, rivals string
	flags := flag.NewFlagSet("bench "+args[0], flag.ContinueOnError)
	flags.SetOutput(progress)
	flags.BoolVar(&cfg.json, "json", false, "print one JSON object instead of a table")
	flags.BoolVar(&cfg.smoke, "smoke", false, "tiny sizes: whether it runs, not how fast")
	flags.IntVar(&cfg.profiles, "profiles", standard.profiles, "number of profiles")
	flags.IntVar(&cfg.lines, "lines", 0, "lines of a list (idlist; default: five for each profile)")
	flags.IntVar(&cfg.rounds, "rounds", standard.rounds, "turns of each contender in each case")
	flags.Float64Var(&cfg.seconds, "seconds", standard.seconds, "about how long a turn takes")
	flags.Var(&cfg.data, "data", "instead of the usual bitmaps draw `density=D[,runs=L][,skew=S]`: the share of the profiles in the first, how long runs are, how fast the next ones thin out; may be given again (algebra, memory)")
	flags.StringVar(&cfg.dir, "dir", "", "where to put the stores (default: the system's temporary directory)")
	flags.StringVar(&cfg.profile, "cpuprofile", "", "write a CPU profile of the cases to this file; samples are labelled by contender")
	flags.StringVar(&only, "only", "", "run only the cases whose names match this regular expression")
	flags.StringVar(&cfg.html, "html", "", "also write the report to this file as a page with plots")
	flags.StringVar(&rivals, "rivals", "", "compare only with the engines whose names match this regular expression (range, groupby, insight)")
	if err := flags.Parse(args[1:]); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return fmt.Errorf("%w\n%w", err, errUsage)
	}
	if len(cfg.data) > 0 && args[0] != "algebra" && args[0] != "memory" {
		return fmt.Errorf("--data says what bitmaps look like, which is asked of algebra and memory only\n%w", errUsage)
	}
	if flags.NArg() > 0 || cfg.profiles < 100 || cfg.lines < 0 || cfg.rounds < 1 || cfg.seconds <= 0 {
		return errUsage
	}
	var err error
	if cfg.only, err = regexp.Compile(only); err != nil {
		return fmt.Errorf("%w\n%w", err, errUsage)
	}
	if cfg.rivals, err = regexp.Compile(rivals); err != nil {
		return fmt.Errorf("%w\n%w", err, errUsage)
	}
	if cfg.smoke {
		cfg.shrink(flags, chosen.smoke)
	}
	report, err := cfg.profiled(ctx, chosen.run)
	if err != nil {
		return err
	}
	if cfg.html != "" {
		if err := report.saveHTML(cfg.html); err != nil {
			return err
		}
	}
	if cfg.json {
		return report.writeJSON(out)
	}
	return report.writeTable(out)
}

// profiled runs a suite and writes the CPU profile that was asked for.
func (c *config) profiled(ctx context.Context, run func(context.Context, config) (*Report, error)) (*Report, error) {
	if c.profile == "" {
		return run(ctx, *c)
	}
	f, err := os.Create(c.profile)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	report, err := run(ctx, *c)
	pprof.StopCPUProfile()
	return report, errors.Join(err, f.Close())
}

// shrink makes every size tiny that was not asked for by its own flag.
func (c *config) shrink(flags *flag.FlagSet, profiles int) {
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if !given["profiles"] {
		c.profiles = profiles
	}
	if !given["rounds"] {
		c.rounds = 2
	}
	if !given["seconds"] {
		c.seconds = 0.005
	}
}

func (c *config) logf(format string, args ...any) { fmt.Fprintf(c.progress, format+"\n", args...) }
