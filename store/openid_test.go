package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/store"
	"codexible/store/storetest"
)

func newcomer() store.OpenIDPerson {
	return store.OpenIDPerson{Issuer: "https://login.example.com", Subject: "1", Email: "New@Example.com", Name: "New", EmailVerified: true, Role: accounts.RoleViewer}
}

func TestASignInWithOpenIDIsTakenOnceByTheBrowserThatBegan(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, n := context.Background(), store.OpenIDSignIn{Nonce: "n", Verifier: "v", Next: "/admin/plans"}
		browser := accounts.MintToken()
		begin := func() accounts.Token {
			state := accounts.MintToken()
			if err := s.BeginOpenID(ctx, state, browser, n); err != nil {
				t.Fatal(err)
			}
			return state
		}
		state := begin()
		if got, err := s.TakeOpenID(ctx, state, browser, false); err != nil || got != n {
			t.Errorf("%+v %v, want what was kept", got, err)
		}
		if _, err := s.TakeOpenID(ctx, state, browser, false); !errors.Is(err, store.ErrOpenIDOver) {
			t.Errorf("taken again: %v", err)
		}
		state = begin()
		for _, by := range []accounts.Token{accounts.MintToken(), browser} {
			if _, err := s.TakeOpenID(ctx, state, by, false); !errors.Is(err, store.ErrOpenIDOver) {
				t.Errorf("by another browser, or after it: %v", err)
			}
		}
		state, _ = begin(), begin()
		clock.Add(store.OpenIDLife)
		if _, err := s.TakeOpenID(ctx, state, browser, false); !errors.Is(err, store.ErrOpenIDOver) {
			t.Errorf("too late: %v", err)
		}
		if err := s.SweepSessions(ctx); err != nil || begunSignIns(t, s) != 0 {
			t.Errorf("what has expired is kept: %v", err)
		}
	})
}

func begunSignIns(t *testing.T, s *store.Store) (n int) {
	t.Helper()
	empty, err := store.ReadModels(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	if slices.Contains(empty, "openid_sign_ins") {
		return 0
	}
	return 1
}

func TestAPersonOfAProviderIsAUserWithTheRoleOfTheRules(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		by := accounts.Actor{Name: accounts.ActorOpenID}
		storetest.NewCustomer(t, s, "Pro")
		unknown := newcomer()
		unknown.Role = ""
		unverified := newcomer()
		unverified.EmailVerified = false
		for p, want := range map[store.OpenIDPerson]error{unknown: store.ErrOpenIDNoRole, unverified: store.ErrOpenIDUnverified} {
			if _, err := s.AdmitOpenID(ctx, by, p); !errors.Is(err, want) {
				t.Errorf("%v, want %v", err, want)
			}
		}
		if _, err := s.UserByEmail(ctx, "new@example.com"); !errors.Is(err, accounts.ErrUserNotFound) {
			t.Fatalf("a refused sign-in made a user: %v", err)
		}
		c := must[store.Credentials](t)(s.AdmitOpenID(ctx, by, newcomer()))
		if c.Role != accounts.RoleViewer || c.Email != "New@Example.com" || c.PasswordHash != "" {
			t.Errorf("made as %+v", c)
		}
		if err := s.AddSetupLink(ctx, accounts.MintToken()); err != nil {
			t.Errorf("a viewer alone closes the set-up: %v", err)
		}
		clock.Add(time.Hour)
		raised := newcomer()
		raised.Role, raised.Email, raised.EmailVerified = accounts.RoleAdmin, "another@example.com", false
		again := must[store.Credentials](t)(s.AdmitOpenID(ctx, by, raised))
		if again.UserID != c.UserID || again.Role != accounts.RoleAdmin {
			t.Errorf("signed in again as %+v, want %v as an admin", again, c.UserID)
		}
		if err := s.AddSetupLink(ctx, accounts.MintToken()); !errors.Is(err, store.ErrSetupOver) {
			t.Errorf("an admin of a provider signs in, and the set-up is open: %v", err)
		}
		recycled := newcomer()
		recycled.Subject = "2"
		if _, err := s.AdmitOpenID(ctx, by, recycled); !errors.Is(err, store.ErrOpenIDTaken) {
			t.Errorf("the address of a linked user opens it: %v", err)
		}
		session := must[accounts.Session](t)(s.OpenSession(ctx, by, store.NewSession{UserID: c.UserID, Token: accounts.MintToken()}))
		gone := newcomer()
		gone.Role = ""
		if _, err := s.AdmitOpenID(ctx, by, gone); !errors.Is(err, store.ErrOpenIDNoRole) {
			t.Errorf("without a role: %v", err)
		}
		u := must[store.UserLine](t)(s.User(ctx, c.UserID))
		if left := must[[]accounts.Session](t)(s.Sessions(ctx, c.UserID)); u.Role != accounts.RoleUser || len(left) != 0 {
			t.Errorf("role %s and %d sessions (%v) are left without a role", u.Role, len(left), session.ID)
		}
	})
}

func TestAtOnceAPersonOfAProviderIsMadeOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		storetest.NewCustomer(t, s, "Pro")
		results := make(chan error, 8)
		for range cap(results) {
			go func() {
				_, err := s.AdmitOpenID(context.Background(), accounts.Actor{Name: accounts.ActorOpenID}, newcomer())
				results <- err
			}()
		}
		for range cap(results) {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
		if users := must[[]store.UserLine](t)(s.Users(context.Background(), store.UserQuery{Text: "new@example", Page: store.Page{Limit: 10}})); len(users) != 1 {
			t.Errorf("%d users were made", len(users))
		}
	})
}
