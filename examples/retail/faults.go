package main

import (
	"math"
	"strings"
	"time"

	"github.com/portraitdb/portrait/profile"
)

// fault is what is wrong with a delivery.
type fault uint8

const (
	noFault fault = iota
	noIdentifier
	placeholder
	unnamed
	noClock
	fastClock
	priceTag
	notANumber
	wrongType
	brokenText
	hugeText
	reusedID // Last: see life.add.
)

// spoil makes the event one that a store must refuse, each in its own way.
func (f fault) spoil(e *profile.Event) {
	if f == noFault {
		return
	}
	if f != reusedID {
		e.MessageID += "-bad"
	}
	if e.Properties == nil {
		e.Properties = map[string]profile.Value{}
	}
	switch f {
	case noIdentifier: // A page that lost its cookie.
		e.Identifiers = nil
	case placeholder: // A program that sends "null" for nobody.
		e.Identifiers = []profile.Identifier{{Namespace: "user_id", Value: "null"}}
		e.Traits = nil
	case unnamed:
		e.Type, e.Name = profile.Track, ""
	case noClock: // A device that was reset.
		e.Time = time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC)
	case fastClock:
		e.Time = time.Date(2099, 12, 31, 23, 59, 59, 0, time.UTC)
	case priceTag: // A number as people write it.
		e.Type, e.Name = profile.Track, "Order Completed"
		e.Properties["revenue"] = profile.String("¥128.00")
	case notANumber: // A division by zero somewhere.
		e.Properties["revenue"] = profile.Number(math.NaN())
	case wrongType:
		e.Traits = map[string]profile.Value{"birthday": profile.String("保密")}
	case brokenText: // Another encoding, taken for UTF-8.
		e.Properties["note"] = profile.String("\xc9\xcf\xba\xa3")
	case hugeText: // A picture in the wrong field.
		e.Properties["note"] = profile.String(picture)
	case reusedID: // The same message ID, with another amount.
		e.Properties["revenue"] = profile.Number(9.9)
	}
}

// picture is a text of 2 MiB.
var picture = strings.Repeat("data", 2<<20/4)
