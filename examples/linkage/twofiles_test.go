package main

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// halvesOf deals the records of generated people out to two files: whoever has
// two records is once in each, and a third record stays away.
func halvesOf(t *testing.T) (a, b string, shared int) {
	t.Helper()
	var left, right strings.Builder
	dealt := map[string]int{}
	for i, row := range strings.SplitAfter(generate(3, 400), "\n") {
		if i == 0 {
			left.WriteString(row)
			// The second file has its columns in another order, and one more.
			right.WriteString("note, city, email, born, surname, given, person, id\n")
			continue
		}
		cells := strings.Split(strings.TrimSpace(row), ", ")
		if len(cells) < 7 {
			continue
		}
		person := cells[6]
		switch dealt[person]++; dealt[person] {
		case 1:
			left.WriteString(row)
		case 2:
			fmt.Fprintf(&right, "x, %s, %s, %s, %s, %s, %s, %s\n", cells[5], cells[4], cells[3], cells[2], cells[1], person, cells[0])
			shared++
		}
	}
	return write(t, "a.csv", left.String()), write(t, "b.csv", right.String()), shared
}

func TestRun_two_files(t *testing.T) {
	a, b, shared := halvesOf(t)
	r := runJSON(t, "--config", config(t), "--truth", "person", a, b)
	if r.Pairs.F1 < 0.99 || r.Pairs.TruePositives+r.Pairs.FalseNegatives != int64(shared) {
		t.Errorf("pairs %+v, want all of %d", *r.Pairs, shared)
	}
	if r.Largest != 2 || r.People != 400 || strings.Join(r.Files, " ") != "a.csv b.csv" {
		t.Errorf("largest %d, %d people, files %q", r.Largest, r.People, r.Files)
	}
}

// TestRun_truth_pairs gives the same truth in both forms.
func TestRun_truth_pairs(t *testing.T) {
	a, b, shared := halvesOf(t)
	cfg := config(t)
	truth := write(t, "truth.csv", pairsOf(t, a, b))
	byColumn := runJSON(t, "--config", cfg, "--truth", "person", a, b)
	byPairs := runJSON(t, "--config", cfg, "--truth-pairs", truth, a, b)
	if *byPairs.Pairs != *byColumn.Pairs || byPairs.Pairs.TruePositives < int64(shared)*9/10 {
		t.Errorf("by pairs %+v, by column %+v", *byPairs.Pairs, *byColumn.Pairs)
	}
}

// pairsOf lists the pairs of one person across two files.
func pairsOf(t *testing.T, a, b string) string {
	t.Helper()
	var out strings.Builder
	out.WriteString("a, b\n")
	ids := map[string]string{}
	for n, path := range []string{a, b} {
		rows, _, err := readAll(path)
		if err != nil {
			t.Fatal(err)
		}
		var id, person int
		for i, name := range rows[0] {
			switch name {
			case "id":
				id = i
			case "person":
				person = i
			}
		}
		for _, row := range rows[1:] {
			if n == 0 {
				ids[row[person]] = row[id]
			} else if other, ok := ids[row[person]]; ok {
				fmt.Fprintf(&out, "%s, %s\n", other, row[id])
			}
		}
	}
	return out.String()
}

// TestRun_knows_nothing_of_the_truth shuffles the truth: nothing that is linked
// changes.
func TestRun_knows_nothing_of_the_truth(t *testing.T) {
	honest := generate(4, 300)
	rows := strings.Split(strings.TrimSpace(honest), "\n")
	for i := 1; i < len(rows); i++ {
		rows[i] = rows[i][:strings.LastIndex(rows[i], " ")] + " " + strconv.Itoa(i%7)
	}
	cfg := config(t)
	r := runJSON(t, "--config", cfg, "--truth", "person", write(t, "people.csv", honest))
	blind := runJSON(t, "--config", cfg, "--truth", "person", write(t, "people.csv", strings.Join(rows, "\n")+"\n"))
	if blind.Pairs.F1 > 0.5 {
		t.Fatalf("the truth is not shuffled: %+v", *blind.Pairs)
	}
	if blind.Model != r.Model || blind.Clusters != r.Clusters || blind.Matches != r.Matches {
		t.Errorf("with another truth %d clusters, %d matches, model %s; were %d, %d, %s",
			blind.Clusters, blind.Matches, blind.Model, r.Clusters, r.Matches, r.Model)
	}
}
