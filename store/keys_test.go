package store_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/fault"
	"codexible/keys"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

func TestAKeyReadsBackAsCreated(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, secret := context.Background(), keys.Mint()
		u := createUser(t, s, accounts.NewUser{Email: "ada@example.com", Name: "Ada", Plan: "Business", Role: accounts.RoleService})
		clock.Add(1234567 * time.Nanosecond)
		expiry := storetest.Start.Add(time.Hour + 999*time.Nanosecond).In(time.FixedZone("east", 3600))
		root := createUser(t, s, accounts.NewUser{Email: "root@example.com", Plan: "Pro", Role: accounts.RoleAdmin})
		k, _ := storetest.NewKey(t, s, root)
		if _, err := s.ChangePlan(ctx, ada, u.PlanID, accounts.PlanChange{MonthlyCreditLimit: new(new(int64(9))), UserConcurrencyLimit: new(new(int64(8))), Models: new([]string{"b", "a", "größe"})}); err != nil {
			t.Fatal(err)
		}
		limits := keys.Limits{DailyCreditLimit: new(int64(0)), RateLimitPerMinute: new(int64(1_000_000)), ConcurrencyLimit: new(int64(3))}
		by, maker := ada, k.ID
		by.KeyID = maker
		made, err := s.CreateKey(ctx, by, keys.NewKey{UserID: u.ID, Label: " CI ", ExpiresAt: &expiry, Secret: secret,
			Scopes: []string{"service", "usage"}, Addresses: []string{"2001:db8::1", "10.9.9.9/8", "::ffff:10.0.0.0/104"}, Models: []string{"b", "größe"}, Limits: limits})
		want := keys.Key{ID: made.ID, UserID: u.ID, Prefix: secret.Prefix(), Label: "CI", Status: keys.StatusActive,
			CreatedAt: storetest.Start.Add(1234 * time.Microsecond), ExpiresAt: new(storetest.Start.Add(time.Hour)),
			Scopes: keys.ScopesOf(keys.ScopeUsage, keys.ScopeService), Addresses: keys.Addresses{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::1/128")},
			CreatedBy: "ada@example.com", CreatedByKeyID: &maker, Models: []string{"b", "größe"}, Limits: limits, Metadata: json.RawMessage("{}")}
		if diff := cmp.Diff(want, made); diff != "" || err != nil {
			t.Fatal(err, diff)
		}
		line, err := s.Key(ctx, made.ID, uuid.Nil)
		if diff := cmp.Diff(store.KeyLine{Key: want, UserEmail: "ada@example.com", UserStatus: accounts.StatusActive}, line); diff != "" || err != nil {
			t.Error(err, diff)
		}
		list, err := s.Keys(ctx, store.KeyQuery{UserID: u.ID, Page: store.Page{Limit: 100}})
		if diff := cmp.Diff([]store.KeyLine{line}, list); diff != "" || err != nil {
			t.Error(err, diff)
		}
		active, err := s.UsableKeys(ctx, u.ID, store.Page{Limit: 100})
		if diff := cmp.Diff([]keys.Key{want}, active); diff != "" || err != nil {
			t.Error(err, diff)
		}
		plan, err := s.Plan(ctx, u.PlanID)
		if err != nil {
			t.Fatal(err)
		}
		plan.CreatedAt = time.Time{} // what no request is decided on
		id, err := s.IdentityByHash(ctx, secret.Hash())
		if diff := cmp.Diff(&keys.Identity{Key: want, User: u.User, Plan: plan}, id); diff != "" || err != nil {
			t.Error(err, diff)
		}
		if id, err := s.IdentityByHash(ctx, keys.Mint().Hash()); id != nil || !errors.Is(err, keys.ErrNotFound) {
			t.Errorf("a secret that no key has gives %v, %v", id, err)
		}
	})
}

func TestActiveKeysAreTheUsersOwnNewestFirst(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx, c, other := context.Background(), storetest.NewCustomer(t, s, "Pro"), storetest.NewCustomer(t, s, "Pro")
		second, _ := storetest.NewKey(t, s, c.User)
		third, _ := storetest.NewKey(t, s, c.User)
		if err := s.RevokeKey(ctx, ada, second.ID, c.User.ID); err != nil {
			t.Fatal(err)
		}
		list, err := s.UsableKeys(ctx, c.User.ID, store.Page{Limit: 100})
		if diff := cmp.Diff([]keys.Key{third, c.Key}, list); diff != "" || err != nil {
			t.Error(err, diff)
		}
		list, err = s.UsableKeys(ctx, other.User.ID, store.Page{Limit: 100})
		if diff := cmp.Diff([]keys.Key{other.Key}, list); diff != "" || err != nil {
			t.Error(err, diff)
		}
	})
}

