package handlers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/handlers"
	"codexible/handlers/console"
	"codexible/handlers/monitor"
	"codexible/keys"
	"codexible/limits"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/gofiber/fiber/v2"
	"github.com/google/go-cmp/cmp"
)

// plenty is a rate limit that no test reaches.
const plenty = 1_000_000

// service is a running HTTP server over a database with a cast of people.
type service struct {
	app      *fiber.App
	store    *store.Store
	clock    *storetest.Clock
	verifier *keys.Verifier
	address  string
	// customers is how customers sign in.
	customers *handlers.Customers
	// words stand for values in the requests and answers of a table, such as $ada.key.
	words map[string]string
}

// setting changes a service before it starts.
type setting func(*handlers.Parts)

// each runs a test on a service over each database.
func each(t *testing.T, test func(t *testing.T, s *service), settings ...setting) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.Store, clock *storetest.Clock) {
		s := start(t, db, clock, settings...)
		s.cast(t)
		test(t, s)
	})
}

// onSQLite starts a service over SQLite, for what does not depend on the database.
func onSQLite(t testing.TB, settings ...setting) *service {
	t.Helper()
	clock := storetest.NewClock(storetest.Start)
	s := start(t, storetest.Open(t, storetest.SQLiteURL(t), clock.Now), clock, settings...)
	s.cast(t)
	return s
}

func start(t testing.TB, db *store.Store, clock *storetest.Clock, settings ...setting) *service {
	t.Helper()
	counter := limits.NewLocal(clock.Now)
	totals := usage.NewTotals(db, 0, clock.Now)
	meter := usage.NewMeter(db, totals, clock.Now, nil)
	book := catalog.NewCache(db.Book, clock.Now)
	verifier := keys.NewVerifier(keys.Parts{Directory: db, Meter: meter, Totals: totals, Counter: counter, Catalog: book, Now: clock.Now, Encode: handlers.EncodeIdentity})
	watch(t, db, verifier)
	parts := handlers.Parts{
		Store: db, Verifier: verifier, Catalog: book, Holds: usage.NewHolds(db, meter), Counter: counter, RateLimitPerIP: plenty, AllowedOrigins: []string{"http://localhost:3000"},
		Version: "test", Now: clock.Now, Log: slog.New(slog.NewJSONHandler(logged, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, set := range settings {
		set(&parts)
	}
	if parts.Customers == nil {
		parts.Customers = new(handlers.Customers)
	}
	s := &service{app: handlers.New(parts), store: db, clock: clock, verifier: verifier, customers: parts.Customers, words: map[string]string{}}
	s.address = listen(t, s.app)
	t.Cleanup(func() { _ = meter.Close(context.Background()) })
	return s
}

// withMonitor sets a monitor made of the other parts, with a change.
func withMonitor(p *handlers.Parts, change func(*monitor.Parts)) {
	parts := monitor.Parts{Store: p.Store, Counter: p.Counter, Now: p.Now}
	change(&parts)
	p.Monitor = monitor.New(parts)
}

// withConsole sets a console made of the other parts, with a change. They have to
// be set before.
func withConsole(p *handlers.Parts, change func(*console.Parts)) {
	if p.Monitor == nil {
		withMonitor(p, func(*monitor.Parts) {})
	}
	parts := console.Parts{Store: p.Store, Catalog: p.Catalog, Counter: p.Counter, Monitor: p.Monitor, Now: p.Now, Log: p.Log, Version: p.Version, Life: p.Life}
	change(&parts)
	p.Console = console.New(parts)
}

// watch subscribes a verifier to changes until the test ends; it returns once it is subscribed.
func watch(t testing.TB, db *store.Store, verifier *keys.Verifier) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	w := &watcher{Verifier: verifier, up: make(chan struct{}, 1)}
	var done sync.WaitGroup
	db.Subscribe(w)
	done.Go(func() { db.Watch(ctx, w) })
	t.Cleanup(func() {
		stop()
		done.Wait()
	})
	<-w.up
}

// watcher reports that it is subscribed.
type watcher struct {
	*keys.Verifier
	up chan struct{}
}

func (w *watcher) Up(up bool) {
	w.Verifier.Up(up)
	select {
	case w.up <- struct{}{}:
	default:
	}
}

// listen serves an app on a free port until the test ends.
func listen(t testing.TB, app *fiber.App) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- app.Listener(listener) }()
	t.Cleanup(func() {
		client.CloseIdleConnections() // a shutdown waits for connections without a request so far
		if err := app.ShutdownWithTimeout(time.Second); err != nil {
			t.Error(err)
		}
		<-done
	})
	return listener.Addr().String()
}

