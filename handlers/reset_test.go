package handlers_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/handlers"
	"codexible/handlers/console"
	"codexible/store"
	"codexible/store/storetest"

	"github.com/pquerna/otp/totp"
	"golang.org/x/sync/errgroup"
)

// links are the links to choose another password that were sent.
type links chan link

type link struct{ to, token string }

func (l links) send(_ context.Context, to string, token accounts.Token, _ time.Time) error {
	l <- link{to, token.Reveal()}
	return nil
}

// withLinks sends the links of a service into a channel.
func withLinks(sent links) setting {
	return func(p *handlers.Parts) { withConsole(p, func(c *console.Parts) { c.SendReset = sent.send }) }
}

// asks sends the form of a forgotten password.
func (v *visitor) asks(email string) *visitor {
	v.t.Helper()
	return v.get("/admin/forgot").submit("/admin/forgot", "email", email)
}

const anotherPassword = "another long password"

// hasPassword gives the operator of the cast a password.
func (s *service) hasPassword(t *testing.T) {
	t.Helper()
	if err := s.store.SetPassword(context.Background(), accounts.ActorCLI, s.id(t, "root.user"), operatorHash()); err != nil {
		t.Fatal(err)
	}
}

// next is the next link that is sent.
func (l links) next(t *testing.T) link {
	t.Helper()
	select {
	case sent := <-l:
		return sent
	case <-time.After(20 * time.Second):
		t.Fatal("no link is sent")
		return link{}
	}
}

