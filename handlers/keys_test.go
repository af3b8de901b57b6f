package handlers_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestCustomersManageTheirOwnKeysAlone(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.run(t, []call{
			{says: "a list holds the active keys, the newest first", as: "ada", method: "GET", path: "/api/keys", status: 200,
				want: `[{"id":"$ada.expired.id","prefix":"$ada.expired.prefix","label":"expired","status":"active","created_at":"2026-03-04T12:00:00Z","last_used_at":null,"expires_at":"2026-03-04T12:00:01Z","scopes":["models","usage","keys","charge"],"allowed_addresses":[],"daily_credit_limit":null,"rate_limit_per_minute":null,"concurrency_limit":null,"metadata":{},"models":null,"created_by":"operator","created_by_key_id":null},
					{"id":"$ada.id","prefix":"$ada.prefix","label":"Laptop","status":"active","created_at":"2026-03-04T12:00:00Z","last_used_at":null,"expires_at":null,"scopes":["models","usage","keys","charge"],"allowed_addresses":[],"daily_credit_limit":null,"rate_limit_per_minute":null,"concurrency_limit":null,"metadata":{},"models":null,"created_by":"operator","created_by_key_id":null}]`,
				lacks: []string{"$ada.key", "$ada.revoked.id", "$bob.id", "$bob.prefix"}},
			{says: "a list needs a key", method: "GET", path: "/api/keys", status: 401},

			{says: "a key is created without a body", as: "ada", method: "POST", path: "/api/keys", status: 200, keep: "plain",
				want: `{"id":"*","key":"*","prefix":"*","label":"Default"}`},
			{says: "a key is created with label and expiry", as: "ada", method: "POST", path: "/api/keys", status: 200, keep: "new",
				body: `{"label":" Build server ","expires_at":"2026-03-05T12:00:00+02:00","color":"red"}`, want: `{"id":"*","key":"*","prefix":"*","label":"Build server"}`},
			{says: "a created key works and shows its expiry in UTC", as: "new", method: "GET", path: "/api/keys", status: 200, lacks: []string{"$new.key", "$plain.key"},
				want: `[{"id":"$new.id","prefix":"$new.prefix","label":"Build server","status":"active","created_at":"*","last_used_at":null,"expires_at":"2026-03-05T10:00:00Z","scopes":["models","usage","keys"],"allowed_addresses":[],"daily_credit_limit":null,"rate_limit_per_minute":null,"concurrency_limit":null,"metadata":{},"models":null,"created_by":"ada@example.com","created_by_key_id":"$ada.id"},
					{"id":"$plain.id","prefix":"$plain.prefix","label":"Default","status":"active","created_at":"*","last_used_at":null,"expires_at":null,"scopes":["models","usage","keys"],"allowed_addresses":[],"daily_credit_limit":null,"rate_limit_per_minute":null,"concurrency_limit":null,"metadata":{},"models":null,"created_by":"ada@example.com","created_by_key_id":"$ada.id"},"*","*"]`},
			{says: "an expiry in the past is refused", as: "ada", method: "POST", path: "/api/keys", body: `{"expires_at":"2020-01-01T00:00:00Z"}`, status: 422},
			{says: "every wrong field is reported at once", as: "ada", method: "POST", path: "/api/keys", body: `{"label":"","expires_at":"tomorrow"}`, status: 422,
				want: `{"error":{"code":"validation_failed","message":"*","status":422,"request_id":"*","fields":{"label":"must be plain text of 1 to 100 characters, without control characters","expires_at":"must be a time in RFC 3339, from 2000-01-01 to 2100-12-31, such as 2026-03-04T12:00:00Z"}}}`},
			{says: "a key is not created without one", method: "POST", path: "/api/keys", status: 401},
			{says: "a body that is no object is refused", as: "ada", method: "POST", path: "/api/keys", body: `[]`, status: 400},
			{says: "a foreign media type is refused", as: "ada", method: "POST", path: "/api/keys", body: `label=x`, header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, status: 415},

			{says: "a label is changed alone", as: "ada", method: "PATCH", path: "/api/keys/$new.id", body: `{"label":"CI"}`, status: 200, want: `{"updated":true}`},
			{says: "an expiry is removed by null", as: "ada", method: "PATCH", path: "/api/keys/$new.id", body: `{"expires_at":null}`, status: 200, want: `{"updated":true}`},
			{says: "an absent field stays, a null label means absent", as: "ada", method: "PATCH", path: "/api/keys/$new.id", body: `{"label":null}`, status: 200, want: `{"updated":true}`},
			{says: "the changes are seen", as: "ada", method: "GET", path: "/api/keys", status: 200,
				want: `[{"id":"$new.id","prefix":"$new.prefix","label":"CI","status":"active","created_at":"*","last_used_at":null,"expires_at":null,"scopes":["models","usage","keys"],"allowed_addresses":[],"daily_credit_limit":null,"rate_limit_per_minute":null,"concurrency_limit":null,"metadata":{},"models":null,"created_by":"ada@example.com","created_by_key_id":"$ada.id"},"*","*","*"]`},
			{says: "an empty label is refused", as: "ada", method: "PATCH", path: "/api/keys/$new.id", body: `{"label":"  "}`, status: 422},
			{says: "an expiry cannot be set to the past", as: "ada", method: "PATCH", path: "/api/keys/$new.id", body: `{"expires_at":"2026-03-04T11:59:59Z"}`, status: 422},
			{says: "a key is not changed without one", method: "PATCH", path: "/api/keys/$new.id", body: `{"label":"x"}`, status: 401},
			{says: "somebody else's key cannot be changed", as: "bob", method: "PATCH", path: "/api/keys/$new.id", body: `{"label":"mine"}`, status: 404, lacks: []string{"CI", "$new.prefix"}},
			{says: "a revoked key cannot be changed", as: "ada", method: "PATCH", path: "/api/keys/$ada.revoked.id", body: `{"label":"x"}`, status: 404},

			{says: "a rotation keeps id and label", as: "ada", method: "POST", path: "/api/keys/$new.id/rotate", status: 200, keep: "rotated", want: `{"id":"$new.id","key":"*","prefix":"*","label":"CI"}`},
			{says: "the old secret stops at once", as: "new", method: "GET", path: "/api/keys", status: 401},
			{says: "the new secret works", as: "rotated", method: "GET", path: "/api/usage/today", status: 200},
			{says: "a key rotates itself with a grace", as: "rotated", method: "POST", path: "/api/keys/$new.id/rotate", body: `{"grace_seconds":60}`, status: 200, keep: "again"},
			{says: "the old secret works during the grace", as: "rotated", method: "GET", path: "/api/usage/today", status: 200},
			{says: "a grace is 7 days at most", as: "ada", method: "POST", path: "/api/keys/$new.id/rotate", body: `{"grace_seconds":604801}`, status: 422},
			{says: "somebody else's key cannot be rotated", as: "bob", method: "POST", path: "/api/keys/$new.id/rotate", status: 404, lacks: []string{"$new.prefix"}},
			{says: "a key is not rotated without one", method: "POST", path: "/api/keys/$new.id/rotate", status: 401},

			{says: "somebody else's key cannot be revoked", as: "bob", method: "DELETE", path: "/api/keys/$new.id", status: 404},
			{says: "a key is not revoked without one", method: "DELETE", path: "/api/keys/$new.id", status: 401},
			{says: "a key is revoked", as: "ada", method: "DELETE", path: "/api/keys/$new.id", status: 200, want: `{"deleted":true}`},
			{says: "a revoked key stops at once", as: "again", method: "GET", path: "/api/keys", status: 401},
			{says: "a key is revoked once", as: "ada", method: "DELETE", path: "/api/keys/$new.id", status: 404},
			{says: "an id that does not exist", as: "ada", method: "DELETE", path: "/api/keys/0190163d-8694-739b-aea5-966c26f8ad91", status: 404},
			{says: "an id that is none", as: "ada", method: "DELETE", path: "/api/keys/1", status: 404},
		})
	})
}

