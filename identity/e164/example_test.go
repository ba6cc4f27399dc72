package e164_test

import (
	"fmt"

	"github.com/portraitdb/portrait/identity/e164"
)

func ExampleNormalizer() {
	normalize := e164.Normalizer("CN")
	for _, s := range []string{"138 1234 5678", "+44 20 7946 0958", "138****5678"} {
		fmt.Println(normalize(s))
	}
	// Output:
	// +8613812345678 true
	// +442079460958 true
	//  false
}
