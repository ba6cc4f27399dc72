package portrait_test

import (
	"strings"

	"github.com/portraitdb/portrait"
	"github.com/portraitdb/portrait/profile"
	"github.com/portraitdb/portrait/segment"
)

// listNames are the uploaded lists of a life: each of the namespace beside it.
var listNames = []string{"榜", "册"}

var listNamespaces = map[string]string{"榜": "email", "册": "device_id"}

// list makes the lists in a store, which models of the life ask of.
func (w *twins) list(db *portrait.DB) {
	w.Helper()
	apply(w.T, db, w.rules)
	for _, name := range listNames {
		w.edit(db, name, listNamespaces[name], nil, nil)
	}
}

func (w *twins) edit(db *portrait.DB, name, namespace string, add, remove []string) segment.Uploaded {
	w.Helper()
	got, err := db.Lists().Edit(w.Context(), name, namespace, add, remove)
	if err != nil {
		w.Fatal(err)
	}
	return got
}

// relist edits a list, or uploads another in its place: with what asks of it in the same
// commit, or filled behind.
func (w *twins) relist() (cause string) {
	w.Helper()
	name := listNames[w.r.IntN(len(listNames))]
	namespace := listNamespaces[name]
	known := w.known(namespace)
	if w.r.IntN(2) == 0 {
		held := map[profile.Identifier]bool{}
		for _, id := range w.naive.Listed(name) {
			held[id] = true
		}
		edits := [2][]string{{"x@nobody.example.cn"}} // whom nobody knows
		for _, id := range known {
			if w.r.IntN(3) == 0 {
				held[id] = w.r.IntN(2) == 0
				i := 0
				if !held[id] {
					i = 1
				}
				edits[i] = append(edits[i], id.Value)
			}
		}
		got := w.edit(w.db, name, namespace, edits[0], edits[1])
		if n := len(edits[0]) + len(edits[1]); got.Unknown != 1 || got.Matched != int64(n-1) {
			w.Errorf("%d of whom one is unknown: %+v", n, got)
		}
		w.naive.List(name, trueKeys(held)...)
		return "list"
	}
	var in []profile.Identifier
	var lines strings.Builder
	for _, id := range known {
		if w.r.IntN(2) == 0 {
			in = append(in, id)
			lines.WriteString(id.Value + "\n")
		}
	}
	most := []int{0, 1 << 14}[w.r.IntN(2)]
	portrait.MovesOfLists(w.db, most)
	if len(in) == 0 {
		return w.relist() // an empty list is refused
	}
	if _, err := w.db.Lists().Upload(w.Context(), name, strings.NewReader(lines.String()), segment.Upload{Namespace: namespace}); err != nil {
		w.Fatal(err)
	}
	w.naive.List(name, in...)
	if most > 0 {
		return "list"
	}
	for w.db.Metrics().ToFill > 0 { // behind
		continue
	}
	return "definition"
}

// known returns the identifiers of a namespace that somebody has.
func (w *twins) known(namespace string) (ids []profile.Identifier) {
	for _, p := range w.naive.People() {
		for _, id := range p.Identifiers {
			if id.Namespace == namespace {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

func trueKeys(m map[profile.Identifier]bool) (keys []profile.Identifier) {
	for key, is := range m {
		if is {
			keys = append(keys, key)
		}
	}
	return keys
}
