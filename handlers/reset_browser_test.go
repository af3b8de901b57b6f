package handlers_test

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

func TestInABrowserAForgottenPasswordIsChosenAgainWithAndWithoutScripts(t *testing.T) {
	for name, scripts := range map[string]bool{"with scripts": true, "without scripts": false} {
		t.Run(name, func(t *testing.T) {
			sent := make(links, 10)
			s := onSQLite(t, withLinks(sent))
			s.hasPassword(t)
			b := s.tab(t, scripts)
			b.open("/admin/plans")
			b.press("Forgot your password?")
			b.sees("Forgot your password?", "Send the link")
			b.fill("email", "root@example.com")
			b.press("Send the link")
			b.sees("Sign in", "Look into your mailbox")
			b.open("/admin/reset?token=" + sent.next(t).token)
			b.sees("Choose another password", "For root@example.com")
			b.fill("password", "short")
			b.press("Set the password")
			b.sees("Choose another password", "12 characters")
			b.fill("password", anotherPassword)
			b.press("Set the password")
			b.sees("Sign in", "Password changed")
			b.fill("email", "root@example.com")
			b.fill("password", anotherPassword)
			b.press("Sign in")
			b.sees("Overview", "root@example.com")
			if len(b.said) > 0 {
				t.Errorf("the browser reports errors: %q", b.said)
			}
		})
	}
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
