package handlers_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/handlers"
	"codexible/handlers/console"
	"codexible/handlers/monitor"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/uuid"
	"github.com/pquerna/otp/totp"
)

const operatorPassword = "correct horse battery staple"

// operatorHash is hashed once: it is slow.
var operatorHash = sync.OnceValue(func() string {
	hash, err := accounts.HashPassword(context.Background(), operatorPassword)
	if err != nil {
		panic(err)
	}
	return hash
})

// visitor is a browser without JavaScript: it keeps cookies and fills in forms.
type visitor struct {
	t      testing.TB
	s      *service
	client *http.Client
	header http.Header
	// page is the answer without <wbr>, where a text may break; html has it.
	page, html string
	status     int
	location   string
	answer     *http.Response
}

func (s *service) visitor(t testing.TB) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &visitor{t: t, s: s, header: http.Header{}, client: &http.Client{Jar: jar, CheckRedirect: client.CheckRedirect}}
}

// operator is a visitor who has signed in as root.
func (s *service) operator(t testing.TB) *visitor {
	t.Helper()
	if err := s.store.SetPassword(context.Background(), accounts.ActorCLI, s.id(t, "root.user"), operatorHash()); err != nil {
		t.Fatal(err)
	}
	s.lend(t)
	s.sell(t)
	v := s.visitor(t)
	v.signIn("root@example.com", operatorPassword)
	if v.status != http.StatusSeeOther || v.location != "/admin" {
		t.Fatalf("the operator cannot sign in: %d to %q: %s", v.status, v.location, v.page)
	}
	return v
}

func (v *visitor) signIn(email, password string) *visitor {
	v.t.Helper()
	return v.get("/admin/login").submit("/admin/login", "email", email, "password", password)
}

func (v *visitor) get(path string) *visitor {
	v.t.Helper()
	return v.send(http.MethodGet, path, "")
}

// submit sends the form of the current page with this action: its hidden fields and
// these.
func (v *visitor) submit(path string, pairs ...string) *visitor {
	v.t.Helper()
	form := v.hidden(path)
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Del(pairs[i])
	}
	for i := 0; i+1 < len(pairs); i += 2 { // boxes that share a name have several values
		form.Add(pairs[i], v.s.fill(pairs[i+1]))
	}
	return v.send(http.MethodPost, path, form.Encode())
}

var (
	forms  = regexp.MustCompile(`(?s)<form[^>]*action="([^"]*)"[^>]*>.*?</form>`)
	inputs = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`)
)

func (v *visitor) hidden(path string) url.Values {
	v.t.Helper()
	values := url.Values{}
	for _, form := range forms.FindAllStringSubmatch(v.page, -1) {
		if html.UnescapeString(form[1]) != v.s.fill(path) {
			continue
		}
		for _, input := range inputs.FindAllStringSubmatch(form[0], -1) {
			values.Set(input[1], html.UnescapeString(input[2]))
		}
		return values
	}
	v.t.Fatalf("the page has no form that is sent to %s: %s", v.s.fill(path), v.page)
	return nil
}

func (v *visitor) send(method, path, form string) *visitor {
	v.t.Helper()
	if method == http.MethodPost {
		return v.sendAs("application/x-www-form-urlencoded", path, form)
	}
	return v.request(method, "", path, form)
}

// sendAs sends a form of a media type.
func (v *visitor) sendAs(media, path, form string) *visitor {
	v.t.Helper()
	return v.request(http.MethodPost, media, path, form)
}

func (v *visitor) request(method, media, path, form string) *visitor {
	v.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, "http://"+v.s.address+v.s.fill(path), strings.NewReader(form))
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header = v.header.Clone()
	if media != "" {
		r.Header.Set("Content-Type", media)
	}
	answer, err := v.client.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	v.answer = answer
	v.page, v.html, v.status, v.location = string(text), string(text), v.answer.StatusCode, v.answer.Header.Get("Location")
	if strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") {
		v.page = strings.ReplaceAll(v.html, "<wbr>", "")
	}
	return v
}

// sees asserts the status and texts of the current page.
func (v *visitor) sees(status int, texts ...string) *visitor {
	v.t.Helper()
	if v.status != status {
		v.t.Fatalf("answered %d (to %q), want %d: %s", v.status, v.location, status, v.page)
	}
	for _, text := range texts {
		if !strings.Contains(html.UnescapeString(v.page), v.s.fill(text)) {
			v.t.Errorf("the page lacks %q: %s", v.s.fill(text), v.page)
		}
	}
	return v
}

// redirected asserts a redirect to a path, and follows it.
func (v *visitor) redirected(path string) *visitor {
	v.t.Helper()
	if v.status != http.StatusSeeOther || v.location != v.s.fill(path) {
		v.t.Fatalf("answered %d to %q, want a redirect to %q: %s", v.status, v.location, v.s.fill(path), v.page)
	}
	return v.get(v.location)
}

// consoleRoutes are the paths of the router that only operators may use, by method.
func consoleRoutes(method string) (paths []string) {
	for _, r := range handlers.ConsoleRoutes() {
		if r.Method == method && r.Operators {
			paths = append(paths, withID(r.Path))
		}
	}
	return paths
}

// withID replaces :id in a route's path by an id that exists.
func withID(path string) string {
	for prefix, id := range map[string]string{"/admin/users/": "$ada.user", "/admin/keys/": "$ada.id", "/admin/plans/": "$plan.pro", "/admin/grants/": "$sam.grant", "/admin/holds/": "$sam.hold", "/admin/account/sessions/": "$ada.id",
		"/admin/models/": "$model.large", "/admin/upstreams/": "$upstream.vendor", "/admin/webhooks/": "$hook.id", "/admin/upstream-keys/": "$upkey.spare", "/admin/prices/": "$price.wide", "/admin/charges/": "$charge.priced", "/admin/requests/": "$request.old"} {
		if strings.HasPrefix(path, prefix) {
			path = strings.Replace(path, ":id", id, 1)
			if strings.HasPrefix(path, "/admin/webhooks/") && strings.HasSuffix(path, "/delivery") {
				path += "?event=$hook.event"
			}
			return path
		}
	}
	return path
}

var (
	// consolePages are the pages for operators, some also with a query.
	consolePages = append(consoleRoutes(http.MethodGet), "/admin/keys?state=unused", "/admin/usage?group=model", "/admin/usage?group=plan", "/admin/usage?user=ada@example.com",
		"/admin/prices?show=waiting", "/admin/prices/new?model=openai/gpt-wide", "/admin/prices/quote?model=openai/gpt-wide&input=300000&output=10&reasoning=3&service_tier=batch", "/admin/charges/$charge.hand",
		"/admin/requests?outcome=refused&status=5xx&since=24h", "/admin/live?user=ada@example.com")
	// consoleForms are the actions of the forms of those pages.
	consoleForms = append(consoleRoutes(http.MethodPost), "/admin/theme")
)

// A page's access is a column of the table of routes: this walks the router, not a
// list of its own.
func TestWhatIsNotForOperatorsAloneShowsNothingOfTheService(t *testing.T) {
	s := onSQLite(t)
	s.operator(t)
	table := map[string]bool{}
	for _, r := range handlers.ConsoleRoutes() {
		table[r.Method+" "+r.Path] = true
		if r.Operators {
			continue
		}
		stranger := s.visitor(t).get("/admin/login")
		form := stranger.hidden("/admin/login")
		if stranger.send(r.Method, withID(r.Path), form.Encode()); strings.Contains(stranger.page, `href="/admin/users"`) || strings.Contains(stranger.page, "example.com") {
			t.Errorf("%s %s shows a stranger the console: %s", r.Method, r.Path, stranger.page)
		}
	}
	for _, r := range s.app.GetRoutes(true) {
		if strings.HasPrefix(r.Path, "/admin") && r.Method != http.MethodHead && !table[r.Method+" "+r.Path] {
			t.Errorf("the router has %s %s, which is not a page of the table", r.Method, r.Path)
		}
	}
	if len(table) < 50 {
		t.Errorf("the table has %d pages and forms", len(table))
	}
}

func TestConsolePagesAndFormsRefuseVisitorsAndNonAdmins(t *testing.T) {
	s := onSQLite(t)
	s.operator(t) // an operator exists
	outsider := s.visitor(t)
	// A session whose user has lost the role admin.
	token := accounts.MintToken()
	for _, role := range []accounts.Role{accounts.RoleAdmin, accounts.RoleUser} {
		if _, err := s.store.ChangeUser(context.Background(), accounts.ActorCLI, s.id(t, "ada.user"), accounts.UserChange{Role: &role}); err != nil {
			t.Fatal(err)
		}
		_, err := s.store.OpenSession(context.Background(), accounts.ActorCLI, store.NewSession{UserID: s.id(t, "ada.user"), Token: token})
		if (role == accounts.RoleAdmin) != (err == nil) {
			t.Fatalf("as %s a session is opened: %v", role, err)
		}
	}
	customer := s.visitor(t)
	customer.header.Set("Cookie", "codexible_session="+token.Reveal())
	waiting := accounts.MintToken()
	if _, err := s.store.OpenSession(context.Background(), accounts.ActorCLI, store.NewSession{UserID: s.id(t, "root.user"), Token: waiting, CodePending: true, PasswordHash: operatorHash()}); err != nil {
		t.Fatal(err)
	}
	halfway := s.visitor(t)
	halfway.header.Set("Cookie", "codexible_session="+waiting.Reveal())
	for name, v := range map[string]*visitor{"signed out": outsider, "no admin": customer, "before the second step": halfway} {
		for _, path := range consolePages {
			v.get(path)
			if want := "/admin/login?next=" + url.QueryEscape(s.fill(path)); v.status != http.StatusSeeOther || v.location != want {
				t.Errorf("%s: GET %s answered %d to %q, want the sign-in", name, s.fill(path), v.status, v.location)
			}
		}
		for _, path := range consoleForms {
			v.send(http.MethodPost, path, "")
			if v.status != http.StatusForbidden {
				t.Errorf("%s: POST %s answered %d, want 403", name, s.fill(path), v.status)
			}
		}
	}
}

func TestConsoleFormsRefuseAMissingAndAForeignToken(t *testing.T) {
	s := onSQLite(t)
	v, other := s.operator(t), s.visitor(t)
	other.signIn("root@example.com", operatorPassword)
	foreign := other.get("/admin/users/new").hidden("/admin/users/new").Get("_csrf")
	for _, path := range consoleForms {
		for name, form := range map[string]string{"none": "", "foreign": "_csrf=" + foreign, "broken": "_csrf=%00x", "short": "_csrf=YWJj"} {
			if v.send(http.MethodPost, path, form); v.status != http.StatusForbidden {
				t.Errorf("POST %s with token %s answered %d, want 403", s.fill(path), name, v.status)
			}
		}
	}
	own := v.get("/admin/users/$ada.user/suspend").hidden("/admin/users/$ada.user/suspend")
	v.header.Set("Sec-Fetch-Site", "cross-site")
	if v.send(http.MethodPost, "/admin/users/$ada.user/suspend", own.Encode()); v.status != http.StatusForbidden {
		t.Errorf("a form from another site answered %d, want 403", v.status)
	}
	s.call(t, call{says: "nothing was changed", as: "ada", method: "GET", path: "/api/keys", status: 200})
}

func TestEveryConsolePageIsShownWithAStrictPolicyAndNoKey(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		for _, path := range consolePages {
			v.get(path).sees(http.StatusOK, "<h1>")
			for _, key := range []string{"ada.key", "bob.key", "root.key"} {
				if strings.Contains(v.page, s.words[key]) {
					t.Errorf("%s holds a key", path)
				}
			}
			h := v.answer.Header
			if policy := h.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
				t.Errorf("%s has the policy %q", path, policy)
			}
			for name, want := range map[string]string{"X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin", "Content-Type": "text/html; charset=utf-8"} {
				if got := h.Get(name); got != want {
					t.Errorf("%s has %s %q, want %q", path, name, got, want)
				}
			}
		}
		for _, path := range []string{"/admin/users/" + uuid.NewString(), "/admin/users/nobody", "/admin/keys/x", "/admin/plans/x/edit"} {
			v.get(path).sees(http.StatusNotFound, "<h1>")
		}
	})
}

func TestSignInAnswersAlikeWhateverIsWrong(t *testing.T) {
	s := onSQLite(t)
	s.operator(t)
	ctx := context.Background()
	if err := s.store.SetPassword(ctx, accounts.ActorCLI, s.id(t, "ada.user"), operatorHash()); err != nil {
		t.Fatal(err)
	}
	token := regexp.MustCompile(`value="[^"]*"`)
	var first string
	for _, try := range [][2]string{{"root@example.com", "wrong"}, {"nobody@example.com", operatorPassword}, {"ada@example.com", operatorPassword}, {"bob@example.com", operatorPassword}, {"root@example.com", ""}} {
		v := s.visitor(t).signIn(try[0], try[1]).sees(http.StatusUnprocessableEntity, "Wrong e-mail or password")
		page := token.ReplaceAllString(v.page, "")
		if first == "" {
			first = page
		}
		if page != first {
			t.Errorf("%s and %s answer differently from the first try", try[0], try[1])
		}
		for _, c := range v.answer.Cookies() {
			if c.Name == "codexible_session" {
				t.Errorf("%s gets a session", try[0])
			}
		}
	}
	entries, err := s.store.Audit(ctx, store.AuditQuery{Limit: 10, Action: "session.failed"})
	if err != nil || len(entries) != 5 {
		t.Fatalf("%d failures were recorded (%v), want 5", len(entries), err)
	}
}

