package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/events"
	"codexible/fault"
	"codexible/keys"
	"codexible/store"
	"codexible/store/storetest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// visitor asks for links and opens sessions in one browser.
type visitor struct {
	t       *testing.T
	s       *store.Store
	browser accounts.Token
	admits  accounts.Registration
}

// stranger is who a sign-in is by, until it is known who it is.
var stranger = accounts.Actor{Name: "nobody", Address: "203.0.113.7", RequestID: "request"}

func newVisitor(t *testing.T, s *store.Store) *visitor {
	t.Helper()
	return &visitor{t: t, s: s, browser: accounts.MintToken()}
}

// registering lets the visitor make accounts, so many a day.
func (v *visitor) registering(most int64, domains ...string) *visitor {
	v.admits = accounts.Registration{Plan: "Starter", DailyLimit: most, Domains: domains}
	return v
}

// asks makes the visitor ask for a link; made is whether one is to be sent.
func (v *visitor) asks(email string) (token accounts.Token, made bool) {
	v.t.Helper()
	token = accounts.MintToken()
	_, made, err := v.s.AddSignInLink(context.Background(), stranger, email, token, v.browser, v.admits)
	if err != nil {
		v.t.Fatal(err)
	}
	return token, made
}

// opens uses a link to open a session.
func (v *visitor) opens(link accounts.Token) (keys.Secret, store.CustomerSession, error) {
	secret := keys.MintSession()
	opened, err := v.s.OpenByLink(context.Background(), stranger, link, v.browser, store.NewCustomerSession{Token: secret, UserAgent: "Browser"}, v.admits)
	return secret, opened, err
}

// signsIn does both.
func (v *visitor) signsIn(email string) (keys.Secret, store.CustomerSession) {
	v.t.Helper()
	link, _ := v.asks(email)
	secret, opened, err := v.opens(link)
	if err != nil {
		v.t.Fatal(err)
	}
	return secret, opened
}

// open reports whether a session lets its bearer in.
func open(t *testing.T, s *store.Store, session keys.Secret) bool {
	t.Helper()
	_, err := s.IdentityBySession(context.Background(), session.Hash())
	if err != nil && !errors.Is(err, keys.ErrNotFound) {
		t.Fatal(err)
	}
	return err == nil
}

func TestASessionIsItsUserWithThePlan(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, c := context.Background(), storetest.NewCustomer(t, s, "Pro")
		secret, opened := newVisitor(t, s).signsIn(c.User.Email)
		byKey, byKeyErr := s.IdentityByHash(ctx, c.Secret.Hash())
		bySession, err := s.IdentityBySession(ctx, secret.Hash())
		if err != nil || byKeyErr != nil {
			t.Fatal(err, byKeyErr)
		}
		if diff := cmp.Diff([]any{byKey.User, byKey.Plan}, []any{bySession.User, bySession.Plan}); diff != "" {
			t.Errorf("the session's user and plan differ from the key's: %s", diff)
		}
		want := keys.Key{ID: opened.ID, UserID: c.User.ID, Prefix: keys.SessionPrefix, Status: keys.StatusActive, CreatedAt: clock.Now(), LastUsedAt: new(clock.Now()),
			ExpiresAt: new(clock.Now().Add(30 * 24 * time.Hour)), Scopes: keys.DefaultScopes(accounts.RoleUser), CreatedBy: c.User.Email}
		if diff := cmp.Diff(want, bySession.Key); diff != "" || !bySession.BySession {
			t.Error(diff)
		}
		if id, err := s.IdentityByHash(ctx, secret.Hash()); id != nil || !errors.Is(err, keys.ErrNotFound) {
			t.Errorf("the session is a key: %v, %v", id, err)
		}
		if open(t, s, c.Secret) || open(t, s, keys.MintSession()) {
			t.Error("what is no session opens")
		}
		list := must[[]accounts.Session](t)(s.CustomerSessions(ctx, c.User.ID))
		if len(list) != 1 || list[0].Address != "203.0.113.7" || list[0].UserAgent != "Browser" || list[0].ID != opened.ID {
			t.Errorf("the sessions: %+v", list)
		}
	})
}

