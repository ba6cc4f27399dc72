package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/internal/published"
	"github.com/portraitdb/portrait/lifecycle/value"
)

// answer is what --json promises.
type answer struct {
	Customers int `json:"customers"`
	Models    map[string]struct {
		Params  map[string]float64 `json:"params"`
		LL      float64            `json:"ll"`
		Holdout *struct {
			Total, Actual, MAE, Corr float64
			Bins                     []value.Bin
		} `json:"holdout"`
		Tracking []float64 `json:"tracking"`
		Seconds  float64   `json:"seconds"`
		Error    string    `json:"error"`
	} `json:"models"`
	Tracking []int `json:"tracking"`
}

// ask runs the program with --json.
func ask(t *testing.T, args ...string) answer {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), append(args, "--json"), &stdout, &stderr); code != exitOK {
		t.Fatalf("exit status %d: %s", code, stderr.String())
	}
	var a answer
	d := json.NewDecoder(&stdout)
	if err := d.Decode(&a); err != nil {
		t.Fatal(err)
	}
	return a
}

func cdnow(t *testing.T, more ...string) answer {
	t.Helper()
	return ask(t, append([]string{
		"--transactions", published.File(t, "cdnow/CDNOW_sample.txt"), "--format", "cdnow", "--unit", "week",
		"--calibration-end", "1997-09-30", "--holdout-end", "1998-06-30",
	}, more...)...)
}

// What is published of CDNOW, from its purchases to the holdout.
func TestCDNOW(t *testing.T) {
	a := cdnow(t)
	if a.Customers != 2357 || len(a.Tracking) != 78 || a.Tracking[38] != 2457 || a.Tracking[77] != 4339 {
		t.Errorf("%d customers, tracking %v", a.Customers, a.Tracking)
	}
	for name, want := range map[string]struct {
		params              map[string]float64
		ll, total, mae, end float64
	}{
		"bgnbd":      {map[string]float64{"r": 0.242595, "alpha": 4.413602, "a": 0.792922, "b": 2.425907}, -9582.429207, 1653.41, 0.7855, 4165.63},
		"mbgnbd":     {map[string]float64{"r": 0.524844, "alpha": 6.183090, "a": 0.891359, "b": 1.614}, -9582.135716, 1576.73, 0.7648, 0},
		"paretonbd":  {map[string]float64{"r": 0.553277, "alpha": 10.577682, "s": 0.606240, "beta": 11.668749}, -9594.976179, 1665.51, 0.7545, 0},
		"gammagamma": {map[string]float64{"p": 6.249571, "q": 3.744225, "v": 15.443527}, -4055.917695, 0, 0, 0},
	} {
		m := a.Models[name]
		if m.Error != "" || len(m.Params) != len(want.params) || math.Abs(m.LL-want.ll) > 1e-5 {
			t.Errorf("%s: %+v", name, m)
		}
		for param, v := range want.params {
			if math.Abs(m.Params[param]-v) > 1e-4 {
				t.Errorf("%s: %s is %v, want %v", name, param, m.Params[param], v)
			}
		}
		if h := m.Holdout; h == nil || want.total > 0 && (math.Abs(h.Total-want.total) > 0.005 || h.Actual != 1882 || math.Abs(h.MAE-want.mae) > 5e-5 || len(h.Bins) != 8) {
			t.Errorf("%s: holdout %+v", name, h)
		}
		if want.end > 0 && math.Abs(m.Tracking[77]-want.end) > 0.05 {
			t.Errorf("%s: week 78 is %v, want %v", name, m.Tracking[77], want.end)
		}
		if !(m.Seconds > 0) {
			t.Errorf("%s took %v s", name, m.Seconds)
		}
	}
}

// ignoreTime leaves out how long a fit took.
var ignoreTime = cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Seconds" }, cmp.Ignore())

// Through the store come the same numbers, to the last bit.
func TestCDNOW_through_library(t *testing.T) {
	if diff := cmp.Diff(cdnow(t), cdnow(t, "--through-library"), ignoreTime); diff != "" {
		t.Error(diff)
	}
}

