package insight

import "strings"

// words are what a report says by itself, in one language.
type words struct {
	lang, colon, comma, semicolon, percentSign string
	units                                      []unit    // the greatest first
	days, hours, minutes                       [2]string // one, and many

	audience, base, audienceShare, baseShare   string
	value, people, step, ofFirst, ofPrevious   string
	time, interval, rest, all, hidden, figures string
	asOf, share, name                          string
	indexNote, overlapNote, hiddenNote         string
	nothing, empty                             string

	// Of a person.
	identities, traits, tags, stages, timeline, events, ahead                 string
	identifier, through, evidence, first, last, strongest                     string
	trait, origin, toldBy, computed, tag, condition, holds                    string
	fails, unknown, has, hasNot, since, until, stays, from, to                string
	stage, event, source, detail, times, long, now                            string
	seen, linked, matched, apart, apartHead, latest, turnsOn, turnsOff, inFor string
	aheadNote, stageNote, apartNote, nearly                                   string
	rules                                                                     map[string]string

	// Of a lifecycle.
	period, active, fresh, retained, resurrected, churned, quick string
	quickNote, growthNote, flowNote, cohort, size, stayed        string
	cohortNote, together                                         string

	// Of readings.
	identified, reachable, alone, unreachable, channel string
	entered, left, average, known, quantile            string
}

var english = words{
	lang: "en", colon: ": ", comma: ", ", semicolon: "; ", percentSign: " %",
	units: []unit{{1e9, "bn"}, {1e6, "m"}},
	days:  [2]string{" day", " days"}, hours: [2]string{" hour", " hours"}, minutes: [2]string{" minute", " minutes"},

	audience: "audience", base: "base", audienceShare: "share of audience", baseShare: "share of base",
	value: "value", people: "people", step: "step", ofFirst: "of the first", ofPrevious: "of the step before", time: "time",
	interval: "interval", rest: "none of these", all: "all", hidden: "too few to show", figures: "Figures", asOf: "As of ",
	share: "share", name: "name",
	indexNote:   "TGI: share in the audience over share in the base, times 100. The line marks 100, as in the base; whiskers are the interval. Shown are differences that chance hardly makes (q ≤ 0.05), the surest first.",
	overlapNote: "People who are in all of the marked segments and in no other.",
	hiddenNote:  "— too few to show, or it would give away a number that is.",
	nothing:     "Nothing tells this audience apart from its base beyond what chance makes.",
	empty:       "There is nothing to show.",

	identities: "Identities", traits: "Traits", tags: "Tags", stages: "Stages", timeline: "Timeline", events: "Events", ahead: "What time alone will change",
	identifier: "identifier", through: "joined through", evidence: "evidence", first: "first", last: "last", strongest: "strongest identifier",
	trait: "trait", origin: "from", toldBy: "told by ", computed: "computed: ", tag: "tag", condition: "condition", holds: "holds",
	fails: "does not hold", unknown: "unknown", has: "has", hasNot: "has not", since: "since ", until: "until ", stays: "as long as nothing happens", from: "from", to: "to",
	stage: "stage", event: "event", source: "source", detail: "details", times: "times", long: "how long", now: "now",
	seen: "named together ", linked: "linked by decision, ", matched: "matched by likeness, weight in bits ", apart: "kept apart: ", apartHead: "Kept apart",
	latest: "The latest {n} of {all} events.", turnsOn: "begins ", turnsOff: "ends ", inFor: "in ",
	aheadNote: "Tags that begin or end by themselves, if nothing else happens.",
	stageNote: "The stages that this person has been in, and for how long.",
	apartNote: "Seen with this person, but kept apart by a rule.",
	nearly:    "Tags that this person has not",
	rules: map[string]string{
		"max_nodes": "the profile would have too many identifiers", "unique": "a person has one of these only", "limit": "the person would have too many of these",
		"veto": "somebody decided that they never belong together", "generic": "it has too many users to be anybody's", "barred": "it is not allowed any more",
		"shared": "several people use it", "newest": "somebody else used it later", "max_edges": "others come first", "lookup": "another one comes first",
		"never": "a value that never counts", "auth": "the login was not strong enough", "unlinked": "somebody decided that it is not theirs",
	},

	period: "period", active: "active", fresh: "new", retained: "retained", resurrected: "resurrected", churned: "churned", quick: "quick ratio",
	quickNote:  "Quick ratio: new and resurrected for each one churned. Above 1 the number grows; there is none where nobody churned.",
	growthNote: "Above the line are the active: new, retained from the period before, resurrected after a pause. Below are those who were active the period before and are not.",
	flowNote:   "Everybody by stage on the two dates, and who moved where.",
	cohort:     "cohort", size: "size", stayed: "stayed",
	cohortNote: "Which share of those who came in one period was active in the later ones.", together: "all together",

	identified: "have an identifier", reachable: "can be reached", alone: "by no other", unreachable: "by none", channel: "identifier or channel",
	entered: "entered", left: "left", average: "average", known: "have a value", quantile: " of values are at most",
}

