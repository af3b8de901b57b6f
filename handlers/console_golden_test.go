package handlers_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/gateway"
	"codexible/handlers"
	"codexible/handlers/console"
	"codexible/handlers/monitor"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/pquerna/otp/totp"
)

const (
	goldenFolder = "testdata/golden"
	// goldenBytes bounds all golden files: people review their changes.
	goldenBytes = 1500 << 10
)

// golden compares the pages that a visitor opens with the committed ones.
type golden struct {
	t     *testing.T
	seen  map[string]bool
	shown map[string]bool // the routes of the pages
	bytes int
	links links
}

// page compares the visitor's current page with the golden file of that name.
func (g *golden) page(name string, v *visitor, status int) {
	g.t.Helper()
	v.sees(status)
	if g.seen[name] {
		g.t.Fatalf("two pages have the name %s", name)
	}
	g.seen[name] = true
	if r := v.answer.Request; r.Method == http.MethodGet {
		g.shown[anyID.ReplaceAllString(r.URL.Path, ":id")] = true
	}
	text := []byte(v.s.normalised(v.html))
	g.bytes += len(text)
	file := filepath.Join(goldenFolder, name+".html")
	if *update {
		if err := os.WriteFile(file, text, 0o644); err != nil {
			g.t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(file)
	if err != nil {
		g.t.Fatalf("%v; run: go test ./handlers -run TestEveryConsolePageIsAsCommitted -update", err)
	}
	if diff := cmp.Diff(strings.Split(string(committed), "\n"), strings.Split(string(text), "\n")); diff != "" {
		g.t.Errorf("the page %s has changed; if that is intended, run: go test ./handlers -run TestEveryConsolePageIsAsCommitted -update (-committed +got):\n%s", name, diff)
	}
}

// finish checks that every golden file and every page of the console was compared.
func (g *golden) finish(s *service) {
	g.t.Helper()
	files, err := filepath.Glob(filepath.Join(goldenFolder, "*"))
	if err != nil {
		g.t.Fatal(err)
	}
	for _, file := range files {
		if name := strings.TrimSuffix(filepath.Base(file), ".html"); !g.seen[name] {
			if *update {
				_ = os.Remove(file)
			} else {
				g.t.Errorf("%s belongs to no page", file)
			}
		}
	}
	for _, r := range s.app.GetRoutes(true) {
		if r.Method == http.MethodGet && strings.HasPrefix(r.Path, "/admin") && r.Path != "/admin/*" && !g.shown[r.Path] {
			g.t.Errorf("GET %s has no golden file", r.Path)
		}
	}
	if g.bytes > goldenBytes {
		g.t.Errorf("the golden files have %d bytes, more than %d", g.bytes, goldenBytes)
	}
}

var (
	anyID     = regexp.MustCompile(`[0-9a-f]{8}-(?:<wbr>)?(?:[0-9a-f]{4}-(?:<wbr>)?){3}[0-9a-f]{12}`)
	anyPrefix = regexp.MustCompile(`codexible_(?:<wbr>)?[0-9a-f]{8}\b`)
	// What else differs from run to run, and its replacement.
	varying = [][2]string{
		{`(name="_csrf" value=)"[^"]*"`, `$1"csrf"`},
		{`(name="token" value=)"[^"]*"`, `$1"token"`},
		{`(/static/[\w-]+)-[0-9a-f]{8}\.`, `$1.`},
		{`codexible_[0-9a-f]{32}`, `codexible_secret`},
		{`(id="totp-secret">)[A-Z2-7 ]+`, `$1SECRET`},
		{`<svg class="qr".*?</svg>`, `<svg class="qr"></svg>`},
		{`<li>[a-z2-7]{5}-[a-z2-7]{5}</li>`, `<li>recovery-code</li>`},
		{`go1\.[\w.-]+`, `go1`},
		{`SQLite [\d.]+`, `SQLite`},
		{`\d+ open, \d+ in use, \d+ at most`, `N open, N in use, N at most`},
		{`[\d.]+ [KM]B`, `N KB`},
		{`(<td data-label="Applied \(UTC\)">)<time.*?</time>`, `$1<time></time>`},
	}
)

// normalised is a page with one tag a line, and with placeholders for random values:
// ids and prefixes have their names in the tests, or a number.
func (s *service) normalised(page string) string {
	for _, v := range varying {
		page = regexp.MustCompile(v[0]).ReplaceAllString(page, v[1])
	}
	names := map[string]string{}
	for word, value := range s.words {
		names[value] = "$" + word
	}
	for _, random := range []*regexp.Regexp{anyID, anyPrefix} {
		unknown := 0
		page = random.ReplaceAllStringFunc(page, func(found string) string {
			plain := strings.ReplaceAll(found, "<wbr>", "")
			name := names[plain]
			if name == "" {
				unknown++
				name = fmt.Sprintf("$other.%d", unknown)
				names[plain] = name
			}
			if plain != found {
				name = strings.Replace(name, ".", ".<wbr>", 1)
			}
			return name
		})
	}
	return strings.ReplaceAll(page, "><", ">\n<") + "\n"
}

// browse is a visitor whose requests have the same id, and a name, in every run.
func (s *service) browse(t *testing.T) *visitor {
	t.Helper()
	v := s.visitor(t)
	v.header.Set("X-Request-Id", "request-of-the-golden-files")
	v.header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/150.0")
	return v
}

// code is a code of the authenticator app whose secret the page shows.
func (v *visitor) code(secret string) string {
	v.t.Helper()
	v.s.clock.Add(2 * time.Minute) // a code works once, and attempts are limited by the minute
	text, err := totp.GenerateCode(secret, v.s.clock.Now())
	if err != nil {
		v.t.Fatal(err)
	}
	return text
}

var totpSecret = regexp.MustCompile(`totp-secret">([A-Z2-7 ]+)<`)

func TestEveryConsolePageIsAsCommitted(t *testing.T) {
	g := &golden{t: t, seen: map[string]bool{}, shown: map[string]bool{}, links: make(links, 10)}
	g.emptyService()
	s := g.fullService()
	v := s.browse(t)
	g.signedOut(s)
	v.signIn("root@example.com", operatorPassword).redirected("/admin")
	s.openCall(t, "request.open", "ada", "large", 5)
	s.clock.Add(time.Second)
	s.openCall(t, "request.here", "ada", "large", 7)
	s.clock.Add(time.Second)
	s.words["live"] = strconv.FormatInt(s.clock.Now().Add(10*time.Minute).Unix(), 10)
	g.page("overview", v, http.StatusOK)
	for _, p := range []struct{ name, path string }{
		{"users", "/admin/users"}, {"users-none", "/admin/users?q=zzz"}, {"user", "/admin/users/$ada.user?days=7"}, {"user-suspended", "/admin/users/$sam.user?days=7"}, {"user-edit", "/admin/users/$ada.user/edit"},
		{"user-plan", "/admin/users/$ada.user/plan"}, {"user-suspend", "/admin/users/$ada.user/suspend"}, {"user-reactivate", "/admin/users/$sam.user/reactivate"}, {"user-new", "/admin/users/new"},
		{"user-credits", "/admin/users/$bob.user?days=7"}, {"grant-new", "/admin/users/$ada.user/grants/new"}, {"grant-revoke", "/admin/grants/$sam.grant/revoke"}, {"correction-new", "/admin/users/$ada.user/corrections/new"}, {"hold-release", "/admin/holds/$bob.hold/release"},
		{"keys", "/admin/keys"}, {"keys-none", "/admin/keys?q=zzz"}, {"keys-unused", "/admin/keys?state=unused"}, {"key", "/admin/keys/$ada.id?days=7"}, {"key-revoked", "/admin/keys/$ada.revoked.id?days=7"}, {"key-edit", "/admin/keys/$ada.id/edit"},
		{"key-rotate", "/admin/keys/$ada.id/rotate"}, {"key-revoke", "/admin/keys/$ada.id/revoke"}, {"key-disable", "/admin/keys/$ada.id/disable"}, {"key-enable", "/admin/keys/$ada.id/enable"}, {"key-new", "/admin/keys/new?user=$ada.user"},
		{"plans", "/admin/plans"}, {"plan-new", "/admin/plans/new"}, {"plan-edit", "/admin/plans/$plan.pro/edit"}, {"plan-archive", "/admin/plans/$plan.pro/archive"}, {"plan-restore", "/admin/plans/$plan.pro/restore"},
		{"models", "/admin/models"}, {"model", "/admin/models/$model.large?days=7"}, {"model-new", "/admin/models/new"}, {"model-edit", "/admin/models/$model.mini/edit"}, {"model-delete", "/admin/models/$model.large/delete"},
		{"upstreams", "/admin/upstreams"}, {"upstream", "/admin/upstreams/$upstream.vendor?days=7"}, {"upstream-new", "/admin/upstreams/new"}, {"upstream-edit", "/admin/upstreams/$upstream.vendor/edit"}, {"upstream-enable", "/admin/upstreams/$upstream.local/enable"},
		{"upstream-disable", "/admin/upstreams/$upstream.vendor/disable"}, {"upstream-delete", "/admin/upstreams/$upstream.vendor/delete"}, {"upstream-test", "/admin/upstreams/$upstream.vendor/test"}, {"upstream-key-new", "/admin/upstreams/$upstream.vendor/keys/new"},
		{"upstream-key-enable", "/admin/upstream-keys/$upkey.spare/enable"}, {"upstream-key-disable", "/admin/upstream-keys/$upkey.main/disable"}, {"upstream-key-remove", "/admin/upstream-keys/$upkey.spare/remove"},
		{"user-erase", "/admin/users/$ada.user/erase"}, {"webhooks", "/admin/webhooks"}, {"webhook", "/admin/webhooks/$hook.id"}, {"webhook-delivery", "/admin/webhooks/$hook.id/delivery?event=$hook.event"}, {"webhook-new", "/admin/webhooks/new"}, {"webhook-edit", "/admin/webhooks/$hook.id/edit"},
		{"webhook-rotate", "/admin/webhooks/$hook.id/rotate-secret"}, {"webhook-test", "/admin/webhooks/$hook.id/test"}, {"webhook-delete", "/admin/webhooks/$hook.id/delete"},
		{"prices", "/admin/prices"}, {"prices-none", "/admin/prices?q=zzz"}, {"price", "/admin/prices/$price.wide"}, {"price-new", "/admin/prices/new?model=openai/gpt-wide"}, {"price-import", "/admin/prices/import"},
		{"price-quote", "/admin/prices/quote?model=openai/gpt-wide&input=270001&cache_read=2003&output=13&reasoning=11&service_tier=batch"},
		{"charge", "/admin/charges/$charge.priced"}, {"charge-by-hand", "/admin/charges/$charge.hand"},
		{"usage", "/admin/usage?from=2026-02-26&to=2026-03-04"}, {"usage-by-model", "/admin/usage?from=2026-02-26&to=2026-03-04&group=model&measure=cost"}, {"usage-of-a-user", "/admin/usage?from=2026-02-26&to=2026-03-04&user=ada@example.com&measure=requests"}, {"usage-none", "/admin/usage?from=2025-12-01&to=2025-12-07"},
		{"requests", "/admin/requests"}, {"requests-none", "/admin/requests?user=sam@example.com&outcome=stopped&since=24h"}, {"requests-live", "/admin/requests?model=codex-large&live=$live"},
		{"request", "/admin/requests/$request.served"}, {"request-refused", "/admin/requests/$request.refused"}, {"request-client-left", "/admin/requests/$request.left"}, {"request-end", "/admin/requests/$request.open/end"}, {"live", "/admin/live"}, {"live-of-a-user", "/admin/live?user=bob@example.com"},
		{"search", "/admin/search?q=ada"}, {"search-start", "/admin/search"}, {"search-none", "/admin/search?q=zzz"}, {"search-id", "/admin/search?q=$request.served"}, {"users-sorted", "/admin/users?sort=email"},
		{"audit", "/admin/audit"}, {"audit-none", "/admin/audit?q=zzz"}, {"system", "/admin/system"}, {"settings", "/admin/settings"}, {"account", "/admin/account"},
	} {
		g.page(p.name, v.get(p.path), http.StatusOK)
	}
	g.page("not-found", v.get("/admin/nothing"), http.StatusNotFound)
	g.page("openid-off", v.get("/admin/openid/callback"), http.StatusNotFound)
	g.page("requests-invalid", v.get("/admin/requests?status=9&key=nothing"), http.StatusUnprocessableEntity)
	g.page("call-ended", v.get("/admin/requests/$request.open/end").submit("/admin/requests/$request.open/end").redirected("/admin/live?done=call-ended"), http.StatusOK)
	g.page("usage-invalid", v.get("/admin/usage?from=nonsense&user=nobody@example.com&plan=none"), http.StatusUnprocessableEntity)
	g.forms(v)
	g.twoFactor(v)
	g.finish(s)
}

// emptyService shows the setup, and pages without anything on them.
func (g *golden) emptyService() {
	clock := storetest.NewClock(storetest.Start)
	s := start(g.t, storetest.Open(g.t, storetest.SQLiteURL(g.t), clock.Now), clock)
	v := s.browse(g.t)
	g.page("login-no-operator", v.get("/admin/login"), http.StatusOK)
	link, err := console.SetupLink(context.Background(), s.store, "")
	if err != nil {
		g.t.Fatal(err)
	}
	g.page("setup", v.get(link), http.StatusOK)
	g.page("setup-invalid", v.submit("/admin/setup", "email", "nobody", "password", "short"), http.StatusUnprocessableEntity)
	v.submit("/admin/setup", "email", "root@example.com", "name", "Root", "password", operatorPassword).redirected("/admin")
	g.page("overview-empty", v, http.StatusOK)
	g.page("keys-empty", v.get("/admin/keys"), http.StatusOK)
	g.page("requests-empty", v.get("/admin/requests"), http.StatusOK)
	g.page("live-empty", v.get("/admin/live"), http.StatusOK)
	g.page("models-empty", v.get("/admin/models"), http.StatusOK)
	g.page("webhooks-empty", v.get("/admin/webhooks"), http.StatusOK)
	g.page("upstreams-empty", v.get("/admin/upstreams"), http.StatusOK)
	g.page("prices-empty", v.get("/admin/prices"), http.StatusOK)
	g.page("setup-over", s.browse(g.t).get(link), http.StatusNotFound)
}

// fullService has users of every kind, and a week of usage. No two
// events have the same time, so that lists have one order.
func (g *golden) fullService() *service {
	var draining atomic.Bool
	clock := storetest.NewClock(storetest.Start.Add(-10 * 24 * time.Hour))
	var s *service
	s = start(g.t, storetest.Open(g.t, storetest.SQLiteURL(g.t), clock.Now), clock, func(p *handlers.Parts) {
		withMonitor(p, func(m *monitor.Parts) { m.Draining = draining.Load })
		withConsole(p, func(c *console.Parts) {
			c.Settings = []console.Setting{{Name: "DATABASE_URL", Value: "postgres://codexible:…@db/codexible"}, {Name: "VALKEY_URL", Value: ""}}
			c.Backup = func(context.Context, string) error { return nil }
			c.MailServer, c.SendReset = "smtp://mail.example.com:587", g.links.send
			c.OpenCalls = func() []gateway.OpenCall { return s.openHere() }
		})
	})
	ctx := context.Background()
	plans, err := s.store.Plans(ctx)
	if err != nil {
		g.t.Fatal(err)
	}
	for _, p := range plans {
		s.words["plan."+strings.ToLower(p.Name)] = p.ID.String()
	}
	for _, p := range []struct {
		name, fullName, plan string
		role                 accounts.Role
	}{{"ada", "Ada Lovelace", "Pro", accounts.RoleUser}, {"bob", "", "Starter", accounts.RoleUser}, {"sam", `Sam <b>"Hostile"</b>`, "Starter", accounts.RoleUser}, {"gate", "", "Business", accounts.RoleService}, {"root", "", "Business", accounts.RoleAdmin}} {
		s.clock.Add(time.Minute)
		s.person(g.t, p.name, p.fullName, p.plan, p.role)
	}
	s.clock.Add(time.Minute)
	if err := s.store.RevokeKey(ctx, accounts.ActorCLI, s.key(g.t, "ada", "revoked", nil), [16]byte{}); err != nil {
		g.t.Fatal(err)
	}
	if err := s.store.SetPassword(ctx, accounts.ActorCLI, s.id(g.t, "root.user"), operatorHash()); err != nil {
		g.t.Fatal(err)
	}
	suspended := accounts.StatusSuspended
	if _, err := s.store.ChangeUser(ctx, accounts.ActorCLI, s.id(g.t, "sam.user"), accounts.UserChange{Status: &suspended}); err != nil {
		g.t.Fatal(err)
	}
	for day := range 7 {
		s.clock.Set(storetest.Start.AddDate(0, 0, day-6))
		for i, who := range []string{"ada", "bob", "ada"} {
			s.clock.Add(time.Minute)
			s.call(g.t, call{as: who, method: http.MethodPost, path: "/api/usage", status: 200,
				body: fmt.Sprintf(`{"credits": %d, "model": %q, "prompt_tokens": %d, "completion_tokens": 211, "cost_usd": 0.0%d}`, 60+day+i, []string{"codex-large", "codex-mini", "codex-mini"}[i], 900+day, 31+day)})
		}
	}
	s.call(g.t, call{as: "bob", method: http.MethodPost, path: "/api/usage", body: `{"credits": 70}`, status: 429})
	g.lend(s)
	g.sell(s)
	s.route(g.t)
	s.call(g.t, call{as: "ada.revoked", method: http.MethodGet, path: "/api/keys", status: 401})
	draining.Store(true)
	s.browse(g.t).get("/health/ready").sees(http.StatusServiceUnavailable)
	draining.Store(false)
	return s
}

// lend makes grants, holds of both kinds, a correction, and credits that are uncollected.
func (g *golden) lend(s *service) {
	s.lend(g.t)
	s.clock.Add(time.Minute)
	ended := s.clock.Now().Add(time.Hour)
	for _, n := range []usage.NewGrant{{Credits: 30, ExpiresAt: &ended, Note: "Two days of outage"}, {Credits: 20}} {
		n.UserID = s.id(g.t, "bob.user")
		if _, _, err := s.store.Grant(context.Background(), accounts.Actor{Name: "root@example.com"}, n); err != nil {
			g.t.Fatal(err)
		}
		s.clock.Add(time.Minute)
	}
	s.words["bob.hold"] = s.hold(g.t, "bob", 24, usage.Entry{TTL: time.Hour}).String()
	s.clock.Add(time.Minute)
	s.hold(g.t, "bob", 2, usage.Entry{TTL: 30 * time.Minute, OnExpiry: usage.ChargeOnExpiry})
	s.clock.Add(time.Minute)
	id := s.hold(g.t, "bob", 1, usage.Entry{TTL: time.Minute})
	s.book(g.t, usage.Entry{Kind: usage.KindSettle, Charge: usage.Charge{UserID: s.id(g.t, "bob.user"), KeyID: s.id(g.t, "bob.id"), Millionths: 99_500_000, Model: "codex-large"}, HoldID: id})
	s.clock.Add(time.Minute)
	n := usage.NewCorrection{UserID: s.id(g.t, "bob.user"), Credits: -12, Day: usage.DayOf(s.clock.Now()).Add(-2), Reason: "A call that <b>failed</b>"}
	if _, _, _, err := s.store.Correct(context.Background(), accounts.Actor{Name: "root@example.com"}, n); err != nil {
		g.t.Fatal(err)
	}
}

// sell makes models, prices, and a charge of the day by each kind of price.
func (g *golden) sell(s *service) {
	s.clock.Add(time.Minute)
	s.sell(g.t)
	s.use(g.t, s.clock.Now(), "gate", "large", usage.Tokens{Input: 1001, CacheRead: 20_000, CacheWrite1h: 300, Output: 777, Reasoning: 500, WebSearches: 1})
	s.clock.Add(time.Minute)
	s.use(g.t, s.clock.Now(), "gate", "mini", usage.Tokens{Input: 5, Output: 3, ServiceTier: "batch"})
	s.clock.Add(time.Minute)
}

// signedOut shows the sign-in.
func (g *golden) signedOut(s *service) {
	v := s.browse(g.t)
	g.page("login", v.get("/admin/login?next=%2Fadmin%2Fkeys"), http.StatusOK)
	g.page("login-failed", v.submit("/admin/login", "email", "root@example.com", "password", "wrong"), http.StatusUnprocessableEntity)
	for range 10 {
		v.signIn("root@example.com", "wrong")
	}
	g.page("login-throttled", v, http.StatusTooManyRequests)
	s.clock.Add(2 * time.Minute)
	g.page("forgot", v.get("/admin/forgot"), http.StatusOK)
	g.page("forgot-invalid", v.submit("/admin/forgot", "email", "<nobody>"), http.StatusUnprocessableEntity)
	g.page("forgot-sent", v.submit("/admin/forgot", "email", "root@example.com").redirected("/admin/login?done=reset-requested"), http.StatusOK)
	token := g.links.next(g.t).token
	g.page("reset", v.get("/admin/reset?token="+token), http.StatusOK)
	g.page("reset-invalid", v.submit("/admin/reset", "password", "short"), http.StatusUnprocessableEntity)
	g.page("reset-over", v.get("/admin/reset?token=x"), http.StatusNotFound)
	s.clock.Add(2 * time.Minute)
}

// forms shows the pages after a form: its errors, its second step, and its result.
func (g *golden) forms(v *visitor) {
	g.page("user-new-invalid", v.get("/admin/users/new").submit("/admin/users/new", "email", "nobody", "plan", "None", "role", "king"), http.StatusUnprocessableEntity)
	g.page("user-plan-confirm", v.get("/admin/users/$ada.user/plan").submit("/admin/users/$ada.user/plan", "plan", "Business"), http.StatusOK)
	g.page("user-changed", v.submit("/admin/users/$ada.user/plan").redirected("/admin/users/$ada.user?done=plan-moved").get("/admin/users/$ada.user?done=plan-moved&days=7"), http.StatusOK)
	g.page("grant-new-invalid", v.get("/admin/users/$ada.user/grants/new").submit("/admin/users/$ada.user/grants/new", "credits", "some", "expires_at", "soon", "note", "<i>"), http.StatusUnprocessableEntity)
	g.page("correction-confirm", v.get("/admin/users/$bob.user/corrections/new").submit("/admin/users/$bob.user/corrections/new", "direction", "take", "credits", "50", "day", "2026-03-03", "reason", "A <b>reason</b>"), http.StatusOK)
	g.page("plan-new-invalid", v.get("/admin/plans/new").submit("/admin/plans/new", "name", "", "daily_credit_limit", "many", "rate_limit_per_minute", "0", "user_rate_limit_per_minute", "some", "max_keys", "0", "price", "10000001", "features", "[]", "monthly_credit_limit", "1.5", "user_concurrency_limit", "0"), http.StatusUnprocessableEntity)
	g.page("model-new-invalid", v.get("/admin/models/new").submit("/admin/models/new", "name", "a b", "aliases", "<i>", "display_name", "<b>", "context_window", "-1", "output_allowance", "", "visible", "some", "plans", "Pro"), http.StatusUnprocessableEntity)
	g.page("price-new-invalid", v.get("/admin/prices/new").submit("/admin/prices/new", "model", "<m>", "input", "x", "output", "1.2345678", "sets", "flex input", "mode", "gift", "credit_value", "-1", "valid_from", "soon"), http.StatusUnprocessableEntity)
	g.page("price-quote-invalid", v.get("/admin/prices/quote?model=<m>&input=-1&output=x&at=now"), http.StatusUnprocessableEntity)
	g.page("price-import-preview", v.get("/admin/prices/import").submit("/admin/prices/import", "list", "pasted", "text", liteLLM, "mode", "cost", "percent", "120", "credit_value", "0.01"), http.StatusOK)
	g.page("upstream-new-invalid", v.get("/admin/upstreams/new").submit("/admin/upstreams/new", "name", "a:b", "kind", "compatible", "base_url", "https://api.example.com", "secret", vendorKey, "headers", "x-tenant: "+vendorHead, "priority", "0", "weight", "some", "daily_limit_usd", "-1"), http.StatusUnprocessableEntity)
	g.page("key-new-invalid", v.get("/admin/keys/new").submit("/admin/keys/new", "email", "bob@example.com", "scopes", "admin", "allowed_addresses", "nowhere", "daily_credit_limit", "-1"), http.StatusUnprocessableEntity)
	g.page("key-created", v.submit("/admin/keys/new", "email", "bob@example.com", "label", "Production", "scopes", "models", "allowed_addresses", "203.0.113.7 2001:db8::/32"), http.StatusOK)
	recordSecret(shownKey.FindString(v.page))
	g.page("key-rotated", v.get("/admin/keys/$ada.id/rotate").submit("/admin/keys/$ada.id/rotate", "grace_seconds", "3600"), http.StatusOK)
	recordSecret(shownKey.FindString(v.page))
	g.page("key-with-grace", v.get("/admin/keys/$ada.id?days=7"), http.StatusOK)
	g.page("keys-bulk-preview", v.get("/admin/keys").submit("/admin/keys/bulk", "scope", "page", "do", "revoke"), http.StatusOK)
	g.page("keys-bulk-none", v.get("/admin/keys").submit("/admin/keys/bulk", "do", "revoke", "page", ""), http.StatusUnprocessableEntity)
	g.page("users-bulk-preview", v.get("/admin/users").submit("/admin/users/bulk", "id", "$bob.user", "id", "$ada.user", "do", "plan:$plan.business", "page", ""), http.StatusOK)
	g.page("users-bulk-done", v.submit("/admin/users/bulk"), http.StatusOK)
	g.page("form-foreign", v.send(http.MethodPost, "/admin/logout", "_csrf=none"), http.StatusForbidden)
	look := []string{"name", "Acme <AI>", "accent", "#0f766e", "support_email", "help@example.com", "support_url", "https://example.com/help", "links", "Terms https://example.com/terms"}
	g.page("settings-preview", v.get("/admin/settings").submit("/admin/settings/look", append([]string{"do", "preview"}, look...)...), http.StatusOK)
	g.page("settings-invalid", v.submit("/admin/settings/look", "name", "Acme", "accent", "red", "support_email", "nobody", "support_url", "javascript:alert(1)", "links", "Terms http://example.com"), http.StatusUnprocessableEntity)
	v.submit("/admin/settings/look", look...).redirected("/admin/settings?done=look-saved")
	g.page("settings-saved", v.upload(goodDrawing).redirected("/admin/settings?done=logo-saved"), http.StatusOK)
	g.page("account-invalid", v.get("/admin/account").submit("/admin/account/password", "current", "wrong", "password", "short"), http.StatusUnprocessableEntity)
}

// twoFactor shows two-factor authentication: how it is set up, used and locked.
func (g *golden) twoFactor(v *visitor) {
	g.page("two-factor", v.get("/admin/account").submit("/admin/account/two-step"), http.StatusOK)
	secret := strings.ReplaceAll(totpSecret.FindStringSubmatch(v.page)[1], " ", "")
	g.page("two-factor-wrong-code", v.submit("/admin/account/two-step/confirm", "code", "000000"), http.StatusUnprocessableEntity)
	g.page("recovery-codes", v.submit("/admin/account/two-step/confirm", "code", v.code(secret)), http.StatusOK)
	g.page("account-two-factor", v.get("/admin/account"), http.StatusOK)
	w := v.s.browse(g.t)
	w.signIn("root@example.com", operatorPassword).redirected("/admin/login/code")
	g.page("login-code", w, http.StatusOK)
	g.page("login-code-wrong", w.submit("/admin/login/code", "code", "000000"), http.StatusUnprocessableEntity)
	for range accounts.MaxWrongCodes {
		if _, err := v.s.store.WrongCode(context.Background(), accounts.ActorCLI, v.s.id(g.t, "root.user")); err != nil {
			g.t.Fatal(err)
		}
	}
	g.page("login-code-locked", w.get("/admin/login/code"), http.StatusOK)
	g.page("account-locked", v.get("/admin/account"), http.StatusOK)
	g.page("signed-out", v.submit("/admin/logout").redirected("/admin/login?done=signed-out"), http.StatusOK)
}

func TestNoGoldenFileHasAKey(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(goldenFolder, "*.html"))
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if found := slices.Concat(shownKey.FindAll(text, -1), anyID.FindAll(text, -1)); len(found) > 0 {
			t.Errorf("%s has the random value %s", file, found[0])
		}
	}
}
