package table

import (
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	tbl := Table{Indent: "  "}
	tbl.Row("高频购买者", 1234, Share(1234, 10000), "an x")
	tbl.Row("new", uint64(7), "100.0 %", "12")
	var b strings.Builder
	if _, err := tbl.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	want := "  高频购买者  1,234   12.3 %  an x\n" +
		"  new             7  100.0 %  12\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

// A column of numbers stands to the right under its name, whatever that is.
func TestTable_head(t *testing.T) {
	tbl := Table{}
	tbl.Head("tag", "of all", "n")
	tbl.Row("高", "5.0 %", 12345)
	tbl.Row("low", "15.0 %", 7)
	var b strings.Builder
	if _, err := tbl.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	want := "tag  of all       n\n" +
		"高    5.0 %  12,345\n" +
		"low  15.0 %       7\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := Count(n); got != want {
			t.Errorf("Count(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestBar(t *testing.T) {
	tests := []struct {
		n, all uint64
		want   string
	}{
		{0, 10, ""},
		{1, 0, ""},
		{1, 1000000, "▏"},
		{5, 10, "█████"},
		{1, 16, "▋"},
		{10, 10, "██████████"},
	}
	for _, tt := range tests {
		if got := Bar(tt.n, tt.all, 10); got != tt.want {
			t.Errorf("Bar(%d, %d) = %q, want %q", tt.n, tt.all, got, tt.want)
		}
	}
}

func TestClean(t *testing.T) {
	if got := Clean("a\x1b[31m上\u200b海\n"); got != "a·[31m上·海·" {
		t.Errorf("got %q", got)
	}
}

func TestFit(t *testing.T) {
	tests := []struct {
		text  string
		cells int
		want  string
	}{
		{"上海", 6, "上海  "},
		{"上海", 4, "上海"},
		{"上海浦东", 6, "上海… "},
		{"上海浦东", 5, "上海…"},
		{"abc", 2, "a…"},
		{"abc", 1, "…"},
		{"abc", 0, ""},
		{"", 2, "  "},
	}
	for _, tt := range tests {
		if got := Fit(tt.text, tt.cells); got != tt.want {
			t.Errorf("Fit(%q, %d) = %q, want %q", tt.text, tt.cells, got, tt.want)
		}
	}
}
