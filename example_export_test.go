package portrait_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
	"github.com/portraitdb/portrait/segment/export"
)

// exportShop opens a store of three customers.
func exportShop() (db *portrait.DB, done func()) {
	dir, err := os.MkdirTemp("", "portrait")
	if err != nil {
		log.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	db, err = portrait.Open(dir, &portrait.Options{Clock: func() time.Time { return now }})
	if err != nil {
		log.Fatal(err)
	}
	model, err := portrait.ParseModel([]byte(`
traits:
  city: {index: true}
  spent: {compute: 'sum("Order Completed", "revenue")'}
events:
  Order Completed: {numbers: [revenue]}
tags:
  VIP: {rule: 'spent >= 100'}
`))
	if err != nil {
		log.Fatal(err)
	}
	if _, err := db.Apply(context.Background(), model); err != nil {
		log.Fatal(err)
	}
	for i, spent := range []float64{120.5, 30, 999} {
		n := fmt.Sprint(i + 1)
		_, err := db.Ingest(context.Background(), profile.Event{
			Name: "Order Completed", MessageID: n, Time: now,
			Identifiers: []profile.Identifier{
				{Namespace: "user_id", Value: "u-" + n},
				{Namespace: "email", Value: "Customer." + n + "@gmail.com"},
				{Namespace: "phone", Value: "+86 138 0000 000" + n},
			},
			Properties: map[string]profile.Value{"revenue": profile.Number(spent)},
			Traits:     map[string]profile.Value{"city": profile.String("上海")},
		})
		if err != nil {
			log.Fatal(err)
		}
	}
	return db, func() {
		db.Close()
		os.RemoveAll(dir)
	}
}

// The members of a segment with what a campaign needs to know of them.
func Example_export() {
	db, done := exportShop()
	defer done()
	ctx := context.Background()
	view, err := db.View(ctx) // The members and what is said of them are of one epoch.
	if err != nil {
		log.Fatal(err)
	}
	defer view.Close()
	set, err := view.Segment(ctx, segment.MustParse(`city = "上海"`))
	if err != nil {
		log.Fatal(err)
	}
	columns, err := export.ParseColumns(nil, "user=identifier:user_id", "city=trait:city", "spent=trait:spent", "tag:VIP", "last:Order Completed")
	if err != nil {
		log.Fatal(err)
	}
	progress, err := export.CSV(os.Stdout, view.Profiles(ctx, set), columns, nil)
	fmt.Println(progress.Rows, "rows", err)
	// Output:
	// user,city,spent,tag:VIP,last:Order Completed
	// u-1,上海,120.5,true,2026-11-23T08:00:00Z
	// u-2,上海,30,false,2026-11-23T08:00:00Z
	// u-3,上海,999,true,2026-11-23T08:00:00Z
	// 3 rows <nil>
}

// A schema, here of the model in force, finds misspelt columns.
func Example_exportSchema() {
	db, done := exportShop()
	defer done()
	model := db.Model()
	schema := &export.Schema{Traits: map[string]profile.Kind{}, Tags: map[string]profile.Kind{}}
	for name, trait := range model.Traits {
		kind := trait.Type
		if kind == profile.KindNull && trait.Compute == "" {
			kind = profile.KindString
		}
		schema.Traits[name] = kind
	}
	for _, tag := range model.Tags {
		schema.Tags[tag.Name] = profile.KindNull
	}
	for _, ns := range model.Identity.Namespaces {
		schema.Namespaces = append(schema.Namespaces, ns.Name)
	}
	_, err := export.ParseColumns(schema, "id", "identifier:emial", "trait:ctiy", "tag:VIP")
	fmt.Println(err)
	// Output:
	// export: column 2, "identifier:emial": unknown namespace "emial", did you mean "email"?
	// export: column 3, "trait:ctiy": unknown trait "ctiy", did you mean "city"?
}

// An export that may be killed at any moment: the file and how far it came are kept
// together, and the next run goes on from there.
func Example_exportResumed() {
	db, done := exportShop()
	defer done()
	dir, err := os.MkdirTemp("", "export")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "shanghai.csv")
	for run := range 2 {
		ctx, cancel := context.WithCancel(context.Background())
		err := writeShanghai(ctx, db, path, func(p export.Progress) {
			if run == 0 && p.Rows == 2 {
				cancel() // In place of a crash.
			}
		})
		fmt.Println("run", run+1, "cancelled:", errors.Is(err, context.Canceled))
		cancel()
	}
	data, err := os.ReadFile(path)
	fmt.Print(string(data), err)
	// Output:
	// run 1 cancelled: true
	// run 2 cancelled: false
	// user,spent
	// u-1,120.5
	// u-2,30
	// u-3,999
	// <nil>
}

// writeShanghai exports the people of Shanghai to a file, or goes on with it.
func writeShanghai(ctx context.Context, db *portrait.DB, path string, told func(export.Progress)) error {
	columns, err := export.ParseColumns(nil, "user=identifier:user_id", "spent=trait:spent")
	if err != nil {
		return err
	}
	view, err := db.View(ctx)
	if err != nil {
		return err
	}
	defer view.Close()
	set, err := view.Segment(ctx, segment.MustParse(`city = "上海"`))
	if err != nil {
		return err
	}

	opts := &export.Options{FlushBytes: 1} // For so few rows.
	switch data, err := os.ReadFile(path + ".progress"); {
	case err == nil:
		if err := json.Unmarshal(data, &opts.After); err != nil {
			return err
		}
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := file.Truncate(int64(opts.After.Bytes)); err != nil {
		return err
	}
	if _, err := file.Seek(0, io.SeekEnd); err != nil {
		return err
	}
	opts.Flushed = func(p export.Progress) error {
		data, err := json.Marshal(p)
		if err != nil {
			return err
		}
		if err := file.Sync(); err != nil {
			return err
		}
		if err := replaceFile(path+".progress", data); err != nil {
			return err
		}
		told(p)
		return nil
	}
	_, err = export.CSV(file, view.Profiles(ctx, set), columns, opts)
	return err
}

// replaceFile writes a small file so that it is there in whole or as it was.
func replaceFile(path string, data []byte) error {
	f, err := os.Create(path + ".new")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
