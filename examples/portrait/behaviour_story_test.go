package main

import "testing"

// A shop that keeps its events, with windows, a sequence, tiers and a tracked segment.
const (
	shopModel = `
zone: Asia/Shanghai
log: {retain: 60d}
traits:
  city: {index: true}
  spent: {compute: 'sum("Order Completed", "revenue")', index: true}
  orders_7d: {compute: 'count("Order Completed", last("7d"))'}
  favourite: {compute: 'most_frequent("Product Viewed", "category", last("30d"))'}
  coupons: {merge: union, type: set}
tags:
  等级:
    tiers:
      - {value: 金, rule: 'spent >= 500'}
      - {value: 银, rule: 'spent >= 100'}
  活跃: {rule: 'count("Order Completed", last("7d")) >= 2'}
  弃购: {rule: 'sequence("Product Added", without("Order Completed"), within("2h"), last("1d"))'}
  白名单: {told: manual, choices: [金, 银]}
  偏好: {value: 'top(2, "Product Viewed", "category")'}
segments:
  沉睡金: {rule: 'tag("等级", "金") and last_time("Order Completed") < now() - "72h"'}
`
	shopEvents = `{"type":"identify","userId":"u1","messageId":"1","source":"web","timestamp":"2026-06-01T08:00:00+08:00","traits":{"city":"上海","coupons":["a"],"nick":"小李"}}
{"type":"track","event":"Product Viewed","userId":"u1","messageId":"2","source":"web","timestamp":"2026-06-01T08:05:00+08:00","properties":{"category":"运动","address":{"city":"上海"}}}
{"type":"track","event":"Product Added","userId":"u1","messageId":"3","source":"web","timestamp":"2026-06-01T08:06:00+08:00","properties":{"product_id":"p1"}}
{"type":"track","event":"Order Completed","userId":"u1","messageId":"4","source":"pos","timestamp":"2026-06-01T09:00:00+08:00","properties":{"revenue":600}}
{"type":"track","event":"Order Completed","userId":"u1","messageId":"5","source":"pos","timestamp":"2026-06-03T09:00:00+08:00","properties":{"revenue":20.5}}
{"type":"track","event":"Product Viewed","userId":"u2","messageId":"6","timestamp":"2026-06-03T10:00:00+08:00","properties":{"category":"图书"}}
{"type":"track","event":"Product Added","userId":"u2","messageId":"7","timestamp":"2026-06-03T10:05:00+08:00","properties":{"product_id":"p2"}}
{"type":"track","event":"Order Completed","userId":"u3","messageId":"8","timestamp":"2026-06-03T11:00:00+08:00","properties":{"revenue":120}}
`
	shopGuest = `{"type":"track","event":"Product Viewed","anonymousId":"c9","messageId":"9","timestamp":"2026-06-03T11:10:00+08:00","properties":{"category":"母婴"}}
`
	shopLogin = `{"type":"identify","userId":"u2","anonymousId":"c9","messageId":"10","timestamp":"2026-06-03T11:15:00+08:00"}
`
	shopStricter = `
zone: Asia/Shanghai
log: {retain: 60d}
traits:
  city: {index: true}
  spent: {compute: 'sum("Order Completed", "revenue")', index: true}
  orders_7d: {compute: 'count("Order Completed", last("7d"))'}
  favourite: {compute: 'most_frequent("Product Viewed", "category", last("30d"))'}
  coupons: {merge: union, type: set}
tags:
  等级:
    tiers:
      - {value: 金, rule: 'spent >= 1000'}
      - {value: 银, rule: 'spent >= 50'}
      - {value: 铜, rule: 'spent >= 60'}
  活跃: {rule: 'count("Order Completed", last("7d")) >= 1'}
  买家: {rule: 'spent > 0 or spent > 10'}
  白名单: {told: manual, choices: [金, 银]}
  偏好: {value: 'top(2, "Product Viewed", "category")'}
segments:
  沉睡金: {rule: 'tag("等级", "金") and last_time("Order Completed") < now() - "72h"'}
`
)

