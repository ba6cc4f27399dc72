package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/portraitdb/portrait/examples/internal/table"
)

// The pages say what the program says, in both languages, and their pictures are there
// for Vega-Lite too.
func TestRun_pages(t *testing.T) {
	for _, tt := range []struct {
		language  string
		audience  []string
		customer  []string
		lifecycle []string
	}{
		{"en", []string{"What tells them apart", "上海", "too few to show"}, []string{"Identities", "strongest identifier", "Timeline", "Stages"}, []string{"Growth", "Who comes back", "hibernating", "foretold"}},
		{"zh", []string{"有何不同", "上海", "人数过少"}, []string{"身份标识", "最强标识", "时间线", "生命周期阶段"}, []string{"增长", "谁会回来", "沉睡", "预测"}},
	} {
		t.Run(tt.language, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "new")
			r := runJSON(t, "-customers", "1500", "-language", tt.language, "-pages", dir)
			for name, want := range map[string][]string{
				"audience":  append(tt.audience, "<dd>"+table.Count(r.Tags[audience])+"<small>"),
				"customer":  tt.customer,
				"lifecycle": append(tt.lifecycle, "<dd>"+table.Count(r.Profiles)+"</dd>"),
			} {
				page, err := os.ReadFile(filepath.Join(dir, name+".html"))
				if err != nil {
					t.Fatal(err)
				}
				for _, w := range want {
					if !strings.Contains(string(page), w) {
						t.Errorf("the page %s lacks %q", name, w)
					}
				}
				pictures, err := os.ReadFile(filepath.Join(dir, name+".vega.json"))
				if err != nil {
					t.Fatal(err)
				}
				var specs []map[string]any
				if err := json.Unmarshal(pictures, &specs); err != nil || len(specs) < 3 {
					t.Errorf("%s: %d pictures: %v", name, len(specs), err)
				}
			}
		})
	}
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), started, []string{"-customers", "1", "-json", "-pages", t.TempDir()}, &stdout, &stderr); code != 1 || !strings.Contains(stderr.String(), "too few people") {
		t.Errorf("one customer: exit status %d: %s", code, &stderr)
	}
}

// Every text of the pages is there in both languages.
func TestWording_is_complete(t *testing.T) {
	en, zh := reflect.ValueOf(*words["en"]), reflect.ValueOf(*words["zh"])
	for i := range en.NumField() {
		name := en.Type().Field(i).Name
		if en.Field(i).IsZero() || zh.Field(i).IsZero() || reflect.DeepEqual(en.Field(i).String(), zh.Field(i).String()) && name != "names" {
			t.Errorf("%s: %q, %q", name, en.Field(i), zh.Field(i))
		}
	}
	for name := range words["en"].names {
		if words["zh"].names[name] == "" {
			t.Errorf("no Chinese name of %q", name)
		}
	}
}
