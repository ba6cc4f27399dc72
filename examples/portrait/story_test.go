package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden file")

// call is one run of the program.
type call struct {
	stdin string
	args  []string
}

const model = `
zone: Asia/Shanghai
events:
  Order Completed: {numbers: [revenue], unique: [sku]}
traits:
  city: {index: true}
  registered: {type: time, merge: min, index: true}
  orders: {compute: 'count("Order Completed")', index: true}
  revenue: {compute: 'sum("Order Completed", "revenue")', index: true}
tags:
  高价值: {rule: 'revenue >= 1000'}
  新客: {rule: 'registered >= ago("30d")'}
`

const events = `{"type":"identify","userId":"u1","messageId":"1","timestamp":"2026-06-01T08:00:00+08:00","traits":{"city":"上海","registered":"2026-06-01T08:00:00+08:00","email":"Li@Example.com"}}
{"type":"track","event":"Order Completed","userId":"u1","messageId":"2","timestamp":"2026-06-02T08:00:00+08:00","properties":{"sku":"a","revenue":999.9}}
{"type":"track","event":"Order Completed","userId":"u1","messageId":"3","timestamp":"2026-06-03T08:00:00+08:00","properties":{"sku":"b","revenue":0.1}}
{"type":"track","event":"Order Completed","userId":"u1","messageId":"3","timestamp":"2026-06-03T08:00:00+08:00","properties":{"sku":"b","revenue":0.1}}
{"type":"page","anonymousId":"b1","messageId":"4","timestamp":"2026-06-03T09:00:00+08:00"}

{"type":"track","event":"Order Completed","userId":"u2","messageId":"5","properties":{"revenue":"much"}}
{"type":"dance"}
{"type":"track","event":"Order Completed","messageId":"6"}
`

func TestStory(t *testing.T) {
	holdStory(t, "story.golden", []call{
		{args: []string{"tags"}},
		{stdin: "zone: [", args: []string{"apply", "-"}},
		{stdin: "tags:\n  a: {rule: 'orderz > 1'}\n", args: []string{"apply", "-"}},
		{stdin: model, args: []string{"apply", "-", "--dry-run"}},
		{stdin: model, args: []string{"apply", "-"}},
		{stdin: model, args: []string{"apply", "-", "--json"}},
		{args: []string{"advance", "2026-06-10"}},
		{stdin: events, args: []string{"ingest", "-"}},
		{stdin: zipped(t, events), args: []string{"ingest", "-", "--json"}},
		{args: []string{"ingest", "no-such-file"}},
		{args: []string{"count", `tag("高价值") and tag("新客")`}},
		{args: []string{"count", "true", "--json"}},
		{args: []string{"count", "false"}},
		{args: []string{"count", `city = "上海" and citi = "北京"`}},
		{args: []string{"count", `city = `}},
		{args: []string{"members", "true"}},
		{args: []string{"members", "true", "--limit", "1", "--json"}},
		{args: []string{"members", "true", "--limit=-1"}},
		{args: []string{"profile", "email:LI@example.com"}},
		{args: []string{"profile", "user_id:u1", "--json"}},
		{args: []string{"profile", "user_id:nobody"}},
		{args: []string{"profile", "nobody"}},
		{args: []string{"explain", `tag("高价值") and city in ["上海"]`, "user_id:u1"}},
		{args: []string{"explain", `city != "上海" or registered > now()`, "anonymous_id:b1"}},
		{args: []string{"explain", `tag("新客")`, "user_id:u1", "--json"}},
		{args: []string{"explain", `tag("新客")`, "user_id:nobody"}},
		{args: []string{"tags"}},
		{args: []string{"tags", "--json"}},
		{args: []string{"digest"}},
		{args: []string{"advance", "2026-06-30T15:59:59.999999Z"}},
		{args: []string{"count", `tag("新客")`}},
		{args: []string{"advance", "2026-07-01", "--json"}},
		{args: []string{"count", `tag("新客")`}},
		{args: []string{"advance", "2026-06-10"}},
		{args: []string{"advance", "someday"}},
		{args: []string{"digest", "--json"}},
		{args: []string{"check"}},
		{args: []string{"check", "--json"}},
		{args: []string{}},
		{args: []string{"dance"}},
		{args: []string{"count"}},
		{args: []string{"count", "true", "--colour"}},
	})
}

