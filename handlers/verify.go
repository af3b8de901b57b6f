package handlers

import (
	"context"
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"codexible/accounts"
	"codexible/fault"
	"codexible/handlers/openapi"
	"codexible/keys"
	"codexible/usage"

	gojson "github.com/goccy/go-json"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
)

type verifyRequest struct {
	Key     string `json:"key" required:"true" format:"password" doc:"The customer's key." example:"codexible_0123456789abcdef0123456789abcdef"`
	Credits int64  `json:"credits" minimum:"0" maximum:"1000000000" default:"0" without:"usage" doc:"Number of credits to charge. With 0 and without hold the quota is returned but not enforced. Must be absent or 0 beside hold." example:"0"`
	// Hold sets credits aside; nil for a charge.
	Hold           *holdRequest `json:"hold" doc:"Sets credits aside in place of charging them, for a call whose price is not known yet. Settle or release the hold when it is. An open hold is one of the requests at once."`
	Usage          *callUsage   `json:"usage" doc:"What the call used, in place of credits, prompt_tokens, completion_tokens and cost_usd: the price of its model gives the credits and the cost. Must be absent beside hold."`
	IdempotencyKey string       `json:"idempotency_key" format:"printable" minLength:"1" maxLength:"255" doc:"A repeat within 24 hours with the same value returns the first result and charges and holds nothing. Charges and holds have separate idempotency keys, and so do services of different users. Ignored with 0 credits and without hold." example:"order-4711"`
	// Address is the customer's; the binder does not allocate where it is absent.
	Address netip.Addr `json:"address" doc:"The customer's IP address. A key with allowed addresses is IP_NOT_ALLOWED from any other address, and if this field is absent." example:"203.0.113.7"`
	consumption
}

type holdRequest struct {
	Credits    int64          `json:"credits" required:"true" minimum:"0" maximum:"1000000000" without:"usage" doc:"Number of credits to set aside. 0 takes only a place of the requests at once. Required unless usage is given." example:"12"`
	Usage      *callUsage     `json:"usage" doc:"What the call can use at most, in place of credits: its price, rounded up to whole credits, is set aside."`
	TTLSeconds int64          `json:"ttl_seconds" minimum:"10" maximum:"3600" default:"600" doc:"Seconds until the hold ends by itself." example:"600"`
	OnExpiry   usage.OnExpiry `json:"on_expiry" enum:"release,charge" default:"release" doc:"What happens when it ends by itself: the credits are released, or what the last extension recorded as delivered is charged."`
}

// The problems of a verification that charges and holds.
const (
	chargeBesideHold = "must be absent or 0 beside hold; hold.credits is what is set aside"
	usageBesideHold  = "must be absent beside hold; hold.usage is what is set aside"
)

// used is what the call used, or can use at most, and the name of its field; nil where credits are named.
func (r *verifyRequest) used() (u *callUsage, field string) {
	if r.Hold != nil {
		return r.Hold.Usage, "hold.usage"
	}
	return r.Usage, "usage"
}

// wrong is what is wrong with the fields together; nil for nothing.
func (r *verifyRequest) wrong() map[string]string {
	u, field := r.used()
	if u == nil && (r.Hold == nil || r.Credits == 0 && r.Usage == nil) {
		return nil
	}
	problems := map[string]string{}
	if r.Hold != nil && r.Credits != 0 {
		problems["credits"] = chargeBesideHold
	}
	if r.Hold != nil && r.Usage != nil {
		problems["usage"] = usageBesideHold
	}
	if u == nil {
		return problems
	}
	u.wrong(problems, field+".")
	if r.Model != usage.UnknownModel && r.Model != u.Model {
		problems["model"] = otherModel
	}
	for name, n := range map[string]int64{"prompt_tokens": r.PromptTokens, "completion_tokens": r.CompletionTokens, "cost_usd": int64(r.CostUSD)} {
		if n != 0 {
			problems[name] = "must be absent beside " + field
		}
	}
	return problems
}