func TestAnotherUsersKeyAnswersAsOneThatDoesNotExist(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		for _, c := range []call{
			{method: "PATCH", path: "/api/keys/%s", body: `{"label":"x"}`}, {method: "DELETE", path: "/api/keys/%s"}, {method: "POST", path: "/api/keys/%s/rotate"},
		} {
			var answers []string
			for _, id := range []string{"$ada.id", "$ada.revoked.id", "0190163d-8694-739b-aea5-966c26f8ad91"} {
				one := c
				one.as, one.status, one.path = "bob", 404, fmt.Sprintf(c.path, id)
				one.header = http.Header{"X-Request-Id": {"same"}}
				answers = append(answers, string(s.call(t, one).text))
			}
			if answers[0] != answers[1] || answers[0] != answers[2] {
				t.Errorf("%s answers them differently: %v", c.path, answers)
			}
		}
	})
}

func TestTheGraceOfARotationEnds(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.call(t, call{as: "ada", method: "POST", path: "/api/keys/$ada.id/rotate", body: `{"grace_seconds":60}`, status: 200, keep: "next"})
		s.clock.Add(59 * time.Second)
		s.call(t, call{as: "ada", method: "GET", path: "/api/keys", status: 200})
		s.clock.Add(time.Second)
		s.call(t, call{as: "ada", method: "GET", path: "/api/keys", status: 401})
		s.call(t, call{as: "next", method: "GET", path: "/api/keys", status: 200})
	})
}

