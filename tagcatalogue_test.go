package portrait_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/tags"
)

const catalogueModel = `
zone: Asia/Shanghai
traits:
  city: {index: true}
  brand: {}
  points: {type: number, index: true}
  apps: {type: set, merge: union}
  spent: {compute: 'sum("Order Completed", "revenue")'}
events:
  Order Completed: {numbers: [revenue]}
interests:
  category: {half_life: 7d, from: [{event: Product Viewed, property: category}]}
places:
  站: {radius: 1km, points: [[31.2, 121.4]]}
tags:
  上海人: {rule: 'city = "上海"', description: 住在上海的人, group: 基本/地域}
  手机品牌: {value: brand, family: device, description: 'Ｂｒａｎｄ of the phone', group: 设备}
  等级: {tiers: [{value: 高, rule: 'spent >= 100'}, {value: 中, rule: 'spent >= 10'}], else: 低, owner: CRM Team}
  常用应用: {value: apps, group: 设备/应用}
  兴趣: {value: 'interests("category", 2)'}
  活跃: {rule: 'tag("等级", "高") or count("*", last("30d")) > 2', description: '高活跃 Straße'}
  白名单: {told: manual, choices: [金, 银]}
  站边: {rule: 'count("Visit", where(within(at, "站"))) > 0'}
  前两成: {rule: 'percentile(points) >= 0.8', query: true}
  分层: {tiers: [{value: 上, rule: 'ntile(points, 2) = 2'}], else: 下, query: true}
  抽样: {rule: 'sample("x", 0.5)'}
segments:
  常客: {rule: 'spent > 5'}
`

// openCatalogue opens a store of people whose tags are all of the catalogue's kinds.
func openCatalogue(t *testing.T) *portrait.DB {
	t.Helper()
	r := seed(t)
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, catalogueModel)
	pick := func(of ...string) profile.Value { return profile.String(of[r.IntN(len(of))]) }
	for i := range 120 {
		who := []profile.Identifier{id("user_id", fmt.Sprint("u", r.IntN(40)))}
		at := now.AddDate(0, 0, -r.IntN(60))
		e := profile.Event{MessageID: fmt.Sprint(i), Time: at, Identifiers: who}
		switch r.IntN(4) {
		case 0:
			e.Type = profile.Identify
			e.Traits = map[string]profile.Value{
				"city": pick("上海", "北京"), "brand": pick("华为", "ＯＰＰＯ", "apple"), "points": profile.Number(float64(r.IntN(10))),
				"apps": profile.Set(pick("地图", "music"), pick("游戏", "music")),
			}
		case 1:
			e.Name, e.Properties = "Order Completed", map[string]profile.Value{"revenue": profile.Number(float64(r.IntN(150)))}
		case 2:
			e.Name, e.Properties = "Product Viewed", map[string]profile.Value{"category": pick("运动", "图书", "家居")}
		default:
			e.Type = profile.Identify
			e.Traits = tags.Assign("白名单", []string{"金", "银"}[r.IntN(2)], now.AddDate(0, 0, 20), "x")
		}
		take(t, db, e)
	}
	return db
}

