package handlers_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/handlers"
	"codexible/handlers/monitor"
	"codexible/keys"
	"codexible/store/storetest"

	"github.com/google/uuid"
)

// held makes a hold of ada's key; $name.hold_id stands for it.
func held(name, hold string) call {
	return call{as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key","model":"large","hold":` + hold + `}`, status: 200, keep: name}
}

// creditsOf is ada's credits object in an answer.
func creditsOf(used, held, remaining int) string {
	return fmt.Sprintf(`{"used":%d,"held":%d,"limit":250,"granted":0,"remaining":%d,"resets_at":"2026-03-05T00:00:00Z","month":null}`, used, held, remaining)
}

func verdictOf(code string, credits, hold string) string {
	valid := code == "VALID"
	return fmt.Sprintf(`{"valid":%t,"code":%q,"key_id":"*","user":"*","key":"*","features":"*","credits":%s,"rate_limit":"*",%s}`, valid, code, credits, hold)
}

const noHold = `"hold_id":null,"hold_status":null,"price_id":null,"duplicate":false`

func settle(hold, body string, status int, want string) call {
	return call{as: "gate", method: "POST", path: "/api/holds/$" + hold + ".hold_id/settle", body: body, status: status, want: want}
}

func today(used, requests int) call {
	return call{as: "ada", method: "GET", path: "/api/usage/today", status: 200,
		want: fmt.Sprintf(`{"credits_used":%d,"daily_limit":250,"request_count":%d,"date":"2026-03-04"}`, used, requests)}
}

func TestAHoldSetsCreditsAsideUntilItIsSettled(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		hold := held("h", `{"credits":12}`)
		hold.want = verdictOf("VALID", creditsOf(0, 12, 238), `"hold_id":"*","hold_status":"open","price_id":null,"duplicate":false`)
		hold.header = http.Header{"X-Request-Id": {"call 7"}}
		s.call(t, hold)
		const settled = `{"charged":9,"uncollected":0,"duplicate":%t,"price_id":null,"priced_at":null,"credits":%s}`
		s.run(t, []call{
			{says: "nothing is charged yet", as: "ada", method: "GET", path: "/api/usage/today", status: 200, want: `{"credits_used":0,"daily_limit":250,"request_count":0,"date":"2026-03-04"}`},
			{says: "the customer's own charges have what is left", as: "ada", method: "POST", path: "/api/usage", body: `{"credits":239}`, status: 429},
			{says: "a verification reports it", as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key"}`, status: 200, want: verdictOf("VALID", creditsOf(0, 12, 238), noHold)},
			{says: "it is listed", as: "gate", method: "GET", path: "/api/holds", status: 200,
				want: `[{"id":"$h.hold_id","user_id":"$ada.user","key_id":"$ada.id","credits":12,"delivered":{"credits":0},"on_expiry":"release","model":"large","request_id":"call 7",
					"created_at":"2026-03-04T12:00:02Z","expires_at":"2026-03-04T12:10:02Z"}]`},
			{says: "operators see its owner", as: "root", method: "GET", path: "/api/admin/holds", status: 200,
				want: `[{"id":"$h.hold_id","user_id":"$ada.user","key_id":"$ada.id","credits":12,"delivered":{"credits":0},"on_expiry":"release","model":"large","request_id":"call 7",
					"created_at":"2026-03-04T12:00:02Z","expires_at":"2026-03-04T12:10:02Z","owner_id":"$gate.user"}]`},
		})
		const body = `{"credits":9,"prompt_tokens":10,"completion_tokens":20,"cost_usd":0.5,"outcome":"complete"}`
		s.call(t, settle("h", body, 200, fmt.Sprintf(settled, false, creditsOf(9, 0, 241))))
		s.call(t, call{as: "ada", method: "POST", path: "/api/usage", body: `{"credits":1}`, status: 200})
		s.call(t, settle("h", body, 200, fmt.Sprintf(settled, true, creditsOf(9, 0, 241))))
		s.call(t, settle("h", `{"credits":8}`, 409, ""))
		s.call(t, today(10, 2))
		s.run(t, []call{
			{says: "the charge is the hold's", as: "ada", method: "GET", path: "/api/usage/detailed?limit=1&offset=1", status: 200,
				want: `[{"id":"*","model":"large","prompt_tokens":10,"completion_tokens":20,"cost_usd":0.5,"credits":9,"tokens":null,"request_id":null,"outcome":null,"source":null,"first_token_ms":null,"tokens_per_second":null,"created_at":"*","date":"2026-03-04"}]`},
			{says: "it is listed no more", as: "gate", method: "GET", path: "/api/holds", status: 200, want: `[]`},
			{says: "it cannot be released", as: "gate", method: "POST", path: "/api/holds/$h.hold_id/release", status: 409},
			{says: "nor by an operator", as: "root", method: "POST", path: "/api/admin/holds/$h.hold_id/release", status: 409},
			{says: "nor extended", as: "gate", method: "POST", path: "/api/holds/$h.hold_id/extend", status: 409},
		})
	})
}

