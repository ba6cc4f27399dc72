package main

import (
	"math/rand/v2"
	"strconv"
	"time"
)

const (
	surnames   = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹"
	givenNames = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰文博思雨欣怡子涵梓萱"
)

// person is one made-up visitor of the shop and their habits.
type person struct {
	number  int
	name    string
	member  bool          // has an account
	every   time.Duration // between visits, on average
	buys    float64       // how likely a visit with something in the cart ends with an order
	devices int           // that they have come from so far
}

// newPerson invents the person of a number. The same seed and number give the same
// person.
func newPerson(seed uint64, number int) *person {
	r := rand.New(rand.NewPCG(seed, uint64(number)<<1|1))
	p := &person{
		number: number,
		name:   pick(r, surnames) + pick(r, givenNames),
		member: r.IntN(3) > 0,
		every:  time.Duration(float64(9*time.Hour) * (1 + 4*r.Float64()*r.Float64())),
		buys:   0.3 + 0.5*r.Float64(),
	}
	if r.IntN(3) > 0 {
		p.name += pick(r, givenNames)
	}
	return p
}

func pick(r *rand.Rand, from string) string {
	runes := []rune(from)
	return string(runes[r.IntN(len(runes))])
}

func (p *person) userID() string { return "u" + strconv.Itoa(p.number) }

// cookie is what one of the person's devices is known by.
func (p *person) cookie(device int) string {
	return "c" + strconv.Itoa(p.number) + "-" + strconv.Itoa(device)
}

// product is one thing that the shop sells.
type product struct {
	id, name string
	price    float64
}

var products = [...]product{
	{"p1", "跑鞋", 459},
	{"p2", "瑜伽垫", 129},
	{"p3", "咖啡豆", 68},
	{"p4", "手冲壶", 239},
	{"p5", "蓝牙耳机", 399},
	{"p6", "台灯", 189},
	{"p7", "双肩包", 329},
	{"p8", "羽绒服", 899},
	{"p9", "绘本", 39.8},
	{"p10", "儿童水杯", 59},
	{"p11", "面霜", 268},
	{"p12", "口红", 199},
	{"p13", "机械键盘", 549},
	{"p14", "猫粮", 158},
	{"p15", "保温杯", 99},
	{"p16", "电饭煲", 699},
}

// bustle is how likely a visit that is due begins, by the hour of the day in the
// shop's zone.
var bustle = [24]float64{
	0.15, 0.06, 0.03, 0.02, 0.02, 0.05, 0.2, 0.4, 0.55, 0.6, 0.65, 0.7,
	0.9, 0.75, 0.6, 0.6, 0.6, 0.65, 0.7, 0.85, 1, 1, 0.8, 0.4,
}
