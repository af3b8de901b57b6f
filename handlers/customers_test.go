package handlers_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/handlers"
	"codexible/openid"
	"codexible/openid/openidtest"
	"codexible/store"
)

// postbox takes the links to sign in that a service sends.
type postbox chan handlers.SignInMail

// withSignIns lets customers sign in by mail, and whoever registration admits.
func withSignIns(sent postbox, r accounts.Registration) setting {
	return func(p *handlers.Parts) {
		p.Customers = &handlers.Customers{Registration: r, SendLink: func(_ context.Context, m handlers.SignInMail) error {
			sent <- m
			return nil
		}}
	}
}

// withProviderForCustomers lets customers sign in with a provider. It comes after withSignIns.
func withProviderForCustomers(t *testing.T) setting {
	return func(p *handlers.Parts) { customersProvider(t, p) }
}

func customersProvider(t *testing.T, p *handlers.Parts) *openidtest.Provider {
	t.Helper()
	provider := openidtest.Start(p.Now)
	t.Cleanup(provider.Close)
	provider.RedirectURL = "http://dashboard.example/dashboard/login/openid"
	p.Customers.OpenID = openid.New(openid.Settings{Issuer: provider.URL, ClientID: openidtest.ClientID, ClientSecret: openidtest.ClientSecret, RedirectURL: provider.RedirectURL, Now: p.Now})
	return provider
}

// open is a registration that takes everybody.
var openToAll = accounts.Registration{Plan: "Starter", DailyLimit: 100}

// next is the next link that is sent.
func (p postbox) next(t testing.TB) handlers.SignInMail {
	t.Helper()
	select {
	case m := <-p:
		return m
	case <-time.After(20 * time.Second):
		t.Fatal("no link is sent")
		return handlers.SignInMail{}
	}
}

// empty checks that no link is on its way.
func (p postbox) empty(t testing.TB, s *service) {
	t.Helper()
	s.rest(t)
	select {
	case m := <-p:
		t.Errorf("a link was sent to %s", m.To)
	default:
	}
}

// rest waits until the service sends no link.
func (s *service) rest(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := s.customers.Wait(ctx); err != nil {
		t.Fatal(err)
	}
}

// secretOf is the secret of a browser.
func secretOf(name string) string { return strings.Repeat(name+".", 40)[:40] }

// asksForLink asks for a link in a browser.
func (s *service) asksForLink(t testing.TB, email, in string) {
	t.Helper()
	s.call2(t, call{method: "POST", path: "/api/session/link", body: fmt.Sprintf(`{"email":%q,"browser":%q}`, email, secretOf(in)), status: 200, want: `{"sent":true}`})
}

// call2 is call for tests and benchmarks alike.
func (s *service) call2(t testing.TB, c call) answer {
	t.Helper()
	a := s.send(t, c)
	if a.StatusCode != c.status || c.want != "" && strings.TrimSpace(string(a.text)) != c.want {
		t.Fatalf("%s %s answered %d, want %d: %s", c.method, c.path, a.StatusCode, c.status, a.text)
	}
	return a
}

// opening is the request that a link opens a session with.
func opening(m handlers.SignInMail, in string) string {
	return fmt.Sprintf(`{"link":%q,"browser":%q}`, m.Token.Reveal(), secretOf(in))
}

// signIn opens a session by mail; $as.key stands for it.
func (s *service) signIn(t *testing.T, sent postbox, email, as string) {
	t.Helper()
	s.asksForLink(t, email, as)
	a := s.call(t, call{method: "POST", path: "/api/session", body: opening(sent.next(t), as), status: 200, keep: as})
	s.words[as+".key"] = s.words[as+".session"]
	if !strings.HasPrefix(s.words[as+".key"], "codexible_session_") {
		t.Fatalf("no session: %s", a.text)
	}
}

