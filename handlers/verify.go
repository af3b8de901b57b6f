package handlers

import (
	"reflect"

	"codexible/accounts"
	"codexible/keys"

	"github.com/google/uuid"
)

type verifyRequest struct {
	Key            string `json:"key" required:"true" format:"password" doc:"The customer's key." example:"codexible_0123456789abcdef0123456789abcdef"`
	Credits        int64  `json:"credits" minimum:"0" maximum:"1000000000" default:"0" doc:"How many credits to charge; with 0 the quota is told, not enforced." example:"2"`
	IdempotencyKey string `json:"idempotency_key" format:"printable" minLength:"1" maxLength:"255" doc:"Makes a repeat within 24 hours answer as the first did, and charge nothing." example:"order-4711"`
	consumption
}

// verdict is the answer to a verification; what is not known is null.
type verdict struct {
	Valid     bool          `json:"valid" example:"true"`
	Code      keys.Code     `json:"code" enum:"VALID,NOT_FOUND,REVOKED,EXPIRED,SUSPENDED,RATE_LIMITED,QUOTA_EXCEEDED"`
	KeyID     *uuid.UUID    `json:"key_id"`
	User      *verifiedUser `json:"user"`
	Credits   *creditState  `json:"credits"`
	Rate      *rateState    `json:"rate_limit"`
	Duplicate bool          `json:"duplicate" doc:"Whether an earlier charge with this idempotency key is told again." example:"false"`
}

type verifiedUser struct {
	ID     uuid.UUID       `json:"id"`
	Email  string          `json:"email" example:"ada@example.com"`
	Plan   string          `json:"plan" example:"Pro"`
	Status accounts.Status `json:"status" enum:"active,suspended"`
}

type creditState struct {
	Used      int64   `json:"used" example:"91"`
	Limit     int64   `json:"limit" example:"250"`
	Remaining int64   `json:"remaining" example:"159"`
	ResetsAt  instant `json:"resets_at" doc:"The next 00:00 UTC."`
}

type rateState struct {
	Limit        int64 `json:"limit" doc:"Requests in any 60 seconds." example:"100"`
	Remaining    int64 `json:"remaining" example:"99"`
	ResetSeconds int64 `json:"reset_seconds" doc:"Seconds until the window has room; 0 while there is room." example:"0"`
}

// verify is the hot path: it runs for every request of every customer, so it
// allocates what it answers with in one piece and takes no detour through the
// adapter.
func (a *api) verify(x *exchange) error {
	var request verifyRequest
	if err := verifyShape.bind(x, reflect.ValueOf(&request).Elem()); err != nil {
		return err
	}
	v, err := a.Verifier.Verify(x.ctx, keys.Request{Secret: request.Key, Charge: request.charge(request.Credits, request.IdempotencyKey)})
	if err != nil {
		return err
	}
	if v.Identity == nil {
		return x.json(&verdict{Code: v.Code})
	}
	var known struct {
		verdict
		user    verifiedUser
		credits creditState
		rate    rateState
	}
	id := v.Identity
	known.user = verifiedUser{ID: id.User.ID, Email: id.User.Email, Plan: id.Plan.Name, Status: id.User.Status}
	known.credits = creditState{Used: v.Used, Limit: v.Limit, Remaining: v.Remaining(), ResetsAt: instant(v.ResetsAt)}
	known.rate = rateState{Limit: v.Rate.Limit, Remaining: v.Rate.Remaining, ResetSeconds: v.Rate.ResetSeconds}
	known.verdict = verdict{
		Valid: v.Code == keys.Valid, Code: v.Code, KeyID: &id.Key.ID, User: &known.user, Credits: &known.credits, Rate: &known.rate, Duplicate: v.Duplicate,
	}
	return x.json(&known.verdict)
}

var verifyShape = shapeOf(reflect.TypeFor[verifyRequest]())
