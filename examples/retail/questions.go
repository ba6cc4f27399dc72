package main

// question is a segment that the program asks for.
type question struct{ name, expr string }

// What is asked of the generated shop and of event files.
var shopSegments = []question{
	{"高价值且沉睡", `tag("高价值") and tag("沉睡")`},
	{"上海北京的价格敏感者", `city in ["上海", "北京"] and tag("价格敏感") and not tag("沉睡")`},
	{"高频或高价值", `tag("高频购买者") or tag("高价值")`},
	{"活跃买家", `orders >= 1 and not tag("沉睡")`},
	{"非价格敏感", `not tag("价格敏感")`},
	{"高价值但不高频", `minus(tag("高价值"), tag("高频购买者"))`},
	{"三中有二", `at_least(2, tag("高频购买者"), tag("高价值"), tag("价格敏感"))`},
	{"小程序老客", `channels any_of ["小程序"] and registered < date("2026-01-01") and average_order >= 200`},
}

const (
	shopSample  = `tag("高频购买者") and tag("高价值") and tag("全渠道") and refunds = 0`
	shopExplain = `(tag("流失风险") or city in ["上海", "北京"]) and average_order >= 200 and not last_refund >= ago("90d")`
)

// What is asked of the Online Retail file.
var orderSegments = []question{
	{"英国高频购买者", `tag("高频购买者") and country = "United Kingdom"`},
	{"高价值未沉睡", `tag("高价值") and not tag("沉睡")`},
	{"德法近期回头客", `country in ["Germany", "France"] and orders >= 2 and last_order >= date("2011-11-01")`},
	{"退货或批发的中等客", `(tag("常退货") or tag("批发")) and revenue < 5000 and refunded > -50`},
	{"老客四选二", `first_order < date("2011-01-01") and at_least(2, tag("高频购买者"), tag("高价值"), tag("价格敏感"), tag("沉睡"))`},
	{"海外", `not country = "United Kingdom"`},
}

const (
	orderSample  = `tag("高频购买者") and tag("高价值") and not country = "United Kingdom" and refunds = 0`
	orderExplain = `(tag("流失风险") or country in ["Germany", "France"]) and orders >= 20 and not refunded < -100`
)