// actionsOf are the actions of the audit log about a target, the newest first.
func (s *service) actionsOf(t *testing.T, target string) (actions []string) {
	t.Helper()
	entries, err := s.store.Audit(context.Background(), store.AuditQuery{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Target == target && strings.HasPrefix(e.Action, "user.password") {
			actions = append(actions, e.Action+": "+e.Details)
		}
	}
	return actions
}

func TestAForgottenPasswordIsChosenAgainByALinkThatWorksOnce(t *testing.T) {
	sent := make(links, 10)
	each(t, func(t *testing.T, s *service) {
		s.hasPassword(t)
		other := s.visitor(t)
		other.signIn("root@example.com", operatorPassword).redirected("/admin")
		v := s.visitor(t)
		v.get("/admin/login").sees(http.StatusOK, "Forgot your password?")
		v.asks("ROOT@example.com ").redirected("/admin/login?done=reset-requested").sees(http.StatusOK, "Look into your mailbox")
		got := sent.next(t)
		if got.to != "root@example.com" {
			t.Errorf("the link went to %s", got.to)
		}
		v.get("/admin/reset?token="+got.token).sees(http.StatusOK, "For root@example.com")
		v.get("/admin/reset?token="+got.token).sees(http.StatusOK, "New password") // a reader of the mail that opens links uses none
		v.submit("/admin/reset", "password", "short").sees(http.StatusUnprocessableEntity, "12 characters")
		v.submit("/admin/reset", "password", anotherPassword).redirected("/admin/login?done=password-reset").sees(http.StatusOK, "Password changed")
		other.get("/admin").redirected("/admin/login?next=%2Fadmin")
		v.signIn("root@example.com", operatorPassword).sees(http.StatusUnprocessableEntity, "Wrong e-mail or password")
		v.signIn("root@example.com", anotherPassword).redirected("/admin")
		w := s.visitor(t)
		w.get("/admin/reset?token="+got.token).sees(http.StatusNotFound, "This link is not valid")
		if want := []string{
			"user.password_reset: root@example.com chose another console password by a link that was sent by mail. All their console sessions ended.",
			"user.password_reset_requested: A link to choose another password was asked for root@example.com and is sent to this address.",
		}; !slices.Equal(s.actionsOf(t, "root@example.com")[:2], want) {
			t.Errorf("the audit log has %q", s.actionsOf(t, "root@example.com"))
		}
	}, withLinks(sent))
}

func TestOnlyTheNewestLinkWorksAndForHalfAnHour(t *testing.T) {
	sent := make(links, 10)
	s := onSQLite(t, withLinks(sent))
	s.hasPassword(t)
	v := s.visitor(t)
	v.asks("root@example.com")
	first := sent.next(t)
	v.asks("root@example.com")
	second := sent.next(t)
	v.get("/admin/reset?token=" + first.token).sees(http.StatusNotFound)
	s.clock.Add(store.ResetLife - time.Second)
	v.get("/admin/reset?token=" + second.token).sees(http.StatusOK)
	s.clock.Add(time.Second)
	v.submit("/admin/reset", "password", anotherPassword).sees(http.StatusNotFound, "expired")
	s.clock.Add(time.Hour)
	for name, change := range map[string]func() error{
		"another password": func() error {
			return s.store.SetPassword(context.Background(), accounts.ActorCLI, s.id(t, "root.user"), operatorHash())
		},
		"another e-mail": func() error {
			_, err := s.store.ChangeUser(context.Background(), accounts.ActorCLI, s.id(t, "root.user"), accounts.UserChange{Email: new("chief@example.com")})
			return err
		},
	} {
		s.clock.Add(time.Hour)
		u, err := s.store.User(context.Background(), s.id(t, "root.user"))
		if err != nil {
			t.Fatal(err)
		}
		v.asks(u.Email)
		last := sent.next(t)
		if err := change(); err != nil {
			t.Fatal(err)
		}
		if v.get("/admin/reset?token=" + last.token); v.status != http.StatusNotFound {
			t.Errorf("after %s the link still works: %d", name, v.status)
		}
	}
}

func TestTheAnswerIsTheSameForWhomeverALinkIsAskedFor(t *testing.T) {
	sent := make(links, 10)
	var door *console.Console
	s := onSQLite(t, func(p *handlers.Parts) {
		withLinks(sent)(p)
		door = p.Console
	})
	s.hasPassword(t)
	suspended := accounts.StatusSuspended
	for _, who := range []struct {
		email, password string
		role            accounts.Role
		suspended       bool
	}{
		{"customer@example.com", operatorHash(), accounts.RoleUser, false}, {"away@example.com", operatorHash(), accounts.RoleAdmin, true}, {"sso@example.com", "", accounts.RoleAdmin, false},
		{"reader@example.com", operatorHash(), accounts.RoleViewer, false},
	} {
		u, err := s.store.CreateUser(context.Background(), accounts.ActorCLI, accounts.NewUser{Email: who.email, Plan: "Pro", Role: who.role, PasswordHash: who.password})
		if err == nil && who.suspended {
			_, err = s.store.ChangeUser(context.Background(), accounts.ActorCLI, u.ID, accounts.UserChange{Status: &suspended})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var usual string
	for _, email := range []string{"root@example.com", "reader@example.com", "nobody@example.com", "customer@example.com", "away@example.com", "sso@example.com"} {
		v := s.visitor(t)
		v.asks(email)
		answer := http.Header{}
		for name, values := range v.answer.Header {
			if name != "Date" && name != "X-Request-Id" && name != "Set-Cookie" {
				answer[name] = values
			}
		}
		var all bytes.Buffer
		_ = answer.Write(&all)
		if got := all.String() + v.page; usual == "" {
			usual = got
		} else if got != usual || v.status != http.StatusSeeOther {
			t.Errorf("%s: answered %d %s, want %s", email, v.status, got, usual)
		}
	}
	if err := door.Wait(context.Background()); err != nil {
		t.Fatal(err)
	}
	close(sent)
	var to []string
	for l := range sent {
		to = append(to, l.to)
	}
	if slices.Sort(to); !slices.Equal(to, []string{"reader@example.com", "root@example.com"}) {
		t.Errorf("links went to %q", to)
	}
	if got := s.actionsOf(t, "nobody@example.com"); len(got) != 1 || !strings.Contains(got[0], "None was sent") {
		t.Errorf("the audit log has %q", got)
	}
}

func TestLinksAreBoundedByAccountAndAddress(t *testing.T) {
	sent := make(links, 100)
	each(t, func(t *testing.T, s *service) {
		s.hasPassword(t)
		for _, email := range []string{"root@example.com", "nobody@example.com"} { // alike, whoever has it
			for range 3 {
				s.visitor(t).from("203.0.113.8").asks(email).sees(http.StatusSeeOther)
				s.clock.Add(time.Minute)
			}
			v := s.visitor(t).from("203.0.113.9").asks(email).sees(http.StatusTooManyRequests, "Look into your mailbox", "57 minutes")
			if v.answer.Header.Get("Retry-After") != "3420" {
				t.Errorf("Retry-After is %s", v.answer.Header.Get("Retry-After"))
			}
			s.clock.Add(57 * time.Minute)
			s.visitor(t).from("203.0.113.9").asks(email).sees(http.StatusSeeOther)
			s.clock.Add(2 * time.Hour)
		}
		for i := range 10 {
			s.visitor(t).from("203.0.113.10").asks(string(rune('a'+i)) + "@example.com").sees(http.StatusSeeOther)
			s.clock.Add(time.Minute)
		}
		s.visitor(t).from("203.0.113.10").asks("z@example.com").sees(http.StatusTooManyRequests)
		s.visitor(t).from("203.0.113.11").asks("z@example.com").sees(http.StatusSeeOther)
	}, withLinks(sent), func(p *handlers.Parts) { p.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")} })
}

func TestALinkThatIsUsedAtOnceWorksOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.Store, _ *storetest.Clock) {
		ctx := context.Background()
		if _, err := db.CreateUser(ctx, accounts.ActorCLI, accounts.NewUser{Email: "root@example.com", Plan: "Pro", Role: accounts.RoleAdmin, PasswordHash: "before"}); err != nil {
			t.Fatal(err)
		}
		token := accounts.MintToken()
		if _, found, err := db.AddResetLink(ctx, accounts.ActorSystem, "root@example.com", token); err != nil || !found {
			t.Fatal(found, err)
		}
		results := make([]error, 6)
		var using errgroup.Group
		for i := range results {
			using.Go(func() error {
				_, results[i] = db.ResetPassword(ctx, accounts.ActorSystem, token, "after")
				return nil
			})
		}
		_ = using.Wait()
		used := 0
		for _, err := range results {
			switch {
			case err == nil:
				used++
			case !errors.Is(err, store.ErrResetOver):
				t.Error(err)
			}
		}
		if used != 1 {
			t.Errorf("the link was used %d times", used)
		}
	})
}

func TestAResetAsksForTheSecondFactorAndUnlocksNothing(t *testing.T) {
	sent := make(links, 10)
	s := onSQLite(t, withLinks(sent))
	s.hasPassword(t)
	ctx, root := context.Background(), s.id(t, "root.user")
	var secret string
	code := func() string {
		s.clock.Add(2 * time.Minute)
		text, err := totp.GenerateCode(secret, s.clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	v := s.visitor(t)
	v.signIn("root@example.com", operatorPassword).redirected("/admin")
	v.get("/admin/account").submit("/admin/account/two-step")
	secret = strings.ReplaceAll(totpSecret.FindStringSubmatch(v.page)[1], " ", "")
	v.submit("/admin/account/two-step/confirm", "code", code()).sees(http.StatusOK)
	for range accounts.MaxWrongCodes {
		if _, err := s.store.WrongCode(ctx, accounts.ActorSystem, root); err != nil {
			t.Fatal(err)
		}
	}
	w := s.visitor(t)
	w.asks("root@example.com")
	w.get("/admin/reset?token="+sent.next(t).token).submit("/admin/reset", "password", anotherPassword).redirected("/admin/login?done=password-reset")
	w.signIn("root@example.com", anotherPassword).redirected("/admin/login/code").sees(http.StatusOK, "Your authenticator codes are locked")
	w.submit("/admin/login/code", "code", code()).sees(http.StatusUnprocessableEntity)
}

func TestThePagesOfALinkAreThereOnlyWithMail(t *testing.T) {
	s := onSQLite(t, func(p *handlers.Parts) { withConsole(p, func(*console.Parts) {}) })
	s.hasPassword(t)
	v := s.visitor(t)
	v.get("/admin/login").sees(http.StatusOK, "codexible user set-password")
	for _, path := range []string{"/admin/forgot", "/admin/reset", "/admin/reset?token=x"} {
		v.get(path).sees(http.StatusNotFound, "This page does not exist")
	}
	token := v.get("/admin/login").hidden("/admin/login").Get("_csrf")
	for _, path := range []string{"/admin/forgot", "/admin/reset"} {
		v.send(http.MethodPost, path, "_csrf="+token+"&email=root@example.com&token=x&password="+anotherPassword).sees(http.StatusNotFound, "This page does not exist")
	}
}
