package identity

import (
	"crypto/hmac"
	"crypto/sha256"
	"sync"
	"testing"

	"github.com/portraitdb/portrait/profile"
)

func TestTokenizer_IsHMAC(t *testing.T) {
	key := [32]byte{1, 2, 3}
	tokens := NewTokenizer(key)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for _, id := range []profile.Identifier{
				{Namespace: "email", Value: "a@b.cn"}, {Namespace: "unionid", Value: "张伟"}, {}, {Namespace: "e", Value: "mail\x00"},
			} {
				mac := hmac.New(sha256.New, key[:])
				mac.Write([]byte(id.Namespace + "\x00" + id.Value))
				if got, want := tokens.Token(id), Token(mac.Sum(nil)[:16]); got != want {
					t.Errorf("token of %v = %v, want %v", id, got, want)
				}
			}
		})
	}
	wg.Wait()
	if tokens.Token(ident("a:b")) == NewTokenizer([32]byte{}).Token(ident("a:b")) {
		t.Error("the key does not matter")
	}
}

// The hash of one identifier is on disk in every store: it must never change.
func TestTokenizer_Golden(t *testing.T) {
	const want = "82dae61b9e1b5779cb4b437984e7a92c"
	if got := NewTokenizer([32]byte{31: 7}).Token(ident("email:a@b.cn")).String(); got != want {
		t.Errorf("token = %s, want %s", got, want)
	}
}

func TestTokenizer_DoesNotAllocate(t *testing.T) {
	// Not through the pool, which may drop a state at any time.
	st, _ := NewTokenizer([32]byte{}).states.Get().(*tokenState)
	id := ident("email:someone@example.com")
	if n := testing.AllocsPerRun(100, func() { st.token(id) }); n > 0 {
		t.Errorf("%v allocations per token", n)
	}
}
