package handlers

import (
	"bytes"
	"fmt"
	"time"

	"codexible/accounts"
	"codexible/fault"
	"codexible/keys"
	"codexible/limits"

	"github.com/gofiber/fiber/v2"
)

// access is who may use a route, and in whose window its requests count.
type access uint8

const (
	// open routes take anyone and count nothing.
	open access = iota
	// byAddress routes take anyone. A valid key in the body counts as the key's request, everything else by client address.
	byAddress
	// customer, service and admin routes take a valid key, the latter two of that role alone, and count by key.
	customer
	service
	admin
)

// role is the one role that an access is kept for; empty for any.
func (a access) role() accounts.Role {
	return [...]accounts.Role{service: accounts.RoleService, admin: accounts.RoleAdmin}[a]
}

// refusals say why a key does not let its bearer in.
var refusals = map[keys.Code]*fault.Error{
	keys.NotFound:  fault.New(fault.Unauthorized, "This API key is not known. Check it, or ask for another one."),
	keys.Revoked:   fault.New(fault.Unauthorized, "This API key was revoked. Use another one."),
	keys.Expired:   fault.New(fault.Unauthorized, "This API key has expired. Use another one."),
	keys.Suspended: fault.New(fault.Forbidden, "This account is suspended. Contact support to have it reactivated."),
}

var errNoKey = fault.New(fault.Unauthorized, "Send your API key in the header Authorization: Bearer codexible_…")

// admit lets the request in, or says why not. It counts the request, and every
// answer of a limited path tells its window.
func (x *exchange) admit() error {
	switch x.route.access {
	case open, byAddress: // what a body shows is counted when it was read: see settleAddress
		return nil
	default:
	}
	token, ok := x.bearer()
	if !ok {
		return x.countAddress(errNoKey)
	}
	id, code, err := x.judge(token)
	x.identity = id
	switch {
	case err != nil:
		return err
	case code != keys.Valid:
		return refusals[code]
	}
	return x.admitKey(id)
}

// judge finds whose key a token is and whether it works. One that does not is
// counted by address. A token that nobody knows of without a lookup is looked up
// only while the address has room: else it is 429, also for a valid one, until
// the window has room again.
func (x *exchange) judge(token string) (id *keys.Identity, code keys.Code, err error) {
	x.judged = true
	if !x.api.Verifier.Cached(token) {
		leave, err := x.api.guesses.Enter(x.ctx, limits.Address(x.address))
		if err != nil {
			x.peekAddress()
			return nil, keys.NotFound, errCrowded.Because(err)
		}
		defer leave()
		decision, err := x.api.Counter.Peek(x.ctx, limits.Address(x.address), x.api.RateLimitPerIP)
		if err != nil {
			return nil, keys.NotFound, fault.Away(err)
		}
		if !decision.Allowed {
			x.tell(decision)
			return nil, keys.NotFound, tooMany("This address", decision)
		}
	}
	id, code, err = x.api.Verifier.Identify(x.ctx, token)
	if err != nil {
		x.peekAddress()
		return nil, keys.NotFound, err
	}
	if code != keys.Valid {
		err = x.countAddress(nil)
	}
	return id, code, err
}

// settleAddress counts what a byAddress route has not counted: a request that showed no token.
func (x *exchange) settleAddress(err error) error {
	if x.route.access != byAddress || x.judged {
		return err
	}
	return x.countAddress(err)
}

func (x *exchange) admitKey(id *keys.Identity) error {
	x.user = id.User.ID
	if err := x.countKey(id); err != nil {
		return err
	}
	if role := x.route.access.role(); role != "" && id.User.Role != role {
		return fault.Newf(fault.Forbidden, "This path is for keys of users with the role %s. Use such a key.", role)
	}
	return nil
}

// countKey counts the request in the window of a key.
func (x *exchange) countKey(id *keys.Identity) error {
	decision, err := x.api.Verifier.Rate(x.ctx, id, true)
	if err != nil {
		return fault.Away(err)
	}
	x.tell(decision)
	if !decision.Allowed {
		return tooMany("This key", decision)
	}
	return nil
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

// countAddress counts the request in the window of the client's address. The
// refusal, if any, stands while the window has room.
func (x *exchange) countAddress(refusal error) error {
	decision, err := x.api.Counter.Hit(x.ctx, limits.Address(x.address), x.api.RateLimitPerIP)
	if err != nil {
		return fault.Away(err)
	}
	x.tell(decision)
	if !decision.Allowed {
		return tooMany("This address", decision)
	}
	return refusal
}

// peekAddress tells the window of the address without counting, where the
// request could not be judged.
func (x *exchange) peekAddress() {
	if decision, err := x.api.Counter.Peek(x.ctx, limits.Address(x.address), x.api.RateLimitPerIP); err == nil {
		x.tell(decision)
	}
}

func (x *exchange) tell(d limits.Decision) {
	x.number(headerLimit, d.Limit)
	x.number(headerRemaining, d.Remaining)
	x.number(headerReset, d.ResetSeconds)
}

func tooMany(who string, d limits.Decision) error {
	wait := max(d.ResetSeconds, 1)
	return &fault.Error{
		Kind: fault.RateLimited, RetryAfter: time.Duration(wait) * time.Second,
		Message: fmt.Sprintf("%s has sent its %d requests of the last 60 seconds. Try again in %d s.", who, d.Limit, wait),
	}
}
