package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"codexible/demo"
	"codexible/drills"
	"codexible/keys"
	"codexible/limits"
	"codexible/store/storetest"

	"github.com/google/uuid"
)

// shell runs the program as an operator does, in a folder and an environment of
// its own. Nothing that is written to stderr may hold a key that was shown.
type shell struct {
	t   *testing.T
	env map[string]string
	log *drills.Log

	mu    sync.Mutex
	shown []string
}

func newShell(t *testing.T, databaseURL string) *shell {
	t.Helper()
	t.Chdir(t.TempDir()) // no .env of the project is read
	s := &shell{t: t, log: &drills.Log{}, env: map[string]string{
		"HOST": "127.0.0.1", "PORT": "0", "DATABASE_URL": databaseURL, "RATE_LIMIT_PER_IP": "1000", "LOG_LEVEL": "debug",
	}}
	t.Cleanup(func() {
		for _, secret := range s.shown {
			if strings.Contains(s.log.String(), secret) {
				t.Errorf("the logs hold the secret that begins with %.14s", secret)
			}
		}
	})
	return s
}

// shownUser and shownKey are what the tests read of a user and of a key.
type shownUser struct {
	ID uuid.UUID `json:"id"`
}

type shownKey struct {
	ID         uuid.UUID  `json:"id"`
	Key        string     `json:"key"`
	Label      string     `json:"label"`
	LastUsedAt *time.Time `json:"last_used_at"`
}

// addSecret records a secret that no log may contain.
func (s *shell) addSecret(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shown = append(s.shown, secret)
}

const testVersion = "v0.0.0-test"

func (s *shell) program(args []string, in io.Reader, out, errs io.Writer) Program {
	return Program{Args: args, Getenv: environment(maps.Clone(s.env)), In: in, Out: out, Err: errs, Version: testVersion, Licences: "MIT\n\ta library\n", Files: storetest.Files()}
}

// environment is a Getenv over a test's variables.
func environment(env map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, found := env[name]
		return value, found
	}
}

// try runs a command to its end.
func (s *shell) try(stdin string, args ...string) (code int, stdout, stderr string) {
	s.t.Helper()
	var out, errs bytes.Buffer
	code = Run(context.Background(), s.program(args, strings.NewReader(stdin), &out, io.MultiWriter(&errs, s.log)))
	return code, out.String(), errs.String()
}

// json runs a command that has to succeed, and decodes its output.
func (s *shell) json(into any, args ...string) {
	s.t.Helper()
	code, stdout, stderr := s.try("", append(args, "--json")...)
	if code != ExitOK {
		s.t.Fatalf("codexible %s: exit %d: %s", strings.Join(args, " "), code, stderr)
	}
	decoder := json.NewDecoder(strings.NewReader(stdout))
	if err := decoder.Decode(into); err != nil {
		s.t.Fatalf("codexible %s printed %q: %v", strings.Join(args, " "), stdout, err)
	}
	if decoder.More() {
		s.t.Errorf("codexible %s printed more than its JSON: %q", strings.Join(args, " "), stdout)
	}
}

// chargingKey makes a user with a key that may charge itself.
func (s *shell) chargingKey() (key shownKey) {
	s.t.Helper()
	s.json(new(any), "user", "create", "--email", "a@example.com", "--plan", "Pro")
	s.json(&key, "key", "create", "--user", "a@example.com", "--scope", "models,usage,keys,charge")
	s.addSecret(key.Key)
	return key
}

// serving is a service that runs beside the test.
type serving struct {
	url string
	// first is the line that it printed when it listened.
	first string
	stop  func() int
}

// serve runs the service until the test ends, or stop is called.
func (s *shell) serve(args ...string) *serving {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	printed, stdout := io.Pipe()
	ended := make(chan struct{})
	code := -1
	go func() {
		defer close(ended)
		code = Run(ctx, s.program(append([]string{"serve", "--json"}, args...), strings.NewReader(""), stdout, s.log))
		_ = stdout.Close()
	}()
	stop := func() int {
		cancel()
		<-ended
		return code
	}
	s.t.Cleanup(func() { stop() })
	lines := bufio.NewScanner(printed)
	lines.Scan()
	first := lines.Text()
	go func() { _, _ = io.Copy(io.Discard, printed) }()
	var said struct {
		URL string `json:"url"`
	}
	if err := json.Unmarshal([]byte(first), &said); err != nil {
		<-ended
		s.t.Fatalf("the service printed %q and ended with code %d:\n%s", first, code, s.log)
	}
	return &serving{url: said.URL, first: first, stop: stop}
}

