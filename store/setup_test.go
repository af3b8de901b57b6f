package store_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/store"
	"codexible/store/storetest"

	"github.com/google/uuid"
)

func TestASetupLinkMakesOneOperatorOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		one, two, stale := accounts.MintToken(), accounts.MintToken(), accounts.MintToken()
		if err := s.AddSetupLink(ctx, stale); err != nil {
			t.Fatal(err)
		}
		clock.Add(store.SetupLife)
		if err := s.SetupOpen(ctx, stale); !errors.Is(err, store.ErrSetupOver) {
			t.Fatal("a link of yesterday:", err)
		}
		for _, token := range []accounts.Token{one, two} {
			if err := s.AddSetupLink(ctx, token); err != nil {
				t.Fatal(err)
			}
		}
		if has := must[bool](t)(s.HasOperator(ctx)); has {
			t.Fatal("an operator before the set-up")
		}
		id := must[uuid.UUID](t)(s.SetUp(ctx, operator, one, "Ada@Example.com", "Ada", "hash"))
		u := must[store.UserLine](t)(s.User(ctx, id))
		if u.Role != accounts.RoleAdmin || u.Email != "Ada@Example.com" || !must[bool](t)(s.HasOperator(ctx)) {
			t.Fatalf("the operator is %+v", u)
		}
		for _, token := range []accounts.Token{one, two, stale} {
			if _, err := s.SetUp(ctx, operator, token, "eve@example.com", "", "hash"); !errors.Is(err, store.ErrSetupOver) {
				t.Fatal("a second use:", err)
			}
		}
	})
}

// link makes a set-up link.
func link(t *testing.T, s *store.Store) accounts.Token {
	t.Helper()
	token := accounts.MintToken()
	if err := s.AddSetupLink(context.Background(), token); err != nil {
		t.Fatal(err)
	}
	return token
}

func TestASetupLinkDiesWhenSomebodyCanSignInWhoeverMadeHim(t *testing.T) {
	for name, promote := range map[string]func(*testing.T, *store.Store){
		"an admin made with a password": func(t *testing.T, s *store.Store) { admin(t, s) },
		"a password for an admin": func(t *testing.T, s *store.Store) {
			u := createUser(t, s, accounts.NewUser{Email: "op@example.com", Plan: "Pro", Role: accounts.RoleAdmin})
			if err := s.SetPassword(context.Background(), operator, u.ID, "hash"); err != nil {
				t.Fatal(err)
			}
		},
		"the role for who has a password": func(t *testing.T, s *store.Store) {
			u := createUser(t, s, accounts.NewUser{Email: "op@example.com", Plan: "Pro", PasswordHash: "hash"})
			must[store.UserLine](t)(s.ChangeUser(context.Background(), operator, u.ID, accounts.UserChange{Role: new(accounts.RoleAdmin)}))
		},
		"an admin reactivated": func(t *testing.T, s *store.Store) {
			u := createUser(t, s, accounts.NewUser{Email: "op@example.com", Plan: "Pro", Role: accounts.RoleAdmin})
			must[store.UserLine](t)(s.ChangeUser(context.Background(), operator, u.ID, accounts.UserChange{Status: new(accounts.StatusSuspended)}))
			if err := s.SetPassword(context.Background(), operator, u.ID, "hash"); err != nil {
				t.Fatal(err)
			}
			must[store.UserLine](t)(s.ChangeUser(context.Background(), operator, u.ID, accounts.UserChange{Status: new(accounts.StatusActive)}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.EachMigratedURL(t, func(t *testing.T, url string) {
				// Another instance offers the link.
				clock := storetest.NewClock(storetest.Start)
				s, other, ctx := storetest.Connect(t, url, clock.Now), storetest.Connect(t, url, clock.Now), context.Background()
				token := link(t, other)
				createUser(t, s, accounts.NewUser{Email: "bob@example.com", Plan: "Pro", PasswordHash: "hash"})
				createUser(t, s, accounts.NewUser{Email: "script@example.com", Plan: "Pro", Role: accounts.RoleAdmin})
				if err := other.SetupOpen(ctx, token); err != nil {
					t.Fatal("users who cannot sign in end no link:", err)
				}
				promote(t, s)
				if err := other.SetupOpen(ctx, token); !errors.Is(err, store.ErrSetupOver) {
					t.Error("the link is open:", err)
				}
				if _, err := other.SetUp(ctx, operator, token, "eve@example.com", "", "hash"); !errors.Is(err, store.ErrSetupOver) {
					t.Error("the link makes an operator:", err)
				}
				if n := storetest.Count(t, storetest.Raw(t, url), "SELECT COUNT(*) FROM setup_links"); n != 0 {
					t.Errorf("%d links are kept, and open again when the operator goes", n)
				}
				if err := other.AddSetupLink(ctx, accounts.MintToken()); !errors.Is(err, store.ErrSetupOver) {
					t.Error("another link is made:", err)
				}
			})
		})
	}
}

// A link that was left over opens nothing either: the set-up itself checks.
func TestASetupDecidesInItsTransactionThatNobodyCanSignIn(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		s, ctx := storetest.Connect(t, url, storetest.NewClock(storetest.Start).Now), context.Background()
		token := link(t, s)
		createUser(t, s, accounts.NewUser{Email: "op@example.com", Plan: "Pro", Role: accounts.RoleAdmin})
		storetest.Exec(t, url, "UPDATE users SET password_hash = 'hash'")
		if _, err := s.SetUp(ctx, operator, token, "eve@example.com", "", "hash"); !errors.Is(err, store.ErrSetupOver) {
			t.Error("the link makes an operator:", err)
		}
		if err := s.SetupOpen(ctx, token); !errors.Is(err, store.ErrSetupOver) {
			t.Error("the link is open:", err)
		}
	})
}

