package main

// What the generated shop sells, and to whom.

// product is one article.
type product struct {
	name, category string
	price          float64 // in yuan, with two decimals
}

var products = []product{
	{"纯棉T恤", "服装", 79.9},
	{"风衣", "服装", 459},
	{"牛仔裤", "服装", 199},
	{"羊绒衫", "服装", 699},
	{"连衣裙", "服装", 269},
	{"跑鞋", "运动", 529},
	{"瑜伽垫", "运动", 99},
	{"羽毛球拍", "运动", 318},
	{"登山包", "运动", 399},
	{"速干衣", "运动", 128},
	{"面霜", "美妆", 238},
	{"口红", "美妆", 179},
	{"洁面乳", "美妆", 68},
	{"香水", "美妆", 568},
	{"面膜", "美妆", 89.9},
	{"蓝牙耳机", "数码", 349},
	{"充电宝", "数码", 129},
	{"机械键盘", "数码", 459},
	{"平板电脑", "数码", 2199},
	{"数据线", "数码", 29.9},
	{"坚果礼盒", "食品", 118},
	{"龙井茶", "食品", 298},
	{"咖啡豆", "食品", 88},
	{"牛肉干", "食品", 59.9},
	{"橄榄油", "食品", 109},
	{"四件套", "家居", 359},
	{"台灯", "家居", 149},
	{"保温杯", "家居", 79},
	{"空气炸锅", "家居", 399},
	{"收纳箱", "家居", 45.5},
	{"积木", "母婴", 169},
	{"绘本", "母婴", 39.9},
	{"纸尿裤", "母婴", 139},
	{"婴儿车", "母婴", 899},
	{"奶瓶", "母婴", 76},
	{"签字笔", "文具", 19.9},
	{"手账本", "文具", 48},
	{"钢笔", "文具", 188},
	{"水彩颜料", "文具", 66},
	{"书包", "文具", 218},
}

// perCategory is how many products of a category follow each other above.
const perCategory = 5

// cities, each with its weight.
var cities = []struct {
	name   string
	weight int
}{
	{"上海", 20}, {"北京", 17}, {"深圳", 12}, {"广州", 11}, {"杭州", 10}, {"成都", 9}, {"南京", 7}, {"武汉", 6}, {"西安", 5}, {"厦门", 3},
}

const (
	surnames   = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
	givenNames = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂文辉玲宁欣怡雨晨浩然子涵诗梦佳琪思远"
)

// channel is where a customer meets the shop.
type channel uint8

const (
	web channel = iota
	app
	mini // the mini-program
	store
	kiosk // a screen in the store, shared by everybody
)

// source names the channel in events, label names it to a person.
var (
	sources = [...]string{web: "web", app: "app", mini: "mini", store: "pos", kiosk: "kiosk"}
	labels  = [...]string{web: "网站", app: "App", mini: "小程序", store: "门店", kiosk: "门店"}
)
