package main

import (
	"cmp"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/portraitdb/portrait/profile"
)

// purchase is one order.
type purchase struct {
	id       string
	customer string
	at       time.Time
	amount   float64
	sku      string // of its dearest item
}

func (p *purchase) event() profile.Event {
	return profile.Event{
		MessageID: p.id, Name: "Order Completed", Time: p.at,
		Identifiers: []profile.Identifier{{Namespace: "user_id", Value: p.customer}},
		Properties:  map[string]profile.Value{"amount": profile.Number(p.amount), "sku": profile.String(p.sku)},
	}
}

// byTime orders purchases as they happened.
func byTime(list []purchase) []purchase {
	slices.SortStableFunc(list, func(a, b purchase) int { return cmp.Or(a.at.Compare(b.at), strings.Compare(a.id, b.id)) })
	return list
}

// makePurchases are two years of so many customers: how often one buys is
// log-normal, six times a year at the median and hundreds of times for a few; each
// likes some of 4,000 things.
func makePurchases(customers int) []purchase {
	const days = 730
	begin := day.AddDate(0, 0, -days)
	rng := rand.New(rand.NewPCG(8, 0))
	var list []purchase
	for c := range customers {
		rate := 6.0 / 365 * math.Exp(1.2*rng.NormFloat64()) // orders a day
		likes := rng.IntN(4_000)
		for at := rng.ExpFloat64() / rate; at < days; at += rng.ExpFloat64() / rate {
			list = append(list, purchase{
				id: "o-" + strconv.Itoa(len(list)), customer: customerID(uint32(c)),
				at:     begin.Add(time.Duration(at * 24 * float64(time.Hour))),
				amount: math.Round(100*20*math.Exp(0.8*rng.NormFloat64())) / 100,
				sku:    fmt.Sprintf("sku-%04d", (likes+int(8*rng.ExpFloat64()))%4_000),
			})
		}
	}
	return byTime(list)
}

// readRetail are the orders of the UCI data set "Online Retail", one for each
// invoice of a known customer that is no cancellation, a year before the day.
func readRetail(data string) (list []purchase, err error) {
	f, err := os.Open(filepath.Join(data, "retail", "online_retail.csv.gz"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	rows := csv.NewReader(z)
	if _, err := rows.Read(); err != nil {
		return nil, err
	}
	byInvoice := map[string]*purchase{}
	dearest := map[string]float64{}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		invoice, customer := row[0], strings.TrimSuffix(row[6], ".0")
		if customer == "" || strings.HasPrefix(invoice, "C") {
			continue
		}
		quantity, err1 := strconv.ParseFloat(row[3], 64)
		price, err2 := strconv.ParseFloat(row[5], 64)
		at, err3 := time.Parse(time.DateTime, row[4])
		if err := errors.Join(err1, err2, err3); err != nil {
			return nil, err
		}
		p := byInvoice[invoice]
		if p == nil {
			p = &purchase{id: invoice, customer: customer, at: at, sku: row[1]}
			byInvoice[invoice] = p
		}
		p.amount += quantity * price
		if price > dearest[invoice] {
			dearest[invoice], p.sku = price, row[1]
		}
	}
	for _, p := range byInvoice {
		p.amount = math.Round(100*p.amount) / 100
		list = append(list, *p)
	}
	return byTime(list), nil
}
