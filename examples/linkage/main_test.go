package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// do runs the program and returns what it prints as the answer, and otherwise.
func do(t *testing.T, want int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, faults bytes.Buffer
	if code := run(t.Context(), args, &out, &faults); code != want {
		t.Fatalf("linkage %s: exit status %d, want %d: %s", strings.Join(args, " "), code, want, faults.String())
	}
	return out.String(), faults.String()
}

// people makes a file of generated people.
func people(t *testing.T) string {
	t.Helper()
	return write(t, "people.csv", generate(1, 400))
}

func config(t *testing.T) string {
	t.Helper()
	return write(t, "people.yaml", testConfig)
}

// runJSON runs the program and returns what --json prints.
func runJSON(t *testing.T, args ...string) report {
	t.Helper()
	out, _ := do(t, exitOK, append(args, "--json")...)
	var r report
	dec := json.NewDecoder(strings.NewReader(out))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRun_finds_the_people(t *testing.T) {
	file := people(t)
	r := runJSON(t, "--config", config(t), "--truth", "person", file)
	if r.Pairs.F1 < 0.99 || r.BCubed.F1 < 0.99 {
		t.Errorf("pairs %+v, B-cubed %+v", *r.Pairs, *r.BCubed)
	}
	if want := strings.Count(generate(1, 400), "\n") - 1; r.Records != want || r.People != 400 {
		t.Errorf("%d records of %d people, want %d of 400", r.Records, r.People, want)
	}
	if r.Largest != 3 || r.Compared == 0 || r.Seconds <= 0 {
		t.Errorf("largest %d, compared %d, seconds %v", r.Largest, r.Compared, r.Seconds)
	}
}

// TestRun_json_has_every_figure holds the keys that scripts rely on.
func TestRun_json_has_every_figure(t *testing.T) {
	args := []string{"--json", "--config", config(t), people(t)}
	keys := func(truth ...string) map[string]any {
		out, _ := do(t, exitOK, append(truth, args...)...)
		var got map[string]any
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			t.Fatal(err)
		}
		return got
	}
	got := keys("--truth", "person")
	for _, group := range []string{"pairs", "bcubed"} {
		for _, name := range []string{"precision", "recall", "f1"} {
			if x, ok := got[group].(map[string]any)[name].(float64); !ok || x <= 0 || x > 1 {
				t.Errorf("%s.%s is %v", group, name, got[group])
			}
		}
	}
	for _, name := range []string{"clusters", "largest", "compared", "seconds"} {
		if x, ok := got[name].(float64); !ok || x <= 0 {
			t.Errorf("%s is %v", name, got[name])
		}
	}
	blind := keys()
	if blind["pairs"] != nil || blind["bcubed"] != nil {
		t.Errorf("without a truth, pairs are %v and B-cubed is %v", blind["pairs"], blind["bcubed"])
	}
	for _, name := range []string{"clusters", "largest", "compared"} {
		if blind[name] != got[name] {
			t.Errorf("without a truth, %s is %v instead of %v", name, blind[name], got[name])
		}
	}
}

func TestRun_prints_a_table(t *testing.T) {
	out, _ := do(t, exitOK, "--config", config(t), "--truth", "person", people(t))
	for _, want := range []string{"records", " in people.csv\n", "compared", "\nclusters", "precision  recall  F1\npairs", "\nB-cubed", "Of 400 true people "} {
		if !strings.Contains(out, want) {
			t.Errorf("there is no %q in\n%s", want, out)
		}
	}
}

// TestRun_same_bytes runs twice: clusters, model, page and answer are the same.
func TestRun_same_bytes(t *testing.T) {
	file, cfg := people(t), config(t)
	var before map[string]string
	for range 2 {
		dir := t.TempDir()
		do(t, exitOK, "--config", cfg, "--truth", "person", "--out", filepath.Join(dir, "clusters.csv"), "--model", filepath.Join(dir, "model.json"),
			"--explain", "p1-0,p2-0", "--html", filepath.Join(dir, "page.html"), file)
		got := map[string]string{}
		for _, name := range []string{"clusters.csv", "model.json", "page.html"} {
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil || len(text) == 0 {
				t.Fatalf("%s: %d bytes, %v", name, len(text), err)
			}
			got[name] = string(text)
		}
		if before == nil {
			before = got
		} else if diff := cmp.Diff(before, got); diff != "" {
			t.Errorf("the second run differs:\n%s", diff)
		}
	}
}

