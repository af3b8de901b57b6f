package handlers_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/handlers"
	"codexible/openid/openidtest"
	"codexible/store"
)

// dashboard is the customers' dashboard, as far as a sign-in with a provider needs it.
type dashboard struct {
	*service
	t        *testing.T
	provider *openidtest.Provider
}

// withProvider runs a test on a service over each database whose customers sign in with a provider.
func withProvider(t *testing.T, r accounts.Registration, test func(d *dashboard)) {
	t.Helper()
	var provider *openidtest.Provider
	each(t, func(t *testing.T, s *service) { test(&dashboard{s, t, provider}) }, func(p *handlers.Parts) {
		p.Customers = &handlers.Customers{Registration: r}
		provider = customersProvider(t, p)
	})
}

// begins starts a sign-in in a browser and signs in at the provider as somebody.
func (d *dashboard) begins(in string, person map[string]any) (code, state string) {
	d.t.Helper()
	d.provider.SignsIn(person, nil)
	d.call(d.t, call{method: "POST", path: "/api/session/openid", body: fmt.Sprintf(`{"browser":%q}`, secretOf(in)), status: 200, keep: "begun"})
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, d.words["begun.url"]+"&approve", http.NoBody)
	if err != nil {
		d.t.Fatal(err)
	}
	answer, err := client.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer answer.Body.Close()
	back, err := url.Parse(answer.Header.Get("Location"))
	if err != nil || back.Path != "/dashboard/login/openid" {
		d.t.Fatalf("the browser is sent to %v: %v", back, err)
	}
	return back.Query().Get("code"), back.Query().Get("state")
}

func (d *dashboard) finish(in, code, state string, status int, want string) answer {
	d.t.Helper()
	return d.call(d.t, call{method: "POST", path: "/api/session/openid/finish", body: fmt.Sprintf(`{"code":%q,"state":%q,"browser":%q}`, code, state, secretOf(in)), status: status, want: want, keep: map[bool]string{true: "in"}[status == 200]})
}

func TestACustomerSignsInWithAProvider(t *testing.T) {
	withProvider(t, openToAll, func(d *dashboard) {
		d.call(d.t, call{method: "GET", path: "/api/session/options", status: 200, unwindowed: true, want: `{"mail":false,"openid":true,"registration":true}`})
		code, state := d.begins("b", person("ada@example.com", "admins"))
		d.finish("b", code, state, 200, `{"session":"*","expires_at":"*","user":{"email":"ada@example.com","name":"Ada Lovelace","plan":"Pro","status":"active"},"created":false}`)
		d.words["s.key"] = d.words["in.session"]
		d.call(d.t, call{as: "s", method: "GET", path: "/api/usage/today", status: 200})
		d.finish("b", code, state, 409, "")
		code, state = d.begins("b", person("new@example.com"))
		d.finish("b", code, state, 200, `{"session":"*","expires_at":"*","user":{"email":"new@example.com","name":"A Person","plan":"Starter","status":"active"},"created":true}`)
		entries, err := d.store.Audit(context.Background(), store.AuditQuery{Limit: 4})
		if err != nil {
			d.t.Fatal(err)
		}
		var actions []string
		for _, e := range entries {
			actions = append(actions, e.Actor+" "+e.Action)
		}
		if got, want := fmt.Sprint(actions), "[new@example.com session.opened new@example.com user.linked new@example.com user.created ada@example.com session.opened]"; got != want {
			d.t.Errorf("the audit log has %s, want %s", got, want)
		}
	})
}

func TestWhomAProviderSignsInToTheDashboardInVain(t *testing.T) {
	withProvider(t, accounts.Registration{}, func(d *dashboard) {
		for name, who := range map[string]map[string]any{
			"an operator": person("root@example.com", "admins"), "a service": person("gate@example.com"), "a suspended customer": person("sam@example.com"), "a stranger": person("nobody@example.com"),
			"an unverified address": {"sub": "x", "email": "ada@example.com", "email_verified": false}, "no address": {"sub": "y"},
		} {
			code, state := d.begins("b", who)
			if a := d.finish("b", code, state, 403, ""); len(a.text) == 0 {
				d.t.Errorf("%s is told nothing", name)
			}
		}
		code, state := d.begins("b", person("ada@example.com"))
		d.finish("other", code, state, 409, "")
		d.finish("b", code, state, 409, "") // the attempt in another browser has ended it
		code, state = d.begins("b", person("ada@example.com"))
		d.finish("b", "a guess", state, 403, "")
		d.finish("b", code, state, 409, "")
		code, state = d.begins("b", person("ada@example.com"))
		d.clock.Add(11 * time.Minute)
		d.finish("b", code, state, 409, "")
		d.provider.Forge(func(token *openidtest.Token) { token.Claims["nonce"] = "another" })
		code, state = d.begins("b", person("ada@example.com"))
		d.finish("b", code, state, 403, "")
		d.provider.Forge(nil)
		root, err := d.store.UserByEmail(context.Background(), "root@example.com")
		if err != nil || root.Role != accounts.RoleAdmin {
			d.t.Errorf("the operator is %s: %v", root.Role, err)
		}
	})
}