func TestAnothersKeyAndARevokedOneAnswerLikeNone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx, c, other := context.Background(), storetest.NewCustomer(t, s, "Pro"), storetest.NewCustomer(t, s, "Pro")
		revoked, _ := storetest.NewKey(t, s, c.User)
		if err := s.RevokeKey(ctx, ada, revoked.ID, uuid.Nil); err != nil {
			t.Fatal(err)
		}
		for name, id := range map[string]uuid.UUID{"another's": other.Key.ID, "none": uuid.New(), "zero": uuid.Nil, "revoked": revoked.ID} {
			change := keys.KeyChange{Label: new("mine")}
			for method, err := range map[string]error{
				"ChangeKey": second(s.ChangeKey(ctx, ada, id, c.User.ID, change)),
				"RevokeKey": s.RevokeKey(ctx, ada, id, c.User.ID),
				"RotateKey": second(s.RotateKey(ctx, ada, keys.Rotation{KeyID: id, Secret: keys.Mint()}, c.User.ID)),
			} {
				if diff := cmp.Diff(keys.ErrNotFound.Message, fault.As(err).Message); diff != "" || !errors.Is(err, keys.ErrNotFound) {
					t.Errorf("%s of %s key: %v", method, name, err)
				}
			}
		}
		if err := second(s.Key(ctx, other.Key.ID, c.User.ID)); !errors.Is(err, keys.ErrNotFound) {
			t.Errorf("Key of another's key: %v", err)
		}
		untouched, err := s.Key(ctx, other.Key.ID, other.User.ID)
		if diff := cmp.Diff(other.Key, untouched.Key); diff != "" || err != nil {
			t.Error(err, diff)
		}
		if id, err := s.IdentityByHash(ctx, other.Secret.Hash()); err != nil || id.Key.Status != keys.StatusActive {
			t.Errorf("another's key is %v, %v", id, err)
		}
	})
}

func TestAChangeOfAKeyTouchesWhatItNamesAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, c := context.Background(), storetest.NewCustomer(t, s, "Pro")
		want := c.Key
		expiry := new(storetest.Start.Add(time.Hour))
		for _, step := range []struct {
			change keys.KeyChange
			expect func()
		}{
			{keys.KeyChange{}, func() {}},
			{keys.KeyChange{ExpiresAt: &expiry}, func() { want.ExpiresAt = expiry }},
			{keys.KeyChange{Label: new(" CI ")}, func() { want.Label = "CI" }},
			{keys.KeyChange{ExpiresAt: new((*time.Time)(nil))}, func() { want.ExpiresAt = nil }},
			{keys.KeyChange{Limits: keys.LimitsChange{keys.DailyCreditLimit: new(int64(5)), keys.ConcurrencyLimit: new(int64(6))}},
				func() { want.DailyCreditLimit, want.ConcurrencyLimit = new(int64(5)), new(int64(6)) }},
			{keys.KeyChange{Limits: keys.LimitsChange{keys.RateLimitPerMinute: new(int64(7)), keys.ConcurrencyLimit: nil}},
				func() { want.RateLimitPerMinute, want.ConcurrencyLimit = new(int64(7)), nil }},
			{keys.KeyChange{Models: new([]string{"large"})}, func() { want.Models = []string{"large"} }},
			{keys.KeyChange{Models: new([]string(nil))}, func() { want.Models = nil }},
		} {
			step.expect()
			got, err := s.ChangeKey(ctx, ada, c.Key.ID, c.User.ID, step.change)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Error(err, diff)
			}
			read, err := s.Key(ctx, c.Key.ID, uuid.Nil)
			if diff := cmp.Diff(want, read.Key); diff != "" || err != nil {
				t.Error(err, diff)
			}
		}
		clock.Add(2 * time.Hour)
		_, err := s.ChangeKey(ctx, ada, c.Key.ID, c.User.ID, keys.KeyChange{ExpiresAt: &expiry})
		wantKind(t, err, fault.Invalid)
		_, err = s.CreateKey(ctx, ada, keys.NewKey{UserID: c.User.ID, ExpiresAt: expiry, Secret: keys.Mint()})
		wantKind(t, err, fault.Invalid)
	})
}

func TestARevokedKeyStaysRevoked(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, c := context.Background(), storetest.NewCustomer(t, s, "Pro")
		clock.Add(time.Minute)
		if err := s.RevokeKey(ctx, ada, c.Key.ID, c.User.ID); err != nil {
			t.Fatal(err)
		}
		want := c.Key
		want.Status, want.RevokedAt = keys.StatusRevoked, new(storetest.Start.Add(time.Minute))
		read, err := s.Key(ctx, c.Key.ID, c.User.ID)
		if diff := cmp.Diff(want, read.Key); diff != "" || err != nil {
			t.Error(err, diff)
		}
		id, err := s.IdentityByHash(ctx, c.Secret.Hash())
		if err != nil || id.Key.Status != keys.StatusRevoked {
			t.Errorf("the secret of a revoked key gives %v, %v, want the key, revoked", id, err)
		}
	})
}

