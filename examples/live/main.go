// Live watches people come and go: a terminal view of the tracked segments and tags of
// a small made-up shop, while its events arrive and its time passes.
//
//	go run ./examples/live
//	go run ./examples/live --dir shop --people 2000 --speed 15m
//	go run ./examples/live --plain --events 200 --seed 7
//
// The upper half has each segment with its size and how many entered and left it of
// late; the lower half lists who came and went, and why: because of an event, because
// time passed with nothing happening, or because two profiles turned out to be one
// person. All of it is read from the store's feed.
//
// The shop has a clock of its own, which runs as fast as --speed says: the keys + and -
// change that, space stops it, q ends. Without --dir the store is in a directory that
// goes when the program ends; with it the shop goes on where it was.
//
// With --plain, or where standard output is no terminal, every change is a line. With
// --events it ends after so many events; plain lines then come as fast as they can,
// and the same seed prints the same.
package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // The model counts days in a zone that a machine may not know.

	"github.com/alecthomas/kong"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// The exit statuses.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

// command is the grammar of the command line.
type command struct {
	Dir    string        `placeholder:"DIR" help:"The directory of the store; default is a new one that goes at the end."`
	People int           `default:"600" placeholder:"N" help:"How many may come to the shop (${default})."`
	Speed  time.Duration `default:"5m" placeholder:"TIME" help:"Time of the shop in a second: 10s to 24h (${default})."`
	Days   int           `default:"3" placeholder:"N" help:"A new shop is open so many days before it is shown (${default})."`
	Seed   uint64        `default:"1" placeholder:"N" help:"Another shop for each (${default})."`
	Events int           `placeholder:"N" help:"End after so many events; 0 means never."`
	Plain  bool          `help:"Print a line for each change."`
}

// validate returns what makes no sense.
func (c *command) validate() error {
	switch {
	case c.People < 1 || c.People > 100_000:
		return fmt.Errorf("--people is %d: want 1 to 100,000", c.People)
	case c.Speed < speeds[0] || c.Speed > speeds[len(speeds)-1]:
		return fmt.Errorf("--speed is %s: want %s to %s", c.Speed, speeds[0], speeds[len(speeds)-1])
	case c.Days < 0 || c.Days > 60:
		return fmt.Errorf("--days is %d: want 0 to 60", c.Days)
	case c.Events < 0:
		return fmt.Errorf("--events is %d: want 0 or more", c.Events)
	}
	return nil
}

// run is the program.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var c command
	helped := false
	parser, err := kong.New(&c,
		kong.Name("live"),
		kong.Description("Watch people come and go in a made-up shop."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { helped = true }))
	if err == nil {
		_, err = parser.Parse(args)
	}
	switch {
	case helped:
		return exitOK
	case err == nil:
		err = c.validate()
	}
	if err != nil {
		fmt.Fprintf(stderr, "live: %v\nlive --help lists the flags.\n", err)
		return exitUsage
	}
	if err := c.show(ctx, stdin, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "live:", err)
		return exitError
	}
	return exitOK
}

// show opens the shop and shows it until ctx ends.
func (c *command) show(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) (err error) {
	dir := c.Dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "portrait-live-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	clerk, err := hire(ctx, dir, c.Seed, c.People)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, clerk.db.Close()) }()
	err = c.watch(ctx, clerk, stdin, stdout, stderr)
	if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) || errors.Is(err, syscall.EPIPE) {
		return nil // Interrupted, or nobody reads on: that is how it ends.
	}
	return err
}

// watch shows the shop as the flags say.
func (c *command) watch(ctx context.Context, clerk *clerk, stdin io.Reader, stdout, stderr io.Writer) (err error) {
	out, terminal := isTerminal(stdout)
	lines := c.Plain || !terminal
	if !lines {
		fmt.Fprintf(stderr, "%d days of the shop first ...\n", c.Days)
	}
	if clerk.fresh {
		if err := clerk.warmUp(ctx, c.Days); err != nil {
			return err
		}
	}
	board, err := newBoard(ctx, clerk.db)
	if err != nil {
		return err
	}
	clerk.filter = board.filter()
	most := cmp.Or(c.Events, noEnd)
	if lines {
		return c.watchLines(ctx, clerk, board, stdout, most)
	}
	keys, giveBack, err := takeOver(stdin, out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, giveBack()) }()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	s := &screen{
		out: out, size: sizeOf(out), keys: keys, ticks: ticker.C, colour: os.Getenv("NO_COLOR") == "",
		clerk: clerk, board: board, speed: c.Speed, most: most,
	}
	clerk.tell = board.tell
	if clerk.fresh {
		if err := s.lookBack(ctx); err != nil {
			return err
		}
	}
	return s.loop(ctx)
}

// watchLines prints the changes as lines: as fast as it can where there is an end, else
// at the speed of the flags. At the end, an interrupt too, it sums up.
func (c *command) watchLines(ctx context.Context, clerk *clerk, board *board, stdout io.Writer, most int) error {
	p := &plain{out: bufio.NewWriter(stdout), zone: clerk.zone}
	clerk.tell = func(h happening) {
		board.tell(h)
		p.tell(h)
	}
	clerk.grain = time.Second
	step := time.Duration(float64(c.Speed) * tick.Seconds())
	for clerk.events < most {
		err := clerk.run(ctx, clerk.clock.now().Add(step), most)
		if ctx.Err() != nil {
			break
		}
		if err := errors.Join(err, p.err, p.out.Flush()); err != nil {
			return err
		}
		if most < noEnd {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(tick):
		}
	}
	return p.sum(board, clerk.events, clerk.clock.now())
}
