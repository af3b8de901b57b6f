package handlers_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"codexible/events"
	"codexible/handlers"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

func TestInABrowserAWebhookIsAddedTestedSentAgainAndRotated(t *testing.T) { //nolint:tparallel // both halves change one answer
	t.Parallel()
	answer := events.Answer{Try: events.Try{Status: 204, MS: 7}, Body: "ok"}
	withAndWithoutScripts(t, func(t *testing.T, s *service, b *tab, scripts bool) {
		answer.Try.At = s.clock.Now()
		b.open("/admin/webhooks")
		b.fits("webhooks")
		b.press("Add a webhook")
		b.fill("url", "http://10.0.0.1/in")
		b.fill("description", "billing <b>")
		b.tick("key.created", "user.created")
		b.press("Add the webhook")
		b.sees("Must begin with https://")
		b.fits("webhook-new-invalid")
		b.fill("url", "https://hooks.example.com/journey")
		b.press("Add the webhook")
		b.sees("Copy the secret now. It is not shown again.")
		b.fits("webhook-secret")
		secret := b.textOf("#secret")
		if !strings.HasPrefix(secret, "whsec_") {
			t.Fatalf("the secret has %d characters", len(secret))
		}
		var display string
		if b.evaluate(`getComputedStyle(document.querySelector("[data-copy]")).display`, &display); (display != "none") != scripts {
			t.Errorf("the button that copies is shown as %s with scripts %v", display, scripts)
		}
		b.loads("a reload", func() chromedp.Action { return page.Reload() })
		b.sees("This form was already sent", "hooks.example.com", "billing <b>")
		hidden := func(where, secret string) {
			t.Helper()
			if strings.Contains(b.text(), secret[len("whsec_"):]) {
				t.Errorf("%s shows the secret", where)
			}
		}
		hidden("the list after a reload", secret)
		list, err := s.store.Webhooks(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for i := range list {
			if list[i].URL == "https://hooks.example.com/journey" {
				s.words["journey"] = list[i].ID.String()
			}
		}
		b.open("/admin/webhooks/$journey")
		b.sees("https://hooks.example.com/journey", "No deliveries here", "key.created")
		hidden("the webhook's page", secret)
		b.press("Send a test")
		b.press("Send the test")
		b.sees("Test accepted", "Delivered", "Accepted with 204.", `{"type":"webhook.test"`)
		b.fits("webhook-delivery-tested")
		b.press("Send again")
		b.sees("Sent again", "Waiting", "Next attempt")
		b.open("/admin/webhooks/$journey")
		b.sees("webhook.test", "Waiting")
		b.fits("webhook-with-deliveries")
		b.press("Rotate secret")
		b.fill("overlap", "3600")
		b.press("Rotate the secret")
		b.sees("Copy the secret now", "Signs as well until")
		rotated := b.textOf("#secret")
		if rotated == secret || !strings.HasPrefix(rotated, "whsec_") {
			t.Error("the secret is the same")
		}
		b.fits("webhook-rotated")
		b.press("I have saved the secret")
		b.sees("The previous one signs as well until")
		hidden("the webhook's page", secret)
		hidden("the webhook's page", rotated)
		b.press("Edit")
		b.fits("webhook-edit")
		b.press("Save")
		b.sees("Webhook changed")
		b.press("Delete")
		b.press("Delete this webhook")
		b.sees("Webhook deleted")
	}, sendsTests(&answer))
}

func TestInABrowserAViewerWalksThroughEveryPageWithoutAFormOrASecret(t *testing.T) { //nolint:tparallel // one browser at a time is enough
	t.Parallel()
	for name, scripts := range map[string]bool{"with scripts": true, "without scripts": false} {
		t.Run(name, func(t *testing.T) {
			s := onSQLite(t)
			s.operator(t)
			s.hook(t)
			s.viewer(t)
			hooks, err := s.store.Webhooks(t.Context())
			if err != nil || len(hooks) == 0 {
				t.Fatal(hooks, err)
			}
			b := s.tab(t, scripts)
			b.do(chromedp.EmulateViewport(390, 844), emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}))
			b.signIn("vera@example.com", operatorPassword)
			b.sees("Overview", "Sign out")
			walked := 0
			for _, r := range handlers.ConsoleRoutes() {
				if r.Method != http.MethodGet || !r.Operators || strings.HasSuffix(r.Path, "/*") {
					continue
				}
				path := s.fill(withID(r.Path))
				b.open(path)
				if r.Admins {
					b.sees("Not allowed", "role viewer")
					continue
				}
				walked++
				b.walked(r.Path)
				text := b.text()
				for i := range hooks {
					if strings.Contains(text, hooks[i].URL+"/") || strings.Contains(text, hooks[i].Secret.Reveal()[len("whsec_"):]) {
						t.Errorf("%s shows a secret of a webhook", r.Path)
					}
				}
				if name := shownKey.FindString(text); name != "" {
					t.Errorf("%s shows a key", r.Path)
				}
			}
			if walked < 20 {
				t.Errorf("%d pages were walked", walked)
			}
			if len(b.said) > 0 {
				t.Errorf("the browser reports errors: %q", b.said)
			}
		})
	}
}

// walked checks a page as a viewer sees it: it is accessible and as wide as the screen, and nothing on it
// changes anything but the theme, the viewer's own account and session; the search changes nothing.
func (b *tab) walked(name string) {
	b.t.Helper()
	if b.scripts {
		b.check("phone-light", "viewer-"+pageName(name), "")
	} else {
		b.fitsInWidth("phone-light", "viewer-"+pageName(name))
	}
	var leads []string
	b.evaluate(`[...document.querySelectorAll('form[method="post"], a[href$="/new"], a[href$="/edit"], a[href$="/erase"], a[href$="/revoke"], [type="checkbox"]')].map(e => e.getAttribute("action") ?? e.getAttribute("href") ?? e.outerHTML)`, &leads)
	for _, to := range leads {
		if to != "/admin/theme" && to != "/admin/logout" && to != "/admin/search" && !strings.HasPrefix(to, "/admin/account") {
			b.t.Errorf("a viewer sees %s on %s", to, name)
		}
	}
}