// live counts the secrets that a key answers to at a moment.
func live(t *testing.T, s *store.Store, key uuid.UUID, at time.Time, secrets ...keys.Secret) (count int) {
	t.Helper()
	for _, secret := range secrets {
		id, err := s.IdentityByHash(context.Background(), secret.Hash())
		switch {
		case errors.Is(err, keys.ErrNotFound):
		case err != nil:
			t.Fatal(err)
		case id.Key.ID != key:
			t.Errorf("the secret belongs to key %s, want %s", id.Key.ID, key)
		case id.SecretEndsAt == nil || at.Before(*id.SecretEndsAt):
			count++
		}
	}
	return count
}

func TestARotationKeepsTheKeyAndEndsTheOldSecretAtOnceOrAfterItsGrace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, c := context.Background(), storetest.NewCustomer(t, s, "Pro")
		secrets := []keys.Secret{c.Secret}
		rotate := func(grace time.Duration) keys.Key {
			secrets = append(secrets, keys.Mint())
			k, err := s.RotateKey(ctx, ada, keys.Rotation{KeyID: c.Key.ID, Grace: grace, Secret: secrets[len(secrets)-1]}, c.User.ID)
			if err != nil {
				t.Fatal(err)
			}
			return k
		}
		want := c.Key
		k := rotate(0)
		want.Prefix = secrets[1].Prefix()
		if diff := cmp.Diff(want, k); diff != "" {
			t.Error(diff)
		}
		if live(t, s, c.Key.ID, clock.Now(), secrets[0]) != 0 || live(t, s, c.Key.ID, clock.Now(), secrets[1]) != 1 {
			t.Error("without a grace the old secret does not stop at once")
		}
		rotate(time.Hour)
		if n := live(t, s, c.Key.ID, clock.Now(), secrets[1:]...); n != 2 {
			t.Errorf("within the grace %d secrets work, want 2", n)
		}
		end := storetest.Start.Add(time.Hour)
		if n := live(t, s, c.Key.ID, end.Add(-time.Microsecond), secrets[1]); n != 1 {
			t.Error("the grace ends early")
		}
		if n := live(t, s, c.Key.ID, end, secrets[1]); n != 0 {
			t.Error("the grace does not end")
		}
		rotate(time.Hour)
		if n := live(t, s, c.Key.ID, clock.Now(), secrets...); n != 2 || live(t, s, c.Key.ID, clock.Now(), secrets[1]) != 0 {
			t.Errorf("after a second rotation %d secrets work, want 2 and not the one whose grace was open", n)
		}
		rotate(0)
		if n := live(t, s, c.Key.ID, clock.Now(), secrets...); n != 1 {
			t.Errorf("after a rotation without grace %d secrets work", n)
		}
		rotate(keys.MaxGrace)
		for _, grace := range []time.Duration{-1, keys.MaxGrace + 1} {
			_, err := s.RotateKey(ctx, ada, keys.Rotation{KeyID: c.Key.ID, Grace: grace, Secret: keys.Mint()}, c.User.ID)
			wantKind(t, err, fault.Invalid)
		}
		list, err := s.UsableKeys(ctx, c.User.ID, store.Page{Limit: 100})
		if err != nil || len(list) != 1 || list[0].ID != c.Key.ID {
			t.Errorf("the keys after all rotations: %v, %v", list, err)
		}
	})
}

func TestOfRotationsAtOnceOneSecretLives(t *testing.T) {
	for name, grace := range map[string]time.Duration{"at once": 0, "with a grace": time.Hour} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
				ctx, c := context.Background(), storetest.NewCustomer(t, s, "Pro")
				const callers = 4
				for range 5 {
					secrets, errs := make([]keys.Secret, callers), make([]error, callers)
					start := make(chan struct{})
					var wg sync.WaitGroup
					for i := range callers {
						secrets[i] = keys.Mint()
						wg.Go(func() {
							<-start
							_, errs[i] = s.RotateKey(ctx, ada, keys.Rotation{KeyID: c.Key.ID, Grace: grace, Secret: secrets[i]}, uuid.Nil)
						})
					}
					close(start)
					wg.Wait()
					succeeded := 0
					for i, err := range errs {
						switch {
						case err == nil:
							succeeded++
						case errors.Is(err, keys.ErrRotated):
							if n := live(t, s, c.Key.ID, clock.Now(), secrets[i]); n != 0 {
								t.Error("a secret lives whose caller got an error")
							}
						default:
							t.Error(err)
						}
					}
					own := 0
					for _, secret := range secrets {
						if id, err := s.IdentityByHash(ctx, secret.Hash()); err == nil && id.SecretEndsAt == nil {
							own++
						}
					}
					if own != 1 || succeeded < 1 {
						t.Errorf("%d secrets live for good, %d callers got no error", own, succeeded)
					}
				}
			})
		})
	}
}