// holdStory runs the verbs one after the other on one directory and holds what
// they print against a golden file.
func holdStory(t *testing.T, golden string, calls []call) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	var story strings.Builder
	var last said
	for _, c := range calls {
		tell(t, &story, dir, c, &last)
	}
	path := filepath.Join("testdata", golden)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(story.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), story.String()); diff != "" {
		t.Errorf("the story changed (-want +got); -update writes the new one:\n%s", diff)
	}
}

// Commits are numbered as the store sees fit, hashes are keyed by its secret, and
// cursors name it.
var (
	epochs  = regexp.MustCompile(`"epoch":[0-9]+`)
	hashes  = regexp.MustCompile(`(#|"hash":")[0-9a-f]{8,}`)
	aligned = regexp.MustCompile(`commit [0-9]+ {2,}`)
	commits = regexp.MustCompile(`commit [0-9]+`)
	decides = regexp.MustCompile(`(?m)^decided in commit ([0-9]+)`)
	cursors = regexp.MustCompile(`(--since |"cursor":")([A-Za-z0-9_-]{16,})`)
	// The first revisions are of before the story pins the clock.
	firsts = regexp.MustCompile(`(?m)(^1  commit N  |"number":1,"epoch":N,"at":")[-0-9]{10}[ T][0-9:.]*Z?`)
	feeds  = regexp.MustCompile(`(?m)^ *[0-9]+(  [-0-9]{10} [:0-9]{8}  (?:event|deadline|merge|definition) )`)
)

// In the arguments of a call lastCommit stands for that of the last decision, and
// lastCursor for where the last list of changes goes on.
const (
	lastCommit = "LAST"
	lastCursor = "CURSOR"
)

// said is what earlier calls said that a later one is given.
type said struct{ commit, cursor string }

// tell runs one call, writes down what it prints, and notes what a later one needs.
func tell(t *testing.T, story *strings.Builder, dir string, c call, last *said) {
	t.Helper()
	args := []string{"--dir", dir}
	for _, arg := range c.args {
		switch arg {
		case lastCommit:
			arg = last.commit
		case lastCursor:
			arg = last.cursor
		}
		args = append(args, arg)
	}
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), args, strings.NewReader(c.stdin), &stdout, &stderr)
	fmt.Fprintf(story, "$ portrait %s\n", strings.Join(c.args, " "))
	clean := func(s string) string {
		s = hashes.ReplaceAllString(strings.ReplaceAll(s, dir, "DIR"), "${1}HASHHASH")
		s = commits.ReplaceAllString(aligned.ReplaceAllString(s, "commit N  "), "commit N")
		s = cursors.ReplaceAllString(s, "${1}CURSOR")
		s = feeds.ReplaceAllString(s, "     N$1")
		return firsts.ReplaceAllString(epochs.ReplaceAllString(s, `"epoch":N`), "${1}TIME")
	}
	if told := decides.FindStringSubmatch(stdout.String()); told != nil {
		last.commit = told[1]
	}
	if told := cursors.FindStringSubmatch(stderr.String()); told != nil {
		last.cursor = told[2]
	}
	story.WriteString(clean(stdout.String()))
	for line := range strings.Lines(clean(stderr.String())) {
		story.WriteString("! " + line)
	}
	fmt.Fprintf(story, "= %d\n\n", code)
	if len(c.args) > 0 && c.args[len(c.args)-1] == "--json" && code == exitOK && !json.Valid(stdout.Bytes()) {
		t.Errorf("%s: not one JSON value: %s", c.args, stdout.String())
	}
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
