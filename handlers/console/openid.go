package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"codexible/accounts"
	"codexible/fault"
	"codexible/openid"
	"codexible/store"
	"codexible/views"
)

var errPasswordsOff = fault.New(fault.Forbidden, "Passwords are off: operators sign in with single sign-on. Open /admin/login and continue there.")

// BeginOpenID sends the browser to the provider. The sign-in is bound to this browser.
func (c *Console) BeginOpenID(ctx context.Context, v *Visit) (Reply, error) {
	if c.OpenID == nil {
		return Reply{}, errNoPage
	}
	d, err := checkWindows(ctx, c.Counter.Hit, addressWindows("sign-in: openid", v.Address, triesPerAddress, triesPerSite))
	if err != nil {
		return Reply{}, err
	}
	if !d.Allowed {
		return Reply{}, tooManyTries(d)
	}
	state := accounts.MintToken()
	attempt := openid.Attempt{State: state.Reveal(), Nonce: accounts.MintToken().Reveal(), Verifier: accounts.MintToken().Reveal()}
	address, err := c.OpenID.Address(ctx, attempt)
	if err != nil {
		return Reply{}, err
	}
	if err := c.Store.BeginOpenID(ctx, state, v.Token, store.OpenIDSignIn{Nonce: attempt.Nonce, Verifier: attempt.Verifier, Next: ownPath(v.Form.Get("next"))}); err != nil {
		return Reply{}, err
	}
	page := views.SignedOutPage(v.signedOut(views.SignedOut{Title: "Single sign-on", Intro: "Sign in at " + c.OpenID.Host() + ". You then return to this console.", Back: views.Link{Text: "Continue", Path: address}}))
	return Reply{Status: http.StatusOK, Page: page, Leave: address}, nil
}

// FinishOpenID signs in whom the provider names. Every answer that signs nobody in is
// in the audit log.
func (c *Console) FinishOpenID(ctx context.Context, v *Visit) (Reply, error) {
	if c.OpenID == nil {
		return Reply{}, errNoPage
	}
	state := accounts.TokenFrom(v.Query.Get("state"))
	signIn, over, err := c.takeOpenID(ctx, v, state)
	if err != nil {
		return Reply{}, err
	}
	if over {
		return c.refuseOpenID(ctx, v, nobodyKnown, "its state is not one of this browser's", store.ErrOpenIDOver.Message+" Open the console at its public address and sign in again.")
	}
	if issuer := v.Query.Get("iss"); issuer != "" && issuer != c.OpenID.Issuer() {
		return c.refuseOpenID(ctx, v, nobodyKnown, "another provider answered", tryAgain)
	}
	code := v.Query.Get("code")
	if code == "" || v.Query.Get("error") != "" || len(code) > maxCode {
		return c.refuseOpenID(ctx, v, nobodyKnown, "the provider signed nobody in", "The provider signed nobody in. "+tryAgain)
	}
	attempt := openid.Attempt{State: state.Reveal(), Nonce: signIn.Nonce, Verifier: signIn.Verifier}
	person, err := c.OpenID.Person(ctx, code, attempt)
	if refusal, refused := errors.AsType[*openid.RefusalError](err); refused {
		c.Log.WarnContext(ctx, "a sign-in with OpenID Connect was refused", "reason", refusal.Error())
		return c.refuseOpenID(ctx, v, nobodyKnown, refusal.Reason, tryAgain)
	}
	if err != nil {
		return Reply{}, err
	}
	return c.admitPerson(ctx, v, person, signIn.Next)
}

const (
	// maxCode bounds a code of a provider.
	maxCode     = 4000
	nobodyKnown = "single sign-on"
	tryAgain    = "Sign in again."
)

// takeOpenID takes the sign-in with a state; over is true where there is none for this
// browser. Guesses are counted by address.
func (c *Console) takeOpenID(ctx context.Context, v *Visit, state accounts.Token) (signIn store.OpenIDSignIn, over bool, err error) {
	windows := addressWindows("sign-in: openid state", v.Address, linksPerAddress, linksPerSite)
	err = c.lookUp(ctx, v, windows, func() (bool, error) {
		signIn, err = c.Store.TakeOpenID(ctx, state, v.Token, false)
		if over = errors.Is(err, store.ErrOpenIDOver); over {
			return false, nil
		}
		return true, err
	})
	return signIn, over, err
}

// admitPerson opens a session of the person's user. A second factor is asked for as
// after a password.
func (c *Console) admitPerson(ctx context.Context, v *Visit, p openid.Person, next string) (Reply, error) {
	by := v.By
	by.Name = accounts.ActorOpenID
	credentials, err := c.Store.AdmitOpenID(ctx, by, store.OpenIDPerson{
		Issuer: p.Issuer, Subject: p.Subject, Email: p.Email, Name: p.Name, EmailVerified: p.EmailVerified, Role: c.OpenID.Role(p),
	})
	for refusal, reason := range map[*fault.Error]string{
		store.ErrOpenIDNoRole: "no rule gives a role", store.ErrOpenIDUnverified: "the e-mail address is not verified",
		store.ErrOpenIDTaken: "the user has another account at the provider", store.ErrOpenIDSuspended: "the user is suspended",
	} {
		if errors.Is(err, refusal) {
			return c.refuseOpenID(ctx, v, shownEmail(p.Email), reason, refusal.Message)
		}
	}
	if err != nil {
		return Reply{}, err
	}
	v.By.Name, v.By.UserID = credentials.Email, credentials.UserID
	two, _, err := c.Store.TwoStep(ctx, credentials.UserID)
	if err != nil {
		return Reply{}, err
	}
	return c.admit(ctx, v, store.NewSession{UserID: credentials.UserID, PasswordHash: credentials.PasswordHash, CodePending: two.Confirmed}, next)
}

// refuseOpenID records why nobody was signed in, and shows the sign-in again.
func (c *Console) refuseOpenID(ctx context.Context, v *Visit, target, reason, text string) (Reply, error) {
	if err := c.recordFailedSignIn(ctx, v, target, fmt.Sprintf("Sign-in with OpenID Connect as %s failed: %s.", target, reason)); err != nil {
		return Reply{}, err
	}
	return showAgain(c.signInPage(v, "", "", &views.Notice{Tone: views.ToneBad, Title: "You are not signed in", Text: text}))
}
