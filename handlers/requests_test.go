package handlers_test

import (
	"strings"
	"testing"
	"time"

	"codexible/gateway"
	"codexible/usage"

	"github.com/google/uuid"
)

// calls are the ids of the requests that logCalls writes, the newest first.
const (
	servedCall  = "019cb8b8-2da0-7000-8000-0000000000c2"
	refusedCall = "019cb8b8-29b8-7000-8000-0000000000c1"
)

// logCalls writes a call of ada's that was served at the second attempt, and one of bob's that was refused before it.
func (s *service) logCalls(t *testing.T) {
	t.Helper()
	vendor, spare := uuid.UUID{0xee, 1}, uuid.UUID{0xee, 2}
	s.words["vendor"], s.words["spare"] = vendor.String(), spare.String()
	at := time.Date(2026, 3, 4, 12, 0, 3, 0, time.UTC)
	served := gateway.Record{
		ID: uuid.MustParse(servedCall), At: at.Add(time.Second), UserID: s.id(t, "ada.user"), KeyID: s.id(t, "ada.id"), Model: "large", Endpoint: gateway.Responses, Streamed: true,
		ClientRequestID: "mine", UpstreamID: spare, Upstream: "spare", UpstreamKey: "main", Attempts: []gateway.Attempt{
			{Upstream: "vendor", Key: "main", Status: 529, Error: "overloaded", Start: 2000, Took: 40_000, CostMicros: 7}, {Upstream: "spare", Key: "main", Status: 200, Start: 42_000, Took: 5_000_000},
		}, Sticky: true, Status: 200, Outcome: usage.CallComplete, Source: usage.SourceReported, Tokens: &usage.Tokens{Input: 10, Output: 20}, PriceID: uuid.UUID{7},
		Held: 12, Credits: 3, Uncollected: 500_000, CostMicros: 12_507, FirstByte: 210 * time.Millisecond, FirstToken: 640 * time.Millisecond, Took: 5042 * time.Millisecond,
	}
	refused := gateway.Record{
		ID: uuid.MustParse(refusedCall), At: at, UserID: s.id(t, "bob.user"), KeyID: s.id(t, "bob.id"), Model: "nonsense", Status: 404, Outcome: usage.CallRefused, Code: "model_not_found",
		Took: time.Millisecond,
	}
	if err := s.store.WriteRequests(t.Context(), []gateway.Record{served, refused}, nil); err != nil {
		t.Fatal(err)
	}
}

func TestOperatorsReadTheLogOfRequests(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.logCalls(t)
		served := `{"id":"` + servedCall + `","at":"2026-03-04T12:00:04Z","user_id":"$ada.user","email":"ada@example.com","key_id":"$ada.id","key_prefix":"$ada.prefix","client_request_id":"mine",
			"model":"large","endpoint":"responses","streamed":true,"status":200,"outcome":"complete","code":null,"upstream_id":"$spare","upstream":"spare","upstream_key":"main","sticky":true,"attempts":[
			{"upstream":"vendor","key":"main","status":529,"error":"overloaded","start_ms":2,"took_ms":40,"cost_usd":0.000007},
			{"upstream":"spare","key":"main","status":200,"error":null,"start_ms":42,"took_ms":5000,"cost_usd":0}],"source":"reported",
			"tokens":{"input_tokens":10,"cache_read_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"audio_input_tokens":0,"output_tokens":20,"audio_output_tokens":0,"reasoning_tokens":0,"requests":0,"web_searches":0,"service_tier":null},
			"price_id":"07000000-0000-0000-0000-000000000000","held":12,"credits":3,"uncollected":0.5,"cost_usd":0.012507,"first_byte_ms":210,"first_token_ms":640,"took_ms":5042}`
		refused := `{"id":"` + refusedCall + `","at":"2026-03-04T12:00:03Z","user_id":"$bob.user","email":"bob@example.com","key_id":"$bob.id","key_prefix":"$bob.prefix","client_request_id":null,
			"model":"nonsense","endpoint":"chat.completions","streamed":false,"status":404,"outcome":"refused","code":"model_not_found","upstream_id":null,"upstream":null,"upstream_key":null,"sticky":false,
			"attempts":[],"source":null,"tokens":null,"price_id":null,"held":0,"credits":0,"uncollected":0,"cost_usd":0,"first_byte_ms":null,"first_token_ms":null,"took_ms":1}`
		list := func(says, query, want string) call {
			return call{says: says, as: "root", method: "GET", path: "/api/admin/requests" + query, status: 200, want: want}
		}
		both, onlyServed, onlyRefused, none := `{"requests":[`+served+`,`+refused+`],"next":null}`, `{"requests":[`+served+`],"next":null}`, `{"requests":[`+refused+`],"next":null}`, `{"requests":[],"next":null}`
		s.run(t, []call{
			list("all, the newest first", "", both),
			list("a page", "?limit=1", `{"requests":[`+served+`],"next":"`+servedCall+`"}`),
			list("the next page", "?limit=1&after="+servedCall, `{"requests":[`+refused+`],"next":"`+refusedCall+`"}`),
			list("the end", "?limit=1&after="+refusedCall, none),
			list("a user's", "?user_id=$ada.user", onlyServed),
			list("a key's", "?key_id=$bob.id", onlyRefused),
			list("a model's", "?model=large", onlyServed),
			list("an upstream's: the last that was tried", "?upstream_id=$spare", onlyServed),
			list("an upstream that no call ended with", "?upstream_id=$vendor", none),
			list("an outcome", "?outcome=refused", onlyRefused),
			list("from a moment on", "?since=2026-03-04T12:00:04Z", onlyServed),
			list("before a moment", "?until=2026-03-04T12:00:04Z", onlyRefused),
			{says: "an outcome that there is not", as: "root", method: "GET", path: "/api/admin/requests?outcome=fine", status: 422},
			{says: "one", as: "root", method: "GET", path: "/api/admin/requests/" + servedCall, status: 200, want: served},
			{says: "one that never was", as: "root", method: "GET", path: "/api/admin/requests/0190163d-8694-739b-aea5-966c26f8ad91", status: 404},
			{says: "nobody else's to read", as: "ada", method: "GET", path: "/api/admin/requests", status: 403},
			{says: "nor one of them", as: "gate", method: "GET", path: "/api/admin/requests/" + servedCall, status: 403},
		})
	})
}

