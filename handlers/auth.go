package handlers

import (
	"bytes"
	"fmt"
	"strconv"
	"time"

	"codexible/fault"
	"codexible/handlers/console"
	"codexible/keys"
	"codexible/limits"

	"github.com/gofiber/fiber/v2"
)

// access is who may use a route, and whose rate limit its requests count against.
type access uint8

const (
	// open routes take anyone and count nothing.
	open access = iota
	// byAddress routes take anyone. A valid key in the body counts as the key's request, everything else by client address.
	byAddress
	// signingIn routes take anyone, and each request counts by client address before anything else.
	signingIn
	// signedOut pages of the console take anyone. Their forms are attempts to sign
	// in, which are limited per address.
	signedOut
	// operator pages of the console take operators who have signed in, administrator pages and forms only those
	// who change things: no viewers.
	operator
	administrator
	// The others take a valid key with the scope that they are named for, and count by key. service and admin need the role too.
	readUsage
	manageKeys
	chargeSelf
	service
	admin
	// ownSession takes a customer's session, and no key.
	ownSession
	// callModels takes the key from x-api-key as well, and counts keys of services like those of customers.
	callModels
)

var scopes = [...]keys.Scope{
	readUsage: keys.ScopeUsage, manageKeys: keys.ScopeKeys, chargeSelf: keys.ScopeCharge, service: keys.ScopeService, admin: keys.ScopeAdmin, callModels: keys.ScopeModels,
	ownSession: keys.AnyScope,
}

// scope is what a key needs for the route; zero where none is needed.
func (a access) scope() keys.Scope { return scopes[a] }

// takesSessions reports whether a customer's session will do in the place of a key.
func (a access) takesSessions() bool { return a == readUsage || a == manageKeys || a == ownSession }

// keyLookupsAtOnce bounds the concurrent key lookups of one address.
const keyLookupsAtOnce = 8

var (
	errNoSession = fault.New(fault.Forbidden, "This path is about a session. Send the session in the place of the API key.")
	errNoKey     = fault.New(fault.Unauthorized, "Send your API key in the header Authorization: Bearer codexible_…")
	errNoCallKey = fault.New(fault.Unauthorized, "Send your API key in the header Authorization: Bearer codexible_… or in the header x-api-key.")
)

// admit authorizes the request, or returns the refusal. It counts the request; every
// response of a limited path has the X-RateLimit headers.
func (x *exchange) admit() error {
	if x.route.isPage {
		return x.admitVisit()
	}
	switch x.route.access {
	case open, byAddress: // a key in the body is counted after the body was read: see settleAddress
		return nil
	case signingIn:
		return x.countAddress(nil)
	default:
	}
	token, ok := x.token()
	if !ok {
		return x.countAddress(x.noKey())
	}
	want := keys.Access{Scope: x.route.access.scope(), Address: x.address, Reads: x.route.method == fiber.MethodGet, Sessions: x.route.access.takesSessions()}
	id, code, err := x.judge(token, want)
	x.identity = id
	switch {
	case err != nil:
		return err
	case code == keys.InsufficientScope:
		return x.lacksScope(id, want)
	case code != keys.Valid:
		return refusal(id, code, want, token)
	}
	x.user = id.User.ID
	if err := x.countKey(id); err != nil || x.route.access != ownSession || id.BySession {
		return err
	}
	return errNoSession
}

// refusal is the error for the bearer of a token that lets nobody in.
func refusal(id *keys.Identity, code keys.Code, want keys.Access, token string) *fault.Error {
	if code == keys.NotFound && want.Sessions && keys.IsSession(token) {
		return keys.ErrSessionOver
	}
	return id.Refusal(code, want)
}

// judge finds the key of a token and decides whether it admits the request. A token that is
// not valid is counted by address; one that only lacks the scope is not. A token
// that is not cached is looked up only while the address is below its limit.
// Otherwise it is 429, also for a valid one, until another request is allowed.
func (x *exchange) judge(text string, want keys.Access) (id *keys.Identity, code keys.Code, err error) {
	x.judged = true
	token := x.api.Verifier.Token(text)
	if !x.api.Verifier.Cached(token) {
		leave, err := x.api.guesses.Enter(x.ctx, limits.Address(x.address))
		if err != nil {
			x.peekAddress()
			return nil, keys.NotFound, console.ErrCrowded.Because(err)
		}
		defer leave()
		decision, err := x.api.Counter.Peek(x.ctx, limits.Address(x.address), x.api.RateLimitPerIP)
		if err != nil {
			return nil, keys.NotFound, fault.Away(err)
		}
		if !decision.Allowed {
			x.rateHeaders(decision)
			return nil, keys.NotFound, tooMany("This address has sent", decision)
		}
	}
	id, code, err = x.api.Verifier.IdentifyToken(x.ctx, token, want)
	if err != nil {
		x.peekAddress()
		return nil, keys.NotFound, err
	}
	if code != keys.Valid && code != keys.InsufficientScope {
		err = x.countAddress(nil)
	}
	return id, code, err
}