// ask sends a request with a key and returns the status and the decoded response.
func (r *serving) ask(t *testing.T, method, path, key, body string) (status int, answer map[string]any) {
	t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), method, r.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if key != "" {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatalf("%s %s: %d without JSON: %v", method, path, response.StatusCode, err)
	}
	return response.StatusCode, answer
}

// soon waits for a key to be answered with a status within the second of the contract.
func (r *serving) soon(t *testing.T, key string, want int) {
	t.Helper()
	drills.Eventually(t, time.Second, http.StatusText(want), func() bool {
		status, _ := r.ask(t, http.MethodGet, "/api/usage/today", key, "")
		return status == want
	})
}

func TestCommandsWorkBesideARunningService(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := newShell(t, url)
		r := s.serve()

		var user shownUser
		s.json(&user, "user", "create", "--email", "Gateway@Example.com", "--plan", "pro", "--role", "service", "--name", "Gateway")
		var key shownKey
		s.json(&key, "key", "create", "--user", "gateway@example.com", "--label", "first", "--expires-at", "2099-01-01T00:00:00Z", "--scope", "usage,keys,charge", "--scope", "service")
		s.addSecret(key.Key)
		if status, _ := r.ask(t, http.MethodGet, "/api/usage/today", key.Key, ""); status != http.StatusOK {
			t.Fatalf("a key that the command line made: %d", status)
		}
		status, charged := r.ask(t, http.MethodPost, "/api/usage", key.Key, `{"credits": 7, "model": "m", "cost_usd": 0.25}`)
		if status != http.StatusOK || charged["credits_used"] != 7.0 || charged["daily_limit"] != 250.0 {
			t.Errorf("a charge: %d %v", status, charged)
		}

		s.json(&user, "user", "suspend", "gateway@example.com")
		r.soon(t, key.Key, http.StatusForbidden)
		s.json(&user, "user", "reactivate", user.ID.String())
		r.soon(t, key.Key, http.StatusOK)

		var rotated shownKey
		s.json(&rotated, "key", "rotate", key.ID.String())
		s.addSecret(rotated.Key)
		if rotated.ID != key.ID || rotated.Key == key.Key || rotated.Label != "first" {
			t.Errorf("rotated %v %s to %v %s", key.ID, key.Label, rotated.ID, rotated.Label)
		}
		r.soon(t, key.Key, http.StatusUnauthorized)
		r.soon(t, rotated.Key, http.StatusOK)

		var graced shownKey
		s.json(&graced, "key", "rotate", key.ID.String(), "--grace-seconds", "3600")
		s.addSecret(graced.Key)
		r.soon(t, graced.Key, http.StatusOK)
		r.soon(t, rotated.Key, http.StatusOK)

		s.json(new(any), "key", "revoke", key.ID.String())
		r.soon(t, graced.Key, http.StatusUnauthorized)
		r.soon(t, rotated.Key, http.StatusUnauthorized)
		if code, _, stderr := s.try("", "key", "revoke", key.ID.String()); code != ExitFailed || !strings.Contains(stderr, "key does not exist") {
			t.Errorf("a second revocation: exit %d, %q", code, stderr)
		}

		var result reconciliationJSON
		s.json(&result, "usage", "reconcile")
		if result.Charges != 1 || len(result.Differences) != 0 {
			t.Errorf("the reconciliation: %+v", result)
		}
		s.env["PORT"] = r.url[strings.LastIndex(r.url, ":")+1:]
		var health healthJSON
		s.json(&health, "health")
		if health.Status != "ok" || health.Version != testVersion {
			t.Errorf("health: %+v", health)
		}
		if code := r.stop(); code != ExitOK {
			t.Errorf("the service ended with code %d:\n%s", code, s.log)
		}
		if code, _, stderr := s.try("", "health"); code != ExitFailed || strings.Count(stderr, "\n") != 1 {
			t.Errorf("health of a service that has stopped: exit %d, %q", code, stderr)
		}
	})
}

