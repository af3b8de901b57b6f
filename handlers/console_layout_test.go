package handlers_test

import (
	"context"
	"strings"
	"testing"

	"codexible/accounts"

	"github.com/chromedp/chromedp"
)

func TestInABrowserTablesFitALaptopChartsAPhoneAndFiltersOneLine(t *testing.T) {
	s := onSQLite(t)
	s.fillUsage(t)
	s.sell(t)
	s.route(t)
	if _, err := s.store.Reconcile(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := s.store.SetPassword(context.Background(), accounts.ActorCLI, s.id(t, "root.user"), operatorHash()); err != nil {
		t.Fatal(err)
	}
	b := s.tab(t, true)
	b.signIn("root@example.com", operatorPassword)
	b.do(chromedp.EmulateViewport(1024, 768))
	for _, path := range []string{"/admin", "/admin/users", "/admin/users/$ada.user", "/admin/keys", "/admin/keys/$ada.id", "/admin/plans", "/admin/audit", "/admin/system", "/admin/account",
		"/admin/models", "/admin/models/$model.large", "/admin/models/$model.large/edit", "/admin/upstreams", "/admin/upstreams/$upstream.vendor", "/admin/prices", "/admin/prices/$price.wide", "/admin/prices/quote?model=openai/gpt-wide", "/admin/charges/$charge.priced", "/admin/usage",
		"/admin/requests", "/admin/requests/$request.served", "/admin/live", "/admin/webhooks", "/admin/webhooks/$hook.id", "/admin/webhooks/$hook.id/delivery?event=$hook.event"} {
		b.open(path)
		b.finds("a table that is cut off", path, `[...document.querySelectorAll('.scroll')].filter(e => e.checkVisibility() && e.scrollWidth > e.clientWidth).map(e => e.scrollWidth + ' in ' + e.clientWidth + ' px')`)
	}
	for _, width := range []int64{1024, 1280} {
		b.do(chromedp.EmulateViewport(width, 800))
		b.open("/admin/keys/$ada.id")
		b.finds("a short text that is broken", "/admin/keys/$ada.id", `[...document.querySelectorAll('.facts dd bdi, .facts dd.mono')].filter(e => {
			const text = document.createRange();
			text.selectNodeContents(e);
			return e.textContent.length < 20 && new Set([...text.getClientRects()].map(r => Math.round(r.top))).size > 1;
		}).map(e => e.textContent)`)
	}
	b.do(chromedp.EmulateViewport(1440, 900))
	b.open("/admin/usage")
	b.finds("a filter in a second line", "/admin/usage", `(() => { const all = [...document.querySelectorAll('.filters > *')]; return all.filter(e => Math.abs(e.getBoundingClientRect().bottom - all[0].getBoundingClientRect().bottom) > 2).map(e => e.textContent) })()`)
	b.open("/admin/audit")
	b.finds("a description that leaves its column empty", "/admin/audit", `[...document.querySelectorAll('td.prose bdi')].filter(e => e.offsetHeight > 36 && e.offsetWidth < e.closest('td').clientWidth * 0.7).map(e => e.textContent)`)
	b.do(chromedp.EmulateViewport(390, 844))
	for _, path := range []string{"/admin", "/admin/users/$ada.user", "/admin/users/$ada.user?days=90", "/admin/users/$ada.user?days=365"} {
		b.open(path)
		b.finds("dates that overlap", path, `[...document.querySelectorAll('.plot > text')].map(e => [e.textContent, e.getBoundingClientRect(), e.parentNode]).filter(([, r, plot], i, all) => i > 0 && plot === all[i - 1][2] && r.left < all[i - 1][1].right).map(([text]) => text)`)
	}
}

// finds fails where a script finds something on the page.
func (b *tab) finds(what, path, script string) {
	b.t.Helper()
	var found []string
	b.evaluate("document.fonts.ready.then(() => "+script+")", &found)
	if len(found) > 0 {
		b.t.Errorf("%s has %s: %s", path, what, strings.Join(found, ", "))
	}
}