// cast creates the users of the tables: ada and bob are customers, sam is
// suspended, gate is a service of ours, root an admin. ada also has a revoked
// and an expired key.
func (s *service) cast(t testing.TB) {
	t.Helper()
	ctx := context.Background()
	plans, err := s.store.Plans(ctx)
	if err != nil {
		t.Fatal(err)
	}
	often := int64(plenty)
	for _, p := range plans {
		s.words["plan."+strings.ToLower(p.Name)] = p.ID.String()
		if _, err := s.store.ChangePlan(ctx, accounts.ActorCLI, p.ID, accounts.PlanChange{RateLimitPerMinute: &often}); err != nil {
			t.Fatal(err)
		}
	}
	s.person(t, "ada", "Ada Lovelace", "Pro", accounts.RoleUser)
	s.person(t, "bob", "", "Starter", accounts.RoleUser)
	s.person(t, "sam", "Sam", "Starter", accounts.RoleUser)
	s.person(t, "gate", "", "Business", accounts.RoleService)
	s.person(t, "root", "", "Business", accounts.RoleAdmin)

	soon := s.clock.Now().Add(time.Second)
	s.key(t, "ada", "expired", &soon)
	s.clock.Add(2 * time.Second)
	id := s.key(t, "ada", "revoked", nil)
	if err := s.store.RevokeKey(ctx, accounts.ActorCLI, id, [16]byte{}); err != nil {
		t.Fatal(err)
	}
	suspended := accounts.StatusSuspended
	if _, err := s.store.ChangeUser(ctx, accounts.ActorCLI, s.id(t, "sam.user"), accounts.UserChange{Status: &suspended}); err != nil {
		t.Fatal(err)
	}
}

// person creates a user with a key; $name.user, $name.id, $name.key and
// $name.prefix stand for them.
func (s *service) person(t testing.TB, name, fullName, plan string, role accounts.Role) {
	t.Helper()
	u, err := s.store.CreateUser(context.Background(), accounts.ActorCLI, accounts.NewUser{Email: name + "@example.com", Name: fullName, Plan: plan, Role: role})
	if err != nil {
		t.Fatal(err)
	}
	s.words[name+".user"] = u.ID.String()
	s.key(t, name, "", nil)
}

