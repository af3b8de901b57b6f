package handlers_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"codexible/accounts"
	"codexible/handlers"
	"codexible/handlers/console"
	"codexible/openid"
	"codexible/openid/openidtest"

	"github.com/pquerna/otp/totp"
)

// provided starts a service whose operators sign in with a provider.
func provided(t *testing.T, change func(*console.Parts), rules ...func(*openid.Settings)) (*service, *openidtest.Provider) {
	t.Helper()
	var provider *openidtest.Provider
	s := onSQLite(t, func(p *handlers.Parts) {
		withConsole(p, func(c *console.Parts) {
			provider = openidtest.Start(c.Now)
			t.Cleanup(provider.Close)
			provider.RedirectURL = "http://console.example/admin/openid/callback"
			settings := openid.Settings{
				Issuer: provider.URL, ClientID: openidtest.ClientID, ClientSecret: openidtest.ClientSecret, RedirectURL: provider.RedirectURL, Now: c.Now,
				Admins: []string{"New.Admin@example.com", "group:admins", "root@example.com"}, Viewers: []string{"group:readers"},
			}
			for _, rule := range rules {
				rule(&settings)
			}
			c.OpenID = openid.New(settings)
			if change != nil {
				change(c)
			}
		})
	})
	provider.SignsIn(person("new.admin@example.com"), nil)
	return s, provider
}

// person is what a provider says of somebody with a verified address.
func person(email string, groups ...string) map[string]any {
	return map[string]any{"sub": "subject of " + email, "email": email, "email_verified": true, "name": "A Person", "groups": groups}
}

// begin starts a sign-in and gives the address that the browser is sent to.
func (v *visitor) begin() string {
	v.t.Helper()
	v.get("/admin/login?next=/admin/plans").submit("/admin/openid").sees(http.StatusOK, "Continue")
	address, found := strings.CutPrefix(v.answer.Header.Get("Refresh"), "0; url=")
	if !found {
		v.t.Fatalf("the browser is not sent to the provider: %q", v.answer.Header.Get("Refresh"))
	}
	return address
}

// approve signs in at the provider and gives the path that the browser is sent back to.
func (v *visitor) approve(address string) string {
	v.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address+"&approve", http.NoBody)
	if err != nil {
		v.t.Fatal(err)
	}
	answer, err := v.client.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	back, err := url.Parse(answer.Header.Get("Location"))
	if err != nil || answer.StatusCode != http.StatusFound {
		v.t.Fatalf("the provider answers %d: %v", answer.StatusCode, err)
	}
	return back.RequestURI()
}

func (v *visitor) signOn() *visitor {
	v.t.Helper()
	return v.get(v.approve(v.begin()))
}

// staysOut asserts that nobody was signed in, for a reason that the audit log has.
func (v *visitor) staysOut(reason string) {
	v.t.Helper()
	v.sees(http.StatusUnprocessableEntity, "You are not signed in")
	failures := v.s.failures(v.t, "session.failed")
	if len(failures) == 0 || !strings.Contains(failures[0].Details, reason) {
		v.t.Errorf("the audit log does not say %q: %+v", reason, failures)
	}
	if v.get("/admin/users"); v.status == http.StatusOK {
		v.t.Error("the visitor is signed in")
	}
}

func TestAnOperatorIsMadeAndSignedInByTheProvider(t *testing.T) {
	s, provider := provided(t, nil)
	v := s.visitor(t).signOn().redirected("/admin/plans")
	v.get("/admin/users?q=new.admin").sees(http.StatusOK, "new.admin@example.com")
	u, err := s.store.UserByEmail(context.Background(), "new.admin@example.com")
	if err != nil || u.Role != accounts.RoleAdmin || u.Name != "A Person" {
		t.Fatalf("the operator is %+v: %v", u, err)
	}
	// The same person with another address is the same user.
	provider.SignsIn(map[string]any{"sub": "subject of new.admin@example.com", "email": "other@example.com", "groups": "admins"}, nil)
	s.visitor(t).signOn().redirected("/admin/plans").get("/admin").sees(http.StatusOK, "new.admin@example.com")
	if provider.Asked() != 2 {
		t.Errorf("the provider was shown %d codes, want one a sign-in", provider.Asked())
	}
}