var chinese = words{
	lang: "zh", colon: "：", comma: "，", semicolon: "；", percentSign: "%",
	units: []unit{{1e8, "亿"}, {1e4, "万"}},
	days:  [2]string{" 天", " 天"}, hours: [2]string{" 小时", " 小时"}, minutes: [2]string{" 分钟", " 分钟"},

	audience: "人群", base: "对照", audienceShare: "人群占比", baseShare: "对照占比",
	value: "取值", people: "人数", step: "步骤", ofFirst: "占首步", ofPrevious: "占上一步", time: "时间",
	interval: "置信区间", rest: "其余", all: "合计", hidden: "人数过少，不予显示", figures: "数据", asOf: "截至 ",
	share: "占比", name: "名称",
	indexNote:   "TGI：特征在人群中的占比与在对照中占比之比，乘以 100。竖线为 100，即与对照相同；须线为置信区间。只列出偶然性难以解释的差异（q ≤ 0.05），最确定者在前。",
	overlapNote: "同时属于所标各分群、且不属于其他分群的人数。",
	hiddenNote:  "— 人数过少，或会泄露过少的人数，不予显示。",
	nothing:     "该人群与对照没有超出偶然的差异。",
	empty:       "没有可显示的内容。",

	identities: "身份标识", traits: "特征", tags: "标签", stages: "生命周期阶段", timeline: "时间线", events: "事件", ahead: "仅随时间将发生的变化",
	identifier: "标识", through: "经由", evidence: "依据", first: "首次", last: "最近", strongest: "最强标识",
	trait: "特征", origin: "来源", toldBy: "来自 ", computed: "计算：", tag: "标签", condition: "条件", holds: "成立",
	fails: "不成立", unknown: "未知", has: "有", hasNot: "无", since: "自 ", until: "至 ", stays: "若无新事件则不变", from: "起", to: "止",
	stage: "阶段", event: "事件", source: "渠道", detail: "详情", times: "次数", long: "时长", now: "现在",
	seen: "同时出现于 ", linked: "人工关联于 ", matched: "相似匹配，权重（比特）", apart: "未合并：", apartHead: "未合并的标识",
	latest: "共 {all} 个事件，列出最近 {n} 个。", turnsOn: "开始于 ", turnsOff: "结束于 ", inFor: "距今 ",
	aheadNote: "若无新事件，将自行开始或结束的标签。",
	stageNote: "此人经历的各阶段及时长。",
	apartNote: "曾与此人同时出现，但依规则未合并。",
	nearly:    "此人没有的标签",
	rules: map[string]string{
		"max_nodes": "标识将过多", "unique": "每人只能有一个", "limit": "此类标识将过多", "veto": "已裁定永不合并", "generic": "使用者过多，不属于任何人",
		"barred": "已不再允许", "shared": "多人共用", "newest": "其后为他人所用", "max_edges": "已有更优先者", "lookup": "另有更优先者",
		"never": "不予采信的值", "auth": "登录强度不足", "unlinked": "已裁定不属于此人",
	},

	period: "周期", active: "活跃", fresh: "新增", retained: "留存", resurrected: "召回", churned: "流失", quick: "速动比",
	quickNote:  "速动比：每流失一人所对应的新增与召回人数。大于 1 则增长；无人流失时没有定义。",
	growthNote: "线上为活跃者：新增、自上一周期留存、沉寂后召回。线下为上一周期活跃而本周期未活跃者。",
	flowNote:   "两个日期上各阶段的人数，以及其间的流向。",
	cohort:     "同期群", size: "人数", stayed: "未变动",
	cohortNote: "同一周期到来的人中，其后各周期仍活跃者的占比。", together: "全部合计",

	identified: "有此标识", reachable: "可触达", alone: "仅此渠道", unreachable: "均不可触达", channel: "标识或渠道",
	entered: "进入", left: "离开", average: "平均", known: "有取值", quantile: " 的取值不超过",
}

func (r *Report) words() *words {
	if r.Language == "zh" || strings.HasPrefix(r.Language, "zh-") {
		return &chinese
	}
	return &english
}

// label names a row.
func (w *words) label(r *Row) string {
	if r.Value == "" {
		return r.Dimension
	}
	return r.Dimension + w.colon + r.Value
}

// row is a row of figures.
func (w *words) row(r *Row) []string {
	if r.Hidden {
		return []string{w.label(r), w.hidden, "", "", "", "", "", ""}
	}
	out := []string{w.label(r), w.count(r.Audience), w.count(r.Base), w.percent(r.AudienceShare), w.percent(r.BaseShare), "", "", ""}
	if r.TGI != nil {
		out[5], out[6] = w.index(r.TGI.Index), w.index(r.TGI.Low)+" – "+w.index(r.TGI.High)
		out[7] = significance(r.Q)
	}
	return out
}