func TestStory_behaviour(t *testing.T) {
	holdStory(t, "behaviour.golden", []call{
		{stdin: shopModel, args: []string{"apply", "-"}},
		{args: []string{"advance", "2026-06-03T11:20:00+08:00"}},
		{stdin: shopEvents, args: []string{"ingest", "-"}},
		{args: []string{"tags"}},
		{args: []string{"tags", "--json"}},
		{args: []string{"traits", "user_id:u1"}},
		{args: []string{"traits", "user_id:u1", "--json"}},
		{args: []string{"traits", "user_id:nobody"}},

		{args: []string{"timeline", "user_id:u1"}},
		{args: []string{"timeline", "user_id:u1", "--from", "2026-06-01T08:05:00+08:00", "--to", "2026-06-03", "--limit", "2"}},
		{args: []string{"timeline", "user_id:u1", "--from", "2026-06-01T08:06:00+08:00", "--limit", "1", "--json"}},
		{args: []string{"timeline", "user_id:u1", "--from", "yesterday"}},
		{args: []string{"timeline", "user_id:nobody"}},

		{args: []string{"explain", `tag("弃购") or tag("活跃")`, "user_id:u1"}},
		{args: []string{"explain", `count("Order Completed", last("7d")) >= 4`, "user_id:u1", "--json"}},
		{args: []string{"explain", `tag("弃购")`, "user_id:u2"}},

		{args: []string{"flips", `tag("弃购")`, "--until", "2026-06-10"}},
		{args: []string{"flips", `tag("弃购")`, "--until", "2026-06-10", "--limit", "1"}},
		{args: []string{"flips", `orders_7d >= 1`, "--until", "2026-07-01", "--json"}},
		{args: []string{"flips", `orders_7d >= 1`, "--until", "2026-06-01"}},
		{args: []string{"flips", `orders >= 1`, "--until", "2026-07-01", "--json"}},
		{args: []string{"flips", `true`}},

		{args: []string{"watch"}},
		{args: []string{"watch", "--tag", "等级", "--segment", "沉睡金"}},
		{args: []string{"watch", "--tag", "等级", "--value", "金"}},
		{args: []string{"watch", "--json", "--tag", "活跃"}},
		{args: []string{"watch", "--limit", "1"}},
		{args: []string{"watch", "--tag", "等极"}},
		{args: []string{"watch", "--segment", "等级"}},
		{args: []string{"watch", "--since", "yesterday"}},
		{args: []string{"watch", "--follow"}},
		{stdin: shopGuest, args: []string{"ingest", "-"}},
		{stdin: shopLogin, args: []string{"ingest", "-"}},
		{args: []string{"advance", "2026-06-03T12:05:00+08:00"}},
		{args: []string{"watch", "--since", lastCursor}},
		{args: []string{"watch", "--json", "--names", "--tag", "弃购"}},
		{args: []string{"explain", `tag("弃购")`, "user_id:u2"}},
		{args: []string{"advance", "2026-06-12"}},
		{args: []string{"watch", "--names", "--since", lastCursor}},
		{args: []string{"watch", "--since", "1000000"}},

		{stdin: shopStricter, args: []string{"dry-run", "-"}},
		{stdin: shopStricter, args: []string{"dry-run", "-", "--limit", "1"}},
		{stdin: shopStricter, args: []string{"dry-run", "-", "--json"}},
		{stdin: shopModel, args: []string{"dry-run", "-"}},
		{args: []string{"dry-run", "-", "--limit=-1"}},
		{stdin: shopStricter, args: []string{"apply", "-"}},
		{args: []string{"watch", "--since", lastCursor}},
		{args: []string{"history", "等级"}},
		{args: []string{"history", "弃购"}},
		{args: []string{"history", "沉睡金", "--segment", "--json"}},
		{args: []string{"history", "沉睡金"}},
		{args: []string{"rollback", "等级", "1"}},
		{args: []string{"rollback", "等级", "1"}},
		{args: []string{"rollback", "等级", "7"}},
		{args: []string{"rollback", "弃购", "2"}},
		{args: []string{"rollback", "弃购", "1", "--json"}},
		{args: []string{"rollback", "nothing", "1"}},
		{args: []string{"history", "等级"}},
		{args: []string{"check"}},
	})
}
