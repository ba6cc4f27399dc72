package main

import (
	"bytes"
	"encoding/csv"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait/identity/linkage"
)

func TestJaroWinkler(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want float64
	}{
		{"martha", "marhta", 0.9611}, {"dwayne", "duane", 0.8400}, {"dixon", "dicksonx", 0.8133},
		{"same", "same", 1}, {"abc", "xyz", 0}, {"", "abc", 0}, {"", "", 0}, {"a", "a", 1},
	} {
		if got := jaroWinkler(tt.a, tt.b); math.Abs(got-tt.want) > 5e-5 {
			t.Errorf("%q and %q: %.4f, want %.4f", tt.a, tt.b, got, tt.want)
		}
	}
}

// TestCompareNames holds the loop on all cores against one pair after the other.
func TestCompareNames(t *testing.T) {
	names := []string{"martha", "marhta", "dwayne", "duane", "same"}
	want := int64(0)
	for k := range 13 {
		if jaroWinkler(names[k%5], names[(k%5+1+k/5)%5]) > 0.88 {
			want++
		}
	}
	if got := compareNames(names, 13); got != want || want == 0 {
		t.Errorf("%d are alike, want %d", got, want)
	}
}

func TestRecordMaker(t *testing.T) {
	recs, truth, err := newRecordMaker(1).records(20_000)
	if err != nil {
		t.Fatal(err)
	}
	again, same, err := newRecordMaker(1).records(20_000)
	if err != nil {
		t.Fatal(err)
	}
	if recs.Len() != 20_000 || len(truth) != 20_000 || !slices.Equal(truth, same) {
		t.Fatalf("%d records of %d people", recs.Len(), len(truth))
	}
	missing, copies, changed := 0, 0, 0
	for i := range recs.Len() {
		for _, column := range madeColumns {
			if recs.Value(i, column) != again.Value(i, column) {
				t.Fatalf("record %d differs with the same seed", i)
			}
			if recs.Value(i, column) == "" {
				missing++
			}
		}
		if i > 0 && truth[i] == truth[i-1] {
			copies++
			if recs.Value(i, "dob") != recs.Value(i-1, "dob") {
				changed++
			}
		}
	}
	if share := float64(missing) / float64(20_000*len(madeColumns)); share < 0.09 || share > 0.11 {
		t.Errorf("a share of %.3f of the values is missing, want 0.1", share)
	}
	if share := float64(copies) / 20_000; share < 0.2 || share > 0.6 {
		t.Errorf("a share of %.3f of the records is of a person who had one", share)
	}
	if share := float64(changed) / float64(copies); share < 0.2 || share > 0.4 {
		t.Errorf("dates differ in a share of %.3f of a person's records", share)
	}
}

func TestReadPeople(t *testing.T) {
	p := new(people)
	text := "id,who,surname\n1,a,watts\n2,b,Ödön\n3,a,watt\n"
	if err := p.read(csv.NewReader(strings.NewReader(text)), "who"); err != nil {
		t.Fatal(err)
	}
	if got := p.records.Columns(); !slices.Equal(got, []string{"id", "surname"}) || !slices.Equal(p.truth, []int32{0, 1, 0}) {
		t.Errorf("columns %q, people %v", got, p.truth)
	}
	p.names = "surname"
	if got := p.shortNames(); !slices.Equal(got, []string{"watts", "watt"}) {
		t.Errorf("short names %q", got)
	}
	if err := new(people).read(csv.NewReader(strings.NewReader(text)), "cluster"); err == nil {
		t.Error("no error without the column of the truth")
	}
	if err := new(people).read(csv.NewReader(bytes.NewReader(nil)), "who"); err == nil {
		t.Error("no error without a header")
	}
}

func TestProgressClock(t *testing.T) {
	began := time.Now()
	s := sample{ops: 100, elapsed: time.Hour}
	few := progressClock{first: began, last: began.Add(time.Second), from: 1, to: 2, total: 2}
	if got := few.of(s).elapsed; got != time.Hour {
		t.Errorf("too few shares: %v, want the whole", got)
	}
	many := progressClock{first: began, last: began.Add(39 * time.Second), cpuFirst: time.Second, cpuLast: 79 * time.Second, from: 1, to: 40, total: 40}
	if got := many.of(s); got.elapsed != 40*time.Second || got.cpu != 80*time.Second {
		t.Errorf("39 of 40 shares took 39 s and 78 s of processors, all %v and %v, want 40 s and 80 s", got.elapsed, got.cpu)
	}
}

// TestMadeConfig holds that generated people are told apart well enough for the
// figures to mean something.
func TestMadeConfig(t *testing.T) {
	p, err := makePeople(5_000)
	if err != nil {
		t.Fatal(err)
	}
	model, err := linkage.Train(t.Context(), p.records, p.config)
	if err != nil {
		t.Fatal(err)
	}
	linker, err := linkage.NewLinker(p.records, model)
	if err != nil {
		t.Fatal(err)
	}
	r, err := linker.Link(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	found, err := p.found(r)
	if err != nil {
		t.Fatal(err)
	}
	if f1 := found["f1"][subject]; f1 < 0.9 {
		t.Errorf("F1 is %.3f, want 0.9", f1)
	}
}