func TestASetupChangesNoUserWhoExists(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx := context.Background()
		u, _ := customer(t, s, "ada@example.com", "Starter")
		token := link(t, s)
		if _, err := s.SetUp(ctx, operator, token, "ADA@example.com", "Eve", "hash"); !errors.Is(err, store.ErrSetupEmail) {
			t.Fatal("a set-up in the name of a user:", err)
		}
		if after := must[store.UserLine](t)(s.User(ctx, u.ID)); !reflect.DeepEqual(after.User, u.User) {
			t.Errorf("the user was %+v and is %+v", u.User, after.User)
		}
		if got := must[store.Credentials](t)(s.CredentialsByEmail(ctx, "ada@example.com")); got.PasswordHash != "" {
			t.Error("the user has a password")
		}
		if err := s.SetupOpen(ctx, token); err != nil {
			t.Error("the refusal cost the link:", err)
		}
	})
}

func TestOfManySetupsAtOnceOneMakesTheFirstOperator(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		clock := storetest.NewClock(storetest.Start)
		s, other, ctx := storetest.Connect(t, url, clock.Now), storetest.Connect(t, url, clock.Now), context.Background()
		const tries = 6
		made := make(chan error, 2*tries)
		tokens := make([]accounts.Token, tries)
		for i := range tokens {
			tokens[i] = link(t, s)
		}
		start := make(chan struct{})
		for i, token := range tokens {
			on := []*store.Store{s, other}[i%2]
			go func() {
				<-start
				_, err := on.SetUp(ctx, operator, token, uuid.NewString()+"@example.com", "", "hash")
				made <- err
			}()
		}
		close(start)
		succeeded := 0
		for range tries {
			if err := <-made; err == nil {
				succeeded++
			} else if !errors.Is(err, store.ErrSetupOver) {
				t.Error(err)
			}
		}
		if n := storetest.Count(t, storetest.Raw(t, url), "SELECT COUNT(*) FROM users WHERE role = 'admin'"); succeeded != 1 || n != 1 {
			t.Errorf("%d succeeded and made %d operators, want 1", succeeded, n)
		}
	})
}

