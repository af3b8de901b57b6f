package handlers_test

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

func TestInABrowserAnOperatorSignsInWithAProviderWithAndWithoutScripts(t *testing.T) {
	for name, scripts := range map[string]bool{"with scripts": true, "without scripts": false} {
		t.Run(name, func(t *testing.T) {
			s, provider := provided(t, nil)
			provider.Return = "http://" + s.address + "/admin/openid/callback"
			b := s.tab(t, scripts)
			b.open("/admin/plans")
			b.sees("Sign in", "Password", "Opens "+provider.Listener.Addr().String())
			b.press("Continue with single sign-on")
			b.reaches("The provider")
			b.press("Sign in as the person")
			b.sees("Plans", "new.admin@example.com")
			b.press("Sign out")
			b.sees("You are signed out")

			provider.SignsIn(person("stranger@example.com"), nil)
			b.press("Continue with single sign-on")
			b.reaches("The provider")
			b.press("Sign in as the person")
			b.sees("You are not signed in", "Ask an operator for access", "Password")
			if len(b.said) > 0 {
				t.Errorf("the browser reports errors: %q", b.said)
			}
		})
	}
}

// reaches waits until the browser has opened the page that it was sent to.
func (b *tab) reaches(says string) {
	b.t.Helper()
	b.do(chromedp.WaitVisible("//h1[text()='"+says+"']", chromedp.BySearch))
	var loaded bool
	b.evaluate("new Promise(done => document.readyState === 'complete' ? done(true) : addEventListener('load', () => done(true)))", &loaded)
}

func TestInABrowserThePagesOfSingleSignOnFitAndAreAccessible(t *testing.T) {
	s, _ := provided(t, nil)
	b := s.tab(t, true)
	for _, screen := range screens {
		b.do(chromedp.EmulateViewport(screen.width, screen.height), emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: screen.scheme}}))
		b.check(screen.name, "login-single-sign-on", "/admin/login")
	}
}