func TestAPasswordTypedAsAnEmailIsNotRecorded(t *testing.T) {
	s := onSQLite(t)
	s.operator(t)
	s.visitor(t).signIn("my secret password", "x").sees(http.StatusUnprocessableEntity)
	entries, err := s.store.Audit(context.Background(), store.AuditQuery{Limit: 1, Action: "session.failed"})
	if err != nil || len(entries) != 1 || strings.Contains(entries[0].Details+entries[0].Target, "secret") {
		t.Fatalf("%+v, %v", entries, err)
	}
}

func TestASessionCookieIsRotatedAtSignInAndDeadAfterSignOut(t *testing.T) {
	s := onSQLite(t)
	v := s.operator(t)
	home, _ := url.Parse("http://" + s.address)
	session := func() (value string) {
		for _, c := range v.client.Jar.Cookies(home) {
			if c.Name == "codexible_session" {
				value = c.Value
			}
		}
		return value
	}
	first := session()
	v.get("/admin").submit("/admin/logout").redirected("/admin/login?done=signed-out").sees(http.StatusOK, "You are signed out")
	thief := s.visitor(t)
	thief.header.Set("Cookie", "codexible_session="+first)
	thief.get("/admin").sees(http.StatusSeeOther)
	v.signIn("root@example.com", operatorPassword)
	if second := session(); second == "" || second == first {
		t.Errorf("the session's token is not rotated")
	}
	for _, c := range v.answer.Cookies() {
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" {
			t.Errorf("the cookie %s is %+v", c.Name, c)
		}
	}
}

