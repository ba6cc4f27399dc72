package insight_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment/insight"
)

var zone = time.FixedZone("", 8*3600)

func on(month time.Month, day, hour int) time.Time {
	return time.Date(2026, month, day, hour, 15, 0, 0, zone)
}

// samplePerson is a person with something of everything.
func samplePerson() *insight.Person {
	p := &insight.Person{
		Identities: []insight.PersonIdentity{
			{Name: "user_id: u000042"},
			{Name: "email: customer.42@example.com", First: on(1, 5, 9), Last: on(6, 17, 19)},
			{Name: "anonymous_id: browser-000042", Through: 1, First: on(1, 5, 9), Last: on(1, 5, 9)},
			{Name: "phone: +8613418063239", First: on(2, 1, 12), Last: on(5, 9, 13), Linked: on(6, 1, 10)},
			{Name: "device_id: phone-000042", Through: 3, Bits: 12.3},
			{Name: "unionid: oX00000042", Through: 3, First: on(3, 3, 9), Last: on(6, 1, 9)},
		},
		Apart: []insight.PersonIdentity{
			{Name: "device_id: tablet-000021", First: on(4, 1, 9), Last: on(4, 2, 9), Rule: "unique"},
			{Name: "device_id: kiosk-3", First: on(4, 1, 9), Rule: "generic"},
		},
		Traits: []insight.PersonTrait{
			{Name: "city", Value: "深圳", Source: "app", At: on(6, 17, 19)},
			{Name: "orders", Value: "20", Compute: `count("Order Completed")`},
			{Name: "channels", Value: "App, 网站, 门店"},
		},
		Tags: []insight.PersonTag{
			{Name: "高价值", Has: true, Why: []insight.Reason{{Text: "revenue >= 3000", Holds: true, Note: "revenue = 5951"}}},
			{Name: "等级", Value: "金", Has: true, Flips: []time.Time{on(7, 20, 0)}},
			{Name: "流失风险", Flips: []time.Time{on(7, 17, 0)}, Why: []insight.Reason{
				{Text: `tag("高价值") and last_order < ago("30d")`},
				{Text: `tag("高价值")`, Depth: 1, Holds: true},
				{Text: `last_order < ago("30d")`, Depth: 1, Note: "last_order = 2026-06-17 19:29"},
				{Text: `last_refund < ago("30d")`, Depth: 1, Unknown: true},
			}},
			{Name: "沉睡", Flips: []time.Time{on(8, 16, 0), on(8, 30, 0)}},
		},
		Until: on(9, 29, 0),
		Stages: []insight.PersonStage{
			{Stage: "潜在", From: on(1, 5, 9), To: on(1, 9, 9)}, {Stage: "新客", From: on(1, 9, 9), To: on(2, 8, 0)},
			{Stage: "活跃", From: on(2, 8, 0), To: on(4, 20, 0)}, {Stage: "沉睡", From: on(4, 20, 0), To: on(5, 9, 13)}, {Stage: "活跃", From: on(5, 9, 13)},
		},
		Order: []string{"潜在", "新客", "活跃", "忠诚", "沉睡", "流失"},
	}
	r := rand.New(rand.NewPCG(3, 4))
	for at := on(1, 5, 9); at.Before(on(6, 30, 0)); at = at.Add(time.Duration(r.ExpFloat64() * float64(30*time.Hour))) {
		name := []string{"Product Viewed", "Product Viewed", "Product Viewed", "Products Searched", "Product Added", "Order Completed"}[r.IntN(6)]
		p.Events = append(p.Events, insight.PersonEvent{At: at, Name: name, Source: "app", Detail: "龙井茶 × 2"})
	}
	return p
}

// addPerson adds everything about a person.
func addPerson(r *insight.Report) {
	r.AsOf = on(7, 1, 0)
	r.Person(samplePerson())
}

var sampleReach = &insight.Reachability{
	Audience:    1200,
	Identifiers: []insight.Coverage{{Namespace: "email", People: insight.Cell{Count: 900}, Share: 0.75}, {Namespace: "unionid", People: insight.Cell{Hidden: true}}},
	Channels: []insight.ChannelReach{
		{Name: "邮件", Identified: insight.Cell{Count: 900}, Reachable: insight.Cell{Count: 640}, Alone: insight.Cell{Count: 400}, Share: 0.533},
		{Name: "短信", Identified: insight.Cell{Count: 300}, Reachable: insight.Cell{Hidden: true}, Alone: insight.Cell{Hidden: true}},
	},
	Reachable: insight.Cell{Count: 700}, Unreachable: insight.Cell{Count: 500},
}

