package cli

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/store"
	"codexible/store/storetest"

	"github.com/google/uuid"
)

// revokedSince makes a database in a folder, a backup of it, and revokes its key after that.
func revokedSince(t *testing.T) (data, backup string, c storetest.Customer) {
	t.Helper()
	data, backup = t.TempDir(), filepath.Join(t.TempDir(), "copy.db")
	url := "sqlite:" + filepath.Join(data, "codexible.db")
	s := storetest.Open(t, url, time.Now)
	c = storetest.NewCustomer(t, s, "Pro")
	if _, err := store.Backup(context.Background(), url, backup); err != nil {
		t.Fatal(err)
	}
	if err := s.RevokeKey(context.Background(), accounts.ActorCLI, c.Key.ID, uuid.Nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return data, backup, c
}

func TestTheRestoreCommandSaysWhatWorksAgain(t *testing.T) {
	data, backup, c := revokedSince(t)
	out, code := runWith(t, map[string]string{"DATA_DIR": data}, "restore", "--force", backup)
	for _, text := range []string{"working again", "key revoked", c.Key.Prefix, c.User.Email, "--keep-revocations", "0 console sessions, 0 customers' sessions"} {
		if code != ExitOK || !strings.Contains(out, text) {
			t.Errorf("code %d, %q is missing:\n%s", code, text, out)
		}
	}
}

func TestTheRestoreCommandKeepsRevocationsAndPrintsThemAsJSON(t *testing.T) {
	data, backup, c := revokedSince(t)
	out, code := runWith(t, map[string]string{"DATA_DIR": data}, "restore", "--force", "--keep-revocations", backup, "--json")
	var got restoredJSON
	if err := json.Unmarshal([]byte(out), &got); err != nil || code != ExitOK || !got.Kept || got.Revived == nil || len(got.Revived.KeysRevoked) != 1 || got.Revived.KeysRevoked[0].ID != c.Key.ID {
		t.Fatalf("code %d, %v:\n%s", code, err, out)
	}
	for _, field := range []string{`"keys_disabled":[]`, `"keys_rotated":[]`, `"users_suspended":[]`, `"roles_taken":[]`, `"passwords_changed":[]`, `"recovery_codes_used":0`, `"sessions_ended":0`, `"customer_sessions_ended":0`, `"setup_links_ended":0`, `"users_erased":[]`} {
		if !strings.Contains(out, field) {
			t.Errorf("%s is missing: %s", field, out)
		}
	}
	out, code = runWith(t, map[string]string{"DATA_DIR": data}, "key", "list", "--json")
	if code != ExitOK || !strings.Contains(out, `"status":"revoked"`) {
		t.Errorf("code %d, the key is not revoked: %s", code, out)
	}
	if out, code = runWith(t, map[string]string{"DATA_DIR": t.TempDir()}, "restore", backup, "--json"); code != ExitOK || !strings.Contains(out, `"revived":null`) || !strings.Contains(out, `"revocations_kept":false`) {
		t.Errorf("where no database was there: code %d, %s", code, out)
	}
}

func TestTheRestoreCommandNamesErasedPeopleWhoComeBackAndWhatToDo(t *testing.T) {
	for _, keep := range [][]string{nil, {"--keep-revocations"}} {
		data, backup := t.TempDir(), filepath.Join(t.TempDir(), "copy.db")
		url := "sqlite:" + filepath.Join(data, "codexible.db")
		s := storetest.Open(t, url, time.Now)
		u, err := s.CreateUser(context.Background(), accounts.ActorCLI, accounts.NewUser{Email: "gone@example.com", Plan: "Pro"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.Backup(context.Background(), url, backup); err != nil {
			t.Fatal(err)
		}
		if _, err := s.EraseUser(context.Background(), accounts.ActorCLI, u.ID, u.Email); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		env := map[string]string{"DATA_DIR": data}
		out, code := runWith(t, env, append([]string{"restore", "--force", backup}, keep...)...)
		again := "user erase " + u.ID.String() + " --confirm gone@example.com"
		if code != ExitOK || !strings.Contains(out, "erase each of them again, and delete the backup") || !strings.Contains(out, "codexible "+again) {
			t.Fatalf("code %d:\n%s", code, out)
		}
		if out, code = runWith(t, env, strings.Fields(again)...); code != ExitOK { // what it says works
			t.Errorf("code %d:\n%s", code, out)
		}
	}
}