func TestCookiesAreSecureBehindTLS(t *testing.T) {
	s := onSQLite(t, func(p *handlers.Parts) { p.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")} })
	v := s.visitor(t)
	v.header.Set("X-Forwarded-Proto", "https")
	v.get("/admin/login")
	cookies := v.answer.Cookies()
	if len(cookies) != 1 || !cookies[0].Secure || !strings.HasPrefix(cookies[0].Name, "__Host-") || v.answer.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("%v", cookies)
	}
}

func TestSignInRedirectsOnlyWithinTheConsole(t *testing.T) {
	s := onSQLite(t)
	s.operator(t)
	for next, want := range map[string]string{
		"/admin/users?q=a": "/admin/users?q=a", "https://evil.example": "/admin", "//evil.example": "/admin", "/admin//evil.example": "/admin",
		"/administrator": "/admin", "/admin/\\evil": "/admin", "javascript:alert(1)": "/admin",
	} {
		v := s.visitor(t).get("/admin/login").submit("/admin/login", "email", "root@example.com", "password", operatorPassword, "next", next)
		if v.location != want {
			t.Errorf("next=%s redirects to %q, want %q", next, v.location, want)
		}
		s.clock.Add(time.Minute * 2)
	}
}

// from makes a visitor come from an address.
func (v *visitor) from(address string) *visitor {
	v.header.Set("X-Forwarded-For", address)
	return v
}

func TestAGuesserGetsAtMostTenTriesAMinuteAndTheOwnerSignsInFromElsewhere(t *testing.T) {
	s := onSQLite(t, func(p *handlers.Parts) { p.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")} })
	owner := s.operator(t).from("203.0.113.9")
	s.clock.Add(2 * time.Minute)
	guess := func(address, email string) (allowed int) {
		v := s.visitor(t).from(address).get("/admin/login")
		for range 20 {
			v.get("/admin/login").submit("/admin/login", "email", email, "password", "not the password")
			if v.status == http.StatusUnprocessableEntity {
				allowed++
			} else if v.status != http.StatusTooManyRequests || v.answer.Header.Get("Retry-After") == "" {
				t.Fatalf("answered %d", v.status)
			}
		}
		return allowed
	}
	one := guess("198.51.100.1", "root@example.com")
	if one < 1 || one > 10 {
		t.Fatalf("one address got %d tries at one account", one)
	}
	// The owner, from an unknown address and browser.
	s.visitor(t).from("192.0.2.44").signIn("root@example.com", operatorPassword).redirected("/admin")
	total := one + 1
	for _, address := range []string{"198.51.100.2", "198.51.100.3", "2001:db8::1", "2001:db8::2"} {
		total += guess(address, "root@example.com")
	}
	if total > 10 {
		t.Errorf("many addresses together got %d tries at one account, want at most 10", total)
	}
	// A botnet has used up the account's limit: the owner's browser has a limit of its own.
	owner.get("/admin").submit("/admin/logout")
	owner.signIn("root@example.com", operatorPassword).redirected("/admin")
	// One address gets ten tries at all accounts together; of IPv6 a whole /64 is one.
	s.clock.Add(2 * time.Minute)
	spread := 0
	for _, email := range []string{"a@example.com", "b@example.com", "c@example.com"} {
		spread += guess("198.51.100.7", email)
	}
	if spread != 10 {
		t.Errorf("one address got %d tries at three accounts, want 10", spread)
	}
}

func TestTheSetupLinkCreatesTheFirstOperatorOnce(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		ctx := context.Background()
		link, err := console.SetupLink(ctx, s.store, "http://"+s.address+"/")
		if err != nil || !strings.HasPrefix(link, "http://"+s.address+"/admin/setup?token=") {
			t.Fatal(link, err)
		}
		path := strings.TrimPrefix(link, "http://"+s.address)
		v := s.visitor(t)
		v.get("/admin/login").sees(http.StatusOK, "No operator yet")
		v.get("/admin/setup?token=guess").sees(http.StatusNotFound)
		v.get("/admin/setup").sees(http.StatusNotFound)
		v.get(path).sees(http.StatusOK, "Set up the console")
		v.submit("/admin/setup", "email", "no mail", "password", operatorPassword).sees(http.StatusUnprocessableEntity, "Must be an e-mail address")
		v.submit("/admin/setup", "email", "op@example.com", "password", "short").sees(http.StatusUnprocessableEntity, "12 to 1000 characters")
		late := s.visitor(t)
		late.get(path).sees(http.StatusOK)
		v.submit("/admin/setup", "email", "op@example.com", "name", "Operator", "password", operatorPassword).redirected("/admin").sees(http.StatusOK, "op@example.com")
		late.submit("/admin/setup", "email", "eve@example.com", "password", operatorPassword).sees(http.StatusNotFound, "is not valid")
		late.get(path).sees(http.StatusNotFound)
		if again, err := console.SetupLink(ctx, s.store, "http://x"); again != "" || err != nil {
			t.Errorf("a second start returns the link %q (%v)", again, err)
		}
		failures := s.failures(t, "console.setup_failed")
		if len(failures) != 3 {
			t.Errorf("after three tries with an invalid link and one without a link the audit log has %v", failures)
		}
		for _, e := range failures {
			if e.Actor != "nobody" || e.Address != "127.0.0.1" || e.RequestID == "" || e.SubjectID != uuid.Nil || strings.Contains(fmt.Sprint(e), "guess") {
				t.Errorf("recorded as %+v", e)
			}
		}
		v.get("/admin/audit?action=console.setup_failed").sees(http.StatusOK, "An invalid set-up link was opened.")
		for range 20 {
			late.get("/admin/setup?token=guess")
		}
		late.sees(http.StatusTooManyRequests)
		if n := len(s.failures(t, "console.setup_failed")); n > 7 {
			t.Errorf("one address wrote %d entries within a minute", n)
		}
	})
}

// failures are the audit log's failures of an action.
func (s *service) failures(t testing.TB, action string) (found []accounts.AuditEntry) {
	t.Helper()
	entries, err := s.store.Audit(context.Background(), store.AuditQuery{Limit: 100, Actions: store.FailureActions})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Action == action {
			found = append(found, e)
		}
	}
	return found
}

func TestTwoStepSignInAsksForACodeThatWorksOnce(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		v.get("/admin/account").submit("/admin/account/two-step").sees(http.StatusOK, "Scan the QR code")
		secret := strings.ReplaceAll(regexp.MustCompile(`totp-secret">([A-Z2-7 ]+)<`).FindStringSubmatch(v.page)[1], " ", "")
		code := func() string {
			text, err := totp.GenerateCode(secret, s.clock.Now())
			if err != nil {
				t.Fatal(err)
			}
			return text
		}
		v.submit("/admin/account/two-step/confirm", "code", "000000").sees(http.StatusUnprocessableEntity, "Wrong code")
		v.submit("/admin/account/two-step/confirm", "code", code()).sees(http.StatusOK, "recovery codes")
		recovery := regexp.MustCompile(`<li>([a-z2-7]{5}-[a-z2-7]{5})</li>`).FindAllStringSubmatch(v.page, -1)
		if len(recovery) != 10 {
			t.Fatalf("%d recovery codes", len(recovery))
		}
		s.clock.Add(2 * time.Minute)
		w := s.visitor(t)
		w.signIn("root@example.com", operatorPassword).redirected("/admin/login/code").sees(http.StatusOK, "Enter the code")
		w.get("/admin").sees(http.StatusSeeOther)
		w.get("/admin/login/code").submit("/admin/login/code", "code", "123456").sees(http.StatusUnprocessableEntity, "Wrong code")
		used := code()
		w.submit("/admin/login/code", "code", used).redirected("/admin").sees(http.StatusOK)
		x := s.visitor(t)
		x.signIn("root@example.com", operatorPassword).redirected("/admin/login/code")
		x.submit("/admin/login/code", "code", used).sees(http.StatusUnprocessableEntity)
		x.submit("/admin/login/code", "code", strings.ToUpper(recovery[0][1])).redirected("/admin").sees(http.StatusOK)
		s.clock.Add(2 * time.Minute)
		y := s.visitor(t)
		y.signIn("root@example.com", operatorPassword).redirected("/admin/login/code")
		y.submit("/admin/login/code", "code", recovery[0][1]).sees(http.StatusUnprocessableEntity)
		s.clock.Add(2 * time.Minute)
		v.get("/admin/account").sees(http.StatusOK, "9 recovery codes left")
		v.submit("/admin/account/two-step/off", "code", "000000").sees(http.StatusUnprocessableEntity, "Wrong code")
		v.submit("/admin/account/two-step/off", "code", code()).redirected("/admin/account?done=two-step-off")
		s.visitor(t).signIn("root@example.com", operatorPassword).redirected("/admin")
	})
}

