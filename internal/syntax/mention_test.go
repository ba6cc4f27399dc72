package syntax_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/internal/syntax"
)

func TestMentions(t *testing.T) {
	for text, want := range map[string]string{
		`count("E") > 1 and last_time("F") < now()`:                                            `event "E" bare, event "F" bare`,
		`count("E", where(city = "a")) > 1 or sum("F", "x") > 1`:                               `event "E", event "F"`,
		`sequence("E", step("F", where(a = 1)), without("G"))`:                                 `event "E" bare, event "F", event "G" bare`,
		`sequence("E", "F", same("sku"))`:                                                      `event "E", event "F"`,
		`if(tag("x"), city, name) = "a" and consent("m")`:                                      `tag "x", trait "city", trait "name", purpose "m"`,
		`sample("s", 0.1) or bucket("s", 3) = 1`:                                               `lot "", lot ""`,
		`percentile(spend) > 0.5 and in_list("l")`:                                             `trait "spend", list "l"`,
		`interest("category", "a") > 1 and identified("email") and near(home, 31, 121, "1km")`: `interest "category", identifiers "", trait "home"`,
	} {
		e, err := syntax.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range syntax.Mentions(e) {
			got = append(got, strings.TrimSpace(fmt.Sprintf("%s %q %s", m.Kind, m.Name, map[bool]string{true: "bare"}[m.Bare])))
		}
		if diff := cmp.Diff(want, strings.Join(got, ", ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}
