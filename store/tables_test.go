package store

import (
	"errors"
	"slices"
	"testing"
)

// Every bit of the end of a table is flipped, of which Pebble holds no checksum: the store
// says so and names the table, or answers as if nothing had happened.
func TestStore_damage_to_the_ends_of_tables(t *testing.T) {
	const footer = 53
	for name, with := range kinds {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name != "plain" {
				t.Skip("one kind of store is enough with -short")
			}
			mem, contents := lived(t, with, 100)
			names, err := mem.List("db")
			if err != nil {
				t.Fatal(err)
			}
			told := 0
			for _, name := range names {
				if !isTable(name) {
					continue
				}
				path := mem.PathJoin("db", name)
				data := fileOf(t, mem, path)
				for bit := range footer * 8 {
					bad := slices.Clone(data)
					bad[len(bad)-1-bit/8] ^= 1 << (bit % 8)
					got, err := readWhole(with(damaged(t, mem, path, bad)))
					switch {
					case err == nil && got == contents[len(contents)-1]:
					case errors.Is(err, ErrCorrupt):
						told++
					default:
						t.Fatalf("bit %d from the end of %s: %v", bit, name, err)
					}
				}
			}
			if told < 96 {
				t.Errorf("%d flips were told", told)
			}
		})
	}
}
