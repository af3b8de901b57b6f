package cli

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"codexible/store/storetest"
)

// shownPerson is what the tests read of a user.
type shownPerson struct {
	ID         string          `json:"id"`
	Email      string          `json:"email"`
	Name       *string         `json:"name"`
	Plan       string          `json:"plan"`
	Role       string          `json:"role"`
	ExternalID *string         `json:"external_id"`
	Metadata   json.RawMessage `json:"metadata"`
	Note       string          `json:"note"`
	ErasedAt   *time.Time      `json:"erased_at"`
	KeyCount   int64           `json:"key_count"`
}

// fails runs a command that has to fail with a text on stderr, and to print nothing.
func (s *shell) fails(code int, says string, args ...string) {
	s.t.Helper()
	if got, stdout, stderr := s.try("", args...); got != code || stdout != "" || !strings.Contains(stderr, says) {
		s.t.Errorf("codexible %s: exit %d, %q, %q; want exit %d with %q", strings.Join(args, " "), got, stdout, stderr, code, says)
	}
}

func TestAPersonIsShownChangedAndFoundOnTheCommandLine(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := newShell(t, url)
		s.json(new(any), "migrate", "up")
		var made, shown shownPerson
		s.json(&made, "user", "create", "--email", "ada@example.com", "--plan", "Pro", "--external-id", "crm/4711", "--metadata", `{"team": "search"}`, "--note", "pays late")
		for _, who := range []string{"ada@example.com", "ADA@example.com", made.ID, "external:crm/4711"} {
			s.json(&shown, "user", "show", who)
			if shown.ID != made.ID || *shown.ExternalID != "crm/4711" || string(shown.Metadata) != `{"team":"search"}` || shown.Note != "pays late" {
				t.Errorf("%s is shown as %+v", who, shown)
			}
		}
		_, out, _ := s.try("", "user", "show", made.ID)
		for _, text := range []string{"ada@example.com", "Pro", "crm/4711", `{"team": "search"}`, "pays late", "active", made.ID} {
			if !strings.Contains(out, text) {
				t.Errorf("%q is not shown: %s", text, out)
			}
		}
		s.json(&shown, "user", "change", made.ID, "--email", "ada@lovelace.example", "--name", "Ada", "--plan", "Business", "--role", "viewer", "--metadata", "{}")
		if shown.Email != "ada@lovelace.example" || *shown.Name != "Ada" || shown.Plan != "Business" || shown.Role != "viewer" || string(shown.Metadata) != "{}" || shown.Note != "pays late" || *shown.ExternalID != "crm/4711" {
			t.Errorf("changed to %+v", shown)
		}
		shown = shownPerson{}
		s.json(&shown, "user", "change", "ada@lovelace.example", "--name", "", "--external-id", "", "--note", "")
		if shown.Name != nil || shown.ExternalID != nil || shown.Note != "" || shown.Plan != "Business" {
			t.Errorf("emptied to %+v", shown)
		}
		s.json(new(any), "user", "create", "--email", "bob@example.com", "--plan", "Pro", "--external-id", "crm/9")
		s.fails(ExitFailed, "e-mail address already exists", "user", "change", made.ID, "--email", "BOB@example.com")
		s.fails(ExitFailed, "external id already exists", "user", "change", made.ID, "--external-id", "crm/9")
		s.fails(ExitFailed, "metadata", "user", "change", made.ID, "--metadata", "[1]")
		s.fails(ExitFailed, "there is no plan", "user", "change", made.ID, "--plan", "None")
		s.fails(ExitFailed, "role", "user", "change", made.ID, "--role", "king")
		for _, who := range []string{"nobody@example.com", "external:crm/4711", "0195a2b3-c4d5-7e6f-8899-aabbccddeeff"} {
			s.fails(ExitFailed, "does not exist", "user", "show", who)
			s.fails(ExitFailed, "does not exist", "user", "export", who)
			s.fails(ExitFailed, "does not exist", "user", "change", who, "--name", "x")
		}
	})
}

