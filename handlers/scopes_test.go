package handlers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/handlers"
	"codexible/keys"

	"github.com/google/uuid"
)

// scopedRoute is a route of the document that takes a key.
type scopedRoute struct{ method, path, scope string }

// scopedRoutes are all of them, with the scope that the document names.
func scopedRoutes(t *testing.T) (routes []scopedRoute) {
	t.Helper()
	var document struct {
		Paths map[string]map[string]struct {
			Scope    string                `json:"x-required-scope"` //nolint:tagliatelle // as OpenAPI names extensions
			Security []map[string][]string `json:"security"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(handlers.OpenAPI(), &document); err != nil {
		t.Fatal(err)
	}
	for path, methods := range document.Paths {
		for method, op := range methods {
			if (op.Scope != "") != (len(op.Security) > 0) && path != "/api/session" { // which takes a session, and no key
				t.Errorf("%s %s takes a key, and names the scope %q", method, path, op.Scope)
			}
			if op.Scope != "" {
				routes = append(routes, scopedRoute{strings.ToUpper(method), concrete(path), op.Scope})
			}
		}
	}
	return routes
}

// scopeOf is the scope that the contract requires for a path.
func scopeOf(r scopedRoute) string {
	switch {
	case strings.HasPrefix(r.path, "/api/admin/"):
		return "admin"
	case strings.HasPrefix(r.path, "/api/keys/verify"), strings.HasPrefix(r.path, "/api/holds"):
		return "service"
	case strings.HasPrefix(r.path, "/api/keys"), r.path == "/api/alerts" && r.method == "PATCH":
		return "keys"
	case r.path == "/api/usage":
		return "charge"
	case strings.HasPrefix(r.path, "/api/usage/"), r.path == "/api/dashboard/overview", r.path == "/api/models", r.path == "/api/alerts":
		return "usage"
	}
	return "none"
}

// bearer is a key of the table, with its results according to the contract.
type bearer struct {
	role         accounts.Role
	scope, state string
	address      string
	secret       string
}

func (b bearer) String() string {
	return fmt.Sprintf("a %s key of a %s with the scope %s, allowed addresses: %s", b.state, b.role, b.scope, b.address)
}

// lets returns the status and the code of the refusal of a request that needs a scope; 0 if it is admitted.
func (b bearer) lets(method, scope string) (status int, code string) {
	needs := map[string]accounts.Role{"service": accounts.RoleService, "admin": accounts.RoleAdmin}[scope]
	switch {
	case b.state == "revoked", b.state == "disabled", b.state == "expired":
		return 401, "unauthorized"
	case b.state == "suspended":
		return 403, "forbidden"
	case b.role == accounts.RoleViewer && (scope == "admin" || scope == "keys"):
		if method != http.MethodGet {
			return 403, "forbidden"
		}
		if b.scope != scope {
			return 403, "insufficient_scope"
		}
		if b.address == "elsewhere" {
			return 403, "ip_not_allowed"
		}
		return 0, ""
	case needs != "" && needs != b.role:
		return 403, "forbidden"
	case b.scope != scope && scope != "any":
		return 403, "insufficient_scope"
	case b.address == "elsewhere":
		return 403, "ip_not_allowed"
	}
	return 0, ""
}

// verdict is the code that verify answers for the key.
func (b bearer) verdict(addressGiven bool) string {
	switch {
	case b.state != "active":
		return strings.ToUpper(b.state)
	case b.scope != "models":
		return "INSUFFICIENT_SCOPE"
	case b.address == "elsewhere", b.address == "here" && !addressGiven:
		return "IP_NOT_ALLOWED"
	}
	return "VALID"
}

var (
	keyStates    = []string{"active", "disabled", "revoked", "expired", "suspended"}
	keyAddresses = map[string][]string{"everywhere": nil, "here": {"127.0.0.0/8", "2001:db8::/32"}, "elsewhere": {"10.0.0.0/8", "2001:db8::/32"}}
)

// bearers makes a key of every role, scope, state and kind of address.
func (s *service) bearers(t *testing.T) (all []bearer) {
	t.Helper()
	ctx := context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	plan := s.id(t, "plan.business")
	_, err := s.store.ChangePlan(ctx, accounts.ActorCLI, plan, accounts.PlanChange{MaxKeys: new(int64(10_000))})
	must(err)
	soon := s.clock.Now().Add(time.Second)
	for _, role := range accounts.Roles() {
		for _, status := range accounts.Statuses() {
			u, err := s.store.CreateUser(ctx, accounts.ActorCLI, accounts.NewUser{Email: string(role) + string(status) + "@example.com", Plan: "Business"})
			must(err)
			for i, scope := range keys.ScopeNames() {
				// The user has the role that the scope needs when the key is made, and loses it after.
				needs := (keys.ScopeModels + keys.Scope(i)).Role()
				if needs == "" {
					needs = role
				}
				_, err := s.store.ChangeUser(ctx, accounts.ActorCLI, u.ID, accounts.UserChange{Role: &needs})
				must(err)
				for _, state := range keyStates {
					if (state == "suspended") != (status == accounts.StatusSuspended) {
						continue
					}
					for address, networks := range keyAddresses {
						n := keys.NewKey{UserID: u.ID, Scopes: []string{scope}, Addresses: networks, Secret: mint()}
						if state == "expired" {
							n.ExpiresAt = &soon
						}
						k, err := s.store.CreateKey(ctx, accounts.ActorCLI, n)
						must(err)
						switch state {
						case "revoked":
							must(s.store.RevokeKey(ctx, accounts.ActorCLI, k.ID, uuid.Nil))
						case "disabled":
							_, err := s.store.ChangeKey(ctx, accounts.ActorCLI, k.ID, uuid.Nil, keys.KeyChange{Status: new(keys.StatusDisabled)})
							must(err)
						}
						all = append(all, bearer{role, scope, state, address, n.Secret.Reveal()})
					}
				}
			}
			_, err = s.store.ChangeUser(ctx, accounts.ActorCLI, u.ID, accounts.UserChange{Role: &role, Status: &status})
			must(err)
		}
	}
	s.clock.Add(time.Second)
	return all
}

// Every route, with every scope, role, state of the key and kind of address.
func TestEveryRouteLetsInTheKeysOfItsScopeAlone(t *testing.T) {
	s := onSQLite(t, func(p *handlers.Parts) { p.Log = nil })
	g := target{s, s.app.Handler()}
	routes, bearers := scopedRoutes(t), s.bearers(t)
	for _, r := range routes {
		if want := scopeOf(r); r.scope != want {
			t.Errorf("%s %s names the scope %s, want %s", r.method, r.path, r.scope, want)
		}
	}
	tried := 0
	for _, b := range bearers {
		for _, r := range routes {
			body := ""
			if r.method != http.MethodGet {
				body = "[]" // 422 or 400 for a key that is admitted
			}
			status, text := g.ask(t, "", r.method, r.path, body, b.secret)
			want, code := b.lets(r.method, r.scope)
			refused := status == 401 || status == 403 || status == 429
			if refused != (want != 0) || refused && (status != want || !strings.Contains(string(text), `"code":"`+code+`"`)) {
				t.Errorf("%s %s with %s answers %d %s, want %d %s", r.method, r.path, b, status, text, want, code)
			}
			if code == "insufficient_scope" && !strings.Contains(string(text), "a key with the scope "+r.scope) {
				t.Errorf("%s %s does not say which scope it needs: %s", r.method, r.path, text)
			}
			tried++
		}
		status, _ := b.lets(http.MethodPost, "any")
		_, text := g.ask(t, "", http.MethodPost, "/api/auth/validate", `{"token":"`+b.secret+`"}`, "")
		if strings.HasPrefix(string(text), `{"valid":true`) != (status == 0) {
			t.Errorf("validate of %s answers %s", b, text)
		}
		for address, given := range map[string]bool{"": false, `,"address":"::ffff:127.0.0.1"`: true, `,"address":null`: false} {
			_, text := g.ask(t, "gate", http.MethodPost, "/api/keys/verify", `{"key":"`+b.secret+`"`+address+`}`, "")
			if !strings.Contains(string(text), `"code":"`+b.verdict(given)+`"`) {
				t.Errorf("verify of %s with %q answers %s, want %s", b, address, text, b.verdict(given))
			}
		}
	}
	if least := 20 * 3 * 6 * 5 * 3; tried < least {
		t.Errorf("%d requests were made, want %d at least", tried, least)
	}
}

func TestARefusalForItsScopeOrAddressCountsInNoWindowOfTheKey(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.rate(t, "pro", 3)
		s.call(t, call{as: "root", method: "POST", path: "/api/admin/tokens", body: `{"user_id":"$ada.user","scopes":["models"],"allowed_addresses":["10.0.0.0/8"]}`, status: 200, keep: "far"})
		s.call(t, call{as: "root", method: "POST", path: "/api/admin/tokens", body: `{"user_id":"$ada.user","scopes":["models"]}`, status: 200, keep: "near"})
		for range 5 {
			s.expectWindow(t, call{as: "near", method: "GET", path: "/api/usage/today", status: 403}, window{"3", "3", "0", ""})
			s.call(t, call{as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$far.key","address":"11.0.0.1"}`, status: 200,
				want: `{"valid":false,"code":"IP_NOT_ALLOWED","key_id":"$far.id","user":"*","key":{"label":"Default","scopes":["models"],"metadata":{}},"features":{},"credits":"*","rate_limit":{"limit":3,"remaining":3,"reset_seconds":0},"hold_id":null,"hold_status":null,"price_id":null,"duplicate":false}`})
		}
		s.call(t, call{as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$far.key","address":"10.9.9.9"}`, status: 200,
			want: `{"valid":true,"code":"VALID","key_id":"$far.id","user":"*","key":"*","features":{},"credits":"*","rate_limit":{"limit":3,"remaining":2,"reset_seconds":0},"hold_id":null,"hold_status":null,"price_id":null,"duplicate":false}`})
		s.call(t, call{as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$far.key","address":"nowhere"}`, status: 422,
			want: `{"error":{"code":"validation_failed","message":"*","status":422,"request_id":"*","fields":{"address":"must be an IP address, such as 203.0.113.7 or 2001:db8::1"}}}`})
	})
}
