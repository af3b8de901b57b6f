package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/keys"
	"codexible/store"
	"codexible/store/storetest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// ended is a database of which much was ended after a backup was made.
type ended struct {
	url, backup                                               string
	revoked, disabled, rotated, graced, untouched, before     storetest.Customer
	rotatedTo, gracedTo                                       keys.Secret
	suspended, demoted, raised, reset, erased                 store.UserLine
	rotatedKey, gracedKey                                     keys.Key
	sessionsInBackup, linksInBackup, recoveryCodesUsedOrMoved int64
}

// endMuch makes a database, a backup of it, and ends what a backup would bring back.
func endMuch(t *testing.T) (e ended) {
	t.Helper()
	ctx := context.Background()
	e.url, e.backup = storetest.SQLiteURL(t), filepath.Join(t.TempDir(), "copy.db")
	s := storetest.Open(t, e.url, storetest.NewClock(storetest.Start).Now)
	for _, c := range []*storetest.Customer{&e.revoked, &e.disabled, &e.rotated, &e.graced, &e.untouched, &e.before} {
		*c = storetest.NewCustomer(t, s, "Pro")
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.RevokeKey(ctx, ada, e.before.Key.ID, uuid.Nil)) // the backup knows of it
	admin := func(email string, role accounts.Role) store.UserLine {
		return createUser(t, s, accounts.NewUser{Email: email, Plan: "Pro", Role: role, PasswordHash: "$argon2id$old"})
	}
	e.suspended, e.demoted, e.raised, e.reset = admin("suspended@example.com", accounts.RoleAdmin), admin("demoted@example.com", accounts.RoleAdmin), admin("raised@example.com", accounts.RoleUser), admin("reset@example.com", accounts.RoleAdmin)
	e.erased = createUser(t, s, accounts.NewUser{Email: "erased@example.com", Plan: "Pro"})
	must(second(s.ChangeUser(ctx, ada, e.erased.ID, accounts.UserChange{Status: new(accounts.StatusSuspended)}))) // so that its erasure alone comes back
	db := storetest.Raw(t, e.url)
	addSession(t, db, "sqlite", e.demoted.ID)
	addSession(t, db, "sqlite", e.reset.ID)
	storetest.Run(t, db, "INSERT INTO setup_links (token_hash, expires_at) VALUES (X'0102', 9999999999999999)",
		"INSERT INTO reset_links (token_hash, user_id, expires_at) VALUES (X'0103', "+literal("sqlite", e.reset.ID)+", 9999999999999999)",
		"INSERT INTO customer_sessions (token_hash, id, user_id, created_at, last_seen_at, expires_at, address, user_agent) VALUES (X'0104', "+literal("sqlite", uuid.New())+", "+literal("sqlite", e.raised.ID)+", 0, 0, 9999999999999999, '', '')",
		"INSERT INTO sign_in_links (token_hash, browser_hash, email, email_folded, expires_at) VALUES (X'0105', X'01', 'new@example.com', 'new@example.com', 9999999999999999)",
		"INSERT INTO recovery_codes (user_id, hash) VALUES ("+literal("sqlite", e.reset.ID)+", X'01'), ("+literal("sqlite", e.reset.ID)+", X'02')")
	e.sessionsInBackup, e.linksInBackup, e.recoveryCodesUsedOrMoved = 2, 1, 1
	must(second(store.Backup(ctx, e.url, e.backup)))

	must(s.RevokeKey(ctx, ada, e.revoked.Key.ID, uuid.Nil))
	e.rotatedTo, e.gracedTo = keys.Mint(), keys.Mint()
	var err error
	e.rotatedKey, err = s.RotateKey(ctx, ada, keys.Rotation{KeyID: e.rotated.Key.ID, Secret: e.rotatedTo}, uuid.Nil)
	must(err)
	e.gracedKey, err = s.RotateKey(ctx, ada, keys.Rotation{KeyID: e.graced.Key.ID, Secret: e.gracedTo, Grace: time.Hour}, uuid.Nil)
	must(err)
	must(second(s.ChangeUser(ctx, ada, e.suspended.ID, accounts.UserChange{Status: new(accounts.StatusSuspended)})))
	must(second(s.ChangeUser(ctx, ada, e.demoted.ID, accounts.UserChange{Role: new(accounts.RoleUser)})))
	must(second(s.ChangeUser(ctx, ada, e.raised.ID, accounts.UserChange{Role: new(accounts.RoleAdmin)})))
	must(s.SetPassword(ctx, ada, e.reset.ID, "$argon2id$new"))
	must(second(s.EraseUser(ctx, ada, e.erased.ID, e.erased.Email)))
	storetest.NewCustomer(t, s, "Pro") // made since: it is lost, and nothing of it comes back
	storetest.Run(t, db, "UPDATE api_keys SET status = 'disabled' WHERE id = "+literal("sqlite", e.disabled.Key.ID), "DELETE FROM recovery_codes WHERE hash = X'01'")
	must(db.Close())
	must(s.Close())
	return e
}