func TestASessionEndsIdleAfterAWeekAndInAnyCaseAfterAMonth(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, c := context.Background(), storetest.NewCustomer(t, s, "Pro")
		idle, _ := newVisitor(t, s).signsIn(c.User.Email)
		used, opened := newVisitor(t, s).signsIn(c.User.Email)
		began := clock.Now()
		touch := func(at time.Time) {
			t.Helper()
			if err := s.TouchSessions(ctx, map[uuid.UUID]time.Time{opened.ID: at}); err != nil {
				t.Fatal(err)
			}
		}
		touch(began.Add(-time.Hour)) // it never moves back
		clock.Set(began.Add(7*24*time.Hour - time.Second))
		if !open(t, s, idle) || !open(t, s, used) {
			t.Error("a session ended within its week")
		}
		touch(clock.Now())
		clock.Add(time.Second)
		if open(t, s, idle) || !open(t, s, used) {
			t.Error("after a week the idle session is over, and the other is not")
		}
		for range 4 {
			touch(clock.Now())
			clock.Add(5 * 24 * time.Hour)
		}
		touch(clock.Now())
		clock.Set(began.Add(30*24*time.Hour - time.Microsecond))
		if !open(t, s, used) {
			t.Error("a session in use ended within its month")
		}
		clock.Add(time.Microsecond)
		if open(t, s, used) || len(must[[]accounts.Session](t)(s.CustomerSessions(ctx, c.User.ID))) != 0 {
			t.Error("after a month the session is over")
		}
		if _, made := newVisitor(t, s).asks(c.User.Email); !made {
			t.Error("a link is asked for in vain")
		}
		clock.Add(accounts.SignInLinkLife)
		if err := s.SweepSessions(ctx); err != nil {
			t.Fatal(err)
		}
		empty := must[[]string](t)(store.ReadModels(ctx, s))
		for _, table := range []string{"customer_sessions", "sign_in_links"} {
			if !slices.Contains(empty, table) {
				t.Errorf("%s has rows after the sweep", table)
			}
		}
	})
}

func TestWhatEndsTheSessionsOfAUser(t *testing.T) {
	for name, end := range map[string]func(s *store.Store, u store.UserLine, session uuid.UUID) error{
		"a suspension": func(s *store.Store, u store.UserLine, _ uuid.UUID) error {
			return second(s.ChangeUser(context.Background(), ada, u.ID, accounts.UserChange{Status: new(accounts.StatusSuspended)}))
		},
		"another e-mail": func(s *store.Store, u store.UserLine, _ uuid.UUID) error {
			return second(s.ChangeUser(context.Background(), ada, u.ID, accounts.UserChange{Email: new("other@example.com")}))
		},
		"another role": func(s *store.Store, u store.UserLine, _ uuid.UUID) error {
			return second(s.ChangeUser(context.Background(), ada, u.ID, accounts.UserChange{Role: new(accounts.RoleService)}))
		},
		"an erasure": func(s *store.Store, u store.UserLine, _ uuid.UUID) error {
			return second(s.EraseUser(context.Background(), ada, u.ID, u.Email))
		},
		"its sign-out": func(s *store.Store, u store.UserLine, session uuid.UUID) error {
			return s.EndCustomerSession(context.Background(), accounts.Actor{Name: u.Email}, u.ID, session, false)
		},
		"a sign-out everywhere": func(s *store.Store, u store.UserLine, session uuid.UUID) error {
			return s.EndCustomerSession(context.Background(), accounts.Actor{Name: u.Email}, u.ID, session, true)
		},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
				ctx, c, d := context.Background(), storetest.NewCustomer(t, s, "Pro"), storetest.NewCustomer(t, s, "Pro")
				v := newVisitor(t, s)
				session, opened := v.signsIn(c.User.Email)
				another, _ := v.signsIn(c.User.Email)
				others, _ := v.signsIn(d.User.Email)
				link, _ := v.asks(c.User.Email)
				w := &watcher{read: func() string { return "" }, seen: make(chan accounts.Change, 100)}
				s.Subscribe(w)
				if err := s.EndCustomerSession(ctx, accounts.Actor{Name: d.User.Email}, d.User.ID, opened.ID, false); err != nil || !open(t, s, session) {
					t.Errorf("somebody else ends a session: %v", err)
				}
				if err := end(s, c.User, opened.ID); err != nil {
					t.Fatal(err)
				}
				if open(t, s, session) || !open(t, s, others) || open(t, s, another) != (name == "its sign-out") {
					t.Error("other sessions have ended than those that should")
				}
				published := false
				for len(w.seen) > 0 {
					c := <-w.seen
					published = published || c.ID == opened.ID || c.ID == opened.User.ID
				}
				if !published {
					t.Error("other processes are not told")
				}
				_, _, err := v.opens(link)
				if signedOut := name == "its sign-out" || name == "a sign-out everywhere"; (err == nil) != signedOut {
					t.Errorf("the link that was open: %v", err)
				}
			})
		})
	}
}

