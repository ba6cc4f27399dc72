package value

import (
	"encoding/csv"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/portraitdb/portrait/internal/published"
)

// records returns the records of a published CSV file, each by its columns' names.
func records(t testing.TB, name string) []map[string]string {
	t.Helper()
	lines, err := csv.NewReader(published.Open(t, name)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var all []map[string]string
	for _, line := range lines[1:] {
		rec := map[string]string{}
		for i, cell := range line {
			rec[lines[0][i]] = cell
		}
		all = append(all, rec)
	}
	return all
}

func number(t testing.TB, text string) float64 {
	t.Helper()
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// cdnow returns the customers of the CDNOW sample, as they were published with full
// precision: in weeks, with a holdout of 39.
func cdnow(t testing.TB) []Customer {
	t.Helper()
	var all []Customer
	for _, rec := range records(t, "cdnow/cdnow_cbs_full_precision.csv") {
		all = append(all, Customer{
			ID: rec["cust"],
			Summary: Summary{
				Frequency: int(number(t, rec["x"])), Recency: number(t, rec["t.x"]), Age: number(t, rec["T.cal"]), Mean: number(t, rec["m_x"]),
			},
			Holdout: int(number(t, rec["x.star"])),
		})
	}
	return all
}

// cdnowRounded returns them with two decimals, as lifetimes and its tests have them.
func cdnowRounded(t testing.TB) []Summary {
	t.Helper()
	var all []Summary
	for _, rec := range records(t, "cdnow/cdnow_customers_summary_with_transactions.csv") {
		all = append(all, Summary{
			Frequency: int(number(t, rec["x"])), Recency: number(t, rec["t_x"]), Age: number(t, rec["T"]), Mean: number(t, rec["zbar"]),
		})
	}
	return all
}

func rowsOf(customers []Customer) []Summary { return Table{Customers: customers}.Rows() }

// cdnowTransactions returns the purchases of the sample.
func cdnowTransactions(t testing.TB) []Transaction {
	t.Helper()
	text, err := io.ReadAll(published.Open(t, "cdnow/CDNOW_sample.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var all []Transaction
	for line := range strings.Lines(string(text)) {
		cells := strings.Fields(line)
		day, err := time.Parse("20060102", cells[2])
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, Transaction{Customer: cells[1], Time: day, Amount: number(t, cells[4])})
	}
	return all
}

// near fails unless got is within tolerance of want.
func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: got %.10g, want %.10g ± %g", what, got, want, tolerance)
	}
}

// nearly fails unless got is within a share of want.
func nearly(t *testing.T, what string, got, want, share float64) {
	t.Helper()
	near(t, what, got, want, share*math.Abs(want))
}

// nearAll is near of lists.
func nearAll(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: got %d, want %d: %v", what, len(got), len(want), got)
		return
	}
	for i := range got {
		near(t, what+"["+strconv.Itoa(i)+"]", got[i], want[i], tolerance)
	}
}
