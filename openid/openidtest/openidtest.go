// Package openidtest is an OpenID Connect provider for tests. It signs tokens by
// itself, without a library that the code under test uses, and forges them on demand.
package openidtest

import (
	"cmp"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"time"
)

// What the provider knows of its client.
const (
	ClientID     = "codexible-console"
	ClientSecret = "a secret of the client"
)

// Token is an ID token before it is signed.
type Token struct {
	Header, Claims map[string]any
	// Key signs; the provider's own where it is not changed.
	Key *rsa.PrivateKey
	// Secret signs with HS256 in the place of Key, where it is set.
	Secret []byte
	// Unsigned leaves the signature out.
	Unsigned bool
	// LeftOut sends no token at all.
	LeftOut bool
}

// Provider is a provider that listens on loopback until Close.
type Provider struct {
	*httptest.Server

	// RedirectURL is the address that it knows of its client.
	RedirectURL string
	// Return is where browsers are sent in its place, where it is set: the port of a
	// client under test is known only when it listens.
	Return string

	mu     sync.Mutex
	key    *rsa.PrivateKey
	now    func() time.Time
	person map[string]any
	info   map[string]any
	forge  func(*Token)
	codes  map[string]url.Values
	asked  int
}

// Start starts a provider with a clock.
func Start(now func() time.Time) *Provider {
	p := &Provider{now: now, codes: map[string]url.Values{}, key: NewKey()}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("GET /userinfo", p.userinfo)
	p.Server = httptest.NewServer(mux)
	return p
}

// NewKey makes a key that signs tokens.
func NewKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
}

// SignsIn sets who signs in from then on: the claims of the token, and those of the
// user's information, which is asked for with an access token.
func (p *Provider) SignsIn(person, info map[string]any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.person, p.info = person, info
}

// Forge changes every token before it is signed; nil for none.
func (p *Provider) Forge(change func(*Token)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forge = change
}

// Asked is how many codes were shown to the provider.
func (p *Provider) Asked() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	answer(w, map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys", "userinfo_endpoint": p.URL + "/userinfo",
		"id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"}, "scopes_supported": []string{"openid", "email", "profile", "groups"}, "response_types_supported": []string{"code"},
	})
}

// authorize shows a page whose link signs the person in, or does so at once where the
// address has approve.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != ClientID || q.Get("redirect_uri") != p.RedirectURL || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || q.Get("state") == "" || q.Get("nonce") == "" {
		http.Error(w, "This request is not what a client sends: "+r.URL.RawQuery, http.StatusBadRequest)
		return
	}
	code := rand.Text()
	p.mu.Lock()
	p.codes[code] = q
	p.mu.Unlock()
	back := cmp.Or(p.Return, p.RedirectURL) + "?" + url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {p.URL}}.Encode()
	if q.Has("approve") {
		http.Redirect(w, r, back, http.StatusFound)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!DOCTYPE html><html lang="en"><title>Provider</title><main><h1>The provider</h1><a href="%s">Sign in as the person</a></main></html>`, html.EscapeString(back))
}

func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	id, secret, _ := r.BasicAuth()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	asked, found := p.codes[r.PostFormValue("code")]
	delete(p.codes, r.PostFormValue("code"))
	challenge := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	switch {
	case id != ClientID || secret != url.QueryEscape(ClientSecret):
		w.WriteHeader(http.StatusUnauthorized)
		answer(w, map[string]any{"error": "invalid_client"})
		return
	case !found, asked.Get("code_challenge") != encode(challenge[:]), r.PostFormValue("redirect_uri") != p.RedirectURL, r.PostFormValue("grant_type") != "authorization_code":
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		answer(w, map[string]any{"error": "invalid_grant"})
		return
	}
	t := Token{Header: map[string]any{"alg": "RS256", "kid": "1"}, Key: p.key, Claims: map[string]any{
		"iss": p.URL, "aud": ClientID, "nonce": asked.Get("nonce"), "iat": p.now().Unix(), "exp": p.now().Add(time.Hour).Unix(),
	}}
	maps.Copy(t.Claims, p.person)
	if p.forge != nil {
		p.forge(&t)
	}
	sent := map[string]any{"access_token": "an access token", "token_type": "Bearer"}
	if !t.LeftOut {
		sent["id_token"] = t.sign()
	}
	answer(w, sent)
}

func (t *Token) sign() string {
	text := encode(marshal(t.Header)) + "." + encode(marshal(t.Claims))
	switch {
	case t.Unsigned:
		return text + "."
	case t.Secret != nil:
		mac := hmac.New(sha256.New, t.Secret)
		mac.Write([]byte(text))
		return text + "." + encode(mac.Sum(nil))
	}
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, t.Key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return text + "." + encode(signature)
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	answer(w, map[string]any{"keys": []any{map[string]any{
		"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "1", "n": encode(p.key.N.Bytes()), "e": encode(big.NewInt(int64(p.key.E)).Bytes()),
	}}})
}

func (p *Provider) userinfo(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer an access token" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	answer(w, p.info)
}

func answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(marshal(body))
}

func marshal(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