func TestLockedCodesAreReportedToTheirOwnerAndARecoveryCodeUnlocksThem(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		v.get("/admin/account").submit("/admin/account/two-step").sees(http.StatusOK, "Scan the QR code")
		secret := strings.ReplaceAll(regexp.MustCompile(`totp-secret">([A-Z2-7 ]+)<`).FindStringSubmatch(v.page)[1], " ", "")
		code := func() string {
			s.clock.Add(2 * time.Minute)
			text, err := totp.GenerateCode(secret, s.clock.Now())
			if err != nil {
				t.Fatal(err)
			}
			return text
		}
		v.submit("/admin/account/two-step/confirm", "code", code()).sees(http.StatusOK, "recovery codes")
		recovery := regexp.MustCompile(`<li>([a-z2-7]{5}-[a-z2-7]{5})</li>`).FindAllStringSubmatch(v.page, -1)
		for range accounts.MaxWrongCodes - 1 {
			if _, err := s.store.WrongCode(context.Background(), accounts.ActorCLI, s.id(t, "root.user")); err != nil {
				t.Fatal(err)
			}
		}
		s.clock.Add(2 * time.Minute)
		w := s.visitor(t)
		w.signIn("root@example.com", operatorPassword).redirected("/admin/login/code").sees(http.StatusOK, "Enter the code")
		w.submit("/admin/login/code", "code", "abcde-fghij").sees(http.StatusUnprocessableEntity, "Your authenticator codes are locked", "Enter a recovery code")
		w.submit("/admin/login/code", "code", code()).sees(http.StatusUnprocessableEntity, "Your authenticator codes are locked")
		w.get("/admin/login/code").sees(http.StatusOK, "Your authenticator codes are locked")
		v.get("/admin/account").sees(http.StatusOK, "Your authenticator codes are locked", "Change it")
		v.submit("/admin/account/two-step/off", "code", code()).sees(http.StatusUnprocessableEntity, "your authenticator codes are locked")
		v.get("/admin/audit?action=user.two_step_locked").sees(http.StatusOK, "Locked the authenticator codes of root@example.com after 100 wrong codes")
		v.get("/admin").sees(http.StatusOK, "Locked the authenticator codes")
		w.get("/admin/login/code").submit("/admin/login/code", "code", recovery[0][1]).redirected("/admin/account?done=two-step-unlocked").sees(http.StatusOK, "Somebody entered 100 wrong codes in one day", "Change it")
		w.submit("/admin/account/two-step/off", "code", code()).redirected("/admin/account?done=two-step-off")
	})
}

func TestWithoutAKeyTwoStepSignInIsRefusedWithWhatToDo(t *testing.T) {
	clock, url := storetest.NewClock(storetest.Start), storetest.SQLiteURL(t)
	storetest.Migrate(t, url)
	db, err := store.Open(context.Background(), store.Options{URL: url, Now: clock.Now, Patience: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	s := start(t, db, clock)
	s.cast(t)
	v := s.operator(t)
	v.get("/admin/account").submit("/admin/account/two-step").sees(http.StatusConflict, "Set SECRET_KEY to 32 random bytes", "Nothing was changed")
	v.get("/admin/account").sees(http.StatusOK)
	s.visitor(t).signIn("root@example.com", operatorPassword).redirected("/admin")
}

func TestAPasswordChangeEndsEveryOtherSession(t *testing.T) {
	s := onSQLite(t)
	v, other := s.operator(t), s.visitor(t)
	other.signIn("root@example.com", operatorPassword).redirected("/admin").sees(http.StatusOK)
	const next = "another long password"
	v.get("/admin/account").submit("/admin/account/password", "current", "wrong", "password", next).sees(http.StatusUnprocessableEntity, "not your current password")
	v.submit("/admin/account/password", "current", operatorPassword, "password", "short").sees(http.StatusUnprocessableEntity, "characters")
	v.submit("/admin/account/password", "current", operatorPassword, "password", next).redirected("/admin/account?done=password-changed").sees(http.StatusOK, "Password changed")
	other.get("/admin").sees(http.StatusSeeOther)
	s.clock.Add(2 * time.Minute)
	s.visitor(t).signIn("root@example.com", operatorPassword).sees(http.StatusUnprocessableEntity)
	s.visitor(t).signIn("root@example.com", next).redirected("/admin")
}

func TestASessionIsListedAndEndedFromAnother(t *testing.T) {
	s := onSQLite(t)
	v, other := s.operator(t), s.visitor(t)
	other.header.Set("User-Agent", "Mozilla/5.0 (X11; Linux) Firefox/150.0")
	other.signIn("root@example.com", operatorPassword).redirected("/admin")
	v.get("/admin/account").sees(http.StatusOK, "Firefox on Linux", "This session")
	end := regexp.MustCompile(`/admin/account/sessions/[0-9a-f-]+/end`).FindString(v.page)
	v.submit(end).redirected("/admin/account?done=session-ended")
	other.get("/admin").sees(http.StatusSeeOther)
	v.get("/admin").sees(http.StatusOK)
}

// hostileTexts are what a user may type anywhere.
var hostileTexts = []string{`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `'; DROP TABLE users; --`, "\u202eevil\u202c", "𝒳😀 ünï"}

func TestWhatUsersTypeIsNeverUnescaped(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		for _, text := range hostileTexts {
			name := text
			if _, err := s.store.ChangeUser(context.Background(), accounts.ActorCLI, s.id(t, "ada.user"), accounts.UserChange{Name: &name}); err != nil {
				t.Fatal(err)
			}
			v.get("/admin/keys/$ada.id/edit").submit("/admin/keys/$ada.id/edit", "label", text, "expires_at", "", "scopes", "models", "scopes", "usage", "scopes", "keys", "scopes", "charge").redirected("/admin/keys/$ada.id?done=key-changed")
			s.call(t, call{says: "a charge with the text as its model", as: "ada", method: "POST", path: "/api/usage", body: `{"model":` + quoted(text) + `}`, status: 200})
			for _, path := range []string{"/admin", "/admin/users", "/admin/users/$ada.user", "/admin/keys", "/admin/keys/$ada.id", "/admin/keys/$ada.id/edit", "/admin/usage?group=model", "/admin/audit", "/admin/users?q=" + url.QueryEscape(text), "/admin/usage?model=" + url.QueryEscape(text)} {
				v.get(path).sees(http.StatusOK)
				for _, raw := range []string{"<script>alert", "<img src=x", `"><`, "onerror=alert(1)>"} {
					if strings.Contains(v.page, raw) && raw != `"><` {
						t.Errorf("%s holds %q unescaped", path, raw)
					}
				}
			}
			v.get("/admin/users/$ada.user").sees(http.StatusOK, accounts.Clean(text))
			v.get("/admin/usage?user=ada@example.com&group=model").sees(http.StatusOK, accounts.Clean(text))
		}
	})
}

func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

func TestAUserIsCreatedChangedSuspendedAndReactivated(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		v.get("/admin/users/new").sees(http.StatusOK)
		v.submit("/admin/users/new", "email", "ADA@example.com", "plan", "Pro", "role", "user").sees(http.StatusUnprocessableEntity, "already exists")
		v.submit("/admin/users/new", "email", "nonsense", "plan", "Pro", "role", "king").sees(http.StatusUnprocessableEntity, "Must be an e-mail address", "Must be user, service, viewer or admin")
		v.submit("/admin/users/new", "email", "eve@example.com", "name", "Eve", "plan", "Pro", "role", "user")
		if v.status != http.StatusSeeOther || !strings.HasSuffix(v.location, "?done=user-created") {
			t.Fatal(v.status, v.location)
		}
		v.get(v.location).sees(http.StatusOK, "eve@example.com", "User created")
		v.get("/admin/users?q=eve&status=active&role=user").sees(http.StatusOK, "eve@example.com")
		v.get("/admin/users?q=eve&status=suspended").sees(http.StatusOK, "No users match")

		v.get("/admin/users/$ada.user/plan").submit("/admin/users/$ada.user/plan", "plan", "Pro").sees(http.StatusUnprocessableEntity, "a plan other than the current one")
		v.submit("/admin/users/$ada.user/plan", "plan", "Business").sees(http.StatusOK, "moves from Pro to Business", "500 credits instead of 250")
		s.call(t, call{says: "nothing before the confirmation", as: "ada", method: "GET", path: "/api/usage/today", status: 200, want: `{"credits_used": 0, "daily_limit": 250, "request_count": 0, "date": "*"}`})
		v.submit("/admin/users/$ada.user/plan").redirected("/admin/users/$ada.user?done=plan-moved")
		s.call(t, call{says: "the plan's limit counts", as: "ada", method: "GET", path: "/api/usage/today", status: 200, want: `{"credits_used": 0, "daily_limit": 500, "request_count": 0, "date": "*"}`})

		v.get("/admin/users/$ada.user/suspend").sees(http.StatusOK, "What will happen", "get 403")
		v.submit("/admin/users/$ada.user/suspend").redirected("/admin/users/$ada.user?done=user-suspended").sees(http.StatusOK, "Suspended")
		s.call(t, call{says: "the API refuses at once", as: "ada", method: "GET", path: "/api/keys", status: 403})
		v.get("/admin/users/$ada.user/reactivate").submit("/admin/users/$ada.user/reactivate").redirected("/admin/users/$ada.user?done=user-reactivated")
		s.call(t, call{says: "the API answers again", as: "ada", method: "GET", path: "/api/keys", status: 200})

		v.get("/admin/users/$root.user/suspend").sees(http.StatusUnprocessableEntity, "You cannot suspend yourself")
		v.submit("/admin/users/$root.user/suspend").sees(http.StatusUnprocessableEntity)
		v.get("/admin/users/$root.user/edit").submit("/admin/users/$root.user/edit", "role", "user").sees(http.StatusUnprocessableEntity, "You cannot remove your own admin role")
		v.get("/admin").sees(http.StatusOK)
		v.get("/admin/audit?action=user.suspended").sees(http.StatusOK, "root@example.com", "status from active to suspended", "127.0.0.1")
	})
}

