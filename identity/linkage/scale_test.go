package linkage

import (
	"flag"
	"runtime"
	"testing"
	"time"
)

var long = flag.Bool("long", false, "link a million records")

// TestLink_Scale links many records: time and memory must stay in proportion.
func TestLink_Scale(t *testing.T) {
	n := 30_000
	if *long {
		n = 1_000_000
	}
	if testing.Short() {
		n = 5_000
	}
	c := peopleConfig()
	c.Training.RandomPairs = 0 // The default.
	c.Blocking.Keys = append(c.Blocking.Keys, "soundex(surname) + postcode", "given + city", "surname + year(dob)")
	recs, truth := newPeople(1).records(t, n)
	start := time.Now()
	m, err := Train(t.Context(), recs, c)
	if err != nil {
		t.Fatal(err)
	}
	trained := time.Now()
	l, err := NewLinker(recs, m)
	if err != nil {
		t.Fatal(err)
	}
	res, err := l.Link(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	linked := time.Now()
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	ev, err := Evaluate(res.Clusters, truth, EvaluationOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d records: trained in %v, linked in %v, %d MiB of the system; %+v; P %.4f R %.4f, largest %d",
		n, trained.Sub(start), linked.Sub(trained), mem.Sys>>20, res.Counts, ev.Pairs.Precision, ev.Pairs.Recall, ev.Largest)
	if ev.Pairs.Precision < 0.99 || ev.Pairs.Recall < 0.95 {
		t.Errorf("precision %.4f, recall %.4f, want at least 0.99 and 0.95", ev.Pairs.Precision, ev.Pairs.Recall)
	}
	if perRecord := mem.Sys / uint64(n); *long && perRecord > 6000 {
		t.Errorf("%d bytes a record", perRecord)
	}
}
