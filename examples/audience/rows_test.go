package main

import "time"

// The groups of the tour by name, each asked of one profile in plain Go.
var (
	catalogueRows = map[string]func(who) bool{
		"年轻人":     func(w who) bool { return w.young() },
		"年龄段":     func(w who) bool { return w.n >= 0 },
		"年龄段 青年":  func(w who) bool { return w.young() },
		"年龄段 中年":  func(w who) bool { return w.age >= 30 && w.age < 50 },
		"年龄段 老年":  func(w who) bool { return w.age >= 50 },
		"所在城市":    func(w who) bool { return w.n >= 0 },
		"所在城市 上海": func(w who) bool { return w.city == "上海" },
		"所在城市 杭州": func(w who) bool { return w.city == "杭州" },
		"所在城市 苏州": func(w who) bool { return w.city == "苏州" },

		"手机品牌":    func(w who) bool { return w.n >= 0 },
		"手机品牌 华为": func(w who) bool { return w.brand == "华为" },
		"手机品牌 小米": func(w who) bool { return w.brand == "小米" },
		"手机品牌 苹果": func(w who) bool { return w.brand == "苹果" },
		"手机品牌 荣耀": func(w who) bool { return w.brand == "荣耀" },
		"机型档次":    func(w who) bool { return w.n >= 0 },
		"机型档次 高端": func(w who) bool { return w.price >= 6000 },
		"机型档次 中端": func(w who) bool { return w.price >= 3000 && w.price < 6000 },
		"机型档次 入门": func(w who) bool { return w.n >= 0 && w.price < 3000 },
		"待换机":     dueForAnother,

		"近月活跃":              func(w who) bool { return w.active() },
		"地铁常客":              func(w who) bool { return len(w.stations) >= 2 },
		"消费分层":              func(who) bool { return true },
		"消费分层 高":            func(w who) bool { return w.spends(400) },
		"消费分层 中":            func(w who) bool { return w.spends(100) && !w.spends(400) },
		"消费分层 低":            func(w who) bool { return !w.spends(100) },
		"前两成":               func(w who) bool { return w.fifth() },
		"种子人群":              func(w who) bool { return w.crm() && w.young() },
		"贵宾":                func(w who) bool { return w.honour },
		"对照组":               func(w who) bool { return w.draw("holdout") < 0.05 },
		"consent:marketing": func(w who) bool { return w.consents },
	}

	familyRows = map[string]func(who) bool{
		"basic: women of middle age":          func(w who) bool { return w.gender == "女" && w.age >= 30 && w.age < 50 },
		"device: dear phones due for another": func(w who) bool { return w.price >= 6000 && dueForAnother(w) },
		"behaviour: active, and buying much":  func(w who) bool { return w.active() && w.spends(400) },
		"one of each family":                  func(w who) bool { return w.young() && w.price >= 6000 && w.active() },
		"any two of three":                    func(w who) bool { return atLeast(2, w.young(), w.spends(400), dueForAnother(w)) },
	}

	appRows = map[string]func(who) bool{
		"all of two":                  func(w who) bool { return w.has("地图", "打车") == 2 },
		"any of two":                  func(w who) bool { return w.has("理财", "母婴") > 0 },
		"none of two":                 func(w who) bool { return w.n >= 0 && w.has("视频", "游戏") == 0 },
		"at least two of three":       func(w who) bool { return w.has("外卖", "视频", "健身") >= 2 },
		"all of two, and not a third": func(w who) bool { return w.has("地图", "打车") == 2 && w.has("游戏") == 0 },
	}

	listRows = map[string]func(who) bool{
		"of the CRM":                     func(w who) bool { return w.crm() },
		"of the CRM and not yet exposed": func(w who) bool { return w.crm() && !w.exposed() },
		"in any two of three lists":      func(w who) bool { return atLeast(2, w.crm(), w.member(), w.exposed()) },
		"guests of honour, young":        func(w who) bool { return w.honour && w.young() },
	}

	placeRows = map[string]func(who) bool{
		"live near one point": func(w who) bool { return w.livesWithin(centre, 2000) },
		"live near any of a list of points": func(w who) bool {
			for _, s := range stationSpots {
				if w.livesWithin(s, 600) {
					return true
				}
			}
			return false
		},
		"live in a named area":                  func(w who) bool { return w.n >= 0 && inside(w.home, lujiazui) },
		"live in an area drawn on a map":        func(w who) bool { return w.n >= 0 && inside(w.home, drawn) },
		"checked in at stations, on two days":   func(w who) bool { return len(w.stations) >= 2 },
		"checked in downtown, twice in 30 days": func(w who) bool { return w.downtown >= 2 },
		"a residence was found":                 func(w who) bool { return w.residence.exists() },
		"the residence is sure": func(w who) bool {
			return w.residence.there >= 4 && float64(w.residence.there)/float64(w.residence.seen) >= 0.8
		},
		"live and work downtown":              func(w who) bool { return w.residence.within(centre, 4000) && w.workplace.within(centre, 4000) },
		"at leisure in a mall":                func(w who) bool { return w.inMall() },
		"at leisure in a mall, live downtown": func(w who) bool { return w.inMall() && w.residence.within(centre, 4000) },
	}

	standingRows = map[string]func(who) bool{
		"the top fifth by spending": func(w who) bool { return w.fifth() },
		"the 100 best customers":    func(w who) bool { return w.orders > 0 && w.more < 100 },
		"the middle fifth, of Hangzhou": func(w who) bool {
			return w.orders > 0 && int(5*w.percentile()) == 2 && w.city == "杭州"
		},
	}

	lotRows = map[string]func(who) bool{
		"a tenth":                    func(w who) bool { return w.draw("survey") < 0.1 },
		"a fifth, by the same salt":  func(w who) bool { return w.draw("survey") < 0.2 },
		"in both: the tenth":         func(w who) bool { return w.draw("survey") < 0.1 },
		"held out of every campaign": func(w who) bool { return w.draw("holdout") < 0.05 },
		"layer prices: experiment A": func(w who) bool { return w.bucket("prices", 100) <= 20 },
		"layer prices: experiment B": func(w who) bool { return w.bucket("prices", 100) >= 21 && w.bucket("prices", 100) <= 25 },
		"in A and in B: nobody":      func(who) bool { return false },
		"layer pages: experiment C":  func(w who) bool { return w.bucket("pages", 100) <= 50 },
		"in A and in C: half of A":   func(w who) bool { return w.bucket("prices", 100) <= 20 && w.bucket("pages", 100) <= 50 },
	}

	savedRows = map[string]func(who) bool{
		"值得挽留":   func(w who) bool { return w.winBack() },
		"附近值得挽留": func(w who) bool { return w.winBack() && w.livesWithin(centre, 5000) },
		"前两成":    func(w who) bool { return w.fifth() },
		"种子人群":   func(w who) bool { return w.crm() && w.young() },
		"both of two saved ones": func(w who) bool {
			return w.winBack() && w.livesWithin(centre, 5000) && w.fifth()
		},
		"one without two others": func(w who) bool {
			return w.winBack() && !w.livesWithin(centre, 5000) && !(w.crm() && w.young())
		},
	}
)

// dueForAnother are those whose phone was bought before the last three years, today's date
// of then included.
func dueForAnother(w who) bool {
	start := today.AddDate(-3, 0, 1)
	return w.n >= 0 && w.bought.Before(time.Date(start.Year(), start.Month(), start.Day(), 0, 0, 0, 0, zone))
}

func atLeast(k int, conditions ...bool) bool {
	for _, c := range conditions {
		if c {
			k--
		}
	}
	return k <= 0
}