func TestOneSessionTooManyEndsTheOldest(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		c, v := storetest.NewCustomer(t, s, "Pro"), newVisitor(t, s)
		var all []keys.Secret
		for range accounts.MaxCustomerSessions + 2 {
			session, _ := v.signsIn(c.User.Email)
			all = append(all, session)
			clock.Add(time.Second)
		}
		for i, session := range all {
			if open(t, s, session) != (i >= 2) {
				t.Errorf("session %d is open: %t", i, i < 2)
			}
		}
		ended := 0
		for _, e := range auditLog(t, s) {
			if e.Action == "session.ended" && e.Target == c.User.Email {
				ended++
			}
		}
		if ended != 2 {
			t.Errorf("%d sessions ended by the audit log", ended)
		}
	})
}

func TestASessionMayWithKeysWhatAFullKeyMayAndNothingOnceItHasEnded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx, c := context.Background(), storetest.NewCustomer(t, s, "Pro")
		signsIn := func(email string) (uuid.UUID, accounts.Actor) {
			_, opened := newVisitor(t, s).signsIn(email)
			return opened.ID, accounts.Actor{Name: email, UserID: c.User.ID, KeyPrefix: keys.SessionPrefix, SessionID: opened.ID}
		}
		_, by := signsIn(c.User.Email)
		create := func(n keys.NewKey) (keys.Key, error) {
			n.UserID, n.Secret, n.ByOwner = c.User.ID, keys.Mint(), true
			return s.CreateKey(ctx, by, n)
		}
		k := must[keys.Key](t)(create(keys.NewKey{Scopes: []string{"models"}}))
		if k.CreatedBy != c.User.Email || k.CreatedByKeyID != nil {
			t.Errorf("%+v", k)
		}
		_, err := create(keys.NewKey{Scopes: []string{"models", "charge"}})
		wantKind(t, err, fault.InsufficientScope)
		if _, err := s.ChangeUser(ctx, ada, c.User.ID, accounts.UserChange{Email: new("other@example.com")}); err != nil {
			t.Fatal(err)
		}
		session, by := signsIn("other@example.com")
		widen := keys.KeyChange{Scopes: []string{"models", "usage"}}
		if _, err := s.ChangeKey(ctx, by, k.ID, c.User.ID, widen); err != nil {
			t.Errorf("what the session narrowed it does not widen: %v", err)
		}
		if _, err := s.ChangeKey(ctx, ada, k.ID, uuid.Nil, keys.KeyChange{Scopes: []string{"models"}}); err != nil {
			t.Fatal(err)
		}
		_, err = s.ChangeKey(ctx, by, k.ID, c.User.ID, widen)
		wantKind(t, err, fault.InsufficientScope) // an operator has limited it since
		if err := s.EndCustomerSession(ctx, by, c.User.ID, session, false); err != nil {
			t.Fatal(err)
		}
		for name, err := range map[string]error{
			"make a key":   second(s.CreateKey(ctx, by, keys.NewKey{UserID: c.User.ID, Secret: keys.Mint(), ByOwner: true})),
			"change a key": second(s.ChangeKey(ctx, by, k.ID, c.User.ID, keys.KeyChange{Label: new("X")})),
			"rotate a key": second(s.RotateKey(ctx, by, keys.Rotation{KeyID: k.ID, Secret: keys.Mint()}, c.User.ID)),
			"revoke a key": s.RevokeKey(ctx, by, k.ID, c.User.ID),
		} {
			if !errors.Is(err, keys.ErrSessionOver) {
				t.Errorf("a session that ended meanwhile can %s: %v", name, err)
			}
		}
	})
}

