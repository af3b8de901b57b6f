package handlers_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/handlers"
	"codexible/handlers/console"
	"codexible/handlers/monitor"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/pquerna/otp/totp"
)

// The browser tests use the cast, the clock and the service of the HTTP tests, and
// check the same pages.

//go:embed testdata/axe.min.js
var axe string

// browserPatience bounds one test in the browser; a machine with one busy core is slow, and two browsers share it.
const browserPatience = 12 * time.Minute

// chromium starts a browser until the test ends. Without one the test is
// skipped, or fails where CODEXIBLE_TEST_STRICT is set.
func chromium(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		if os.Getenv("CODEXIBLE_TEST_STRICT") != "" {
			t.Fatal("Chromium is not installed, and under make test nothing is skipped")
		}
		t.Skip("Chromium is not installed; make test installs one")
	}
	ctx, stop := context.WithTimeout(context.Background(), browserPatience)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-dev-shm-usage", true), chromedp.UserDataDir(t.TempDir()))
	ctx, _ = chromedp.NewExecAllocator(ctx, options...)
	ctx, quit := chromedp.NewContext(ctx)
	t.Cleanup(func() {
		quit()
		stop()
	})
	if err := chromedp.Run(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// tab is a page in the browser.
type tab struct {
	t    *testing.T
	s    *service
	ctx  context.Context
	said []string // errors that the browser reported
	// scripts is false where the browser runs none.
	scripts bool
}

func (s *service) tab(t *testing.T, scripts bool) *tab {
	t.Helper()
	b := &tab{t: t, s: s, ctx: chromium(t), scripts: scripts}
	chromedp.ListenTarget(b.ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			b.said = append(b.said, e.ExceptionDetails.Error())
		case *page.EventJavascriptDialogOpening:
			b.said = append(b.said, "a dialog: "+e.Message)
		}
	})
	b.do(emulation.SetScriptExecutionDisabled(!scripts), browser.GrantPermissions([]browser.PermissionType{browser.PermissionTypeClipboardReadWrite, browser.PermissionTypeClipboardSanitizedWrite}))
	return b
}

// stepPatience bounds one step in the browser.
const stepPatience = 20 * time.Second

func (b *tab) do(actions ...chromedp.Action) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepPatience)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// startPatience is how long an action may take to start a navigation before it counts as lost.
const startPatience = 3 * time.Second

// loads does what opens another page, and waits until it is loaded. A busy browser
// may lose a click that arrives before it has drawn what was scrolled into view:
// where no navigation starts, the action is repeated.
func (b *tab) loads(says string, action func() chromedp.Action) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepPatience)
	defer cancel()
	started, loaded := make(chan struct{}, 1), make(chan struct{}, 1)
	chromedp.ListenTarget(ctx, func(event any) {
		signal := loaded
		switch event.(type) {
		case *page.EventFrameStartedNavigating:
			signal = started
		case *page.EventLoadEventFired:
		default:
			return
		}
		select {
		case signal <- struct{}{}:
		default:
		}
	})
	for moving := false; !moving; {
		if err := chromedp.Run(ctx, action()); err != nil {
			b.t.Fatalf("%s: %v", says, err)
		}
		select {
		case <-started:
			moving = true
		case <-time.After(startPatience):
		case <-ctx.Done():
			b.t.Fatalf("%s opens no page: %s", says, b.text())
		}
	}
	select {
	case <-loaded:
	case <-ctx.Done():
		b.t.Fatalf("%s loads no page: %s", says, b.text())
	}
}

// openUntil reloads a page until it shows a text: on a busy machine a
// count is cached for a moment.
func (b *tab) openUntil(path, says string) {
	b.t.Helper()
	for range 100 {
		b.open(path)
		if strings.Contains(b.text(), says) {
			return
		}
	}
	b.t.Fatalf("%s never shows %q: %s", path, says, b.text())
}

// open loads a path, or a URL.
func (b *tab) open(path string) {
	b.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = "http://" + b.s.address + b.s.fill(path)
	}
	b.do(chromedp.Navigate(path))
}

