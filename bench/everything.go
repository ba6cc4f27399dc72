package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/segment"
)

// layers are what a model can do beside tags that only events change.
type layers struct {
	log       bool // events are kept
	deadlines bool // tags depend on time
	segments  bool // segments are tracked, and who enters and leaves is in the feed
}

// layerings are all layers, all but one, and none.
var layerings = []struct {
	name string
	layers
}{
	{subject, layers{log: true, deadlines: true, segments: true}},
	{"without_log", layers{deadlines: true, segments: true}},
	{"without_deadlines", layers{log: true, segments: true}},
	{"without_segments", layers{log: true, deadlines: true}},
	{"without_all", layers{}},
}

// timedRules are the five tags of one kind of event where tags depend on time, and
// lastingRules the like where they do not; %[1]q is its name. As many events change
// the one as the other.
var (
	timedRules = []string{
		`count(%[1]q, last("30d")) >= 5`,
		`sum(%[1]q, "amount", last("30d")) > 300`,
		`max(%[1]q, "amount", last("30d")) >= 98`,
		`avg(%[1]q, "amount", last("90d")) > 60 and level == "gold"`,
		`last_time(%[1]q) >= ago("14d") and city in ["上海", "北京"]`,
	}
	lastingRules = []string{
		`count(%[1]q) >= 7`,
		`sum(%[1]q, "amount") > 400`,
		`max(%[1]q, "amount") >= 99`,
		`avg(%[1]q, "amount") > 60 and level == "gold"`,
		`count(%[1]q) >= 2 and city in ["上海", "北京"]`,
	}
)

// trackedRules are the two tracked segments of one kind of event; %[1]s is the
// beginning of its tags' names.
var trackedRules = []string{
	`tag("%[1]s 0") and tag("%[1]s 1")`,
	`tag("%[1]s 2") and not tag("%[1]s 3") and level in ["gold", "silver"]`,
}

// model has 20 tags, of which an event touches five, as that of the ingest suite.
func (l layers) model() (portrait.Model, error) {
	rules := lastingRules
	if l.deadlines {
		rules = timedRules
	}
	var b strings.Builder
	b.WriteString("traits:\n  name: {}\n  city: {}\n  level: {}\n  birthday: {type: time}\nevents:\n")
	for _, k := range kinds {
		fmt.Fprintf(&b, "  %s: {numbers: [amount]}\n", k)
	}
	b.WriteString("tags:\n")
	for k, name := range kinds {
		for i, rule := range rules {
			fmt.Fprintf(&b, "  %s: {rule: '%s'}\n", tagName(k, i), fmt.Sprintf(rule, name))
		}
	}
	if l.segments {
		b.WriteString("segments:\n")
		for _, name := range kinds {
			for i, rule := range trackedRules {
				fmt.Fprintf(&b, "  %s: {rule: '%s'}\n", trackedName(name, i), fmt.Sprintf(rule, name))
			}
		}
	}
	if l.log {
		b.WriteString("log: {retain: 90d}\n")
	}
	return portrait.ParseModel([]byte(b.String()))
}

func trackedName(kind string, rule int) string { return fmt.Sprintf("%s tracked %d", kind, rule) }

// checkFeed holds what the feed says of a tracked segment against who is in it.
func checkFeed(ctx context.Context, s *shop) error {
	for i, rule := range trackedRules {
		sum, err := sumFeed(ctx, s.db, trackedName(kinds[0], i))
		if err != nil {
			return err
		}
		members, err := s.db.Count(ctx, segment.MustParse(fmt.Sprintf(rule, kinds[0])))
		if err != nil {
			return err
		}
		if sum.entered-sum.left != members {
			return fmt.Errorf("in the feed %d entered and %d left %q, which has %d members", sum.entered, sum.left, trackedName(kinds[0], i), members)
		}
	}
	return nil
}

// everythingOn measures what taking events in costs with all layers, with all but
// one, and with none.
func everythingOn(ctx context.Context, cfg config, dir string, report *Report) (err error) {
	const name = "everything/batch=1000"
	if !cfg.only.MatchString(name) {
		return nil
	}
	customers := max(100, cfg.profiles/10)
	dir = filepath.Join(dir, "everything")
	st := &street{raws: map[string]*rawSide{}}
	defer func() { err = errors.Join(err, st.close(), os.RemoveAll(dir)) }()
	for _, l := range layerings {
		s := &shop{
			name: l.name, dir: filepath.Join(dir, l.name), kinds: kinds[:],
			tag: func(kind string) string { return kind + " 0" }, atLeast: inMonth,
		}
		cfg.logf("%s, %s: loading %d customers", name, l.name, customers)
		model, err := l.model()
		if err != nil {
			return err
		}
		if err := s.load(ctx, model, customers); err != nil {
			return err
		}
		st.shops = append(st.shops, s)
	}
	record, err := st.addRaw("raw_pebble", filepath.Join(dir, "raw"), everything, customers)
	if err != nil {
		return err
	}
	if _, err := st.addRaw("raw_pebble_bounded", filepath.Join(dir, "raw-bounded"), bounded, cfg.profiles); err != nil {
		return err
	}
	report.Setting["everything"] = fmt.Sprintf("20 tags, of which an event touches 5, and 8 tracked segments; %d customers, %.0f bytes a record, mean; raw_pebble_bounded has %d",
		customers, record, cfg.profiles)
	events, err := st.open(ctx, cfg)
	if err != nil {
		return err
	}
	cfg.logf("%s: all in turn, %d events each", name, events)
	f, err := st.race(ctx, cfg, name, events, 2<<32)
	if err != nil {
		return err
	}
	for i, l := range layerings {
		if !l.segments {
			continue
		}
		if err := checkFeed(ctx, st.shops[i]); err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
	}
	out := newCase(name, customers, f.samples)
	out.tellCPU(f.samples)
	report.Cases = append(report.Cases, out)
	for _, raw := range []string{"raw_pebble", "raw_pebble_bounded"} {
		report.Summary["everything_beside_"+raw] = beside(f.samples[raw], f.samples[subject])
	}
	return nil
}