func TestRotationsAtOnceLeaveOneLiveSecret(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		const rotations = 8
		var wait sync.WaitGroup
		var mu sync.Mutex
		var live []string
		for range rotations {
			wait.Go(func() {
				a := s.send(t, call{as: "root", method: "POST", path: "/api/admin/tokens/$ada.id/rotate"})
				if a.StatusCode != 200 && a.StatusCode != 409 {
					t.Errorf("a rotation answered %d: %s", a.StatusCode, a.text)
				}
				if a.StatusCode == 200 {
					mu.Lock()
					defer mu.Unlock()
					live = append(live, decode(t, a.text).(map[string]any)["key"].(string))
				}
			})
		}
		wait.Wait()
		works := 0
		for i, key := range live {
			recordSecret(key)
			s.words[fmt.Sprintf("live%d.key", i)] = key
			if s.send(t, call{as: fmt.Sprintf("live%d", i), method: "GET", path: "/api/keys"}).StatusCode == 200 {
				works++
			}
		}
		if works != 1 {
			t.Errorf("%d of %d secrets work", works, len(live))
		}
	})
}

func TestARotationThatWasOvertakenIsAConflict(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.key(t, "ada", "spare", nil)
		for _, c := range []call{
			{as: "ada.spare", method: "POST", path: "/api/keys/$ada.id/rotate"},
			{as: "root", method: "POST", path: "/api/admin/tokens/$ada.id/rotate"},
		} {
			if !s.overtaken(t, c) {
				t.Errorf("%s: no rotation was overtaken in 100 rounds of 8 at once", c.path)
			}
		}
	})
}

// overtaken rotates many times at once until one rotation finds that the secret
// it read was replaced before it could.
func (s *service) overtaken(t *testing.T, c call) bool {
	for range 100 {
		var conflicts atomic.Int64
		var wait sync.WaitGroup
		for range 8 {
			wait.Go(func() {
				a := s.send(t, c)
				switch {
				case a.StatusCode == 409 && strings.Contains(string(a.text), "rotated by another request"):
					conflicts.Add(1)
				case a.StatusCode != 200:
					t.Errorf("a rotation answered %d: %s", a.StatusCode, a.text)
				}
			})
		}
		wait.Wait()
		if conflicts.Load() > 0 {
			return true
		}
	}
	return false
}
