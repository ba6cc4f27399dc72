package pinyin_test

import (
	"fmt"

	"github.com/portraitdb/portrait/identity/linkage/pinyin"
)

func ExampleKey() {
	for _, name := range []string{"欧阳修", "Ouyang Xiu", "单雄信", "Shan, Xiongxin"} {
		fmt.Println(pinyin.Key(name))
	}
	// Output:
	// ouyangxiu
	// ouyangxiu
	// shanxiongxin
	// shanxiongxin
}