func TestTheKeysOfASuspendedUserAreNotShownAsActive(t *testing.T) {
	const suspended, active = "User suspended", `<span class="badge good">Active</span>`
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		pages := []string{"/admin/keys?q=ada@example.com", "/admin/keys?q=$ada.prefix", "/admin/keys/$ada.id", "/admin/users/$ada.user", "/admin/keys?q=ada@example.com&state=active"}
		for _, page := range pages {
			if v.get(page).sees(http.StatusOK, active); strings.Contains(v.page, suspended) {
				t.Errorf("%s shows an active user's key as %q", page, suspended)
			}
		}
		v.get("/admin/users/$ada.user/suspend").submit("/admin/users/$ada.user/suspend").redirected("/admin/users/$ada.user?done=user-suspended")
		for _, page := range pages {
			if v.get(page).sees(http.StatusOK, suspended); strings.Contains(v.page, active) {
				t.Errorf("%s shows a suspended user's key as active", page)
			}
		}
		s.call(t, call{says: "the API answers with the key's own status", as: "root", method: "GET", path: "/api/admin/tokens?q=$ada.prefix", status: 200, want: `[{"id":"*","user_id":"*","user_email":"ada@example.com","prefix":"*","label":"*","status":"active","created_at":"*","last_used_at":null,"revoked_at":null,"expires_at":null,"scopes":["models","usage","keys","charge"],"allowed_addresses":[],"daily_credit_limit":null,"rate_limit_per_minute":null,"concurrency_limit":null,"metadata":{},"models":null,"created_by":"cli","created_by_key_id":null}]`})
	})
}

var shownKey = regexp.MustCompile(`codexible_[0-9a-f]{32}`)

func TestAKeyIsShownOnceAndAReloadNeitherShowsNorMintsIt(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		v.get("/admin/keys/new?user=$bob.user").sees(http.StatusOK, "bob@example.com")
		form := v.hidden("/admin/keys/new")
		v.submit("/admin/keys/new", "email", "nobody@example.com").sees(http.StatusUnprocessableEntity, "no user with this e-mail")
		v.submit("/admin/keys/new", "email", "bob@example.com", "expires_at", "yesterday").sees(http.StatusUnprocessableEntity, "Must be a date and a time")
		v.submit("/admin/keys/new", "email", "bob@example.com", "expires_at", "2001-01-01T00:00").sees(http.StatusUnprocessableEntity, "Must be in the future")
		form.Set("email", "bob@example.com")
		form.Set("label", "Shown once")
		v.send(http.MethodPost, "/admin/keys/new", form.Encode()).sees(http.StatusOK, "It is not shown again")
		keys := shownKey.FindAllString(v.page, -1)
		if len(keys) != 1 || v.answer.Header.Get("Cache-Control") != "no-store" {
			t.Fatalf("%d keys are shown, %v", len(keys), v.answer.Header)
		}
		s.words["fresh.key"] = keys[0]
		recordSecret(keys[0])
		s.call(t, call{says: "the key works", as: "fresh", method: "GET", path: "/api/keys", status: 200})
		before := len(listKeys(t, s, "bob.user"))
		v.send(http.MethodPost, "/admin/keys/new", form.Encode()).redirected("/admin/keys?done=key-taken&q=bob%40example.com").sees(http.StatusOK, "was already sent", "Shown once")
		if after := len(listKeys(t, s, "bob.user")); after != before || shownKey.MatchString(v.page) {
			t.Errorf("a reload made a key (%d, then %d) or showed one", before, after)
		}
		form.Del("once")
		v.send(http.MethodPost, "/admin/keys/new", form.Encode()).sees(http.StatusForbidden)
	})
}

func listKeys(t *testing.T, s *service, user string) []uuid.UUID {
	t.Helper()
	list, err := s.store.KeysOf(context.Background(), s.id(t, user), 100)
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]uuid.UUID, len(list))
	for i := range list {
		ids[i] = list[i].ID
	}
	return ids
}

func TestAKeysScopesAndAddressesAreSetInTheConsole(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		v.get("/admin/keys/new").submit("/admin/keys/new", "email", "bob@example.com", "scopes", "root", "allowed_addresses", "nowhere").
			sees(http.StatusUnprocessableEntity, "Must be one or more of", "Must be addresses or networks")
		v.submit("/admin/keys/new", "email", "bob@example.com", "scopes", "admin").sees(http.StatusUnprocessableEntity, "Must not contain admin", "value=\"admin\" checked")
		v.submit("/admin/keys/new", "email", "bob@example.com", "scopes", "charge", "scopes", "usage", "allowed_addresses", "127.0.0.1, 10.1.2.3/8\r\n2001:db8::1").sees(http.StatusOK, "It is not shown again")
		s.words["made.key"] = shownKey.FindString(v.page)
		recordSecret(s.words["made.key"])
		s.call(t, call{as: "made", method: "POST", path: "/api/usage", status: 200})
		s.call(t, call{as: "made", method: "GET", path: "/api/keys", status: 403})
		id := listKeys(t, s, "bob.user")[0].String()
		v.get("/admin/keys/"+id).sees(http.StatusOK, "usage charge", "10.0.0.0/8 127.0.0.1 2001:db8::1", "Created by", "<bdi>root@example.com</bdi>")
		edit := "/admin/keys/" + id + "/edit"
		v.get(edit).sees(http.StatusOK, "value=\"usage\" checked", "value=\"charge\" checked", "10.0.0.0/8")
		v.submit(edit, "label", "Default").sees(http.StatusUnprocessableEntity, "Must be one or more of")
		v.submit(edit, "label", "Default", "scopes", "usage", "allowed_addresses", "10.0.0.0/8 10.0.0.0/33").sees(http.StatusUnprocessableEntity, "Must be addresses or networks", "10.0.0.0/33")
		v.submit(edit, "label", "Default", "scopes", "usage", "allowed_addresses", "").redirected("/admin/keys/"+id+"?done=key-changed").sees(http.StatusOK, "Any address")
		s.call(t, call{as: "made", method: "POST", path: "/api/usage", status: 403})
		s.call(t, call{as: "made", method: "GET", path: "/api/usage/today", status: 200})
	})
}