func TestSuspensionsReachEveryInstanceThroughTheDatabaseOrValkey(t *testing.T) {
	for name, env := range map[string]func(t *testing.T) string{
		"the database": func(*testing.T) string { return "" },
		"Valkey":       drills.ValkeyURL,
	} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t, storetest.PostgresURL(t))
			s.env["VALKEY_URL"] = env(t)
			here, there := s.serve(), s.serve()
			s.json(new(any), "user", "create", "--email", "a@example.com", "--plan", "pro", "--role", "admin")
			s.json(new(any), "user", "create", "--email", "b@example.com", "--plan", "pro", "--role", "service")
			var admin, service shownKey
			s.json(&admin, "key", "create", "--user", "a@example.com")
			s.json(&service, "key", "create", "--user", "b@example.com", "--scope", "service,usage")
			s.addSecret(admin.Key)
			s.addSecret(service.Key)
			there.soon(t, service.Key, http.StatusOK)
			status, listed := here.ask(t, http.MethodDelete, "/api/admin/tokens/"+service.ID.String(), admin.Key, "")
			if status != http.StatusOK {
				t.Fatalf("%d %v", status, listed)
			}
			if status, _ := here.ask(t, http.MethodGet, "/api/usage/today", service.Key, ""); status != http.StatusUnauthorized {
				t.Errorf("the instance that revoked the key answers %d", status)
			}
			there.soon(t, service.Key, http.StatusUnauthorized)
			_, ready := there.ask(t, http.MethodGet, "/health/ready", "", "")
			want := map[string]any{"status": "ok", "database": "ok", "schema": "ok", "valkey": "unused"}
			if s.env["VALKEY_URL"] != "" {
				want["valkey"] = "ok"
			}
			for part, state := range want {
				if ready[part] != state {
					t.Errorf("ready: %s is %v, want %v", part, ready[part], state)
				}
			}
		})
	}
}