func catalogue(t *testing.T, v *portrait.View, want tags.Search) []tags.Entry {
	t.Helper()
	entries, err := v.Tags(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func sorted(names []string) []string { return slices.Sorted(slices.Values(names)) }

func names(entries []tags.Entry) []string {
	var list []string
	for _, e := range entries {
		list = append(list, e.Definition.Name)
	}
	return list
}

// What the catalogue says of sizes is what each segment counts by itself.
func TestView_Tags_sizes_are_those_of_segments(t *testing.T) {
	db := openCatalogue(t)
	v := viewOf(t, db)
	count := func(e segment.Expr) uint64 {
		t.Helper()
		n, err := v.Count(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	everybody := count(segment.MustParse("true"))
	entries := catalogue(t, v, tags.Search{Query: true})
	if want := sorted(names(entries)); len(entries) != 11 || !slices.Equal(names(entries), want) {
		t.Fatalf("%q", names(entries))
	}
	values := 0
	for _, e := range entries {
		d := e.Definition
		if want := count(segment.Tag(d.Name)); !e.Counted || !e.Complete || e.Size != want || e.Coverage != float64(want)/float64(everybody) {
			t.Errorf("%s: %+v, %d of %d have it", d.Name, e, want, everybody)
		}
		// Of a live tag no value is left out: together they are everybody who has it.
		var together []segment.Expr
		for i, value := range e.Values {
			at := segment.TagValue(d.Name, value.Value.String())
			together = append(together, at)
			values++
			if want := count(at); value.Size != want {
				t.Errorf("%s: %s has %d, want %d", d.Name, value.Value, value.Size, want)
			}
			if declared := d.Values(); i < len(declared) && value.Value.Text() != declared[i] {
				t.Errorf("%s: value %d is %s, declared %q", d.Name, i, value.Value, declared)
			} else if i >= len(declared) && (value.Size == 0 || i > len(declared) && e.Values[i-1].Value.Compare(value.Value) >= 0) {
				t.Errorf("%s: %s is nobody's, or out of order", d.Name, value.Value)
			}
		}
		if len(together) > 0 && count(segment.Or(together...)) != e.Size {
			t.Errorf("%s: values are missing: %+v", d.Name, e.Values)
		}
	}
	if values < 15 {
		t.Errorf("%d values in all", values)
	}
}

func TestView_Tags_says_what_a_tag_hangs_on(t *testing.T) {
	db := openCatalogue(t)
	v := viewOf(t, db)
	got := map[string]string{}
	for _, e := range catalogue(t, v, tags.Search{}) {
		got[e.Definition.Name] = fmt.Sprintf("%s traits=%q events=%q tags=%q interests=%q counted=%t revision=%d", e.Family, e.Traits, e.Events, e.Tags, e.Interests, e.Counted, e.Revision)
		if !e.Changed.Equal(now) || !e.Since.IsZero() {
			t.Errorf("%s: changed %v, since %v", e.Definition.Name, e.Changed, e.Since)
		}
	}
	want := map[string]string{
		"上海人":  `basic traits=["city"] events=[] tags=[] interests=[] counted=true revision=1`,
		"手机品牌": `device traits=["brand"] events=[] tags=[] interests=[] counted=true revision=1`,
		"等级":   `behaviour traits=["spent"] events=[] tags=[] interests=[] counted=true revision=1`,
		"常用应用": `basic traits=["apps"] events=[] tags=[] interests=[] counted=true revision=1`,
		"兴趣":   `behaviour traits=[] events=[] tags=[] interests=["category"] counted=true revision=1`,
		"活跃":   `behaviour traits=[] events=["*"] tags=["等级"] interests=[] counted=true revision=1`,
		"白名单":  ` traits=[] events=[] tags=[] interests=[] counted=true revision=1`,
		"站边":   `behaviour traits=[] events=["Visit"] tags=[] interests=[] counted=true revision=1`,
		"前两成":  `basic traits=["points"] events=[] tags=[] interests=[] counted=false revision=1`,
		"分层":   `basic traits=["points"] events=[] tags=[] interests=[] counted=false revision=1`,
		"抽样":   ` traits=[] events=[] tags=[] interests=[] counted=true revision=1`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := db.DefineTag(t.Context(), tags.Definition{Name: "抽样", Rule: tags.MustParse(`sample("x", 0.5)`), Family: "试验"}); err != nil {
		t.Fatal(err)
	}
	for _, e := range catalogue(t, viewOf(t, db), tags.Search{Families: []string{"试验"}}) {
		if e.Definition.Name != "抽样" || e.Revision != 2 {
			t.Errorf("%+v", e)
		}
	}
}

func TestView_Tags_search(t *testing.T) {
	v := viewOf(t, openCatalogue(t))
	for _, tt := range []struct {
		want tags.Search
		find string
	}{
		{tags.Search{Text: "上海"}, "上海人"},
		{tags.Search{Text: "海人"}, "上海人"},
		{tags.Search{Text: "brand"}, "手机品牌"},
		{tags.Search{Text: "ＢＲＡＮＤ　phone"}, "手机品牌"},
		{tags.Search{Text: "oppo"}, "手机品牌"},
		{tags.Search{Text: "STRASSE 活跃"}, "活跃"},
		{tags.Search{Text: "straße 睡眠"}, ""},
		{tags.Search{Text: "crm 高"}, "等级"},
		{tags.Search{Text: "高"}, "活跃 等级"},
		{tags.Search{Text: "MUSIC 设备"}, "常用应用"},
		{tags.Search{Text: "金"}, "白名单"},
		{tags.Search{Text: " \t "}, "上海人 兴趣 分层 前两成 常用应用 手机品牌 抽样 活跃 白名单 站边 等级"},
		{tags.Search{Groups: []string{"设备"}}, "常用应用 手机品牌"},
		{tags.Search{Groups: []string{"设备/应用", "基本"}}, "上海人 常用应用"},
		{tags.Search{Groups: []string{"设"}}, ""},
		{tags.Search{Kinds: []tags.Kind{tags.ByTelling, tags.ByTiers}}, "分层 白名单 等级"},
		{tags.Search{Families: []string{tags.FamilyDevice, tags.FamilyBasic}, Kinds: []tags.Kind{tags.ByValue}}, "常用应用 手机品牌"},
		{tags.Search{MinCoverage: 1}, "等级"},
		{tags.Search{MinCoverage: 1, Query: true}, "分层 等级"},
		{tags.Search{MinCoverage: 1.01}, ""},
	} {
		want := sorted(strings.Fields(tt.find))
		if got := names(catalogue(t, v, tt.want)); !slices.Equal(got, want) {
			t.Errorf("%+v: %q, want %q", tt.want, got, want)
		}
	}
}

// A tag that is being filled is in the catalogue, without sizes.
func TestView_Tags_while_one_is_filled(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true, FillRate: 1})
	apply(t, db, `tags: {有: {rule: 'exists(first_time("Clicked"))'}}`)
	for i := range 5 {
		take(t, db, profile.Event{MessageID: fmt.Sprint(i), Name: "Clicked", Time: epoch0, Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u", i))}})
	}
	m := db.Model()
	m.Tags = append(m.Tags, tags.Definition{Name: "慢", Rule: tags.MustParse(`count("Clicked") >= 1`)})
	if _, err := db.Apply(t.Context(), m, portrait.Background); err != nil {
		t.Fatal(err)
	}
	got := catalogue(t, viewOf(t, db), tags.Search{})
	if len(got) != 2 || got[0].Size+got[1].Size != 5 {
		t.Fatalf("%+v", got)
	}
	for _, e := range got {
		if filled := e.Definition.Name == "有"; e.Complete != filled || e.Counted != filled || e.Revision != 1 {
			t.Errorf("%+v", e)
		}
	}
	if got := catalogue(t, viewOf(t, db), tags.Search{MinCoverage: 0.5}); len(got) != 1 {
		t.Errorf("covering half: %q", names(got))
	}
}

func TestView_Tags_refuses(t *testing.T) {
	db := openCatalogue(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	v := viewOf(t, db)
	if _, err := v.Tags(gone, tags.Search{}); !errors.Is(err, context.Canceled) {
		t.Errorf("once ctx has ended: %v", err)
	}
	v.Close()
	if _, err := v.Tags(t.Context(), tags.Search{}); !errors.Is(err, portrait.ErrClosed) {
		t.Errorf("of a closed view: %v", err)
	}
}

// Of nobody there is nothing, and no share.
func TestView_Tags_of_nobody(t *testing.T) {
	db := open(t, t.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	apply(t, db, catalogueModel)
	for _, e := range catalogue(t, viewOf(t, db), tags.Search{Query: true}) {
		if e.Size != 0 || e.Coverage != 0 || !e.Counted || len(e.Values) != len(e.Definition.Values()) {
			t.Errorf("%+v", e)
		}
	}
}

// BenchmarkView_Tags lists a thousand tags, one in ten of them of ten values.
func BenchmarkView_Tags(b *testing.B) {
	const people, count = 2000, 1000
	db, err := portrait.Open(b.TempDir(), &portrait.Options{Clock: fixed(now), NoSync: true})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	m := model(b, `traits: {n: {type: number, index: true}}`)
	for i := range count {
		d := tags.Definition{Name: fmt.Sprintf("标签%04d", i), Description: "由积分得出", Rule: tags.MustParse(fmt.Sprintf("n >= %d", i))}
		if i%10 == 0 {
			d.Rule, d.Else = tags.Rule{}, "其余"
			for k := range 9 {
				d.Tiers = append(d.Tiers, tags.Tier{Value: fmt.Sprint("档", k), Rule: tags.MustParse(fmt.Sprintf("n >= %d", 1000-100*k))})
			}
		}
		m.Tags = append(m.Tags, d)
	}
	var events []profile.Event
	for i := range people {
		events = append(events, profile.Event{
			Type: profile.Identify, MessageID: fmt.Sprint(i), Time: epoch0, Identifiers: []profile.Identifier{id("user_id", fmt.Sprint("u", i))},
			Traits: map[string]profile.Value{"n": profile.Number(float64(i % 1000))},
		})
	}
	if _, err := db.Ingest(b.Context(), events...); err != nil {
		b.Fatal(err)
	}
	applyModel(b, db, m)
	v, err := db.View(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer v.Close()
	for name, want := range map[string]tags.Search{"all": {}, "text": {Text: "积分 00"}, "family": {Families: []string{tags.FamilyBasic}}, "one": {Text: "标签0777"}} {
		b.Run("search="+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Tags(b.Context(), want); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
