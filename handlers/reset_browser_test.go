package handlers_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/drills"
	"codexible/handlers"
	"codexible/handlers/console"
	"codexible/mail"
	"codexible/store"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/google/uuid"
)

func TestInABrowserAForgottenPasswordIsChosenAgainWithAndWithoutScripts(t *testing.T) {
	for name, scripts := range map[string]bool{"with scripts": true, "without scripts": false} {
		t.Run(name, func(t *testing.T) {
			drills.SMTP(t)
			to := uuid.NewString() + "@example.com"
			var s *service
			s = onSQLite(t, func(p *handlers.Parts) {
				withConsole(p, func(c *console.Parts) {
					c.SendReset = func(ctx context.Context, to string, token accounts.Token, at time.Time) error {
						m := mail.Reset(to, "http://"+s.address+"/admin/reset?token="+token.Reveal(), uuid.NewString(), at, at.Add(store.ResetLife))
						_, err := mailSender(t).Send(ctx, m)
						return err
					}
				})
			})
			if _, err := s.store.CreateUser(context.Background(), accounts.ActorCLI, accounts.NewUser{Email: to, Plan: "Pro", Role: accounts.RoleAdmin, PasswordHash: operatorHash()}); err != nil {
				t.Fatal(err)
			}
			b := s.tab(t, scripts)
			b.open("/admin/plans")
			b.press("Forgot your password?")
			b.sees("Forgot your password?", "Send the link")
			b.fill("email", to)
			b.press("Send the link")
			b.sees("Sign in", "Look into your mailbox")
			b.open(linkMailed(t, to, "http://"+s.address))
			b.sees("Choose another password", "For "+to)
			b.fill("password", "short")
			b.press("Set the password")
			b.sees("Choose another password", "12 characters")
			b.fill("password", anotherPassword)
			b.press("Set the password")
			b.sees("Sign in", "Password changed")
			b.fill("email", to)
			b.fill("password", anotherPassword)
			b.press("Sign in")
			b.sees("Overview", to)
			if len(b.said) > 0 {
				t.Errorf("the browser reports errors: %q", b.said)
			}
		})
	}
}

// mailSender sends by the SMTP server that make test starts.
func mailSender(t *testing.T) *mail.Sender {
	t.Helper()
	address, err := url.Parse(drills.SMTP(t))
	if err != nil {
		t.Fatal(err)
	}
	server, err := mail.ParseServer(address)
	if err != nil {
		t.Fatal(err)
	}
	from, err := mail.ParseFrom("Codexible <codexible@example.com>")
	if err != nil {
		t.Fatal(err)
	}
	return mail.NewSender(server, from)
}

// linkMailed is the path of the link in the mail to somebody.
func linkMailed(t *testing.T, to, base string) (path string) {
	t.Helper()
	drills.Eventually(t, 20*time.Second, "the link to arrive", func() bool {
		for _, m := range drills.Mailbox(t, to) {
			for line := range strings.Lines(m.Text) {
				if rest, is := strings.CutPrefix(strings.TrimSpace(line), base); is {
					path = rest
				}
			}
		}
		return path != ""
	})
	return path
}

func TestInABrowserThePagesOfAForgottenPasswordFitAndAreAccessible(t *testing.T) {
	sent := make(links, 10)
	s := onSQLite(t, withLinks(sent))
	s.hasPassword(t)
	s.visitor(t).asks("root@example.com")
	token := sent.next(t).token
	b := s.tab(t, true)
	for _, screen := range screens {
		b.do(chromedp.EmulateViewport(screen.width, screen.height), emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: screen.scheme}}))
		b.check(screen.name, "login-with-mail", "/admin/login")
		b.check(screen.name, "forgot", "/admin/forgot")
		b.check(screen.name, "reset", "/admin/reset?token="+token)
	}
}
