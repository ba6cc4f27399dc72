package main

import (
	"compress/gzip"
	"encoding/csv"
	"io"
	"math/big"
	"os"
	"strconv"
	"strings"
	"testing"
)

// ledger is the Online Retail file by customer, computed without any of the
// program's code. Amounts are whole thousandths, times stay as the file writes
// them: they compare as text.
type ledger struct {
	lines, nobody int
	accounts      map[string]*account
}

type account struct {
	orders, refunds                    map[string]bool
	lines                              int64
	quantity                           int64
	revenue, refunded, prices          big.Int
	firstOrder, lastOrder, country, at string
}

func readLedger(t *testing.T, path string) *ledger {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	in := csv.NewReader(unpacked)
	if _, err := in.Read(); err != nil {
		t.Fatal(err)
	}
	l := &ledger{accounts: map[string]*account{}}
	for {
		row, err := in.Read()
		if err == io.EOF {
			return l
		}
		if err != nil {
			t.Fatal(err)
		}
		l.lines++
		customer, _, _ := strings.Cut(row[6], ".")
		if customer == "" {
			l.nobody++
			continue
		}
		a := l.accounts[customer]
		if a == nil {
			a = &account{orders: map[string]bool{}, refunds: map[string]bool{}}
			l.accounts[customer] = a
		}
		a.book(t, row)
	}
}

// book adds one line: invoice, stock code, description, quantity, date, unit
// price, customer, country.
func (a *account) book(t *testing.T, row []string) {
	t.Helper()
	quantity, err := strconv.ParseInt(row[3], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	price, ok := new(big.Rat).SetString(row[5])
	if !ok || !price.Mul(price, big.NewRat(1000, 1)).IsInt() {
		t.Fatalf("price %q is not in thousandths", row[5])
	}
	amount := new(big.Int).Mul(price.Num(), big.NewInt(quantity))
	if row[4] >= a.at {
		a.at, a.country = row[4], row[7]
	}
	if row[0][0] == 'C' {
		a.refunds[row[0]] = true
		a.refunded.Add(&a.refunded, amount)
		return
	}
	a.orders[row[0]] = true
	a.lines++
	a.quantity += quantity
	a.revenue.Add(&a.revenue, amount)
	a.prices.Add(&a.prices, price.Num())
	if a.firstOrder == "" || row[4] < a.firstOrder {
		a.firstOrder = row[4]
	}
	a.lastOrder = max(a.lastOrder, row[4])
}

// pounds compares an amount with whole pounds.
func pounds(thousandths *big.Int, n int64) int { return thousandths.Cmp(big.NewInt(1000 * n)) }

// Days that the windows of the rules begin on, seen from 2011-12-10: the last 60
// days are that day and the 59 before.
const (
	sixtyDays  = "2011-10-12 00:00:00"
	thirtyDays = "2011-11-11 00:00:00"
)

// accountTags restates the tags of orders.yaml.
var accountTags = map[string]func(*account) bool{
	"高频购买者": func(a *account) bool { return len(a.orders) >= 8 },
	"高价值":   func(a *account) bool { return pounds(&a.revenue, 2000) >= 0 },
	"价格敏感":  func(a *account) bool { return a.lines >= 5 && pounds(&a.prices, 2*a.lines) < 0 },
	"批发":    func(a *account) bool { return a.quantity >= 1000 },
	"新客":    func(a *account) bool { return a.firstOrder >= thirtyDays },
	"沉睡":    func(a *account) bool { return a.lastOrder != "" && a.lastOrder < sixtyDays },
	"流失风险": func(a *account) bool {
		return pounds(&a.revenue, 2000) >= 0 && a.lastOrder != "" && a.lastOrder < thirtyDays
	},
	"常退货":  func(a *account) bool { return len(a.refunds) >= 2 },
	"只退未买": func(a *account) bool { return len(a.refunds) > 0 && len(a.orders) == 0 },
}

// accountSegments restates the segments that are asked of the file.
var accountSegments = map[string]func(*account) bool{
	"英国高频购买者": func(a *account) bool { return len(a.orders) >= 8 && a.country == "United Kingdom" },
	"高价值未沉睡": func(a *account) bool {
		return pounds(&a.revenue, 2000) >= 0 && (a.lastOrder == "" || a.lastOrder >= sixtyDays)
	},
	"德法近期回头客": func(a *account) bool {
		return (a.country == "Germany" || a.country == "France") && len(a.orders) >= 2 && a.lastOrder >= "2011-11-01 00:00:00"
	},
	"退货或批发的中等客": func(a *account) bool {
		// An amount that is missing, for who never had a refund, does not compare.
		return (len(a.refunds) >= 2 || a.quantity >= 1000) && len(a.orders) > 0 && pounds(&a.revenue, 5000) < 0 &&
			len(a.refunds) > 0 && pounds(&a.refunded, -50) > 0
	},
	"老客四选二": func(a *account) bool {
		n := 0
		for _, name := range []string{"高频购买者", "高价值", "价格敏感", "沉睡"} {
			if accountTags[name](a) {
				n++
			}
		}
		return a.firstOrder != "" && a.firstOrder < "2011-01-01 00:00:00" && n >= 2
	},
	"海外": func(a *account) bool { return a.country != "United Kingdom" },
}

// count counts the customers under each condition.
func (l *ledger) count(conditions map[string]func(*account) bool) map[string]uint64 {
	counts := map[string]uint64{}
	for name, holds := range conditions {
		counts[name] = 0
		for _, a := range l.accounts {
			if holds(a) {
				counts[name]++
			}
		}
	}
	return counts
}