// settleAddress counts a request to a byAddress route that had no token. A failure
// of the service is not counted.
func (x *exchange) settleAddress(err error) error {
	if x.route.access != byAddress || x.judged {
		return err
	}
	if err != nil && isOurs(fault.As(err).Kind) {
		x.peekAddress()
		return err
	}
	return x.countAddress(err)
}

// isOurs reports whether a failure is the service's, not the caller's.
func isOurs(k fault.Kind) bool { return k == fault.Internal || k == fault.Unavailable }

// countKey counts the request in the window of a key, and of its user where the plan limits it.
func (x *exchange) countKey(id *keys.Identity) error {
	rate, err := x.rate(id, true)
	if err != nil {
		return fault.Away(err)
	}
	x.rateHeaders(rate.Decision)
	if !rate.Allowed {
		return tooMany(whose(rate), rate.Decision)
	}
	return nil
}

// rate counts the request, or only reads the windows.
func (x *exchange) rate(id *keys.Identity, count bool) (keys.Rate, error) {
	if x.route.isCall {
		return x.api.Verifier.CustomerRate(x.ctx, id, count)
	}
	return x.api.Verifier.Rate(x.ctx, id, count)
}

// whose names the sender of the requests in a full window.
func whose(r keys.Rate) string {
	if r.OfUser {
		return "All keys of this user together have sent"
	}
	return "This key has sent"
}

// lacksScope refuses a valid key, with its X-RateLimit headers. The request counts nowhere.
func (x *exchange) lacksScope(id *keys.Identity, want keys.Access) error {
	rate, err := x.rate(id, false)
	if err != nil {
		return fault.Away(err)
	}
	x.rateHeaders(rate.Decision)
	return id.Refusal(keys.InsufficientScope, want)
}

// token is the key that the request was sent with.
func (x *exchange) token() (token string, ok bool) {
	if x.route.isCall {
		return x.callToken()
	}
	return x.bearer()
}

// noKey is the refusal of a request without a key.
func (x *exchange) noKey() error {
	if x.route.isCall {
		return errNoCallKey
	}
	return errNoKey
}

// bearer reads the one Authorization header.
func (x *exchange) bearer() (token string, ok bool) {
	given := x.Request().Header.PeekAll(fiber.HeaderAuthorization)
	if len(given) != 1 {
		return "", false
	}
	scheme, rest, found := bytes.Cut(given[0], []byte(" "))
	if !found || !bytes.EqualFold(scheme, []byte("Bearer")) {
		return "", false
	}
	return string(rest), true
}

// countAddress counts the request in the window of the client's address. It
// returns the given refusal, or a 429 if the address is over its limit.
func (x *exchange) countAddress(refusal error) error {
	decision, err := x.api.Counter.Hit(x.ctx, limits.Address(x.address), x.api.RateLimitPerIP)
	if err != nil {
		return fault.Away(err)
	}
	x.rateHeaders(decision)
	if !decision.Allowed {
		return tooMany("This address has sent", decision)
	}
	return refusal
}

// peekAddress adds the X-RateLimit headers of the address without counting the
// request, where the key could not be checked.
func (x *exchange) peekAddress() {
	if decision, err := x.api.Counter.Peek(x.ctx, limits.Address(x.address), x.api.RateLimitPerIP); err == nil {
		x.rateHeaders(decision)
	}
}

func (x *exchange) rateHeaders(d limits.Decision) {
	x.number(headerLimit, d.Limit)
	x.number(headerRemaining, d.Remaining)
	x.number(headerReset, d.ResetSeconds)
	if x.route.isCall {
		x.number(headerLimitRequests, d.Limit)
		x.number(headerRemainingRequests, d.Remaining)
		x.text(headerResetRequests, strconv.FormatInt(d.ResetSeconds, 10)+"s")
	}
}

func tooMany(who string, d limits.Decision) error {
	wait := max(d.ResetSeconds, 1)
	return &fault.Error{
		Kind: fault.RateLimited, RetryAfter: time.Duration(wait) * time.Second,
		Message: fmt.Sprintf("%s the maximum of %d requests in 60 seconds. Try again in %d s.", who, d.Limit, wait),
	}
}
