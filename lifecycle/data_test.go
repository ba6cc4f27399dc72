package lifecycle

import (
	"encoding/csv"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/portraitdb/portrait/internal/published"
)

// buyer is one customer of Online Retail: orders that are no cancellations.
type buyer struct {
	id       int
	last     time.Time
	invoices map[string]bool
	milli    int64 // revenue
	months   []int
}

// retail returns the customers of Online Retail by ID.
func retail(t *testing.T) []buyer {
	t.Helper()
	in := published.Open(t, "retail/online_retail.csv.gz")
	buyers, err := readRetail(in)
	if err != nil {
		t.Fatal(err)
	}
	return buyers
}

// readRetail reads the file, which is large, once for all tests.
func readRetail(in io.Reader) ([]buyer, error) {
	retailOnce.Do(func() { retailBuyers, retailErr = parseRetail(in) })
	return retailBuyers, retailErr
}

var (
	retailOnce   sync.Once
	retailBuyers []buyer
	retailErr    error
)

func parseRetail(in io.Reader) ([]buyer, error) {
	r := csv.NewReader(in)
	r.ReuseRecord = true
	if _, err := r.Read(); err != nil {
		return nil, err
	}
	byID := map[int]*buyer{}
	var months Calendar
	for {
		row, err := r.Read()
		if err == io.EOF {
			return sortedBuyers(byID), nil
		} else if err != nil {
			return nil, err
		}
		if row[6] == "" || strings.HasPrefix(row[0], "C") {
			continue
		}
		id, err := strconv.ParseFloat(row[6], 64)
		if err != nil {
			return nil, err
		}
		at, err := time.Parse(time.DateTime, row[4])
		if err != nil {
			return nil, err
		}
		quantity, err := strconv.Atoi(row[3])
		if err != nil {
			return nil, err
		}
		price, err := strconv.ParseFloat(row[5], 64)
		if err != nil {
			return nil, err
		}
		b := byID[int(id)]
		if b == nil {
			b = &buyer{id: int(id), invoices: map[string]bool{}}
			byID[b.id] = b
		}
		if at.After(b.last) {
			b.last = at
		}
		b.invoices[strings.Clone(row[0])] = true
		b.milli += int64(quantity) * int64(math.Round(price*1000))
		b.months = append(b.months, months.Of(at))
	}
}

func sortedBuyers(byID map[int]*buyer) []buyer {
	var all []buyer
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		all = append(all, *byID[id])
	}
	return all
}