var sampleNumbers = &insight.Measured{
	Of:       "revenue",
	Audience: insight.NumberSummary{Count: insight.Cell{Count: 900}, Avg: profile.Number(310.4567), Quantiles: []insight.Quantile{{Share: 0.5, Value: profile.Number(250)}, {Share: 0.9}}},
	Base:     insight.NumberSummary{Count: insight.Cell{Hidden: true}, Avg: profile.Number(120), Quantiles: []insight.Quantile{{Share: 0.5, Value: profile.Number(99.5)}, {Share: 0.9, Value: profile.Number(400)}}},
	Distribution: &insight.Comparison{Audience: 1000, Base: 5000, Both: 1000, Rows: []insight.Row{
		{Dimension: "revenue", Value: "0 – 100", Audience: 100, Base: 2500, AudienceShare: 0.1, BaseShare: 0.5, TGI: &insight.TGI{Index: 20, Low: 15, High: 25}},
		{Dimension: "revenue", Value: "100 – 1000", Audience: 800, Base: 1500, AudienceShare: 0.8, BaseShare: 0.3, TGI: &insight.TGI{Index: 266.7, Low: 250, High: 280}},
		{Dimension: "revenue", Value: "1000 –", Hidden: true},
	}},
}

var stages = []string{"潜在", "新客", "活跃", "忠诚", "沉睡", "流失"}

// addLifecycle adds every picture of a lifecycle.
func addLifecycle(t *testing.T, r *insight.Report) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	rnd := rand.New(rand.NewPCG(5, 6))
	months := []string{"2025-07", "2025-08", "2025-09", "2025-10", "2025-11", "2025-12", "2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06"}
	sizes := insight.Chart{Axis: "月", Names: months}
	for i, name := range stages {
		l := insight.Layer{Name: name}
		for m := range months {
			l.Values = append(l.Values, float64(300+rnd.IntN(900)+100*m*(i%3)))
		}
		sizes.Layers = append(sizes.Layers, l)
	}
	must(r.Chart("阶段人数", sizes))
	sizes.Kind = insight.Lines
	must(r.Chart("线", sizes))
	sizes.Kind, sizes.Layers, sizes.Shares = insight.Beside, sizes.Layers[:2], true
	for _, l := range sizes.Layers {
		for i := range l.Values {
			l.Values[i] /= 5000
		}
	}
	sizes.Layers[1].Values[3] = math.NaN()
	must(r.Chart("并列", sizes))
	r.Note("说明一句。")
	f := insight.Moves{From: "2026-03-31", To: "2026-06-30", Stages: stages, Counts: make([][]uint64, len(stages))}
	for i := range f.Counts {
		for range stages {
			f.Counts[i] = append(f.Counts[i], uint64(rnd.IntN(200)))
		}
		f.Counts[i][i] += 1500 * uint64(i%4) * uint64(i%4)
	}
	must(r.Moves("流向", f))
	var growth []insight.GrowthPeriod
	for i, m := range months {
		g := insight.GrowthPeriod{Name: m, New: uint64(200 + rnd.IntN(200)), Resurrected: uint64(40 * i), Churned: uint64(250 + rnd.IntN(200))}
		if i > 0 {
			g.Retained = uint64(300 + rnd.IntN(150))
		} else {
			g.Churned = 0
		}
		growth = append(growth, g)
	}
	must(r.Growth("增长", growth))
	var cohorts []insight.CohortCounts
	for i, m := range months {
		c := insight.CohortCounts{Name: m, Size: 200 + rnd.IntN(200)}
		c.Active = []int{c.Size}
		for k := range len(months) - i - 1 {
			c.Active = append(c.Active, c.Size*(40+rnd.IntN(10))/(100+12*k))
		}
		c.Returned = make([]int, len(c.Active))
		for k, least := len(c.Active)-1, 0; k >= 0; k-- {
			least = max(least, c.Active[k])
			c.Returned[k] = least
		}
		cohorts = append(cohorts, c)
	}
	retention, err := insight.NewRetention(80, cohorts...)
	must(err)
	r.Retention("留存", retention)
	r.Reach("触达", sampleReach)
	r.Sizes("规模", []insight.SizePoint{
		{At: on(5, 1, 0), Size: insight.Cell{Count: 120}}, {At: on(5, 9, 0), Size: insight.Cell{Count: 180}, Entered: insight.Cell{Count: 70}, Left: insight.Cell{Count: 10}},
		{At: on(5, 20, 0), Size: insight.Cell{Hidden: true}}, {At: on(6, 1, 0), Size: insight.Cell{Count: 90}},
	})
	r.Numbers("金额", sampleNumbers)
	g := insight.Grid{Across: "最近", Down: "频次", Columns: []string{"1", "2", "3", "4", "5"}, Rows: []string{"5", "4", "3", "2", "1"}}
	for i := range 5 {
		var row []insight.GridCell
		for j := range 5 {
			row = append(row, insight.GridCell{Name: []string{"重要价值", "重要发展", "一般保持", "不能失去", "沉睡"}[(i+j)%5], Count: uint64(rnd.IntN(700))})
		}
		g.Cells = append(g.Cells, row)
	}
	r.Grid("最近与频次", g)
}

// samples are pages with every picture, by name.
func samples(t *testing.T, language string) map[string]*insight.Report {
	person := &insight.Report{Title: "顾客 42", Language: language}
	addPerson(person)
	cycle := &insight.Report{Title: "生命周期", Language: language, AsOf: on(7, 1, 0)}
	addLifecycle(t, cycle)
	return map[string]*insight.Report{"audience": everySection(t, language), "person": person, "lifecycle": cycle}
}