func TestALinkOpensOneSessionInItsBrowserForAQuarterOfAnHour(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		c, v, other := storetest.NewCustomer(t, s, "Pro"), newVisitor(t, s), newVisitor(t, s)
		wants := func(what string, err, want error) {
			t.Helper()
			if !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", what, err, want)
			}
		}
		first, _ := v.asks(c.User.Email)
		elsewhere, _ := other.asks(c.User.Email)
		link, _ := v.asks(c.User.Email)
		_, _, err := v.opens(first)
		wants("a link that a newer one replaced", err, store.ErrLinkOver)
		_, _, err = other.opens(link)
		wants("another browser", err, store.ErrLinkElsewhere)
		clock.Add(accounts.SignInLinkLife - time.Second)
		if _, opened, err := v.opens(link); err != nil || opened.Created || opened.User.ID != c.User.ID {
			t.Errorf("the link opens nothing after another browser tried it: %v", err)
		}
		_, _, err = v.opens(link)
		wants("a link once more", err, store.ErrLinkOver)
		if _, _, err := other.opens(elsewhere); err != nil {
			t.Errorf("a link of another browser was replaced: %v", err)
		}
		late, _ := v.asks(c.User.Email)
		clock.Add(accounts.SignInLinkLife)
		_, _, err = v.opens(late)
		wants("a link after its time", err, store.ErrLinkOver)
		_, _, err = other.opens(late)
		wants("a link after its time, in another browser", err, store.ErrLinkOver)
		_, _, err = v.opens(accounts.MintToken())
		wants("no link", err, store.ErrLinkOver)
	})
}

func TestLinksAreMadeForActiveCustomersAndThoseWhoMayRegister(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx, c := context.Background(), storetest.NewCustomer(t, s, "Pro")
		for _, role := range []accounts.Role{accounts.RoleService, accounts.RoleViewer, accounts.RoleAdmin} {
			createUser(t, s, accounts.NewUser{Email: string(role) + "@example.com", Plan: "Pro", Role: role})
		}
		suspended := createUser(t, s, accounts.NewUser{Email: "suspended@example.com", Plan: "Pro"})
		if _, err := s.ChangeUser(ctx, ada, suspended.ID, accounts.UserChange{Status: new(accounts.StatusSuspended)}); err != nil {
			t.Fatal(err)
		}
		before := len(auditLog(t, s))
		v := newVisitor(t, s)
		for _, email := range []string{"service@example.com", "viewer@example.com", "admin@example.com", "suspended@example.com", "stranger@example.com", "\x00@example.com"} {
			if _, made := v.asks(email); made {
				t.Errorf("a link was made for %q", email)
			}
		}
		v.registering(10, "example.com", "b\u00fccher.example")
		for email, want := range map[string]bool{"stranger@example.com": true, "stranger@EXAMPLE.com": true, "x@B\u00dcCHER.example": true, "stranger@sub.example.com": false, "stranger@example.org": false, "stranger@notexample.com": false, "admin@example.com": false, "suspended@example.com": false} {
			if _, made := v.asks(email); made != want {
				t.Errorf("a link for %s: %t", email, made)
			}
		}
		if n := len(auditLog(t, s)) - before; n != 3 {
			t.Errorf("%d entries of the audit log for 3 links", n)
		}
		if _, made := v.asks(c.User.Email); !made {
			t.Error("no link for a customer of another domain")
		}
	})
}

