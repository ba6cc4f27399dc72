package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"math/bits"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestMain lets the test binary be the process that the suite cold kills.
func TestMain(m *testing.M) {
	runChild()
	os.Exit(m.Run())
}

// TestSuites runs each suite at its smoke size. The suites themselves compare
// the answers of their contenders and fail where they differ.
func TestSuites(t *testing.T) {
	for suite, want := range map[string]struct{ cases, contenders []string }{
		"ingest": {
			cases: []string{
				"uniform/batch=1", "uniform/batch=100", "uniform/batch=1000", "uniform/batch=10000",
				"sessions/batch=1", "sessions/batch=100", "sessions/batch=1000", "sessions/batch=10000", "hot/batch=1000",
			},
			contenders: []string{"portrait", "raw_pebble"},
		},
		"identity": {
			cases: []string{
				"resolve/bounded/profile", "resolve/bounded/ingest/ids=1/batch=1", "resolve/bounded/ingest/ids=1/batch=1000",
				"resolve/bounded/ingest/ids=2-3/batch=1", "resolve/bounded/ingest/ids=2-3/batch=1000",
				"resolve/cached/profile", "resolve/cached/ingest/ids=1/batch=1", "resolve/cached/ingest/ids=1/batch=1000",
				"resolve/cached/ingest/ids=2-3/batch=1", "resolve/cached/ingest/ids=2-3/batch=1000",
				"hot/shared/events=2", "hot/shared/events=20", "hot/shared/events=200", "hot/shared/events=2000",
				"hot/demote/events=2", "hot/demote/events=20", "hot/demote/events=200", "hot/demote/events=2000",
				"hot/generic/events=2", "hot/generic/events=20", "hot/generic/events=200", "hot/generic/events=2000",
				"hot/newest/events=2", "hot/newest/events=20", "hot/newest/events=200", "hot/newest/events=2000",
				"hot/newest-crowd/events=2", "hot/newest-crowd/events=20",
				"chain/events", "chain/events-backwards", "chain/links", "late/random-order",
			},
			contenders: []string{"portrait"},
		},
		"tags": {
			cases: []string{
				"width/tags=20", "width/tags=200", "width/tags=2000", "width/tags=200/spread", "width/tags=2000/spread",
				"everything/batch=1000", "midnight/tags", "midnight/tracked", "backfill/lasting", "backfill/window", "backfill/log", "state/generated",
			},
			contenders: []string{"portrait"},
		},
		"linkage": {
			cases:      []string{"compare/generated/cores=1", "compare/generated/cores=all", "scale/records=200", "scale/records=2000"},
			contenders: []string{"portrait"},
		},
		"algebra": {
			cases:      slices.Concat([]string{"and-6", "or-6", "mixed-or", "mixed-andnot"}, familyNames()),
			contenders: []string{"portrait", "roaring"},
		},
		"range": {
			cases:      namesOf(rangeQuestions()),
			contenders: []string{"portrait", "column_scan", "memory_floor"},
		},
		"groupby": {
			cases:      namesOf(groupQuestions()),
			contenders: []string{"portrait", "column_scan", "kelindar_column", "memory_floor"},
		},
		"insight": {cases: append([]string{scoreReading}, readingNames...), contenders: []string{"portrait"}},
		"memory": {
			cases: slices.Concat(memoryNames(), []string{"column/20-bits", "column/cents", "column/times", "column/doubles"}),
		},
		"cold": {
			cases:      []string{"open/after-close", "open/after-kill"},
			contenders: []string{"portrait"},
		},
		"geo": {
			cases:      []string{"near/3km", "near/100km", "within/1000-circles", "within/polygon", "within/coast-1000", "within/coast-3000", "within/coast-20000"},
			contenders: []string{"portrait", "plain_scan"},
		},
		"idlist": {cases: []string{"upload/alone", "upload/writing"}, contenders: []string{"portrait"}},
		"mixed": {
			cases: []string{
				"count/4-tags", "ingest/count/4-tags", "count/4-tags/due-each-ms", "ingest/count/4-tags/due-each-ms",
				"counts/100-segments", "ingest/counts/100-segments", "profile", "ingest/profile",
			},
			contenders: []string{"portrait"},
		},
		"batch": {
			cases:      []string{"mixed/independent", "mixed/shared", "dense/independent", "dense/shared"},
			contenders: []string{"portrait", "one_by_one", "roaring"},
		},
	} {
		t.Run(suite, func(t *testing.T) {
			var out bytes.Buffer
			args := []string{suite, "--smoke", "--json", "--dir", t.TempDir()}
			if err := run(t.Context(), args, &out, io.Discard); err != nil {
				t.Fatal(err)
			}
			var report struct {
				Suite   string
				Machine map[string]any
				Cases   []struct {
					Name     string
					Profiles int
					Ns       map[string]float64 `json:"ns_per_op"`
					Allocs   map[string]float64 `json:"allocs_per_op"`
					Ratio    map[string]float64
				}
			}
			if err := json.Unmarshal(out.Bytes(), &report); err != nil {
				t.Fatalf("no JSON: %v\n%s", err, out.Bytes())
			}
			if report.Suite != suite || report.Machine["cpu"] == "" || report.Machine["go"] == "" {
				t.Errorf("suite %q on machine %v", report.Suite, report.Machine)
			}
			var names []string
			for _, c := range report.Cases {
				names = append(names, c.Name)
				if c.Profiles == 0 {
					t.Errorf("%s: no number of profiles", c.Name)
				}
				contenders := want.contenders
				if suite == "mixed" && !strings.HasPrefix(c.Name, "ingest/") {
					contenders = append(slices.Clip(contenders), busyName, loopsName)
				}
				for _, who := range contenders {
					if _, ok := c.Allocs[who]; !ok || c.Ns[who] <= 0 {
						t.Errorf("%s: %s has %v ns and %v allocs", c.Name, who, c.Ns[who], c.Allocs[who])
					}
					if r := c.Ns[who] / c.Ns[subject]; who != subject && math.Abs(c.Ratio[who]-r) > 1e-9*r {
						t.Errorf("%s: ratio of %s is %v, want %v", c.Name, who, c.Ratio[who], r)
					}
				}
			}
			if !slices.Equal(names, want.cases) {
				t.Errorf("cases %q, want %q", names, want.cases)
			}
		})
	}
}