func TestAnswersOfTheCommandLineHaveTheFieldsOfTheAPI(t *testing.T) {
	document, err := os.ReadFile("../docs/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	s := newShell(t, storetest.SQLiteURL(t))
	fields := func(args ...string) string {
		t.Helper()
		code, stdout, stderr := s.try("correct horse battery\n", append(args, "--json")...)
		if code != ExitOK {
			t.Fatalf("codexible %v: exit %d: %s", args, code, stderr)
		}
		var answer any
		if err := json.Unmarshal([]byte(stdout), &answer); err != nil {
			t.Fatalf("codexible %v printed %q: %v", args, stdout, err)
		}
		shape := ""
		if list, isList := answer.([]any); isList {
			shape, answer = "list of ", list[0]
		}
		object, isObject := answer.(map[string]any)
		if !isObject {
			t.Fatalf("codexible %v printed %q", args, stdout)
		}
		names := slices.Sorted(maps.Keys(object))
		if key, shown := object["key"].(string); shown {
			s.addSecret(key)
		}
		return shape + strings.Join(names, " ")
	}
	id := func() string {
		var list []shownKey
		s.json(&list, "key", "list", "--user", "ada@example.com")
		return list[0].ID.String()
	}
	var api struct { // its document names the fields of what both answer

		Components struct {
			Schemas map[string]struct {
				Properties map[string]any `json:"properties"`
			} `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(document, &api); err != nil {
		t.Fatal(err)
	}
	named := func(want string) string {
		name := strings.TrimPrefix(want, "list of ")
		schema, found := api.Components.Schemas[name]
		if !found {
			return want
		}
		return strings.TrimSuffix(want, name) + strings.Join(slices.Sorted(maps.Keys(schema.Properties)), " ")
	}
	for _, try := range []struct {
		want string
		args []string
	}{
		{"list of applied_at name unknown version", []string{"migrate", "up"}},
		{"list of applied_at name unknown version", []string{"migrate", "status"}},
		{"AdminUser", []string{"user", "create", "--email", "ada@example.com", "--plan", "Pro", "--password-stdin"}},
		{"AdminUser", []string{"user", "set-password", "ada@example.com", "--password-stdin"}},
		{"AdminUser", []string{"user", "suspend", "ada@example.com"}},
		{"AdminUser", []string{"user", "reactivate", "ada@example.com"}},
		{"list of AdminUser", []string{"user", "list"}},
		{"MintedKey", []string{"key", "create", "--user", "ada@example.com"}},
		{"list of AdminKey", []string{"key", "list", "-q", "ada"}},
		{"MintedKey", []string{"key", "rotate", "ID"}},
		{"Updated", []string{"key", "disable", "ID"}},
		{"Updated", []string{"key", "enable", "ID"}},
		{"Deleted", []string{"key", "revoke", "ID", "--with-created"}},
		{"MintedKey", []string{"key", "create", "--user", "ada@example.com", "--address", "10.0.0.0/8"}},
		{"deleted", []string{"key", "revoke", "ID"}},
		{"CreatedGrant", []string{"grant", "create", "--user", "ada@example.com", "--credits", "5"}},
		{"list of Grant", []string{"grant", "list", "--user", "ada@example.com"}},
		{"RevokedGrant", []string{"grant", "revoke", "GRANT"}},
		{"MadeCorrection", []string{"correct", "--user", "ada@example.com", "--credits=5", "--reason", "why"}},
		{"at charges days days_gone differences kept_from took_millis", []string{"usage", "reconcile"}},
		{"UsageSumList", []string{"usage", "export", "--group-by", "day"}},
		{"UsageChargeList", []string{"usage", "export", "--charges"}},
		{"version", []string{"version"}},
	} {
		if i := slices.Index(try.args, "ID"); i > 0 {
			try.args[i] = id()
		}
		if i := slices.Index(try.args, "GRANT"); i > 0 {
			var list []shownUser
			s.json(&list, "grant", "list", "--user", "ada@example.com")
			try.args[i] = list[0].ID.String()
		}
		if got := fields(try.args...); got != named(try.want) {
			t.Errorf("codexible %v answers with\n%s, want\n%s", try.args, got, named(try.want))
		}
	}
}

func TestTheVersionIsAFlagAndACommand(t *testing.T) {
	s := newShell(t, storetest.SQLiteURL(t))
	for _, args := range [][]string{{"version"}, {"--version"}} {
		if code, out, stderr := s.try("", args...); code != ExitOK || out != "codexible "+testVersion+"\n" {
			t.Errorf("%v: exit %d, %q, %q", args, code, out, stderr)
		}
	}
	if code, out, _ := s.try("", "--json", "--version"); code != ExitOK || out != `{"version":"`+testVersion+"\"}\n" {
		t.Errorf("exit %d, %q", code, out)
	}
	for _, flag := range []string{"--licences", "--licenses"} {
		if code, out, stderr := s.try("", "version", flag); code != ExitOK || out != "MIT\n\ta library\n" {
			t.Errorf("version %s: exit %d, %q, %s", flag, code, out, stderr)
		}
	}
	if code, out, _ := s.try("", "--json", "version", "--licences"); code != ExitOK || out != `{"version":"`+testVersion+`","licences":"MIT\n\ta library\n"}`+"\n" {
		t.Errorf("version --licences --json: exit %d, %q", code, out)
	}
	if code, _, _ := s.try("", "user", "--version"); code != ExitUsage {
		t.Errorf("a command with the flag ends with %d", code)
	}
}

func TestExitCodesDistinguishFailuresFromWrongUsage(t *testing.T) {
	s := newShell(t, storetest.SQLiteURL(t))
	if code, _, stderr := s.try("", "migrate", "up"); code != ExitOK {
		t.Fatal(stderr)
	}
	unknown := "0195a2b3-c4d5-7e6f-8899-aabbccddeeff"
	for _, try := range []struct {
		code int
		says string
		args []string
	}{
		{ExitUsage, "`codexible --help`", nil},
		{ExitUsage, "frob", []string{"frob"}},
		{ExitUsage, "`codexible user --help`", []string{"user"}},
		{ExitUsage, "--email", []string{"user", "create", "--plan", "Pro"}},
		{ExitUsage, "--bogus", []string{"version", "--bogus"}},
		{ExitUsage, "--role", []string{"user", "create", "--email", "a@b.c", "--plan", "Pro", "--role", "king"}},
		{ExitUsage, "<id>", []string{"key", "revoke", "not-an-id"}},
		{ExitUsage, "--limit", []string{"user", "list", "--limit", "0"}},
		{ExitUsage, "number must be", []string{"migrate", "down", "0"}},
		{ExitFailed, "user does not exist", []string{"user", "suspend", "nobody@example.com"}},
		{ExitFailed, "user does not exist", []string{"key", "create", "--user", unknown}},
		{ExitFailed, "key does not exist", []string{"key", "rotate", unknown}},
		{ExitFailed, "email must be", []string{"user", "create", "--email", "nonsense", "--plan", "Pro"}},
		{ExitFailed, "no plan \"Gold\"", []string{"user", "create", "--email", "a@example.com", "--plan", "Gold"}},
		{ExitFailed, "12 to 1000 characters", []string{"user", "create", "--email", "a@example.com", "--plan", "Pro", "--password-stdin"}},
		{ExitFailed, "--password-stdin", []string{"user", "set-password", "a@example.com"}},
	} {
		code, stdout, stderr := s.try("short\n", try.args...)
		if code != try.code || !strings.Contains(stderr, try.says) || strings.Count(stderr, "\n") != 1 || stdout != "" {
			t.Errorf("codexible %v: exit %d, stdout %q, stderr %q; want exit %d and one line with %q", try.args, code, stdout, stderr, try.code, try.says)
		}
	}
}

func TestHelpHasAnExampleForEveryCommand(t *testing.T) {
	s := newShell(t, "")
	_, help, _ := s.try("", "--help")
	for _, command := range [][]string{
		{"serve"}, {"migrate", "up"}, {"migrate", "down"}, {"migrate", "status"}, {"user", "create"}, {"user", "list"}, {"user", "suspend"},
		{"user", "reactivate"}, {"user", "set-password"}, {"key", "create"}, {"key", "list"}, {"key", "change"}, {"key", "rotate"}, {"key", "disable"}, {"key", "enable"}, {"key", "revoke"},
		{"usage", "reconcile"}, {"usage", "export"}, {"secrets", "rotate"}, {"secrets", "forget"}, {"health"}, {"version"},
	} {
		name := strings.Join(command, " ")
		if !strings.Contains(help, "  "+name+" ") {
			t.Errorf("codexible --help does not list %q", name)
		}
		code, own, stderr := s.try("", append(command, "--help")...)
		if code != ExitOK || !strings.HasPrefix(own, "Usage: codexible "+name) || stderr != "" {
			t.Errorf("codexible %s --help: exit %d, %q, %q", name, code, own, stderr)
		}
	}
	for _, taught := range []string{"user create", "key create", "key rotate", "migrate down", "usage export", "serve"} {
		if _, own, _ := s.try("", append(strings.Fields(taught), "--help")...); !strings.Contains(own, "    codexible "+taught) {
			t.Errorf("codexible %s --help has no example", taught)
		}
	}
	if entries, _ := os.ReadDir("."); len(entries) > 0 {
		t.Errorf("asking for help left %s behind", entries[0].Name())
	}
}

func TestABadConfigurationStopsTheStartWithEveryProblemInOneLine(t *testing.T) {
	s := newShell(t, "mysql://root:sesame@db/x")
	s.env["PORT"], s.env["LOG_LEVEL"] = "abc", "loud"
	code, stdout, stderr := s.try("", "serve")
	if code != ExitFailed || stdout != "" || strings.Count(stderr, "\n") != 1 || strings.Contains(stderr, "sesame") {
		t.Errorf("exit %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	for _, name := range []string{"PORT", "LOG_LEVEL", "DATABASE_URL"} {
		if !strings.Contains(stderr, name+" must ") {
			t.Errorf("%s is not named: %q", name, stderr)
		}
	}
}

func TestAPortThatIsTakenStopsTheStart(t *testing.T) {
	s := newShell(t, storetest.SQLiteURL(t))
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	_, s.env["PORT"], _ = net.SplitHostPort(taken.Addr().String())
	if code, _, stderr := s.try("", "serve"); code != ExitFailed || !strings.Contains(stderr, "is in use") {
		t.Errorf("exit %d, %q", code, stderr)
	}
}

func TestAnUnreachableDatabaseIsReportedWithoutItsPassword(t *testing.T) {
	s := newShell(t, "postgres://codexible:sesame@127.0.0.1:"+drills.FreePort(t)+"/codexible")
	for _, args := range [][]string{{"serve"}, {"user", "list"}, {"migrate", "status"}} {
		code, _, stderr := s.try("", args...)
		if code != ExitFailed || !strings.Contains(stderr, "database cannot be reached") || strings.Contains(stderr, "sesame") || strings.Count(stderr, "\n") != 1 {
			t.Errorf("codexible %v: exit %d, %q", args, code, stderr)
		}
	}
}

func TestCommandsCreateNoDatabase(t *testing.T) {
	s := newShell(t, "")
	for _, args := range [][]string{{"user", "list"}, {"key", "list"}, {"migrate", "status"}, {"migrate", "down"}, {"usage", "reconcile"}, {"usage", "export", "--charges"}} {
		if code, _, stderr := s.try("", args...); code != ExitFailed || !strings.Contains(stderr, "no database at data/codexible.db") {
			t.Errorf("codexible %v: exit %d, %q", args, code, stderr)
		}
	}
	if entries, _ := os.ReadDir("."); len(entries) > 0 {
		t.Errorf("%s was made", entries[0].Name())
	}
}

func TestASchemaThatThisVersionDoesNotExpectStopsTheStart(t *testing.T) {
	for name, try := range map[string]struct{ query, says string }{
		"drifted":          {"ALTER TABLE users ADD COLUMN nickname text", "nickname"},
		"newer":            {"INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES ('9999', 'future', 'x', '2026-03-04T12:00:00Z')", "9999_future"},
		"changed":          {"UPDATE schema_migrations SET checksum = 'x' WHERE version = '0001'", "0001_init"},
		"half rolled back": {"DROP INDEX users_plan_id", "users_plan_id"},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.EachURL(t, func(t *testing.T, url string) {
				s := newShell(t, url)
				storetest.Migrate(t, url)
				storetest.Exec(t, url, try.query)
				for _, args := range [][]string{{"serve"}, {"user", "list"}} {
					code, stdout, stderr := s.try("", args...)
					if code != ExitFailed || stdout != "" || !strings.Contains(stderr, try.says) || strings.Count(stderr, "\n") != 1 {
						t.Errorf("codexible %v: exit %d, stdout %q, stderr %q; want one line that names %s", args, code, stdout, stderr, try.says)
					}
				}
			})
		})
	}
}

func TestWithoutMigrateOnStartAPendingMigrationStopsTheStart(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := newShell(t, url)
		s.env["MIGRATE_ON_START"] = "false"
		if code, _, stderr := s.try("", "serve"); code != ExitFailed || !strings.Contains(stderr, "`codexible migrate up`") {
			t.Errorf("exit %d, %q", code, stderr)
		}
		var applied []migrationJSON
		if s.json(&applied, "migrate", "up"); len(applied) == 0 || applied[0].AppliedAt == nil {
			t.Errorf("applied %+v", applied)
		}
		if s.json(&applied, "migrate", "up"); len(applied) != 0 {
			t.Errorf("a second time applied %+v", applied)
		}
		if code := s.serve().stop(); code != ExitOK {
			t.Errorf("exit %d", code)
		}
		if s.json(&applied, "migrate", "down", "99"); len(applied) == 0 || applied[0].AppliedAt != nil {
			t.Errorf("rolled back %+v", applied)
		}
	})
}

func TestTwoInstancesStartAtOnceOnOneEmptyDatabase(t *testing.T) {
	s := newShell(t, storetest.PostgresURL(t))
	var both sync.WaitGroup
	var running [2]*serving
	for i := range running {
		both.Go(func() { running[i] = s.serve() })
	}
	both.Wait()
	for _, r := range running {
		if status, ready := r.ask(t, http.MethodGet, "/health/ready", "", ""); status != http.StatusOK {
			t.Errorf("%d %v", status, ready)
		}
	}
	var migrations []migrationJSON
	s.json(&migrations, "migrate", "status")
	if n := strings.Count(s.log.String(), "migration applied"); n != len(migrations) {
		t.Errorf("%d migrations were applied, want each of the %d once", n, len(migrations))
	}
}

// The request's body comes after the signal: it was open, so it is answered.
func TestSIGTERMFinishesOpenRequestsAndFailsReadiness(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := newShell(t, url)
		r := s.serve()
		key := s.chargingKey()
		address := strings.TrimPrefix(r.url, "http://")
		charge := begin(t, address, "POST /api/usage HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 13\r\nAuthorization: Bearer "+key.Key+"\r\n\r\n{\"cred")
		ready := begin(t, address, "GET /health/ready HTTP/1.1\r\nHost: x\r\n")
		// Both are open once the service has read their beginnings; a whole request after them on another connection proves that.
		if status, _ := r.ask(t, http.MethodGet, "/health", "", ""); status != http.StatusOK {
			t.Fatal(status)
		}

		code := make(chan int, 1)
		go func() { code <- r.stop() }()
		drills.Eventually(t, 5*time.Second, "the signal to be seen", func() bool { return strings.Contains(s.log.String(), "shutting down") })
		drills.Eventually(t, 5*time.Second, "connections to be refused", func() bool {
			conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
			if err == nil {
				_ = conn.Close()
			}
			return err != nil
		})
		if status, answer := finish(t, ready, "\r\n"); status != http.StatusServiceUnavailable || answer["status"] != "draining" {
			t.Errorf("ready answers %d %v while draining", status, answer)
		}
		if status, answer := finish(t, charge, `its":3}`); status != http.StatusOK || answer["credits_used"] != 3.0 {
			t.Errorf("the open charge: %d %v", status, answer)
		}
		if got := <-code; got != ExitOK {
			t.Errorf("exit %d:\n%s", got, s.log)
		}
		var result reconciliationJSON
		if s.json(&result, "usage", "reconcile"); result.Charges != 1 {
			t.Errorf("%d charges on disk, want the one that was answered", result.Charges)
		}
		var list []shownKey
		if s.json(&list, "key", "list"); len(list) != 1 || list[0].LastUsedAt == nil {
			t.Error("the last use of the key was not written")
		}
	})
}

