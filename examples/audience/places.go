package main

import "context"

// places are audiences by where people live, go, work and spend their leisure. The home
// was told by them; the others are found from where their phones said that they were.
func (t *tour) places(ctx context.Context) error {
	return t.ask(ctx, "By places",
		group{"live near one point", `near(home, 31.2304, 121.4737, "2km")`},
		group{"live near any of a list of points", `within(home, "地铁站")`},
		group{"live in a named area", `within(home, "陆家嘴")`},
		group{"live in an area drawn on a map", `within(home, '{"type": "Polygon", "coordinates": [[[121.43, 31.18], [121.46, 31.19], [121.45, 31.22], [121.43, 31.18]]]}')`},
		group{"checked in at stations, on two days", `tag("地铁常客")`},
		group{"checked in downtown, twice in 30 days", `downtown >= 2`},
		group{"a residence was found", `exists(residence)`},
		group{"the residence is sure", `confidence(residence) >= 0.8 and days_at(residence) >= 4`},
		group{"live and work downtown", `near(residence, 31.2304, 121.4737, "4km") and near(workplace, 31.2304, 121.4737, "4km")`},
		group{"at leisure in a mall", `within(hangout, "购物中心")`},
		group{"at leisure in a mall, live downtown", `within(hangout, "购物中心") and near(residence, 31.2304, 121.4737, "4km")`},
	)
}