// verdict is the answer to a verification; unknown fields are null.
type verdict struct {
	Valid     bool            `json:"valid" example:"true"`
	Code      keys.Code       `json:"code" enum:"VALID,NOT_FOUND,REVOKED,DISABLED,EXPIRED,SUSPENDED,INSUFFICIENT_SCOPE,IP_NOT_ALLOWED,RATE_LIMITED,MODEL_NOT_ALLOWED,CONCURRENCY_LIMITED,QUOTA_EXCEEDED" doc:"VALID, or the first reason to refuse. INSUFFICIENT_SCOPE: the key lacks the scope models. MODEL_NOT_ALLOWED: the plan or the key cannot use the model. CONCURRENCY_LIMITED: the key or its user has as many open holds as it can have."`
	KeyID     *uuid.UUID      `json:"key_id"`
	User      *verifiedUser   `json:"user"`
	Key       *verifiedKey    `json:"key"`
	Features  *openapi.Object `json:"features" doc:"The plan's feature flags." example:"{\"priority\":true}"`
	Credits   *creditState    `json:"credits"`
	Rate      *rateState      `json:"rate_limit"`
	HoldID    *uuid.UUID      `json:"hold_id" doc:"The hold that was made; null without one."`
	Status    *string         `json:"hold_status" enum:"open,settled,released,expired" doc:"Whether the hold is open or how it ended: a repeat returns the first hold. null without a hold." example:"open"`
	PriceID   *uuid.UUID      `json:"price_id" doc:"The price by which usage was charged, or of the model of a hold. null without one, for a refusal and for a duplicate, which has the price of the first."`
	Duplicate bool            `json:"duplicate" doc:"Whether this is the result of an earlier charge or hold with the same idempotency key." example:"false"`
}

type verifiedUser struct {
	ID     uuid.UUID       `json:"id"`
	Email  string          `json:"email" example:"ada@example.com"`
	Plan   string          `json:"plan" example:"Pro"`
	Status accounts.Status `json:"status" enum:"active,suspended"`

	ExternalID *string          `json:"external_id" doc:"Your own id of the user; null if none was given." example:"crm-4711"`
	Metadata   openapi.Metadata `json:"metadata" example:"{\"team\":\"search\"}"`
}

type verifiedKey struct {
	Label  string   `json:"label" example:"Laptop"`
	Scopes []string `json:"scopes" enum:"models,usage,keys,charge,service,admin" doc:"What the key can do." example:"[\"models\",\"usage\"]"`

	Metadata openapi.Metadata `json:"metadata" example:"{\"team\":\"search\"}"`
}

type creditState struct {
	Used      int64           `json:"used" doc:"Used on this day, by all keys of the user, grants included." example:"91"`
	Held      int64           `json:"held" doc:"Set aside by open holds." example:"12"`
	Limit     int64           `json:"limit" doc:"The plan's credits a day." example:"250"`
	Granted   int64           `json:"granted" doc:"What open grants have left." example:"0"`
	Remaining int64           `json:"remaining" doc:"What a charge or hold of this key can take." example:"147"`
	ResetsAt  openapi.Instant `json:"resets_at" doc:"The next 00:00 UTC."`
	Month     *monthState     `json:"month" doc:"Null if the plan has no monthly limit."`
}

type monthState struct {
	Used      int64           `json:"used" doc:"Used in this calendar month (UTC), grants not included." example:"1200"`
	Held      int64           `json:"held" example:"12"`
	Limit     int64           `json:"limit" example:"5000"`
	Remaining int64           `json:"remaining" example:"3788"`
	ResetsAt  openapi.Instant `json:"resets_at" doc:"00:00 UTC on the first of the next month."`
}

type rateState struct {
	Limit        int64 `json:"limit" doc:"Requests allowed in any 60 seconds." example:"100"`
	Remaining    int64 `json:"remaining" example:"99"`
	ResetSeconds int64 `json:"reset_seconds" doc:"Seconds until another request is allowed; 0 if one is allowed now." example:"0"`
}