func TestWhatDoesNotFitIntoTheRoomIsUncollected(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.call(t, held("h", `{"credits":10}`))
		s.call(t, call{as: "ada", method: "POST", path: "/api/usage", body: `{"credits":235}`, status: 200})
		s.call(t, settle("h", `{"credits":20,"model":"small"}`, 200, `{"charged":15,"uncollected":5,"duplicate":false,"price_id":null,"priced_at":null,"credits":`+creditsOf(250, 0, 0)+`}`))
		s.call(t, call{as: "ada", method: "GET", path: "/api/usage/detailed?limit=1", status: 200,
			want: `[{"id":"*","model":"small","prompt_tokens":0,"completion_tokens":0,"cost_usd":0,"credits":15,"tokens":null,"request_id":null,"outcome":null,"source":null,"first_token_ms":null,"tokens_per_second":null,"created_at":"*","date":"2026-03-04"}]`})
	})
}

// A gateway learns the price of a call at its end: with a hold for each call none of
// them is served free, and none passes the limit.
func TestCallsAtOnceThroughAGatewayThatHoldsAreNeverFree(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.call(t, call{as: "ada", method: "POST", path: "/api/usage", body: `{"credits":241}`, status: 200})
		var served, charged, uncollected atomic.Int64
		var wait sync.WaitGroup
		for range 20 {
			wait.Go(func() {
				a := s.send(t, call{as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key","hold":{"credits":1}}`})
				v := decode(t, a.text).(map[string]any)
				if v["valid"] != true {
					return
				}
				served.Add(1)
				a = s.send(t, call{as: "gate", method: "POST", path: "/api/holds/" + v["hold_id"].(string) + "/settle", body: `{"credits":3}`})
				settled := decode(t, a.text).(map[string]any)
				charged.Add(int64(settled["charged"].(float64)))
				uncollected.Add(int64(settled["uncollected"].(float64)))
				if settled["charged"].(float64) < 1 {
					t.Errorf("a call was served for free: %s", a.text)
				}
			})
		}
		wait.Wait()
		if charged.Load() != 9 || uncollected.Load() != 3*served.Load()-9 || served.Load() < 3 || served.Load() > 9 {
			t.Errorf("%d calls were served, %d credits charged and %d not", served.Load(), charged.Load(), uncollected.Load())
		}
		s.call(t, today(250, 1+int(served.Load())))
	})
}

func TestAHoldIsReleasedOnce(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.call(t, held("h", `{"credits":250}`))
		s.call(t, held("other", `{"credits":0}`))
		const released = `{"released":true}`
		s.run(t, []call{
			{says: "release", as: "gate", method: "POST", path: "/api/holds/$h.hold_id/release", status: 200, want: released},
			{says: "again", as: "gate", method: "POST", path: "/api/holds/$h.hold_id/release", status: 200, want: released},
			{says: "it cannot be settled", as: "gate", method: "POST", path: "/api/holds/$h.hold_id/settle", body: `{"credits":1}`, status: 409},
			{says: "nor extended", as: "gate", method: "POST", path: "/api/holds/$h.hold_id/extend", body: `{"credits":251}`, status: 409},
			{says: "its credits are free", as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key"}`, status: 200, want: verdictOf("VALID", creditsOf(0, 0, 250), noHold)},
			{says: "an operator releases any hold", as: "root", method: "POST", path: "/api/admin/holds/$other.hold_id/release", status: 200, want: released},
			{says: "none is left", as: "root", method: "GET", path: "/api/admin/holds", status: 200, want: `[]`},
		})
		if n := s.audited(t, "hold.released"); n != 1 {
			t.Errorf("%d releases are in the audit log, want the operator's alone", n)
		}
	})
}