func TestForgedAnswersOfAProviderSignNobodyInAndAreRecorded(t *testing.T) {
	s, provider := provided(t, nil)
	stranger := openidtest.NewKey()
	claim := func(name string, value any) func(*openidtest.Token) {
		return func(t *openidtest.Token) { t.Claims[name] = value }
	}
	for _, try := range []struct {
		name, reason string
		forge        func(*openidtest.Token)
	}{
		{"another nonce", "for another sign-in", claim("nonce", "another")},
		{"no nonce", "for another sign-in", func(t *openidtest.Token) { delete(t.Claims, "nonce") }},
		{"another audience", "not valid", claim("aud", "another client")},
		{"no audience", "not valid", func(t *openidtest.Token) { delete(t.Claims, "aud") }},
		{"two audiences and no party", "another application", claim("aud", []string{openidtest.ClientID, "another client"})},
		{"another party", "another application", claim("azp", "another client")},
		{"another issuer", "not valid", claim("iss", "https://login.example.com")},
		{"expired", "has expired", claim("exp", s.clock.Now().Unix()-1)},
		{"no end", "has expired", func(t *openidtest.Token) { delete(t.Claims, "exp") }},
		{"not yet", "not valid", claim("nbf", s.clock.Now().Unix()+3600)},
		{"no subject", "names nobody", func(t *openidtest.Token) { delete(t.Claims, "sub") }},
		{"a subject that is too long", "names nobody", claim("sub", strings.Repeat("x", 256))},
		{"unsigned", "not valid", func(t *openidtest.Token) { t.Header["alg"], t.Unsigned = "none", true }},
		{"signature left out", "not valid", func(t *openidtest.Token) { t.Unsigned = true }},
		{"signed by somebody else", "not valid", func(t *openidtest.Token) { t.Key = stranger }},
		{"signed with the client's secret", "not valid", func(t *openidtest.Token) {
			t.Header["alg"], t.Secret = "HS256", []byte(openidtest.ClientSecret)
		}},
		{"another access token", "not valid", claim("at_hash", "AAAAAAAAAAAAAAAAAAAAAA")},
		{"no token", "sent no token", func(t *openidtest.Token) { t.LeftOut = true }},
		{"unverified address", "not verified", claim("email_verified", false)},
		{"an address of nobody", "no rule gives a role", claim("email", "stranger@example.com")},
	} {
		t.Run(try.name, func(t *testing.T) {
			s.clock.Add(61e9) // the tries of a minute are over
			provider.Forge(func(forged *openidtest.Token) {
				if try.name != "unverified address" {
					try.forge(forged)
					return
				}
				forged.Claims["groups"] = "admins" // gives a role, but no address to find or make a user by
				try.forge(forged)
			})
			v := s.visitor(t)
			v.t = t
			v.signOn().staysOut(try.reason)
		})
	}
	if _, err := s.store.UserByEmail(context.Background(), "new.admin@example.com"); err == nil {
		t.Error("a forged token made a user")
	}
	provider.Forge(nil)
	s.clock.Add(61e9)
	s.visitor(t).signOn().redirected("/admin/plans")
}

