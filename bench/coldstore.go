package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// The store's tags: those of 36 kinds of events, of which everybody does one, and
// those of a number that everybody has.
const (
	coldKinds       = 36
	coldRulesOfKind = 5
	coldLevels      = 20
	coldTags        = coldKinds*coldRulesOfKind + coldLevels
)

var coldRules = [coldRulesOfKind]string{
	`count(%[1]q) >= 1`,
	`count(%[1]q) >= 2`,
	`sum(%[1]q, "amount") >= 50`,
	`max(%[1]q, "amount") >= 90`,
	`min(%[1]q, "amount") < 10`,
}

func coldKind(kind int) string { return fmt.Sprintf("Action %02d", kind) }

// coldTagNames lists those of the kinds, kind by kind, and then those of the number.
func coldTagNames() []string {
	var out []string
	for kind := range coldKinds {
		for rule := range coldRules {
			out = append(out, fmt.Sprintf("%s %d", coldKind(kind), rule))
		}
	}
	for level := range coldLevels {
		out = append(out, "Level "+strconv.Itoa(level))
	}
	return out
}

func coldModel() (portrait.Model, error) {
	var b strings.Builder
	b.WriteString("traits:\n  level: {type: number}\nevents:\n")
	for kind := range coldKinds {
		fmt.Fprintf(&b, "  %s: {numbers: [amount]}\n", coldKind(kind))
	}
	b.WriteString("tags:\n")
	for i, name := range coldTagNames() {
		rule := fmt.Sprintf("level >= %d", i-coldKinds*coldRulesOfKind)
		if i < coldKinds*coldRulesOfKind {
			rule = fmt.Sprintf(coldRules[i%coldRulesOfKind], coldKind(i/coldRulesOfKind))
		}
		fmt.Fprintf(&b, "  %s: {rule: '%s'}\n", name, rule)
	}
	return portrait.ParseModel([]byte(b.String()))
}

// coldSegment is those who did one of two kinds twice and are of a level between two.
var coldSegment = segment.MustParse(`(tag("Action 03 1") or tag("Action 04 1")) and tag("Level 5") and not tag("Level 15")`)

// coldLevel scatters the levels.
func coldLevel(person int) int { return int(uint32(person) * 2_654_435_761 >> 16 % coldLevels) }

// members counts who is in coldSegment, person by person.
func (s *coldStore) members() uint64 {
	n := uint64(0)
	for i, visits := range s.visits {
		kind, level := i%coldKinds, coldLevel(i)
		if (kind == 3 || kind == 4) && visits >= 2 && level >= 5 && level < 15 {
			n++
		}
	}
	return n
}

func openCold(dir string) (*portrait.DB, error) {
	return openAt(dir, usual, false, func() time.Time { return noon })
}

// coldVisit is a person's event of a round; the first tells the level.
func coldVisit(person, round int) profile.Event {
	e := profile.Event{
		MessageID: fmt.Sprintf("c-%d-%d", round, person), Name: coldKind(person % coldKinds), Time: opened,
		Identifiers: []profile.Identifier{{Namespace: "user_id", Value: customerID(uint32(person))}},
		Properties:  map[string]profile.Value{"amount": profile.Number(float64(person % 100))},
	}
	if round == 0 {
		e.Traits = map[string]profile.Value{"level": profile.Number(float64(coldLevel(person)))}
	}
	return e
}

// load makes the store, with one event of everybody, and a second one of every third.
func (s *coldStore) load(ctx context.Context) (err error) {
	db, err := openAt(s.dir, usual, true, func() time.Time { return noon })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	model, err := coldModel()
	if err != nil {
		return err
	}
	if err := begin(ctx, db, model, noon); err != nil {
		return err
	}
	var events []profile.Event
	flush := func(least int) error {
		if len(events) < least {
			return nil
		}
		err := takeIn(ctx, db, events)
		events = events[:0]
		return err
	}
	for i := range s.profiles {
		events = append(events, coldVisit(i, 0))
		if s.visits[i] = 1; i%coldKinds%3 == 0 && coldLevel(i)%2 == 0 {
			events = append(events, coldVisit(i, -1))
			s.visits[i]++
		}
		if err := flush(10_000); err != nil {
			return err
		}
	}
	if err := flush(1); err != nil {
		return err
	}
	settle(func() bool { return db.Metrics().Store.CompactionsRunning == 0 })
	return nil
}

// coldChild is the variable that makes this program the one that is killed. It holds
// the store's directory, its number of people and the round.
const coldChild = "PORTRAIT_BENCH_COLD"

// runChild does what the environment asks for, if it does; otherwise it returns at
// once.
func runChild() {
	value := os.Getenv(coldChild)
	if value == "" {
		return
	}
	if err := visitUntilKilled(value, os.Stdout, os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
	os.Exit(1) // it was to be killed
}

// visitors are the people who come in a round of a store.
func visitors(people, round int) []int {
	var out []int
	for i := round % 100; i < people; i += 100 {
		out = append(out, i)
	}
	return out
}

// visitUntilKilled opens a store, takes the events of one round in, says so, and
// waits for the end.
func visitUntilKilled(value string, acknowledged io.Writer, end io.Reader) error {
	parts := strings.SplitN(value, ",", 3)
	if len(parts) != 3 {
		return fmt.Errorf("%s=%q", coldChild, value)
	}
	people, err := strconv.Atoi(parts[0])
	if err != nil {
		return err
	}
	round, err := strconv.Atoi(parts[1])
	if err != nil {
		return err
	}
	db, err := openCold(parts[2])
	if err != nil {
		return err
	}
	var events []profile.Event
	all := visitors(people, round)
	for i, person := range all {
		if events = append(events, coldVisit(person, round)); len(events) < 1_000 && i < len(all)-1 {
			continue
		}
		if err := takeIn(context.Background(), db, events); err != nil {
			return err
		}
		events = events[:0]
	}
	fmt.Fprintln(acknowledged, len(all))
	_, err = io.Copy(io.Discard, end) // until the parent is gone
	return err
}

// crash has a process take events in, and kills it.
func (s *coldStore) crash(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	s.rounds++
	child := exec.CommandContext(ctx, self)
	child.Env = append(os.Environ(), fmt.Sprintf("%s=%d,%d,%s", coldChild, s.profiles, s.rounds, s.dir))
	child.Stderr = os.Stderr
	hold, err := child.StdinPipe()
	if err != nil {
		return err
	}
	defer hold.Close()
	out, err := child.StdoutPipe()
	if err != nil {
		return err
	}
	if err := child.Start(); err != nil {
		return err
	}
	line, readErr := bufio.NewReader(out).ReadString('\n')
	killErr := child.Process.Kill()
	_ = child.Wait() // killed
	if err := errors.Join(readErr, killErr); err != nil {
		return fmt.Errorf("the process that was to be killed: %w", err)
	}
	all := visitors(s.profiles, s.rounds)
	if got := strings.TrimSpace(line); got != strconv.Itoa(len(all)) {
		return fmt.Errorf("the process that was to be killed acknowledges %q of %d events", got, len(all))
	}
	for _, person := range all {
		s.visits[person]++
	}
	return nil
}
