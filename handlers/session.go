package handlers

import (
	"context"

	"codexible/accounts"
	"codexible/keys"
	"codexible/usage"
)

// account is a user as the user's own keys see it.
type account struct {
	Email  string          `json:"email" example:"ada@example.com"`
	Name   *string         `json:"name" doc:"null if none was given." example:"Ada Lovelace"`
	Plan   string          `json:"plan" doc:"The plan's name." example:"Pro"`
	Status accounts.Status `json:"status" enum:"active,suspended"`
}

func accountOf(id *keys.Identity) *account {
	return &account{Email: id.User.Email, Name: optionalText(id.User.Name), Plan: id.Plan.Name, Status: id.User.Status}
}

// sourceLocal means that this service itself opened the session.
const sourceLocal = "local"

type validateRequest struct {
	shown
	Token string `json:"token" required:"true" format:"password" doc:"The API key or session to check." example:"codexible_0123456789abcdef0123456789abcdef"`
}

type session struct {
	Valid   bool           `json:"valid"`
	User    *account       `json:"user" doc:"null if the key is not valid."`
	Role    *accounts.Role `json:"role" enum:"user,service,viewer,admin" doc:"null if the key is not valid."`
	Source  string         `json:"session_source" enum:"local"`
	Degrade bool           `json:"degraded" doc:"Always false."`
	Message *string        `json:"message" doc:"Why the key is not valid; null if it is valid." example:"null"`
}

// shown is embedded in a request with a key in its body.
type shown struct{ exchange *exchange }

func (s *shown) setCaller(x *exchange) { s.exchange = x }

// validate returns the user and the role of a token. An invalid token is an answer
// here, not an error; it counts by address, a valid one against its key's limit.
func (a *api) validate(_ context.Context, r validateRequest) (session, error) {
	want := keys.Access{Scope: keys.AnyScope, Address: r.exchange.address, Sessions: true}
	id, code, err := r.exchange.judge(r.Token, want)
	if err == nil && code == keys.Valid {
		err = r.exchange.countKey(id)
	}
	if err != nil {
		return session{}, err
	}
	answer := session{Source: sourceLocal}
	if code != keys.Valid {
		message := refusal(id, code, want, r.Token).Message
		answer.Message = &message
		return answer, nil
	}
	answer.Valid, answer.User, answer.Role = true, accountOf(id), &id.User.Role
	return answer, nil
}

type overviewRequest struct{ caller }

type overview struct {
	User    *account      `json:"user"`
	Usage   todayUsage    `json:"usage"`
	Key     *keyItem      `json:"key" doc:"The calling key; null for a session."`
	Role    accounts.Role `json:"role" enum:"user,service,viewer,admin"`
	Source  string        `json:"session_source" enum:"local"`
	Degrade bool          `json:"degraded" doc:"Always false."`
}

// overview is the first page of a dashboard. The key is the calling one.
func (a *api) overview(ctx context.Context, r overviewRequest) (overview, error) {
	o := overview{User: accountOf(r.identity), Role: r.identity.User.Role, Source: sourceLocal}
	if r.identity.BySession {
		today, err := a.Store.Today(ctx, r.userID(), usage.DayOf(a.Now()))
		o.Usage = todayOf(today)
		return o, err
	}
	k, today, err := a.Store.Overview(ctx, r.userID(), r.identity.Key.ID, usage.DayOf(a.Now()))
	if err != nil {
		return overview{}, err
	}
	o.Usage, o.Key = todayOf(today), new(keyItemOf(r.identity.User.Email)(k))
	return o, nil
}
