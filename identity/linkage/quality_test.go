package linkage

import (
	"encoding/csv"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	files "github.com/portraitdb/portrait/internal/published"
)

// published is a data set with a known truth, and what linking it must reach: on all
// of it and on the half of its people that the model was not trained on.
type published struct {
	config, truth string
	files         []string
	f1, bcubed    float64
	precision     float64
	largest       int
}

var datasets = map[string]published{
	"febrl dataset1":    {config: "febrl.yaml", truth: "rec_id", files: []string{"dataset1.csv"}, f1: 0.998, bcubed: 0.998, precision: 0.998, largest: 2},
	"febrl dataset2":    {config: "febrl.yaml", truth: "rec_id", files: []string{"dataset2.csv"}, f1: 0.998, bcubed: 0.998, precision: 0.998, largest: 6},
	"febrl dataset4":    {config: "febrl4.yaml", truth: "rec_id", files: []string{"dataset4a.csv", "dataset4b.csv"}, f1: 0.999, bcubed: 0.999, precision: 0.999, largest: 2},
	"splink fake_1000":  {config: "fake_1000.yaml", truth: "cluster", files: []string{"fake_1000.csv"}, f1: 0.96, bcubed: 0.96, precision: 0.98, largest: 8},
	"splink historical": {config: "historical.yaml", truth: "cluster", files: []string{"historical_dev.csv.gz"}, f1: 0.93, bcubed: 0.93, precision: 0.98, largest: 60},
}

// dataFile returns the content of a published file, or skips where it is not there.
func dataFile(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := io.ReadAll(files.Open(tb, "linkage/"+name))
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// load returns the configuration of a data set, and the records and true people of
// those that keep accepts.
func (d published) load(tb testing.TB, keep func(person string) bool) (Config, *Records, []string) {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "examples", "linkage", "configs", d.config))
	if err != nil {
		tb.Fatal(err)
	}
	c, err := ParseConfig(text)
	if err != nil {
		tb.Fatal(err)
	}
	pattern := regexp.MustCompile(c.TruthPattern)
	var recs *Records
	var truth []string
	for i, name := range d.files {
		rows, err := csv.NewReader(strings.NewReader(string(dataFile(tb, name)))).ReadAll()
		if err != nil {
			tb.Fatal(err)
		}
		if i == 0 {
			recs, err = NewRecords(rows[0]...)
		} else {
			err = recs.StartSecondList()
		}
		if err != nil {
			tb.Fatal(err)
		}
		column := slices.Index(recs.Columns(), d.truth)
		for _, row := range rows[1:] {
			person := strings.TrimSpace(row[column])
			if c.TruthPattern != "" {
				person = pattern.FindStringSubmatch(person)[1]
			}
			if !keep(person) {
				continue
			}
			if _, err := recs.Add(row...); err != nil {
				tb.Fatal(err)
			}
			truth = append(truth, person)
		}
	}
	return c, recs, truth
}

// inHalf reports whether a person is in one half of all people, by a hash.
func inHalf(person string, half uint32) bool {
	h := fnv.New32a()
	h.Write([]byte(person))
	return h.Sum32()>>7&1 == half
}

// TestQuality links published data sets with their documented configurations: whole,
// and one half of the people with what was learnt from the other.
func TestQuality(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: trains and links five published data sets twice, some ten seconds")
	}
	for name, d := range datasets {
		t.Run(name, func(t *testing.T) {
			c, recs, truth := d.load(t, func(string) bool { return true })
			l, res := linked(t, recs, c, nil)
			d.check(t, "all people", recs, truth, res)
			checkPairs(t, l, res)

			_, half, _ := d.load(t, func(person string) bool { return inHalf(person, 0) })
			m, err := Train(t.Context(), half, c)
			if err != nil {
				t.Fatal(err)
			}
			_, rest, truth := d.load(t, func(person string) bool { return inHalf(person, 1) })
			other, err := NewLinker(rest, m)
			if err != nil {
				t.Fatal(err)
			}
			if res, err = other.Link(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			d.check(t, "people not trained on", rest, truth, res)
		})
	}
}

func (d published) check(t *testing.T, who string, recs *Records, truth []string, res *Result) {
	t.Helper()
	ev, err := Evaluate(res.Clusters, truth, EvaluationOptions{Split: int32(recs.SecondList())})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: precision %.4f, recall %.4f, F1 %.4f, B-cubed F1 %.4f, largest %d, %d compared", who,
		ev.Pairs.Precision, ev.Pairs.Recall, ev.Pairs.F1, ev.BCubed.F1, ev.Largest, res.Counts.Compared)
	if ev.Pairs.F1 < d.f1 || ev.BCubed.F1 < d.bcubed || ev.Pairs.Precision < d.precision || ev.Largest > d.largest {
		t.Errorf("%s: want F1 >= %v, B-cubed F1 >= %v, precision >= %v, largest <= %d", who, d.f1, d.bcubed, d.precision, d.largest)
	}
}

// checkPairs looks for review pairs that are joined, and kept pairs whose
// weight is not what Score says.
func checkPairs(t *testing.T, l *Linker, res *Result) {
	t.Helper()
	for i := 0; i < len(res.Pairs); i += 97 {
		e := res.Pairs[i]
		if w := l.Score(int(e.A), int(e.B)).Weight; float32(w) != e.Weight {
			t.Fatalf("pair %v: taken apart, it weighs %v", e, w)
		}
	}
	for _, e := range res.Review {
		if res.Clusters[e.A] == res.Clusters[e.B] {
			t.Fatalf("pair %v is joined, and to be reviewed", e)
		}
	}
}
