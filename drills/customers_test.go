package drills

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"codexible/store/storetest"

	"github.com/google/uuid"
)

// dashboardLink is the link of a mail.
var dashboardLink = regexp.MustCompile(`(?m)^https://dashboard\.example\.com/dashboard/login/link\?token=([A-Za-z0-9_-]+)$`)

// requestJSON sends a request with a bearer token, which may be empty, and reads the answer into one of its fields.
func requestJSON(t *testing.T, method, url, token, body string) (status int, answer map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	_ = json.Unmarshal(text, &answer) // a list, or a stream
	return response.StatusCode, answer
}

func TestSomebodyMakesAnAccountByMailAndCallsAModelWithAKeyOfIt(t *testing.T) {
	server := SMTP(t)
	storetest.EachURL(t, func(t *testing.T, database string) {
		storetest.Migrate(t, database)
		sellModel(t, database)
		service := startProgram(t, append(mailed(database, server), "DASHBOARD_URL=https://dashboard.example.com", "REGISTRATION_PLAN=Starter", "REGISTRATION_DOMAINS=example.com", "LOG_LEVEL=debug")...)
		to, browser := "new-"+uuid.NewString()+"@example.com", strings.Repeat("browser.", 5)
		call := func(method, path, token, body string, want int) map[string]any {
			t.Helper()
			status, answer := requestJSON(t, method, service.url+path, token, body)
			if status != want {
				t.Fatalf("%s %s: %d %v", method, path, status, answer)
			}
			return answer
		}
		call(http.MethodPost, "/api/session/link", "", `{"email":"`+to+`","browser":"`+browser+`","language":"vi"}`, http.StatusOK)
		var mails []Mail
		Eventually(t, 20*time.Second, "the mail with the link", func() bool { mails = Mailbox(t, to); return len(mails) == 1 })
		link := dashboardLink.FindStringSubmatch(mails[0].Text)
		if link == nil || mails[0].Subject != "Xác nhận địa chỉ email của bạn" {
			t.Fatalf("%s: %s", mails[0].Subject, mails[0].Text)
		}
		opened := call(http.MethodPost, "/api/session", "", `{"link":"`+link[1]+`","browser":"`+browser+`"}`, http.StatusOK)
		session, _ := opened["session"].(string)
		if opened["created"] != true || !strings.HasPrefix(session, "codexible_session_") {
			t.Fatalf("%v", opened)
		}
		key, _ := call(http.MethodPost, "/api/keys", session, `{"label":"First","scopes":["models","usage"]}`, http.StatusOK)["key"].(string)
		if status, answer := askModel(t, service.url, key, "coder", nil); status != http.StatusOK || !strings.Contains(answer, "[DONE]") {
			t.Errorf("the model answers %d %s", status, answer)
		}
		if status, answer := askModel(t, service.url, session, "coder", nil); status != http.StatusUnauthorized {
			t.Errorf("the model answers a session %d %s", status, answer)
		}
		Eventually(t, 10*time.Second, "the call in the usage", func() bool {
			return call(http.MethodGet, "/api/usage/today", session, "", http.StatusOK)["request_count"] == 1.0
		})
		call(http.MethodDelete, "/api/session", session, "", http.StatusOK)
		call(http.MethodGet, "/api/session", session, "", http.StatusUnauthorized)
		service.stop(t)
		for _, secret := range []string{to, link[1], session, key, browser} {
			if strings.Contains(service.printed(), secret) {
				t.Errorf("the log has %q", secret)
			}
		}
	})
}
