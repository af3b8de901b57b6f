package handlers_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/handlers"
	"codexible/store/storetest"
)

// everySignIn turns on every way to sign in.
func everySignIn(t *testing.T, sent postbox, r accounts.Registration) []setting {
	return []setting{withSignIns(sent, r), withProviderForCustomers(t)}
}

func TestWhoAsksForALinkLearnsNothingOfTheAddress(t *testing.T) {
	sent := make(postbox, 100)
	for _, r := range []accounts.Registration{{}, openToAll} {
		each(t, func(t *testing.T, s *service) {
			var first string
			for _, email := range []string{"ada@example.com", "ADA@example.com", "nobody@example.com", "sam@example.com", "root@example.com", "gate@example.com", "nobody@elsewhere.example"} {
				a := s.call(t, call{method: "POST", path: "/api/session/link", body: fmt.Sprintf(`{"email":%q,"browser":%q}`, email, secretOf("b")), status: 200, want: `{"sent":true}`})
				for _, changing := range []string{"Date", "X-Request-Id", "X-Ratelimit-Remaining", "X-Ratelimit-Reset"} {
					a.Header.Del(changing)
				}
				if got := fmt.Sprint(a.Header, string(a.text)); first == "" {
					first = got
				} else if got != first {
					t.Errorf("%s is answered\n%s\nand not\n%s", email, got, first)
				}
			}
			s.rest(t)
			var to []string
			for len(sent) > 0 {
				m := <-sent
				to = append(to, fmt.Sprintf("%s %t", m.To, m.Registers))
			}
			slices.Sort(to)
			want := []string{"ada@example.com false", "ada@example.com false"}
			if r.Open() {
				want = append(want, "nobody@elsewhere.example true", "nobody@example.com true")
			}
			if !slices.Equal(to, want) {
				t.Errorf("mails went to %q, want %q", to, want)
			}
		}, withSignIns(sent, r))
	}
}

func TestTheLinksOfAMailboxAndOfAnAddressAreBounded(t *testing.T) {
	sent := make(postbox, 100)
	each(t, func(t *testing.T, s *service) {
		for i, email := range []string{"ada@example.com", "ADA@EXAMPLE.COM", "\uff41da@example.com", "ada@example.com", "Ada@Example.com"} { // the third is written in a wide letter
			s.asksForLink(t, email, "b")
			s.rest(t)
			if n := len(sent); n != min(i+1, 3) {
				t.Fatalf("%d mails after %d requests", n, i+1)
			}
		}
		for range 5 {
			s.asksForLink(t, "nobody@example.com", "b")
		}
		a := s.call(t, call{method: "POST", path: "/api/session/link", body: `{"email":"bob@example.com","browser":"` + secretOf("b") + `"}`, status: 429, lacks: []string{"bob"}})
		if wait := a.Header.Get("Retry-After"); wait != "3600" {
			t.Errorf("again after %s s", wait)
		}
		s.clock.Add(time.Hour)
		for len(sent) > 0 {
			<-sent
		}
		s.asksForLink(t, "ada@example.com", "b")
		if m := sent.next(t); m.To != "ada@example.com" {
			t.Errorf("an hour later a mail to %s", m.To)
		}
	}, withSignIns(sent, accounts.Registration{}))
}

