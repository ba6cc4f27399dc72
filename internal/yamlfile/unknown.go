package yamlfile

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/portraitdb/portrait/internal/spelling"
)

// unknown words an error about a key that a file may not have there: the first such
// key, and which one was probably meant. The decoder names any of them and none that
// there are. It returns nil where it finds no such key.
func unknown(data []byte, into any) error {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil
	}
	w := keyWalk{}
	for _, doc := range file.Docs {
		w.node(doc.Body, reflect.TypeOf(into))
	}
	if len(w.found) == 0 {
		return nil
	}
	first := slices.MinFunc(w.found, func(a, b unknownKey) int {
		p, q := a.key.GetToken().Position, b.key.GetToken().Position
		return cmp.Or(p.Line-q.Line, p.Column-q.Column)
	})
	name := first.key.GetToken().Value
	hint := "the fields: " + strings.Join(first.known, ", ")
	if near := spelling.Nearest(name, first.known); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return &yaml.SyntaxError{Message: fmt.Sprintf("unknown field %q, %s", name, hint), Token: first.key.GetToken()}
}

// unknownKey is a key that stands where others are known.
type unknownKey struct {
	key   ast.Node
	known []string
}

// keyWalk looks for unknown keys.
type keyWalk struct{ found []unknownKey }

// node looks at a piece of a file that is read into a type.
func (w *keyWalk) node(n ast.Node, t reflect.Type) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch n := n.(type) {
	case *ast.AnchorNode:
		w.node(n.Value, t)
	case *ast.TagNode:
		w.node(n.Value, t)
	case *ast.SequenceNode:
		if t.Kind() == reflect.Slice {
			for _, v := range n.Values {
				w.node(v, t.Elem())
			}
		}
	case *ast.MappingValueNode:
		w.entry(n, t)
	case *ast.MappingNode:
		for _, v := range n.Values {
			w.entry(v, t)
		}
	}
}

// entry looks at one key and its value.
func (w *keyWalk) entry(n *ast.MappingValueNode, t reflect.Type) {
	switch {
	case n.Key.IsMergeKey():
		w.node(n.Value, t)
	case t.Kind() == reflect.Map:
		w.node(n.Value, t.Elem())
	case t.Kind() == reflect.Struct:
		known := fieldsOf(t)
		if field, ok := known[n.Key.GetToken().Value]; ok {
			w.node(n.Value, field)
			return
		}
		w.found = append(w.found, unknownKey{n.Key, slices.Sorted(maps.Keys(known))})
	}
}

// fieldsOf returns the keys of a struct, with the type of each.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for field := range t.Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("yaml"), ","); name != "" && name != "-" {
			fields[name] = field.Type
		}
	}
	return fields
}