func TestTakingOverAnAccountEndsItsSessionsSignInsAndKnownBrowsers(t *testing.T) {
	for name, change := range map[string]func(*store.Store, uuid.UUID) error{
		"password": func(s *store.Store, id uuid.UUID) error {
			return s.SetPassword(context.Background(), operator, id, "other")
		},
		"status": func(s *store.Store, id uuid.UUID) error {
			return second(s.ChangeUser(context.Background(), operator, id, accounts.UserChange{Status: new(accounts.StatusSuspended)}))
		},
		"role": func(s *store.Store, id uuid.UUID) error {
			return second(s.ChangeUser(context.Background(), operator, id, accounts.UserChange{Role: new(accounts.RoleUser)}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.EachMigratedURL(t, func(t *testing.T, url string) {
				s, ctx := storetest.Connect(t, url, storetest.NewClock(storetest.Start).Now), context.Background()
				u := admin(t, s)
				waiting, full := accounts.MintToken(), accounts.MintToken()
				browser := accounts.MintToken()
				w := must[accounts.Session](t)(s.OpenSession(ctx, operator, store.NewSession{UserID: u.ID, Token: waiting, CodePending: true, PasswordHash: "hash"}))
				f := must[accounts.Session](t)(s.OpenSession(ctx, operator, store.NewSession{UserID: u.ID, Token: full, PasswordHash: "hash", Browser: browser}))
				if !must[bool](t)(s.TakeForm(ctx, f.ID, "form")) || must[string](t)(s.BrowserOwner(ctx, browser)) != operator.Name {
					t.Fatal("a form is not taken, or a browser not known")
				}
				if err := change(s, u.ID); err != nil {
					t.Fatal(err)
				}
				for _, token := range []accounts.Token{waiting, full} {
					if _, found, err := s.OperatorByToken(ctx, token); found || err != nil {
						t.Error("a session is left:", err)
					}
				}
				if owner := must[string](t)(s.BrowserOwner(ctx, browser)); owner != "" {
					t.Error("the browser is known as that of", owner)
				}
				if err := second(s.OpenSession(ctx, operator, store.NewSession{UserID: u.ID, Token: accounts.MintToken(), Replaces: w.ID, FromPending: true})); !errors.Is(err, store.ErrSignInOver) {
					t.Error("the second step of a sign-in that is over:", err)
				}
				if err := second(s.OpenSession(ctx, operator, store.NewSession{UserID: u.ID, Token: accounts.MintToken(), PasswordHash: "hash"})); !errors.Is(err, store.ErrSignInOver) {
					t.Error("a sign-in that was decided on what was before:", err)
				}
				db := storetest.Raw(t, url)
				for _, table := range []string{"console_sessions", "known_browsers", "taken_forms"} {
					if n := storetest.Count(t, db, "SELECT COUNT(*) FROM "+table); n != 0 {
						t.Errorf("%s has %d rows", table, n)
					}
				}
			})
		})
	}
}

func TestABrowserIsKnownByItsLastTokenForItsOwnerAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		u := admin(t, s)
		first, next := accounts.MintToken(), accounts.MintToken()
		owner := func(token accounts.Token) string { return must[string](t)(s.BrowserOwner(ctx, token)) }
		for _, n := range []store.NewSession{{Browser: first}, {Browser: next, OldBrowser: first}} {
			n.UserID, n.Token, n.PasswordHash = u.ID, accounts.MintToken(), "hash"
			must[accounts.Session](t)(s.OpenSession(ctx, operator, n))
		}
		if owner(first) != "" || owner(next) != operator.Name || owner(accounts.MintToken()) != "" {
			t.Errorf("known are %q, %q and %q", owner(first), owner(next), owner(accounts.MintToken()))
		}
		// A sign-in that waits for its code makes no browser known.
		must[accounts.Session](t)(s.OpenSession(ctx, operator, store.NewSession{UserID: u.ID, Token: accounts.MintToken(), PasswordHash: "hash", CodePending: true, Browser: first}))
		if owner(first) != "" {
			t.Error("a password alone makes a browser known")
		}
		clock.Add(accounts.BrowserLifetime + time.Second)
		if owner(next) != "" {
			t.Error("a browser is known for good")
		}
	})
}
