package openid

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"codexible/accounts"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Person is whom a provider has signed in. Subject is the provider's lasting name of
// the person; Email may be another person's unless EmailVerified is true.
type Person struct {
	Issuer, Subject, Email, Name string
	EmailVerified                bool
	Groups                       []string
}

// maxSubject is the length that OpenID Connect allows.
const maxSubject = 255

// claims are what a token says of a person, in the forms that providers use.
type claims struct {
	Email    string `json:"email"`
	Verified flag   `json:"email_verified"`
	Name     string `json:"name"`
	Groups   names  `json:"groups"`
	Party    string `json:"azp"`
}

// flag is true, or "true" as some providers write it. All else is false.
type flag bool

// UnmarshalJSON implements json.Unmarshaler.
func (f *flag) UnmarshalJSON(text []byte) error {
	*f = string(text) == "true" || string(text) == `"true"`
	return nil
}

// names are a list of texts, or one. All else is none.
type names []string

// UnmarshalJSON implements json.Unmarshaler.
func (n *names) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*n = names{one}
		return nil
	}
	var many []string
	if json.Unmarshal(text, &many) == nil {
		*n = many
	}
	return nil
}

// Person exchanges a code for the person that signed in. A RefusalError where the code or
// the token is not good; a fault of kind Unavailable where the provider does not answer.
func (p *Provider) Person(ctx context.Context, code string, a Attempt) (Person, error) {
	known, err := p.discover(ctx)
	if err != nil {
		return Person{}, err
	}
	ctx = oidc.ClientContext(ctx, p.client)
	token, err := known.oauth.Exchange(ctx, code, oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return Person{}, exchangeFailed(err)
	}
	raw, _ := token.Extra("id_token").(string)
	if raw == "" {
		return Person{}, refusal("the provider sent no token", nil)
	}
	said, subject, err := p.verify(ctx, known, raw, token.AccessToken, a.Nonce)
	if err != nil {
		return Person{}, err
	}
	if said, err = p.completed(ctx, known, token, said, subject); err != nil {
		return Person{}, err
	}
	return Person{Issuer: p.settings.Issuer, Subject: subject, Email: said.Email, Name: said.Name, EmailVerified: bool(said.Verified), Groups: said.Groups}, nil
}

// exchangeFailed tells a code that is not good from a provider that is not. It leaves
// out what the provider answered, which may be anything.
func exchangeFailed(err error) error {
	failed, answered := errors.AsType[*oauth2.RetrieveError](err)
	if !answered {
		return away(shortened(err))
	}
	if failed.ErrorCode == "invalid_grant" {
		return refusal("the provider did not accept the code", nil)
	}
	status := 0
	if failed.Response != nil {
		status = failed.Response.StatusCode
	}
	return away(&tokenError{status: status, invalidClient: failed.ErrorCode == "invalid_client"})
}

// tokenError is an answer of the token's endpoint.
type tokenError struct {
	status        int
	invalidClient bool
}

// Error implements error.
func (f *tokenError) Error() string {
	if f.invalidClient {
		return "the provider does not accept OIDC_CLIENT_ID and OIDC_CLIENT_SECRET"
	}
	return "the provider refused to exchange a code (status " + strconv.Itoa(f.status) + ")"
}

// verify checks signature, issuer, audience, times and nonce of a token.
func (p *Provider) verify(ctx context.Context, known *discovered, raw, accessToken, nonce string) (said claims, subject string, err error) {
	token, err := known.verifier.Verify(ctx, raw)
	_, expired := errors.AsType[*oidc.TokenExpiredError](err)
	switch {
	case expired:
		return said, "", refusal("the provider's token has expired", nil)
	case err != nil && strings.Contains(err.Error(), "fetching keys"):
		return said, "", away(shortened(err))
	case err != nil:
		return said, "", refusal("the provider's token is not valid", shortened(err))
	}
	if err := token.Claims(&said); err != nil {
		return said, "", refusal("the provider's token cannot be read", shortened(err))
	}
	switch {
	case nonce == "" || token.Nonce != nonce:
		return said, "", refusal("the provider's token is for another sign-in", nil)
	case said.Party != "" && said.Party != p.settings.ClientID, said.Party == "" && len(token.Audience) != 1:
		return said, "", refusal("the provider's token was issued to another application", nil)
	case token.Subject == "" || len(token.Subject) > maxSubject || strings.ContainsRune(token.Subject, 0):
		return said, "", refusal("the provider's token names nobody", nil)
	case token.AccessTokenHash != "" && token.VerifyAccessToken(accessToken) != nil:
		return said, "", refusal("the provider's token is not valid", errors.New("it goes with another access token"))
	}
	return said, token.Subject, nil
}

// completed asks the provider for what the token leaves out.
func (p *Provider) completed(ctx context.Context, known *discovered, token *oauth2.Token, said claims, subject string) (claims, error) {
	if known.provider.UserInfoEndpoint() == "" || said.Email != "" && (said.Groups != nil || !p.asksGroups()) {
		return said, nil
	}
	info, err := known.provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return said, away(shortened(err))
	}
	var more claims
	if err := info.Claims(&more); err != nil {
		return said, refusal("the provider's answer cannot be read", shortened(err))
	}
	if info.Subject != subject {
		return said, refusal("the provider's answer is about somebody else", nil)
	}
	if said.Email == "" {
		said.Email, said.Verified = more.Email, more.Verified
	}
	if said.Groups == nil {
		said.Groups = more.Groups
	}
	if said.Name == "" {
		said.Name = more.Name
	}
	return said, nil
}

const groupRule = "group:"

func (p *Provider) asksGroups() bool {
	return slices.ContainsFunc(slices.Concat(p.settings.Admins, p.settings.Viewers), func(rule string) bool { return strings.HasPrefix(rule, groupRule) })
}

// Role is what the rules give a person; empty for none. An e-mail address counts only
// where the provider has verified it.
func (p *Provider) Role(who Person) accounts.Role {
	switch {
	case names(p.settings.Admins).match(who):
		return accounts.RoleAdmin
	case names(p.settings.Viewers).match(who):
		return accounts.RoleViewer
	}
	return ""
}

func (n names) match(who Person) bool {
	return slices.ContainsFunc(n, func(rule string) bool {
		if group, isGroup := strings.CutPrefix(rule, groupRule); isGroup {
			return slices.Contains(who.Groups, group)
		}
		return who.EmailVerified && who.Email != "" && accounts.FoldEmail(rule) == accounts.FoldEmail(who.Email)
	})
}
