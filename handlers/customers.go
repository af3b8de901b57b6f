package handlers

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"codexible/accounts"
	"codexible/fault"
	"codexible/handlers/console"
	"codexible/handlers/openapi"
	"codexible/keys"
	"codexible/limits"
	"codexible/openid"
	"codexible/store"
)

// Customers is how customers sign in without a key. The zero value offers no way.
type Customers struct {
	// SendLink sends a link to sign in by mail; nil where there is no mail.
	SendLink func(ctx context.Context, m SignInMail) error
	// OpenID is the provider; nil for none.
	OpenID *openid.Provider
	// Registration is who may make an account by signing in.
	Registration accounts.Registration

	// sending counts the links that are being sent, and flowing waits for them.
	sending atomic.Int64
	flowing sync.WaitGroup
}

// SignInMail is a link to sign in that is to be sent. Registers is true where it makes an account; Language is
// one of mail's.
type SignInMail struct {
	To, Language string
	Token        accounts.Token
	Registers    bool
	At           time.Time
}

// Wait returns when no link is being sent, or ctx is done. Parts.Life ends their contexts.
func (c *Customers) Wait(ctx context.Context) error { return console.Await(ctx, &c.flowing) }

const (
	// linksPerMailbox and linksPerAddress bound how many links are asked for in an hour.
	linksPerMailbox, linksPerAddress = 3, 10
	// linksAtOnce bounds the links that are being sent.
	linksAtOnce = 64
)

var (
	errNoLinks   = fault.New(fault.Conflict, "This service sends no links to sign in. Sign in with an API key.")
	errNoOpenID  = fault.New(fault.Conflict, "This service has no single sign-on for customers. Use another way to sign in.")
	errManyLinks = &fault.Error{Kind: fault.Unavailable, RetryAfter: time.Minute, Message: "Many links are being sent at the moment. Nothing was sent to you; try again in a minute."}
)

type sessionOptions struct {
	Mail         bool `json:"mail" doc:"Whether a link to sign in is sent by mail."`
	OpenID       bool `json:"openid" doc:"Whether customers can sign in with an OpenID Connect provider."`
	Registration bool `json:"registration" doc:"Whether people without an account can make one by signing in."`
}

func (a *api) sessionOptions(context.Context, nothing) (sessionOptions, error) {
	c := a.Customers
	return sessionOptions{Mail: c.SendLink != nil, OpenID: c.OpenID != nil, Registration: c.Registration.Open() && (c.SendLink != nil || c.OpenID != nil)}, nil
}

// browserSecret is embedded in the requests of a sign-in.
type browserSecret struct {
	Browser string `json:"browser" required:"true" minLength:"32" maxLength:"128" format:"printable" doc:"A secret of the browser that signs in, such as 32 random bytes in hexadecimal, which a cookie keeps. The sign-in can be completed with the same secret alone." example:"0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"`
}

func (b *browserSecret) token() accounts.Token { return accounts.TokenFrom(b.Browser) }

type linkRequest struct {
	shown
	Email string `json:"email" required:"true" format:"email" minLength:"3" maxLength:"254" doc:"Where to send the link." example:"ada@example.com"`
	browserSecret
	Language *string `json:"language" enum:"en,vi" doc:"The language of the mail. If absent: en." example:"en"`
}

type linkSent struct {
	Sent bool `json:"sent" doc:"Always true, whoever has the e-mail address." example:"true"`
}

// sendSignInLink answers alike, and at once, whoever has the e-mail: who it is, is found and mailed after the answer.
func (a *api) sendSignInLink(ctx context.Context, r linkRequest) (linkSent, error) {
	if a.Customers.SendLink == nil {
		return linkSent{}, errNoLinks
	}
	address := limits.Address(r.exchange.address).String()
	free, until, err := a.Store.TakeLinkTurn(ctx, "sign-in", "address "+address, linksPerAddress)
	if err != nil {
		return linkSent{}, err
	}
	if wait := max(until.Sub(a.Now()), time.Second); !free {
		return linkSent{}, &fault.Error{Kind: fault.RateLimited, RetryAfter: wait, Message: fmt.Sprintf("%d links were asked for from this address within an hour. Look into your mailbox, also among the unwanted mails, or try again in %d min.", linksPerAddress, int(wait.Minutes())+1)}
	}
	if a.Customers.sending.Add(1) > linksAtOnce {
		a.Customers.sending.Add(-1)
		return linkSent{}, errManyLinks
	}
	language := "en"
	if r.Language != nil {
		language = *r.Language
	}
	by, browser := r.exchange.actor(), r.token()
	a.Customers.flowing.Go(func() { //nolint:contextcheck // it outlives the request
		defer a.Customers.sending.Add(-1)
		a.sendLink(by, r.Email, browser, language)
	})
	return linkSent{true}, nil
}

