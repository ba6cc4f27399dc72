package insight

import (
	"reflect"
	"testing"
)

// Every word is there in both languages, and is not the same by oversight.
func TestWords_are_complete(t *testing.T) {
	en, zh := reflect.ValueOf(english), reflect.ValueOf(chinese)
	for i := range en.NumField() {
		name := en.Type().Field(i).Name
		if en.Field(i).IsZero() || zh.Field(i).IsZero() {
			t.Errorf("%s is missing: %v, %v", name, en.Field(i), zh.Field(i))
		}
		if en.Field(i).Kind() == reflect.String && en.Field(i).String() == zh.Field(i).String() {
			t.Errorf("%s is %q in both languages", name, en.Field(i))
		}
	}
	for rule := range english.rules {
		if chinese.rules[rule] == "" {
			t.Errorf("the rule %q has no Chinese name", rule)
		}
	}
}
