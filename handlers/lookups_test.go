package handlers_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/handlers"
	"codexible/handlers/console"
	"codexible/store"
	"codexible/store/storetest"

	"github.com/google/go-cmp/cmp"
)

// values are the parameters of a statement; a quote in one is doubled.
var values = regexp.MustCompile(`("[^"]*")+|('[^']*')+|\b\d+\b`)

// statements records the statements of a database.
type statements struct {
	mu   sync.Mutex
	seen []string
}

func (s *statements) record(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, values.ReplaceAllString(text, "?"))
}

// during returns the statements that work ran.
func (s *statements) during(work func()) []string {
	s.mu.Lock()
	s.seen = nil
	s.mu.Unlock()
	work()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

// counted is a service over SQLite whose statements are counted. Its visitors
// have the address that they give in X-Forwarded-For.
func counted(t *testing.T, settings ...setting) (*service, *statements) {
	t.Helper()
	clock, seen, url := storetest.NewClock(storetest.Start), &statements{}, storetest.SQLiteURL(t)
	storetest.Migrate(t, url)
	db, err := store.Open(context.Background(), store.Options{URL: url, Now: clock.Now, Synchronous: "NORMAL", Patience: time.Hour, Statement: seen.record})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	proxied := func(p *handlers.Parts) { p.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")} }
	s := start(t, db, clock, append([]setting{proxied}, settings...)...)
	s.cast(t)
	return s, seen
}

func inventedCookie() string { return "codexible_session=" + accounts.MintToken().Reveal() }

func TestInventedSessionCookiesAreCountedBeforeTheyAreLookedUp(t *testing.T) {
	s, seen := counted(t)
	owner := s.operator(t).from("198.51.100.1") // the address of the stranger
	owner.get("/admin/account").sees(http.StatusOK)
	for _, path := range []string{"/admin", "/admin/login", "/admin/setup?token=guess", "/admin/nothing", "/admin/login/code"} {
		s.clock.Add(2 * time.Minute)
		stranger := s.visitor(t).from("198.51.100.1")
		visit := func() {
			stranger.header.Set("Cookie", inventedCookie())
			stranger.get(path)
		}
		cookies := 0
		for _, statement := range seen.during(func() {
			for range 200 {
				visit()
			}
		}) {
			if strings.Contains(statement, "console_sessions") {
				cookies++
			}
		}
		if cookies != 60 {
			t.Errorf("%s: of 200 invented cookies %d were looked up, want 60", path, cookies)
		}
		if queries := seen.during(func() {
			for range 20 {
				visit()
			}
		}); len(queries) > 1 { // whether an operator exists is read once a second
			t.Errorf("%s: 20 cookies of a throttled address cost %d statements: %v", path, len(queries), queries)
		}
		behind := path == "/admin"
		if behind && (stranger.status != http.StatusTooManyRequests || stranger.answer.Header.Get("Retry-After") == "") {
			t.Errorf("%s: answered %d, want 429 with Retry-After", path, stranger.status)
		}
		// An operator who is signed in keeps working at that address, and a stale cookie costs one lookup.
		owner.get("/admin/account").sees(http.StatusOK)
	}
	s.clock.Add(2 * time.Minute)
	stale := s.visitor(t).from("198.51.100.2")
	stale.header.Set("Cookie", inventedCookie())
	if queries := seen.during(func() {
		for range 30 {
			stale.get("/admin").sees(http.StatusSeeOther)
		}
	}); len(queries) != 1 {
		t.Errorf("one invented cookie cost %d statements: %v", len(queries), queries)
	}
}

func TestABurstOfInventedCookiesIsHeldToTheWindow(t *testing.T) {
	s, seen := counted(t)
	var wg sync.WaitGroup
	queries := seen.during(func() {
		for range 300 {
			wg.Go(func() {
				v := s.visitor(t).from("2001:db8:1:2::3")
				v.client = client // whose connections are closed before the service ends
				v.header.Set("Cookie", inventedCookie())
				v.get("/admin")
			})
		}
		wg.Wait()
	})
	if len(queries) > 60+8 {
		t.Errorf("a burst cost %d statements, want at most 68", len(queries))
	}
}

func TestTheAddressesOfAnIPv6SiteShareAWindow(t *testing.T) {
	s, seen := counted(t)
	s.operator(t)
	queries := seen.during(func() {
		for i := range 30 {
			for range 40 {
				v := s.visitor(t).from(fmt.Sprintf("2001:db8:1:%x::1", i))
				v.header.Set("Cookie", inventedCookie())
				v.get("/admin")
			}
		}
	})
	if len(queries) != 600 {
		t.Errorf("1200 cookies from 30 networks of a /48 cost %d statements, want 600", len(queries))
	}
	// At sign-ins too.
	tries := 0
	for i := range 10 {
		v := s.visitor(t).from(fmt.Sprintf("2001:db8:2:%x::1", i)).get("/admin/login")
		for n := range 5 {
			if v.get("/admin/login").signIn(fmt.Sprintf("u%d-%d@example.com", i, n), "wrong"); v.status == http.StatusUnprocessableEntity {
				tries++
			}
		}
	}
	if tries != 30 {
		t.Errorf("10 networks of a /48 got %d tries, want 30", tries)
	}
}

func TestSetupLinksAreThrottledBeforeTheyAreLookedUp(t *testing.T) {
	s, seen := counted(t)
	stranger := s.visitor(t).from("198.51.100.1")
	links := 0
	for _, statement := range seen.during(func() {
		for i := range 50 {
			stranger.get(fmt.Sprintf("/admin/setup?token=guess%d", i))
		}
	}) {
		if strings.Contains(statement, "setup_links") {
			links++
		}
	}
	if links != 7 || stranger.status != http.StatusTooManyRequests {
		t.Errorf("of 50 links %d were looked up, and the last answered %d; want 7 and 429", links, stranger.status)
	}
	if queries := seen.during(func() { stranger.get("/admin/setup?token=more") }); len(queries) != 0 {
		t.Errorf("a throttled address costs %v", queries)
	}
	// Other addresses can use the link.
	link, err := console.SetupLink(context.Background(), s.store, "")
	if err != nil {
		t.Fatal(err)
	}
	s.visitor(t).from("198.51.100.2").get(link).sees(http.StatusOK, "Set up the console")
}

func TestSignInLooksUpTheSameForKnownAndUnknownEmails(t *testing.T) {
	s, seen := counted(t)
	s.operator(t) // root has a password, ada is a user without, nobody does not exist
	browsers := map[string]func(v *visitor){
		"an unknown browser": func(*visitor) {},
		"an invented browser": func(v *visitor) {
			v.header.Set("Cookie", "codexible_browser="+accounts.MintToken().Reveal())
		},
	}
	for name, equip := range browsers {
		t.Run(name, func(t *testing.T) {
			ask := func(email string, throttled bool) []string {
				s.clock.Add(2 * time.Minute)
				v := s.visitor(t).from("198.51.100.1")
				v.get("/admin/login")
				cookie := v.answer.Cookies()[0]
				equip(v)
				v.client.Jar = nil
				v.header.Add("Cookie", cookie.Name+"="+cookie.Value)
				form := v.hidden("/admin/login")
				form.Set("email", email)
				form.Set("password", "wrong")
				want := http.StatusUnprocessableEntity
				for throttled && v.status != http.StatusTooManyRequests {
					v.send(http.MethodPost, "/admin/login", form.Encode())
				}
				if throttled {
					want = http.StatusTooManyRequests
				}
				queries := seen.during(func() { v.send(http.MethodPost, "/admin/login", form.Encode()) })
				if v.status != want {
					t.Fatalf("%s: answered %d, want %d: %s", email, v.status, want, v.page)
				}
				return queries
			}
			for _, throttled := range []bool{false, true} {
				known := ask("root@example.com", throttled)
				for _, email := range []string{"ada@example.com", "nobody@example.com"} {
					if diff := cmp.Diff(known, ask(email, throttled)); diff != "" {
						t.Errorf("throttled %v: %s is distinguishable from an operator (-operator +%s):\n%s", throttled, email, email, diff)
					}
				}
				if throttled && len(known) != 0 {
					t.Errorf("a try that is refused costs %v", known)
				}
			}
		})
	}
}

func TestWhetherAnybodyCanSignInIsReadOnceASecond(t *testing.T) {
	s, seen := counted(t)
	v := s.visitor(t)
	v.get("/admin/login").sees(http.StatusOK, "No operator yet")
	began := time.Now()
	queries := seen.during(func() {
		for range 100 {
			v.get("/admin/login")
		}
	})
	if most := 1 + int(time.Since(began)/time.Second); len(queries) > most {
		t.Errorf("100 pages cost %d statements, want at most %d", len(queries), most)
	}
	s.operator(t)
	v.get("/admin/login").sees(http.StatusOK, "Sign in", "Password") // immediately in this process
}

func TestASetupLinkExpiresWhenAPasswordWasSetElsewhereAndNeverChangesAUser(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		clock, ctx := storetest.NewClock(storetest.Start), context.Background()
		s, shell := start(t, storetest.Connect(t, url, clock.Now), clock), storetest.Connect(t, url, clock.Now)
		s.cast(t)
		link, err := console.SetupLink(ctx, s.store, "")
		if err != nil {
			t.Fatal(err)
		}
		eve := s.visitor(t)
		eve.get(link).sees(http.StatusOK, "Set up the console")
		eve.submit("/admin/setup", "email", "ROOT@example.com", "password", operatorPassword).sees(http.StatusUnprocessableEntity, "Belongs to an existing user", "codexible user set-password")
		if err := shell.SetPassword(ctx, accounts.ActorCLI, s.id(t, "root.user"), operatorHash()); err != nil {
			t.Fatal(err)
		}
		eve.submit("/admin/setup", "email", "eve@example.com", "password", operatorPassword).sees(http.StatusNotFound, "is not valid")
		eve.get(link).sees(http.StatusNotFound)
		s.visitor(t).signIn("root@example.com", operatorPassword).redirected("/admin").sees(http.StatusOK)
	})
}