func TestAnAnswerOfAProviderWorksOnceInTheBrowserThatBegan(t *testing.T) {
	s, provider := provided(t, nil)
	v, other := s.visitor(t), s.visitor(t)
	back := v.approve(v.begin())
	other.get("/admin/login").get(back).staysOut("its state is not one")
	v.get(back).staysOut("its state is not one") // the other browser has ended it
	if provider.Asked() != 0 {
		t.Error("a code was shown to the provider for another browser")
	}
	v.signOn().redirected("/admin/plans")

	second := s.visitor(t)
	back = second.approve(second.begin())
	second.get(back).redirected("/admin/plans")
	again := s.visitor(t)
	again.get(back).staysOut("its state is not one")

	forged := s.visitor(t)
	back = forged.approve(forged.begin())
	forged.get(strings.Replace(back, "state=", "state=x", 1)).staysOut("its state is not one")
	slow := s.visitor(t)
	back = slow.approve(slow.begin())
	s.clock.Add(11 * 60e9)
	slow.get(back).staysOut("its state is not one")

	mixed := s.visitor(t)
	back = mixed.approve(mixed.begin())
	before, rest, _ := strings.Cut(back, "iss=")
	_, state, _ := strings.Cut(rest, "state=")
	mixed.get(before + "iss=https%3A%2F%2Flogin.example.com&state=" + state).staysOut("another provider answered")
	denied := s.visitor(t)
	back = denied.approve(denied.begin())
	_, state, _ = strings.Cut(back, "state=")
	denied.get("/admin/openid/callback?error=access_denied&state=" + state).staysOut("signed nobody in")
	reused := s.visitor(t)
	back = reused.approve(reused.begin())
	reused.get(strings.Replace(back, "code=", "code=x", 1)).staysOut("did not accept the code")
}

func TestGuessedStatesAreLimitedByAddressBeforeTheyFillTheAuditLog(t *testing.T) {
	s, _ := provided(t, nil)
	v := s.visitor(t)
	for range 30 {
		v.get("/admin/openid/callback?state=guess&code=x")
	}
	if v.status != http.StatusTooManyRequests {
		t.Errorf("the last guess is answered with %d", v.status)
	}
	if n := len(s.failures(t, "session.failed")); n > 10 {
		t.Errorf("30 guesses left %d entries in the audit log", n)
	}
}

func TestARoleFollowsTheRulesAtEachSignInWithTheProvider(t *testing.T) {
	s, provider := provided(t, nil)
	provider.SignsIn(person("ada@example.com", "admins"), nil)
	v := s.visitor(t).signOn().redirected("/admin/plans")
	v.get("/admin").sees(http.StatusOK, "ada@example.com")
	provider.SignsIn(person("ada@example.com", "others"), nil)
	s.visitor(t).signOn().staysOut("no rule gives a role")
	u, err := s.store.UserByEmail(context.Background(), "ada@example.com")
	if err != nil || u.Role != accounts.RoleUser {
		t.Errorf("who has no role any longer is %+v: %v", u, err)
	}
	if v.get("/admin"); v.status == http.StatusOK {
		t.Error("a session of before opens the console still")
	}
	provider.SignsIn(person("ada@example.com", "admins"), nil)
	s.visitor(t).signOn().redirected("/admin/plans")

	recycled := person("ada@example.com", "admins")
	recycled["sub"] = "somebody else"
	provider.SignsIn(recycled, nil)
	s.visitor(t).signOn().staysOut("another account at the provider")
}

func TestWhatATokenLeavesOutIsAskedOfTheProvider(t *testing.T) {
	s, provider := provided(t, nil)
	provider.SignsIn(map[string]any{"sub": "7"}, map[string]any{"sub": "7", "email": "seven@example.com", "email_verified": "true", "groups": []string{"admins"}})
	s.visitor(t).signOn().redirected("/admin/plans").get("/admin").sees(http.StatusOK, "seven@example.com")
	provider.SignsIn(map[string]any{"sub": "8"}, map[string]any{"sub": "9", "email": "new.admin@example.com", "email_verified": true})
	s.visitor(t).signOn().staysOut("about somebody else")
}

