package pinyin

// surnames are the readings of surnames that the commonest readings of their
// characters do not give, in simplified and traditional characters. It is read
// only.
var surnames = map[string]string{
	"单": "shan", "單": "shan",
	"曾": "zeng",
	"解": "xie",
	"仇": "qiu",
	"区": "ou", "區": "ou",
	"查": "zha",
	"翟": "zhai",
	"覃": "qin",
	"薄": "bo",
	"盖": "ge", "蓋": "ge",
	"乐": "yue", "樂": "yue",
	"缪": "miao", "繆": "miao",
	"朴": "piao",
	"繁": "po",
	"种": "chong",
	"员": "yun", "員": "yun",
	"贠": "yun", "貟": "yun",
	"召": "shao",
	"折": "she",
	"秘": "bi",
	"洗": "xian",
	"佴": "nai",
	"都": "du",
	"祭": "zhai",
	"乜": "nie",
	"句": "gou",
	"黑": "he",
	"郇": "xun",
	"晟": "cheng",

	"尉迟": "yuchi", "尉遲": "yuchi",
	"万俟": "moqi", "萬俟": "moqi",
	"澹台": "tantai", "澹臺": "tantai",
	"单于": "chanyu", "單于": "chanyu",
	"仲长": "zhongchang", "仲長": "zhongchang",
	"子车": "ziju", "子車": "ziju",
}

// characters are the readings that characters have in names, where the dictionary
// puts another first. It is read only.
var characters = map[rune]string{
	'卜': "bu",
	'晟': "sheng",
}
