package main

import (
	"context"
	"fmt"

	"github.com/portraitdb/portrait"
)

// feedSum is what the feed says of one tracked segment, over all that it keeps.
type feedSum struct{ entered, left uint64 }

// sumFeed reads the feed from its beginning to now.
func sumFeed(ctx context.Context, db *portrait.DB, segment string) (sum feedSum, err error) {
	v, err := db.View(ctx)
	if err != nil {
		return sum, err
	}
	defer v.Close()
	for c, err := range v.Changes(ctx, portrait.Cursor{}, portrait.WatchFilter{Segments: []string{segment}}) {
		if err != nil {
			return sum, err
		}
		switch {
		case c.Segment != segment:
			return sum, fmt.Errorf("the feed tells %q of %q, asked for %q", c.Kind, c.Segment, segment)
		case c.Kind == "entered":
			sum.entered++
		default:
			sum.left++
		}
	}
	return sum, nil
}