func TestRequestsForASignInThatAreNone(t *testing.T) {
	sent := make(postbox, 10)
	s := onSQLite(t, everySignIn(t, sent, openToAll)...)
	b := secretOf("b")
	for name, body := range map[string]string{
		"a header":         `{"email":"ada@example.com\r\nBcc: eve@example.com","browser":"` + b + `"}`,
		"two addresses":    `{"email":"ada@example.com,eve@example.com","browser":"` + b + `"}`,
		"a name":           `{"email":"Ada <ada@example.com>","browser":"` + b + `"}`,
		"a NUL":            `{"email":"ada\u0000@example.com","browser":"` + b + `"}`,
		"an invisible one": `{"email":"ad\u200ba@example.com","browser":"` + b + `"}`,
		"a long one":       `{"email":"` + strings.Repeat("a", 250) + `@example.com","browser":"` + b + `"}`,
		"no browser":       `{"email":"ada@example.com"}`,
		"a short browser":  `{"email":"ada@example.com","browser":"` + b[:31] + `"}`,
		"a long browser":   `{"email":"ada@example.com","browser":"` + strings.Repeat("b", 129) + `"}`,
		"a language":       `{"email":"ada@example.com","browser":"` + b + `","language":"fr"}`,
		"a list":           `{"email":["ada@example.com"],"browser":"` + b + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			s.call(t, call{method: "POST", path: "/api/session/link", body: body, status: 422, lacks: []string{"Bcc"}})
		})
	}
	sent.empty(t, s)
	s.run(t, []call{
		{says: "a long link", method: "POST", path: "/api/session", body: `{"link":"` + strings.Repeat("x", 129) + `","browser":"` + b + `"}`, status: 422},
		{says: "no link", method: "POST", path: "/api/session", body: `{"browser":"` + b + `"}`, status: 422},
		{says: "a long code", method: "POST", path: "/api/session/openid/finish", body: `{"code":"` + strings.Repeat("x", 4001) + `","state":"x","browser":"` + b + `"}`, status: 422},
		{says: "a link that is none", method: "POST", path: "/api/session", body: `{"link":"'; DROP TABLE users","browser":"` + b + `"}`, status: 404, lacks: []string{"DROP"}},
		{says: "a state that is none", method: "POST", path: "/api/session/openid/finish", body: `{"code":"x","state":"x","browser":"` + b + `"}`, status: 409},
	})
	none := onSQLite(t)
	none.run(t, []call{
		{says: "nothing is possible", method: "GET", path: "/api/session/options", status: 200, unwindowed: true, want: `{"mail":false,"openid":false,"registration":false}`},
		{says: "no mail", method: "POST", path: "/api/session/link", body: `{"email":"ada@example.com","browser":"` + b + `"}`, status: 409},
		{says: "no provider", method: "POST", path: "/api/session/openid", body: `{"browser":"` + b + `"}`, status: 409},
		{says: "no answer of a provider", method: "POST", path: "/api/session/openid/finish", body: `{"code":"x","state":"x","browser":"` + b + `"}`, status: 409},
	})
}

func TestALinkIsOfItsBrowserAndItsTime(t *testing.T) {
	sent := make(postbox, 10)
	each(t, func(t *testing.T, s *service) {
		s.asksForLink(t, "ada@example.com", "b")
		m := sent.next(t)
		s.run(t, []call{
			{says: "in another browser", method: "POST", path: "/api/session", body: opening(m, "other"), status: 409, lacks: []string{"ada@"}},
			{says: "in its own", method: "POST", path: "/api/session", body: opening(m, "b"), status: 200},
			{says: "again", method: "POST", path: "/api/session", body: opening(m, "b"), status: 404, lacks: []string{"ada@"}},
		})
		s.asksForLink(t, "ada@example.com", "b")
		late := sent.next(t)
		s.clock.Add(accounts.SignInLinkLife)
		s.call(t, call{method: "POST", path: "/api/session", body: opening(late, "b"), status: 404})
	}, withSignIns(sent, accounts.Registration{}))
}