// sendLink makes the link and sends it, if its mailbox has a turn; nobody waits for it.
func (a *api) sendLink(by accounts.Actor, email string, browser accounts.Token, language string) {
	ctx, cancel := context.WithTimeout(a.life, accounts.SignInLinkLife)
	defer cancel()
	by.Name = nobody
	free, _, err := a.Store.TakeLinkTurn(ctx, "sign-in", "mailbox "+accounts.FoldEmail(email), linksPerMailbox)
	if err == nil && free {
		var link store.SignInLink
		var made bool
		token := accounts.MintToken()
		link, made, err = a.Store.AddSignInLink(ctx, by, email, token, browser, a.Customers.Registration)
		if err == nil && made {
			err = a.Customers.SendLink(ctx, SignInMail{To: link.To, Language: language, Token: token, Registers: link.Registers, At: a.Now()})
		}
	}
	if err != nil {
		a.Log.WarnContext(ctx, "a link to sign in could not be sent", "request_id", by.RequestID, "error", err)
	}
}

// nobody is the actor of what is asked for before anybody is known.
const nobody = "nobody"

type openSessionRequest struct {
	shown
	Link string `json:"link" required:"true" minLength:"1" maxLength:"128" format:"printable" doc:"The token of the link that was sent by mail." example:"BdPvm1o0VpJc0pQf3gXkq3mC7wD9xw5vYtqk1b1n2aA"`
	browserSecret
}

type openedSession struct {
	Session   string          `json:"session" doc:"The session, sent as an API key is. It is shown only in this response and never stored." example:"codexible_session_0123456789abcdef0123456789abcdef"`
	ExpiresAt openapi.Instant `json:"expires_at" doc:"When the session ends at the latest; it ends after 7 days without a request, too."`
	User      *account        `json:"user"`
	Created   bool            `json:"created" doc:"Whether this sign-in made the account." example:"false"`
}

// openSession signs in whom a link was sent to.
func (a *api) openSession(ctx context.Context, r openSessionRequest) (openedSession, error) {
	n := r.exchange.newSession()
	opened, err := a.Store.OpenByLink(ctx, r.exchange.anybody(), accounts.TokenFrom(r.Link), r.token(), n, a.Customers.Registration)
	return a.opened(ctx, opened, n, err)
}

// newSession is the session that a request opens if it signs in.
func (x *exchange) newSession() store.NewCustomerSession {
	return store.NewCustomerSession{Token: keys.MintSession(), UserAgent: string(x.Request().Header.UserAgent())}
}

// anybody is the actor of a sign-in, until it is known who it is.
func (x *exchange) anybody() accounts.Actor {
	by := x.actor()
	by.Name = nobody
	return by
}

// opened answers with a session that a sign-in has opened. What the operator has to do something about is logged.
func (a *api) opened(ctx context.Context, s store.CustomerSession, n store.NewCustomerSession, err error) (openedSession, error) {
	if errors.Is(err, store.ErrRegistrationsFull) {
		a.Log.WarnContext(ctx, "an account was not made: REGISTRATION_DAILY_LIMIT is reached for today", "limit", a.Customers.Registration.DailyLimit)
	}
	if err != nil {
		return openedSession{}, err
	}
	u := s.User
	return openedSession{
		Session: n.Token.Reveal(), ExpiresAt: openapi.Instant(s.ExpiresAt), Created: s.Created,
		User: &account{Email: u.Email, Name: optionalText(u.Name), Plan: u.PlanName, Status: u.Status},
	}, nil
}

type sessionRequest struct{ caller }

type customerSession struct {
	User      *account        `json:"user"`
	CreatedAt openapi.Instant `json:"created_at"`
	ExpiresAt openapi.Instant `json:"expires_at" doc:"When the session ends at the latest; it ends after 7 days without a request, too."`
}

func (a *api) showSession(_ context.Context, r sessionRequest) (customerSession, error) {
	k := &r.identity.Key
	return customerSession{User: accountOf(r.identity), CreatedAt: openapi.Instant(k.CreatedAt), ExpiresAt: openapi.Instant(*k.ExpiresAt)}, nil
}

type endSessionRequest struct {
	caller
	Everywhere bool `query:"everywhere" default:"false" doc:"Whether to end all sessions of the user in the dashboard."`
}

type signedOutOf struct {
	SignedOut bool `json:"signed_out" example:"true"`
}

func (a *api) endSession(ctx context.Context, r endSessionRequest) (signedOutOf, error) {
	err := a.Store.EndCustomerSession(ctx, r.by, r.userID(), r.identity.Key.ID, r.Everywhere)
	return signedOutOf{err == nil}, err
}
