package crowd

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Names to draw from: half of the households are English, half Chinese.
var (
	firstNames = [2][]string{
		{
			"James", "Mary", "Robert", "Patricia", "John", "Jennifer", "Michael", "Linda", "David", "Elizabeth",
			"William", "Barbara", "Richard", "Susan", "Joseph", "Jessica", "Thomas", "Karen", "Sarah", "Daniel",
			"Nancy", "Matthew", "Lisa", "Anthony", "Betty", "Mark", "Sandra", "Emily", "Steven", "Carol",
		},
		{
			"伟", "芳", "娜", "敏", "静", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明", "超",
			"秀英", "建国", "志强", "雪梅", "晓明", "子轩", "雨桐", "浩然", "欣怡", "梓涵", "宇航", "思远", "嘉怡", "文博",
		},
	}
	lastNames = [2][]string{
		{
			"Smith", "Johnson", "Williams", "Brown", "Jones", "Garcia", "Miller", "Davis", "Martin", "Lopez",
			"Wilson", "Anderson", "Taylor", "Moore", "Jackson", "Lee", "Thompson", "White", "Harris", "Clark",
			"Lewis", "Robinson", "Walker", "Young", "Allen", "King", "Wright", "Scott", "Hill", "Green",
		},
		{
			"王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高",
			"林", "何", "郭", "马", "罗", "梁", "宋", "郑", "谢", "韩", "唐", "冯", "于", "欧阳", "司马",
		},
	}
	cities = [2][]string{
		{"Seattle", "Portland", "Leeds", "Bristol", "Dublin", "Perth", "Toronto", "Austin"},
		{"北京", "上海", "广州", "深圳", "杭州", "成都", "武汉", "西安"},
	}
	streets = [2][]string{
		{"oak street", "mill road", "park avenue", "church lane", "station road", "high street"},
		{"中山路", "人民路", "解放路", "建设路", "和平路", "文化路"},
	}
)

// Make invents n people in households of one to six, for tests without data.
func Make(seed uint64, n int) []Person {
	r := rand.New(rand.NewPCG(seed, 1))
	people := make([]Person, 0, max(n, 0))
	for h := 0; len(people) < n; h++ {
		tongue := r.IntN(2)
		one := func(of [2][]string) string { return of[tongue][r.IntN(len(of[tongue]))] }
		home := Person{
			Household: fmt.Sprint("h", h), Last: one(lastNames), City: one(cities),
			Street: fmt.Sprint(1+r.IntN(300), " ", one(streets)),
		}
		for range min(1+r.IntN(6), n-len(people)) {
			p := home
			p.ID, p.First = fmt.Sprint("p", len(people)), one(firstNames)
			if r.IntN(5) == 0 { // who married in, or lodges
				p.Last = one(lastNames)
			}
			p.Born = time.Date(1936+r.IntN(80), time.January, 1+r.IntN(365), 0, 0, 0, 0, time.UTC)
			people = append(people, p)
		}
	}
	return people
}
