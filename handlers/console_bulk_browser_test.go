package handlers_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// withAndWithoutScripts runs a journey of the operator root in the browser, once each way.
func withAndWithoutScripts(t *testing.T, journey func(t *testing.T, s *service, b *tab, scripts bool), settings ...setting) {
	t.Helper()
	for name, scripts := range map[string]bool{"with scripts": true, "without scripts": false} {
		t.Run(name, func(t *testing.T) {
			s := onSQLite(t, settings...)
			s.operator(t)
			b := s.tab(t, scripts)
			b.signIn("root@example.com", operatorPassword)
			journey(t, s, b, scripts)
			if len(b.said) > 0 {
				t.Errorf("the browser reports errors: %q", b.said)
			}
		})
	}
}

// fits checks the page as it is on every screen: axe finds nothing, and it is as wide as the screen.
func (b *tab) fits(name string) {
	b.t.Helper()
	for _, screen := range screens {
		b.do(chromedp.EmulateViewport(screen.width, screen.height), emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: screen.scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}, // no colour is between two
		}))
		if b.scripts { // without them axe does not run either
			b.check(screen.name, name, "")
		} else {
			b.fitsInWidth(screen.name, name)
		}
	}
	b.do(chromedp.EmulateViewport(1280, 800))
}

// clickBox clicks a checkbox as a person does, and reports whether it is checked.
func (b *tab) clickBox(selector string) (checked bool) {
	b.t.Helper()
	b.evaluate(fmt.Sprintf(`(() => { const f = document.querySelector(%q); f.scrollIntoView({block: "center", behavior: "instant"}); f.click(); return f.checked })()`, selector), &checked)
	return checked
}

func TestInABrowserManyKeysAndUsersAreSelectedPreviewedAndChanged(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *service, b *tab, scripts bool) {
		b.open("/admin/keys")
		for _, key := range []string{"ada.id", "bob.id"} {
			b.clickBox(`[name="id"][value="` + s.words[key] + `"]`)
		}
		var mixed bool
		b.evaluate(`document.querySelector('[name="scope"][value="page"]').indeterminate`, &mixed)
		if said := b.textOf("form.bulk output"); mixed != scripts || strings.Contains(said, "2 selected") != scripts {
			t.Errorf("with scripts %v the page's box is mixed %v, and %q is said", scripts, mixed, said)
		}
		b.fits("keys-selected")
		b.fill("do", "disable")
		b.press("Preview")
		b.sees("Disable 2 keys. None is skipped.", s.words["ada.prefix"], "only an operator can enable")
		b.fits("keys-bulk-preview")
		b.press("Disable 2 keys")
		b.sees("2 done, 0 skipped, 0 failed.")
		b.fits("keys-bulk-done")
		s.call(t, call{says: "a disabled key is refused", as: "ada", method: "GET", path: "/api/keys", status: 401})
		b.press("Back to the keys")
		if !b.clickBox(`[name="scope"][value="page"]`) {
			t.Error("the page's box is not checked")
		}
		var ticked int
		if b.evaluate(`[...document.querySelectorAll('[name="id"]')].filter((box) => box.checked).length`, &ticked); (ticked > 2) != scripts {
			t.Errorf("the page's box ticks %d rows with scripts %v", ticked, scripts)
		}
		b.fill("do", "enable")
		b.press("Preview")
		b.sees("Enable 2 keys.", "It is already active.", "It is revoked, which cannot be undone.")
		b.press("Enable 2 keys")
		b.sees("2 done")
		s.call(t, call{says: "it works again", as: "ada", method: "GET", path: "/api/keys", status: 200})
		b.open("/admin/users?plan=$plan.starter")
		b.clickBox(`[name="scope"][value="page"]`)
		b.fits("users-selected")
		b.fill("do", "plan:"+s.words["plan.pro"])
		b.press("Preview")
		b.sees("Move 2 users to Pro.", "They move immediately: 2 from Starter.")
		b.fits("users-bulk-preview")
		b.press("Move 2 users to Pro")
		b.sees("2 done, 0 skipped, 0 failed.")
		b.open("/admin/users?plan=$plan.starter")
		b.sees("No users match")
	})
}