func TestTheChargesOfACallAreFoundByItsRequestID(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.setPrice(t, "cached", "large", cached, time.Time{})
		var price uuid.UUID
		if err := parseUUID(s.words["price.cached"], (*[16]byte)(&price)); err != nil {
			t.Fatal(err)
		}
		charge := usage.Charge{UserID: s.id(t, "ada.user"), KeyID: s.id(t, "ada.id"), Model: "large", Credits: 5}
		charge.Priced = &usage.Priced{PriceID: price}
		call1, call2 := uuid.MustParse(servedCall), uuid.MustParse(refusedCall)
		tokens := usage.Tokens{Input: 1000, Output: 100} // 3 000 and 1 500 micro-dollars, 0.45 credits
		post := func(entries ...usage.Entry) {
			t.Helper()
			for i := range entries {
				entries[i].TTL = 2 * time.Minute
			}
			receipts, err := s.store.Post(t.Context(), s.clock.Now, entries)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range receipts {
				if r.Outcome != usage.Accepted {
					t.Fatalf("%+v", r)
				}
			}
		}
		settled := func(id uuid.UUID, of usage.Tokens, micros int64) usage.Entry {
			e := usage.Entry{Kind: usage.KindSettle, Charge: charge, HoldID: id}
			e.Credits, e.Millionths, e.CostMicros, e.Priced = 0, micros*100, micros, &usage.Priced{PriceID: price, Tokens: of}
			e.Call = &usage.Call{RequestID: id, Outcome: usage.CallComplete, Source: usage.SourceReported}
			return e
		}
		post(usage.Entry{Kind: usage.KindHold, Charge: charge, HoldID: call1, OnExpiry: usage.ChargeOnExpiry}, usage.Entry{Kind: usage.KindHold, Charge: charge, HoldID: call2, OnExpiry: usage.ChargeOnExpiry})
		post(settled(call1, tokens, 4500))
		detailed := func(says, as, id, want string) call {
			return call{says: says, as: as, method: "GET", path: "/api/usage/detailed?limit=1&request_id=" + id, status: 200, want: want}
		}
		row := func(id, outcome, source, used, credits, cost string) string {
			return `{"id":"*","model":"large","prompt_tokens":` + strings.Replace(used, "/", `,"completion_tokens":`, 1) + `,"cost_usd":` + cost + `,"credits":` + credits +
				`,"tokens":"*","request_id":"` + id + `","outcome":"` + outcome + `","source":"` + source + `","first_token_ms":null,"tokens_per_second":null,"created_at":"*","date":"2026-03-04"}`
		}
		first := row(servedCall, "complete", "reported", "1000/100", "1", "0.0045")
		s.run(t, []call{
			detailed("a call that has ended", "ada", servedCall, "["+first+"]"),
			detailed("one that has not", "ada", refusedCall, "[]"),
			detailed("somebody else's", "bob", servedCall, "[]"),
			detailed("one that never was", "ada", "0190163d-8694-739b-aea5-966c26f8ad91", "[]"),
			{says: "it is named in the list, too", as: "ada", method: "GET", path: "/api/usage/detailed", status: 200, want: "[" + first + "]"},
			{says: "no hold of the gateway is a service's to see", as: "gate", method: "GET", path: "/api/holds", status: 200, want: "[]"},
			{says: "to settle", as: "gate", method: "POST", path: "/api/holds/" + refusedCall + "/settle", body: `{"credits":1}`, status: 404},
			{says: "to extend", as: "gate", method: "POST", path: "/api/holds/" + refusedCall + "/extend", body: `{"credits":9}`, status: 404},
			{says: "or to release", as: "gate", method: "POST", path: "/api/holds/" + refusedCall + "/release", status: 404},
		})
		estimate := usage.Tokens{Input: 900, Output: 10}
		post(usage.Entry{Kind: usage.KindExtend, Charge: usage.Charge{UserID: charge.UserID, KeyID: charge.KeyID}, HoldID: call2, Delivered: 285_000, DeliveredTokens: &estimate, DeliveredMicros: 2850})
		s.clock.Add(3 * time.Minute)
		post(usage.Entry{Kind: usage.KindExpire, Charge: usage.Charge{UserID: charge.UserID}})
		post(settled(call2, tokens, 4500))
		s.call(t, detailed("an interrupted call whose usage was learnt later", "ada", refusedCall,
			"["+row(refusedCall, "complete", "reported", "100/90", "0", "0.00165")+","+row(refusedCall, "interrupted", "estimated", "900/10", "0", "0.00285")+"]"))
		// Once the call is in the log, its pace is known: 100 tokens within 4.402 s after the first.
		s.logCalls(t)
		first = strings.Replace(first, `"first_token_ms":null,"tokens_per_second":null`, `"first_token_ms":640,"tokens_per_second":22.7`, 1)
		s.call(t, detailed("a call in the log", "ada", servedCall, "["+first+"]"))
		if a := s.call(t, call{says: "in the list, too", as: "ada", method: "GET", path: "/api/usage/detailed", status: 200}); !strings.Contains(string(a.text), `"first_token_ms":640,"tokens_per_second":22.7`) {
			t.Errorf("the list is %s", a.text)
		}
		// Holds are kept for 30 days: from then on the charge is found by the time in the id.
		s.clock.Add(31 * 24 * time.Hour)
		if removed, err := s.store.SweepHolds(t.Context(), 10); removed != 2 || err != nil {
			t.Fatal(removed, err)
		}
		s.call(t, detailed("a call whose hold is gone", "ada", servedCall, "["+first+"]"))
	})
}

