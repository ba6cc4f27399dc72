package profile

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"
)

// testSchema declares one attribute of every policy and one event with folds.
var testSchema = &Schema{
	Attributes: map[string]Attribute{
		"city":    {Kind: KindString},
		"source":  {Kind: KindString, Policy: First},
		"best":    {Kind: KindNumber, Policy: Max},
		"least":   {Kind: KindNumber, Policy: Min},
		"points":  {Kind: KindNumber, Policy: Sum},
		"apps":    {Kind: KindSet, Elem: KindNumber, Policy: Union},
		"nick":    {Kind: KindString, Policy: NonEmpty},
		"born":    {Kind: KindTime},
		"home":    {Kind: KindPoint},
		"vip":     {Kind: KindBool, Policy: Max},
		"any":     {},
		"history": {Kind: KindList, Elem: KindString},
	},
	Events: map[string]Folds{
		"Order Completed": {Numbers: []string{"revenue", "quantity"}, Uniques: []string{"sku", "revenue"}},
		"Login":           {},
		PageEvent:         {Uniques: []string{"sku"}},
	},
	Purposes: []string{"ads", "support"},
}

// laterSchema is testSchema after a change: some names are declared that were
// not, some no longer, one under another policy.
var laterSchema = &Schema{
	Attributes: map[string]Attribute{
		"city":   {Kind: KindString},
		"color":  {Kind: KindString},
		"extra1": {},
		"best":   {Kind: KindNumber, Policy: Min},
		"points": {Kind: KindNumber, Policy: Sum},
	},
	Events: map[string]Folds{
		"Order Completed": {Numbers: []string{"tax"}},
		"Searched":        {Uniques: []string{"sku"}},
		"Extra 1":         {},
	},
}

// epoch0 is when the generated events begin.
var epoch0 = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// amounts include what floats sum differently in another order.
var amounts = []float64{0, 1, -1, 0.1, 0.2, 0.3, 12.34, -99.99, 1e18, -1e18, 1e-7, 0.0000005, 1.0000015, 123456789.123456, 1 << 53}

func genNumber() *rapid.Generator[Value] {
	return rapid.Custom(func(t *rapid.T) Value {
		switch rapid.IntRange(0, 5).Draw(t, "range") {
		case 0:
			return Number(rapid.Float64Range(-1e18, 1e18).Draw(t, "float"))
		case 1:
			return Number(rapid.SampledFrom(amounts).Draw(t, "amount"))
		}
		return Number(rapid.SampledFrom(amounts[:5]).Draw(t, "small"))
	})
}

// genScalar draws a value of any scalar kind, null with them.
func genScalar() *rapid.Generator[Value] {
	return rapid.Custom(func(t *rapid.T) Value {
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			return Value{}
		case 1:
			return Bool(rapid.Bool().Draw(t, "bool"))
		case 2:
			return TimeAt(Instant(rapid.Int64Range(int64(minInstant), int64(maxInstant)).Draw(t, "instant")))
		case 3:
			return Point(rapid.Float64Range(-90, 90).Draw(t, "lat"), rapid.Float64Range(-180, 180).Draw(t, "lon"))
		case 4:
			return String(rapid.String().Draw(t, "text"))
		}
		return genNumber().Draw(t, "number")
	})
}

// genValue draws a value of any kind, lists up to the depth that is allowed.
func genValue(depth int) *rapid.Generator[Value] {
	return rapid.Custom(func(t *rapid.T) Value {
		k := 0
		if depth > 0 {
			k = rapid.IntRange(0, 5).Draw(t, "list")
		}
		switch k {
		case 4:
			return List(rapid.SliceOfN(genValue(depth-1), 0, 4).Draw(t, "elements")...)
		case 5:
			return Set(rapid.SliceOfN(genValue(depth-1), 0, 4).Draw(t, "elements")...)
		}
		return genScalar().Draw(t, "scalar")
	})
}

func genTrait(name string) *rapid.Generator[Value] {
	words := rapid.Map(rapid.SampledFrom([]string{"", "a", "b", "上海", "北京"}), String)
	return rapid.Custom(func(t *rapid.T) Value {
		if rapid.IntRange(0, 4).Draw(t, "null") == 0 {
			return Value{}
		}
		if name == GroupsTrait {
			return words.Draw(t, "group")
		}
		decl := testSchema.Attributes[name]
		switch decl.Kind {
		case KindNumber:
			return genNumber().Draw(t, "value")
		case KindBool:
			return Bool(rapid.Bool().Draw(t, "value"))
		case KindTime:
			return rapid.SampledFrom([]Value{String("2000-02-29"), String("2000-02-29T01:02:03+08:00"), Time(epoch0)}).Draw(t, "value")
		case KindPoint:
			return Point(float64(rapid.IntRange(0, 3).Draw(t, "lat")), 120)
		case KindSet:
			return rapid.SampledFrom([]Value{Number(1), List(Number(2), Number(1), Value{}), Set(Number(3)), List()}).Draw(t, "value")
		case KindList:
			return List(words.Draw(t, "first"), words.Draw(t, "second"))
		case KindString:
			return words.Draw(t, "value")
		}
		return genValue(2).Draw(t, "value")
	})
}

