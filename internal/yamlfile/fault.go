package yamlfile

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// plain words an error of the decoder for people who know the file and not the
// program: without the names of its types and fields. The place stays.
func plain(err error) error {
	if e, ok := errors.AsType[*yaml.TypeError](err); ok {
		return &yaml.SyntaxError{Message: fmt.Sprintf("want %s, got %s", kindName(e.DstType), kindName(e.SrcType)), Token: e.Token}
	}
	if e, ok := errors.AsType[*yaml.UnexpectedNodeTypeError](err); ok {
		return &yaml.SyntaxError{Message: fmt.Sprintf("want %s, got %s", nodeName(e.Expected), nodeName(e.Actual)), Token: e.Token}
	}
	return err
}

// kindName is what the values of a type are called in a file.
func kindName(t reflect.Type) string {
	if t == nil {
		return "nothing"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "a boolean"
	case reflect.String:
		return "text"
	case reflect.Float32, reflect.Float64, reflect.Int, reflect.Int64, reflect.Uint64:
		return "a number"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "a mapping"
	case reflect.Pointer:
		return kindName(t.Elem())
	default:
		return "another value"
	}
}

// nodeName is what a piece of a file is called.
func nodeName(t ast.NodeType) string {
	switch t {
	case ast.NullType:
		return "nothing"
	case ast.BoolType:
		return "a boolean"
	case ast.IntegerType, ast.FloatType, ast.InfinityType, ast.NanType:
		return "a number"
	case ast.StringType, ast.LiteralType:
		return "text"
	case ast.MappingType, ast.MappingValueType:
		return "a mapping"
	case ast.SequenceType:
		return "a list"
	default:
		return "a " + t.YAMLName()
	}
}