func TestThePageOfAChargeSaysHowItsCallEnded(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.setPrice(t, "large", "large", cached, time.Time{})
		v := s.operator(t)
		charge := s.charge(t, "ada", "large", usage.Tokens{Input: 1000, Output: 100})
		hold := func() uuid.UUID {
			id := uuid.Must(uuid.NewV7())
			e := usage.Entry{Kind: usage.KindHold, Charge: usage.Charge{UserID: charge.UserID, KeyID: charge.KeyID, Model: "large", Credits: 5}, HoldID: id, TTL: 2 * time.Minute, OnExpiry: usage.ChargeOnExpiry}
			e.Priced = &usage.Priced{PriceID: charge.Priced.PriceID}
			if _, err := s.store.Post(t.Context(), s.clock.Now, []usage.Entry{e}); err != nil {
				t.Fatal(err)
			}
			return id
		}
		settle := func(id uuid.UUID, outcome usage.CallOutcome, source usage.Source) uuid.UUID {
			e := usage.Entry{Kind: usage.KindSettle, Charge: charge, HoldID: id}
			e.Call = &usage.Call{RequestID: id, Outcome: outcome, Source: source}
			return s.bookAt(t, s.clock.Now(), e)
		}
		page := func(charge uuid.UUID, says ...string) {
			t.Helper()
			shown := v.get("/admin/charges/" + charge.String()).page
			for _, text := range says {
				if !strings.Contains(shown, text) {
					t.Errorf("the page does not say %q", text)
				}
			}
		}
		done, dead := hold(), hold()
		page(settle(done, usage.CallClientGone, usage.SourceCounted), done.String(), "The client left before its end", "Partly as the upstream reported them", "Exact sum")
		s.clock.Add(3 * time.Minute)
		page(s.bookAt(t, s.clock.Now(), usage.Entry{Kind: usage.KindExpire, Charge: usage.Charge{UserID: charge.UserID}}), dead.String(), "Interrupted: the process", "Estimated from what", "Nothing to break down", "No tokens of this call are known")
		page(settle(dead, usage.CallComplete, usage.SourceReported), dead.String(), "Complete", "As the upstream reported them", "This row corrects the charge of an interrupted call", "an earlier charge")
	})
}
