package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/portraitdb/portrait/examples/internal/jsonl"
	"github.com/portraitdb/portrait/profile"
)

// The Online Retail file: one line of an invoice each.
//
// Every line is one event. A line of a cancelled invoice, whose number begins
// with C, is an "Order Refunded"; every other is an "Order Completed". That
// includes the lines by which the shop corrected its books (invoices that begin
// with A, quantities below zero outside a cancellation, prices of zero): they
// count with the amount that they have. Lines without a customer go in without
// an identifier, for the store to refuse.
var orderColumns = []string{"InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"}

// ordersEnd is the moment at which the file is looked at: the day after its last
// order. It begins on ordersBegin.
var (
	ordersBegin = time.Date(2010, 12, 1, 0, 0, 0, 0, time.UTC)
	ordersEnd   = time.Date(2011, 12, 10, 0, 0, 0, 0, time.UTC)
)

// orders yields the lines of the file as events. Dates have no zone in it; they
// are read in the given one.
func orders(r io.Reader, zone *time.Location) iter.Seq2[jsonl.Record, error] {
	return func(yield func(jsonl.Record, error) bool) {
		in := csv.NewReader(r)
		in.ReuseRecord = true
		header, err := in.Read()
		if err != nil {
			yield(jsonl.Record{}, fmt.Errorf("header: %w", err))
			return
		}
		line, err := newOrderLine(header, zone)
		if err != nil {
			yield(jsonl.Record{}, err)
			return
		}
		for n := 2; ; n++ {
			fields, err := in.Read()
			if err == io.EOF {
				return
			}
			rec := jsonl.Record{Line: n}
			if bad, ok := errors.AsType[*csv.ParseError](err); ok {
				rec.Err = &profile.FieldError{Reason: "invalid_csv", Detail: bad.Error()}
			} else if err != nil {
				yield(jsonl.Record{}, err)
				return
			} else {
				rec.Event, rec.Err = line.event(n, fields)
			}
			if !yield(rec, nil) {
				return
			}
		}
	}
}

// orderLine reads one line after the other.
type orderLine struct {
	zone   *time.Location
	column map[string]int
	fields []string
}

func newOrderLine(header []string, zone *time.Location) (*orderLine, error) {
	l := &orderLine{zone: zone, column: map[string]int{}}
	for i, name := range header {
		l.column[strings.TrimPrefix(name, "\ufeff")] = i
	}
	for _, name := range orderColumns {
		if _, ok := l.column[name]; !ok {
			return nil, fmt.Errorf("no column %s: the file has %s", name, strings.Join(slices.Sorted(maps.Keys(l.column)), ", "))
		}
	}
	return l, nil
}

func (l *orderLine) text(column string) string { return l.fields[l.column[column]] }

// event makes the event of line n.
func (l *orderLine) event(n int, fields []string) (profile.Event, error) {
	l.fields = fields
	invoice := strings.Clone(l.text("InvoiceNo"))
	at, err := time.ParseInLocation(time.DateTime, l.text("InvoiceDate"), l.zone)
	if err != nil {
		return profile.Event{}, &profile.FieldError{Field: "InvoiceDate", Reason: profile.ReasonNotATime, Detail: err.Error()}
	}
	quantity, err := parseDecimal(l.text("Quantity"))
	if err != nil {
		return profile.Event{}, &profile.FieldError{Field: "Quantity", Reason: profile.ReasonNotANumber, Detail: err.Error()}
	}
	price, err := parseDecimal(l.text("UnitPrice"))
	if err != nil {
		return profile.Event{}, &profile.FieldError{Field: "UnitPrice", Reason: profile.ReasonNotANumber, Detail: err.Error()}
	}
	revenue, err := quantity.times(price)
	if err != nil {
		return profile.Event{}, &profile.FieldError{Field: "UnitPrice", Reason: profile.ReasonOutOfRange, Detail: err.Error()}
	}
	country := profile.String(strings.Clone(l.text("Country")))
	e := profile.Event{
		Source:    "online-retail",
		MessageID: invoice + "/" + strconv.Itoa(n),
		Name:      "Order Completed",
		Time:      at,
		Properties: map[string]profile.Value{
			"invoice":    profile.String(invoice),
			"stock_code": profile.String(strings.Clone(l.text("StockCode"))),
			"quantity":   profile.Number(quantity.float()),
			"unit_price": profile.Number(price.float()),
			"revenue":    profile.Number(revenue.float()),
			"country":    country,
		},
		Traits: map[string]profile.Value{"country": country},
	}
	if strings.HasPrefix(invoice, "C") {
		e.Name = "Order Refunded"
	}
	// The file writes customers as numbers with a fraction: 17850.0.
	if id := strings.TrimSuffix(l.text("CustomerID"), ".0"); id != "" {
		e.Identifiers = []profile.Identifier{{Namespace: "user_id", Value: strings.Clone(id)}}
	}
	return e, nil
}
