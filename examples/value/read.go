package main

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/portraitdb/portrait/examples/internal/jsonl"
	"github.com/portraitdb/portrait/lifecycle/value"
)

// readFile returns the transactions of a file.
func readFile(path, format string) ([]value.Transaction, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	in, err := jsonl.Decompress(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	read := readCSV
	if format == "cdnow" {
		read = readCDNOW
	}
	all, err := read(in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return all, nil
}

// readCDNOW reads the whole data set (customer, date, CDs, dollars) or the sample,
// which has the customer's number in the sample as a second column.
func readCDNOW(in io.Reader) ([]value.Transaction, error) {
	var all []value.Transaction
	lines := bufio.NewScanner(in)
	for n := 1; lines.Scan(); n++ {
		cells := strings.Fields(lines.Text())
		if len(cells) == 0 {
			continue
		}
		if len(cells) != 4 && len(cells) != 5 {
			return nil, fmt.Errorf("line %d has %d columns, not 4 or 5", n, len(cells))
		}
		cells = cells[len(cells)-4:]
		t, err := transaction(cells[0], cells[1], cells[3])
		switch {
		case err != nil && n == 1:
			continue // a header
		case err != nil:
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		all = append(all, t)
	}
	return all, lines.Err()
}

// columns tells where a CSV file has what; amount is -1 where it has none.
type columns struct{ customer, date, amount int }

// readCSV reads a CSV file. Its first line is a header where it has no date in the
// place where the second line has one.
func readCSV(in io.Reader) ([]value.Transaction, error) {
	buffered := bufio.NewReader(in)
	if mark, err := buffered.Peek(3); err == nil && string(mark) == "\ufeff" {
		_, _ = buffered.Discard(3) // It was peeked at.
	}
	r := csv.NewReader(buffered)
	first, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var all []value.Transaction
	at, header, err := columnsOf(first)
	if err != nil {
		return nil, err
	}
	for row := first; ; {
		if !header {
			amount := ""
			if at.amount >= 0 {
				amount = row[at.amount]
			}
			t, err := transaction(row[at.customer], row[at.date], amount)
			if err != nil {
				line, _ := r.FieldPos(0)
				return nil, fmt.Errorf("line %d: %w", line, err)
			}
			all = append(all, t)
		}
		header = false
		if row, err = r.Read(); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
	}
}

// The names by which columns are known, in lower case without signs between words.
var (
	customerNames = []string{"customer", "customerid", "cust", "custid", "user", "userid", "id", "householdid", "client", "clientid", "客户", "用户"}
	dateNames     = []string{"date", "orderdate", "invoicedate", "time", "datetime", "timestamp", "transactiondate", "transactiontimestamp", "日期", "时间"}
	amountNames   = []string{"amount", "value", "revenue", "sales", "salesvalue", "spend", "price", "total", "dollarvalue", "金额"}
)

// columnsOf tells where the first line says that what is, and whether it is a header.
func columnsOf(first []string) (at columns, header bool, err error) {
	if len(first) < 2 {
		return at, false, errors.New("line 1 has one column: customer and date are needed")
	}
	if _, err := parseDate(first[1]); err == nil {
		at = columns{0, 1, -1}
		if len(first) > 2 {
			at.amount = 2
		}
		return at, false, nil
	}
	find := func(names []string) int {
		return slices.IndexFunc(first, func(cell string) bool {
			return slices.Contains(names, strings.NewReplacer("_", "", " ", "", "-", "", ".", "").Replace(strings.ToLower(strings.TrimSpace(cell))))
		})
	}
	at = columns{find(customerNames), find(dateNames), find(amountNames)}
	if at.customer < 0 || at.date < 0 {
		return at, true, fmt.Errorf("line 1 names no customer and date: %q", first)
	}
	return at, true, nil
}

func transaction(customer, date, amount string) (t value.Transaction, err error) {
	if t.Customer = strings.TrimSpace(customer); t.Customer == "" {
		return t, errors.New("no customer")
	}
	if t.Time, err = parseDate(date); err != nil {
		return t, err
	}
	if amount = strings.TrimSpace(amount); amount != "" {
		if t.Amount, err = strconv.ParseFloat(amount, 64); err != nil {
			return t, fmt.Errorf("%q is no amount", amount)
		}
	}
	return t, nil
}

// parseDate reads a date, or a date with a time, in UTC where it names no zone.
func parseDate(text string) (time.Time, error) {
	text = strings.TrimSpace(text)
	for _, layout := range []string{time.DateOnly, time.DateTime, time.RFC3339, "20060102", "2006/01/02", "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no date like 2026-06-30", text)
}
