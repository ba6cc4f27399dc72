package insight

import (
	"math"
	"strconv"
	"strings"
)

// words are what a report says by itself, in one language.
type words struct {
	lang                                               string
	audience, base, audienceShare, baseShare           string
	value, people, step, ofFirst, ofPrevious, time     string
	interval, rest, all, hidden, figures, asOf, nobody string
	indexNote, overlapNote, nothing, colon, none       string
}

var english = words{
	lang: "en", audience: "audience", base: "base", audienceShare: "share of audience", baseShare: "share of base",
	value: "value", people: "people", step: "step", ofFirst: "of the first", ofPrevious: "of the step before", time: "time",
	interval: "interval", rest: "none of these", all: "all", hidden: "too few to show", figures: "Figures", asOf: "As of ", nobody: "nobody", none: "in none",
	indexNote:   "TGI: share in the audience over share in the base, times 100. The line marks 100, as in the base; whiskers are the interval. Shown are differences that chance hardly makes (q ≤ 0.05), the surest first.",
	overlapNote: "People who are in all of the marked segments and in no other.",
	nothing:     "Nothing tells this audience apart from its base beyond what chance makes.",
	colon:       ": ",
}

var chinese = words{
	lang: "zh", audience: "人群", base: "对照", audienceShare: "人群占比", baseShare: "对照占比",
	value: "取值", people: "人数", step: "步骤", ofFirst: "占首步", ofPrevious: "占上一步", time: "时间",
	interval: "置信区间", rest: "其余", all: "合计", hidden: "人数过少，不予显示", figures: "数据", asOf: "截至 ", nobody: "无人", none: "均不属于",
	indexNote:   "TGI：特征在人群中的占比与在对照中占比之比，乘以 100。竖线为 100，即与对照相同；须线为置信区间。只列出偶然性难以解释的差异（q ≤ 0.05），最确定者在前。",
	overlapNote: "同时属于所标各分群、且不属于其他分群的人数。",
	nothing:     "该人群与对照没有超出偶然的差异。",
	colon:       "：",
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
		out[5], out[6] = index(r.TGI.Index), index(r.TGI.Low)+" – "+index(r.TGI.High)
		out[7] = significance(r.Q)
	}
	return out
}

// count groups the digits of a whole number by thousands.
func (w *words) count(n uint64) string {
	digits := strconv.FormatUint(n, 10)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// number is a number as short as it is: whole ones with their thousands.
func (w *words) number(v float64) string {
	if v >= 0 && v == math.Trunc(v) && v < 1e15 {
		return w.count(uint64(v))
	}
	return strconv.FormatFloat(v, 'g', 6, 64)
}

// percent is a share with three significant digits, and no more than one decimal
// beyond ten per cent.
func (w *words) percent(share float64) string {
	p := 100 * share
	digits := 1
	switch {
	case p != 0 && p < 1:
		digits = 3
	case p < 10:
		digits = 2
	}
	return strconv.FormatFloat(p, 'f', digits, 64) + " %"
}

func index(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }

func significance(q float64) string {
	if q < 0.0001 {
		return "< 0.0001"
	}
	return strconv.FormatFloat(q, 'f', 4, 64)
}