func namesOf(questions []question) []string {
	var out []string
	for _, q := range questions {
		out = append(out, q.name)
	}
	return out
}

func memoryNames() []string {
	var out []string
	for _, f := range memoryFamilies(config{}) {
		out = append(out, "loaded/"+f.name, "changed/"+f.name)
	}
	return out
}

// familyNames are the cases of sparse and clustered data.
func familyNames() []string {
	var out []string
	for _, f := range families {
		for _, s := range shapes {
			out = append(out, f.name+"/"+s.name)
		}
	}
	return out
}

// TestFamilies holds what is drawn against what it is said to be.
func TestFamilies(t *testing.T) {
	const profiles = 2_000_000
	for name, tt := range map[string]struct {
		draw        func(*rand.Rand, int, int) []uint32
		nth         int
		share, runs float64
	}{
		"scattered":               {scattered(0.03), 0, 0.03, 1.03},
		"clustered":               {clustered(0.1, 50), 0, 0.1, 50},
		"long runs":               {clustered(0.4, 1000), 0, 0.4, 1000},
		"asked for, the first":    {drawnAs(t, "density=0.2,runs=30,skew=1"), 0, 0.2, 30},
		"asked for, the fourth":   {drawnAs(t, "density=0.2,runs=30,skew=1"), 3, 0.05, 30},
		"asked for, without runs": {drawnAs(t, "density=0.03"), 5, 0.03, 1.03},
	} {
		members := tt.draw(rand.New(rand.NewPCG(1, 2)), profiles, tt.nth)
		runs := 0
		for i, x := range members {
			if i > 0 && x <= members[i-1] {
				t.Fatalf("%s: %d after %d", name, x, members[i-1])
			}
			if i == 0 || x != members[i-1]+1 {
				runs++
			}
		}
		share, length := float64(len(members))/profiles, float64(len(members))/float64(runs)
		if math.Abs(share-tt.share) > 0.15*tt.share || math.Abs(length-tt.runs) > 0.15*tt.runs {
			t.Errorf("%s: %.3f of all in runs of %.1f, want %.3f and %.1f", name, share, length, tt.share, tt.runs)
		}
	}
}

func TestTable(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"algebra", "--smoke", "--profiles", "70000", "--only", "^or"}, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"or-6", "memory_floor", "ratio"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in the table:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "and-6") {
		t.Errorf("a case that was not asked for:\n%s", out.String())
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{
		nil, {"fly"}, {"ingest", "extra"}, {"ingest", "--profiles", "0"}, {"algebra", "--rounds", "0"},
		{"algebra", "--seconds", "0"}, {"identity", "extra"}, {"algebra", "--only", "("}, {"algebra", "--no-such-flag"},
	} {
		if err := run(t.Context(), args, io.Discard, io.Discard); !errors.Is(err, errUsage) {
			t.Errorf("%q: error %v, want the usage", args, err)
		}
	}
}

