package store_test

import (
	"context"
	"errors"
	"testing"

	"codexible/accounts"
	"codexible/store"
	"codexible/store/storetest"
)

func TestAnEMailIsOneUserHoweverItIsComposed(t *testing.T) {
	const composed, decomposed = "\u00e9va@example.com", "e\u0301va@example.com"
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		ctx := context.Background()
		s := storetest.Connect(t, url, storetest.NewClock(storetest.Start).Now)
		create := func(email string) (store.UserLine, error) {
			return s.CreateUser(ctx, accounts.ActorCLI, accounts.NewUser{Email: email, Plan: "Pro"})
		}
		u, err := create(decomposed)
		if err != nil || u.Email != composed {
			t.Fatalf("%+q, %v", u.Email, err)
		}
		for _, email := range []string{composed, decomposed, "É" + composed[2:], "ｅ\u0301va＠example.com"} {
			if _, err := create(email); !errors.Is(err, accounts.ErrEmailTaken) {
				t.Errorf("%+q makes another user: %v", email, err)
			}
			if found, err := s.UserByEmail(ctx, email); err != nil || found.ID != u.ID {
				t.Errorf("%+q finds %v, %v", email, found.ID, err)
			}
			if found, err := s.CredentialsByEmail(ctx, email); err != nil || found.UserID != u.ID {
				t.Errorf("%+q signs in as %v, %v", email, found.UserID, err)
			}
		}
		// A user of the time when e-mails were kept as they were typed.
		storetest.Exec(t, url, "UPDATE users SET email = '"+decomposed+"', email_folded = '"+decomposed+"' WHERE email = '"+composed+"'")
		for _, email := range []string{composed, decomposed} {
			if found, err := s.UserByEmail(ctx, email); err != nil || found.ID != u.ID {
				t.Errorf("kept as it was typed, %+q finds %v, %v", email, found.ID, err)
			}
			if _, err := create(email); !errors.Is(err, accounts.ErrEmailTaken) {
				t.Errorf("kept as it was typed, %+q makes another user: %v", email, err)
			}
		}
	})
}