// shopFile writes random purchases, several on one day among them, with a header,
// gzipped, and returns the path.
func shopFile(t *testing.T, customers int) string {
	t.Helper()
	random := rand.New(rand.NewPCG(11, 12))
	var text strings.Builder
	text.WriteString("Order Date,Value,Note,Customer_ID\n")
	for c := range customers {
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, random.IntN(100))
		rate, quit := random.ExpFloat64()*20, math.Pow(random.Float64(), 3)
		spend := math.Exp(random.NormFloat64())
		for {
			for range 1 + random.IntN(5)/4 {
				fmt.Fprintf(&text, "%s,%.2f,\"a, b\",c%03d\n", at.Format(time.DateTime), spend*(5+random.ExpFloat64()), c)
				at = at.Add(time.Duration(random.IntN(3600)) * time.Second)
			}
			at = at.Add(time.Duration(float64(24*time.Hour) * (0.5 + random.ExpFloat64()*(2+rate))))
			if random.Float64() < quit || at.Year() > 2026 {
				break
			}
		}
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write([]byte(text.String())); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "orders.csv.gz")
	if err := os.WriteFile(path, packed.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCSV_through_library(t *testing.T) {
	path := shopFile(t, 150)
	for _, args := range [][]string{
		{"--transactions", path, "--calibration-end", "2026-06-30", "--holdout-end", "2026-07-16"},
		{"--transactions", path, "--calibration-end", "2026-06-30", "--unit", "week", "--holdout-end", "2026-12-31"},
		{"--transactions", path, "--calibration-end", "2026-02-03", "--unit", "week"},
	} {
		t.Run(strings.Join(args[2:], " "), func(t *testing.T) {
			direct := ask(t, args...)
			if direct.Customers == 0 || len(direct.Models) != 4 {
				t.Errorf("got %+v", direct)
			}
			if diff := cmp.Diff(direct, ask(t, append(args, "--through-library")...), ignoreTime); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRead(t *testing.T) {
	day := time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		name, format, text string
		want               []value.Transaction
		err                string
	}{
		{"no header", "csv", "ann,2026-03-05,2.50\n", []value.Transaction{{Customer: "ann", Time: day, Amount: 2.5}}, ""},
		{"no amount", "csv", "ann,2026/03/05\n", []value.Transaction{{Customer: "ann", Time: day}}, ""},
		{"header in another order", "csv", "\ufeffdate,id\n20260305,ann\n", []value.Transaction{{Customer: "ann", Time: day}}, ""},
		{"a time of day", "csv", "客户,时间,金额\nann,2026-03-05T00:00:00+00:00,\n", []value.Transaction{{Customer: "ann", Time: day}}, ""},
		{"nothing", "csv", "", nil, ""},
		{"one column", "csv", "ann\n", nil, "line 1 has one column"},
		{"unknown header", "csv", "who,when\nann,2026-03-05\n", nil, "line 1 names no customer and date"},
		{"a bad date", "csv", "customer,date\nann,2026-03-05\nann,yesterday\n", nil, `line 3: "yesterday" is no date`},
		{"a bad amount", "csv", "ann,2026-03-05,1\nann,2026-03-05,much\n", nil, `line 2: "much" is no amount`},
		{"nobody", "csv", "ann,2026-03-05\n ,2026-03-05\n", nil, "line 2: no customer"},
		{"a short line", "csv", "ann,2026-03-05,1\nann\n", nil, "wrong number of fields"},
		{"sample", "cdnow", " 00004 0001 20260305  2   29.33\r\n", []value.Transaction{{Customer: "0001", Time: day, Amount: 29.33}}, ""},
		{"master", "cdnow", " customer_id  date number_of_cds  dollar_value\n 00001 20260305 1 11.77\n\n", []value.Transaction{{Customer: "00001", Time: day, Amount: 11.77}}, ""},
		{"no cdnow", "cdnow", "00001 20260305\n", nil, "line 1 has 2 columns"},
		{"a bad line", "cdnow", "1 20260305 1 1\n1 2026 1 1\n", nil, `line 2: "2026" is no date`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := readFile(path, tt.format)
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Fatalf("got %v, want %q", err, tt.err)
			}
			for i := range got {
				got[i].Time = got[i].Time.UTC()
			}
			if diff := cmp.Diff(tt.want, got); tt.err == "" && diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Data that no model can be fitted to are no error of the program.
func TestRun_unfit_data(t *testing.T) {
	for name, text := range map[string]string{
		"no repeat buyers": "a,2026-01-01,1\nb,2026-02-01,2\nc,2026-02-03,2\n",
		"one customer":     "a,2026-01-01,1\na,2026-02-01,2\n",
		"refunds":          "a,2026-01-01,1\na,2026-02-01,-2\nb,2026-02-01,2\nb,2026-02-05,2\n",
		"no amounts":       "a,2026-01-01\na,2026-02-01\nb,2026-02-01\n",
		"all identical":    "a,2026-01-01,1\na,2026-02-01,1\nb,2026-01-01,1\nb,2026-02-01,1\nc,2026-01-01,1\nc,2026-02-01,1\n",
		"all came today":   "a,2026-03-01,1\nb,2026-03-01,2\nb,2026-03-01,3\n",
		"like clockwork":   clockwork(),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file.csv")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			args := []string{"--transactions", path, "--calibration-end", "2026-03-01", "--holdout-end", "2026-04-01"}
			for model, m := range ask(t, args...).Models {
				if m.Error == "" || m.Params != nil || m.Holdout != nil {
					t.Errorf("%s: %+v", model, m)
				}
			}
			var stdout, stderr bytes.Buffer
			if code := run(t.Context(), args, &stdout, &stderr); code != exitOK || !strings.Contains(stdout.String(), "bgnbd: fit of bgnbd: ") {
				t.Errorf("exit status %d, %s%s", code, stdout.String(), stderr.String())
			}
		})
	}
}

// clockwork has customers who come on every day until the last and spend alike: no fit
// of them converges.
func clockwork() string {
	var text strings.Builder
	end := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for c := range 40 {
		for day := range c + 2 {
			fmt.Fprintf(&text, "c%d,%s,7\n", c, end.AddDate(0, 0, -day).Format(time.DateOnly))
		}
	}
	return text.String()
}

// One who has bought a thousand times is a customer like others: every number is finite,
// or encoding the answer would fail.
func TestRun_thousand_repeats(t *testing.T) {
	random := rand.New(rand.NewPCG(13, 14))
	var text strings.Builder
	start := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)
	for day := range 1001 {
		fmt.Fprintf(&text, "often,%s,5\n", start.AddDate(0, 0, day).Format(time.DateOnly))
	}
	for c := range 200 {
		pace, quit := 3+random.ExpFloat64()*30, math.Pow(random.Float64(), 3)
		for day := 400 + random.IntN(500); day < 1150; day += 1 + int(random.ExpFloat64()*pace) {
			fmt.Fprintf(&text, "c%d,%s,%.2f\n", c, start.AddDate(0, 0, day).Format(time.DateOnly), 1+20*random.ExpFloat64())
			if random.Float64() < quit {
				break
			}
		}
	}
	path := filepath.Join(t.TempDir(), "file.csv")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	a := ask(t, "--transactions", path, "--calibration-end", "2026-01-31", "--holdout-end", "2026-03-01")
	if a.Customers != 201 {
		t.Errorf("%d customers", a.Customers)
	}
	for name, m := range a.Models {
		if m.Error != "" || m.Holdout == nil || m.LL >= 0 {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

func TestRun_print(t *testing.T) {
	var stdout, stderr bytes.Buffer
	args := []string{"--transactions", shopFile(t, 150), "--calibration-end", "2026-06-30", "--holdout-end", "2026-12-31", "--unit", "week"}
	if code := run(t.Context(), args, &stdout, &stderr); code != exitOK {
		t.Fatal(stderr.String())
	}
	for _, part := range []string{"150 customers", "bgnbd  log-likelihood -", "  alpha ", "holdout: ", "repeats  customers  actual", "week  actual"} {
		if !strings.Contains(stdout.String(), part) {
			t.Errorf("without %q:\n%s", part, stdout.String())
		}
	}
}

func TestRun_errors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file.csv")
	if err := os.WriteFile(path, []byte("a,2026-01-01\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"help", []string{"--help"}, exitOK, "--calibration-end=DATE"},
		{"no file", []string{"--calibration-end", "2026-01-01"}, exitUsage, "missing flags: --transactions"},
		{"no end", []string{"--transactions", path}, exitUsage, "missing flags: --calibration-end"},
		{"a format", []string{"--transactions", path, "--calibration-end", "2026-01-01", "--format", "xml"}, exitUsage, "--format must be one of"},
		{"no date", []string{"--transactions", path, "--calibration-end", "today"}, exitUsage, `"today" is no date`},
		{"no later date", []string{"--transactions", path, "--calibration-end", "2026-01-01", "--holdout-end", "2026-02-30"}, exitUsage, `"2026-02-30" is no date`},
		{"backwards", []string{"--transactions", path, "--calibration-end", "2026-01-02", "--holdout-end", "2026-01-01"}, exitUsage, "--holdout-end is not after"},
		{"a missing file", []string{"--transactions", path + "x", "--calibration-end", "2026-01-02"}, exitError, "no such file"},
		{"too early", []string{"--transactions", path, "--calibration-end", "2025-01-02"}, exitError, "has no transaction until 2025-01-02"},
		{"too early for the store", []string{"--transactions", path, "--calibration-end", "2025-01-02", "--through-library"}, exitError, "has no transaction until 2025-01-02"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := run(t.Context(), tt.args, &stdout, &stderr)
			if out := stdout.String() + stderr.String(); code != tt.code || !strings.Contains(out, tt.says) {
				t.Errorf("exit status %d, want %d and %q:\n%s", code, tt.code, tt.says, out)
			}
		})
	}
}