// A rotation replaces the secret it read before its transaction. The second of
// two that read the same one is refused.
func TestTheSecondOfTwoRotationsOfOneSecretIsRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, c := context.Background(), storetest.NewCustomer(t, s, "Pro")
		current := c.Secret.Hash()
		first, late := keys.Mint(), keys.Mint()
		if _, err := s.RotateFrom(ctx, ada, keys.Rotation{KeyID: c.Key.ID, Grace: time.Hour, Secret: first}, c.User.ID, current[:]); err != nil {
			t.Fatal(err)
		}
		before := auditLog(t, s)
		for _, grace := range []time.Duration{0, time.Hour} {
			if _, err := s.RotateFrom(ctx, ada, keys.Rotation{KeyID: c.Key.ID, Grace: grace, Secret: late}, c.User.ID, current[:]); !errors.Is(err, keys.ErrRotated) {
				t.Errorf("%v, want ErrRotated", err)
			}
		}
		if live(t, s, c.Key.ID, clock.Now(), first, c.Secret) != 2 || live(t, s, c.Key.ID, clock.Now(), late) != 0 {
			t.Error("the rotation that came too late changed something")
		}
		if diff := cmp.Diff(before, auditLog(t, s)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestTouchKeysKeepsTheLatestUse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx, c, other := context.Background(), storetest.NewCustomer(t, s, "Pro"), storetest.NewCustomer(t, s, "Pro")
		latest := storetest.Start.Add(time.Hour)
		for _, used := range []map[uuid.UUID]time.Time{
			{c.Key.ID: storetest.Start}, {c.Key.ID: latest.Add(123 * time.Nanosecond).In(time.FixedZone("east", 3600)), uuid.New(): latest}, {c.Key.ID: storetest.Start}, {},
		} {
			if err := s.TouchKeys(ctx, used); err != nil {
				t.Fatal(err)
			}
		}
		k, err := s.Key(ctx, c.Key.ID, uuid.Nil)
		if err != nil || k.LastUsedAt == nil || !k.LastUsedAt.Equal(latest) || k.LastUsedAt.Location() != time.UTC {
			t.Errorf("last used at %v, %v, want %v", k.LastUsedAt, err, latest)
		}
		if k, err := s.Key(ctx, other.Key.ID, uuid.Nil); err != nil || k.LastUsedAt != nil {
			t.Errorf("a key nobody used was last used at %v, %v", k.LastUsedAt, err)
		}
		list, err := s.Keys(ctx, store.KeyQuery{UnusedSince: latest, Page: store.Page{Limit: 10}})
		if err != nil || len(list) != 1 || list[0].ID != other.Key.ID {
			t.Errorf("unused since %v: %v, %v", latest, list, err)
		}
	})
}

func TestASecretIsNeverStored(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		s := storetest.Connect(t, url, storetest.NewClock(storetest.Start).Now)
		ctx, c := context.Background(), storetest.NewCustomer(t, s, "Pro")
		rotated := keys.Mint()
		if _, err := s.RotateKey(ctx, ada, keys.Rotation{KeyID: c.Key.ID, Grace: time.Hour, Secret: rotated}, uuid.Nil); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Post(ctx, usage.At(storetest.Start), usage.ChargeEntries(c.Charge(1))); err != nil {
			t.Fatal(err)
		}
		text := everything(t, url)
		for _, secret := range []keys.Secret{c.Secret, rotated} {
			if !bytes.Contains(text, []byte(secret.Prefix())) {
				t.Error("not even the prefix is found: this test searches the wrong place")
			}
			if bytes.Contains(text, []byte(strings.TrimPrefix(secret.Reveal(), secret.Prefix())[:12])) {
				t.Error("the secret is stored")
			}
		}
	})
}

// everything is all that a database holds: the file and its log, or the rows as text.
func everything(t *testing.T, url string) (all []byte) {
	t.Helper()
	if path, isFile := strings.CutPrefix(url, "sqlite:"); isFile {
		for _, name := range []string{path, path + "-wal"} {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, text...)
		}
		return all
	}
	db := storetest.Raw(t, url)
	for _, table := range relations(t, db, url) {
		var rows string
		err := db.QueryRowContext(context.Background(), "SELECT COALESCE(string_agg(t::text, E'\\n'), '') FROM \""+table+"\" AS t").Scan(&rows)
		if err == nil { // an index is no table
			all = append(all, rows...)
		}
	}
	return all
}
