package linkage

import (
	"math"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

func TestJaroWinkler(t *testing.T) {
	for _, c := range []struct {
		a, b        string
		jaro, jaroW float64
	}{
		// The examples of Winkler's papers.
		{"MARTHA", "MARHTA", 0.944, 0.961},
		{"DIXON", "DICKSONX", 0.767, 0.813},
		{"DWAYNE", "DUANE", 0.822, 0.840},
		{"JELLYFISH", "SMELLYFISH", 0.896, 0.896},
		{"CRATE", "TRACE", 0.733, 0.733},
		{"SHACKLEFORD", "SHACKELFORD", 0.970, 0.982},
		{"DUNNINGHAM", "CUNNIGHAM", 0.896, 0.896},
		{"NICHLESON", "NICHULSON", 0.926, 0.956},
		{"JONES", "JOHNSON", 0.790, 0.832},
		{"MASSEY", "MASSIE", 0.889, 0.933},
		{"ABROMS", "ABRAMS", 0.889, 0.922},
		{"JERALDINE", "GERALDINE", 0.926, 0.926},
		{"MICHELLE", "MICHAEL", 0.869, 0.921},
		{"ABC", "XYZ", 0, 0},
		{"", "", 0, 0},
		{"", "A", 0, 0},
		{"A", "A", 1, 1},
		// By rune, not by byte.
		{"张伟", "张伟明", 0.889, 0.911},
		{"王芳", "王方", 0.667, 0.700},
		{"é", "e", 0, 0},
	} {
		plain := lexicon{}
		a, b := plain.word(c.a), plain.word(c.b)
		if got := jaro([]rune(c.a), []rune(c.b)); math.Abs(got-c.jaro) > 6e-4 {
			t.Errorf("jaro(%s, %s) = %.4f, want %.3f", c.a, c.b, got, c.jaro)
		}
		if got := likeness(&a, &b); math.Abs(got-c.jaroW) > 6e-4 {
			t.Errorf("likeness(%s, %s) = %.4f, want %.3f", c.a, c.b, got, c.jaroW)
		}
	}
}

func TestEditDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"a", "", 1},
		{"kitten", "sitting", 3},
		{"ab", "ba", 1},
		{"ca", "abc", 3},
		{"19700102", "19700201", 2},
		{"19701", "17901", 1},
		{"王芳", "芳王", 1},
		{"smith", "smyth", 1},
	} {
		if got := editDistance([]rune(c.a), []rune(c.b), 99); got != c.want {
			t.Errorf("editDistance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
		if got := editDistance([]rune(c.a), []rune(c.b), c.want); got != c.want {
			t.Errorf("editDistance(%q, %q) with the limit %d = %d", c.a, c.b, c.want, got)
		}
	}
}

// naiveEdits is the whole table, with nothing cut short.
func naiveEdits(a, b []rune) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for k := range d[0] {
		d[0][k] = k
	}
	for i := 1; i <= len(a); i++ {
		for k := 1; k <= len(b); k++ {
			cost := 1
			if a[i-1] == b[k-1] {
				cost = 0
			}
			d[i][k] = min(d[i-1][k]+1, d[i][k-1]+1, d[i-1][k-1]+cost)
			if i > 1 && k > 1 && a[i-1] == b[k-2] && a[i-2] == b[k-1] {
				d[i][k] = min(d[i][k], d[i-2][k-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}

// What is quick about ASCII changes nothing, to the last bit.
func TestJaroASCII_equals_jaro(t *testing.T) {
	texts := rapid.OneOf(
		rapid.StringOfN(rapid.RuneFrom([]rune("abc")), 0, 80, -1),
		rapid.StringOfN(rapid.RuneFrom([]rune("anestoril.@1")), 0, 40, -1),
		rapid.StringOfN(rapid.RuneFrom(nil, &unicode.RangeTable{R16: []unicode.Range16{{Hi: 127, Stride: 1}}}), 0, 70, -1),
	)
	rapid.Check(t, func(t *rapid.T) {
		a, b := texts.Draw(t, "a"), texts.Draw(t, "b")
		if got, want := jaroWinklerASCII(a, b), jaroWinkler([]rune(a), []rune(b)); got != want {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}

func TestSimilarity_laws(t *testing.T) {
	texts := rapid.StringOfN(rapid.RuneFrom([]rune("abcde王芳é1")), 0, 14, -1)
	rapid.Check(t, func(t *rapid.T) {
		plain := lexicon{}
		a, b := plain.word(texts.Draw(t, "a")), plain.word(texts.Draw(t, "b"))
		s := likeness(&a, &b)
		switch {
		case s < 0 || s > 1:
			t.Fatalf("likeness %v", s)
		case s != likeness(&b, &a):
			t.Fatalf("likeness %v, the other way %v", s, likeness(&b, &a))
		case a.text == b.text && a.text != "" && s != 1:
			t.Fatalf("likeness to itself %v", s)
		case likelyBound(&a, &b) < s:
			t.Fatalf("likeness %v is above its bound %v", s, likelyBound(&a, &b))
		case likeness(&a, &b) != jaroWinkler([]rune(a.text), []rune(b.text)):
			t.Fatal("bytes and runes differ")
		}
		want, limit := naiveEdits([]rune(a.text), []rune(b.text)), rapid.IntRange(1, 9).Draw(t, "limit")
		if got := edits(&a, &b, limit); got != min(want, limit) {
			t.Fatalf("edits %d, want %d", got, min(want, limit))
		}
	})
}

func TestSimilarity_long(t *testing.T) {
	plain := lexicon{}
	long := make([]byte, 200)
	for i := range long {
		long[i] = 'a' + byte(i%26)
	}
	a, b := plain.word(string(long)), plain.word(string(long)+"x")
	if s := likeness(&a, &b); s != 1 {
		t.Errorf("what comes after 64 characters is looked at: %v", s)
	}
	if d := edits(&a, &b, 3); d != 1 {
		t.Errorf("edits = %d, want 1", d)
	}
}

func TestSoundex(t *testing.T) {
	for in, want := range map[string]string{
		"Robert": "r163", "Rupert": "r163", "Rubin": "r150", "Ashcraft": "a261", "Ashcroft": "a261", "Tymczak": "t522",
		"Pfister": "p236", "Honeyman": "h555", "Lee": "l000", "O'Hara": "o600", "müller": "m460", "": "", "王芳": "王芳",
	} {
		if got := soundex(in); got != want {
			t.Errorf("soundex(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestSkeleton(t *testing.T) {
	for in, want := range map[string]string{
		"Anderson": "andrsn", "Andersen": "andrsn", "Philippa": "plp", "Aaron": "arn", "müller": "mlr", "": "", "王": "王", "12": "12",
	} {
		if got := skeleton(in); got != want {
			t.Errorf("skeleton(%q) = %q, want %q", in, got, want)
		}
	}
}
