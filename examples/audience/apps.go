package main

import "context"

// apps are audiences by what is on people's phones: a trait that is a set. Nothing is
// declared for the single app, since the index keeps a bitmap of each.
func (t *tour) apps(ctx context.Context) error {
	return t.ask(ctx, "By apps",
		group{"all of two", `apps all_of ["地图", "打车"]`},
		group{"any of two", `apps any_of ["理财", "母婴"]`},
		group{"none of two", `apps none_of ["视频", "游戏"]`},
		group{"at least two of three", `at_least(2, has(apps, "外卖"), has(apps, "视频"), has(apps, "健身"))`},
		group{"all of two, and not a third", `apps all_of ["地图", "打车"] and apps none_of ["游戏"]`},
	)
}
