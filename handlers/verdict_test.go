package handlers

import (
	"testing"
	"time"

	"codexible/accounts"
	"codexible/handlers/openapi"
	"codexible/keys"
	"codexible/limits"
	"codexible/usage"

	gojson "github.com/goccy/go-json"
	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// documented is a verdict as the document describes it.
func documented(v *keys.Verdict) verdict {
	id := v.Identity
	if id == nil {
		return verdict{Code: v.Code}
	}
	credits := creditsOf(v.Figures, v.Day)
	d := verdict{
		Valid: v.Code == keys.Valid, Code: v.Code, KeyID: &id.Key.ID,
		User:      &verifiedUser{ID: id.User.ID, Email: id.User.Email, Plan: id.Plan.Name, Status: id.User.Status, ExternalID: optionalText(id.User.ExternalID), Metadata: openapi.Metadata(id.User.Metadata)},
		Key:       &verifiedKey{Label: id.Key.Label, Scopes: id.Key.Scopes.Names(), Metadata: openapi.Metadata(id.Key.Metadata)},
		Features:  new(openapi.Object(id.Plan.Features)),
		Credits:   &credits,
		Rate:      &rateState{Limit: v.Rate.Limit, Remaining: v.Rate.Remaining, ResetSeconds: v.Rate.ResetSeconds},
		Duplicate: v.Duplicate,
	}
	if v.PriceID != uuid.Nil {
		d.PriceID = &v.PriceID
	}
	if v.HoldID != uuid.Nil {
		d.HoldID, d.Status = &v.HoldID, new(string(v.HoldStatus))
	}
	return d
}

func TestVerdictsAreWrittenAsTheDocumentDescribesThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := &keys.Verdict{Code: rapid.SampledFrom(keys.Codes()).Draw(t, "code")}
		if v.Code != keys.NotFound {
			number := rapid.Int64Range(0, 1e9)
			v.Identity = &keys.Identity{
				Key: keys.Key{
					ID: uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "key")), Label: rapid.String().Draw(t, "label"),
					Scopes: rapid.Custom(func(t *rapid.T) keys.Scopes {
						scopes, _ := keys.ParseScopes(rapid.SliceOf(rapid.SampledFrom(keys.ScopeNames())).Draw(t, "names"))
						return scopes
					}).Draw(t, "scopes"),
					Metadata: []byte(rapid.SampledFrom([]string{"{}", `{"a":[1,null]}`}).Draw(t, "of the key")),
				},
				User: accounts.User{
					ID: uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "user")), Email: rapid.String().Draw(t, "email"),
					ExternalID: rapid.String().Draw(t, "external id"), Metadata: []byte(rapid.SampledFrom([]string{"{}", `{"a":[1,null]}`}).Draw(t, "of the user")),
					Status: rapid.SampledFrom(accounts.Statuses()).Draw(t, "status"),
				},
				Plan: accounts.Plan{Name: rapid.String().Draw(t, "plan"), Features: []byte(rapid.SampledFrom([]string{"{}", `{"a":[1,null]}`}).Draw(t, "features"))},
			}
			if rapid.Bool().Draw(t, "encoded before") {
				v.Identity.Encoded = EncodeIdentity(v.Identity)
			}
			v.Figures = usage.Figures{
				CreditsUsed: number.Draw(t, "used"), DailyLimit: number.Draw(t, "limit"), Held: number.Draw(t, "held"), Granted: number.Draw(t, "granted"), Room: number.Draw(t, "left"),
				Month: usage.Month{Limit: usage.NoLimit},
			}
			if rapid.Bool().Draw(t, "monthly") {
				v.Month = usage.Month{Limit: number.Draw(t, "month's limit"), Used: number.Draw(t, "month's used"), Held: number.Draw(t, "month's held")}
			}
			v.Day = usage.DayOf(time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "day"), 0))
			if rapid.Bool().Draw(t, "holds") {
				v.HoldID = uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "hold"))
				v.HoldStatus = rapid.SampledFrom([]usage.HoldStatus{usage.HoldOpen, usage.HoldSettled, usage.HoldReleased, usage.HoldExpired}).Draw(t, "status of the hold")
			}
			if rapid.Bool().Draw(t, "priced") {
				v.PriceID = uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "price"))
			}
			v.Rate = keys.Rate{Decision: limits.Decision{Limit: number.Draw(t, "rate"), Remaining: number.Draw(t, "room"), ResetSeconds: rapid.Int64Range(0, 60).Draw(t, "reset")}}
			v.Duplicate = rapid.Bool().Draw(t, "duplicate")
		}
		want, err := gojson.Marshal(documented(v))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(appendVerdict(nil, v)); got != string(want) {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}
