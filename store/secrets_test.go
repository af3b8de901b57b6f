package store_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"codexible/accounts"
	"codexible/secrets"
	"codexible/store"
	"codexible/store/storetest"
)

// openWith opens a database with keys of its own.
func openWith(t *testing.T, url string, keys *secrets.Ring) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), store.Options{URL: url, Now: storetest.NewClock(storetest.Start).Now, Synchronous: "NORMAL", Secrets: keys})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// only is one key.
func only(k secrets.Key) *secrets.Ring { return secrets.NewRing(k, secrets.Key{}, "") }

// storedSecrets are the second factors as they lie in the database.
func storedSecrets(t *testing.T, url string) []string {
	t.Helper()
	return texts(t, storetest.Raw(t, url), "SELECT secret FROM two_step ORDER BY user_id")
}

func twoStepOf(t *testing.T, s *store.Store, u store.UserLine) accounts.TwoStep {
	t.Helper()
	two, found, err := s.TwoStep(context.Background(), u.ID)
	if err != nil || !found {
		t.Fatal(found, err)
	}
	return two
}

func TestSecondFactorSecretsLieEncryptedAndBoundToTheirUser(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		s, ctx := storetest.Connect(t, url, storetest.NewClock(storetest.Start).Now), context.Background()
		u := admin(t, s)
		other := createUser(t, s, accounts.NewUser{Email: "eve@example.com", Plan: "Pro", Role: accounts.RoleAdmin})
		if state := must[store.SecretKeyState](t)(s.CheckSecrets(ctx)); state != store.NoSecrets {
			t.Error("a database without secrets needs a key")
		}
		if err := errors.Join(s.BeginTwoStep(ctx, u.ID, "JBSWY3DPEHPK3PXP"), s.BeginTwoStep(ctx, other.ID, "GEZDGNBVGY3TQOJQ")); err != nil {
			t.Fatal(err)
		}
		for _, text := range storedSecrets(t, url) {
			if !secrets.IsSealed(text) || strings.Contains(text, "JBSW") {
				t.Errorf("a secret lies there as %q", text)
			}
		}
		if two := twoStepOf(t, s, u); two.Secret != "JBSWY3DPEHPK3PXP" {
			t.Errorf("it reads back as %q", two.Secret)
		}
		if state := must[store.SecretKeyState](t)(s.CheckSecrets(ctx)); state != store.SecretsReadable {
			t.Error("the current key is not reported")
		}
		// Who writes to the database cannot give one user the factor of another.
		storetest.Exec(t, url, "UPDATE two_step SET secret = (SELECT MIN(secret) FROM two_step)")
		broken := 0
		for _, id := range []store.UserLine{u, other} {
			if _, _, err := s.TwoStep(ctx, id.ID); errors.Is(err, secrets.ErrBroken) {
				broken++
			}
		}
		if broken != 1 {
			t.Errorf("%d of 2 users refuse the factor of the other, want 1", broken)
		}
	})
}

func TestWithoutAKeyNoSecretIsStoredAndAnotherKeyIsRefused(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		ctx := context.Background()
		bare, mine, foreign := openWith(t, url, only(secrets.Key{})), openWith(t, url, only(secrets.MintKey())), openWith(t, url, only(secrets.MintKey()))
		u := admin(t, bare)
		if err := bare.BeginTwoStep(ctx, u.ID, "SECRET"); !errors.Is(err, secrets.ErrNoKey) {
			t.Errorf("without a key: %v", err)
		}
		if _, found, err := bare.TwoStep(ctx, u.ID); found || err != nil {
			t.Errorf("something was stored: %v", err)
		}
		if err := mine.BeginTwoStep(ctx, u.ID, "SECRET"); err != nil {
			t.Fatal(err)
		}
		if err := foreign.BeginTwoStep(ctx, u.ID, "OTHER"); !errors.Is(err, secrets.ErrOtherKey) {
			t.Errorf("with another key: %v", err)
		}
		for name, s := range map[string]*store.Store{"without": bare, "another": foreign} {
			_, err := s.CheckSecrets(ctx)
			wantError(t, err, "SECRET_KEY", "codexible secrets rotate", "codexible secrets forget")
			if _, _, err := s.TwoStep(ctx, u.ID); !errors.Is(err, secrets.ErrOtherKey) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if two := twoStepOf(t, mine, u); two.Secret != "SECRET" {
			t.Errorf("the secret is %q", two.Secret)
		}
	})
}

func TestOfTwoInstancesWithTwoKeysOneDecides(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		ctx := context.Background()
		instances := []*store.Store{openWith(t, url, only(secrets.MintKey())), openWith(t, url, only(secrets.MintKey()))}
		u := admin(t, instances[0])
		errs := make([]error, 2)
		var wg sync.WaitGroup
		for i, s := range instances {
			wg.Go(func() { errs[i] = s.BeginTwoStep(ctx, u.ID, "SECRET") })
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), secrets.ErrOtherKey) {
			t.Errorf("they answer %v and %v", errs[0], errs[1])
		}
	})
}