func (b *tab) fill(name, value string) {
	b.t.Helper()
	var found bool
	b.evaluate(fmt.Sprintf(`(() => { const f = document.querySelector('main [name=%q]'); if (f) f.value = %q; return !!f })()`, name, value), &found)
	if !found {
		b.t.Fatalf("field %s does not exist: %s", name, b.text())
	}
}

// tick checks boxes by their values.
func (b *tab) tick(values ...string) {
	b.t.Helper()
	for _, value := range values {
		var found bool
		b.evaluate(fmt.Sprintf(`(() => { const f = document.querySelector('main input[type=checkbox][value=%q]'); if (f) f.click(); return !!f && f.checked })()`, value), &found)
		if !found {
			b.t.Fatalf("box %s does not exist: %s", value, b.text())
		}
	}
}

// middle returns the centre of an XPath's first element.
func (b *tab) middle(path string) (x, y float64) {
	b.t.Helper()
	var at []float64
	b.evaluate(fmt.Sprintf(`(() => {
		const e = document.evaluate(%q, document, null, XPathResult.FIRST_ORDERED_NODE_TYPE).singleNodeValue;
		if (!e) return null;
		e.scrollIntoView({block: "center", behavior: "instant"});
		const r = e.getClientRects()[0];
		return r ? [r.x + r.width / 2, r.y + r.height / 2] : null;
	})()`, path), &at)
	if len(at) != 2 {
		b.t.Fatalf("nothing is visible at %s: %s", path, b.text())
	}
	return at[0], at[1]
}

// press clicks a button or a link by its text, and waits for the next page.
func (b *tab) press(text string) {
	b.t.Helper()
	path := fmt.Sprintf("(//button[normalize-space(text())='%[1]s'] | //a[normalize-space(text())='%[1]s' or normalize-space(bdi)='%[1]s'])[1]", text)
	b.loads("pressing "+text, func() chromedp.Action {
		x, y := b.middle(path)
		return chromedp.MouseClickXY(x, y)
	})
}

func (b *tab) text() (text string) {
	b.t.Helper()
	b.evaluate("document.body.innerText", &text)
	return text
}

func (b *tab) textOf(selector string) (text string) {
	b.t.Helper()
	b.evaluate(fmt.Sprintf("document.querySelector(%q).innerText", selector), &text)
	return text
}

