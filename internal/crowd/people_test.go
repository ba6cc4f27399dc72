package crowd

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portraitdb/portrait/internal/published"
)

// sources are the ways to people; each test of a stream runs on both.
func sources(t *testing.T, n int) map[string][]Person {
	t.Helper()
	all := map[string][]Person{"made": Make(7, n)}
	root := published.Root(t)
	people, err := Read(filepath.Join(root, "people"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		t.Logf("without the people of %s, which are not there; PORTRAIT_DATA names the folder of the data", root)
	case err != nil:
		t.Fatal(err)
	default:
		all["read"] = people
	}
	return all
}

func TestPeople(t *testing.T) {
	for name, people := range sources(t, 3000) {
		t.Run(name, func(t *testing.T) {
			if len(people) < 3000 {
				t.Fatalf("%d people", len(people))
			}
			ids, homes := map[string]bool{}, map[string]Person{}
			for _, p := range people {
				if ids[p.ID] {
					t.Errorf("%s twice", p.ID)
				}
				ids[p.ID] = true
				if p.First == "" || p.Last == "" || p.City == "" || p.Household == "" || p.Born.Year() < 1900 || p.Born.Year() > 2026 {
					t.Errorf("incomplete: %+v", p)
				}
				homes[p.Household] = p
			}
			members, order := households(people)
			sizes := map[bool]int{}
			for _, h := range order {
				sizes[len(members[h]) > 1]++
				if len(members[h]) > 12 {
					t.Errorf("household %s has %d members", h, len(members[h]))
				}
			}
			if len(homes) != len(order) || sizes[true] < 500 || sizes[false] < 100 {
				t.Errorf("%d households, %v with several people", len(order), sizes)
			}
		})
	}
}

func TestMake(t *testing.T) {
	if got := Make(1, 0); len(got) != 0 {
		t.Errorf("nobody: %v", got)
	}
	if diff := cmp.Diff(Make(3, 50), Make(3, 90)[:50]); diff != "" {
		t.Errorf("more people change the first ones:\n%s", diff)
	}
	if cmp.Equal(Make(3, 50), Make(4, 50)) {
		t.Error("two seeds, the same people")
	}
}

func TestParseSurvey(t *testing.T) {
	const header = "simulant_id,household_id,first_name,last_name,date_of_birth,street_number,street_name,city,housing_type\n"
	for name, c := range map[string]struct {
		text string
		want []Person
		err  string
	}{
		"a home": {
			text: header + "0_1,0_2,Ann,Lee,86400000000000,12,oak st,Anytown,Household\n",
			want: []Person{{
				ID: "0_1", Household: "0_2", First: "Ann", Last: "Lee",
				Born: time.Unix(86400, 0).UTC(), Street: "12 oak st", City: "Anytown",
			}},
		},
		"an institution": {
			text: header + "0_1,0_2,Ann,Lee,0,,oak st,Anytown,Carceral\n",
			want: []Person{{
				ID: "0_1", Household: "0_2/0_1", First: "Ann", Last: "Lee",
				Born: time.Unix(0, 0).UTC(), Street: "oak st", City: "Anytown",
			}},
		},
		"no column":   {text: "simulant_id,first_name\n", err: `no column "household_id"`},
		"no date":     {text: header + "1,2,a,b,soon,1,s,c,Household\n", err: "line 2: date_of_birth"},
		"short line":  {text: header + "1,2,a\n", err: "wrong number of fields"},
		"empty":       {text: "", err: "EOF"},
		"header only": {text: header},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseSurvey(strings.NewReader(c.text))
			if diff := cmp.Diff(c.want, got); diff != "" && c.err == "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("error %v, want %q", err, c.err)
			}
		})
	}
}

func TestRead_absent(t *testing.T) {
	if _, err := Read(t.TempDir()); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), surveys[0]) {
		t.Errorf("got %v", err)
	}
}

// A file of any bytes is people or an error that says where.
func FuzzParseSurvey(f *testing.F) {
	const header = "simulant_id,household_id,first_name,last_name,date_of_birth,street_number,street_name,city,housing_type\n"
	for _, rows := range []string{
		"0_1,0_2,Ann,Lee,86400000000000,12,oak st,Anytown,Household\n", "1,2,a,b,-9223372036854775808,,,,\n",
		"1,2,a,b,9223372036854775808,,,,\n", "1,\"2,a\n", "\n\n",
	} {
		f.Add(header + rows)
	}
	f.Add("")
	f.Add(strings.Repeat(",", 1000))
	f.Fuzz(func(t *testing.T, text string) {
		people, err := parseSurvey(strings.NewReader(text))
		if err != nil && people != nil {
			t.Errorf("people and an error: %v", err)
		}
		if lines := strings.Count(text, "\n"); len(people) > lines {
			t.Errorf("%d people in %d lines", len(people), lines)
		}
		for _, p := range people {
			if len(p.First)+len(p.Last)+len(p.Street)+len(p.City) > len(text) {
				t.Errorf("more than was written: %+v", p)
			}
		}
	})
}