// genEvent draws an event out of so few names, instants and message IDs that
// registers and stamps often meet.
func genEvent() *rapid.Generator[Event] {
	traits := []string{"city", "source", "best", "least", "points", "apps", "nick", "born", "home", "vip", "any", "history", "color", GroupsTrait}
	return rapid.Custom(func(t *rapid.T) Event {
		e := Event{
			Type:        Type(rapid.IntRange(0, 5).Draw(t, "type")),
			MessageID:   rapid.SampledFrom([]string{"", "m1", "m2"}).Draw(t, "message"),
			Source:      rapid.SampledFrom([]string{"web", "web", ""}).Draw(t, "source"),
			Name:        rapid.SampledFrom([]string{"Order Completed", "Login", "Searched", "浏览"}).Draw(t, "name"),
			Identifiers: []Identifier{{Namespace: "email", Value: "a@b.cn"}},
			Time:        epoch0.Add(time.Duration(rapid.IntRange(0, 1).Draw(t, "time")) * time.Second),
		}
		if rapid.Bool().Draw(t, "told") {
			e.Traits = map[string]Value{}
			for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(traits), 1, 3, rapid.ID).Draw(t, "traits") {
				e.Traits[name] = genTrait(name).Draw(t, name)
			}
		}
		e.Properties = map[string]Value{}
		for _, name := range []string{"revenue", "quantity", "tax"} {
			if rapid.Bool().Draw(t, "has") {
				e.Properties[name] = genNumber().Draw(t, name)
			}
		}
		if rapid.Bool().Draw(t, "has") {
			e.Properties["sku"] = genScalar().Draw(t, "sku")
		}
		if rapid.IntRange(0, 3).Draw(t, "consents") == 0 {
			e.Consent = genConsents().Draw(t, "consent")
		}
		return e
	})
}

func genConsents() *rapid.Generator[[]Consent] {
	return rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) Consent {
		c := Consent{
			Purpose: rapid.SampledFrom([]string{"marketing", "ads", "city", AllPurposes}).Draw(t, "purpose"),
			Status:  rapid.SampledFrom([]ConsentStatus{ConsentDenied, ConsentWithdrawn, ConsentGranted}).Draw(t, "status"),
			Policy:  rapid.SampledFrom([]string{"", "v9", "v10"}).Draw(t, "policy"),
			Method:  rapid.SampledFrom([]string{"", "form"}).Draw(t, "method"),
		}
		if rapid.Bool().Draw(t, "expires") {
			c.Expires = epoch0.Add(time.Duration(rapid.IntRange(0, 2).Draw(t, "end")) * time.Hour)
		}
		if c.Purpose == AllPurposes && c.Status == ConsentGranted {
			c.Status = ConsentDenied
		}
		return c
	}), 0, 3, func(c Consent) string { return c.Purpose })
}

// batch is some events, and a bulk of 600 names or values that begins at from:
// two that differ go over the bounds of a state together.
type batch struct {
	few  []Event
	bulk bulk
	from int
}

type bulk int

const (
	noBulk bulk = iota
	bulkAttributes
	bulkElements
	bulkNames
	bulkValues
	bulkPurposes
)

const bulkSize = 600

func genBatch() *rapid.Generator[batch] {
	return rapid.Custom(func(t *rapid.T) batch {
		b := batch{few: rapid.SliceOfN(genEvent(), 0, 8).Draw(t, "few")}
		if rapid.Bool().Draw(t, "large") {
			b.bulk = rapid.SampledFrom([]bulk{noBulk, bulkAttributes, bulkElements, bulkNames, bulkValues, bulkPurposes}).Draw(t, "bulk")
			b.from = rapid.SampledFrom([]int{0, 1, 600}).Draw(t, "from")
		}
		return b
	})
}

// events returns all events of the batch.
func (b batch) events() []Event {
	events := slices.Clone(b.few)
	e := Event{MessageID: "bulk", Name: "Order Completed", Time: epoch0, Identifiers: []Identifier{{Namespace: "email", Value: "a@b.cn"}}}
	values := make([]Value, bulkSize)
	for i := range values {
		values[i] = Number(float64(b.from + i))
	}
	switch b.bulk {
	case bulkAttributes:
		e.Type, e.Traits = Identify, map[string]Value{}
		for i, v := range values {
			e.Traits[fmt.Sprint("extra", b.from+i)] = v
		}
		return append(events, e)
	case bulkElements:
		e.Type, e.Traits = Identify, map[string]Value{"apps": List(values...)}
		return append(events, e)
	case bulkPurposes:
		for i := range 60 { // of which two together are too many
			e.Consent = append(e.Consent, Consent{Purpose: fmt.Sprint("purpose", b.from+i), Status: ConsentGranted})
		}
		return append(events, e)
	case bulkNames:
		for i := range bulkSize {
			e.Name = fmt.Sprint("Extra ", b.from+i)
			events = append(events, e)
		}
	case bulkValues:
		for _, v := range values {
			e.Properties = map[string]Value{"sku": v}
			events = append(events, e)
		}
	}
	return events
}