// begin sends the beginning of a request.
func begin(t *testing.T, address, text string) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	return conn
}

// finish sends the rest of a request and reads the answer.
func finish(t *testing.T, conn net.Conn, text string) (int, map[string]any) {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("an open request was cut off: %v", err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer map[string]any
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, answer
}

func TestReconcileFindsACorruptedRow(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := newShell(t, url)
		r := s.serve()
		key := s.chargingKey()
		if status, _ := r.ask(t, http.MethodPost, "/api/usage", key.Key, `{"credits": 3}`); status != http.StatusOK {
			t.Fatal(status)
		}
		if status, _ := r.ask(t, http.MethodGet, "/api/usage/today", key.Key, ""); status != http.StatusOK { // counts the charge in the totals
			t.Fatal(status)
		}
		storetest.Exec(t, url, "UPDATE user_days SET millionths = millionths + 1000000")
		code, stdout, stderr := s.try("", "usage", "reconcile", "--json")
		var result reconciliationJSON
		if err := json.Unmarshal([]byte(stdout), &result); err != nil {
			t.Fatal(err)
		}
		if code != ExitFailed || len(result.Differences) == 0 || !strings.Contains(stderr, fmt.Sprintf("%d places", len(result.Differences))) {
			t.Fatalf("exit %d, %q, %+v", code, stderr, result)
		}
		for _, d := range result.Differences {
			if d.Table == "user_days" && d.Field == "millionths" && d.Stored == 4_000_000 && d.Charges == 3_000_000 {
				return
			}
		}
		t.Errorf("the differences: %+v", result.Differences)
	})
}