// verify is the hot path: it runs for every request of every customer, so it
// reuses requests, encodes on the stack and bypasses the adapter.
func (a *api) verify(x *exchange) error {
	request := verifyRequests.Get().(*verifyRequest)
	defer func() {
		*request = verifyRequest{} // the secret is not kept
		verifyRequests.Put(request)
	}()
	if err := x.route.binder.Bind(x, request); err != nil {
		return err
	}
	if wrong := request.wrong(); len(wrong) > 0 {
		return fault.InvalidFields(wrong)
	}
	v, err := x.verified(request)
	if err != nil {
		return err
	}
	var room [1024]byte
	x.sendCopy(fiber.StatusOK, appendVerdict(room[:0], &v))
	return nil
}

// verified decides a verification and counts it.
func (x *exchange) verified(r *verifyRequest) (keys.Verdict, error) {
	asked := keys.Request{Secret: r.Key, Address: r.Address, Charge: r.charge(r.Credits, r.IdempotencyKey)}
	asked.Charge.ChargerID = x.identity.User.ID
	if h := r.Hold; h != nil {
		asked.Charge.Credits = h.Credits
		asked.Hold = &keys.Hold{OwnerID: x.identity.User.ID, TTL: time.Duration(h.TTLSeconds) * time.Second, OnExpiry: h.OnExpiry, RequestID: x.requestID}
	}
	if err := x.api.priceVerification(x.ctx, &asked.Charge, r); err != nil {
		return keys.Verdict{}, err
	}
	v, err := x.api.Verifier.Verify(x.ctx, asked)
	if err != nil {
		return v, err
	}
	x.api.metrics.verdicts[v.Code].Inc()
	if v.Code != keys.Valid {
		x.api.Monitor.Refusals.Count(v.Code)
	}
	return v, nil
}

// priceVerification prices usage, and finds the price of the model of a hold by credits.
func (a *api) priceVerification(ctx context.Context, c *usage.Charge, r *verifyRequest) error {
	switch u, field := r.used(); {
	case u != nil:
		return within(strings.TrimSuffix(field, "usage"), a.price(ctx, c, u, a.Now()))
	case r.Hold != nil:
		return a.namePrice(ctx, c, a.Now())
	}
	return nil
}

// verifyRequests pools requests; see exchanges for what that saves.
var verifyRequests = sync.Pool{New: func() any { return new(verifyRequest) }}

// appendVerdict writes a verdict as JSON. With the encoder a verification
// takes 14 % more CPU time over HTTP; a test compares the two.
func appendVerdict(b []byte, v *keys.Verdict) []byte {
	b = append(b, `{"valid":`...)
	b = strconv.AppendBool(b, v.Code == keys.Valid)
	b = append(append(append(b, `,"code":"`...), v.Code...), '"')
	id := v.Identity
	if id == nil {
		return append(b, `,"key_id":null,"user":null,"key":null,"features":null,"credits":null,"rate_limit":null,"hold_id":null,"hold_status":null,"price_id":null,"duplicate":false}`...)
	}
	encoded := id.Encoded
	if encoded == nil {
		encoded = EncodeIdentity(id)
	}
	b = appendFeatures(append(b, encoded...), id.Plan.Features)
	b = appendCredits(append(b, `,"credits":`...), &v.Figures, v.Day)
	b = strconv.AppendInt(append(b, `,"rate_limit":{"limit":`...), v.Rate.Limit, 10)
	b = strconv.AppendInt(append(b, `,"remaining":`...), v.Rate.Remaining, 10)
	b = strconv.AppendInt(append(b, `,"reset_seconds":`...), v.Rate.ResetSeconds, 10)
	b = append(b, `},"hold_id":`...)
	if v.HoldID == uuid.Nil {
		b = append(b, `null,"hold_status":null`...)
	} else {
		b = appendUUID(append(b, '"'), v.HoldID)
		b = append(append(append(b, `","hold_status":"`...), v.HoldStatus...), '"')
	}
	b = append(b, `,"price_id":`...)
	if v.PriceID == uuid.Nil {
		b = append(b, "null"...)
	} else {
		b = append(appendUUID(append(b, '"'), v.PriceID), '"')
	}
	return append(strconv.AppendBool(append(b, `,"duplicate":`...), v.Duplicate), '}')
}

