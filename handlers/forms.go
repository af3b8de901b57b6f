package handlers

import (
	"time"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"codexible/catalog"
	"codexible/gateway"
	"codexible/handlers/openapi"
	"codexible/keys"
	"codexible/store"
	"codexible/usage"
)

// The command line prints these with --json.

// UserForm is a user as the admin endpoints return it.
func UserForm(u store.UserLine) any { return adminUserOf(u) }

// KeyForm is a key as the admin endpoints return it.
func KeyForm(k store.KeyLine) any { return adminKeyOf(k) }

// MintedKeyForm is the only response with a key in clear.
func MintedKeyForm(k keys.Key, secret keys.Secret) any { return mintedOf(k, secret) }

// UpdatedForm is the answer to a change of a key.
func UpdatedForm() any { return updated{true} }

// RevokedForm is the answer to a revocation; also is nil where only the key itself was to be revoked.
func RevokedForm(also *int64) any { return deleted{true, also} }

// GrantForm is a grant as the admin endpoints list it.
func GrantForm(g usage.GrantRecord, now time.Time) any { return grantAt(g, now) }

// CreatedGrantForm is the answer to a new grant.
func CreatedGrantForm(g usage.GrantRecord, now time.Time, duplicate bool) any {
	return createdGrant{grantAt(g, now), duplicate}
}

// RevokedGrantForm is the answer to the revocation of a grant that had so many credits left.
func RevokedGrantForm(left int64) any { return revokedGrant{true, left} }

// CorrectionForm is the answer to a correction, after which the day has used so many credits.
func CorrectionForm(c usage.CorrectionRecord, used int64, duplicate bool) any {
	return madeCorrection{correctionOf(c), used, duplicate}
}

// HoldForm is an open hold as the admin endpoints list it.
func HoldForm(h *usage.Hold) any { return adminHoldOf(h) }

// ReleasedForm is the answer to the release of a hold.
func ReleasedForm() any { return released{true} }

// ModelForm is a model as the admin endpoints return it.
func ModelForm(m *catalog.Model, o Offer, now time.Time) any { return adminModelOf(m, o, now) }

// DeletedModelForm is the answer to the deletion of a model.
func DeletedModelForm() any { return deletedModel{true} }

// UpstreamForm is an upstream as the admin endpoints return it, without what was learnt.
func UpstreamForm(u *gateway.Upstream) any { return adminUpstreamOf(u, gateway.UpstreamState{}) }

// DeletedUpstreamForm is the answer to the deletion of an upstream.
func DeletedUpstreamForm() any { return deletedUpstream{true} }

// TestedUpstreamForm is the answer to the test of an upstream.
func TestedUpstreamForm(r gateway.TestResult) any { return testedUpstreamOf(r) }

// PriceForm is a price as the admin endpoints return it.
func PriceForm(p *catalog.Price, book *catalog.Book, now time.Time) any {
	return adminPriceOf(p, book, now)
}

// QuoteForm is the answer to a quote at a price.
func QuoteForm(q *catalog.Quote, p *catalog.Price) any { return quotedOf(q, p) }

// ImportForm is the answer to an import of prices, or to its preview.
func ImportForm(p *catalog.Preview, source string, applied bool) any {
	return importedOf(p, source, applied)
}

// ReadPrice reads a price as the admin endpoint takes it, in a body of JSON. creditValue is
// what a credit is worth unless it says so. An error is a *fault.Error.
func ReadPrice(body []byte, creditValue int64) (catalog.NewPrice, error) {
	var r setPriceRequest
	if err := priceBinder.Bind(bodyAlone(body), &r); err != nil {
		return catalog.NewPrice{}, err
	}
	return r.price(creditValue)
}

var priceBinder = openapi.NewBinder[setPriceRequest]()

// bodyAlone is a request of which there is the body.
type bodyAlone []byte

// PathID has none.
func (bodyAlone) PathID(string) (id uuid.UUID, err error) { return id, errNoSuchID }

// HeaderValues has none.
func (bodyAlone) HeaderValues(string) [][]byte { return nil }

// QueryValues has none.
func (bodyAlone) QueryValues(string) [][]byte { return nil }

// BodyObject returns the body by the rules of a request's.
func (b bodyAlone) BodyObject(bool) (object gjson.Result, given bool, err error) {
	if len(b) > apiPolicy.maxBody {
		return object, false, apiPolicy.tooBig
	}
	object, err = objectOf(string(b))
	return object, err == nil, err
}