func TestAnAccountIsMadeByItsLinkWithTheEventOfAllNewUsers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, v := context.Background(), newVisitor(t, s).registering(2)
		newWebhook(t, s, events.WebhookChange{})
		link, _ := v.asks("Eve@example.com")
		again, _ := newVisitor(t, s).registering(2).asksIn(v.browser, "eve@EXAMPLE.com") // it replaces the first
		_, _, err := v.opens(link)
		if !errors.Is(err, store.ErrLinkOver) {
			t.Errorf("a link that was replaced: %v", err)
		}
		_, opened, err := v.opens(again)
		if err != nil || !opened.Created || opened.User.Email != "eve@EXAMPLE.com" || opened.User.PlanName != "Starter" || opened.User.Role != accounts.RoleUser || opened.User.Status != accounts.StatusActive {
			t.Fatalf("%+v, %v", opened, err)
		}
		e := auditLog(t, s)[1]
		if e.Action != "user.created" || e.Actor != "eve@EXAMPLE.com" || e.SubjectID != opened.User.ID || e.Details != "eve@EXAMPLE.com made an account on plan Starter." {
			t.Errorf("%+v", e)
		}
		told := 0
		err = s.EachEventOf(ctx, opened.User.ID, func(e events.Event) error {
			if e.Type == events.UserCreated {
				told++
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if told != 1 {
			t.Errorf("%d events of a new user", told)
		}
		// Who got an account in the meantime is signed in to it, and an operator is not.
		early, _ := v.asks("late@example.com")
		boss, _ := v.asks("boss@example.com")
		made := createUser(t, s, accounts.NewUser{Email: "late@example.com", Plan: "Pro"})
		createUser(t, s, accounts.NewUser{Email: "boss@example.com", Plan: "Pro", Role: accounts.RoleAdmin})
		if _, opened, err := v.opens(early); err != nil || opened.Created || opened.User.ID != made.ID {
			t.Errorf("%+v, %v", opened, err)
		}
		if _, _, err := v.opens(boss); !errors.Is(err, store.ErrLinkOver) {
			t.Errorf("an operator signs in: %v", err)
		}
		// What was allowed when the link was sent may not be when it is used.
		closed, _ := v.asks("closed@example.com")
		v.admits = accounts.Registration{}
		_, _, err = v.opens(closed)
		wantKind(t, err, fault.Forbidden)
		v.registering(2).admits.Plan = "Gone"
		_, _, err = v.opens(closed)
		wantKind(t, err, fault.Unavailable)
		if _, opened, err := v.registering(2).opens(closed); err != nil || !opened.Created {
			t.Errorf("the link was lost: %v", err)
		}
		full, _ := v.asks("full@example.com")
		_, _, err = v.opens(full)
		if f := fault.As(err); !errors.Is(err, store.ErrRegistrationsFull) || f.RetryAfter != 12*time.Hour {
			t.Errorf("%v, again after %v", err, f.RetryAfter)
		}
		if _, err := s.UserByEmail(ctx, "full@example.com"); !errors.Is(err, accounts.ErrUserNotFound) {
			t.Errorf("the account was made: %v", err)
		}
		clock.Add(12 * time.Hour)
		v.signsIn("full@example.com") // tomorrow
	})
}

// asksIn is asks in another browser.
func (v *visitor) asksIn(browser accounts.Token, email string) (accounts.Token, bool) {
	v.t.Helper()
	v.browser = browser
	return v.asks(email)
}

func TestOfUsesOfALinkAtOnceOneOpensASession(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		c, v := storetest.NewCustomer(t, s, "Pro"), newVisitor(t, s).registering(100)
		for _, email := range []string{c.User.Email, "new@example.com"} {
			link, _ := v.asks(email)
			errs := atOnce(8, func(int) error {
				_, _, err := v.opens(link)
				return err
			})
			opened := 0
			for _, err := range errs {
				if err == nil {
					opened++
				} else if !errors.Is(err, store.ErrLinkOver) {
					t.Error(err)
				}
			}
			if opened != 1 {
				t.Errorf("%d sessions by one link to %s", opened, email)
			}
		}
	})
}