func TestADemoWorksAloneAndLeavesNothingBehind(t *testing.T) {
	commands := guidesTour(t) // while this is the project's folder
	s := newShell(t, "sqlite:"+filepath.Join(t.TempDir(), "mine", "codexible.db"))
	t.Setenv("TMPDIR", t.TempDir())
	delete(s.env, "HOST")
	s.env["VALKEY_URL"] = "redis://127.0.0.1:" + drills.FreePort(t)
	backups := t.TempDir()
	s.env["BACKUP_DIR"] = backups
	r := s.serve("--demo")
	var said demoJSON
	if err := json.Unmarshal([]byte(r.first), &said); err != nil {
		t.Fatal(err)
	}
	s.addSecret(said.Console.Password)
	if !strings.HasPrefix(said.URL, "http://127.0.0.1:") {
		t.Errorf("the demo listens on %s, want 127.0.0.1 unless HOST is set", said.URL)
	}
	if len(said.Keys) != len(demo.Users) || said.Console.Email != demo.Admin || !strings.Contains(said.Try, said.URL) {
		t.Errorf("the demo prints %+v", said)
	}
	for _, k := range said.Keys {
		if k.Role == "service" { // whose key verifies, and reads nothing
			if status, answer := r.ask(t, http.MethodPost, "/api/keys/verify", k.Key, `{"key":"codexible_demo_pro_2026"}`); status != http.StatusOK || answer["code"] != "VALID" {
				t.Errorf("%s: %d %v", k.Key, status, answer)
			}
			continue
		}
		status, answer := r.ask(t, http.MethodGet, "/api/dashboard/overview", k.Key, "")
		if user, _ := answer["user"].(map[string]any); status != http.StatusOK || user["email"] != k.Email || user["plan"] != k.Plan || answer["role"] != string(k.Role) {
			t.Errorf("%s: %d %v", k.Key, status, answer)
		}
	}
	curl := exec.CommandContext(t.Context(), "bash", "-c", said.Try+" --silent --fail")
	if out, err := curl.Output(); err != nil || !strings.Contains(string(out), `"chat.completion"`) {
		t.Errorf("%s: %v %s", said.Try, err, out)
	}
	tour := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", `curl() { command curl --silent --show-error --fail "$@"; echo; }`+"\napi="+said.URL+"\n"+commands)
	if out, err := tour.CombinedOutput(); err != nil || !strings.Contains(string(out), `"code":"VALID"`) || !strings.Contains(string(out), `"charged":3`) {
		t.Errorf("the guide's tour with curl: %v\n%s", err, out)
	}
	if _, health := r.ask(t, http.MethodGet, "/health", "", ""); health["demo"] != true {
		t.Errorf("the demo does not say that it is one: %v", health)
	}
	if _, ready := r.ask(t, http.MethodGet, "/health/ready", "", ""); ready["valkey"] != "unused" {
		t.Errorf("the demo uses the configured Valkey: %v", ready)
	}
	if code := r.stop(); code != ExitOK {
		t.Errorf("exit %d:\n%s", code, s.log)
	}
	for _, folder := range []string{backups, os.Getenv("TMPDIR"), filepath.Dir(filepath.Dir(strings.TrimPrefix(s.env["DATABASE_URL"], "sqlite:")))} {
		if entries, _ := os.ReadDir(folder); len(entries) > 0 {
			t.Errorf("the demo left %s behind", entries[0].Name())
		}
	}
}