func TestAKeysOwnLimitsAreSetAndRemovedInTheConsole(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		v.get("/admin/keys/new").submit("/admin/keys/new", "email", "bob@example.com", "daily_credit_limit", "many", "rate_limit_per_minute", "0").sees(http.StatusUnprocessableEntity, "Must be a whole number.", `value="many"`)
		v.submit("/admin/keys/new", "email", "bob@example.com", "daily_credit_limit", "-1", "rate_limit_per_minute", "0", "concurrency_limit", "1000001").
			sees(http.StatusUnprocessableEntity, "Must be a whole number, 0 to 1000000000", "Must be a whole number, 1 to 1000000")
		v.submit("/admin/keys/new", "email", "bob@example.com", "daily_credit_limit", "1", "rate_limit_per_minute", "30", "concurrency_limit", "4").sees(http.StatusOK, "It is not shown again")
		s.words["made.key"] = shownKey.FindString(v.page)
		recordSecret(s.words["made.key"])
		id := listKeys(t, s, "bob.user")[0].String()
		v.get("/admin/keys/"+id).sees(http.StatusOK, "1 credit per day, 30 requests per minute, 4 requests at once")
		edit := "/admin/keys/" + id + "/edit"
		v.get(edit).sees(http.StatusOK, `name="rate_limit_per_minute" type="number" value="30"`)
		scopes := []string{"label", "Default", "scopes", "models", "scopes", "usage", "scopes", "keys"}
		v.submit(edit, append(scopes, "concurrency_limit", "4.5")...).sees(http.StatusUnprocessableEntity, "Must be a whole number.", `value="4.5"`)
		v.submit(edit, append(scopes, "concurrency_limit", "0")...).sees(http.StatusUnprocessableEntity, "Must be a whole number, 1 to 1000000")
		v.submit(edit, append(scopes, "daily_credit_limit", "", "rate_limit_per_minute", "2", "concurrency_limit", "4")...).redirected("/admin/keys/"+id+"?done=key-changed").
			sees(http.StatusOK, "2 requests per minute, 4 requests at once", "daily credit limit from 1 to nothing, rate limit per minute from 30 to 2")
		s.call(t, call{says: "the API shows them", as: "made", method: "GET", path: "/api/keys?limit=1", status: 200,
			want: `[{"id":"` + id + `","prefix":"*","label":"Default","status":"active","created_at":"*","last_used_at":null,"expires_at":null,"scopes":["models","usage","keys"],"allowed_addresses":[],
				"daily_credit_limit":null,"rate_limit_per_minute":2,"concurrency_limit":4,"metadata":{},"models":null,"created_by":"operator","created_by_key_id":null}]`})
		s.call(t, call{says: "its owner cannot remove one", as: "bob", method: "PATCH", path: "/api/keys/" + id, body: `{"concurrency_limit":null}`, status: 403})
		s.call(t, call{says: "what the operator removed is free", as: "bob", method: "PATCH", path: "/api/keys/" + id, body: `{"daily_credit_limit":7}`, status: 200})
		// What the form leaves as it is, is not the operator's: the owner may loosen it.
		v.get(edit).submit(edit, append(scopes, "daily_credit_limit", "7", "rate_limit_per_minute", "2", "concurrency_limit", "4")...).redirected("/admin/keys/" + id + "?done=key-changed")
		s.call(t, call{as: "bob", method: "PATCH", path: "/api/keys/" + id, body: `{"daily_credit_limit":null}`, status: 200})
	})
}

func TestAConsoleFormThatLeavesScopesAsTheyAreLimitsNothing(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.call(t, call{as: "ada", method: "POST", path: "/api/keys", body: `{"scopes":["usage"]}`, status: 200, keep: "own"})
		v := s.operator(t)
		v.get("/admin/keys/$own.id/edit").submit("/admin/keys/$own.id/edit", "label", "Renamed", "expires_at", "", "scopes", "usage", "allowed_addresses", "").redirected("/admin/keys/$own.id?done=key-changed")
		s.call(t, call{as: "ada", method: "PATCH", path: "/api/keys/$own.id", body: `{"scopes":["usage","models"]}`, status: 200})
		v.get("/admin/keys/$own.id/edit").submit("/admin/keys/$own.id/edit", "label", "Renamed", "expires_at", "", "scopes", "usage", "allowed_addresses", "").redirected("/admin/keys/$own.id?done=key-changed")
		s.call(t, call{as: "ada", method: "PATCH", path: "/api/keys/$own.id", body: `{"scopes":["usage","models"]}`, status: 403})
		v.get("/admin/keys/$ada.id/revoke").submit("/admin/keys/$ada.id/revoke", "with_created", "true").redirected("/admin/keys/$ada.id?done=key-revoked")
		s.call(t, call{as: "own", method: "GET", path: "/api/usage/today", status: 401})
		v.get("/admin/audit?q=$ada.prefix").sees(http.StatusOK, `href="/admin/keys/$ada.id">$ada.prefix…`)
	})
}

func TestAKeyIsRotatedWithAGraceAndRevoked(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		v.get("/admin/keys/$ada.id/rotate").submit("/admin/keys/$ada.id/rotate", "grace_seconds", "12").sees(http.StatusUnprocessableEntity, "Choose one of the times")
		v.submit("/admin/keys/$ada.id/rotate", "grace_seconds", "3600").sees(http.StatusOK, "Works until 4 Mar 2026, 13:00 UTC")
		s.words["fresh.key"] = shownKey.FindString(v.page)
		recordSecret(s.words["fresh.key"])
		both := []call{{says: "the old works within the grace", as: "ada", method: "GET", path: "/api/keys", status: 200}, {says: "the new works", as: "fresh", method: "GET", path: "/api/keys", status: 200}}
		s.run(t, both)
		v.get("/admin/keys/$ada.id").sees(http.StatusOK, "Old secret", "Works until")
		s.clock.Add(time.Hour)
		both[0].status, both[0].says = 401, "the old stops after the grace"
		s.run(t, both)
		v.get("/admin/keys/$ada.id/disable").submit("/admin/keys/$ada.id/disable").redirected("/admin/keys/$ada.id?done=key-disabled").sees(http.StatusOK, "Disabled", "Key disabled")
		s.call(t, call{as: "fresh", method: "GET", path: "/api/keys", status: 401})
		v.get("/admin/keys?state=disabled").sees(http.StatusOK, "Laptop")
		v.get("/admin/keys/$ada.id/enable").submit("/admin/keys/$ada.id/enable").redirected("/admin/keys/$ada.id?done=key-enabled").sees(http.StatusOK, "Active")
		v.get("/admin/keys/$ada.id/revoke").sees(http.StatusOK, "This cannot be undone", "Also revoke all keys that were created with it")
		v.submit("/admin/keys/$ada.id/revoke").redirected("/admin/keys/$ada.id?done=key-revoked").sees(http.StatusOK, "Revoked")
		s.call(t, call{says: "a revoked key", as: "fresh", method: "GET", path: "/api/keys", status: 401})
		v.get("/admin/keys/$ada.id/revoke").submit("/admin/keys/$ada.id/revoke").sees(http.StatusNotFound)
		v.get("/admin/keys?state=revoked").sees(http.StatusOK, "Revoked")
	})
}