func TestTheDaysLimitOfAccountsHoldsForManyAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		const people, most = 12, 5
		v := newVisitor(t, s).registering(most)
		links := make([]accounts.Token, people)
		for i := range links {
			links[i], _ = v.asks(fmt.Sprintf("new%d@example.com", i))
		}
		made, full := 0, 0
		for _, err := range atOnce(people, func(i int) error {
			_, _, err := v.opens(links[i])
			return err
		}) {
			switch {
			case err == nil:
				made++
			case errors.Is(err, store.ErrRegistrationsFull):
				full++
			default:
				t.Error(err)
			}
		}
		if users := len(must[[]store.UserLine](t)(s.Users(context.Background(), store.UserQuery{Page: store.Page{Limit: 100}}))); made != most || full != people-most || users != most {
			t.Errorf("%d accounts made, %d refused, %d users", made, full, users)
		}
	})
}

// atOnce calls work so many times at once.
func atOnce(times int, work func(i int) error) []error {
	errs, start := make([]error, times), make(chan struct{})
	var all sync.WaitGroup
	for i := range times {
		all.Go(func() {
			<-start
			errs[i] = work(i)
		})
	}
	close(start)
	all.Wait()
	return errs
}

func TestLinksToMakeAnAccountAreBounded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, c, v := context.Background(), storetest.NewCustomer(t, s, "Pro"), newVisitor(t, s).registering(1)
		for i := range 10 {
			v.asks(fmt.Sprintf("new%d@example.com", i))
		}
		_, made, err := s.AddSignInLink(ctx, stranger, "new10@example.com", accounts.MintToken(), v.browser, v.admits)
		if made || !errors.Is(err, store.ErrManyNewcomers) {
			t.Errorf("one more link: %t, %v", made, err)
		}
		v.signsIn(c.User.Email)
		clock.Add(accounts.SignInLinkLife)
		if _, made := v.asks("new10@example.com"); !made {
			t.Error("after their time none is made")
		}
	})
}

func TestACustomerSignsInByTheAccountAtAProviderAndAnOperatorDoesNot(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx, c := context.Background(), storetest.NewCustomer(t, s, "Pro")
		person := func(subject, email string) store.OpenIDPerson {
			return store.OpenIDPerson{Issuer: "https://login.example.com", Subject: subject, Email: email, Name: " A\x01 Person ", EmailVerified: true}
		}
		signIn := func(p store.OpenIDPerson, r accounts.Registration) (store.CustomerSession, error) {
			return s.OpenByOpenID(ctx, accounts.Actor{Name: accounts.ActorOpenID}, p, store.NewCustomerSession{Token: keys.MintSession()}, r)
		}
		unverified := person("1", c.User.Email)
		unverified.EmailVerified = false
		_, err := signIn(unverified, accounts.Registration{})
		if !errors.Is(err, store.ErrOpenIDUnverified) {
			t.Errorf("an address that the provider has not verified: %v", err)
		}
		for range 2 { // found by the address, then by the account
			opened, err := signIn(person("1", c.User.Email), accounts.Registration{})
			if err != nil || opened.Created || opened.User.ID != c.User.ID {
				t.Fatalf("%+v, %v", opened, err)
			}
		}
		if opened, err := signIn(unverified, accounts.Registration{}); err != nil || opened.User.ID != c.User.ID {
			t.Errorf("by the account alone: %v", err)
		}
		_, err = signIn(person("2", c.User.Email), accounts.Registration{})
		if !errors.Is(err, store.ErrOpenIDTaken) {
			t.Errorf("another account with the address: %v", err)
		}
		_, err = signIn(person("3", "new@example.com"), accounts.Registration{})
		if !errors.Is(err, store.ErrNoRegistration) {
			t.Errorf("a newcomer where nobody registers: %v", err)
		}
		_, err = signIn(person("3", "new@example.com"), accounts.Registration{Plan: "Starter", DailyLimit: 1, Domains: []string{"example.org"}})
		if !errors.Is(err, store.ErrNoRegistration) {
			t.Errorf("a newcomer of another domain: %v", err)
		}
		admits := accounts.Registration{Plan: "Starter", DailyLimit: 1}
		opened, err := signIn(person("3", "new@example.com"), admits)
		if err != nil || !opened.Created || opened.User.PlanName != "Starter" || opened.User.Name != "" || opened.User.Role != accounts.RoleUser {
			t.Errorf("%+v, %v", opened, err)
		}
		_, err = signIn(person("4", "one-more@example.com"), admits)
		if !errors.Is(err, store.ErrRegistrationsFull) {
			t.Errorf("one more newcomer: %v", err)
		}
		for _, role := range []accounts.Role{accounts.RoleAdmin, accounts.RoleViewer, accounts.RoleService} {
			u := createUser(t, s, accounts.NewUser{Email: string(role) + "@example.com", Plan: "Pro", Role: role})
			_, err := signIn(person(string(role), u.Email), admits)
			if !errors.Is(err, store.ErrCustomerNotAdmitted) {
				t.Errorf("%s: %v", role, err)
			}
			if after := must[store.UserLine](t)(s.User(ctx, u.ID)); after.Role != role || len(must[[]store.OpenIDIdentity](t)(s.OpenIDIdentities(ctx, u.ID))) != 0 {
				t.Errorf("a customer's sign-in changed the %s", role)
			}
		}
		if _, err := s.ChangeUser(ctx, ada, c.User.ID, accounts.UserChange{Status: new(accounts.StatusSuspended)}); err != nil {
			t.Fatal(err)
		}
		_, err = signIn(person("1", c.User.Email), admits)
		if !errors.Is(err, store.ErrCustomerSuspended) {
			t.Errorf("a suspended customer: %v", err)
		}
	})
}

