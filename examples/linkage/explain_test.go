package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRun_explain(t *testing.T) {
	file, cfg := people(t), config(t)
	page := filepath.Join(t.TempDir(), "page.html")
	r := runJSON(t, "--config", cfg, "--explain", "p3-0,p4-0", "--html", page, file)
	f := r.Explained
	if f == nil {
		t.Fatal("nothing is explained")
	}
	sum := f.Prior
	var fields []string
	for _, s := range f.Steps {
		sum += s.Weight
		fields = append(fields, s.Field)
		if s.Why == "" {
			t.Errorf("%s has no reason", s.Field)
		}
	}
	if math.Abs(sum-f.Total) > 1e-9 || f.Total >= 0 || f.Prior >= 0 {
		t.Errorf("the prior %v and the fields make %v, the weight is %v", f.Prior, sum, f.Total)
	}
	if diff := cmp.Diff([]string{"name", "born", "email", "city"}, fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if f.A != "p3-0" || f.B != "p4-0" || f.Note != "They are in different clusters." || f.Match <= f.Review {
		t.Errorf("explained is %+v", f)
	}
	text, err := os.ReadFile(page)
	if err != nil || !strings.Contains(string(text), "<bdi>p3-0</bdi> and <bdi>p4-0</bdi>") {
		t.Errorf("the page is %d bytes, %v", len(text), err)
	}
	out, _ := do(t, exitOK, "--config", cfg, "--explain", "p3-0,p4-0", file)
	for _, want := range []string{"\np3-0 and p4-0: −", "no match", "  prior ", "  born ", "  total "} {
		if !strings.Contains(out, want) {
			t.Errorf("there is no %q in\n%s", want, out)
		}
	}
}

// TestRun_review makes two people whom only a look can tell apart: they share a
// name and a city, and the rest is missing.
func TestRun_review(t *testing.T) {
	text := generate(1, 400) + "q1, anna, zimmer, 1960-01-02, , oslo, q1\nq2, anna, zimmer, , , oslo, q2\n"
	cfg := write(t, "review.yaml", testConfig+"thresholds: {match: 40, review: -10}\n")
	file := write(t, "people.csv", text)
	out, _ := do(t, exitOK, "--json", "--config", cfg, "--review", "100000", file)
	var got struct {
		Review []struct {
			A, B   string
			Weight float64
			Fields []struct{ Field, A, B string }
		} `json:"review"`
		ToReview int `json:"to_review"`
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Review) == 0 || len(got.Review) != got.ToReview {
		t.Fatalf("%d of %d pairs to review", len(got.Review), got.ToReview)
	}
	found := false
	for i, r := range got.Review {
		if i > 0 && r.Weight > got.Review[i-1].Weight+1e-4 {
			t.Errorf("pair %d weighs %v after %v", i, r.Weight, got.Review[i-1].Weight)
		}
		found = found || r.A == "q1" && r.B == "q2" && r.Fields[1].A != "" && r.Fields[1].B == ""
	}
	if !found {
		t.Error("the pair is not among those to review")
	}
	if out, _ := do(t, exitOK, "--config", cfg, "--review", "1", file); strings.Count(out, " and ") != 1 {
		t.Errorf("more or less than one pair is printed:\n%s", out)
	}
}

func TestExplain_two_files(t *testing.T) {
	whole := strings.SplitAfter(generate(1, 400), "\n")
	a := write(t, "a.csv", whole[0]+strings.Join(whole[1:300], ""))
	b := write(t, "b.csv", whole[0]+strings.Join(whole[300:], "")+whole[1])
	id, _, _ := strings.Cut(whole[1], ",")
	r := runJSON(t, "--config", config(t), "--truth", "person", "--explain", id+","+id, a, b)
	if r.Explained.A != id+" in a.csv" || r.Explained.B != id+" in b.csv" || r.Explained.Total < r.Explained.Match {
		t.Errorf("explained is %+v", r.Explained)
	}
}