func (b *tab) evaluate(script string, into any) {
	b.t.Helper()
	b.do(chromedp.Evaluate(script, into, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
}

func (b *tab) sees(texts ...string) {
	b.t.Helper()
	seen := b.text()
	for _, text := range texts {
		if !strings.Contains(seen, text) {
			b.t.Fatalf("the page lacks %q: %s", text, seen)
		}
	}
}

func (b *tab) signIn(email, password string) {
	b.t.Helper()
	b.open("/admin/login")
	b.fill("email", email)
	b.fill("password", password)
	b.press("Sign in")
}

func TestInABrowserTheConsoleIsSetUpSignedInToAndUsedWithAndWithoutScripts(t *testing.T) {
	for name, scripts := range map[string]bool{"with scripts": true, "without scripts": false} {
		t.Run(name, func(t *testing.T) {
			s := onSQLite(t)
			b := s.tab(t, scripts)
			b.setUpAndSignIn()
			b.signInWithCode()
			b.createUserAndKey(scripts)
			b.rotateSuspendAndMove()
			b.readChart(scripts)
			b.export()
			b.open("/admin")
			b.press("Sign out")
			b.sees("You are signed out")
			b.open("/admin/users")
			b.sees("Sign in", "Password")
			if len(b.said) > 0 {
				t.Errorf("the browser reports errors: %q", b.said)
			}
		})
	}
}

func (b *tab) setUpAndSignIn() {
	b.t.Helper()
	link, err := console.SetupLink(context.Background(), b.s.store, "http://"+b.s.address)
	if err != nil {
		b.t.Fatal(err)
	}
	b.open(link)
	b.fill("email", "op@example.com")
	b.fill("password", "short")
	b.press("Set up")
	b.sees("12 to 1000 characters")
	b.fill("password", operatorPassword)
	b.press("Set up")
	b.sees("Overview", "op@example.com")
	b.press("Sign out")
	b.open(link)
	b.sees("was already used")
	b.signIn("op@example.com", "not the password")
	b.sees("Wrong e-mail or password")
	b.fill("password", operatorPassword)
	b.press("Sign in")
	b.sees("Overview")
}

func (b *tab) signInWithCode() {
	b.t.Helper()
	b.open("/admin/account")
	b.press("Set up")
	secret := b.textOf("#totp-secret")
	code := func() string {
		b.s.clock.Add(2 * time.Minute) // a code works once, and the minute's tries are over
		text, err := totp.GenerateCode(strings.ReplaceAll(secret, " ", ""), b.s.clock.Now())
		if err != nil {
			b.t.Fatal(err)
		}
		return text
	}
	b.fill("code", code())
	b.press("Turn on")
	b.sees("They are not shown again")
	b.press("Sign out")
	b.signIn("op@example.com", operatorPassword)
	b.sees("Enter the code")
	b.fill("code", "000000")
	b.press("Sign in")
	b.sees("Wrong code")
	b.fill("code", code())
	b.press("Sign in")
	b.sees("Overview")
}

func (b *tab) createUserAndKey(scripts bool) {
	b.t.Helper()
	b.open("/admin/users")
	b.press("Create a user")
	b.fill("email", "new@example.com")
	b.fill("name", `New <b>"Person"</b>`)
	b.fill("plan", "Pro")
	b.press("Create the user")
	b.sees("User created", `New <b>"Person"</b>`)
	b.press("Create a key")
	b.fill("label", "Production")
	b.tick("usage", "keys", "charge")
	b.fill("allowed_addresses", "127.0.0.0/8\n2001:db8::/32")
	b.press("Create the key")
	b.sees("Copy the key now. It is not shown again.")
	secret, copied := b.textOf("#secret"), ""
	b.s.words["shown.key"] = secret
	recordSecret(secret)
	if scripts {
		b.do(chromedp.MouseClickXY(b.middle("//button[@data-copy]")))
		b.do(chromedp.Poll(`document.querySelector("[data-copy]").textContent === "Copied"`, nil))
		b.evaluate("navigator.clipboard.readText()", &copied)
		if copied != secret {
			b.t.Errorf("%d characters were copied, not the key", len(copied))
		}
	} else {
		var display string
		if b.evaluate(`getComputedStyle(document.querySelector("[data-copy]")).display`, &display); display != "none" {
			b.t.Error("a button that needs a script is shown without")
		}
	}
	b.s.call(b.t, call{says: "the key works", as: "shown", method: "GET", path: "/api/keys", status: 200})
	b.loads("a reload", func() chromedp.Action { return page.Reload() })
	b.sees("This form was already sent", "Production")
	if strings.Contains(b.text(), secret) {
		b.t.Error("a reload shows the key again")
	}
}

func (b *tab) rotateSuspendAndMove() {
	b.t.Helper()
	b.press("Production")
	b.press("Rotate")
	b.fill("grace_seconds", "3600")
	b.press("Rotate the key")
	secret := b.textOf("#secret")
	b.s.words["rotated.key"] = secret
	recordSecret(secret)
	for _, key := range []string{"shown", "rotated"} {
		b.s.call(b.t, call{says: "both secrets work within the grace", as: key, method: "GET", path: "/api/keys", status: 200})
	}
	b.press("I have saved the key")
	b.sees("Old secret")
	b.open("/admin/users?q=new@example.com")
	b.press("new@example.com")
	b.press("Suspend")
	b.sees("What will happen")
	b.press("Suspend this user")
	b.sees("User suspended")
	b.s.call(b.t, call{says: "the API refuses at once", as: "rotated", method: "GET", path: "/api/keys", status: 403})
	b.press("Reactivate")
	b.press("Reactivate this user")
	b.press("Change plan")
	b.fill("plan", "Business")
	b.press("Continue")
	b.sees("moves from Pro to Business")
	b.press("Change the plan to Business")
	b.sees("Plan changed", "500 credits")
}

func (b *tab) readChart(scripts bool) {
	b.t.Helper()
	b.s.call(b.t, call{says: "something to draw", as: "rotated", method: "POST", path: "/api/usage", body: `{"credits": 41, "model": "codex-large"}`, status: 200})
	b.openUntil("/admin/usage?user=new@example.com", "Show as a table")
	b.do(chromedp.MouseClickXY(b.middle("//summary[contains(., 'Show as a table')]")))
	b.sees("Wed 4 Mar 2026", "41 credits")
	x, y := b.middle("(//*[@class='hit'])[last()]")
	b.do(chromedp.MouseEvent("mouseMoved", x, y))
	var visibility string
	b.evaluate(`getComputedStyle([...document.querySelectorAll('.bar .tip')].at(-1)).visibility`, &visibility)
	if visibility != "visible" {
		b.t.Errorf("hovering the last bar makes its detail %s", visibility)
	}
	if scripts {
		var said string
		b.evaluate(`document.querySelector(".plot").focus()`, nil)
		b.do(chromedp.KeyEvent(kb.ArrowLeft))
		b.evaluate(`document.querySelector('figure [aria-live]').textContent`, &said)
		if !strings.Contains(said, "41 credits") {
			b.t.Errorf("the arrow keys say %q", said)
		}
	}
}

func (b *tab) export() {
	b.t.Helper()
	folder := b.t.TempDir()
	done := make(chan struct{}, 1)
	chromedp.ListenTarget(b.ctx, func(event any) {
		if e, ok := event.(*browser.EventDownloadProgress); ok && e.State == browser.DownloadProgressStateCompleted {
			select {
			case done <- struct{}{}:
			default:
			}
		}
	})
	b.open("/admin/usage")
	x, y := b.middle("//button[text()='Export as CSV']")
	b.do(browser.SetDownloadBehavior(browser.SetDownloadBehaviorBehaviorAllow).WithDownloadPath(folder).WithEventsEnabled(true), chromedp.MouseClickXY(x, y))
	select {
	case <-done:
	case <-time.After(stepPatience):
		b.t.Fatal("the export does not arrive")
	}
	files, _ := filepath.Glob(filepath.Join(folder, "*.csv"))
	if len(files) != 1 {
		b.t.Fatalf("downloaded %v", files)
	}
	text, err := os.ReadFile(files[0])
	if err != nil || !strings.Contains(string(text), "new@example.com") {
		b.t.Errorf("%v: %s", err, text)
	}
}

// screens are the sizes and colour themes in which every page is checked.
var screens = []struct {
	name          string
	width, height int64
	scheme        string
}{{"wide-light", 1280, 800, "light"}, {"wide-dark", 1280, 800, "dark"}, {"phone-light", 390, 844, "light"}, {"phone-dark", 390, 844, "dark"}}

type violation struct {
	ID     string `json:"id"`
	Impact string `json:"impact"`
	Help   string `json:"help"`
	Nodes  []struct {
		HTML           string `json:"html"`
		FailureSummary string `json:"failureSummary"` //nolint:tagliatelle // as axe names it
	} `json:"nodes"`
}

// Screenshots go into the folder that CODEXIBLE_SCREENSHOTS names.
// themes are checked one after the other in a page that is opened once.
var themes = []string{"light", "dark"}

// Both sizes have a service and a browser of their own, so that they run beside each other.
func TestInABrowserEveryPageIsAccessibleAndFitsWideAndNarrowLightAndDark(t *testing.T) {
	t.Parallel()
	for size, screen := range map[string]struct{ width, height int64 }{"wide": {1280, 800}, "phone": {390, 844}} {
		t.Run(size, func(t *testing.T) {
			t.Parallel()
			var draining atomic.Bool
			s := onSQLite(t, func(p *handlers.Parts) { withMonitor(p, func(m *monitor.Parts) { m.Draining = draining.Load }) })
			s.fillUsage(t)
			if _, err := s.store.Reconcile(context.Background()); err != nil {
				t.Fatal(err)
			}
			s.sell(t)
			s.route(t)
			draining.Store(true) // so that the overview has a 5xx response
			v := s.visitor(t)
			v.header.Set("X-Request-Id", strings.Repeat("0123456789abcdef", 8)) // as long as one may be
			v.get("/health/ready").sees(http.StatusServiceUnavailable)
			draining.Store(false)
			if err := s.store.SetPassword(context.Background(), accounts.ActorCLI, s.id(t, "root.user"), operatorHash()); err != nil {
				t.Fatal(err)
			}
			b := s.tab(t, true)
			b.do(chromedp.EmulateViewport(screen.width, screen.height))
			b.checkThemes(size, "login", "/admin/login")
			b.signIn("root@example.com", operatorPassword)
			for _, path := range consolePages {
				b.checkThemes(size, pageName(path), path)
			}
			b.checkThemes(size, "not-found", "/admin/users/nobody")
			b.open("/admin/account")
			b.press("Set up")
			b.checkThemes(size, "two-step", "")
			b.open("/admin/keys/new?user=$ada.user")
			b.press("Create the key")
			b.checkThemes(size, "secret", "")
			b.press("Sign out")
			if len(b.said) > 0 {
				t.Errorf("the browser reports errors: %q", b.said)
			}
		})
	}
}

var (
	notInNames = regexp.MustCompile(`[^a-z0-9]+`)
	parameter  = regexp.MustCompile(`/\$[a-z.]+`)
)

func pageName(path string) string {
	if path == "/admin" {
		return "overview"
	}
	path = parameter.ReplaceAllString(strings.TrimPrefix(path, "/admin"), "-one")
	return strings.Trim(notInNames.ReplaceAllString(path, "-"), "-")
}

// checkThemes checks a page in every theme. No colour is on its way to another while axe looks.
func (b *tab) checkThemes(size, name, path string) {
	b.t.Helper()
	if path != "" {
		b.open(path)
	}
	for _, theme := range themes {
		b.do(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"}}))
		b.check(size+"-"+theme, name, "")
	}
}

// check runs axe on a page, checks that it fits the screen, and takes a screenshot.
func (b *tab) check(screen, name, path string) {
	b.t.Helper()
	if path != "" {
		b.open(path)
	}
	var found string
	b.evaluate(axe+`; document.fonts.ready.then(() => axe.run(document, {resultTypes: ["violations"]})).then(r => JSON.stringify(r.violations.filter(v => ["serious", "critical"].includes(v.impact))))`, &found)
	var violations []violation
	if err := json.Unmarshal([]byte(found), &violations); err != nil {
		b.t.Fatal(err)
	}
	for _, v := range violations {
		b.t.Errorf("%s, %s: %s (%s): %s: %s", name, screen, v.Help, v.Impact, v.Nodes[0].HTML, v.Nodes[0].FailureSummary)
	}
	b.fitsInWidth(screen, name)
	folder := os.Getenv("CODEXIBLE_SCREENSHOTS")
	if folder == "" {
		return
	}
	var picture []byte
	b.do(chromedp.FullScreenshot(&picture, 100))
	if err := os.MkdirAll(folder, 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "console-"+name+"-"+screen+".png"), picture, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// fitsInWidth checks that a page is no wider than the screen.
func (b *tab) fitsInWidth(screen, name string) {
	b.t.Helper()
	var overflow int64
	b.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth", &overflow)
	if overflow > 0 {
		b.t.Errorf("%s, %s: the page is %d px wider than the screen", name, screen, overflow)
	}
}

// fillUsage charges a month of usage.
func (s *service) fillUsage(t *testing.T) {
	t.Helper()
	end := s.clock.Now()
	for day := -30; day <= 0; day++ {
		s.clock.Set(end.AddDate(0, 0, day))
		for i, who := range []string{"ada", "bob", "ada"} {
			credits := 5 + (day*day*7+i*11)%23
			if w := s.clock.Now().Weekday(); w == time.Saturday || w == time.Sunday {
				credits = 2
			}
			s.call(t, call{says: "a charge", as: who, method: http.MethodPost, path: "/api/usage", status: 200,
				body: fmt.Sprintf(`{"credits": %d, "model": %q, "prompt_tokens": %d, "completion_tokens": 211, "cost_usd": 0.0%d}`, credits, []string{"codex-large", "codex-mini", "codex-mini"}[i], credits*90, credits+10)})
		}
	}
	s.clock.Set(end)
	if _, err := s.store.CloseDays(context.Background()); err != nil {
		t.Fatal(err)
	}
}