func TestSignInsOfOperatorsAndCustomersAtAProviderAreApart(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx, browser := context.Background(), accounts.MintToken()
		for _, ofCustomer := range []bool{true, false} {
			state, n := accounts.MintToken(), store.OpenIDSignIn{Nonce: "n", Verifier: "v", OfCustomer: ofCustomer}
			if err := s.BeginOpenID(ctx, state, browser, n); err != nil {
				t.Fatal(err)
			}
			if _, err := s.TakeOpenID(ctx, state, browser, !ofCustomer); !errors.Is(err, store.ErrOpenIDOver) {
				t.Errorf("taken for the other: %v", err)
			}
			if got, err := s.TakeOpenID(ctx, state, browser, ofCustomer); err != nil || got != n {
				t.Errorf("%+v, %v", got, err)
			}
		}
	})
}

func TestTheMetadataOfAnAccountThatSomebodyMakesIsAnObject(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		_, opened := newVisitor(t, s).registering(1).signsIn("new@example.com")
		u := must[store.UserLine](t)(s.User(context.Background(), opened.User.ID))
		if diff := cmp.Diff(json.RawMessage("{}"), u.Metadata); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAnErasedCustomerLeavesNoSessionAndNoLink(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		s := storetest.Connect(t, url, storetest.NewClock(storetest.Start).Now)
		v := newVisitor(t, s).registering(1)
		session, opened := v.signsIn("grace.hopper@example.com")
		if err := second(s.CreateKey(context.Background(), accounts.Actor{Name: opened.User.Email, SessionID: opened.ID, KeyPrefix: keys.SessionPrefix}, keys.NewKey{UserID: opened.User.ID, Secret: keys.Mint(), ByOwner: true})); err != nil {
			t.Fatal(err)
		}
		v.asks("grace.hopper@example.com")
		if !holds(t, url, "hopper") || !holds(t, url, "203.0.113.7") {
			t.Fatal("before it the person is nowhere: the search finds nothing")
		}
		if err := second(s.EraseUser(context.Background(), ada, opened.User.ID, opened.User.Email)); err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"hopper", "203.0.113.7"} {
			if holds(t, url, text) {
				t.Errorf("%q is still there", text)
			}
		}
		if open(t, s, session) {
			t.Error("the session is open")
		}
	})
}
