package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/internal/published"
	"github.com/portraitdb/portrait/profile"
)

// runJSON runs the program and returns what -json prints.
func runJSON(t *testing.T, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), started, append(args, "-json"), &stdout, &stderr); code != 0 {
		t.Fatalf("retail %s: exit status %d, %s", strings.Join(args, " "), code, stderr.String())
	}
	var r result
	dec := json.NewDecoder(&stdout)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestOrders_against_the_file compares every figure that the program gives on
// the Online Retail file with a direct computation over it.
func TestOrders_against_the_file(t *testing.T) {
	path := published.File(t, "retail/online_retail.csv.gz")
	want := readLedger(t, path)
	dir := t.TempDir()
	got := runJSON(t, "-orders", path, "-dir", dir)

	if want.lines != 541_909 || len(want.accounts) != 4_372 || want.nobody != 135_080 {
		t.Fatalf("the file has %d lines, %d without a customer, and %d customers: this is another file", want.lines, want.nobody, len(want.accounts))
	}
	if n := got.Events.Accepted + got.Events.Duplicate + got.Events.refused(); n != want.lines {
		t.Errorf("%d lines came in, the file has %d", n, want.lines)
	}
	events := tally{Accepted: want.lines - want.nobody, Rejected: map[string]int{profile.ReasonNoIdentifier: want.nobody}}
	if diff := cmp.Diff(events, got.Events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if got.Profiles != uint64(len(want.accounts)) || got.Merges != 0 || got.Check.Differences != 0 {
		t.Errorf("%d profiles, %d merges, %d differences", got.Profiles, got.Merges, got.Check.Differences)
	}
	if diff := cmp.Diff(want.count(accountTags), got.Tags); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want.count(accountSegments), got.Segments); diff != "" {
		t.Errorf("segments (-want +got):\n%s", diff)
	}

	checkLifecycle(t, got)

	db, err := portrait.Open(dir, &portrait.Options{Clock: func() time.Time { return ordersEnd }})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for id, a := range want.accounts {
		p, err := db.Profile(t.Context(), profile.Identifier{Namespace: "user_id", Value: id})
		if err != nil {
			t.Fatalf("customer %s: %v", id, err)
		}
		if diff := cmp.Diff(a.figures(), figuresOf(p)); diff != "" {
			t.Errorf("customer %s (-want +got):\n%s", id, diff)
		}
	}
	digest, err := digestOf(t, db, ordersEnd)
	if err != nil || digest.String() != got.Digest {
		t.Errorf("reopened, the digest is %s, %v; it was %s", digest, err, got.Digest)
	}
}

// checkLifecycle holds the ten segments and the thirteen months against what is known of
// the file.
func checkLifecycle(t *testing.T, got result) {
	t.Helper()
	for i, row := range got.RFM {
		got.RFM[i] = rfmRow{row.Segment, row.Customers, math.RoundToEven(row.Recency*1e3) / 1e3, math.RoundToEven(row.Frequency*1e3) / 1e3, math.RoundToEven(row.Monetary*100) / 100}
	}
	if diff := cmp.Diff([]rfmRow{
		{"hibernating", 1071, 217.605, 1.102, 488.64}, {"at_risk", 593, 153.786, 2.879, 1084.54}, {"cant_lose", 63, 132.968, 8.381, 2796.16},
		{"about_to_sleep", 352, 53.312, 1.162, 471.99}, {"need_attention", 187, 52.428, 2.326, 897.63}, {"loyal", 819, 33.608, 6.480, 2864.25},
		{"promising", 94, 23.511, 1, 294.01}, {"new", 42, 7.429, 1, 388.21}, {"potential_loyalists", 484, 17.399, 2.010, 1041.22},
		{"champions", 633, 6.362, 12.417, 6857.94},
	}, got.RFM); diff != "" {
		t.Errorf("RFM (-want +got):\n%s", diff)
	}
	months := map[string][]int{}
	for _, g := range got.Growth {
		for name, n := range map[string]int{"active": g.Active, "new": g.New, "retained": g.Retained, "resurrected": g.Resurrected, "churned": g.Churned} {
			months[name] = append(months[name], n)
		}
	}
	if diff := cmp.Diff(map[string][]int{
		"active":      {885, 741, 758, 974, 856, 1056, 991, 949, 935, 1266, 1364, 1665, 615},
		"new":         {885, 417, 380, 452, 300, 284, 242, 188, 169, 299, 358, 324, 41},
		"retained":    {0, 324, 262, 290, 304, 368, 410, 365, 388, 425, 489, 622, 371},
		"resurrected": {0, 0, 116, 232, 252, 404, 339, 396, 378, 542, 517, 719, 203},
		"churned":     {0, 561, 479, 468, 670, 488, 646, 626, 561, 510, 777, 742, 1294},
	}, months); diff != "" {
		t.Errorf("growth (-want +got):\n%s", diff)
	}
}

// figures are what is compared for each customer. Amounts are in millionths.
type figures struct {
	Orders, Refunds   float64
	Revenue, Refunded string
	Country           string
	Tags              []string
}

func figuresOf(p *profile.Profile) figures {
	f := figures{Revenue: "0", Refunded: "0"}
	for _, name := range p.Tags {
		if name != "stage" { // which everybody has
			f.Tags = append(f.Tags, name)
		}
	}
	for _, t := range p.Traits {
		switch t.Name {
		case "orders":
			f.Orders = t.Value.Number()
		case "refunds":
			f.Refunds = t.Value.Number()
		case "country":
			f.Country = t.Value.String()
		}
	}
	for _, c := range p.Counters {
		for _, n := range c.Numbers {
			switch {
			case n.Property == "revenue" && c.Event == "Order Completed":
				f.Revenue = n.Sum.Big().String()
			case n.Property == "revenue" && c.Event == "Order Refunded":
				f.Refunded = n.Sum.Big().String()
			}
		}
	}
	return f
}

