package handlers_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"codexible/accounts"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// finder signs an operator in to a service with a bit of everything.
func finder(t *testing.T, scripts bool) *tab {
	t.Helper()
	s := onSQLite(t)
	s.sell(t)
	s.route(t)
	if err := s.store.SetPassword(context.Background(), accounts.ActorCLI, s.id(t, "root.user"), operatorHash()); err != nil {
		t.Fatal(err)
	}
	b := s.tab(t, scripts)
	b.signIn("root@example.com", operatorPassword)
	return b
}

// types sends keys to what has the focus.
func (b *tab) types(keys string) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(keys))
}

// slash presses the key / as a browser does: the character follows only where nothing takes the key.
func (b *tab) slash() {
	b.t.Helper()
	b.do(input.DispatchKeyEvent(input.KeyDown).WithKey("/").WithCode("Slash").WithText("/").WithWindowsVirtualKeyCode(191),
		input.DispatchKeyEvent(input.KeyUp).WithKey("/").WithCode("Slash").WithWindowsVirtualKeyCode(191))
}

// control sends a key with Control.
func (b *tab) control(key string) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(key, chromedp.KeyModifiers(2)))
}

// waits polls until a script is true.
func (b *tab) waits(script string) {
	b.t.Helper()
	b.do(chromedp.Poll("Boolean("+script+")", nil))
}

const (
	isOpen  = `document.querySelector('dialog.palette[open]')`
	options = `[...document.querySelectorAll('dialog.palette [role="option"]')].map(o => o.getAttribute('href'))`
	chosen  = `document.getElementById(document.querySelector('.palette input').getAttribute('aria-activedescendant'))?.getAttribute('href')`
)

func (b *tab) is(script, want string) {
	b.t.Helper()
	var got string
	if b.evaluate("String("+script+")", &got); got != b.s.fill(want) {
		b.t.Errorf("%s is %q, want %q", script, got, b.s.fill(want))
	}
}

func TestInABrowserTheSearchOpensByKeysAndLeadsOn(t *testing.T) {
	b := finder(t, true)
	user := b.s.words["ada.user"]
	b.open("/admin/keys")
	b.slash()
	b.waits(isOpen)
	b.is(`document.activeElement.getAttribute('role')`, "combobox")
	b.is(options+".slice(0, 2)", "/admin,/admin/users")
	b.types("ada")
	b.waits(options + ".includes('/admin/users/" + user + "') && " + chosen)
	b.is(chosen, "/admin/users/$ada.user")
	b.types(kb.ArrowDown)
	b.is(chosen, "/admin/keys/$ada.revoked.id")
	b.types(kb.ArrowUp + kb.ArrowUp)
	b.is(chosen, "/admin/keys/$ada.id")
	b.is(`document.querySelectorAll('.palette [aria-selected="true"]').length`, "1")
	b.types(kb.ArrowDown)
	b.loads("Enter", func() chromedp.Action { return chromedp.KeyEvent(kb.Enter) })
	b.sees("ada@example.com", "Account")

	b.do(chromedp.Focus("[data-search]"), chromedp.KeyEvent(kb.Enter))
	b.waits(isOpen)
	b.types(kb.Escape)
	b.waits("!" + isOpen)
	b.is(`'search' in document.activeElement.dataset`, "true")

	b.open("/admin/users")
	b.do(chromedp.Focus("#f-q"))
	b.types("a/b")
	b.is(`document.querySelector('#f-q').value + !`+isOpen, "a/btrue")
	b.control("k")
	b.waits(isOpen)
	b.types(b.s.words["request.served"])
	b.waits(options + ".length === 1")
	b.is(options, "/admin/requests/$request.served")
	b.control("k")
	b.waits("!" + isOpen)
	b.is("document.activeElement.id", "f-q")

	b.control("k")
	b.types("zzz")
	b.waits(`document.querySelector('.palette [role="status"]').textContent === 'Nothing found.'`)
	b.types(kb.Enter)
	b.is(`location.pathname + Boolean(`+isOpen+`)`, "/admin/userstrue")
	if len(b.said) > 0 {
		t.Errorf("the browser reports errors: %q", b.said)
	}
}

