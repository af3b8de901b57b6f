package handlers_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"codexible/keys"
)

// lookups counts the statements that look up a key by its secret.
func lookups(statements []string) (n int) {
	for _, text := range statements {
		if strings.Contains(text, "key_secrets") {
			n++
		}
	}
	return n
}

// guesses are requests with an invented key.
var guesses = map[string]func() call{
	"a request": func() call {
		return call{method: "GET", path: "/api/keys", header: http.Header{"Authorization": {"Bearer " + keys.Mint().Reveal()}}}
	},
	"validate": func() call {
		return call{method: "POST", path: "/api/auth/validate", body: `{"token":"` + keys.Mint().Reveal() + `"}`}
	},
}

func TestAThrottledAddressLooksUpNoKey(t *testing.T) {
	for name, guess := range guesses {
		t.Run(name, func(t *testing.T) {
			s, seen := counted(t, perAddress(20))
			s.call(t, call{as: "ada", method: "GET", path: "/api/keys", status: 200})
			if n := lookups(seen.during(func() {
				for range 100 {
					s.send(t, guess())
				}
			})); n != 20 {
				t.Errorf("100 guesses cost %d lookups, want 20", n)
			}
			// Cached keys keep working there, also after a change invalidated the cache.
			s.rate(t, "pro", 10)
			s.expectWindow(t, call{as: "ada", method: "GET", path: "/api/keys", status: 200}, window{"10", "8", "0", ""})
			s.expectWindow(t, call{method: "POST", path: "/api/auth/validate", body: `{"token":"$ada.key"}`, status: 200}, window{"10", "7", "0", ""})
			// Others wait until another request is allowed.
			queries := seen.during(func() {
				s.expectWindow(t, call{as: "bob", method: "GET", path: "/api/keys", status: 429}, window{"20", "0", "60", "60"})
				s.expectWindow(t, call{method: "POST", path: "/api/auth/validate", body: `{"token":"$bob.key"}`, status: 429}, window{"20", "0", "60", "60"})
			})
			if len(queries) != 0 {
				t.Errorf("a throttled address costs %v", queries)
			}
			s.clock.Add(61 * time.Second)
			s.call(t, call{as: "bob", method: "GET", path: "/api/keys", status: 200})
		})
	}
}

func TestABurstOfGuessesIsHeldToTheWindow(t *testing.T) {
	for name, guess := range guesses {
		t.Run(name, func(t *testing.T) {
			s, seen := counted(t, perAddress(20))
			var wg sync.WaitGroup
			n := lookups(seen.during(func() {
				for range 500 {
					wg.Go(func() { s.send(t, guess()) })
				}
				wg.Wait()
			}))
			if n > 20+7 {
				t.Errorf("500 guesses at once cost %d lookups, want at most 27", n)
			}
		})
	}
}

func TestValidateCountsAValidTokenInItsKeysWindow(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.rate(t, "pro", 30)
		valid := call{method: "POST", path: "/api/auth/validate", body: `{"token":"$ada.key"}`, status: 200}
		for range 29 { // more than the address's limit
			s.call(t, valid)
		}
		s.expectWindow(t, valid, window{"30", "0", "60", ""})
		valid.status = 429
		s.expectWindow(t, valid, window{"30", "0", "60", "60"})
		s.call(t, call{as: "ada", method: "GET", path: "/api/keys", status: 429})
		// Nothing counted against the address; a malformed body does.
		s.expectWindow(t, call{method: "POST", path: "/api/auth/validate", body: `{"token":7}`, status: 422}, window{"20", "19", "0", ""})
		s.expectWindow(t, call{method: "POST", path: "/api/auth/validate", body: `{"token":"$ada.revoked.key"}`, status: 200}, window{"20", "18", "0", ""})
	}, perAddress(20))
}
