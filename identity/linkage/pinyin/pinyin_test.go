package pinyin

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestKey(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", ""},
		{" ·-", ""},
		{"张伟", "zhangwei"},
		{"張偉", "zhangwei"},
		{"张玮", "zhangwei"},
		{"Zhang Wei", "zhangwei"},
		{"ZHANG, Wei", "zhangwei"},
		{"张 伟", "zhangwei"},
		{"Jean-Luc O'Brien", "jeanlucobrien"},
		{"José", "josé"},
		{"张伟 2", "zhangwei2"},
		{"Wei 张", "weizhang"},
		{"吕布", "lvbu"},
		{"Lü Bu", "lvbu"},
		{"LÜ BU", "lvbu"},
		{"田中さくら", "tianzhongさくら"},
		{"Иван", "иван"},
		{"阿依古丽·买买提", "ayigulimaimaiti"},

		// Surnames with a reading of their own.
		{"单雄信", "shanxiongxin"},
		{"單雄信", "shanxiongxin"},
		{"曾国藩", "zengguofan"},
		{"解缙", "xiejin"},
		{"仇英", "qiuying"},
		{"区志远", "ouzhiyuan"},
		{"查良镛", "zhaliangyong"},
		{"翟志刚", "zhaizhigang"},
		{"覃海洋", "qinhaiyang"},
		{"薄一波", "boyibo"},
		{"盖叫天", "gejiaotian"},
		{"乐嘉", "yuejia"},
		{"乐正绫", "yuezhengling"},
		{"子车奄息", "zijuyanxi"},
		{"单于夜", "chanyuye"},
		{"缪荃孙", "miaoquansun"},
		{"朴树", "piaoshu"},
		{"种师道", "chongshidao"},
		{"卜算", "busuan"},
		{"欧阳修", "ouyangxiu"},
		{"歐陽修", "ouyangxiu"},
		{"Ouyang Xiu", "ouyangxiu"},
		{"尉迟恭", "yuchigong"},
		{"尉遲恭", "yuchigong"},
		{"尉健行", "weijianxing"},
		{"万俟卨", "moqixie"},
		{"澹台灭明", "tantaimieming"},
		{"长孙无忌", "zhangsunwuji"},
		{"仲长统", "zhongchangtong"},
		{"令狐冲", "linghuchong"},
		{"诸葛亮", "zhugeliang"},
		{"司马懿", "simayi"},
		{"上官婉儿", "shangguanwaner"},
		{"单", "shan"},
		{"尉迟", "yuchi"},

		// The same characters elsewhere have their common reading.
		{"李单", "lidan"},
		{"王解放", "wangjiefang"},
		{"张乐", "zhangle"},
		{"李晟", "lisheng"},
		{"晟敏", "chengmin"},
	}
	for _, tt := range tests {
		if got := Key(tt.in); got != tt.want {
			t.Errorf("Key(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

// The commonest surnames of China, with their readings: what the dictionary says
// of them is not taken on trust.
func TestKey_commonest_surnames(t *testing.T) {
	const table = `王wang 李li 张zhang 刘liu 陈chen 杨yang 赵zhao 黄huang 周zhou 吴wu 徐xu 孙sun 胡hu 朱zhu 高gao 林lin 何he 郭guo 马ma 罗luo
		梁liang 宋song 郑zheng 谢xie 韩han 唐tang 冯feng 于yu 董dong 萧xiao 程cheng 曹cao 袁yuan 邓deng 许xu 傅fu 沈shen 曾zeng 彭peng 吕lv
		苏su 卢lu 蒋jiang 蔡cai 贾jia 丁ding 魏wei 薛xue 叶ye 阎yan 余yu 潘pan 杜du 戴dai 夏xia 钟zhong 汪wang 田tian 任ren 姜jiang
		范fan 方fang 石shi 姚yao 谭tan 廖liao 邹zou 熊xiong 金jin 陆lu 郝hao 孔kong 白bai 崔cui 康kang 毛mao 邱qiu 秦qin 江jiang 史shi
		顾gu 侯hou 邵shao 孟meng 龙long 万wan 段duan 雷lei 钱qian 汤tang 尹yin 黎li 易yi 常chang 武wu 乔qiao 贺he 赖lai 龚gong 文wen`
	n := 0
	for entry := range strings.FieldsSeq(table) {
		_, size := utf8.DecodeRuneInString(entry)
		if got := Key(entry[:size]); got != entry[size:] {
			t.Errorf("Key(%q) = %q, want %q", entry[:size], got, entry[size:])
		}
		n++
	}
	if n != 100 {
		t.Fatalf("%d surnames, want 100", n)
	}
}

// Every surname of the table is of one or two Chinese characters and read in a to
// z, and needs its entry: read character by character it would come out otherwise.
func TestSurnames(t *testing.T) {
	for name, reading := range surnames {
		apart := ""
		for i, c := range name {
			if !unicode.Is(unicode.Han, c) {
				t.Errorf("%s holds %q", name, c)
			}
			if single := surnames[string(c)]; i == 0 && single != "" && name != string(c) {
				apart += single
			} else {
				apart += readingOf(c)
			}
		}
		if n := utf8.RuneCountInString(name); n > 2 || strings.Trim(reading, "abcdefghijklmnopqrstuvwxyz") != "" {
			t.Errorf("%s: %s", name, reading)
		}
		if apart == reading {
			t.Errorf("%s is read %s without its entry", name, reading)
		}
		if got := Key(name); got != reading {
			t.Errorf("Key(%q) = %q, want %q", name, got, reading)
		}
	}
	for c, reading := range characters {
		if dictionaryReading(c) == reading {
			t.Errorf("%c is read %s without its entry", c, reading)
		}
	}
}

func FuzzKey(f *testing.F) {
	for _, s := range []string{"", "欧阳修", "单 Wei", "Lü", "\xff单", "尉\xff", "𠀀", "İ", "e\u0301", "〇", "ǅ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		key := Key(name)
		if !utf8.ValidString(key) {
			t.Fatalf("Key(%q) = %q", name, key)
		}
		if again := Key(key); again != key {
			t.Fatalf("Key(%q) = %q, whose key is %q", name, key, again)
		}
		if len(key) > 8*len(name)+8 {
			t.Fatalf("Key(%q) has %d bytes", name, len(key))
		}
	})
}

func BenchmarkKey(b *testing.B) {
	for _, bb := range []struct{ name, in string }{{"text=han", "欧阳修文"}, {"text=latin", "Ouyang Xiuwen"}} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Key(bb.in)
			}
		})
	}
}