func TestInABrowserLateAnswersAreDroppedAndEnterOpensWhatWasTyped(t *testing.T) {
	b := finder(t, true)
	b.open("/admin")
	// The answer to "ada" is held back until the one to "bob" was shown.
	b.evaluate(`(() => {
		const send = window.fetch;
		window.release = undefined;
		window.fetch = async (address, settings) => {
			if (String(address).includes('q=ada')) await new Promise((resolve) => { window.release = resolve; });
			return send(address); // without the signal, which would cancel it
		};
	})()`, nil)
	b.slash()
	b.waits(isOpen)
	b.types("ada")
	b.waits("window.release")
	b.types(kb.Backspace + kb.Backspace + kb.Backspace + "bob")
	b.waits(options + ".includes('/admin/users/" + b.s.words["bob.user"] + "')")
	b.evaluate("window.release()", nil)
	b.evaluate("new Promise((resolve) => setTimeout(resolve, 500))", nil)
	b.is(options+".includes('/admin/users/"+b.s.words["ada.user"]+"')", "false")

	// Enter before the answer opens what the text finds, and not what is still shown.
	b.types(kb.Backspace + kb.Backspace + kb.Backspace + "sam")
	b.loads("Enter", func() chromedp.Action { return chromedp.KeyEvent(kb.Enter) })
	b.is("location.pathname", "/admin/users/$sam.user")
}

func TestInABrowserOnlyTheBeginningOfAPastedKeyIsSent(t *testing.T) {
	b := finder(t, true)
	b.open("/admin")
	b.evaluate(`(() => { const send = window.fetch; window.sent = []; window.fetch = (address, settings) => { window.sent.push(String(address)); return send(address, settings); }; })()`, nil)
	b.slash()
	b.waits(isOpen)
	b.evaluate(fmt.Sprintf(`(() => { const input = document.querySelector('.palette input'); input.value = %q; input.dispatchEvent(new Event('input')); })()`, b.s.words["ada.key"]), nil)
	b.waits(options + ".length > 0 && " + chosen)
	b.is(chosen, "/admin/keys/$ada.id/revoke?leaked=yes")
	b.is("window.sent", "/admin/search?q=$ada.prefix&leaked=yes")
	b.is(`document.querySelector('.palette [role="status"]').textContent`, "2 results Only the beginning of the key was sent.")
}

func TestInABrowserViewsAreSavedShownFoundAndRemoved(t *testing.T) {
	b := finder(t, true)
	const chips = `[...document.querySelectorAll('.views li a')].map(a => a.textContent + ' ' + a.getAttribute('href'))`
	save := func(name string) {
		t.Helper()
		b.do(chromedp.Click("[data-save]"), chromedp.SendKeys("#view-name", name+kb.Enter))
	}
	hostile := `<img src=x onerror=alert(1)>`
	b.open("/admin/users")
	b.is("document.querySelector('[data-save]')", "null")
	b.open("/admin/users?status=active&role=user&sort=email&done=user-changed&after=email~1~x&other=1&q=")
	save("Mine")
	b.is(chips, "Mine /admin/users?role=user&status=active&sort=email")
	b.is(`document.querySelector('.views [aria-current]').textContent`, "Mine")
	b.open("/admin/keys?state=active&q=" + b.s.words["ada.key"][:30])
	b.is(chips, "")
	save(hostile + strings.Repeat("x", 60))
	b.is(`document.querySelector('.views li a').textContent.length + document.querySelector('.views li a').getAttribute('href')`, "60/admin/keys?q=$ada.prefix&state=active")
	b.is("document.querySelectorAll('.views img').length", "0")

	b.open("/admin")
	b.slash()
	b.waits(isOpen)
	b.is(options+"[0]", "/admin/users?role=user&status=active&sort=email")
	b.types("mine")
	b.waits(options + ".length === 1 && " + chosen)
	b.loads("Enter", func() chromedp.Action { return chromedp.KeyEvent(kb.Enter) })
	b.is("location.pathname + location.search", "/admin/users?role=user&status=active&sort=email")
	b.sees("ada@example.com")
	b.do(chromedp.Click(`[aria-label="Remove the view Mine"]`))
	b.is(chips, "")
	b.is("document.querySelector('[data-save]').textContent", "Save this view")

	// What the storage holds is not trusted.
	b.evaluate(`localStorage.setItem('codexible.views', JSON.stringify([
		{name: 'script', path: 'javascript:alert(1)'}, {name: 'host', path: '//evil.example/admin/users?role=user'}, {name: 'host', path: 'https://evil.example/admin/users?role=user'},
		{name: 'form', path: '/admin/logout?q=1'}, {name: 'none', path: '/admin/users?other=1'}, {name: ' ', path: '/admin/users?role=user'}, {name: 5, path: 7}, null, 'text',
		{name: 'long', path: '/admin/users?q=' + 'x'.repeat(2000)}, {name: 'Good', path: '/admin/users?role=admin&evil=1#x'}]))`, nil)
	b.open("/admin/users")
	b.is(chips, "Good /admin/users?role=admin")
	for _, broken := range []string{"{", "7", `{"name": "x"}`, "null"} {
		b.evaluate(fmt.Sprintf("localStorage.setItem('codexible.views', %q)", broken), nil)
		b.open("/admin/users?role=user")
		b.is(chips, "")
	}
	b.evaluate(`localStorage.setItem('codexible.views', JSON.stringify(Array.from({length: 50}, (_, i) => ({name: 'view ' + i, path: '/admin/users?q=' + i}))))`, nil)
	b.open("/admin/users?role=user")
	b.is("document.querySelectorAll('.views li').length", "40")
	b.is("document.querySelector('[data-save]')", "null")
	b.sees("40 views are saved. Remove one to save another.")
	if len(b.said) > 0 {
		t.Errorf("the browser reports errors: %q", b.said)
	}
}

