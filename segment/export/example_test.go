package export_test

import (
	"fmt"
	"log"
	"os"

	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment/export"
)

// members stands for View.Profiles.
func members(yield func(*profile.Profile, error) bool) {
	for i, spent := range []float64{120.5, 30, 999} {
		n := fmt.Sprint(i + 1)
		p := &profile.Profile{
			ID: profile.ID(i),
			Identifiers: []profile.Identifier{
				{Namespace: "user_id", Value: "u-" + n},
				{Namespace: "email", Value: "customer." + n + "@gmail.com"},
				{Namespace: "phone", Value: "861380000000" + n}, // as the normaliser "phone" leaves it
			},
			Traits: []profile.Trait{{Name: "city", Value: profile.String("上海")}, {Name: "spent", Value: profile.Number(spent)}},
		}
		if spent >= 100 {
			p.Tags = []string{"VIP"}
		}
		if !yield(p, nil) {
			return
		}
	}
}

func ExampleCSV() {
	columns, err := export.ParseColumns(nil, "user=identifier:user_id", "city=trait:city", "spent=trait:spent", "tag:VIP")
	if err != nil {
		log.Fatal(err)
	}
	progress, err := export.CSV(os.Stdout, members, columns, nil)
	fmt.Println(progress.Rows, "rows", err)
	// Output:
	// user,city,spent,tag:VIP
	// u-1,上海,120.5,true
	// u-2,上海,30,false
	// u-3,上海,999,true
	// 3 rows <nil>
}

func ExampleJSONLines() {
	columns, err := export.ParseColumns(nil, "user=identifier:user_id", "spent=trait:spent", "tags")
	if err != nil {
		log.Fatal(err)
	}
	if _, err := export.JSONLines(os.Stdout, members, columns, nil); err != nil {
		log.Fatal(err)
	}
	// Output:
	// {"user":"u-1","spent":120.5,"tags":["VIP"]}
	// {"user":"u-2","spent":30,"tags":[]}
	// {"user":"u-3","spent":999,"tags":["VIP"]}
}

// An audience for Tencent takes mobile numbers of China, one a line and hashed. The
// plain form shows what is hashed.
func ExampleHashed() {
	audience, err := export.ParseAudience("tencent", "phone")
	if err != nil {
		log.Fatal(err)
	}
	progress, err := export.Hashed(os.Stdout, members, audience, nil)
	fmt.Println(progress.Rows, "rows,", progress.Missing, "missing", err)
	audience.Columns[0].Form.Hash = export.Plain
	if _, err := export.Hashed(os.Stdout, members, audience, nil); err != nil {
		log.Fatal(err)
	}
	// Output:
	// 4d009f30087e9aa9f5b5806d5f350017
	// cd96e7ce247ed5c74267805b69cc7cd3
	// e910662da706109978313531f1c72320
	// 3 rows, 0 missing <nil>
	// 13800000001
	// 13800000002
	// 13800000003
}

// Google takes several identifiers of a person in one row.
func ExampleParseAudience() {
	audience, err := export.ParseAudience("google", "email", "phone")
	if err != nil {
		log.Fatal(err)
	}
	audience.CallingCode = export.AlreadyInternational // All have their country code.
	progress, err := export.Hashed(os.Stdout, members, audience, nil)
	fmt.Println(progress.Rows, "rows,", progress.Missing, "missing", err)
	// Output:
	// Email,Phone
	// 0cd61c97be0f469d6cfe22de8ace0b66714dbe3c934d8fdebe3d6ac8cf044918,75b0b350d13fa7dacb9d1ffac898747465beeccb39f85b382f8a51521fb531ba
	// 0d80765664acbb0f84b61d0d8eb47355a74515a56f448add9f25f8d532100f7f,394d81121eeeb7646b9e9906082785855c4dc737e6dca861db793cb0faa1bc2a
	// 8cd05a709de5b2fac9beeff71c36a50e128e6d2c7500eab8f7152c3bf5b3cc88,61f53aa1244e6b7af10992c017c98b0b83c6c2c5258ad4dc5e20d9c6bb3dbcef
	// 3 rows, 0 missing <nil>
}

// With a schema, misspelt names are found before anything is written.
func ExampleParseColumns() {
	schema := &export.Schema{
		Namespaces: []string{"user_id", "email", "phone"},
		Traits:     map[string]profile.Kind{"city": profile.KindString, "spent": profile.KindNumber},
	}
	_, err := export.ParseColumns(schema, "id", "identifier:emial", "trait:ctiy", "tgas")
	fmt.Println(err)
	// Output:
	// export: column 2, "identifier:emial": unknown namespace "emial", did you mean "email"?
	// export: column 3, "trait:ctiy": unknown trait "ctiy", did you mean "city"?
	// export: column 4, "tgas": unknown column "tgas", did you mean "tags"?
}
