package handlers_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"codexible/accounts"
	"codexible/events"
	"codexible/gateway"
	"codexible/store"
	"codexible/usage"

	"github.com/google/uuid"
)

// know has the service know of ada all that can be known of a person.
func (s *service) know(t *testing.T) {
	t.Helper()
	ctx, ada := context.Background(), s.id(t, "ada.user")
	by := accounts.Actor{Name: "root@example.com"}
	for _, step := range []func() error{
		func() error {
			_, err := s.store.CreateWebhook(ctx, by, events.WebhookChange{URL: new("https://hooks.example.com/all")})
			return err
		},
		func() error {
			_, err := s.store.ChangeUser(ctx, by, ada, accounts.UserChange{ExternalID: new("crm/1815"), Metadata: json.RawMessage(`{"of":"Byron"}`), Note: new("A countess.")})
			return err
		},
		func() error {
			role := accounts.RoleViewer
			_, err := s.store.ChangeUser(ctx, by, ada, accounts.UserChange{Role: &role})
			return err
		},
		func() error { return s.store.SetPassword(ctx, by, ada, operatorHash()) },
		func() error {
			_, err := s.store.OpenSession(ctx, accounts.Actor{Name: "ada@example.com", UserID: ada, Address: "203.0.113.99"}, store.NewSession{UserID: ada, Token: accounts.MintToken(), PasswordHash: operatorHash(), UserAgent: "Ada's browser"})
			return err
		},
		func() error {
			_, _, err := s.store.Grant(ctx, by, usage.NewGrant{UserID: ada, Credits: 50, Note: "for Lovelace"})
			return err
		},
		func() error {
			_, _, _, err := s.store.Correct(ctx, by, usage.NewCorrection{UserID: ada, Credits: 3, Reason: "Lovelace asked", Day: usage.DayOf(s.clock.Now())})
			return err
		},
		func() error {
			return s.store.WriteRequests(ctx, []gateway.Record{{ID: uuid.New(), At: s.clock.Now(), UserID: ada, KeyID: s.id(t, "ada.id"), Model: "opus", Outcome: usage.CallComplete, Status: 200, ClientRequestID: "request-of-ada"}}, nil)
		},
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	s.hold(t, "ada", 4, usage.Entry{TTL: 1 << 40})
	s.call(t, call{as: "ada", method: http.MethodPost, path: "/api/usage", body: `{"credits": 11, "model": "codex-large"}`, status: 200})
	key := s.send(t, call{as: "root", method: http.MethodPost, path: "/api/admin/tokens", body: `{"user_id":"$ada.user","label":"Analytical engine"}`})
	if key.StatusCode != http.StatusOK { // its creation is an event
		t.Fatalf("%d %s", key.StatusCode, key.text)
	}
}

func TestAnExportHoldsAllThatIsKnownOfThePersonAndNoSecretAndAnErasureLeavesFigures(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.know(t)
		const path = "/api/admin/users/$ada.user/export"
		lists := func() (text string, rows map[string]int) {
			t.Helper()
			a := s.call(t, call{as: "root", method: http.MethodGet, path: path, status: 200, lacks: []string{"$ada.key", "$ada.revoked.key", "argon2", "password_hash", `"hash"`}})
			var parts map[string]json.RawMessage
			if err := json.Unmarshal(a.text, &parts); err != nil {
				t.Fatal(err)
			}
			rows = map[string]int{}
			for name, part := range parts {
				var list []json.RawMessage
				if name != "user" && json.Unmarshal(part, &list) == nil {
					rows[name] = len(list)
				}
			}
			return string(a.text), rows
		}
		text, rows := lists()
		for name, want := range map[string]int{"sessions": 1, "keys": 4, "grants": 1, "corrections": 1, "holds": 1, "days": 1, "charges": 1, "requests": 1, "events": 1} {
			if rows[name] != want {
				t.Errorf("the export has %d %s, want %d", rows[name], name, want)
			}
		}
		person := []string{"Lovelace", "Byron", "countess", "crm/1815", "203.0.113.99", "Ada's browser", "Analytical engine", "request-of-ada"}
		for _, known := range append(person, `"credits_used":14`, `"type":"key.created"`) {
			if !strings.Contains(text, known) {
				t.Errorf("the export lacks %q", known)
			}
		}
		s.call(t, call{as: "root", method: http.MethodPost, path: "/api/admin/users/$ada.user/erase", body: `{"confirm":"ada@example.com"}`, status: 200})
		text, after := lists()
		for _, gone := range append(person, "ada@example.com") {
			if strings.Contains(text, gone) {
				t.Errorf("after the erasure the export has %q", gone)
			}
		}
		for _, name := range []string{"keys", "grants", "corrections", "days", "charges", "requests"} {
			if after[name] != rows[name] {
				t.Errorf("the books had %d %s, and have %d", rows[name], name, after[name])
			}
		}
		if after["sessions"] != 0 || after["holds"] != 0 {
			t.Errorf("%v", after)
		}
		s.run(t, []call{
			{says: "an erased user gets no credits", as: "root", method: "POST", path: "/api/admin/users/$ada.user/grants", body: `{"credits":5}`, status: 409},
			{says: "and no correction", as: "root", method: "POST", path: "/api/admin/users/$ada.user/corrections", body: `{"credits":-1,"reason":"given back"}`, status: 409},
			{says: "and no key", as: "root", method: "POST", path: "/api/admin/tokens", body: `{"user_id":"$ada.user"}`, status: 409},
		})
	})
}