func TestInABrowserTheSearchAndSavedViewsAreAccessibleAndFitAPhone(t *testing.T) {
	b := finder(t, true)
	for _, screen := range screens {
		b.do(chromedp.EmulateViewport(screen.width, screen.height), emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: screen.scheme}}))
		b.evaluate(`localStorage.setItem('codexible.views', JSON.stringify([{name: 'A view with rather a long name ' + 'x'.repeat(29), path: '/admin/users?role=user'}, {name: 'Short', path: '/admin/users?role=admin'}]))`, nil)
		b.check(screen.name, "users-views", "/admin/users?role=user&sort=email")
		b.do(chromedp.Click("[data-save]"))
		b.check(screen.name, "users-view-form", "")
		b.open("/admin/users?role=user")
		b.do(chromedp.Click("[data-search]"))
		b.waits(isOpen)
		b.check(screen.name, "search-start", "")
		b.types("ada")
		b.waits(options + ".length > 2 && " + chosen)
		b.check(screen.name, "search-results", "")
		b.check(screen.name, "search-page", "/admin/search?q=ada")
	}
}

func TestInABrowserTheConsoleIsSearchedAndSortedWithoutScripts(t *testing.T) {
	b := finder(t, false)
	b.open("/admin/keys")
	b.loads("the search", func() chromedp.Action { return chromedp.MouseClickXY(b.middle("//a[span='Search']")) })
	b.fill("q", "lovelace")
	b.press("Search")
	b.is("location.pathname + location.search", "/admin/search?q=lovelace")
	b.press("ada@example.com")
	b.is("location.pathname", "/admin/users/$ada.user")
	b.open("/admin/search")
	b.fill("q", b.s.words["ada.key"])
	b.press("Search")
	b.is("location.search", "?done=key-pasted&leaked=yes&q=$ada.prefix")
	b.sees("Do not paste whole keys", "Revoke this key and what it created")

	const emails = `[...document.querySelectorAll('tbody .main-link')].map(a => a.textContent)`
	b.open("/admin/users?status=active")
	b.press("User")
	b.is("location.search", "?sort=email&status=active")
	b.is(`document.querySelector('[aria-sort="ascending"]').textContent`, "User")
	var up, down []string
	b.evaluate(emails, &up)
	b.press("User")
	b.evaluate(emails, &down)
	if slices.Reverse(down); !slices.Equal(up, down) || !slices.IsSorted(up) || len(up) != 4 {
		t.Errorf("upwards %v, downwards %v", up, down)
	}
	b.do(chromedp.EmulateViewport(390, 844))
	b.open("/admin/users")
	b.press("Role")
	b.is("location.search", "?sort=role")
}
