package handlers

import (
	"testing"
	"time"

	"codexible/accounts"
	"codexible/handlers/openapi"
	"codexible/keys"
	"codexible/limits"

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
	return verdict{
		Valid: v.Code == keys.Valid, Code: v.Code, KeyID: &id.Key.ID,
		User:      &verifiedUser{ID: id.User.ID, Email: id.User.Email, Plan: id.Plan.Name, Status: id.User.Status},
		Key:       &verifiedKey{Label: id.Key.Label, Scopes: id.Key.Scopes.Names()},
		Features:  new(openapi.Object(id.Plan.Features)),
		Credits:   &creditState{Used: v.Used, Limit: v.Limit, Remaining: v.Remaining(), ResetsAt: openapi.Instant(v.ResetsAt)},
		Rate:      &rateState{Limit: v.Rate.Limit, Remaining: v.Rate.Remaining, ResetSeconds: v.Rate.ResetSeconds},
		Duplicate: v.Duplicate,
	}
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
				},
				User: accounts.User{
					ID: uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "user")), Email: rapid.String().Draw(t, "email"),
					Status: rapid.SampledFrom(accounts.Statuses()).Draw(t, "status"),
				},
				Plan: accounts.Plan{Name: rapid.String().Draw(t, "plan"), Features: []byte(rapid.SampledFrom([]string{"{}", `{"a":[1,null]}`}).Draw(t, "features"))},
			}
			v.Used, v.Limit = number.Draw(t, "used"), number.Draw(t, "limit")
			v.ResetsAt = time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "resets"), 0)
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
