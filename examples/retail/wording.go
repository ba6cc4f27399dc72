package main

import (
	"cmp"

	"github.com/portraitdb/portrait/profile"
)

// wording is what the pages say, in one language, beside what reports say by themselves.
type wording struct {
	lang, comma, missing, of string

	audienceLead, people, revenueAll, revenueOne, apart, where string
	howMany, byOrders, overlap, reach, under, more, spent      string

	personLead, since, events, spentOne, orders string

	cycleTitle, cycleLead, buyers, activeNow, quick, stagesNow, stagesOver, moves, newcomer string
	growth, cohorts, month, recency, frequency, grid, classes                               string
	value, alive, expected, worth, track, calibration, actual, foretold, weeks, repeats     string
	aliveNote, expectedNote, worthNote, trackNote, calibrationNote, noModel, noSpend        string

	names map[string]string // of traits, events and sources, where they are others
}

var words = map[string]*wording{
	"en": {
		lang: "en", comma: ", ", missing: "missing", of: "of ",
		audienceLead: "Customers who have spent much, beside everybody: ", people: "People", revenueAll: "Revenue of all of them", revenueOne: "Revenue of one, on average",
		apart: "What tells them apart", where: "Where they are", howMany: "How many orders", byOrders: "Where they are, by orders", overlap: "How the tags overlap",
		reach: "How they are known", under: " to under ", more: " and more", spent: "What they spent",
		personLead: "One customer, as far as it is known: ", since: "Known since", events: "Events", spentOne: "Spent", orders: "Orders",
		cycleTitle: "Lifecycle review", cycleLead: "How customers come, stay and leave: ", buyers: "Have bought", activeNow: "Active in ", quick: "Quick ratio",
		stagesNow: "Stages now", stagesOver: "Stages at the end of each month", moves: "Who moved where", newcomer: "new, or merged",
		growth: "Growth", cohorts: "Who comes back", month: "month", recency: "recency", frequency: "frequency", grid: "Recency and frequency", classes: "Segments of recency and frequency",
		value: "Value", alive: "Probability to be a customer still", expected: "Orders expected in 90 days", worth: "Expected revenue of the next 12 months", track: "Repeat orders, foretold and seen",
		calibration: "How well the model foretold", actual: "seen", foretold: "foretold", weeks: "week", repeats: "earlier repeat orders",
		aliveNote: "Buyers by how probably they are still there, after the model MBG/NBD.", expectedNote: "Buyers by how many orders the model expects of them.",
		worthNote:       "Buyers by what they will probably spend, discounted by 1 % a month; without costs.",
		trackNote:       "Of all customers together since the first day, by week. The model has not seen the last 90 days.",
		calibrationNote: "Mean orders of a customer in the last 90 days, which the model has not seen, by how many repeat orders there were before.",
		noModel:         "A model of value could not be fitted: ", noSpend: "A model of spending could not be fitted: ",
		names: map[string]string{
			"champions": "champions", "loyal": "loyal", "potential_loyalists": "potential loyalists", "new": "new", "promising": "promising", "need_attention": "need attention",
			"about_to_sleep": "about to sleep", "at_risk": "at risk", "cant_lose": "can't lose", "hibernating": "hibernating",
		},
	},
	"zh": {
		lang: "zh", comma: "，", missing: "缺失", of: "共 ",
		audienceLead: "消费较多的顾客，与全体对照：", people: "人数", revenueAll: "消费总额", revenueOne: "人均消费",
		apart: "有何不同", where: "所在地", howMany: "订单数", byOrders: "所在地与订单数", overlap: "标签的重叠",
		reach: "可识别的标识", under: " 至不足 ", more: " 及以上", spent: "消费金额",
		personLead: "一位顾客的已知全貌：", since: "首次出现", events: "事件", spentOne: "消费", orders: "订单",
		cycleTitle: "生命周期回顾", cycleLead: "顾客如何到来、留下与离开：", buyers: "购买过", activeNow: "活跃于 ", quick: "速动比",
		stagesNow: "当前阶段", stagesOver: "各月末的阶段", moves: "谁去了哪里", newcomer: "新出现或已合并",
		growth: "增长", cohorts: "谁会回来", month: "月份", recency: "最近", frequency: "频次", grid: "最近一次与频次", classes: "按最近一次与频次的分群",
		value: "价值", alive: "仍为顾客的概率", expected: "未来 90 天的预期订单", worth: "未来 12 个月的预期消费", track: "复购：预测与实际",
		calibration: "模型预测的准确度", actual: "实际", foretold: "预测", weeks: "周", repeats: "此前复购次数",
		aliveNote: "按仍为顾客的概率统计的买家，依据改进的贝塔几何模型。", expectedNote: "按模型预期的订单数统计的买家。",
		worthNote:       "按预期消费统计的买家，每月折现 1%，未计成本。",
		trackNote:       "自首日起全体顾客的累计复购，按周。最后 90 天的数据未用于拟合。",
		calibrationNote: "最后 90 天（未用于拟合）每位顾客的平均订单数，按此前的复购次数分组。",
		noModel:         "价值模型无法拟合：", noSpend: "消费模型无法拟合：",
		names: map[string]string{
			"champions": "重要冠军", "loyal": "忠诚", "potential_loyalists": "潜力忠诚", "new": "新客", "promising": "有潜力", "need_attention": "需要关注",
			"about_to_sleep": "即将沉睡", "at_risk": "有流失风险", "cant_lose": "不能失去", "hibernating": "沉睡",
			"name": "姓名", "gender": "性别", "city": "城市", "country": "国家", "birthday": "生日", "registered": "注册时间", "channels": "渠道", "email": "邮箱", "phone": "手机",
			"orders": "订单数", "revenue": "消费金额", "average_order": "客单价", "discount": "平均折扣", "first_order": "首次下单", "last_order": "最近下单", "refunds": "退货次数",
			"last_refund": "最近退货", "added": "加购次数", "lines": "行数", "quantity": "件数", "unit_price": "单价", "refunded": "退款",
			"user_id": "账号", "unionid": "小程序账号", "device_id": "设备", "anonymous_id": "浏览器",
			"Order Completed": "完成订单", "Order Refunded": "退货", "Product Viewed": "浏览商品", "Product Added": "加入购物车", "Products Searched": "搜索商品", "identify": "登录",
			"web": "网站", "app": "应用", "mini": "小程序", "pos": "门店", "kiosk": "门店屏幕", "online-retail": "网店",
		},
	},
}

// name is what the page calls something.
func (w *wording) name(of string) string { return cmp.Or(w.names[of], of) }

// identifier is what the page shows of an identifier.
func (w *wording) identifier(id profile.Identifier) string {
	return w.name(id.Namespace) + ": " + id.Value
}

// event is what the page calls an event.
func (w *wording) event(e *profile.Event) string { return w.name(cmp.Or(e.Name, e.Type.String())) }