func TestAnExtensionThatDoesNotFitLeavesTheHoldAsItWas(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.call(t, held("h", `{"credits":12,"ttl_seconds":60,"on_expiry":"charge"}`))
		s.call(t, held("empty", `{"credits":0}`))
		extend := func(hold, body string, status int, want string) {
			t.Helper()
			s.call(t, call{as: "gate", method: "POST", path: "/api/holds/$" + hold + ".hold_id/extend", body: body, status: status, want: want})
		}
		is := func(credits, delivered int, expires string) {
			t.Helper()
			s.call(t, call{as: "gate", method: "GET", path: "/api/holds?limit=1&after=$empty.hold_id", status: 200,
				want: fmt.Sprintf(`[{"id":"$h.hold_id","user_id":"*","key_id":"*","credits":%d,"delivered":{"credits":%d},"on_expiry":"charge","model":"*","request_id":"*","created_at":"*","expires_at":%q}]`, credits, delivered, expires)})
		}
		s.clock.Add(30 * time.Second)
		extend("h", `{"credits":20,"ttl_seconds":120,"delivered":{"credits":7}}`, 200, `{"expires_at":"2026-03-04T12:02:32Z","credits":`+creditsOf(0, 20, 230)+`}`)
		is(20, 7, "2026-03-04T12:02:32Z")
		for _, body := range []string{`{"credits":19}`, `{"credits":0}`, `{"credits":-1}`, `{"ttl_seconds":9}`, `{"ttl_seconds":3601}`, `{"delivered":7}`, `{"delivered":{}}`, `{"delivered":{"credits":1,"usage":{}}}`, `{"usage":{"output_tokens":1}}`} {
			extend("h", body, 422, "")
		}
		extend("h", `{"credits":251,"delivered":{"credits":9}}`, 429, `{"error":{"code":"quota_exceeded","message":"Daily credit limit reached (0/250). Resets at 00:00 UTC, in 12 h 0 min.","status":429,"request_id":"*"}}`)
		is(20, 7, "2026-03-04T12:02:32Z")
		extend("h", "", 200, `{"expires_at":"2026-03-04T12:10:32Z","credits":`+creditsOf(0, 20, 230)+`}`)
		is(20, 7, "2026-03-04T12:10:32Z")
		extend("empty", `{"credits":0}`, 200, "")
		s.clock.Set(time.Date(2026, 3, 4, 12, 10, 32, 0, time.UTC))
		extend("h", `{"credits":30}`, 409, "")
		s.call(t, today(7, 1)) // what was delivered was charged, before anything else was decided
	})
}

func TestAHoldWhoseTimeIsOverNeverBlocks(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.call(t, held("released", `{"credits":100,"ttl_seconds":10}`))
		s.call(t, held("charged", `{"credits":150,"ttl_seconds":10,"on_expiry":"charge"}`))
		s.call(t, call{as: "gate", method: "POST", path: "/api/holds/$charged.hold_id/extend", body: `{"ttl_seconds":10,"delivered":{"credits":40}}`, status: 200})
		s.clock.Add(10 * time.Second)
		s.call(t, call{as: "gate", method: "GET", path: "/api/holds", status: 200, want: `[]`})
		s.call(t, call{as: "ada", method: "POST", path: "/api/usage", body: `{"credits":200}`, status: 200,
			want: `{"recorded":true,"duplicate":false,"credits_used":240,"daily_limit":250,"remaining":10,"date":"2026-03-04"}`})
		// A true settlement is decided as a new charge, or corrects what was charged.
		s.call(t, settle("released", `{"credits":15}`, 200, `{"charged":10,"uncollected":5,"duplicate":false,"price_id":null,"priced_at":null,"credits":`+creditsOf(250, 0, 0)+`}`))
		s.call(t, settle("charged", `{"credits":30}`, 200, `{"charged":30,"uncollected":0,"duplicate":false,"price_id":null,"priced_at":null,"credits":`+creditsOf(240, 0, 10)+`}`))
		s.call(t, settle("charged", `{"credits":30}`, 200, `{"charged":30,"uncollected":0,"duplicate":true,"price_id":null,"priced_at":null,"credits":`+creditsOf(240, 0, 10)+`}`))
		s.call(t, today(240, 3))
		s.clock.Add(31 * 24 * time.Hour)
		s.call(t, settle("released", `{"credits":15}`, 404, ""))
	})
}

