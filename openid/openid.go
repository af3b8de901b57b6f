// Package openid signs operators in with an OpenID Connect provider: the address
// that a browser is sent to, the person that the provider's answer names, and the
// role that the operator's rules give that person.
package openid

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"codexible/fault"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"
)

// Settings are what a Provider is made of. All but Viewers or Admins, and Now, are needed.
type Settings struct {
	Issuer, ClientID, ClientSecret string
	// RedirectURL is the address that the provider sends browsers back to.
	RedirectURL string
	// Admins and Viewers are who gets which role: e-mail addresses, and groups as group:NAME.
	Admins, Viewers []string
	// Now is the clock; time.Now where nil.
	Now func() time.Time
}

// Bounds of what is asked of a provider.
const (
	patience  = 10 * time.Second
	maxAnswer = 1 << 20
	// discoveryLife is how long what a provider says of itself is used.
	discoveryLife = time.Hour
)

// Provider is an OpenID Connect provider. It is asked for nothing until somebody
// signs in. It is safe for concurrent use.
type Provider struct {
	settings Settings
	client   *http.Client

	asking singleflight.Group
	known  atomic.Pointer[discovered]
}

// discovered is what a provider says of itself.
type discovered struct {
	provider *oidc.Provider
	oauth    oauth2.Config
	verifier *oidc.IDTokenVerifier
	until    time.Time
}

// New makes a provider of settings that were checked.
func New(s Settings) *Provider {
	if s.Now == nil {
		s.Now = time.Now
	}
	// A redirect would carry the client secret or a code elsewhere.
	refuse := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Provider{settings: s, client: &http.Client{Timeout: patience, CheckRedirect: refuse, Transport: bounded{http.DefaultTransport}}}
}

// bounded cuts off answers that are too long.
type bounded struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.next.RoundTrip(r)
	if err == nil {
		answer.Body = http.MaxBytesReader(nil, answer.Body, maxAnswer)
	}
	return answer, err
}

// Issuer is the provider's name for itself.
func (p *Provider) Issuer() string { return p.settings.Issuer }

// Host is the host of the provider.
func (p *Provider) Host() string {
	u, err := url.Parse(p.settings.Issuer)
	if err != nil {
		return ""
	}
	return u.Host
}

// RefusalError says why an answer of the provider signs nobody in; its text is ours. The
// cause is for the log alone.
type RefusalError struct {
	Reason string
	cause  error
}

// Error implements error.
func (r *RefusalError) Error() string {
	if r.cause != nil {
		return r.Reason + ": " + r.cause.Error()
	}
	return r.Reason
}

// Unwrap returns the cause.
func (r *RefusalError) Unwrap() error { return r.cause }

func refusal(reason string, cause error) error { return &RefusalError{reason, cause} }

var errAway = &fault.Error{Kind: fault.Unavailable, RetryAfter: 5 * time.Second, Message: "The single sign-on provider did not answer as expected, so nobody was signed in. Try again shortly. Where passwords are on, you can sign in with your password."}

// away is the fault of a provider that does not answer as it must.
func away(cause error) error {
	return errAway.Because(cause)
}

// discover knows what the provider says of itself. It is asked once in a while, by one for all that wait.
func (p *Provider) discover(ctx context.Context) (*discovered, error) {
	if known := p.known.Load(); known != nil && p.settings.Now().Before(known.until) {
		return known, nil
	}
	answer := p.asking.DoChan("", func() (any, error) {
		asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		return p.ask(asking)
	})
	select {
	case a := <-answer:
		if a.Err != nil {
			return nil, a.Err
		}
		return a.Val.(*discovered), nil
	case <-ctx.Done():
		return nil, away(context.Cause(ctx))
	}
}

// ask reads what the provider says of itself.
func (p *Provider) ask(ctx context.Context) (*discovered, error) {
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.settings.Issuer)
	if err != nil {
		return nil, away(shortened(err))
	}
	var says struct {
		Scopes  []string `json:"scopes_supported"`
		Methods []string `json:"token_endpoint_auth_methods_supported"`
		Keys    string   `json:"jwks_uri"`
	}
	if err := provider.Claims(&says); err != nil {
		return nil, away(err)
	}
	endpoint := provider.Endpoint()
	for _, address := range []string{endpoint.AuthURL, endpoint.TokenURL, says.Keys, provider.UserInfoEndpoint()} {
		if !p.trusts(address) && (address != "" || address != provider.UserInfoEndpoint()) {
			return nil, away(errors.New("the provider names an address that is no https:// address"))
		}
	}
	endpoint.AuthStyle = oauth2.AuthStyleInHeader // tried one after the other, a code would be sent twice
	if len(says.Methods) > 0 && !slices.Contains(says.Methods, "client_secret_basic") {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	scopes := []string{oidc.ScopeOpenID, "email", "profile"}
	if slices.Contains(says.Scopes, "groups") {
		scopes = append(scopes, "groups")
	}
	known := &discovered{
		provider: provider,
		oauth:    oauth2.Config{ClientID: p.settings.ClientID, ClientSecret: p.settings.ClientSecret, Endpoint: endpoint, RedirectURL: p.settings.RedirectURL, Scopes: scopes},
		verifier: provider.Verifier(&oidc.Config{ClientID: p.settings.ClientID, Now: p.settings.Now}),
		until:    p.settings.Now().Add(discoveryLife),
	}
	p.known.Store(known)
	return known, nil
}

// trusts reports whether an address may get secrets: by TLS, or without where the issuer is without.
func (p *Provider) trusts(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && strings.HasPrefix(p.settings.Issuer, "http://"))
}

// shortened bounds an error that quotes what a provider answered.
func shortened(err error) error {
	const most = 300
	if text := err.Error(); len(text) > most {
		return errors.New(strings.ToValidUTF8(text[:most], "") + "…")
	}
	return err
}

// Attempt is a sign-in that is under way. The browser and the provider see State and
// Nonce; Verifier is shown to the provider at the end alone.
type Attempt struct{ State, Nonce, Verifier string }

// Address is where a browser signs in.
func (p *Provider) Address(ctx context.Context, a Attempt) (string, error) {
	known, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	return known.oauth.AuthCodeURL(a.State, oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)), nil
}
