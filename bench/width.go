package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/portraitdb/portrait"
)

// windowRules are the 20 tags of one kind of event; %[1]q is its name.
var windowRules = []string{
	`count(%[1]q, last("30d")) >= 5`,
	`count(%[1]q, last("7d")) >= 3`,
	`count(%[1]q, last("90d")) >= 8`,
	`count(%[1]q, this("month")) >= 4`,
	`count(%[1]q, between("60d", "30d")) >= 1`,
	`count(%[1]q, where(amount >= 50), last("30d")) >= 2`,
	`count(%[1]q, where(channel = "app"), last("90d")) >= 2`,
	`sum(%[1]q, "amount", last("30d")) > 200`,
	`sum(%[1]q, "amount", last("90d")) > 400`,
	`sum(%[1]q, "amount", where(channel = "app"), last("90d")) > 100`,
	`max(%[1]q, "amount", last("30d")) >= 90`,
	`avg(%[1]q, "amount", last("90d")) > 50`,
	`min(%[1]q, "amount", last("90d")) < 5`,
	`days(%[1]q, last("30d")) >= 3`,
	`days(%[1]q, last("90d")) >= 4`,
	`last_time(%[1]q) >= ago("7d")`,
	`first_time(%[1]q, last("90d")) < ago("60d")`,
	`most_frequent(%[1]q, "channel", last("30d")) = "app"`,
	`count(%[1]q) >= 10`,
	`sum(%[1]q, "amount") > 500 and level = "gold"`,
}

// inMonth is how many events make the first tag of windowRules: two of
// visitsBefore lie outside its window.
const inMonth = 5 + 2

func actionName(kind int) string { return fmt.Sprintf("Action %03d", kind) }

// widthModel has so many tags, 20 for each kind of event.
func widthModel(tags int) (portrait.Model, error) {
	var events, rules strings.Builder
	for k := range tags / len(windowRules) {
		fmt.Fprintf(&events, "  %s: {numbers: [amount]}\n", actionName(k))
		for i, rule := range windowRules {
			fmt.Fprintf(&rules, "  %s %d: {rule: '%s'}\n", actionName(k), i, fmt.Sprintf(rule, actionName(k)))
		}
	}
	return portrait.ParseModel([]byte("traits:\n  name: {}\n  city: {}\n  level: {}\n  birthday: {type: time}\n" +
		"events:\n" + events.String() + "tags:\n" + rules.String()))
}

// widthCase is a model of so many tags, 20 of which each event touches: always the
// same ones, or, spread, those of any kind.
type widthCase struct {
	tags   int
	spread bool
}

func (c widthCase) name() string {
	if c.spread {
		return fmt.Sprintf("width/tags=%d/spread", c.tags)
	}
	return fmt.Sprintf("width/tags=%d", c.tags)
}

func (c widthCase) kinds() []string {
	n := 1
	if c.spread {
		n = c.tags / len(windowRules)
	}
	names := make([]string, n)
	for i := range names {
		names[i] = actionName(i)
	}
	return names
}

var widthCases = []widthCase{{tags: 20}, {tags: 200}, {tags: 2_000}, {tags: 200, spread: true}, {tags: 2_000, spread: true}}

// fewest is the contender that the wider models are compared with.
const fewest = "portrait_20_tags"

// widths measures whether an event costs more where there are more tags that it
// does not touch.
func widths(ctx context.Context, cfg config, dir string, report *Report) (err error) {
	var cases []widthCase
	for i, c := range widthCases {
		if cfg.only.MatchString(c.name()) || i == 0 {
			cases = append(cases, c)
		}
	}
	if len(cases) == 1 && !cfg.only.MatchString(cases[0].name()) {
		return nil
	}
	customers := max(100, cfg.profiles/20)
	st := &street{raws: map[string]*rawSide{}}
	defer func() {
		err = errors.Join(err, st.close(), os.RemoveAll(filepath.Join(dir, "width")))
	}()
	for _, c := range cases {
		s := &shop{
			name: c.name(), dir: filepath.Join(dir, "width", strings.ReplaceAll(c.name(), "/", "-")), kinds: c.kinds(),
			tag: func(kind string) string { return kind + " 0" }, atLeast: inMonth,
		}
		cfg.logf("%s: loading %d customers", c.name(), customers)
		model, err := widthModel(c.tags)
		if err != nil {
			return err
		}
		if err := s.load(ctx, model, customers); err != nil {
			return err
		}
		st.shops = append(st.shops, s)
	}
	record, err := st.addRaw("raw_pebble", filepath.Join(dir, "width", "raw"), everything, customers)
	if err != nil {
		return err
	}
	events, err := st.open(ctx, cfg)
	if err != nil {
		return err
	}
	cfg.logf("width: all in turn, %d events each", events)
	f, err := st.race(ctx, cfg, "width", events, 1<<32)
	if err != nil {
		return err
	}
	report.Setting["width"] = fmt.Sprintf("an event touches 20 tags; %d customers, %.0f bytes a record at 20 tags, mean", customers, record)
	for _, c := range cases {
		if !cfg.only.MatchString(c.name()) {
			continue
		}
		done := f.width(c, customers)
		report.Cases = append(report.Cases, done)
		if times := done.Extra["times_20_tags"][subject]; times > 0 {
			report.Summary[strings.NewReplacer("/", "_", "=", "_").Replace(c.name())+"_times_20_tags"] = times
		}
	}
	return nil
}

// width is what the race says of one model, beside that of 20 tags.
func (f *finish) width(c widthCase, customers int) Case {
	samples := map[string][]sample{subject: f.samples[c.name()], "raw_pebble": f.samples["raw_pebble"]}
	if c != widthCases[0] {
		samples[fewest] = f.samples[widthCases[0].name()]
	}
	out := newCase(c.name(), customers, samples)
	out.tellCPU(samples)
	if base := samples[fewest]; base != nil {
		out.tell("times_20_tags", subject, beside(samples[subject], base))
	}
	return out
}