func TestASessionIsAnUnknownKeyBeyondTheCustomersAPI(t *testing.T) {
	sent := make(postbox, 10)
	each(t, func(t *testing.T, s *service) {
		s.signIn(t, sent, "ada@example.com", "session")
		s.words["unknown.key"] = "codexible_00000000000000000000000000000000"
		same := func(c call) {
			t.Helper()
			answers := map[string]string{}
			for _, as := range []string{"session", "unknown"} {
				c.as, c.header = as, http.Header{"X-Request-Id": {"same"}}
				answers[as] = string(s.call(t, c).text)
			}
			if answers["session"] != answers["unknown"] {
				t.Errorf("%s %s answers a session %s and an unknown key %s", c.method, c.path, answers["session"], answers["unknown"])
			}
		}
		for pattern, item := range published().model.Paths.PathItems.FromOldest() {
			for method, op := range item.GetOperations().FromOldest() {
				if tag := op.Tags[0]; tag == "Administration" || tag == "Verification" {
					same(call{method: upper(method), path: concrete(pattern), status: 401})
				}
			}
		}
		same(call{method: "POST", path: "/api/usage", body: `{"credits":1}`, status: 401})
		for _, path := range []string{"/v1/chat/completions", "/v1/responses", "/v1/messages"} {
			c := call{method: "POST", path: path, body: `{"model":"x","messages":[]}`, header: http.Header{"Authorization": {"Bearer " + s.words["session.key"]}}}
			if a := s.send(t, c); a.StatusCode != 401 {
				t.Errorf("%s answers a session %d: %s", path, a.StatusCode, a.text)
			}
			c.header = http.Header{"X-Api-Key": {s.words["session.key"]}}
			if a := s.send(t, c); a.StatusCode != 401 {
				t.Errorf("%s answers a session as x-api-key %d: %s", path, a.StatusCode, a.text)
			}
		}
		s.call(t, call{as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$session.key"}`, status: 200, lacks: []string{"ada@"},
			want: `{"valid":false,"code":"NOT_FOUND","key_id":null,"user":null,"key":null,"features":null,"credits":null,"rate_limit":null,"hold_id":null,"hold_status":null,"price_id":null,"duplicate":false}`})
		s.call(t, call{as: "gate", method: "POST", path: "/api/keys/verify/batch", body: `{"verifications":[{"key":"$session.key","credits":1}]}`, status: 200, lacks: []string{"ada@", `"valid":true`}})
	}, withSignIns(sent, accounts.Registration{}))
}

func TestASessionEndsAtOnceWithItsUser(t *testing.T) {
	sent := make(postbox, 10)
	for name, end := range map[string]call{
		"a suspension":          {as: "root", method: "PATCH", path: "/api/admin/users/$ada.user", body: `{"status":"suspended"}`, status: 200},
		"another e-mail":        {as: "root", method: "PATCH", path: "/api/admin/users/$ada.user", body: `{"email":"other@example.com"}`, status: 200},
		"another role":          {as: "root", method: "PATCH", path: "/api/admin/users/$ada.user", body: `{"role":"service"}`, status: 200},
		"an erasure":            {as: "root", method: "POST", path: "/api/admin/users/$ada.user/erase", body: `{"confirm":"ada@example.com"}`, status: 200},
		"a sign-out everywhere": {as: "second", method: "DELETE", path: "/api/session?everywhere=true", status: 200, want: `{"signed_out":true}`},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, s *service) {
				s.signIn(t, sent, "ada@example.com", "first")
				s.signIn(t, sent, "ada@example.com", "second")
				for _, as := range []string{"first", "second"} {
					s.call(t, call{as: as, method: "GET", path: "/api/usage/today", status: 200})
				}
				s.call(t, end)
				for _, as := range []string{"first", "second"} {
					s.call(t, call{as: as, method: "GET", path: "/api/usage/today", status: 401, lacks: []string{"ada@"}})
					s.call(t, call{as: as, method: "POST", path: "/api/keys", body: `{}`, status: 401})
					s.call(t, call{as: as, method: "DELETE", path: "/api/session", status: 401})
				}
			}, withSignIns(sent, accounts.Registration{}))
		})
	}
}

// instance is another instance of the service over a database.
func instance(t *testing.T, url string, clock *storetest.Clock) *service {
	t.Helper()
	return start(t, storetest.Connect(t, url, clock.Now), clock)
}