func (e *ended) revived() store.Revived {
	key := func(c storetest.Customer) store.RevivedKey {
		return store.RevivedKey{ID: c.Key.ID, Prefix: c.Key.Prefix, Label: c.Key.Label, UserEmail: c.User.Email}
	}
	user := func(u store.UserLine) store.RevivedUser { return store.RevivedUser{ID: u.ID, Email: u.Email} }
	return store.Revived{
		KeysRevoked: []store.RevivedKey{key(e.revoked)}, KeysDisabled: []store.RevivedKey{key(e.disabled)}, KeysRotated: []store.RevivedKey{key(e.rotated), key(e.graced)},
		UsersSuspended: []store.RevivedUser{user(e.suspended)}, RolesTaken: []store.RevivedUser{user(e.demoted)}, PasswordsChanged: []store.RevivedUser{user(e.reset)},
		RecoveryCodes: e.recoveryCodesUsedOrMoved, UsersErased: []store.RevivedUser{user(e.erased)},
	}
}

// works reports whether a secret opens anything.
func works(t *testing.T, s *store.Store, secret keys.Secret) bool {
	t.Helper()
	id, err := s.IdentityByHash(context.Background(), secret.Hash())
	if errors.Is(err, keys.ErrNotFound) {
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	return id.Key.Status == keys.StatusActive && id.SecretEndsAt == nil
}

// actionsAfter counts the later lines of the audit log by their action.
func actionsAfter(t *testing.T, s *store.Store, after int64) map[string]int {
	t.Helper()
	entries, err := s.Audit(context.Background(), store.AuditQuery{Limit: 500})
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, e := range entries {
		if e.Seq > after {
			counts[e.Action]++
		}
	}
	return counts
}

func lastSeq(t *testing.T, url string) int64 {
	t.Helper()
	return storetest.Count(t, storetest.Raw(t, url), "SELECT MAX(seq) FROM audit_log")
}

func TestARestoreEndsSessionsAndSaysWhatItBringsBackToLife(t *testing.T) {
	e := endMuch(t)
	inBackup := lastSeq(t, "sqlite:"+e.backup)
	r, err := store.Restore(context.Background(), e.url, e.backup, storetest.Files(), store.RestoreOptions{Force: true})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(e.revived(), r.Revived); diff != "" || r.Unread != nil || r.Kept {
		t.Errorf("%v, kept %v, want - got +:\n%s", r.Unread, r.Kept, diff)
	}
	if r.SessionsEnded != e.sessionsInBackup || r.CustomerSessionsEnded != 1 || r.SetupLinksEnded != e.linksInBackup {
		t.Errorf("%d sessions, %d of customers, and %d set-up links are ended", r.SessionsEnded, r.CustomerSessionsEnded, r.SetupLinksEnded)
	}
	db := storetest.Raw(t, e.url)
	if n := storetest.Count(t, db, "SELECT (SELECT COUNT(*) FROM console_sessions) + (SELECT COUNT(*) FROM setup_links) + (SELECT COUNT(*) FROM reset_links) + (SELECT COUNT(*) FROM customer_sessions) + (SELECT COUNT(*) FROM sign_in_links)"); n != 0 {
		t.Errorf("%d sessions and set-up links are in the restored database", n)
	}
	s := storetest.Connect(t, e.url, time.Now)
	for name, secret := range map[string]keys.Secret{"revoked": e.revoked.Secret, "disabled": e.disabled.Secret, "rotated": e.rotated.Secret, "untouched": e.untouched.Secret} {
		if !works(t, s, secret) {
			t.Errorf("without --keep-revocations the backup is not as it was: the %s key does not work", name)
		}
	}
	if diff := cmp.Diff(map[string]int{"database.restored": 1}, actionsAfter(t, s, inBackup)); diff != "" {
		t.Errorf("the audit log, want - got +:\n%s", diff)
	}
	found, err := s.Audit(context.Background(), store.AuditQuery{Text: "1 keys revoked", Limit: 10})
	if err != nil || len(found) != 1 || found[0].Actor != "cli" {
		t.Errorf("the restore is not found in the audit log: %v, %v", found, err)
	}
}

func TestARestoreKeepsRevocationsWhereAsked(t *testing.T) {
	ctx := context.Background()
	e := endMuch(t)
	inBackup := lastSeq(t, "sqlite:"+e.backup)
	r, err := store.Restore(ctx, e.url, e.backup, storetest.Files(), store.RestoreOptions{Force: true, KeepRevocations: true})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(e.revived(), r.Revived); diff != "" || !r.Kept {
		t.Errorf("kept %v, want - got +:\n%s", r.Kept, diff)
	}
	s := storetest.Connect(t, e.url, time.Now)
	for _, k := range []struct {
		name   string
		secret keys.Secret
		want   bool
	}{
		{"revoked", e.revoked.Secret, false}, {"disabled", e.disabled.Secret, false}, {"rotated", e.rotated.Secret, false}, {"rotated, in its grace", e.graced.Secret, false},
		{"rotation's", e.rotatedTo, true}, {"rotation's with a grace", e.gracedTo, true}, {"untouched", e.untouched.Secret, true}, {"revoked before", e.before.Secret, false},
	} {
		if got := works(t, s, k.secret); got != k.want {
			t.Errorf("the %s key works: %v, want %v", k.name, got, k.want)
		}
	}
	if id, err := s.IdentityByHash(ctx, e.graced.Secret.Hash()); err != nil || id.SecretEndsAt == nil || !id.SecretEndsAt.Equal(storetest.Start.Add(time.Hour)) {
		t.Errorf("the secret in its grace: %+v, %v", id, err)
	}
	for id, want := range map[uuid.UUID]keys.Status{e.revoked.Key.ID: keys.StatusRevoked, e.disabled.Key.ID: "disabled", e.rotated.Key.ID: keys.StatusActive} {
		if k, err := s.Key(ctx, id, uuid.Nil); err != nil || k.Status != want {
			t.Errorf("the key is %q, want %q: %v", k.Status, want, err)
		}
	}
	for email, want := range map[string]store.Credentials{
		"suspended@example.com": {Role: accounts.RoleAdmin, Status: accounts.StatusSuspended, PasswordHash: "$argon2id$old"},
		"demoted@example.com":   {Role: accounts.RoleUser, Status: accounts.StatusActive, PasswordHash: "$argon2id$old"},
		"raised@example.com":    {Role: accounts.RoleUser, Status: accounts.StatusActive, PasswordHash: "$argon2id$old"},
		"reset@example.com":     {Role: accounts.RoleAdmin, Status: accounts.StatusActive, PasswordHash: "$argon2id$new"},
	} {
		got, err := s.CredentialsByEmail(ctx, email)
		if got.Role != want.Role || got.Status != want.Status || got.PasswordHash != want.PasswordHash || err != nil {
			t.Errorf("%s: %+v, %v", email, got, err)
		}
	}
	found, err := s.Keys(ctx, store.KeyQuery{Text: e.rotatedKey.Prefix, Page: store.Page{Limit: 10}})
	if err != nil || len(found) != 1 || found[0].ID != e.rotated.Key.ID || found[0].Prefix != e.rotatedTo.Prefix() {
		t.Errorf("the rotated key is not found by its prefix: %v, %v", found, err)
	}
	if found, err := s.Keys(ctx, store.KeyQuery{Text: e.rotated.Key.Prefix, Page: store.Page{Limit: 10}}); err != nil || len(found) != 0 {
		t.Errorf("the rotated key is found by its earlier prefix: %v, %v", found, err)
	}
	if n := storetest.Count(t, storetest.Raw(t, e.url), "SELECT COUNT(*) FROM recovery_codes"); n != 1 {
		t.Errorf("%d recovery codes are left, want the one that was not used", n)
	}
	want := map[string]int{"database.restored": 1, "revocations.kept": 1, "key.revoked": 1, "key.disabled": 1, "key.rotated": 2, "user.suspended": 1, "user.changed": 1, "user.password_set": 1}
	if diff := cmp.Diff(want, actionsAfter(t, s, inBackup)); diff != "" {
		t.Errorf("the audit log, want - got +:\n%s", diff)
	}
	if report := reconcile(t, s); len(report.Differences) > 0 {
		t.Errorf("the totals do not balance: %v", report.Differences)
	}
}

func TestARestoreOntoTheDatabaseThatWasBackedUpBringsNothingBack(t *testing.T) {
	url, file := backedUp(t)
	target := filepath.Join(t.TempDir(), "codexible.db")
	for range 2 { // the second is compared with what the first restored
		r, err := store.Restore(context.Background(), "sqlite:"+target, file, storetest.Files(), store.RestoreOptions{Force: true})
		if err != nil || !r.Revived.None() {
			t.Errorf("%s: %+v, %v", url, r.Revived, err)
		}
		if (r.Replaced == "") != (r.Unread != nil) {
			t.Errorf("replaced %q and compared: %v", r.Replaced, r.Unread)
		}
	}
}

func TestKeepingRevocationsNeedsADatabaseToReadThemFrom(t *testing.T) {
	_, file := backedUp(t)
	for name, damage := range map[string]func(t *testing.T, target string){
		"none": func(*testing.T, string) {},
		"damaged": func(t *testing.T, target string) {
			t.Helper()
			writeText(t, target, "this is not a database, it only resembles one")
		},
		"another program's": func(t *testing.T, target string) {
			t.Helper()
			storetest.Exec(t, "sqlite:"+target, "CREATE TABLE other (id integer)")
		},
	} {
		t.Run(name, func(t *testing.T) {
			target := filepath.Join(t.TempDir(), "codexible.db")
			damage(t, target)
			before, _ := os.ReadFile(target)
			_, err := store.Restore(context.Background(), "sqlite:"+target, file, storetest.Files(), store.RestoreOptions{Force: true, KeepRevocations: true})
			if err == nil || !strings.Contains(err.Error(), "nothing was changed") || !strings.Contains(err.Error(), "--keep-revocations") {
				t.Errorf("got %v", err)
			}
			if after, _ := os.ReadFile(target); string(after) != string(before) {
				t.Error("the database that was there has changed")
			}
			if left, _ := filepath.Glob(filepath.Join(filepath.Dir(target), "*partial*")); len(left) > 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
}

func TestKeepingRevocationsAppliesWhatIsPending(t *testing.T) {
	e := endMuch(t)
	files := withMigration(t, "sqlite", "9999_more.sql", "-- +goose Up\nCREATE TABLE more (id integer);\n-- +goose Down\nDROP TABLE more;\n")
	r, err := store.Restore(context.Background(), e.url, e.backup, files, store.RestoreOptions{Force: true, KeepRevocations: true})
	if err != nil || r.Pending != 0 || r.Revived.None() {
		t.Errorf("%+v: %v", r, err)
	}
	if n := storetest.Count(t, storetest.Raw(t, e.url), "SELECT COUNT(*) FROM more"); n != 0 {
		t.Errorf("%d rows", n)
	}
}

// A backup of the first version has neither set-up links nor recovery codes, and knows of no erasure.
func TestABackupOfAnOldSchemaIsCompared(t *testing.T) {
	e := endMuch(t)
	storetest.Exec(t, "sqlite:"+e.backup, "DROP TABLE setup_links", "DROP TABLE recovery_codes", "ALTER TABLE users DROP COLUMN erased_at", "DELETE FROM schema_migrations WHERE version > '0001'")
	sign(t, e.backup)
	r, err := store.Restore(context.Background(), e.url, e.backup, storetest.Files(), store.RestoreOptions{Force: true})
	want := e.revived()
	want.RecoveryCodes = 0
	if diff := cmp.Diff(want, r.Revived); diff != "" || err != nil || r.SessionsEnded != e.sessionsInBackup {
		t.Errorf("%v, %d sessions, want - got +:\n%s", err, r.SessionsEnded, diff)
	}
}

func writeText(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