// guidesTour is the guide's tour with curl, but for the address that it begins with.
func guidesTour(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../docs/guide/06b-tour.md")
	if err != nil {
		t.Fatal(err)
	}
	var tour strings.Builder
	for _, block := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```$").FindAllSubmatch(page, -1) {
		tour.Write(block[1])
	}
	script, begins := strings.CutPrefix(tour.String(), "api=http://127.0.0.1:3001\n")
	if !begins {
		t.Fatal("the guide has no tour with curl, or another one")
	}
	return script
}

func TestDemoKeysAreRefusedOutsideADemo(t *testing.T) {
	s := newShell(t, storetest.SQLiteURL(t))
	r := s.serve()
	for _, u := range demo.Users {
		if status, _ := r.ask(t, http.MethodGet, "/api/usage/today", u.Key, ""); status != http.StatusUnauthorized {
			t.Errorf("%s: %d, want 401", u.Key, status)
		}
		// Not even if one is in the database.
		if _, code, _ := keys.NewVerifier(keys.Parts{Directory: storetest.Open(t, s.env["DATABASE_URL"], time.Now), Counter: limits.NewLocal(time.Now), Now: time.Now}).Identify(context.Background(), u.Key, keys.Access{Scope: keys.AnyScope}); code != keys.NotFound {
			t.Errorf("%s is %s", u.Key, code)
		}
	}
}