func TestASecondFactorIsAskedForAfterTheProvider(t *testing.T) {
	s, provider := provided(t, nil)
	root := s.operator(t)
	root.get("/admin/account").submit("/admin/account/two-step")
	secret := strings.ReplaceAll(regexp.MustCompile(`totp-secret">([A-Z2-7 ]+)<`).FindStringSubmatch(root.page)[1], " ", "")
	code, err := totp.GenerateCode(secret, s.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	root.submit("/admin/account/two-step/confirm", "code", code)
	provider.SignsIn(person("root@example.com"), nil)
	v := s.visitor(t).signOn().redirected("/admin/login/code?next=%2Fadmin%2Fplans")
	if v.get("/admin/users"); v.status == http.StatusOK {
		t.Error("without a code the console opens")
	}
}

func TestASuspendedUserIsNotSignedInByTheProvider(t *testing.T) {
	s, provider := provided(t, nil)
	suspended := accounts.StatusSuspended
	if _, err := s.store.ChangeUser(context.Background(), accounts.ActorCLI, s.id(t, "ada.user"), accounts.UserChange{Status: &suspended}); err != nil {
		t.Fatal(err)
	}
	provider.SignsIn(person("ada@example.com", "admins"), nil)
	s.visitor(t).signOn().staysOut("the user is suspended")
}

func TestWithoutTheProviderPasswordsStillWork(t *testing.T) {
	s, provider := provided(t, nil)
	s.operator(t)
	v := s.visitor(t)
	back := v.approve(v.begin())
	provider.Close()
	v.get(back).sees(http.StatusServiceUnavailable, "provider did not answer")
	s.visitor(t).signIn("root@example.com", operatorPassword).redirected("/admin")

	down, gone := provided(t, nil)
	gone.Close()
	down.visitor(t).get("/admin/login").submit("/admin/openid").sees(http.StatusServiceUnavailable, "provider did not answer")
}

func TestAWrongClientSecretIsOurFaultAndInNoAnswerOrLog(t *testing.T) {
	s, _ := provided(t, nil, func(o *openid.Settings) { o.ClientSecret = "another-sesame" })
	logged := s.visitor(t).signOn().sees(http.StatusServiceUnavailable, "provider did not answer")
	if strings.Contains(logged.page, "another-sesame") {
		t.Error("the page has the client's secret")
	}
}

func TestWithPasswordsOffTheProviderAloneSignsIn(t *testing.T) {
	s, provider := provided(t, func(c *console.Parts) { c.PasswordsOff = true })
	if err := s.store.SetPassword(context.Background(), accounts.ActorCLI, s.id(t, "root.user"), operatorHash()); err != nil {
		t.Fatal(err)
	}
	v := s.visitor(t).get("/admin/login").sees(http.StatusOK, "Continue with single sign-on")
	if strings.Contains(v.page, "password") {
		t.Error("the sign-in offers a password")
	}
	form := v.hidden("/admin/openid")
	form.Set("email", "root@example.com")
	form.Set("password", operatorPassword)
	v.send(http.MethodPost, "/admin/login", form.Encode()).sees(http.StatusForbidden, "Passwords are off")
	provider.SignsIn(person("root@example.com"), nil)
	s.visitor(t).signOn().redirected("/admin/plans")
}

func TestWithoutAProviderNothingOffersSingleSignOn(t *testing.T) {
	s := onSQLite(t)
	s.operator(t)
	v := s.visitor(t).get("/admin/login")
	if strings.Contains(v.page, "single sign-on") {
		t.Error("the sign-in offers single sign-on")
	}
	form := v.hidden("/admin/login")
	v.send(http.MethodPost, "/admin/openid", form.Encode()).sees(http.StatusNotFound)
	v.get("/admin/openid/callback?state=x&code=y").sees(http.StatusNotFound)
}

func TestAViewerOfTheProviderSeesTheConsoleAndChangesNothing(t *testing.T) {
	s, provider := provided(t, nil)
	provider.SignsIn(person("reader@example.com", "readers"), nil)
	v := s.visitor(t).signOn().redirected("/admin/plans")
	v.get("/admin/users").sees(http.StatusOK, "reader@example.com")
	v.get("/admin/plans/new").sees(http.StatusForbidden)
}
