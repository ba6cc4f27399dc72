package portrait_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/portraitdb/portrait"

type goPackage struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// listPackages asks the go command for the packages of this module.
func listPackages(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []goPackage
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p goPackage
		if err := dec.Decode(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// The house: what each package of ours may import of ours. The root may import
// everything; programs import public packages only.
var house = map[string][]string{
	"profile":            {"internal/pack", "internal/civil", "internal/grid"},
	"store":              {"internal/shard", "internal/atrest", "internal/shred"},
	"identity":           {"profile", "internal/spelling"},
	"identity/linkage":   {"internal/yamlfile"},
	"tags":               {"profile", "internal/draw", "internal/syntax", "internal/civil", "internal/geo", "internal/grid"},
	"segment":            {"profile", "internal/draw", "internal/syntax", "internal/shard", "internal/geo"},
	"segment/export":     {"profile", "internal/spelling"},
	"segment/insight":    {"profile", "segment", "internal/civil"},
	"lifecycle":          {"profile", "internal/civil"},
	"lifecycle/value":    {"profile", "internal/civil"},
	"privacy":            {"profile"},
	"health":             {},
	"metrics":            {},
	"backup":             {"store", "internal/copies"},
	"internal/crowd":     {"profile"}, // people whose truth is known, for tests
	"internal/published": {},          // the data that tests read
	"internal/yamlfile":  {"internal/spelling"},
	"internal/spelling":  {},
	"internal/keys":      {},
	"internal/counts":    {}, // what tests tried, for the gate
	"internal/seeds":     {}, // the seeds of random tests
	"internal/crashdisk": {}, // a file system that crashes, for tests
	"internal/pack":      {},
	"internal/copies":    {},
	"internal/shard":     {},
	"internal/atrest":    {},
	"internal/shred":     {},
	"internal/civil":     {},
	"internal/eventlog":  {"profile", "internal/pack"},
	"internal/draw":      {"profile"},
	"internal/idlist":    {},
	"internal/geo":       {},
	"internal/grid":      {},
	"internal/syntax":    {"profile", "internal/civil", "internal/geo", "internal/spelling"},
	// Random expressions for the tests of others.
	"internal/syntax/syntaxtest": {"profile", "internal/syntax"},
	"internal/oracle":            {"profile", "internal/syntax", "internal/geo", "internal/grid"},
}

func TestHouse_arrows_point_down(t *testing.T) {
	for _, p := range listPackages(t) {
		name := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		allowed, known := house[name]
		program := strings.HasPrefix(name, "examples/") // with packages of their own below it
		if name != "" && !known && !program {
			t.Errorf("package %s is not in the house", p.ImportPath)
		}
		for _, imp := range p.Imports {
			rel, ours := strings.CutPrefix(imp, module+"/")
			switch {
			case strings.HasPrefix(imp, "github.com/cockroachdb/pebble") && name != "store" && name != "internal/crashdisk":
				t.Errorf("%s imports %s: only store does, and the disk that its tests crash", p.ImportPath, imp)
			case rel == "internal/crashdisk":
				t.Errorf("%s imports %s: only tests do", p.ImportPath, imp)
			case !ours || name == "":
			case program:
				if strings.HasPrefix(rel, "internal/") {
					t.Errorf("%s imports %s: programs use public packages", p.ImportPath, imp)
				}
			case !slices.Contains(allowed, rel):
				t.Errorf("%s imports %s: the arrow points the wrong way", p.ImportPath, imp)
			}
		}
	}
}

func TestHouse_the_face_stays_small(t *testing.T) {
	paths, err := filepath.Glob("*.go")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no source files: %v", err)
	}
	var names, methods, undocumented []string
	note := func(name string, doc *ast.CommentGroup) {
		if !ast.IsExported(name) {
			return
		}
		names = append(names, name)
		if doc == nil {
			undocumented = append(undocumented, name)
		}
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					note(d.Name.Name, d.Doc)
					continue
				}
				if recv, ok := d.Recv.List[0].Type.(*ast.StarExpr); ok && types.ExprString(recv.X) == "DB" && d.Name.IsExported() {
					methods = append(methods, d.Name.Name)
					if d.Doc == nil {
						undocumented = append(undocumented, "DB."+d.Name.Name)
					}
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch s := spec.(type) {
					case *ast.TypeSpec:
						note(s.Name.Name, d.Doc)
					case *ast.ValueSpec:
						for _, n := range s.Names {
							doc := s.Doc
							if doc == nil {
								doc = d.Doc
							}
							note(n.Name, doc)
						}
					}
				}
			}
		}
	}
	if len(names) > 40 {
		t.Errorf("the root exports %d names, the most is 40: %s", len(names), strings.Join(names, " "))
	}
	if len(methods) > 25 {
		t.Errorf("DB has %d methods, the most is 25: %s", len(methods), strings.Join(methods, " "))
	}
	if len(undocumented) > 0 {
		t.Errorf("without a doc comment: %s", strings.Join(undocumented, " "))
	}
}
