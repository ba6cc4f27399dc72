package parquet_test

import (
	"bytes"
	"fmt"
	"log"

	pq "github.com/parquet-go/parquet-go"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment/export"
	"github.com/portraitdb/portrait/segment/export/parquet"
)

// The profiles come from View.Profiles in a program.
func ExampleWrite() {
	profiles := func(yield func(*profile.Profile, error) bool) {
		yield(&profile.Profile{ID: 7, Traits: []profile.Trait{{Name: "spent", Value: profile.Number(120.5)}}, Tags: []string{"VIP"}}, nil)
	}
	schema := &export.Schema{Traits: map[string]profile.Kind{"spent": profile.KindNumber}}
	columns, err := export.ParseColumns(schema, "id", "spent=trait:spent", "tags")
	if err != nil {
		log.Fatal(err)
	}
	var file bytes.Buffer
	rows, err := parquet.Write(&file, profiles, columns, nil)
	if err != nil {
		log.Fatal(err)
	}
	f, err := pq.OpenFile(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(rows, f.NumRows())
	fmt.Println(f.Schema())
	// Output:
	// 1 1
	// message profile {
	// 	required int64 id (INT(64,false));
	// 	optional double spent;
	// 	optional group tags (LIST) {
	// 		repeated group list {
	// 			optional binary element (STRING);
	// 		}
	// 	}
	// }
}
