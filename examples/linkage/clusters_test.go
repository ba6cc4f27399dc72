package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMembersOf(t *testing.T) {
	got := membersOf([]int32{0, 1, 0, 3, 1, 0})
	if diff := cmp.Diff([][]int32{{0, 2, 5}, {1, 4}, {3}}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWriteClusters(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "more"), 0o755); err != nil {
		t.Fatal(err)
	}
	a, b, same := filepath.Join(dir, "a.csv"), filepath.Join(dir, "b, c.csv"), filepath.Join(dir, "more", "a.csv")
	for path, text := range map[string]string{
		a:    "id,name,who\na1,x,7\n\"a\"\"2\",y,\na3,z,8\n",
		b:    "id,name,who\nb1,x,7\n李,z,8\n",
		same: "id,name,who\na1,x,7\na2,y,9\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name     string
		paths    []string
		id       string
		truth    *labeller
		clusters []int32
		want     string
	}{
		{"one file", []string{a}, "id", nil, []int32{0, 1, 0}, "id,file,cluster\na1,a.csv,1\na3,a.csv,1\n\"a\"\"2\",a.csv,2\n"},
		{
			"two files and the truth",
			[]string{a, b},
			"id", &labeller{column: "who"},
			[]int32{0, 1, 2, 0, 2},
			"id,file,cluster,truth\na1,a.csv,1,7\nb1,\"b, c.csv\",1,7\n\"a\"\"2\",a.csv,2,\na3,a.csv,3,8\n李,\"b, c.csv\",3,8\n",
		},
		{
			"row numbers, files of one name",
			[]string{a, same},
			"", nil,
			[]int32{0, 1, 2, 0, 1},
			"id,file,cluster\n1,A,1\n1,B,1\n2,A,2\n2,B,2\n3,A,3\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			columns := []string{"name"}
			if tt.id != "" {
				columns = append(columns, tt.id)
			}
			d, err := (&source{paths: tt.paths, columns: columns, id: tt.id, truth: tt.truth}).read()
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			if err := writeClusters(&got, d, tt.clusters); err != nil {
				t.Fatal(err)
			}
			want := strings.NewReplacer(",A,", ","+a+",", ",B,", ","+same+",").Replace(tt.want)
			if diff := cmp.Diff(want, got.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestWriteFile_tells_that_the_disk_is_full fails at the latest when the last
// bytes are written out.
func TestWriteFile_tells_that_the_disk_is_full(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("needs /dev/full, a device that is always full, which this system has not")
	}
	d := &dataset{files: []string{"a.csv"}}
	if err := writeFile("/dev/full", func(w io.Writer) error { return writeClusters(w, d, nil) }); err == nil {
		t.Error("nobody is told")
	}
}