// key creates one more key; $name.which.id, .key and .prefix stand for it.
func (s *service) key(t testing.TB, name, which string, expires *time.Time) [16]byte {
	t.Helper()
	secret := mint()
	label := "Laptop"
	if which != "" {
		label, which = which, "."+which
	}
	k, err := s.store.CreateKey(context.Background(), accounts.ActorCLI, keys.NewKey{
		UserID: s.id(t, name+".user"), Label: label, ExpiresAt: expires, Secret: secret, Scopes: everything(name),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.words[name+which+".id"], s.words[name+which+".key"], s.words[name+which+".prefix"] = k.ID.String(), secret.Reveal(), k.Prefix
	return k.ID
}

// everything is all scopes that a key of this user may have.
func everything(name string) []string {
	return append([]string{"models", "usage", "keys", "charge"}, map[string][]string{"gate": {"service"}, "portal": {"service"}, "root": {"admin"}}[name]...)
}

// call is one line of a table: a sentence, a request, and its answer.
type call struct {
	says   string
	as     string // whose key is sent; none where empty
	method string
	path   string
	body   string
	header http.Header
	// unwindowed calls have no X-RateLimit headers.
	unwindowed bool
	status     int
	// want is the exact JSON; "*" stands for any value but null. Empty where the table asserts the status and the shape alone.
	want string
	// lacks are texts that must not appear in the answer.
	lacks []string
	// keep names parts of the answer for the calls that follow: "new" keeps $new.id and $new.key.
	keep string
}

// run makes the calls of a table one after the other.
func (s *service) run(t *testing.T, table []call) {
	t.Helper()
	for _, c := range table {
		t.Run(c.says, func(t *testing.T) { s.call(t, c) })
	}
}

func (s *service) call(t *testing.T, c call) answer {
	t.Helper()
	a := s.send(t, c)
	if a.StatusCode != c.status {
		t.Fatalf("%s %s answered %d, want %d: %s", c.method, c.path, a.StatusCode, c.status, a.text)
	}
	for _, text := range c.lacks {
		if text = s.fill(text); bytes.Contains(a.text, []byte(text)) {
			t.Errorf("the answer holds %q: %s", text, a.text)
		}
	}
	if c.want != "" {
		if diff := cmp.Diff(decode(t, []byte(s.fill(c.want))), decode(t, a.text), anything); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", c.method, c.path, diff)
		}
	}
	if c.keep != "" {
		for name, value := range decode(t, a.text).(map[string]any) {
			s.words[c.keep+"."+name] = fmt.Sprint(value)
		}
		recordSecret(s.words[c.keep+".key"])
	}
	return a
}

// anything lets "*" stand for any value that is not null.
var anything = cmp.FilterValues(func(a, b any) bool { return a == "*" || b == "*" }, cmp.Comparer(func(a, b any) bool { return a != nil && b != nil }))

type answer struct {
	*http.Response
	text []byte
}

// send sends a request and checks the response against the contract and the document.
func (s *service) send(t testing.TB, c call) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), c.method, "http://"+s.address+s.fill(c.path), strings.NewReader(s.fill(c.body)))
	if err != nil {
		t.Fatal(err)
	}
	if c.body != "" {
		r.Header.Set("Content-Type", "application/json")
	} else {
		r.Body = http.NoBody
	}
	if c.as != "" {
		r.Header.Set("Authorization", "Bearer "+s.fill("$"+c.as+".key"))
	}
	maps.Copy(r.Header, c.header)
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range newKeyShown.FindAllSubmatch(text, -1) {
		recordSecret(string(shown[1]))
	}
	a := answer{response, text}
	assertContract(t, a, c.unwindowed)
	assertDocumented(t, a)
	return a
}

// newKeyShown finds a new key in a response.
var newKeyShown = regexp.MustCompile(`"(?:key|session)":"(codexible_(?:session_)?[0-9a-f]{32})"`)

// client follows no redirects.
var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// fill replaces words by values, the longest words first.
func (s *service) fill(text string) string {
	if !strings.Contains(text, "$") {
		return text
	}
	names := slices.SortedFunc(maps.Keys(s.words), func(a, b string) int { return len(b) - len(a) })
	for _, name := range names {
		text = strings.ReplaceAll(text, "$"+name, s.words[name])
	}
	return text
}

func (s *service) id(t testing.TB, word string) (id [16]byte) {
	t.Helper()
	if err := parseUUID(s.words[word], &id); err != nil {
		t.Fatal(err)
	}
	return id
}

func decode(t testing.TB, text []byte) (value any) {
	t.Helper()
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatalf("no JSON: %v: %s", err, text)
	}
	return value
}

// assertContract checks what the contract promises of every answer.
func assertContract(t testing.TB, a answer, unwindowed bool) {
	t.Helper()
	path := a.Request.URL.Path
	if id := a.Header.Get("X-Request-Id"); id == "" || len(id) > 128 {
		t.Errorf("%s: X-Request-Id is %q", path, id)
	}
	if a.Header.Get("Server") != "" {
		t.Errorf("%s: the answer says what serves it", path)
	}
	if strings.HasPrefix(path, "/api/") && a.StatusCode != http.StatusNoContent {
		look := strings.HasPrefix(path, "/api/appearance") // the same for everybody, and not counted
		public := look && a.StatusCode < 400
		for _, name := range []string{"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} {
			if (a.Header.Get(name) == "") != (unwindowed || look) {
				t.Errorf("%s %d: %s is missing", path, a.StatusCode, name)
			}
		}
		if strings.HasPrefix(a.Header.Get("Cache-Control"), "public, ") != public || !public && a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control is %q", path, a.Header.Get("Cache-Control"))
		}
	}
	if a.StatusCode >= 400 && path != "/health/ready" && !strings.HasPrefix(path, "/v1") && a.Request.Method != http.MethodHead {
		assertFailure(t, a)
	}
}

