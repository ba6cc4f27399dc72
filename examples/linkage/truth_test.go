package main

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLabeller(t *testing.T) {
	const febrl = `rec-(\d+)-`
	tests := []struct {
		name, given, configured string
		cells, want             []string
		fault                   string
	}{
		{"whole cells", "", "", []string{"a", "", "b"}, []string{"a", "", "b"}, ""},
		{"the pattern of the configuration", "", febrl, []string{"", "rec-7-org", "rec-7-dup-0", "rec-12-org"}, []string{"", "7", "7", "12"}, ""},
		{"a configured pattern for another column", "", febrl, []string{"", "42", "rec-7-org"}, []string{"", "42", "rec-7-org"}, ""},
		{"a configured pattern that stops matching", "", febrl, []string{"rec-7-org", "7"}, nil, `"7" in column "who" is no label: the pattern rec-(\d+)- does not match`},
		{"a given pattern must match", febrl, "", []string{"7"}, nil, `"7" in column "who" is no label`},
		{"a given pattern goes first", `^(.)`, febrl, []string{"rec-7-org"}, []string{"r"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, err := newLabeller("who", tt.given, tt.configured)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, cell := range tt.cells {
				var label string
				if label, err = l.label(cell); err != nil {
					break
				}
				got = append(got, label)
			}
			if tt.fault != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fault) {
					t.Errorf("got %v, want ...%s...", err, tt.fault)
				}
				return
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestLabeller_refuses_bad_patterns(t *testing.T) {
	for pattern, want := range map[string]string{"(": "--truth-pattern: error parsing regexp", "rec": "has no group (...)"} {
		if _, err := newLabeller("who", pattern, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want ...%s...", pattern, err, want)
		}
	}
	if l, err := newLabeller("", "", "("); l != nil || err != nil {
		t.Errorf("without a column: %v, %v", l, err)
	}
}

// TestHalf asks for halves of about one size that another seed cuts elsewhere.
func TestHalf(t *testing.T) {
	const n = 10_000
	var first, same int
	for i := range n {
		label := strconv.Itoa(i)
		first += half(1, label)
		if half(1, label) == half(2, label) {
			same++
		}
	}
	for what, count := range map[string]int{"a half has": first, "two seeds agree on": same} {
		if count < n/2-300 || count > n/2+300 {
			t.Errorf("%s %d of %d", what, count, n)
		}
	}
}

func TestTruthPairs(t *testing.T) {
	one := write(t, "one.csv", "id,name\na,x\nb,y\nc,z\nc,z\n")
	two := write(t, "two.csv", "id,name\na,x\nd,y\n")
	tests := []struct {
		name  string
		files []string
		text  string
		want  [][2]int32
		fault string
	}{
		{"a header", []string{one}, "left,right\na,b\n", [][2]int32{{0, 1}}, ""},
		{"no header", []string{one}, "b,a\na , b\n", [][2]int32{{1, 0}, {0, 1}}, ""},
		{"no pairs", []string{one}, "left,right\n", [][2]int32{}, ""},
		{"the first ID is of the first file", []string{one, two}, "l,r\na,a\nb,d\n", [][2]int32{{0, 4}, {1, 5}}, ""},
		{"an ID of the other file", []string{one, two}, "l,r\nd,a\n", nil, `pairs.csv, line 2: no record of one.csv has the ID "d"`},
		{"an unknown ID", []string{one}, "l,r\na,b\n\na,x\n", nil, `pairs.csv, line 4: no record of one.csv has the ID "x"`},
		{"an ID of two records", []string{one}, "l,r\na,c\n", nil, `line 2: several records of one.csv have the ID "c"`},
		{"a record and itself", []string{one}, "l,r\na,a\n", nil, `line 2: both IDs are "a"`},
		{"three columns", []string{one}, "l,r,x\na,b,1\n", nil, "has 3 columns"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := source{paths: tt.files, columns: []string{"id", "name"}, id: "id"}
			d, err := s.read()
			if err != nil {
				t.Fatal(err)
			}
			got, err := readTruthPairs(write(t, "pairs.csv", tt.text), d)
			if tt.fault != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fault) {
					t.Errorf("got %v, want ...%s...", err, tt.fault)
				}
				return
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestSource_by_row_number(t *testing.T) {
	s := source{paths: []string{write(t, "in.csv", "x,name\n,a\n,b\n")}, columns: []string{"name"}}
	d, err := s.read()
	if err != nil {
		t.Fatal(err)
	}
	if a, b := d.id(0), d.id(1); a != "1" || b != "2" {
		t.Errorf("the records are called %s and %s", a, b)
	}
	if diff := cmp.Diff([]string{"name"}, d.records.Columns()); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
}