// TestFloor holds every kernel of this machine against the plain loop.
func TestFloor(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, steps := range []int{0, 1, 2, 7} {
		data := make([]byte, steps*floorStep)
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		var want uint64
		for i, b := range data {
			want ^= uint64(b) << (i % 8 * 8)
		}
		for name, kernel := range floorKernels() {
			if got := kernel(data); got != want {
				t.Errorf("%s of %d bytes is %x, want %x", name, len(data), got, want)
			}
		}
	}
}

// TestExpressions holds the sets of roaring and of Portrait against counting
// profile by profile.
func TestExpressions(t *testing.T) {
	const profiles = 150_000
	bitmaps := randomBitmaps(profiles)
	want := map[string]uint64{}
	for i := range uint32(profiles) {
		in := map[int]bool{}
		for percent, b := range bitmaps {
			in[percent] = b.Contains(i)
		}
		for name, yes := range map[string]bool{
			"and-6":        in[30] && in[10] && in[50] && in[1] && in[5] && in[20],
			"or-6":         in[30] || in[10] || in[50] || in[1] || in[5] || in[20],
			"mixed-or":     (in[30] || in[10]) && in[50] && !in[1] || in[5] && in[20],
			"mixed-andnot": (in[30] || in[10]) && in[50] && in[20] && !in[1] && !in[5],
		} {
			if yes {
				want[name]++
			}
		}
	}
	for _, percent := range densities {
		share := float64(bitmaps[percent].GetCardinality()) / profiles
		if math.Abs(share*100-float64(percent)) > 0.5 {
			t.Errorf("the bitmap of %d %% holds %.2f %%", percent, share*100)
		}
	}
	index, err := newIndex(bitmaps, profiles)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range expressions {
		ours, theirs := ask(t.Context(), e, index, bitmaps)
		if got, err := ours(); got != want[e.name] || err != nil {
			t.Errorf("%s: portrait counts %d (error: %v), want %d", e.name, got, err, want[e.name])
		}
		if got := theirs(); got != want[e.name] {
			t.Errorf("%s: roaring counts %d, want %d", e.name, got, want[e.name])
		}
	}
}

func TestStream(t *testing.T) {
	for _, p := range []pattern{uniform, sessions, hot} {
		a, b := newStream(p, 10_000, 7).take(4_000), newStream(p, 10_000, 7).take(4_000)
		if !slices.Equal(a, b) {
			t.Errorf("%s: the same seed gives other touches", p.name)
		}
		runs := 1
		var seen [10_000]bool
		for i := range a {
			seen[a[i].customer] = true
			if i > 0 && a[i].customer != a[i-1].customer {
				runs++
			}
		}
		if want := len(a) / p.session; runs < want*99/100 || runs > want {
			t.Errorf("%s: %d customers in a row, want about %d", p.name, runs, want)
		}
		if p.among > 0 && slices.Contains(seen[p.among:], true) {
			t.Errorf("%s: a customer beyond the first %d", p.name, p.among)
		}
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		in   []float64
		want float64
	}{{[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 2, 9}, 3}} {
		if got := median(c.in); got != c.want {
			t.Errorf("median of %v is %v, want %v", c.in, got, c.want)
		}
	}
}

func TestRawKeys(t *testing.T) {
	seen := map[string]bool{}
	ones := 0
	for i := range uint32(1_000) {
		key := appendRawKey(nil, i)
		if len(key) != 17 || seen[string(key)] {
			t.Fatalf("key %x of %d", key, i)
		}
		seen[string(key)] = true
		ones += bits.OnesCount8(key[1])
	}
	if ones < 3_700 || ones > 4_300 {
		t.Errorf("the first bytes of keys have %d of 8,000 bits set: they are not scattered", ones)
	}
}

func TestQuantile(t *testing.T) {
	l := laps{5, 1, 4, 2, 3}
	for q, want := range map[float64]float64{0: 1, 0.2: 1, 0.5: 3, 0.99: 5, 1: 5} {
		if got := l.quantile(q); got != want {
			t.Errorf("quantile %v of %v is %v, want %v", q, l, got, want)
		}
	}
}