func (a *account) figures() figures {
	millionths := func(thousandths *big.Int) string { return new(big.Int).Mul(thousandths, big.NewInt(1000)).String() }
	f := figures{
		Orders: float64(len(a.orders)), Refunds: float64(len(a.refunds)),
		Revenue: millionths(&a.revenue), Refunded: millionths(&a.refunded),
		Country: a.country,
	}
	for name, has := range accountTags {
		if has(a) {
			f.Tags = append(f.Tags, name)
		}
	}
	slices.Sort(f.Tags)
	return f
}

func TestOrders_reads_every_kind_of_line(t *testing.T) {
	const file = "\ufeffInvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n" +
		"536365,A1,\"A, QUOTED \"\"THING\"\"\",6,2011-07-01 08:26:00,2.55,17850.0,United Kingdom\n" +
		"C536379,D,Discount,-1,2011-07-02 09:41:00,27.50,17850.0,United Kingdom\n" +
		"A563185,B,Adjust bad debt,1,2011-01-03 14:50:00,-11062.06,,United Kingdom\n" +
		"536366,A1,x,six,2011-07-01 08:26:00,2.55,17850.0,France\n" +
		"536366,A1,x,6,01/07/2011,2.55,17850.0,France\n" +
		"536366,A1,x,6,2011-07-01 08:26:00,,17850.0,France\n" +
		"536366,A1,6\n"
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	type line struct {
		Line               int
		ID, Name, Customer string
		Time               string
		Revenue            float64
		Field, Reason      string
	}
	var got []line
	for rec, err := range orders(strings.NewReader(file), london) {
		if err != nil {
			t.Fatal(err)
		}
		l := line{Line: rec.Line}
		if f, ok := errors.AsType[*profile.FieldError](rec.Err); ok {
			l.Field, l.Reason = f.Field, f.Reason
		} else {
			e := rec.Event
			l.ID, l.Name, l.Revenue, l.Time = e.MessageID, e.Name, e.Properties["revenue"].Number(), e.Time.UTC().Format(time.RFC3339)
			for _, id := range e.Identifiers {
				l.Customer += id.String()
			}
		}
		got = append(got, l)
	}
	want := []line{
		{Line: 2, ID: "536365/2", Name: "Order Completed", Customer: "user_id:17850", Time: "2011-07-01T07:26:00Z", Revenue: 15.3},
		{Line: 3, ID: "C536379/3", Name: "Order Refunded", Customer: "user_id:17850", Time: "2011-07-02T08:41:00Z", Revenue: -27.5},
		{Line: 4, ID: "A563185/4", Name: "Order Completed", Time: "2011-01-03T14:50:00Z", Revenue: -11062.06},
		{Line: 5, Field: "Quantity", Reason: profile.ReasonNotANumber},
		{Line: 6, Field: "InvoiceDate", Reason: profile.ReasonNotATime},
		{Line: 7, Field: "UnitPrice", Reason: profile.ReasonNotANumber},
		{Line: 8, Reason: "invalid_csv"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestOrders_wants_its_columns(t *testing.T) {
	for name, file := range map[string]string{"no header": "", "another file": "a,b\n1,2\n"} {
		t.Run(name, func(t *testing.T) {
			for _, err := range orders(strings.NewReader(file), time.UTC) {
				if err == nil {
					t.Fatal("a record was read")
				}
				return
			}
			t.Error("no error")
		})
	}
}

// The months and the segments of recency and frequency are those that were worked out
// from the file in another way.
func TestOrders_lifecycle(t *testing.T) {
	path := published.File(t, "retail/online_retail.csv.gz")
	d, err := openOrders(flags{orders: path, pages: "some"})
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	db, err := portrait.Open(t.TempDir(), &portrait.Options{Clock: d.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Apply(t.Context(), d.model); err != nil {
		t.Fatal(err)
	}
	if _, err := load(t.Context(), db, d, 5000, func(int64) {}); err != nil {
		t.Fatal(err)
	}
	view, err := db.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer view.Close()
	all, err := buyers(t.Context(), view)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]uint64{"champions": 633, "loyal": 819, "potential_loyalists": 484, "new": 42, "promising": 94, "need_attention": 187, "about_to_sleep": 352, "at_risk": 593, "cant_lose": 63, "hibernating": 1071}
	if diff := cmp.Diff(want, classes(all)); diff != "" {
		t.Errorf("segments of recency and frequency (-want +got):\n%s", diff)
	}
	bought, err := readPurchases(t.Context(), view, d.zone)
	if err != nil {
		t.Fatal(err)
	}
	var got [5][]int
	for _, g := range bought.growth() {
		for i, n := range []int{g.Active, g.New, g.Retained, g.Resurrected, g.Churned} {
			got[i] = append(got[i], n)
		}
	}
	months := [5][]int{
		{885, 741, 758, 974, 856, 1056, 991, 949, 935, 1266, 1364, 1665, 615},
		{885, 417, 380, 452, 300, 284, 242, 188, 169, 299, 358, 324, 41},
		{0, 324, 262, 290, 304, 368, 410, 365, 388, 425, 489, 622, 371},
		{0, 0, 116, 232, 252, 404, 339, 396, 378, 542, 517, 719, 203},
		{0, 561, 479, 468, 670, 488, 646, 626, 561, 510, 777, 742, 1294},
	}
	if diff := cmp.Diff(months, got); diff != "" {
		t.Errorf("months (-want +got):\n%s", diff)
	}
}