func TestAServiceSeesAndEndsTheHoldsOfItsUserAlone(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.person(t, "portal", "", "Business", accounts.RoleService)
		s.call(t, held("h", `{"credits":5}`))
		const missing = `{"error":{"code":"not_found","message":"This hold does not exist, or it ended more than 30 days ago.","status":404,"request_id":"*"}}`
		for _, c := range []struct{ method, path, body string }{
			{"POST", "/settle", `{"credits":1}`}, {"POST", "/extend", `{"credits":0}`}, {"POST", "/extend", `{"credits":9}`}, {"POST", "/release", ""},
		} {
			s.call(t, call{as: "portal", method: c.method, path: "/api/holds/$h.hold_id" + c.path, body: c.body, status: 404, want: missing})
			for as, status := range map[string]int{"ada": 403, "root": 403, "": 401} {
				s.call(t, call{as: as, method: c.method, path: "/api/holds/$h.hold_id" + c.path, body: c.body, status: status})
			}
		}
		s.call(t, call{as: "portal", method: "GET", path: "/api/holds", status: 200, want: `[]`})
		s.call(t, call{as: "gate", method: "GET", path: "/api/holds?user_id=$bob.user", status: 200, want: `[]`})
		s.call(t, call{as: "gate", method: "GET", path: "/api/holds?user_id=$ada.user&key_id=$ada.id", status: 200, want: `["*"]`})
		s.call(t, call{as: "root", method: "GET", path: "/api/admin/holds?key_id=$bob.id", status: 200, want: `[]`})
		s.call(t, call{as: "root", method: "GET", path: "/api/admin/holds?user_id=$ada.user", status: 200, want: `["*"]`})
		s.call(t, call{as: "ada", method: "GET", path: "/api/holds", status: 403})
		s.key(t, "gate", "second", nil) // another key of the same user
		s.call(t, call{as: "gate.second", method: "POST", path: "/api/holds/$h.hold_id/settle", body: `{"credits":5}`, status: 200})
	})
}

func TestAHoldIsSettledAlsoWhenItsKeyOrUserIsGone(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.call(t, held("first", `{"credits":5}`))
		s.call(t, held("second", `{"credits":5}`))
		s.call(t, held("third", `{"credits":5}`))
		if err := s.store.RevokeKey(t.Context(), accounts.ActorCLI, s.id(t, "ada.id"), uuid.Nil); err != nil {
			t.Fatal(err)
		}
		s.call(t, settle("first", `{"credits":6}`, 200, `{"charged":6,"uncollected":0,"duplicate":false,"price_id":null,"priced_at":null,"credits":`+creditsOf(6, 10, 234)+`}`))
		suspended := accounts.StatusSuspended
		if _, err := s.store.ChangeUser(t.Context(), accounts.ActorCLI, s.id(t, "ada.user"), accounts.UserChange{Status: &suspended}); err != nil {
			t.Fatal(err)
		}
		s.call(t, settle("second", `{"credits":5}`, 200, `{"charged":5,"uncollected":0,"duplicate":false,"price_id":null,"priced_at":null,"credits":`+creditsOf(11, 5, 234)+`}`))
		s.call(t, call{as: "gate", method: "POST", path: "/api/holds/$third.hold_id/release", status: 200})
	})
}