func TestASessionEndsOnAnotherInstanceWithinASecond(t *testing.T) {
	sent := make(postbox, 10)
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		clock := storetest.NewClock(storetest.Start)
		s := start(t, storetest.Connect(t, url, clock.Now), clock, withSignIns(sent, accounts.Registration{}))
		s.cast(t)
		other := instance(t, url, clock)
		for name, end := range map[string]func(as string){
			"a sign-out": func(as string) { s.call(t, call{as: as, method: "DELETE", path: "/api/session", status: 200}) },
			"a suspension": func(string) {
				s.call(t, call{as: "root", method: "PATCH", path: "/api/admin/users/$bob.user", body: `{"status":"suspended"}`, status: 200})
			},
		} {
			who := map[string]string{"a sign-out": "ada", "a suspension": "bob"}[name]
			s.signIn(t, sent, who+"@example.com", "of "+who)
			other.words["session.key"] = s.words["of "+who+".key"]
			other.call(t, call{as: "session", method: "GET", path: "/api/session", status: 200})
			end("of " + who)
			began, ended := time.Now(), false
			for !ended && time.Since(began) < 10*time.Second {
				ended = other.send(t, call{as: "session", method: "GET", path: "/api/session"}).StatusCode == 401
			}
			if took := time.Since(began); !ended || took > time.Second {
				t.Errorf("after %s the session ended on another instance: %t, in %v", name, ended, took)
			}
		}
	})
}

func TestASessionCountsAsAKeyOfThePlanAndForItsUser(t *testing.T) {
	sent := make(postbox, 10)
	s := onSQLite(t, withSignIns(sent, accounts.Registration{}))
	s.signIn(t, sent, "ada@example.com", "first")
	s.signIn(t, sent, "ada@example.com", "second")
	s.rate(t, "pro", 3)
	s.expectWindow(t, call{as: "first", method: "GET", path: "/api/keys", status: 200}, window{"3", "2", "0", ""})
	s.expectWindow(t, call{method: "POST", path: "/api/auth/validate", body: `{"token":"$first.key"}`, status: 200}, window{"3", "1", "0", ""})
	s.expectWindow(t, call{as: "first", method: "GET", path: "/api/session", status: 200}, window{"3", "0", "60", ""})
	s.call(t, call{as: "first", method: "GET", path: "/api/usage/today", status: 429})
	s.call(t, call{as: "first", method: "DELETE", path: "/api/session", status: 429})
	s.expectWindow(t, call{as: "second", method: "GET", path: "/api/keys", status: 200}, window{"3", "2", "0", ""})
	two := new(int64(2))
	if _, err := s.store.ChangePlan(context.Background(), accounts.ActorCLI, s.id(t, "plan.pro"), accounts.PlanChange{UserRateLimitPerMinute: &two}); err != nil {
		t.Fatal(err)
	}
	s.clock.Add(time.Minute)
	s.call(t, call{as: "ada", method: "GET", path: "/api/keys", status: 200})
	s.call(t, call{as: "second", method: "GET", path: "/api/keys", status: 200})
	s.call(t, call{as: "first", method: "GET", path: "/api/keys", status: 429})
}

func TestAnAccountBeyondTheDaysLimitIsMadeTomorrow(t *testing.T) {
	sent := make(postbox, 10)
	s := onSQLite(t, withSignIns(sent, accounts.Registration{Plan: "starter", DailyLimit: 1, Domains: []string{"example.com"}}))
	s.signIn(t, sent, "first@example.com", "first")
	s.asksForLink(t, "second@example.com", "b")
	m := sent.next(t)
	a := s.call(t, call{method: "POST", path: "/api/session", body: opening(m, "b"), status: 429, lacks: []string{"second@"}})
	if a.Header.Get("Retry-After") != "43198" || !strings.Contains(string(a.text), "tomorrow") {
		t.Errorf("again after %s: %s", a.Header.Get("Retry-After"), a.text)
	}
	if !strings.Contains(logged.String(), "REGISTRATION_DAILY_LIMIT is reached") {
		t.Error("the operator is not told")
	}
	s.clock.Add(12 * time.Hour)
	s.signIn(t, sent, "second@example.com", "second")
	s.asksForLink(t, "third@elsewhere.example", "b")
	sent.empty(t, s)
	s.asksForLink(t, "third@example.com", "b")
	m = sent.next(t)
	s.customers.Registration = accounts.Registration{}
	s.call(t, call{method: "POST", path: "/api/session", body: opening(m, "b"), status: 403, lacks: []string{"third@"}})
}