func TestAPlanIsCreatedEditedArchivedAndRestored(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		v.get("/admin/plans/new").submit("/admin/plans/new", "name", "", "daily_credit_limit", "many", "rate_limit_per_minute", "0", "user_rate_limit_per_minute", "some", "max_keys", "0", "price", "1.234", "features", "[]", "monthly_credit_limit", "-1").
			sees(http.StatusUnprocessableEntity, "Must be a whole number", "Must be an amount of dollars", "Must be a JSON object")
		v.submit("/admin/plans/new", "name", "Team", "daily_credit_limit", "900", "rate_limit_per_minute", "50", "max_keys", "8", "price", "1", "features", "{}", "monthly_credit_limit", "1000000001", "user_concurrency_limit", "0").
			sees(http.StatusUnprocessableEntity, "Must be a whole number, 0 to 1000000000", "Must be a whole number, 1 to 1000000")
		v.submit("/admin/plans/new", "name", "pro", "daily_credit_limit", "9", "rate_limit_per_minute", "9", "max_keys", "9", "price", "1", "features", "{}").sees(http.StatusUnprocessableEntity, "already exists")
		v.submit("/admin/plans/new", "name", "Team", "daily_credit_limit", "900", "rate_limit_per_minute", "50", "user_rate_limit_per_minute", "77", "max_keys", "8", "price", "29.9", "features", `{"priority": true}`,
			"monthly_credit_limit", "9876", "user_concurrency_limit", "66").redirected("/admin/plans?done=plan-created").sees(http.StatusOK, "Team", "$29.90", "77 ", ">8<", ">9,876 per month<", ">66 at once<")
		v.get("/admin/users/$ada.user/plan").submit("/admin/users/$ada.user/plan", "plan", "Team").
			sees(http.StatusOK, "Credits per month: 9,876 instead of unlimited.", "Requests per minute of all keys together: 77 instead of unlimited.", "Requests at once of all keys together: 66 instead of unlimited.")
		v.get("/admin/plans/$plan.pro/edit").sees(http.StatusOK, "1 user is on this plan", "30.00")
		v.submit("/admin/plans/$plan.pro/edit", "name", "Pro", "daily_credit_limit", "251", "rate_limit_per_minute", "100", "max_keys", "20", "price", "30", "features", "{}").redirected("/admin/plans?done=plan-changed")
		s.call(t, call{says: "the plan's credits count", as: "ada", method: "GET", path: "/api/usage/today", status: 200, want: `{"credits_used": 0, "daily_limit": 251, "request_count": 0, "date": "*"}`})
		v.get("/admin/plans/$plan.pro/archive").sees(http.StatusOK, "The 1 user on it and their keys are not affected").submit("/admin/plans/$plan.pro/archive").redirected("/admin/plans?done=plan-archived").sees(http.StatusOK, "Archived")
		v.get("/admin/users/new").submit("/admin/users/new", "email", "late@example.com", "plan", "Pro", "role", "user").sees(http.StatusUnprocessableEntity, "archived")
		v.get("/admin/plans/$plan.pro/restore").submit("/admin/plans/$plan.pro/restore").redirected("/admin/plans?done=plan-restored")
		v.get("/admin/audit?action=plan.restored").sees(http.StatusOK, "archived from true to false")
	})
}

func TestUsageIsShownAndExportedForEveryFilter(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.run(t, []call{
			{says: "a charge of ada", as: "ada", method: "POST", path: "/api/usage", body: `{"credits": 7, "model": "=large", "cost_usd": 0.5}`, status: 200},
			{says: "another", as: "ada", method: "POST", path: "/api/usage", body: `{"credits": 2, "model": "small"}`, status: 200},
			{says: "a charge of bob", as: "bob", method: "POST", path: "/api/usage", body: `{"credits": 3, "model": "small"}`, status: 200},
		})
		v := s.operator(t)
		for path, want := range map[string]string{
			"": "12 credits", "?user=ada@example.com": "9 credits", "?key=$bob.id": "3 credits", "?key=$bob.prefix": "3 credits", "?model=small": "5 credits", "?plan=$plan.starter": "3 credits",
			"?user=ada@example.com&model=small": "2 credits", "?group=model": "12 credits", "?group=plan": "12 credits", "?user=ada@example.com&group=model": "9 credits", "?measure=requests": "3 requests", "?measure=cost": "$0.5000",
			"?from=2026-01-01&to=2026-03-03": "No usage", "?from=2025-03-05&to=2026-03-04": "12 credits",
		} {
			v.get("/admin/usage"+path).sees(http.StatusOK, want)
		}
		for path, want := range map[string]string{
			"?from=nonsense": "A date must look like", "?from=2026-03-05&to=2026-03-01": "must not be after the last", "?from=2020-01-01": "at most one year long", "?user=nobody@example.com": "no user with this e-mail",
			"?key=zzz": "no key with this ID or prefix", "?plan=$plan.pro&model=small": "cannot be combined with other filters", "?key=$bob.id&user=ada@example.com": "belongs to another user",
		} {
			v.get("/admin/usage"+path).sees(http.StatusUnprocessableEntity, want)
			v.get("/admin/usage").send(http.MethodPost, "/admin/usage/export"+path, url.Values{"_csrf": {v.hidden("/admin/theme").Get("_csrf")}}.Encode()).sees(http.StatusUnprocessableEntity)
		}
		for path, want := range map[string][][]string{
			"": {{"date_utc", "user_email", "key_prefix", "key_label", "requests", "credits", "prompt_tokens", "completion_tokens", "cost_usd"},
				{"2026-03-04", "ada@example.com", "$ada.prefix", "Laptop", "2", "9", "0", "0", "0.5"}, {"2026-03-04", "bob@example.com", "$bob.prefix", "Laptop", "1", "3", "0", "0", "0"}},
			"?group=model&user=ada@example.com": {{"date_utc", "user_email", "model", "requests", "credits", "prompt_tokens", "completion_tokens", "cost_usd"},
				{"2026-03-04", "ada@example.com", "'=large", "1", "7", "0", "0", "0.5"}, {"2026-03-04", "ada@example.com", "small", "1", "2", "0", "0", "0"}},
		} {
			v.get("/admin/usage" + path)
			v.submit(html.UnescapeString(regexp.MustCompile(`action="(/admin/usage/export[^"]*)"`).FindStringSubmatch(v.page)[1])).sees(http.StatusOK)
			rows, err := csv.NewReader(strings.NewReader(v.page)).ReadAll()
			if err != nil || len(rows) != len(want) || !strings.Contains(v.answer.Header.Get("Content-Disposition"), ".csv") {
				t.Fatalf("%v, %v: %s", err, v.answer.Header, v.page)
			}
			for i := range want {
				for j := range want[i] {
					if rows[i][j] != s.fill(want[i][j]) {
						t.Errorf("%s line %d: %v, want %v", path, i, rows[i], want[i])
						break
					}
				}
			}
		}
		v.get("/admin/audit?action=export.made").sees(http.StatusOK, "Exported the usage for")
		v.submit("/admin/audit/export?action=export.made").sees(http.StatusOK, "export.made")
		if strings.Contains(v.page, "user.created") {
			t.Error("the export ignores its filter")
		}
	})
}

func TestTheOverviewShowsTodayAndWhatWasRefused(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.run(t, []call{
			{says: "a charge", as: "bob", method: "POST", path: "/api/usage", body: `{"credits": 70}`, status: 200},
			{says: "over the quota", as: "bob", method: "POST", path: "/api/usage", body: `{"credits": 70}`, status: 429},
			{says: "a revoked key", as: "ada.revoked", method: "GET", path: "/api/keys", status: 401},
			{says: "a suspended user by verify", as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key": "$sam.key"}`, status: 200},
			{says: "no key", method: "GET", path: "/api/keys", status: 401},
		})
		v := s.operator(t)
		s.visitor(t).signIn("root@example.com", "x")
		v.get("/admin").sees(http.StatusOK, "70 credits", "bob@example.com", "93%", "Quota exceeded", "Key revoked", "User suspended", "Missing or unknown key", "Sign-in as root@example.com failed")
	})
}

