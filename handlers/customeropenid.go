package handlers

import (
	"context"
	"errors"

	"codexible/accounts"
	"codexible/fault"
	"codexible/openid"
	"codexible/store"
)

type beginOpenIDRequest struct {
	shown
	browserSecret
}

type openIDAddress struct {
	URL string `json:"url" doc:"The provider's page, to which the browser goes." example:"https://login.example.com/authorize?client_id=codexible"`
}

// beginOpenID gives the page of the provider. The sign-in is bound to the browser's secret.
func (a *api) beginOpenID(ctx context.Context, r beginOpenIDRequest) (openIDAddress, error) {
	provider := a.Customers.OpenID
	if provider == nil {
		return openIDAddress{}, errNoOpenID
	}
	state := accounts.MintToken()
	attempt := openid.Attempt{State: state.Reveal(), Nonce: accounts.MintToken().Reveal(), Verifier: accounts.MintToken().Reveal()}
	address, err := provider.Address(ctx, attempt)
	if err != nil {
		return openIDAddress{}, err
	}
	err = a.Store.BeginOpenID(ctx, state, r.token(), store.OpenIDSignIn{Nonce: attempt.Nonce, Verifier: attempt.Verifier, OfCustomer: true})
	return openIDAddress{URL: address}, err
}

type finishOpenIDRequest struct {
	shown
	Code  string `json:"code" required:"true" minLength:"1" maxLength:"4000" format:"printable" doc:"What the provider answered as code." example:"SplxlOBeZQQYbYS6WxSbIA"`
	State string `json:"state" required:"true" minLength:"1" maxLength:"128" format:"printable" doc:"What the provider answered as state." example:"af0ifjsldkj"`
	browserSecret
}

// finishOpenID signs in whom the provider names.
func (a *api) finishOpenID(ctx context.Context, r finishOpenIDRequest) (openedSession, error) {
	provider := a.Customers.OpenID
	if provider == nil {
		return openedSession{}, errNoOpenID
	}
	signIn, err := a.Store.TakeOpenID(ctx, accounts.TokenFrom(r.State), r.token(), true)
	if errors.Is(err, store.ErrOpenIDOver) {
		return openedSession{}, errOpenIDOver
	}
	if err != nil {
		return openedSession{}, err
	}
	p, err := provider.Person(ctx, r.Code, openid.Attempt{State: r.State, Nonce: signIn.Nonce, Verifier: signIn.Verifier})
	if refused, is := errors.AsType[*openid.RefusalError](err); is {
		a.Log.WarnContext(ctx, "a customer's sign-in with OpenID Connect was refused", "request_id", r.exchange.requestID, "reason", refused.Error())
		return openedSession{}, fault.Newf(fault.Forbidden, "You are not signed in: %s. Sign in again.", refused.Reason)
	}
	if err != nil {
		return openedSession{}, err
	}
	n, by := r.exchange.newSession(), r.exchange.actor()
	by.Name = accounts.ActorOpenID
	opened, err := a.Store.OpenByOpenID(ctx, by, store.OpenIDPerson{Issuer: p.Issuer, Subject: p.Subject, Email: p.Email, Name: p.Name, EmailVerified: p.EmailVerified}, n, a.Customers.Registration)
	return a.opened(ctx, opened, n, err)
}

var errOpenIDOver = fault.New(fault.Conflict, store.ErrOpenIDOver.Message+" Sign in again.")