func TestRotatingEncryptsEverythingAnewOrNothing(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		ctx, before, after := context.Background(), secrets.MintKey(), secrets.MintKey()
		old := openWith(t, url, only(before))
		u := admin(t, old)
		second := createUser(t, old, accounts.NewUser{Email: "second@example.com", Plan: "Pro", Role: accounts.RoleAdmin})
		if err := errors.Join(old.BeginTwoStep(ctx, u.ID, "ONE"), old.BeginTwoStep(ctx, second.ID, "TWO")); err != nil {
			t.Fatal(err)
		}
		was := storedSecrets(t, url)
		_, err := openWith(t, url, only(after)).RotateSecrets(ctx, operator)
		wantError(t, err, "2 secrets cannot be decrypted", "nothing was changed")
		if is := storedSecrets(t, url); !slices.Equal(was, is) {
			t.Error("a rotation that cannot be whole changed something")
		}
		both := openWith(t, url, secrets.NewRing(after, before, ""))
		if state := must[store.SecretKeyState](t)(both.CheckSecrets(ctx)); state != store.SecretsToRotate {
			t.Errorf("before the rotation the state is %d", state)
		}
		// What is stored meanwhile is for the instances that have the key of before alone.
		if err := both.BeginTwoStep(ctx, second.ID, "THREE"); err != nil || twoStepOf(t, old, second).Secret != "THREE" {
			t.Error("an instance that waits for the rotation shuts the others out:", err)
		}
		if n := must[int](t)(both.RotateSecrets(ctx, operator)); n != 2 {
			t.Errorf("%d were encrypted again", n)
		}
		fresh := openWith(t, url, only(after))
		if state := must[store.SecretKeyState](t)(fresh.CheckSecrets(ctx)); state != store.SecretsReadable || twoStepOf(t, fresh, u).Secret != "ONE" || twoStepOf(t, fresh, second).Secret != "THREE" {
			t.Error("the current key does not read what was encrypted again")
		}
		if _, err := old.CheckSecrets(ctx); err == nil {
			t.Error("the key of before is still taken")
		}
		if entries := must[[]accounts.AuditEntry](t)(fresh.Audit(ctx, store.AuditQuery{Limit: 1})); entries[0].Action != "secrets.rotated" {
			t.Errorf("the last entry is %+v", entries[0])
		}
	})
}

func TestDropSecretsDropsWhatNoKeyOpensAndReturnsWhose(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		ctx, lost, kept := context.Background(), secrets.MintKey(), secrets.MintKey()
		old := openWith(t, url, only(lost))
		u := admin(t, old)
		second := createUser(t, old, accounts.NewUser{Email: "second@example.com", Plan: "Pro", Role: accounts.RoleAdmin})
		_, hashes := accounts.MintRecoveryCodes()
		if err := errors.Join(old.BeginTwoStep(ctx, u.ID, "ONE"), old.ConfirmTwoStep(ctx, operator, u.ID, hashes)); err != nil {
			t.Fatal(err)
		}
		token := accounts.MintToken()
		must[accounts.Session](t)(old.OpenSession(ctx, operator, store.NewSession{UserID: u.ID, Token: token, PasswordHash: "hash"}))
		s := openWith(t, url, only(kept))
		if of := must[store.DroppedSecrets](t)(s.DropSecrets(ctx, operator, false)); !slices.Equal(of.Users, []string{u.Email}) || twoStepOf(t, old, u).Secret != "ONE" {
			t.Fatalf("asked without dropping: %v", of)
		}
		if of := must[store.DroppedSecrets](t)(s.DropSecrets(ctx, operator, true)); !slices.Equal(of.Users, []string{u.Email}) {
			t.Fatalf("dropped those of %v", of)
		}
		db := storetest.Raw(t, url)
		for _, table := range []string{"two_step", "recovery_codes", "secret_key", "console_sessions"} {
			if n := storetest.Count(t, db, "SELECT COUNT(*) FROM "+table); n != 0 {
				t.Errorf("%s has %d rows", table, n)
			}
		}
		if entries := must[[]accounts.AuditEntry](t)(s.Audit(ctx, store.AuditQuery{Limit: 1})); entries[0].Action != "user.two_step_off" || entries[0].Target != u.Email {
			t.Errorf("the last entry is %+v", entries[0])
		}
		// The service goes on with the current key; what it opens is not dropped.
		if err := s.BeginTwoStep(ctx, second.ID, "TWO"); err != nil {
			t.Fatal(err)
		}
		if of := must[store.DroppedSecrets](t)(s.DropSecrets(ctx, operator, true)); !of.None() || twoStepOf(t, s, second).Secret != "TWO" {
			t.Errorf("dropped those of %v", of)
		}
	})
}