func TestSignInsCountByAddressBeforeTheyDoAnything(t *testing.T) {
	sent := make(postbox, 10)
	s := onSQLite(t, append(everySignIn(t, sent, openToAll), perAddress(4))...)
	s.asksForLink(t, "ada@example.com", "b")
	m := sent.next(t)
	for range 3 {
		s.call(t, call{method: "POST", path: "/api/session", body: opening(m, "other"), status: 409})
	}
	for path, body := range map[string]string{"/api/session/link": bodies["POST /api/session/link"], "/api/session": opening(m, "b"), "/api/session/openid": bodies["POST /api/session/openid"], "/api/session/openid/finish": bodies["POST /api/session/openid/finish"]} {
		s.expectWindow(t, call{method: "POST", path: path, body: body, status: 429}, window{"4", "0", "60", "60"})
	}
	sent.empty(t, s)
	s.clock.Add(61 * time.Second)
	s.call(t, call{method: "POST", path: "/api/session", body: opening(m, "b"), status: 200})
}

func TestAPlanForNewAccountsThatIsGoneIsOurFault(t *testing.T) {
	sent := make(postbox, 10)
	s := onSQLite(t, withSignIns(sent, accounts.Registration{Plan: "Starter", DailyLimit: 1}))
	s.asksForLink(t, "new@example.com", "b")
	m := sent.next(t)
	if _, err := s.store.ChangePlan(context.Background(), accounts.ActorCLI, s.id(t, "plan.starter"), accounts.PlanChange{Archived: new(true)}); err != nil {
		t.Fatal(err)
	}
	s.call(t, call{method: "POST", path: "/api/session", body: opening(m, "b"), status: 503, lacks: []string{"REGISTRATION_PLAN"}})
	if !strings.Contains(logged.String(), "REGISTRATION_PLAN names the plan Starter, which takes no new users") {
		t.Error("the log does not say why")
	}
	if _, err := s.store.ChangePlan(context.Background(), accounts.ActorCLI, s.id(t, "plan.starter"), accounts.PlanChange{Archived: new(false)}); err != nil {
		t.Fatal(err)
	}
	s.call(t, call{method: "POST", path: "/api/session", body: opening(m, "b"), status: 200})
}

func TestALinkThatCannotBeSentIsLoggedWithoutItsToken(t *testing.T) {
	var token string
	s := onSQLite(t, func(p *handlers.Parts) {
		p.Customers = &handlers.Customers{SendLink: func(_ context.Context, m handlers.SignInMail) error {
			token = m.Token.Reveal()
			return fmt.Errorf("the server is away: %v", m)
		}}
	})
	s.asksForLink(t, "ada@example.com", "b")
	s.rest(t)
	if text := logged.String(); !strings.Contains(text, "a link to sign in could not be sent") || token == "" || strings.Contains(text, token) {
		t.Error("the log does not say that a link could not be sent, or holds it")
	}
}

func TestManyLinksAtOnceAreBounded(t *testing.T) {
	hold := make(chan struct{})
	s := onSQLite(t, func(p *handlers.Parts) {
		p.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
		p.Customers = &handlers.Customers{Registration: accounts.Registration{Plan: "Starter", DailyLimit: 1000}, SendLink: func(context.Context, handlers.SignInMail) error {
			<-hold
			return nil
		}}
	})
	ask := func(i, status int) {
		t.Helper()
		s.call(t, call{method: "POST", path: "/api/session/link", body: fmt.Sprintf(`{"email":"new%d@example.com","browser":%q}`, i, secretOf("b")), status: status, header: http.Header{"X-Forwarded-For": {fmt.Sprintf("198.51.100.%d", i)}}})
	}
	for i := range 64 {
		ask(i, 200)
	}
	ask(64, 503)
	close(hold)
	s.rest(t)
	ask(65, 200)
	s.rest(t)
}
