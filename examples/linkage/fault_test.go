package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun_refuses_wrong_usage(t *testing.T) {
	file, cfg := people(t), config(t)
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"no configuration", []string{file}, "missing flags: --config=FILE.yaml"},
		{"no records", []string{"--config", cfg}, `expected "<records.csv> ..."`},
		{"three files", []string{"--config", cfg, file, file, file}, "3 files of records"},
		{"two truths", []string{"--config", cfg, "--truth", "person", "--truth-pairs", file, file}, "--truth and --truth-pairs exclude each other"},
		{"a pattern for nothing", []string{"--config", cfg, "--truth-pattern", "(x)", file}, "--truth-pattern needs --truth"},
		{"a pattern without a group", []string{"--config", cfg, "--truth", "person", "--truth-pattern", "x", file}, "has no group"},
		{"halves without a truth", []string{"--config", cfg, "--split-by-truth", "1", file}, "--split-by-truth needs --truth"},
		{"clusters of halves", []string{"--config", cfg, "--truth", "person", "--split-by-truth", "1", "--out", "x", file}, "--split-by-truth only reports"},
		{"one ID", []string{"--config", cfg, "--explain", "p1-0", file}, "--explain has 1 IDs"},
		{"a page of nothing", []string{"--config", cfg, "--html", "x", file}, "--html needs --explain"},
		{"a negative review", []string{"--config", cfg, "--review=-1", file}, "--review must not be negative"},
		{"the truth is compared", []string{"--config", cfg, "--truth", "city", file}, `people.yaml reads the column "city", which is the truth`},
		{"the truth is blocked on", []string{"--config", cfg, "--truth", "email", file}, `people.yaml reads the column "email", which is the truth`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, stderr := do(t, exitUsage, tt.args...); !strings.Contains(stderr, tt.want) {
				t.Errorf("got %s, want ...%s...", stderr, tt.want)
			}
		})
	}
}

func TestRun_errors_name_the_place(t *testing.T) {
	file, cfg := people(t), config(t)
	altered := func(old, replacement string) string {
		if !strings.Contains(testConfig, old) {
			t.Fatalf("the configuration has no %s", old)
		}
		return write(t, "bad.yaml", strings.Replace(testConfig, old, replacement, 1))
	}
	headed := write(t, "head.csv", "id,given,surname,born,email,city\n")
	ragged := write(t, "ragged.csv", "id,given,surname,born,email,city\n1,a,b\n")
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"no such configuration", []string{"--config", "missing.yaml", file}, "open missing.yaml: no such file"},
		{"no such file", []string{"--config", cfg, "missing.csv"}, "open missing.csv: no such file"},
		{"a folder", []string{"--config", cfg, t.TempDir()}, "is a directory"},
		{"YAML that is none", []string{"--config", write(t, "bad.yaml", "id: id\ncomparisons: [\n"), file}, "bad.yaml: config: [2:"},
		{"an unknown key", []string{"--config", altered("comparisons:", "comparison:"), file}, `bad.yaml: config: [3:1] unknown field "comparison"`},
		{"an unknown column", []string{"--config", altered("columns: [city]", "columns: [citty]"), file}, `people.csv has no column "citty", which `},
		{"an unknown ID column", []string{"--config", altered("id: id", "id: key"), file}, `people.csv has no column "key", which `},
		{"an unknown truth", []string{"--config", cfg, "--truth", "persons", file}, `people.csv has no column "persons", which is named as the truth; did you mean "person"?`},
		{"no records", []string{"--config", cfg, headed}, "head.csv has no records"},
		{"no records in the first file", []string{"--config", cfg, headed, file}, "head.csv has no records to link with"},
		{"no records in the second file", []string{"--config", cfg, file, headed}, "head.csv has no records"},
		{"a ragged row", []string{"--config", cfg, ragged}, "ragged.csv, line 2: 3 fields, but the header names 6 columns"},
		{"an unknown pair", []string{"--config", cfg, "--explain", "p1-0,p9999-0", file}, `--explain: no record of people.csv has the ID "p9999-0"`},
		{"clusters nowhere", []string{"--config", cfg, "--out", filepath.Join(t.TempDir(), "no", "x.csv"), file}, "no such file or directory"},
		{"a page nowhere", []string{"--config", cfg, "--explain", "p1-0,p2-0", "--html", filepath.Join(t.TempDir(), "no", "x.html"), file}, "no such file or directory"},
		{"a model that is none", []string{"--config", cfg, "--model", write(t, "model.json", "{]"), file}, "model.json: model: invalid character"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stdout, stderr := do(t, exitError, tt.args...)
			if !strings.Contains(stderr, tt.want) || stdout != "" {
				t.Errorf("got %s and %q, want ...%s...", stderr, stdout, tt.want)
			}
		})
	}
}

// TestRun_refuses_a_model_of_another_configuration keeps a model from scoring
// what it was not trained to.
func TestRun_refuses_a_model_of_another_configuration(t *testing.T) {
	file, model := people(t), filepath.Join(t.TempDir(), "model.json")
	do(t, exitOK, "--config", config(t), "--model", model, file)
	other := write(t, "other.yaml", strings.Replace(testConfig, "{kind: text, columns: [city]}", "{kind: exact, columns: [city]}", 1))
	_, stderr := do(t, exitError, "--config", other, "--model", model, file)
	if !strings.Contains(stderr, "model.json was trained with another configuration than "+other+": Comparisons.4.Kind is text, not exact. Keep") {
		t.Errorf("got %s", stderr)
	}
}

func TestRun_help(t *testing.T) {
	out, _ := do(t, exitOK, "--help")
	for _, want := range []string{"<records.csv> ...", "--config=FILE.yaml", "--truth=COLUMN", "--truth-pairs=FILE.csv", "--split-by-truth=SEED", "--explain=ID1,ID2"} {
		if !strings.Contains(out, want) {
			t.Errorf("the help does not have %s:\n%s", want, out)
		}
	}
}

// TestConfigs_read_all asks of the configurations in this folder only that they
// can be read; what they achieve, TestData holds.
func TestConfigs_read(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("configs", "*.yaml"))
	if err != nil || len(paths) < 4 {
		t.Fatalf("%d configurations, %v", len(paths), err)
	}
	for _, path := range paths {
		c := command{Config: path}
		cfg, err := c.configuration()
		if err != nil {
			t.Error(err)
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if cfg.ID == "" || !strings.HasPrefix(string(text), "# ") {
			t.Errorf("%s names no ID or does not say what it is for", path)
		}
	}
}