// EncodeIdentity writes the fields of a verdict from key_id to the name of features: the
// keys.Parts.Encode of a verifier whose verdicts are answered here.
func EncodeIdentity(id *keys.Identity) []byte {
	b := appendUUID([]byte(`,"key_id":"`), id.Key.ID)
	b = appendUUID(append(b, `","user":{"id":"`...), id.User.ID)
	b = appendText(append(b, `","email":`...), id.User.Email)
	b = appendText(append(b, `,"plan":`...), id.Plan.Name)
	b = append(append(append(b, `,"status":"`...), id.User.Status...), `","external_id":`...)
	if id.User.ExternalID == "" {
		b = append(b, "null"...)
	} else {
		b = appendText(b, id.User.ExternalID)
	}
	b = appendFeatures(append(b, `,"metadata":`...), id.User.Metadata)
	b = appendText(append(b, `},"key":{"label":`...), id.Key.Label)
	b = appendScopes(append(b, `,"scopes":[`...), id.Key.Scopes)
	b = appendFeatures(append(b, `],"metadata":`...), id.Key.Metadata)
	return append(b, `},"features":`...)
}

// appendCredits writes figures as creditState has them.
func appendCredits(b []byte, f *usage.Figures, day usage.Day) []byte {
	for _, n := range [...]struct {
		name  string
		value int64
	}{{`{"used":`, f.CreditsUsed}, {`,"held":`, f.Held}, {`,"limit":`, f.DailyLimit}, {`,"granted":`, f.Granted}, {`,"remaining":`, f.Room}} {
		b = strconv.AppendInt(append(b, n.name...), n.value, 10)
	}
	b = appendReset(append(b, `,"resets_at":"`...), day)
	if f.Month.Limit == usage.NoLimit {
		return append(b, `","month":null}`...)
	}
	b = strconv.AppendInt(append(b, `","month":{"used":`...), f.Month.Used, 10)
	b = strconv.AppendInt(append(b, `,"held":`...), f.Month.Held, 10)
	b = strconv.AppendInt(append(b, `,"limit":`...), f.Month.Limit, 10)
	b = strconv.AppendInt(append(b, `,"remaining":`...), f.Month.Remaining(), 10)
	b = day.EndOfMonth().AppendFormat(append(b, `,"resets_at":"`...), time.RFC3339Nano)
	return append(b, `"}}`...)
}

// reset is the end of a day as answers write it.
type reset struct {
	day  usage.Day
	text string
}

// lastReset is that of the day that was last asked for: all verdicts but those around midnight are of one day.
var lastReset atomic.Pointer[reset]

func appendReset(b []byte, day usage.Day) []byte {
	r := lastReset.Load()
	if r == nil || r.day != day {
		r = &reset{day, day.End().Format(time.RFC3339Nano)}
		lastReset.Store(r)
	}
	return append(b, r.text...)
}

// appendFeatures writes a JSON object; {} where it is empty.
func appendFeatures(b, object []byte) []byte {
	if len(object) == 0 {
		return append(b, "{}"...)
	}
	return append(b, object...)
}

func appendScopes(b []byte, set keys.Scopes) []byte {
	comma := ""
	for scope := keys.ScopeModels; scope <= keys.ScopeAdmin; scope++ {
		if set.Has(scope) {
			b = append(append(append(append(b, comma...), '"'), scope.String()...), '"')
			comma = ","
		}
	}
	return b
}

const uuidLength = 36

func appendUUID(b []byte, id uuid.UUID) []byte {
	var text [uuidLength]byte
	hex.Encode(text[:8], id[:4])
	hex.Encode(text[9:13], id[4:6])
	hex.Encode(text[14:18], id[6:8])
	hex.Encode(text[19:23], id[8:10])
	hex.Encode(text[24:], id[10:])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return append(b, text[:]...)
}

// appendText writes a text as JSON: quoted directly where it needs no escape, else
// by the encoder.
func appendText(b []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			encoded, _ := gojson.Marshal(text) // a string always encodes
			return append(b, encoded...)
		}
	}
	return append(append(append(b, '"'), text...), '"')
}
