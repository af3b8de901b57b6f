package handlers_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"codexible/accounts"
	"codexible/handlers"
	"codexible/keys"
)

func TestAdminsKeepShowExportAndErasePeople(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		deep := strings.Repeat(`{"a":`, 9) + "1" + strings.Repeat("}", 9)
		s.run(t, []call{
			{says: "a user with all that is kept", as: "root", method: "POST", path: "/api/admin/users", body: `{"email":"eve@example.com","plan":"Pro","external_id":"crm/4711","metadata":{"team":"search"},"note":"Pays\nby invoice"}`, status: 200, keep: "eve",
				want: `{"id":"*","email":"eve@example.com","name":null,"status":"active","plan":"Pro","role":"user","external_id":"crm/4711","metadata":{"team":"search"},"note":"Pays\nby invoice","erased_at":null,"key_count":0,"credits_used_today":0,"created_at":"*"}`},
			{says: "an external id is unique", as: "root", method: "PATCH", path: "/api/admin/users/$ada.user", body: `{"external_id":"crm/4711"}`, status: 409},
			{says: "an e-mail is unique", as: "root", method: "PATCH", path: "/api/admin/users/$ada.user", body: `{"email":"EVE@example.com"}`, status: 409},
			{says: "metadata has bounds", as: "root", method: "PATCH", path: "/api/admin/users/$ada.user", body: `{"metadata":` + deep + `}`, status: 422},
			{says: "in bytes too", as: "root", method: "PATCH", path: "/api/admin/users/$ada.user", body: `{"metadata":{"a":"` + strings.Repeat("x", 4096) + `"}}`, status: 422},
			{says: "and is an object", as: "root", method: "PATCH", path: "/api/admin/users/$ada.user", body: `{"metadata":[]}`, status: 422},
			{says: "a note and an external id have bounds", as: "root", method: "PATCH", path: "/api/admin/users/$ada.user", body: `{"note":"` + strings.Repeat("x", 2001) + `","external_id":"` + strings.Repeat("x", 201) + `"}`, status: 422},
			{says: "a user by id", as: "root", method: "GET", path: "/api/admin/users/$eve.id", status: 200},
			{says: "a user by the external id", as: "root", method: "GET", path: "/api/admin/users/external:crm%2F4711", status: 200, want: `{"id":"$eve.id","email":"eve@example.com","name":null,"status":"*","plan":"*","role":"*","external_id":"*","metadata":"*","note":"*","erased_at":null,"key_count":0,"credits_used_today":0,"created_at":"*"}`},
			{says: "nobody", as: "root", method: "GET", path: "/api/admin/users/external:none", status: 404},
			{says: "a list of one", as: "root", method: "GET", path: "/api/admin/users?external_id=crm%2F4711", status: 200, want: `["*"]`},
			{says: "a list of nobody", as: "root", method: "GET", path: "/api/admin/users?external_id=crm", status: 200, want: `[]`},
			{says: "a key with metadata", as: "root", method: "POST", path: "/api/admin/tokens", body: `{"user_id":"$eve.id","label":"Laptop of Eve","metadata":{"os":"plan9"}}`, status: 200, keep: "key"},
			{says: "keys of the external id", as: "root", method: "GET", path: "/api/admin/tokens?external_id=crm%2F4711", status: 200, want: `["*"]`},
			{says: "a whole key is found by its prefix", as: "root", method: "GET", path: "/api/admin/tokens?q=$key.key", status: 200, want: `["*"]`},
			{says: "metadata is replaced", as: "root", method: "PATCH", path: "/api/admin/tokens/$key.id", body: `{"metadata":{"os":"inferno"}}`, status: 200},
			{says: "verify knows both", as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$key.key"}`, status: 200, want: `{"valid":true,"code":"VALID","key_id":"$key.id","user":{"id":"$eve.id","email":"eve@example.com","plan":"Pro","status":"active","external_id":"crm/4711","metadata":{"team":"search"}},
				"key":{"label":"Laptop of Eve","scopes":"*","metadata":{"os":"inferno"}},"features":"*","credits":"*","rate_limit":"*","hold_id":null,"hold_status":null,"price_id":null,"duplicate":false}`},
			{says: "an e-mail is changed", as: "root", method: "PATCH", path: "/api/admin/users/external:crm%2F4711", body: `{"email":"eva@example.com"}`, status: 200},
			{says: "and found", as: "root", method: "GET", path: "/api/admin/users?q=eva@example", status: 200, want: `["*"]`},
			{says: "the export", as: "root", method: "GET", path: "/api/admin/users/$eve.id/export", status: 200, lacks: []string{"$key.key"},
				want: `{"user":"*","sessions":[],"dashboard_sessions":[],"identities":[],"alerts":{"usage_from_percent":1,"used_up":true,"key_expiring":true},"keys":["*"],"grants":[],"corrections":[],"holds":[],"days":[],"charges":[],"requests":[],"events":[],"audit":"*"}`},
			{says: "the export of nobody", as: "root", method: "GET", path: "/api/admin/users/external:none/export", status: 404},
			{says: "an erasure is confirmed", as: "root", method: "POST", path: "/api/admin/users/$eve.id/erase", body: `{"confirm":"eve@example.com"}`, status: 422},
			{says: "an erasure needs a body", as: "root", method: "POST", path: "/api/admin/users/$eve.id/erase", status: 400},
			{says: "nobody is erased", as: "root", method: "POST", path: "/api/admin/users/external:none/erase", body: `{"confirm":"eve@example.com"}`, status: 404},
			{says: "nobody erases themselves", as: "root", method: "POST", path: "/api/admin/users/$root.user/erase", body: `{"confirm":"root@example.com"}`, status: 409},
			{says: "a user is erased", as: "root", method: "POST", path: "/api/admin/users/$eve.id/erase", body: `{"confirm":"eva@example.com"}`, status: 200, want: `{"user":"*","keys_revoked":1,"entries_rewritten":"*","log_emptied":true}`},
			{says: "the key is nobody's", as: "key", method: "GET", path: "/api/keys", status: 401},
			{says: "no list knows the person", as: "root", method: "GET", path: "/api/admin/logs?q=eva@example.com", status: 200, want: `{"logs":[],"next":null}`},
			{says: "again", as: "root", method: "POST", path: "/api/admin/users/$eve.id/erase", body: `{"confirm":"eva@example.com"}`, status: 409},
		})
	})
}

func TestAViewerReadsByTheAPIAndChangesNothing(t *testing.T) {
	s := onSQLite(t)
	u, err := s.store.CreateUser(context.Background(), accounts.ActorCLI, accounts.NewUser{Email: "vera@example.com", Plan: "Pro", Role: accounts.RoleViewer})
	if err != nil {
		t.Fatal(err)
	}
	secret := keys.Mint()
	if _, err := s.store.CreateKey(context.Background(), accounts.ActorCLI, keys.NewKey{UserID: u.ID, Secret: secret}); err != nil {
		t.Fatal(err)
	}
	var document struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(handlers.OpenAPI(), &document); err != nil {
		t.Fatal(err)
	}
	tried := 0
	for path, methods := range document.Paths {
		own := path == "/api/keys" || strings.HasPrefix(path, "/api/keys/{id}")
		if !own && !strings.HasPrefix(path, "/api/admin/") {
			continue
		}
		for method := range methods {
			tried++
			request, err := http.NewRequest(strings.ToUpper(method), "http://"+s.address+concrete(path), strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Authorization", "Bearer "+secret.Reveal())
			request.Header.Set("Content-Type", "application/json")
			response, err := client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			reads := method == "get"
			if refused := response.StatusCode == http.StatusForbidden; refused == reads {
				t.Errorf("%s %s is %d for a viewer", method, path, response.StatusCode)
			}
		}
	}
	const token = "a-token-of-the-receiver"
	s.send(t, call{as: "root", method: http.MethodPost, path: webhooks, body: `{"url":"https://hooks.example.com/in?` + token + `"}`})
	s.words["vera.key"] = secret.Reveal()
	list := string(s.send(t, call{as: "vera", method: http.MethodGet, path: webhooks}).text)
	if !strings.Contains(list, `"url":"https://hooks.example.com"`) || strings.Contains(list, token) {
		t.Errorf("a viewer sees the webhooks %s", list)
	}
	if tried < 40 {
		t.Errorf("%d routes were tried", tried)
	}
}

// viewer is a visitor who has signed in and only reads.
func (s *service) viewer(t *testing.T) *visitor {
	t.Helper()
	u, err := s.store.CreateUser(context.Background(), accounts.ActorCLI, accounts.NewUser{Email: "vera@example.com", Plan: "Pro", Role: accounts.RoleViewer, PasswordHash: operatorHash()})
	if err != nil {
		t.Fatal(err)
	}
	s.words["vera.user"] = u.ID.String()
	v := s.visitor(t)
	v.signIn("vera@example.com", operatorPassword)
	return v
}

func TestAViewerSeesEveryPageAndNoFormWorks(t *testing.T) {
	s := onSQLite(t)
	s.operator(t)
	s.hook(t)
	v := s.viewer(t)
	v.get("/admin/webhooks/$hook.id").sees(http.StatusOK, "https://hooks.example.com").lacks("hooks.example.com/in")
	token := v.get("/admin").hidden("/admin/theme") // of the viewer's own session
	for _, r := range handlers.ConsoleRoutes() {
		path := s.fill(withID(r.Path))
		switch {
		case r.Admins && r.Method == http.MethodGet:
			v.get(path).sees(http.StatusForbidden)
		case r.Admins:
			if v.send(http.MethodPost, path, token.Encode()); v.status != http.StatusForbidden {
				t.Errorf("POST %s is %d", path, v.status)
			}
		case r.Operators && r.Method == http.MethodGet:
			if v.get(path); v.status != http.StatusOK && v.status != http.StatusNotFound {
				t.Errorf("GET %s is %d", path, v.status)
			}
			v.lacks(`/new"`, `/edit"`, `/suspend"`, `/revoke"`, `/erase"`, `/export"`, `action="/admin/system/backup"`)
		}
	}
}
