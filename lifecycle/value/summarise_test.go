package value

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func timeOf(t testing.TB, layout, text string) time.Time {
	t.Helper()
	at, err := time.Parse(layout, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// sixCustomers are those of the tests of lifetimes and pymc-marketing.
func sixCustomers(t testing.TB) []Transaction {
	t.Helper()
	var all []Transaction
	for line := range strings.Lines(`1 01-01 1
1 02-06 2
2 01-01 2
3 01-01 3
3 01-02 1
3 01-05 5
4 01-16 6
4 02-02 3
4 02-05 3
5 01-16 3
5 01-17 1
5 01-18 8
6 02-02 5
`) {
		f := strings.Fields(line)
		all = append(all, Transaction{Customer: f[0], Time: timeOf(t, "2006-01-02", "2015-"+f[1]), Amount: number(t, f[2])})
	}
	return all
}

func TestSummarise(t *testing.T) {
	end := timeOf(t, "2006-01-02", "2015-02-07")
	tests := []struct {
		name string
		o    Options
		want Table
	}{
		{"by day", Options{CalibrationEnd: end}, Table{
			Customers: []Customer{
				{ID: "1", Summary: Summary{Frequency: 1, Recency: 36, Age: 37, Mean: 2}},
				{ID: "2", Summary: Summary{Age: 37}},
				{ID: "3", Summary: Summary{Frequency: 2, Recency: 4, Age: 37, Mean: 3}},
				{ID: "4", Summary: Summary{Frequency: 2, Recency: 20, Age: 22, Mean: 3}},
				{ID: "5", Summary: Summary{Frequency: 2, Recency: 2, Age: 22, Mean: 4.5}},
				{ID: "6", Summary: Summary{Age: 5}},
			},
		}},
		{"by week from Monday", Options{CalibrationEnd: end, Unit: Week, Grain: Week}, Table{
			Customers: []Customer{
				{ID: "1", Summary: Summary{Frequency: 1, Recency: 5, Age: 5, Mean: 2}},
				{ID: "2", Summary: Summary{Age: 5}},
				{ID: "3", Summary: Summary{Frequency: 1, Recency: 1, Age: 1 + 4, Mean: 5}},
				{ID: "4", Summary: Summary{Frequency: 1, Recency: 3, Age: 3, Mean: 6}},
				{ID: "5", Summary: Summary{Age: 3}},
				{ID: "6", Summary: Summary{}},
			},
		}},
		{"in two", Options{CalibrationEnd: timeOf(t, "2006-01-02", "2015-02-01"), HoldoutEnd: end}, Table{
			Holdout: 6,
			Customers: []Customer{
				{ID: "1", Summary: Summary{Age: 31}, Holdout: 1, HoldoutMean: 2},
				{ID: "2", Summary: Summary{Age: 31}},
				{ID: "3", Summary: Summary{Frequency: 2, Recency: 4, Age: 31, Mean: 3}},
				{ID: "4", Summary: Summary{Age: 16}, Holdout: 2, HoldoutMean: 3},
				{ID: "5", Summary: Summary{Frequency: 2, Recency: 2, Age: 16, Mean: 4.5}},
			},
		}},
		{"to the last transaction", Options{}, Table{
			Customers: []Customer{
				{ID: "1", Summary: Summary{Frequency: 1, Recency: 36, Age: 36, Mean: 2}},
				{ID: "2", Summary: Summary{Age: 36}},
				{ID: "3", Summary: Summary{Frequency: 2, Recency: 4, Age: 36, Mean: 3}},
				{ID: "4", Summary: Summary{Frequency: 2, Recency: 20, Age: 21, Mean: 3}},
				{ID: "5", Summary: Summary{Frequency: 2, Recency: 2, Age: 21, Mean: 4.5}},
				{ID: "6", Summary: Summary{Age: 4}},
			},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			transactions := sixCustomers(t)
			rand.New(rand.NewPCG(1, 2)).Shuffle(len(transactions), func(i, j int) {
				transactions[i], transactions[j] = transactions[j], transactions[i]
			})
			got, err := Summarise(transactions, tt.o)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreFields(Table{}, "Repeats")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What is published of CDNOW is what Summarise makes of its purchases.
func TestSummarise_CDNOW(t *testing.T) {
	table, err := Summarise(cdnowTransactions(t), Options{
		Unit: Week, CalibrationEnd: timeOf(t, "2006-01-02", "1997-09-30"), HoldoutEnd: timeOf(t, "2006-01-02", "1998-06-30"),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := cdnow(t)
	for i := range want {
		want[i].ID = strings.Repeat("0", 4-len(want[i].ID)) + want[i].ID
	}
	if diff := cmp.Diff(want, table.Customers, cmpopts.EquateApprox(0, 1e-9), cmpopts.IgnoreFields(Customer{}, "HoldoutMean")); diff != "" {
		t.Error(diff)
	}
	if table.Holdout != 39 {
		t.Errorf("the holdout is %v weeks, want 39", table.Holdout)
	}
	var repeats []int
	for _, rec := range records(t, "cdnow/cdnow_cu_tracking_weekly.csv") {
		repeats = append(repeats, int(number(t, rec["cum_repeat_transactions"])))
	}
	if diff := cmp.Diff(repeats, table.Repeats); diff != "" {
		t.Error(diff)
	}

	var x, held int
	var means []float64
	bins := make([]int, 8)
	for _, c := range table.Customers {
		x += c.Frequency
		held += c.Holdout
		bins[min(c.Frequency, 7)]++
		if c.Frequency > 0 {
			means = append(means, c.Mean)
		}
	}
	if diff := cmp.Diff([]int{1411, 439, 214, 100, 62, 38, 29, 64}, bins); diff != "" || x != 2457 || held != 1882 {
		t.Errorf("%d repeats, %d held back\n%s", x, held, diff)
	}
	slices.Sort(means)
	sum := 0.0
	for _, m := range means {
		sum += m
	}
	got := []float64{float64(len(means)), sum / float64(len(means)), means[0], (means[472] + means[473]) / 2, means[945]}
	nearAll(t, "count, mean, least, median and greatest mean", got, []float64{946, 35.078552, 3, 27, 300}, 0.51)
}

func TestSummarise_refuses(t *testing.T) {
	day := timeOf(t, "2006-01-02", "2015-01-01")
	one := Transaction{Customer: "a", Time: day}
	tests := []struct {
		name         string
		transactions []Transaction
		o            Options
		field        string
		index        int
	}{
		{"no amount", []Transaction{one, {Amount: math.NaN()}}, Options{}, "amount", 1},
		{"an endless amount", []Transaction{{Amount: math.Inf(-1)}}, Options{}, "amount", 0},
		{"a huge amount", []Transaction{{Amount: 1e13}}, Options{}, "amount", 0},
		{"huge sums", slices.Repeat([]Transaction{{Time: day.AddDate(0, 0, 1), Amount: 1e12}, {Time: day}}, 6), Options{}, "amount", 8},
		{"a unit", nil, Options{Unit: 30}, "unit", 0},
		{"a grain", nil, Options{Grain: -1}, "grain", 0},
		{"a holdout before", []Transaction{one}, Options{HoldoutEnd: day.AddDate(0, 0, -1)}, "holdout end", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Summarise(tt.transactions, tt.o)
			got, ok := errors.AsType[*InputError](err)
			if !ok || got.Field != tt.field || tt.name != "huge sums" && got.Index != tt.index {
				t.Errorf("got %v, want one of %s at %d", err, tt.field, tt.index)
			}
		})
	}
	if table, err := Summarise(nil, Options{}); err != nil || len(table.Customers) != 0 {
		t.Errorf("of nothing: %v, %v", table, err)
	}
}

// Summarise equals what one would write down at first, of random purchases.
func TestSummarise_equals_naive(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2020, 2, 20, 0, 0, 0, 0, shanghai)
	for range 200 {
		var all []Transaction
		for range 1 + random.IntN(40) {
			all = append(all, Transaction{
				Customer: strconv.Itoa(random.IntN(5)), Amount: float64(random.IntN(10000)-2000) / 100,
				Time: start.Add(time.Duration(random.IntN(20*24)) * time.Hour).UTC(),
			})
		}
		calibrated, end := start.AddDate(0, 0, random.IntN(15)), start.AddDate(0, 0, 15)
		got, err := Summarise(all, Options{CalibrationEnd: calibrated, HoldoutEnd: end, Zone: shanghai})
		if err != nil {
			t.Fatal(err)
		}
		want := naiveSummaries(all, start, calibrated, end)
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
			t.Fatal(diff)
		}
	}
}

// naiveSummaries goes over all customers, days and transactions.
func naiveSummaries(all []Transaction, start, calibrated, end time.Time) Table {
	table := Table{Holdout: end.Sub(calibrated).Hours() / 24}
	repeats := map[int]int{} // by day
	origin := math.MaxInt
	for id := range 5 {
		c := Customer{ID: strconv.Itoa(id)}
		first := -1
		var sum, held float64
		for day := range int(end.Sub(start).Hours()/24) + 1 {
			amount, bought := 0.0, false
			for _, tr := range all {
				if tr.Customer == c.ID && int(tr.Time.Sub(start).Hours()/24) == day {
					amount, bought = amount+tr.Amount, true
				}
			}
			last := int(calibrated.Sub(start).Hours() / 24)
			switch {
			case !bought || day > last && first < 0:
			case first < 0:
				first = day
				c.Age = float64(last - first)
				origin = min(origin, first)
			case day <= last:
				c.Frequency++
				c.Recency = float64(day - first)
				sum += amount
				repeats[day]++
			default:
				c.Holdout++
				held += amount
				repeats[day]++
			}
		}
		if first < 0 {
			continue
		}
		if c.Frequency > 0 {
			c.Mean = sum / float64(c.Frequency)
		}
		if c.Holdout > 0 {
			c.HoldoutMean = held / float64(c.Holdout)
		}
		table.Customers = append(table.Customers, c)
	}
	if len(table.Customers) == 0 {
		return table
	}
	cumulative := 0
	for day := origin; day <= int(end.Sub(start).Hours()/24); day++ {
		cumulative += repeats[day]
		table.Repeats = append(table.Repeats, cumulative)
	}
	return table
}

func TestSummarise_nothing(t *testing.T) {
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		o    Options
		want float64
	}{
		"without an end":         {Options{}, 0},
		"with that of a holdout": {Options{HoldoutEnd: day}, 0},
		"with both":              {Options{CalibrationEnd: day, HoldoutEnd: day.AddDate(0, 0, 14), Unit: Week}, 2},
	} {
		if got, err := Summarise(nil, tt.o); err != nil || got.Holdout != tt.want || len(got.Customers) > 0 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
