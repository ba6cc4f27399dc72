package yamlfile_test

import (
	"strings"
	"testing"

	"github.com/portraitdb/portrait/internal/yamlfile"
)

type file struct {
	Name  string         `yaml:"name"`
	Items []string       `yaml:"items"`
	Sub   map[string]int `yaml:"sub"`
	N     yamlfile.Int   `yaml:"n"`
	U     yamlfile.Uint  `yaml:"u"`

	List []part           `yaml:"list"`
	M    map[string]*part `yaml:"m"`
}

type part struct {
	X int `yaml:"x"`
}

func TestDecode(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"YAML", "name: a\nitems: [b, c]\n", ""},
		{"JSON", `{"name":"a","sub":{"x":1}}`, ""},
		{"nothing", "", ""},
		{"comments", "# nothing\n", ""},
		{"an unknown key", "name: a\nnome: b\n", `unknown field "nome"`},
		{"the line", "name: a\nnome: b\n", "2 | nome: b"},
		{"what was meant", "name: a\nnome: b\n", `[2:1] unknown field "nome", did you mean "name"?`},
		{"what there is", "colour: a\n", `[1:1] unknown field "colour", the fields: items, list, m, n, name, sub, u`},
		{"the first of several", "zzz: 1\nname: a\nyyy: 2\nxxx: 3\n", `[1:1] unknown field "zzz"`},
		{"an unknown key within a list", "list: [{x: 1}, {x: 2, z: 3}]\n", `[1:23] unknown field "z", the fields: x`},
		{"an unknown key within a mapping", "m:\n  a: {x: 1}\n  b:\n    xs: 1\n", `[4:5] unknown field "xs", did you mean "x"?`},
		{"an unknown key under an anchor", "m:\n  a: &a {xx: 1}\n", `unknown field "xx", did you mean "x"?`},
		{"an unknown key in JSON", `{"name":"a","sbu":{"x":1}}`, `[1:13] unknown field "sbu", did you mean "sub"?`},
		{"a number for a list", "items: 7\n", "items: 7"},
		{"a key twice", "name: a\nname: b\n", "already defined"},
		{"what makes the decoder panic", "items: !x\n- a: [\n", ""},
		{"too much", strings.Repeat("#", yamlfile.MaxBytes+1), "at most"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var f file
			err := yamlfile.Decode([]byte(tt.text), &f)
			switch {
			case tt.name == "what makes the decoder panic":
				if err == nil {
					t.Error("no error")
				}
			case (err == nil) != (tt.want == ""):
				t.Errorf("error %v, want %q", err, tt.want)
			case err != nil && !strings.Contains(err.Error(), tt.want):
				t.Errorf("error %q, want %q", err, tt.want)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, text := range []string{"name: a\nitems: [b]\n", "items: !x\n- a", "sub: {a: 1, <<: *x}", "? [\n", "- &a *a\n", "a: !!binary x", "n: !!int 1.5\nu: 1e9", "n: &a {u: *a}\nu: *a"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(_ *testing.T, data []byte) {
		var into file
		_ = yamlfile.Decode(data, &into) // it must come back
	})
}
