package idlist_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"

	"github.com/portraitdb/portrait/internal/idlist"
)

func ExampleMatch() {
	keys, err := idlist.NewKeys([32]byte{1, 2, 3}, "phone", idlist.MD5)
	if err != nil {
		fmt.Println(err)
		return
	}
	// The index of one person. It holds a token, and what leads to the person.
	var entries []idlist.Entry
	for _, token := range keys.Tokens("13812345678") {
		entries = append(entries, idlist.Entry{Token: token, Value: []byte("person 7")})
	}
	index := idlist.Index{Scan: func(_ idlist.Kind, from, to idlist.Token) iter.Seq2[idlist.Entry, error] {
		return func(yield func(idlist.Entry, error) bool) {
			for _, e := range entries {
				if slices.Compare(e.Token[:], from[:]) >= 0 && slices.Compare(e.Token[:], to[:]) <= 0 && !yield(e, nil) {
					return
				}
			}
		}
	}}

	list := strings.NewReader(`phone_md5
4C0115D39DDEA1EBA5A7CDF8EDFC18A9
N/A
0cc175b9c0f1b6a831c399e269772661
"4c0115d39ddea1eba5a7cdf8edfc18a9"
`)
	opts := idlist.Options{Kind: idlist.MD5, Keys: keys, Format: idlist.Format{Header: true}, Verdicts: os.Stdout}
	opts.Normalize = func(value string) (string, error) {
		if strings.Trim(value, "0123456789") != "" {
			return "", errors.New("no phone number")
		}
		return value, nil
	}
	report, err := idlist.Match(context.Background(), list, index, opts, func(e idlist.Entry) (idlist.Verdict, error) {
		fmt.Printf("found %s\n", e.Value)
		return idlist.Matched, nil
	})
	fmt.Println(report.Lines, "lines,", report.Count(idlist.Matched), "matched,", err)
	for _, fault := range report.Faults {
		fmt.Println(&fault)
	}
	// Output:
	// found person 7
	// 1,skipped
	// 2,matched
	// 3,invalid
	// 4,unknown
	// 5,duplicate
	// 5 lines, 1 matched, <nil>
	// line 3: not as many hexadecimal digits as the hash has
}
