// Linkage finds the records of one person in a CSV file, or across two, by a
// configuration that names what is compared:
//
//	go run ./examples/linkage --config examples/linkage/configs/fake_1000.yaml fake_1000.csv
//	go run ./examples/linkage --config examples/linkage/configs/febrl4.yaml dataset4a.csv dataset4b.csv
//
// It prints how many pairs and clusters there are and, with --truth or
// --truth-pairs, how right they are. --out writes who is in which cluster,
// --review lists the pairs most worth a person's look, --explain tells what speaks
// for and against one pair, and --html draws it.
//
// A model, which holds all weights, is trained on the records at hand. --model
// keeps it: where the file is there it is used as it is, and nothing is trained.
//
// --split-by-truth trains on half of the people and tells, of either half by
// itself, how right the same model is on it: whether a configuration holds on
// people that it was not tuned on.
//
// The answer goes to standard output, as one JSON object with --json. The exit
// status is 0, 1 after an error, and 2 for wrong usage.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/alecthomas/kong"
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

// usageError is the error of arguments that make no sense.
type usageError struct{ error }

// run is the program.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c command
	helped := false
	parser, err := kong.New(&c,
		kong.Name("linkage"),
		kong.Description("Find the records of one person in one list or across two."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { helped = true }))
	if err != nil {
		fmt.Fprintln(stderr, "linkage:", err)
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
		fmt.Fprintf(stderr, "linkage: %v\nlinkage --help lists the arguments.\n", err)
		return exitUsage
	}
	if err := c.run(ctx, stdout, stderr); err != nil {
		// The package says its own name before every error, also within another.
		fmt.Fprintf(stderr, "linkage: %s\n", strings.ReplaceAll(err.Error(), "linkage: ", ""))
		if _, ok := errors.AsType[usageError](err); ok {
			return exitUsage
		}
		return exitError
	}
	return exitOK
}

// command is the command line.
type command struct {
	Config  string   `required:"" placeholder:"FILE.yaml" help:"What is compared, which pairs, and from which weight on."`
	Records []string `arg:"" name:"records.csv" help:"One CSV file, plain or gzipped, or two to link across."`

	Truth        string  `placeholder:"COLUMN" help:"The column that tells who a record is. It is only used to tell how right the clusters are."`
	TruthPattern string  `placeholder:"REGEXP" help:"Its first group is the label of the truth. Without it, that of the configuration."`
	TruthPairs   string  `placeholder:"FILE.csv" help:"Pairs of IDs of records that are one person."`
	SplitByTruth *uint64 `placeholder:"SEED" help:"Train on half of the people; report on both halves."`

	JSON    bool     `name:"json" help:"Print one JSON object."`
	Out     string   `placeholder:"FILE.csv" help:"Write who is in which cluster."`
	Model   string   `placeholder:"FILE.json" help:"Use this model or, where it is not there, keep the one that is trained."`
	Explain []string `placeholder:"ID1,ID2" help:"Tell what speaks for and against one pair."`
	HTML    string   `name:"html" placeholder:"FILE.html" help:"Draw the explained pair."`
	Review  int      `placeholder:"N" help:"List the N pairs most worth a person's look."`
	Weights bool     `help:"Print every weight of the model."`

	stderr io.Writer // where progress is shown
}

// validate refuses arguments that do not go together.
func (c *command) validate() error {
	switch {
	case len(c.Records) > 2:
		return fmt.Errorf("%d files of records: one is linked within itself, two with each other", len(c.Records))
	case c.Truth != "" && c.TruthPairs != "":
		return errors.New("--truth and --truth-pairs exclude each other")
	case c.TruthPattern != "" && c.Truth == "":
		return errors.New("--truth-pattern needs --truth")
	case c.SplitByTruth != nil && c.Truth == "":
		return errors.New("--split-by-truth needs --truth")
	case c.SplitByTruth != nil && (c.Out != "" || c.Model != "" || len(c.Explain) > 0 || c.Review != 0 || c.Weights):
		return errors.New("--split-by-truth only reports: leave out --out, --model, --explain, --review and --weights")
	case len(c.Explain) != 0 && len(c.Explain) != 2:
		return fmt.Errorf("--explain has %d IDs: give it two, ID1,ID2", len(c.Explain))
	case c.HTML != "" && len(c.Explain) == 0:
		return errors.New("--html needs --explain")
	case c.Review < 0:
		return errors.New("--review must not be negative")
	}
	return nil
}
