package cli

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"codexible/accounts"
	"codexible/secrets"
	"codexible/store"
	"codexible/store/storetest"
)

// withSecondFactor stores a second factor of an operator under a key.
func withSecondFactor(t *testing.T, url string, keys *secrets.Ring) {
	t.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{URL: url, Secrets: keys})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	u, err := s.CreateUser(ctx, accounts.ActorCLI, accounts.NewUser{Email: "op@example.com", Plan: "Pro", Role: accounts.RoleAdmin})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.BeginTwoStep(ctx, u.ID, "JBSWY3DPEHPK3PXP"); err != nil {
		t.Fatal(err)
	}
}

func TestAnotherSecretKeyStopsTheStartUntilSecretsAreRotatedOrDeleted(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := newShell(t, url)
		storetest.Migrate(t, url)
		before, after := secrets.MintKey(), secrets.MintKey()
		s.addSecret(before.Reveal())
		s.addSecret(after.Reveal())
		withSecondFactor(t, url, secrets.NewRing(before, secrets.Key{}, ""))
		s.env["SECRET_KEY"] = after.Reveal()
		code, stdout, stderr := s.try("", "serve")
		if code != ExitFailed || stdout != "" || !strings.Contains(stderr, "encrypted with a key that this service does not have") || strings.Count(stderr, "\n") != 1 {
			t.Fatalf("exit %d, %q, %q", code, stdout, stderr)
		}
		if code, _, stderr := s.try("", "secrets", "rotate"); code != ExitFailed || !strings.Contains(stderr, "SECRET_KEY_PREVIOUS") {
			t.Errorf("exit %d, %q", code, stderr)
		}
		if code, _, stderr := s.try("", "secrets", "forget"); code != ExitFailed || !strings.Contains(stderr, "op@example.com") || !strings.Contains(stderr, "--yes") {
			t.Errorf("exit %d, %q", code, stderr)
		}
		s.env["SECRET_KEY_PREVIOUS"] = before.Reveal()
		running := s.serve()
		if !strings.Contains(s.log.String(), "codexible secrets rotate") {
			t.Error("nothing says that a rotation is due")
		}
		var rotated rotatedJSON
		if s.json(&rotated, "secrets", "rotate"); rotated.Rotated != 1 {
			t.Errorf("rotated %+v", rotated)
		}
		running.stop()
		delete(s.env, "SECRET_KEY_PREVIOUS")
		if code := s.serve().stop(); code != ExitOK {
			t.Errorf("after the rotation: exit %d", code)
		}
		s.env["SECRET_KEY"] = before.Reveal()
		var forgotten forgottenJSON
		if s.json(&forgotten, "secrets", "forget", "--yes"); len(forgotten.Users) != 1 || !forgotten.Dropped {
			t.Errorf("forgot %+v", forgotten)
		}
		if code := s.serve().stop(); code != ExitOK {
			t.Errorf("after forgetting: exit %d", code)
		}
	})
}

func TestTheStartEncryptsWhatLiesInClearWithTheKeyBesideTheEmbeddedDatabase(t *testing.T) {
	url := storetest.SQLiteURL(t)
	s := newShell(t, url)
	file := filepath.Join(filepath.Dir(strings.TrimPrefix(url, "sqlite:")), "secret.key")
	if code := s.serve().stop(); code != ExitOK {
		t.Fatal(code)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a key was made before there was a secret")
	}
	withSecondFactor(t, url, secrets.NewRing(secrets.MintKey(), secrets.Key{}, ""))
	storetest.Exec(t, url, "UPDATE two_step SET secret = 'JBSWY3DPEHPK3PXP'", "DELETE FROM secret_key")
	if code := s.serve().stop(); code != ExitOK {
		t.Fatal(code)
	}
	if n := storetest.Count(t, storetest.Raw(t, url), "SELECT COUNT(*) FROM two_step WHERE secret LIKE 'v1.%'"); n != 1 || !strings.Contains(s.log.String(), "second-factor secrets encrypted") {
		t.Errorf("%d secrets are encrypted", n)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s.addSecret(strings.TrimSpace(string(text)))
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
		t.Errorf("the key file is %v, %v", info.Mode(), err)
	}
	// A backup does not hold the key, and says so.
	copied := filepath.Join(t.TempDir(), "copy.db")
	code, stdout, _ := s.try("", "backup", copied)
	body, err := os.ReadFile(copied)
	if err != nil || code != ExitOK || !strings.Contains(stdout, "secret.key") || strings.Contains(string(body), strings.TrimSpace(string(text))) {
		t.Errorf("exit %d, %q, %v", code, stdout, err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := s.try("", "serve"); code != ExitFailed || !strings.Contains(stderr, "secret.key") {
		t.Errorf("without the file: exit %d, %q", code, stderr)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("another key was created in place of a lost one")
	}
}

func TestOnPostgresSecretsInClearNeedAKeyBeforeTheyAreMigrated(t *testing.T) {
	url := storetest.PostgresURL(t)
	s := newShell(t, url)
	storetest.Migrate(t, url)
	withSecondFactor(t, url, secrets.NewRing(secrets.MintKey(), secrets.Key{}, ""))
	storetest.Exec(t, url, "UPDATE two_step SET secret = 'JBSWY3DPEHPK3PXP'", "DELETE FROM secret_key")
	if code, _, stderr := s.try("", "serve"); code != ExitFailed || !strings.Contains(stderr, "set SECRET_KEY to 32 random bytes") {
		t.Errorf("exit %d, %q", code, stderr)
	}
	s.env["SECRET_KEY"] = secrets.MintKey().Reveal()
	s.addSecret(s.env["SECRET_KEY"])
	running := s.serve()
	if status, _ := running.ask(t, http.MethodGet, "/health", "", ""); status != http.StatusOK {
		t.Errorf("answered %d", status)
	}
}