func TestTheOverviewShowsTheFailedAnswersOfThisInstance(t *testing.T) {
	var draining atomic.Bool
	s := onSQLite(t, func(p *handlers.Parts) { withMonitor(p, func(m *monitor.Parts) { m.Draining = draining.Load }) })
	v := s.operator(t)
	v.get("/admin").sees(http.StatusOK, "No 5xx responses from this instance since it started just now.")
	draining.Store(true)
	for i := range 3 {
		v.header.Set("X-Request-Id", fmt.Sprintf("asked-%d", i))
		v.get("/health/ready").sees(http.StatusServiceUnavailable)
	}
	v.header.Set("X-Request-Id", "answered-well")
	v.get("/health").sees(http.StatusOK).get("/admin/nothing").sees(http.StatusNotFound)
	s.clock.Add(2 * time.Hour)
	page := v.get("/admin").sees(http.StatusOK, "All 5xx responses from this instance since it started 2 hours ago.", "GET /health/ready", ">503<", "asked-2", "3 times").page
	for _, hidden := range []string{"asked-1", "answered-well", ">404<"} {
		if strings.Contains(page, hidden) {
			t.Errorf("the page shows %s", hidden)
		}
	}
}

func TestTheConsoleShowsWhatTheMonitorHasRecorded(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		var observed *monitor.Monitor
		running := start(t, s.store, s.clock, func(p *handlers.Parts) {
			withMonitor(p, func(*monitor.Parts) {})
			observed = p.Monitor
		})
		running.words = s.words
		running.run(t, []call{
			{says: "a charge", as: "ada", method: "POST", path: "/api/usage", body: `{"credits": 7}`, status: 200},
			{says: "an expired key", as: "ada.expired", method: "GET", path: "/api/keys", status: 401},
			{says: "the same key verified", as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key": "$ada.expired.key"}`, status: 200},
		})
		s.clock.Add(24 * time.Hour)
		ctx := context.Background()
		if err := errors.Join(observed.WriteRefusals(ctx), observed.Observe(ctx)); err != nil {
			t.Fatal(err)
		}
		refused, err := s.store.Refusals(context.Background(), usage.DayOf(s.clock.Now()))
		if err != nil || refused["EXPIRED"] != 2 || len(refused) != 1 {
			t.Errorf("recorded: %v, %v", refused, err)
		}
		running.operator(t).get("/admin/system").sees(http.StatusOK, "health check")
	})
}

func TestAnAddressOfTheConsoleThatNamesNothingIsAPage(t *testing.T) {
	s := onSQLite(t)
	s.visitor(t).get("/admin/").redirected("/admin").sees(http.StatusSeeOther)
	s.visitor(t).get("/admin/nothing/here").sees(http.StatusNotFound, "<h1>Not found</h1>")
}

func TestASystemBackupIsSentWholeOrCutOff(t *testing.T) {
	body := bytes.Repeat([]byte("backup "), 100_000)
	broken := false
	s := onSQLite(t, func(p *handlers.Parts) {
		withConsole(p, func(c *console.Parts) {
			c.Settings = []console.Setting{{Name: "DATABASE_URL", Value: "postgres://me:…@db/x"}}
			c.Backup = func(_ context.Context, file string) error {
				if broken {
					return io.ErrUnexpectedEOF
				}
				return writeFile(file, body)
			}
		})
	})
	v := s.operator(t)
	v.get("/admin/system").sees(http.StatusOK, "postgres://me:…@db/x", "SQLite", "init")
	v.submit("/admin/system/backup").sees(http.StatusOK)
	if v.page != string(body) {
		t.Errorf("%d bytes arrived of %d", len(v.page), len(body))
	}
	broken = true
	v.get("/admin/system")
	if v.whole("/admin/system/backup") {
		t.Error("a backup that failed arrived as a whole file")
	}
	if failures := s.failures(t, "backup.failed"); len(failures) != 1 || failures[0].Actor != "root@example.com" {
		t.Errorf("recorded: %v", failures)
	}
}

// whole submits the form of a download, and reports whether the file arrived whole.
func (v *visitor) whole(path string) bool {
	v.t.Helper()
	r, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://"+v.s.address+path, strings.NewReader(v.hidden(path).Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := v.client.Do(r)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	_, err = io.ReadAll(answer.Body)
	return err == nil
}

func TestAnExportThatBreaksOffIsRecordedAsFailed(t *testing.T) {
	clock, url := storetest.NewClock(storetest.Start), storetest.SQLiteURL(t)
	s := start(t, storetest.Open(t, url, clock.Now), clock)
	s.cast(t)
	s.call(t, call{says: "a charge", as: "ada", method: "POST", path: "/api/usage", body: `{"credits": 7}`, status: 200})
	v := s.operator(t)
	for page, spoil := range map[string]string{
		"usage": "UPDATE daily_usage SET credits = 'seven'", "audit": "UPDATE audit_log SET subject_id = x'01' WHERE seq = 1",
	} {
		v.get("/admin/" + page)
		path := html.UnescapeString(regexp.MustCompile(`action="(/admin/` + page + `/export[^"]*)"`).FindStringSubmatch(v.page)[1])
		storetest.Run(t, storetest.Raw(t, url), spoil)
		if v.whole(path) {
			t.Errorf("the %s that could not be read arrived as a whole file", page)
		}
	}
	failures := s.failures(t, "export.failed")
	if len(failures) != 2 {
		t.Fatalf("recorded: %v", failures)
	}
	for _, e := range failures {
		if e.Actor != "root@example.com" || e.Address != "127.0.0.1" || e.RequestID == "" || !strings.HasPrefix(e.Details, "An export of the ") {
			t.Errorf("recorded as %+v", e)
		}
	}
}

// cutOff reports whether the log says that a download was cut off.
type cutOff struct {
	slog.Handler

	ended chan struct{}
}

func (h cutOff) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == "a download was cut off" {
		h.ended <- struct{}{}
	}
	return h.Handler.Handle(ctx, r)
}

func TestADownloadThatTheClientAbortsIsNoFailure(t *testing.T) {
	ended := make(chan struct{}, 1)
	s := onSQLite(t, func(p *handlers.Parts) {
		p.Log = slog.New(cutOff{p.Log.Handler(), ended})
		withConsole(p, func(c *console.Parts) {
			c.Backup = func(_ context.Context, file string) error {
				return writeFile(file, make([]byte, 64<<20)) // more than the connection's buffers take in
			}
		})
	})
	v := s.operator(t)
	v.get("/admin/system")
	r, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://"+s.address+"/admin/system/backup", strings.NewReader(v.hidden("/admin/system/backup").Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := v.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	<-ended
	if failures := s.failures(t, "backup.failed"); len(failures) != 0 {
		t.Errorf("recorded: %v", failures)
	}
}

func TestTheConsoleIsLightOnTheWireAndItsAssetsAreKeptForGood(t *testing.T) {
	s := onSQLite(t)
	v := s.operator(t)
	v.header.Set("Accept-Encoding", "gzip")
	v.get("/admin").sees(http.StatusOK)
	if v.answer.Header.Get("Content-Encoding") != "gzip" {
		t.Fatal("the page is not compressed")
	}
	page := len(v.page)
	v.header.Del("Accept-Encoding")
	v.get("/admin")
	assets, fonts := 0, 0
	seen := map[string]bool{}
	for _, path := range regexp.MustCompile(`/static/[\w.-]+`).FindAllString(v.page+cssOf(v), -1) {
		if seen[path] {
			continue
		}
		seen[path] = true
		v.header.Set("Accept-Encoding", "gzip")
		v.get(path).sees(http.StatusOK)
		if !strings.Contains(v.answer.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s is not cacheable: %s", path, v.answer.Header.Get("Cache-Control"))
		}
		if strings.HasSuffix(path, ".woff2") {
			fonts += len(v.page)
		} else {
			assets += len(v.page)
		}
	}
	t.Logf("HTML %d, other assets %d, fonts %d bytes", page, assets, fonts)
	if page+assets > 60<<10 || fonts > 70<<10 || page > 20<<10 || len(seen) < 5 {
		t.Errorf("a first visit is %d bytes and %d of fonts, a repeat visit %d", page+assets, fonts, page)
	}
	v.get("/static/console.css").sees(http.StatusNotFound)
}

func cssOf(v *visitor) string {
	path := regexp.MustCompile(`/static/console-\w+\.css`).FindString(v.page)
	page := v.page
	css := v.get(path).page
	v.page = page
	return css
}

func writeFile(name string, body []byte) error { return os.WriteFile(name, body, 0o600) }