func TestAPersonIsExportedWithoutSecretsAndErasedOnceOnTheCommandLine(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := newShell(t, url)
		s.json(new(any), "migrate", "up")
		var user shownPerson
		var key shownKey
		s.json(&user, "user", "create", "--email", "ada@example.com", "--plan", "Pro", "--name", "Ada Lovelace")
		s.json(&key, "key", "create", "--user", "ada@example.com", "--label", "engine")
		s.addSecret(key.Key)
		s.json(new(any), "grant", "create", "--user", "ada@example.com", "--credits", "5", "--note", "for Ada")
		s.json(new(any), "correct", "--user", "ada@example.com", "--credits=3", "--reason", "Ada asked")
		if code, _, stderr := s.try("correct horse battery\n", "user", "set-password", "ada@example.com", "--password-stdin"); code != ExitOK {
			t.Fatal(stderr)
		}
		export := func(who string) (text string, of map[string]json.RawMessage) {
			t.Helper()
			code, text, stderr := s.try("", "user", "export", who)
			if err := json.Unmarshal([]byte(text), &of); err != nil || code != ExitOK || stderr != "" {
				t.Fatalf("exit %d, %v, %s: %s", code, err, stderr, text)
			}
			return text, of
		}
		text, of := export("ada@example.com")
		for _, known := range []string{"Ada Lovelace", "engine", "for Ada", "Ada asked", key.Key[:len("codexible_")+8]} {
			if !strings.Contains(text, known) {
				t.Errorf("the export lacks %q", known)
			}
		}
		for _, secret := range []string{key.Key, key.Key[len("codexible_")+8:], "argon2", "password_hash", `"hash"`} {
			if strings.Contains(text, secret) {
				t.Errorf("the export has %.10s…", secret)
			}
		}
		for _, name := range []string{"user", "sessions", "identities", "keys", "grants", "corrections", "holds", "days", "charges", "requests", "events", "audit"} {
			if _, has := of[name]; !has {
				t.Errorf("the export has no %s", name)
			}
		}
		if string(of["days"]) == "[]" || string(of["audit"]) == "[]" {
			t.Errorf("days %s, audit %s", of["days"], of["audit"])
		}
		if _, log, _ := s.try("", "user", "export", user.ID); !strings.Contains(log, "Exported the data of the user ada@example.com.") {
			t.Error("the export before is in no audit log")
		}

		s.fails(ExitUsage, "--confirm", "user", "erase", "ada@example.com")
		s.fails(ExitFailed, "confirm", "user", "erase", "ada@example.com", "--confirm", "bob@example.com")
		var erased struct {
			User        shownPerson `json:"user"`
			KeysRevoked int64       `json:"keys_revoked"`
			LogEmptied  bool        `json:"log_emptied"`
		}
		s.json(&erased, "user", "erase", user.ID, "--confirm", "ADA@example.com")
		if erased.User.ErasedAt == nil || erased.User.Name != nil || erased.User.KeyCount != 0 || erased.KeysRevoked != 1 || !erased.LogEmptied || erased.User.Email != "erased-"+user.ID+"@erased.invalid" {
			t.Errorf("%+v", erased)
		}
		s.fails(ExitFailed, "does not exist", "user", "show", "ada@example.com")
		s.fails(ExitFailed, "was erased", "user", "erase", user.ID, "--confirm", erased.User.Email)
		s.fails(ExitFailed, "was erased", "user", "change", user.ID, "--name", "Ada")
		s.fails(ExitFailed, "was erased", "key", "create", "--user", user.ID)
		s.fails(ExitFailed, "was erased", "grant", "create", "--user", user.ID, "--credits", "5")
		s.fails(ExitFailed, "was erased", "correct", "--user", user.ID, "--credits=-1", "--reason", "given back")
		text, _ = export(user.ID)
		for _, person := range []string{"ada@", "Ada", "engine", "Lovelace"} {
			if strings.Contains(text, person) {
				t.Errorf("the export of an erased user has %q", person)
			}
		}
	})
}

func TestTheLastOperatorIsNotErasedOnTheCommandLine(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := newShell(t, url)
		s.json(new(any), "migrate", "up")
		for _, email := range []string{"first@example.com", "second@example.com"} {
			if code, _, stderr := s.try("correct horse battery\n", "user", "create", "--email", email, "--plan", "Pro", "--role", "admin", "--password-stdin"); code != ExitOK {
				t.Fatal(stderr)
			}
		}
		s.json(new(any), "user", "erase", "first@example.com", "--confirm", "first@example.com")
		s.fails(ExitFailed, "last admin who can sign in", "user", "erase", "second@example.com", "--confirm", "second@example.com")
		var shown shownPerson
		if s.json(&shown, "user", "show", "second@example.com"); shown.Role != "admin" || shown.ErasedAt != nil {
			t.Errorf("%+v", shown)
		}
	})
}

func TestAKeyIsChangedAndListedWithItsExpiryOnTheCommandLine(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := newShell(t, url)
		s.json(new(any), "migrate", "up")
		s.json(new(any), "user", "create", "--email", "ada@example.com", "--plan", "Pro")
		var key shownKey
		s.json(&key, "key", "create", "--user", "ada@example.com", "--metadata", `{"os": "plan9"}`)
		s.addSecret(key.Key)
		listed := func() (k struct {
			Label     string          `json:"label"`
			ExpiresAt *time.Time      `json:"expires_at"`
			Metadata  json.RawMessage `json:"metadata"`
		}, text string) {
			t.Helper()
			list := []any{&k}
			s.json(&list, "key", "list")
			_, text, _ = s.try("", "key", "list")
			return k, text
		}
		id, expiry := key.ID.String(), "2099-01-31T00:00:00Z"
		s.json(new(any), "key", "change", id, "--label", "laptop", "--expires-at", expiry)
		if k, text := listed(); k.Label != "laptop" || k.ExpiresAt == nil || string(k.Metadata) != `{"os":"plan9"}` || !strings.Contains(text, "EXPIRES") || !strings.Contains(text, expiry) {
			t.Errorf("%+v: %s", k, text)
		}
		s.json(new(any), "key", "change", id, "--never", "--metadata", `{"os": "inferno"}`)
		if k, text := listed(); k.Label != "laptop" || k.ExpiresAt != nil || string(k.Metadata) != `{"os":"inferno"}` || strings.Contains(text, expiry) {
			t.Errorf("%+v: %s", k, text)
		}
		s.json(new(any), "key", "change", id, "--metadata", "{}")
		if k, _ := listed(); string(k.Metadata) != "{}" {
			t.Errorf("%+v", k)
		}
		s.fails(ExitFailed, "nothing to change", "key", "change", id)
		s.fails(ExitFailed, "metadata", "key", "change", id, "--metadata", "3")
		s.fails(ExitFailed, "expires_at", "key", "change", id, "--expires-at", "2001-01-01T00:00:00Z")
		s.fails(ExitUsage, "", "key", "change", id, "--never", "--expires-at", expiry)
		s.json(new(any), "key", "revoke", id)
		s.fails(ExitFailed, "", "key", "change", id, "--label", "x")
	})
}