func TestACustomerSignsInByMailWithoutAKey(t *testing.T) {
	sent := make(postbox, 10)
	each(t, func(t *testing.T, s *service) {
		s.run(t, []call{
			{says: "what is possible", method: "GET", path: "/api/session/options", status: 200, unwindowed: true, want: `{"mail":true,"openid":false,"registration":false}`},
			{says: "a link is asked for", method: "POST", path: "/api/session/link", body: `{"email":" ADA@example.com","browser":"` + secretOf("b") + `","language":"vi"}`, status: 200, want: `{"sent":true}`},
		})
		m := sent.next(t)
		if m.To != "ada@example.com" || m.Language != "vi" || m.Registers {
			t.Errorf("a mail to %s in %s, which registers: %t", m.To, m.Language, m.Registers)
		}
		s.run(t, []call{
			{says: "the link signs in", method: "POST", path: "/api/session", body: opening(m, "b"), status: 200, keep: "in",
				want: `{"session":"*","expires_at":"2026-04-03T12:00:02Z","user":{"email":"ada@example.com","name":"Ada Lovelace","plan":"Pro","status":"active"},"created":false}`},
			{says: "once", method: "POST", path: "/api/session", body: opening(m, "b"), status: 404},
		})
		s.words["s.key"] = s.words["in.session"]
		s.run(t, []call{
			{says: "the session says whose it is", as: "s", method: "GET", path: "/api/session", status: 200,
				want: `{"user":{"email":"ada@example.com","name":"Ada Lovelace","plan":"Pro","status":"active"},"created_at":"2026-03-04T12:00:02Z","expires_at":"2026-04-03T12:00:02Z"}`},
			{says: "it is valid", method: "POST", path: "/api/auth/validate", body: `{"token":"$s.key"}`, status: 200, lacks: []string{"$s.key"},
				want: `{"valid":true,"user":{"email":"ada@example.com","name":"Ada Lovelace","plan":"Pro","status":"active"},"role":"user","session_source":"local","degraded":false,"message":null}`},
			{says: "the overview has no key", as: "s", method: "GET", path: "/api/dashboard/overview", status: 200,
				want: `{"user":"*","usage":{"credits_used":0,"daily_limit":250,"request_count":0,"date":"2026-03-04"},"key":null,"role":"user","session_source":"local","degraded":false}`},
			{says: "it reads usage", as: "s", method: "GET", path: "/api/usage/today", status: 200},
			{says: "and models", as: "s", method: "GET", path: "/api/models", status: 200},
			{says: "it makes a key", as: "s", method: "POST", path: "/api/keys", body: `{"label":"By hand"}`, status: 200, keep: "made"},
			{says: "the key works", as: "made", method: "GET", path: "/api/usage/today", status: 200},
			{says: "it lists keys, and who made them", as: "s", method: "GET", path: "/api/keys?limit=1", status: 200,
				want: `[{"id":"$made.id","prefix":"$made.prefix","label":"By hand","status":"active","created_at":"*","last_used_at":null,"expires_at":null,"scopes":["models","usage","keys"],"allowed_addresses":[],"models":null,"daily_credit_limit":null,"rate_limit_per_minute":null,"concurrency_limit":null,"metadata":{},"created_by":"ada@example.com","created_by_key_id":null}]`},
			{says: "it changes a key", as: "s", method: "PATCH", path: "/api/keys/$made.id", body: `{"label":"Narrow","scopes":["models"]}`, status: 200},
			{says: "and widens it again, which no operator forbade", as: "s", method: "PATCH", path: "/api/keys/$made.id", body: `{"scopes":["models","usage","keys"]}`, status: 200},
			{says: "it rotates a key", as: "s", method: "POST", path: "/api/keys/$made.id/rotate", body: `{}`, status: 200},
			{says: "it revokes a key", as: "s", method: "DELETE", path: "/api/keys/$made.id", status: 200},
			{says: "it gives no key a scope that an operator alone gives", as: "s", method: "POST", path: "/api/keys", body: `{"scopes":["charge"]}`, status: 403},
			{says: "nobody else's keys", as: "s", method: "DELETE", path: "/api/keys/$bob.id", status: 404},
			{says: "a key is no session", as: "ada", method: "GET", path: "/api/session", status: 403},
			{says: "it signs out", as: "s", method: "DELETE", path: "/api/session", status: 200, want: `{"signed_out":true}`},
			{says: "and has ended", as: "s", method: "GET", path: "/api/session", status: 401},
			{says: "which is said", method: "POST", path: "/api/auth/validate", body: `{"token":"$s.key"}`, status: 200,
				want: `{"valid":false,"user":null,"role":null,"session_source":"local","degraded":false,"message":"This session is unknown or has ended. Sign in again."}`},
		})
		entries, err := s.store.Audit(context.Background(), store.AuditQuery{Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		var actions []string
		for _, e := range entries {
			actions = append(actions, e.Actor+" "+e.KeyPrefix+" "+e.Action)
		}
		want := "ada@example.com codexible_session_ session.ended, ada@example.com codexible_session_ key.revoked, ada@example.com codexible_session_ key.rotated, ada@example.com codexible_session_ key.changed, " +
			"ada@example.com codexible_session_ key.changed, ada@example.com codexible_session_ key.created, ada@example.com  session.opened, nobody  user.sign_in_link_requested"
		if got := strings.Join(actions[:8], ", "); got != want {
			t.Errorf("the audit log has\n%s\nwant\n%s", got, want)
		}
	}, withSignIns(sent, accounts.Registration{}))
}

func TestSomebodyWithoutAnAccountMakesOneByMail(t *testing.T) {
	sent := make(postbox, 10)
	each(t, func(t *testing.T, s *service) {
		s.call(t, call{method: "GET", path: "/api/session/options", status: 200, unwindowed: true, want: `{"mail":true,"openid":false,"registration":true}`})
		s.asksForLink(t, "new@example.com", "b")
		m := sent.next(t)
		if m.To != "new@example.com" || m.Language != "en" || !m.Registers {
			t.Errorf("a mail to %s in %s, which registers: %t", m.To, m.Language, m.Registers)
		}
		if _, err := s.store.UserByEmail(context.Background(), "new@example.com"); err == nil {
			t.Error("the account was made before its address was confirmed")
		}
		s.call(t, call{method: "POST", path: "/api/session", body: opening(m, "b"), status: 200, keep: "in",
			want: `{"session":"*","expires_at":"*","user":{"email":"new@example.com","name":null,"plan":"Starter","status":"active"},"created":true}`})
		s.words["s.key"] = s.words["in.session"]
		s.call(t, call{as: "s", method: "POST", path: "/api/keys", body: `{"label":"First"}`, status: 200})
		s.signIn(t, sent, "New@example.com", "again")
		if s.words["again.created"] != "false" {
			t.Error("the second sign-in made the account again")
		}
	}, withSignIns(sent, openToAll))
}