// migratorWith is a migrator that has keys.
func migratorWith(t *testing.T, url string, keys *secrets.Ring) *store.Migrator {
	t.Helper()
	m, err := store.NewMigrator(url, storetest.Files())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	m.UseSecrets(keys)
	return m
}

// downBelow takes migrations back until secrets are in clear.
func downBelow(t *testing.T, m *store.Migrator) error {
	t.Helper()
	ctx := context.Background()
	for {
		undone, err := m.Down(ctx, 1)
		if err != nil || len(undone) == 0 || undone[0].Version == "0004" {
			return err
		}
	}
}

func TestSecretsOfBeforeAreEncryptedOnTheWayUpAndDecryptedOnTheWayDown(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		ctx, key := context.Background(), secrets.MintKey()
		s := openWith(t, url, only(key))
		u := admin(t, s)
		if err := s.BeginTwoStep(ctx, u.ID, "JBSWY3DPEHPK3PXP"); err != nil {
			t.Fatal(err)
		}
		err := downBelow(t, migratorWith(t, url, only(secrets.MintKey())))
		wantError(t, err, "cannot be decrypted", "nothing was changed")
		if !secrets.IsSealed(storedSecrets(t, url)[0]) {
			t.Fatal("a way down that failed changed something")
		}
		if err := downBelow(t, migratorWith(t, url, only(key))); err != nil {
			t.Fatal(err)
		}
		if opened := storedSecrets(t, url); !slices.Equal(opened, []string{"JBSWY3DPEHPK3PXP"}) {
			t.Fatalf("the version of before finds %q", opened)
		}
		// Up again: not without a key, and then all of it.
		bare := migratorWith(t, url, nil)
		_, err = bare.Up(ctx)
		wantError(t, err, "SECRET_KEY", "nothing was changed")
		for _, step := range must[[]store.Migration](t)(bare.Status(ctx)) {
			if step.Version >= "0004" && step.AppliedAt != nil {
				t.Error("without a key a migration was applied: the version of before does not run on it")
			}
		}
		m := migratorWith(t, url, only(key))
		must[[]store.Migration](t)(m.Up(ctx))
		if m.Sealed() != 1 || twoStepOf(t, openWith(t, url, only(key)), u).Secret != "JBSWY3DPEHPK3PXP" || !secrets.IsSealed(storedSecrets(t, url)[0]) {
			t.Errorf("%d were encrypted: %q", m.Sealed(), storedSecrets(t, url))
		}
	})
}

func TestSealingAgainChangesNothing(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		ctx, key := context.Background(), secrets.MintKey()
		s := openWith(t, url, only(key))
		u := admin(t, s)
		if err := s.BeginTwoStep(ctx, u.ID, "ONE"); err != nil {
			t.Fatal(err)
		}
		// An instance of before, on its way out, stores in clear.
		storetest.Exec(t, url, "UPDATE two_step SET secret = 'ONE'")
		if twoStepOf(t, s, u).Secret != "ONE" {
			t.Error("what an instance of before stored is not read")
		}
		for round := range 2 {
			m := migratorWith(t, url, only(key))
			was := storedSecrets(t, url)
			if err := m.Seal(ctx); err != nil {
				t.Fatal(err)
			}
			if is := storedSecrets(t, url); m.Sealed() != 1-round || (round == 1 && !slices.Equal(was, is)) || !secrets.IsSealed(is[0]) {
				t.Errorf("round %d encrypted %d", round, m.Sealed())
			}
		}
	})
}

func TestAMoveNeedsTheKeyOfTheSource(t *testing.T) {
	to, from, ctx, key := storetest.PostgresURL(t), storetest.SQLiteURL(t), context.Background(), secrets.MintKey()
	storetest.Migrate(t, from)
	storetest.Migrate(t, to)
	s := openWith(t, from, only(key))
	u := admin(t, s)
	if err := errors.Join(s.BeginTwoStep(ctx, u.ID, "ONE"), s.Close()); err != nil {
		t.Fatal(err)
	}
	_, err := store.Move(ctx, from, to, storetest.Files(), only(secrets.MintKey()))
	wantError(t, err, "nothing was moved", "SECRET_KEY", "secret.key")
	storetest.Exec(t, to, "INSERT INTO secret_key VALUES (1, 'another key''s')")
	_, err = store.Move(ctx, from, to, storetest.Files(), only(key))
	wantError(t, err, "nothing was moved", "another key")
	db := storetest.Raw(t, to)
	if _, err := db.ExecContext(ctx, "UPDATE secret_key SET fingerprint = $1", key.Fingerprint()); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Move(ctx, from, to, storetest.Files(), only(key)); err != nil {
		t.Fatal(err)
	}
	if two := twoStepOf(t, openWith(t, to, only(key)), u); two.Secret != "ONE" {
		t.Errorf("the moved secret is %q", two.Secret)
	}
}
