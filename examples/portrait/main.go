// Portrait is the command line over one directory of profiles, for operators and
// scripts:
//
//	go run ./examples/portrait --dir data apply examples/retail/model.yaml
//	go run ./examples/portrait --dir data ingest events.jsonl.gz
//	go run ./examples/portrait --dir data count 'tag("沉睡") and city in ["上海", "北京"]'
//	go run ./examples/portrait --dir data members 'orders >= 8' --limit 5
//	go run ./examples/portrait --dir data profile email:li@example.com
//	go run ./examples/portrait --dir data explain 'tag("沉睡")' user_id:u1 --json
//	go run ./examples/portrait --dir data tags
//	go run ./examples/portrait --dir data advance 2026-07-01
//	go run ./examples/portrait --dir data check
//
// What was and what will be:
//
//	go run ./examples/portrait --dir data traits email:li@example.com
//	go run ./examples/portrait --dir data timeline user_id:u1 --from 2026-06-01
//	go run ./examples/portrait --dir data watch --since 120 --tag 高价值
//	go run ./examples/portrait --dir data flips 'tag("高价值")' --until 2026-08-01
//	go run ./examples/portrait --dir data dry-run model.yaml
//	go run ./examples/portrait --dir data history 高价值
//	go run ./examples/portrait --dir data rollback 高价值 1
//
// Who is one person, and why:
//
//	go run ./examples/portrait --dir data related email:li@example.com user_id:u1
//	go run ./examples/portrait --dir data health
//	go run ./examples/portrait --dir data refusals --limit 20
//	go run ./examples/portrait --dir data link user_id:u1 user_id:u7 --by lin --reason 'asked on the phone'
//	go run ./examples/portrait --dir data split user_id:u1,device_id:tablet user_id:u2 --id T-17
//	go run ./examples/portrait --dir data withdraw 42
//
// The answer goes to standard output, as one JSON object with --json (of watch one a
// line), and all else to standard error. The exit status is 0, or 1 when the answer is no (a
// profile that is not there, an expression that does not hold, two identifiers
// that are not one profile, a check that finds differences) or an error, or 2 for
// wrong usage.
//
// advance pins the directory's clock: every later answer stands at that instant
// until "advance now" lets the clock go again, and events of more than a day
// after it are refused as being in the future.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	_ "time/tzdata" // Models count days in zones that a machine may not know.

	"github.com/alecthomas/kong"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// The exit statuses.
const (
	exitOK    = 0
	exitNo    = 1
	exitUsage = 2
)

// errNo is the error of an answer that is no, and that was printed.
var errNo = errors.New("no")

// usageError is the error of arguments that make no sense.
type usageError struct{ error }

// run is the program.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var grammar cli
	helped := false
	parser, err := kong.New(&grammar,
		kong.Name("portrait"),
		kong.Description("Customer profiles and segments in one directory."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { helped = true }),
		kong.ExplicitGroups([]kong.Group{
			{Key: "time", Title: "What was and what will be:"},
			{Key: "who", Title: "Who is who:"},
			{Key: "decide", Title: "Decisions about who is who:"},
			{Key: "store", Title: "The store:"},
		}),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		fmt.Fprintln(stderr, "portrait:", err)
		return exitNo
	}
	call, err := parser.Parse(args)
	switch {
	case helped:
		return exitOK
	case err != nil:
		fmt.Fprintf(stderr, "portrait: %v\nportrait --help lists the verbs and their arguments.\n", err)
		return exitUsage
	}
	err = call.Run(&session{
		Context: ctx, dir: grammar.Dir, json: grammar.JSON,
		stdin: stdin, stdout: stdout, stderr: stderr,
	})
	if err == nil {
		return exitOK
	}
	if errors.Is(err, errNo) {
		return exitNo
	}
	fmt.Fprintf(stderr, "portrait: %s\n", strings.TrimPrefix(strings.TrimSpace(err.Error()), "portrait: "))
	if _, ok := errors.AsType[usageError](err); ok {
		return exitUsage
	}
	return exitNo
}

// cli is the grammar of the command line.
type cli struct {
	Dir  string `default:"./data" placeholder:"DIR" help:"The directory of the store (${default})."`
	JSON bool   `name:"json" help:"Print one JSON object."`

	Apply   applyVerb   `cmd:"" help:"Make a model the store's own and print what changes."`
	Ingest  ingestVerb  `cmd:"" help:"Take in a file of Segment-spec JSON lines, plain or gzipped."`
	Count   countVerb   `cmd:"" help:"Count the members of a segment."`
	Members membersVerb `cmd:"" help:"List the members of a segment by ID."`
	Profile profileVerb `cmd:"" help:"Show the profile that an identifier leads to."`
	Explain explainVerb `cmd:"" help:"Tell condition by condition why somebody is in a segment or not."`
	Tags    tagsVerb    `cmd:"" help:"List the tags and tracked segments with their counts."`
	DryRun  dryRunVerb  `cmd:"" help:"Print what a model would change, and who would come and go."`

	Traits   traitsVerb   `cmd:"" group:"time" help:"Show the traits of a profile and where each comes from."`
	Timeline timelineVerb `cmd:"" group:"time" help:"List the events of a profile that are kept, oldest first."`
	Watch    watchVerb    `cmd:"" group:"time" help:"List who came and went, and go on as it happens."`
	Flips    flipsVerb    `cmd:"" group:"time" help:"List who will come and go if nothing else happens."`
	History  historyVerb  `cmd:"" group:"time" help:"List the edits of a tag, oldest first."`
	Rollback rollbackVerb `cmd:"" group:"time" help:"Define a tag as it was."`

	Related   relatedVerb   `cmd:"" group:"who" help:"Tell what makes two identifiers one profile, or keeps them apart."`
	Health    healthVerb    `cmd:"" group:"who" help:"Print the figures of the identity graph."`
	Refusals  refusalsVerb  `cmd:"" group:"who" help:"List what identity rules refused, oldest first."`
	Decisions decisionsVerb `cmd:"" group:"who" help:"List what people decided about identifiers, oldest first."`
	Merges    mergesVerb    `cmd:"" group:"who" help:"List which profiles became which, oldest first."`

	Link     linkVerb     `cmd:"" group:"decide" help:"Two identifiers are one person."`
	Unlink   unlinkVerb   `cmd:"" group:"decide" help:"What was and will be seen of two identifiers together does not count."`
	Veto     vetoVerb     `cmd:"" group:"decide" help:"Two identifiers are never one person, on any path."`
	Detach   detachVerb   `cmd:"" group:"decide" help:"What was seen of an identifier until now does not count."`
	Split    splitVerb    `cmd:"" group:"decide" help:"Groups of identifiers are different people."`
	Withdraw withdrawVerb `cmd:"" group:"decide" help:"Take back all that was decided in one commit."`

	Advance advanceVerb `cmd:"" group:"store" help:"Pin the clock at a time, or let it go with 'now'."`
	Check   checkVerb   `cmd:"" group:"store" help:"Recompute everything and list every difference."`
	Digest  digestVerb  `cmd:"" group:"store" help:"Print a fingerprint of everybody."`
	Stats   statsVerb   `cmd:"" group:"store" help:"Print the figures of the store."`
}