func TestIdempotencyKeysBelongToWhoChargesAndToTheOperation(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.person(t, "portal", "", "Business", accounts.RoleService)
		own := http.Header{"Idempotency-Key": {"same"}}
		verify := func(as, rest, want string) call {
			return call{as: as, method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key","idempotency_key":"same",` + rest + `}`, status: 200, want: want}
		}
		fresh := `"hold_id":null,"hold_status":null,"price_id":null,"duplicate":false`
		s.call(t, call{as: "ada", method: "POST", path: "/api/usage", body: `{"credits":1}`, header: own, status: 200})
		s.call(t, verify("gate", `"credits":2`, verdictOf("VALID", creditsOf(3, 0, 247), fresh)))
		s.call(t, verify("portal", `"credits":3`, verdictOf("VALID", creditsOf(6, 0, 244), fresh)))
		first := verify("gate", `"hold":{"credits":4}`, verdictOf("VALID", creditsOf(6, 4, 240), `"hold_id":"*","hold_status":"open","price_id":null,"duplicate":false`))
		first.keep = "h"
		s.call(t, first)
		again := func(status string) {
			t.Helper()
			s.call(t, verify("gate", `"hold":{"credits":4}`, verdictOf("VALID", creditsOf(6, 4, 240), `"hold_id":"$h.hold_id","hold_status":"`+status+`","price_id":null,"duplicate":true`)))
		}
		again("open")
		for _, other := range []string{`"hold":{"credits":5}`, `"hold":{"credits":4,"ttl_seconds":60}`, `"hold":{"credits":4,"on_expiry":"charge"}`, `"hold":{"credits":4},"model":"m"`, `"credits":1`} {
			c := verify("gate", other, "")
			c.status = 409
			s.call(t, c)
		}
		s.call(t, call{as: "gate", method: "POST", path: "/api/holds/$h.hold_id/release", status: 200})
		again("released")
		s.call(t, call{as: "ada", method: "POST", path: "/api/usage", body: `{"credits":1}`, header: own, status: 200,
			want: `{"recorded":true,"duplicate":true,"credits_used":1,"daily_limit":250,"remaining":249,"date":"2026-03-04"}`})
		s.call(t, today(6, 3))
	})
}

func TestRequestsAtOnceAreDecidedBeforeTheQuota(t *testing.T) {
	var watched *monitor.Monitor
	each(t, func(t *testing.T, s *service) {
		two := int64(2)
		atOnce := &two
		s.changePlan(t, "pro", accounts.PlanChange{UserConcurrencyLimit: &atOnce})
		s.call(t, held("first", `{"credits":250}`))
		full := held("none", `{"credits":1}`)
		full.want, full.keep = verdictOf("QUOTA_EXCEEDED", creditsOf(0, 250, 0), noHold), ""
		s.call(t, full)
		s.call(t, held("second", `{"credits":0}`))
		full.want = verdictOf("CONCURRENCY_LIMITED", creditsOf(0, 250, 0), noHold)
		s.call(t, full)
		s.call(t, call{as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key"}`, status: 200, want: verdictOf("VALID", creditsOf(0, 250, 0), noHold)})
		s.call(t, call{as: "gate", method: "POST", path: "/api/holds/$first.hold_id/release", status: 200})
		full.want = verdictOf("VALID", creditsOf(0, 1, 249), `"hold_id":"*","hold_status":"open","price_id":null,"duplicate":false`)
		s.call(t, full)
		for _, code := range []keys.Code{keys.ConcurrencyLimited, keys.QuotaExceeded} {
			if n := watched.Refusals.Pending(code); n != 1 {
				t.Errorf("%d refusals with %s are counted, want 1", n, code)
			}
		}
	}, func(p *handlers.Parts) {
		withMonitor(p, func(*monitor.Parts) {})
		watched = p.Monitor
	})
}

func (s *service) changePlan(t *testing.T, plan string, change accounts.PlanChange) {
	t.Helper()
	if _, err := s.store.ChangePlan(t.Context(), accounts.ActorCLI, s.id(t, "plan."+plan), change); err != nil {
		t.Fatal(err)
	}
}

func TestAQuotaRefusalNamesTheLimitThatBinds(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		refused := func(as, message, retryAfter string) {
			t.Helper()
			a := s.call(t, call{as: as, method: "POST", path: "/api/usage", body: `{"credits":3}`, status: 429,
				want: `{"error":{"code":"quota_exceeded","message":"` + message + `","status":429,"request_id":"*"}}`})
			if got := a.Header.Get("Retry-After"); got != retryAfter {
				t.Errorf("Retry-After is %s, want %s", got, retryAfter)
			}
		}
		secret := mint()
		k, err := s.store.CreateKey(t.Context(), accounts.ActorCLI, keys.NewKey{UserID: s.id(t, "ada.user"), Secret: secret, Scopes: []string{"charge"}, Limits: keys.Limits{DailyCreditLimit: new(int64(5))}})
		if err != nil {
			t.Fatal(err)
		}
		s.words["own.key"], s.words["own.id"] = secret.Reveal(), k.ID.String()
		s.call(t, call{as: "own", method: "POST", path: "/api/usage", body: `{"credits":4}`, status: 200,
			want: `{"recorded":true,"duplicate":false,"credits_used":4,"daily_limit":250,"remaining":1,"date":"2026-03-04"}`})
		refused("own", "This key's daily credit limit is reached (4/5). Resets at 00:00 UTC, in 12 h 0 min.", "43198")

		monthly := new(int64(100))
		s.changePlan(t, "pro", accounts.PlanChange{MonthlyCreditLimit: &monthly})
		s.call(t, call{as: "ada", method: "POST", path: "/api/usage", body: `{"credits":94}`, status: 200})
		refused("ada", "Monthly credit limit reached (98/100). Resets at 00:00 UTC on 2026-04-01, in 27 d 12 h.", "2375998")
		s.call(t, call{as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key","credits":3}`, status: 200,
			want: verdictOf("QUOTA_EXCEEDED", `{"used":98,"held":0,"limit":250,"granted":0,"remaining":2,"resets_at":"2026-03-05T00:00:00Z","month":{"used":98,"held":0,"limit":100,"remaining":2,"resets_at":"2026-04-01T00:00:00Z"}}`, noHold)})
		s.clock.Set(time.Date(2026, 3, 31, 23, 0, 0, 0, time.UTC))
		refused("ada", "Monthly credit limit reached (98/100). Resets at 00:00 UTC on 2026-04-01, in 1 h 0 min.", "3600")
		s.clock.Set(storetest.Start)
	})
}