// codes are the contract's error codes and their statuses.
var codes = map[string]int{
	"bad_request": 400, "unauthorized": 401, "forbidden": 403, "insufficient_scope": 403, "ip_not_allowed": 403, "not_found": 404, "method_not_allowed": 405, "conflict": 409,
	"payload_too_large": 413, "unsupported_media_type": 415, "validation_failed": 422, "rate_limited": 429, "quota_exceeded": 429,
	"internal_error": 500, "service_unavailable": 503,
}

// assertFailure checks the contract's shape of an error.
func assertFailure(t testing.TB, a answer) {
	t.Helper()
	var body struct {
		Error struct {
			Code      string            `json:"code"`
			Message   string            `json:"message"`
			Status    int               `json:"status"`
			RequestID string            `json:"request_id"`
			Fields    map[string]string `json:"fields"`
		} `json:"error"`
	}
	strict := json.NewDecoder(bytes.NewReader(a.text))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&body); err != nil {
		t.Fatalf("%s: the failure has not the contract's shape: %v: %s", a.Request.URL.Path, err, a.text)
	}
	f := body.Error
	switch {
	case a.Header.Get("Content-Type") != "application/json":
		t.Errorf("a failure as %s", a.Header.Get("Content-Type"))
	case f.Status != a.StatusCode || codes[f.Code] != a.StatusCode:
		t.Errorf("status %d, in the body %d with code %s", a.StatusCode, f.Status, f.Code)
	case f.RequestID != a.Header.Get("X-Request-Id"):
		t.Errorf("request id %q, in the header %q", f.RequestID, a.Header.Get("X-Request-Id"))
	case f.Message == "" || !strings.HasSuffix(f.Message, ".") && !strings.HasSuffix(f.Message, "…"):
		t.Errorf("the message is no sentence: %q", f.Message)
	case (f.Code == "validation_failed") != (len(f.Fields) > 0):
		t.Errorf("code %s with fields %v", f.Code, f.Fields)
	case (f.Code == "quota_exceeded") != (a.Header.Get("X-Should-Retry") == "false"):
		t.Errorf("code %s with X-Should-Retry %q", f.Code, a.Header.Get("X-Should-Retry"))
	case (a.StatusCode == 429 || a.StatusCode == 503) != (a.Header.Get("Retry-After") != ""):
		t.Errorf("status %d with Retry-After %q", a.StatusCode, a.Header.Get("Retry-After"))
	}
	for _, leak := range []string{"SELECT", "sql:", "SQLSTATE", "goroutine", ".go:", "/work", "panic", "runtime error"} {
		if strings.Contains(string(a.text), leak) {
			t.Errorf("the failure leaks %q: %s", leak, a.text)
		}
	}
}

// logged is all that the services of this package's tests logged.
var logged = &journal{}

type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// secrets are the keys that the tests made or were given.
var secrets sync.Map

func mint() keys.Secret {
	secret := keys.Mint()
	recordSecret(secret.Reveal())
	return secret
}

func recordSecret(secret string) {
	if strings.HasPrefix(secret, "codexible_") {
		secrets.Store(secret, true)
	}
}

// TestMain checks two things after all tests: no key reached a log, and every
// documented status was seen.
func TestMain(m *testing.M) {
	flag.Parse()
	status := m.Run()
	if leaks := loggedSecrets(); len(leaks) > 0 {
		fmt.Printf("FAIL: the logs hold %d of the keys that the suite created, first %s…\n", len(leaks), leaks[0][:18])
		status = 1
	}
	whole := !testing.Short()
	for _, some := range []string{"test.run", "test.fuzz", "test.list"} {
		whole = whole && flag.Lookup(some).Value.String() == ""
	}
	if unseen := unseenStatuses(); whole && status == 0 && len(unseen) > 0 {
		fmt.Printf("FAIL: the document has responses that no test has received: %s\n", strings.Join(unseen, ", "))
		status = 1
	}
	os.Exit(status)
}

func loggedSecrets() (leaks []string) {
	text := logged.String()
	secrets.Range(func(secret, _ any) bool {
		if strings.Contains(text, secret.(string)) {
			leaks = append(leaks, secret.(string))
		}
		return true
	})
	return leaks
}
