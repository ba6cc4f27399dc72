// Value fits models of customer value to a file of transactions and tells how well
// each foretells what it was not shown:
//
//	go run ./examples/value --transactions CDNOW_sample.txt --format cdnow --unit week \
//	  --calibration-end 1997-09-30 --holdout-end 1998-06-30
//	go run ./examples/value --transactions orders.csv --calibration-end 2026-06-30
//
// It prints the parameters of BG/NBD, MBG/NBD, Pareto/NBD and Gamma-Gamma, what each
// expected of the holdout beside what happened, by how often customers had bought,
// and the repeat transactions of all customers over time.
//
// With --through-library the transactions go into a store as events, and what the
// models are fitted to is read back from its folds. The numbers are the same.
//
// A CSV file has columns for customer, date and, optionally, amount, found by their
// names or, without a header, in that order; plain or gzipped. The answer goes to
// standard output, as one JSON object with --json. The exit status is 0, 1 after an
// error, and 2 for wrong usage. A model that cannot be fitted is no error of the
// program: its place says why.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/alecthomas/kong"

	"github.com/portraitdb/portrait/lifecycle/value"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// The exit statuses.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

// command is the command line.
type command struct {
	Transactions   string `required:"" placeholder:"FILE" help:"The transactions, plain or gzipped."`
	Format         string `enum:"csv,cdnow" default:"csv" help:"csv: customer, date and, optionally, amount, with or without a header. cdnow: the files of the CDNOW study."`
	Unit           string `enum:"day,week" default:"day" help:"The unit of time of the parameters: day or week."`
	CalibrationEnd string `required:"" placeholder:"DATE" help:"The last day that models are fitted to."`
	HoldoutEnd     string `placeholder:"DATE" help:"The last day that they are compared with. Without it they are only fitted."`
	ThroughLibrary bool   `help:"Put the transactions into a store and read back its folds."`
	JSON           bool   `name:"json" help:"Print one JSON object."`

	options value.Options
}

// run is the program.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c command
	helped := false
	parser, err := kong.New(&c,
		kong.Name("value"),
		kong.Description("Fit models of customer value to transactions, and tell how well they foretell."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { helped = true }))
	if err != nil {
		fmt.Fprintln(stderr, "value:", err)
		return exitError
	}
	_, err = parser.Parse(args)
	if helped {
		return exitOK
	}
	if err == nil {
		err = c.validate()
	}
	if err != nil {
		fmt.Fprintf(stderr, "value: %v\nvalue --help lists the arguments.\n", err)
		return exitUsage
	}
	if err := c.run(ctx, stdout); err != nil {
		fmt.Fprintln(stderr, "value:", err)
		return exitError
	}
	return exitOK
}

// validate fills in the options.
func (c *command) validate() error {
	c.options.Unit = value.Day
	if c.Unit == "week" {
		c.options.Unit = value.Week
	}
	var err error
	if c.options.CalibrationEnd, err = time.Parse(time.DateOnly, c.CalibrationEnd); err != nil {
		return fmt.Errorf("--calibration-end %q is no date like 2026-06-30", c.CalibrationEnd)
	}
	if c.HoldoutEnd == "" {
		return nil
	}
	if c.options.HoldoutEnd, err = time.Parse(time.DateOnly, c.HoldoutEnd); err != nil {
		return fmt.Errorf("--holdout-end %q is no date like 2026-06-30", c.HoldoutEnd)
	}
	if !c.options.HoldoutEnd.After(c.options.CalibrationEnd) {
		return errors.New("--holdout-end is not after --calibration-end")
	}
	return nil
}

func (c *command) run(ctx context.Context, stdout io.Writer) error {
	transactions, err := readFile(c.Transactions, c.Format)
	if err != nil {
		return err
	}
	summarise := value.Summarise
	if c.ThroughLibrary {
		summarise = func(all []value.Transaction, o value.Options) (value.Table, error) {
			return throughLibrary(ctx, all, o)
		}
	}
	table, err := summarise(transactions, c.options)
	if err != nil {
		return err
	}
	if len(table.Customers) == 0 {
		return fmt.Errorf("%s has no transaction until %s", c.Transactions, c.CalibrationEnd)
	}
	r, err := fitAll(ctx, table)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(stdout).Encode(r)
	}
	return r.print(stdout, c.Unit)
}