func TestAHoldIsCheckedLikeAnyField(t *testing.T) {
	s := onSQLite(t)
	for body, field := range map[string]string{
		`"hold":{}`: "hold.credits", `"hold":1`: "hold", `"hold":[]`: "hold", `"hold":{"credits":-1}`: "hold.credits", `"hold":{"credits":1000000001}`: "hold.credits", `"hold":{"credits":1.5}`: "hold.credits",
		`"hold":{"credits":1,"ttl_seconds":9}`: "hold.ttl_seconds", `"hold":{"credits":1,"ttl_seconds":3601}`: "hold.ttl_seconds", `"hold":{"credits":1,"on_expiry":"keep"}`: "hold.on_expiry",
		`"hold":{"credits":1,"usage":{"model":"m"}}`: "hold.credits", `"hold":{"usage":{}}`: "hold.usage.model", `"usage":1`: "usage", `"credits":1,"hold":{"credits":1}`: "credits",
	} {
		a := s.call(t, call{as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key",` + body + `}`, status: 422})
		if fields := fieldsOf(t, a); len(fields) != 1 || fields[field] == nil {
			t.Errorf("%s: the wrong fields are %v, want %s", body, fields, field)
		}
	}
	s.call(t, held("h", `{"credits":0,"ttl_seconds":null,"on_expiry":null,"usage":null},"credits":0,"usage":null`))
	for body, field := range map[string]string{`{}`: "credits", `{"credits":null}`: "credits", `{"credits":-1}`: "credits", `{"credits":1,"usage":{}}`: "credits", `{"usage":{"web_searches":-1}}`: "usage.web_searches", `{"credits":1,"outcome":""}`: "outcome", `{"credits":1,"model":""}`: "model"} {
		if fields := fieldsOf(t, s.call(t, settle("h", body, 422, ""))); len(fields) != 1 || fields[field] == nil {
			t.Errorf("%s: the wrong fields are %v, want %s", body, fields, field)
		}
	}
	s.call(t, settle("h", "", 400, ""))
	s.call(t, settle("h", `{"credits":0}`, 200, `{"charged":0,"uncollected":0,"duplicate":false,"price_id":null,"priced_at":null,"credits":`+creditsOf(0, 0, 250)+`}`))
}

func fieldsOf(t *testing.T, a answer) map[string]any {
	t.Helper()
	fields, _ := decode(t, a.text).(map[string]any)["error"].(map[string]any)["fields"].(map[string]any)
	return fields
}