func TestRun_out_has_every_record_once(t *testing.T) {
	file := people(t)
	path := filepath.Join(t.TempDir(), "clusters.csv")
	r := runJSON(t, "--config", config(t), "--truth", "person", "--out", path, file)
	rows, _, err := readAll(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"id", "file", "cluster", "truth"}, rows[0]); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	var ids, clusters []string
	for _, row := range rows[1:] {
		person, _, _ := strings.Cut(row[0], "-")
		if row[1] != "people.csv" || row[3] != person {
			t.Errorf("row %v", row)
		}
		ids, clusters = append(ids, row[0]), append(clusters, row[2])
	}
	slices.Sort(ids)
	if n := len(slices.Compact(ids)); n != r.Records || len(clusters) != r.Records {
		t.Errorf("%d rows with %d IDs, want %d", len(clusters), n, r.Records)
	}
	if n := len(slices.Compact(clusters)); n != r.Clusters {
		t.Errorf("%d clusters in one piece each, want %d", n, r.Clusters)
	}
}

// TestRun_model_is_used trains on one file and uses the model on another.
func TestRun_model_is_used(t *testing.T) {
	cfg, model := config(t), filepath.Join(t.TempDir(), "model.json")
	first := runJSON(t, "--config", cfg, "--truth", "person", "--model", model, people(t))
	kept, err := os.ReadFile(model)
	if err != nil {
		t.Fatal(err)
	}
	other := write(t, "others.csv", generate(2, 300))
	second := runJSON(t, "--config", cfg, "--truth", "person", "--model", model, other)
	if first.Model == "" || second.Model != first.Model || second.Training != 0 {
		t.Errorf("model %q was trained, %q used after %v s of training", first.Model, second.Model, second.Training)
	}
	if second.Pairs.F1 < 0.98 {
		t.Errorf("on other people the model gives %+v", *second.Pairs)
	}
	if now, err := os.ReadFile(model); err != nil || !bytes.Equal(now, kept) {
		t.Errorf("the model that is used has changed, %v", err)
	}
	if fresh := runJSON(t, "--config", cfg, other); fresh.Model == first.Model {
		t.Error("other people give the same model")
	}
}

func TestRun_split_by_truth(t *testing.T) {
	file, cfg := people(t), config(t)
	whole := runJSON(t, "--config", cfg, "--truth", "person", file)
	r := runJSON(t, "--config", cfg, "--truth", "person", "--split-by-truth", "7", file)
	trained := r.TrainingHalf
	if trained == nil || trained.Model != r.Model || r.Training != 0 {
		t.Fatalf("the halves are %+v and %+v", r, trained)
	}
	if r.Records+trained.Records != whole.Records || r.People+trained.People != whole.People {
		t.Errorf("the halves have %d and %d records, %d and %d people", r.Records, trained.Records, r.People, trained.People)
	}
	if min(r.People, trained.People) < 150 {
		t.Errorf("the halves have %d and %d people", r.People, trained.People)
	}
	if r.Pairs.F1 < 0.98 {
		t.Errorf("the other half has %+v", *r.Pairs)
	}
	if again := runJSON(t, "--config", cfg, "--truth", "person", "--split-by-truth", "8", file); again.Records == r.Records && again.Model == r.Model {
		t.Error("another seed gives the same halves")
	}
	out, _ := do(t, exitOK, "--config", cfg, "--truth", "person", "--split-by-truth", "7", file)
	if strings.Count(out, "B-cubed") != 2 || !strings.Contains(out, "\nthe other half\n") {
		t.Errorf("the halves are printed as\n%s", out)
	}
}
