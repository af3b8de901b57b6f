package handlers

import (
	"context"
	"fmt"
	"time"

	"codexible/fault"
	"codexible/gateway"
	"codexible/handlers/openapi"
	"codexible/usage"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"
)

type adminUpstream struct {
	ID               uuid.UUID            `json:"id"`
	Name             string               `json:"name" example:"openai"`
	Kind             gateway.Kind         `json:"kind" enum:"openai,anthropic,compatible"`
	BaseURL          string               `json:"base_url" doc:"What stands before the path of a call." example:"https://api.openai.com/v1"`
	Wires            []string             `json:"wires" enum:"chat,responses,messages" doc:"The API formats that it serves." example:"[\"chat\",\"responses\"]"`
	Keys             []upstreamKey        `json:"keys" doc:"In the order in which they are tried."`
	Headers          []string             `json:"headers" doc:"The names of the headers that every call gets. Their values are secrets." example:"[]"`
	Weight           int64                `json:"weight" example:"1"`
	Priority         int64                `json:"priority" example:"1"`
	FirstByteTimeout int64                `json:"first_byte_timeout_seconds" doc:"How long the head of an answer may take." example:"300"`
	IdleTimeout      int64                `json:"idle_timeout_seconds" doc:"How long a stream may be silent." example:"300"`
	OnClientGone     gateway.OnClientGone `json:"on_client_gone" enum:"cancel,drain" doc:"What becomes of a call whose client has left: it is cancelled, or read to its end."`
	DailyLimit       *openapi.ExactUSD    `json:"daily_limit_usd" doc:"The most that the calls of a UTC day may cost; null for no limit." example:"50"`
	SharedState      bool                 `json:"shared_state" doc:"Whether requests may refer to what the provider keeps, which all customers share."`
	Enabled          bool                 `json:"enabled" example:"true"`
	CreatedAt        openapi.Instant      `json:"created_at"`
	Problem          *string              `json:"problem" doc:"Why no call can go to it; null if nothing is wrong." example:"null"`
	RestsUntil       *openapi.Instant     `json:"rests_until" doc:"Until when no call goes to it because calls failed; null if it does not rest." example:"null"`
	RecentFailures   int64                `json:"recent_failures" doc:"Calls that failed within the last seconds, as this instance saw them." example:"0"`
}

type upstreamKey struct {
	ID             uuid.UUID         `json:"id"`
	Name           string            `json:"name" example:"key 1"`
	Source         gateway.KeySource `json:"source" enum:"stored,env,file"`
	Ref            *string           `json:"ref" doc:"Where the key is read from; null if it is stored." example:"env:UPSTREAM_OPENAI"`
	EndsWith       *string           `json:"ends_with" doc:"The last four characters of a stored key; null for others and for short ones." example:"null"`
	Enabled        bool              `json:"enabled" example:"true"`
	DisabledAt     *openapi.Instant  `json:"disabled_at" doc:"null while it is enabled." example:"null"`
	DisabledReason *string           `json:"disabled_reason" doc:"null while it is enabled." example:"null"`
	Problem        *string           `json:"problem" doc:"Why the key cannot be read; null if nothing is wrong." example:"null"`
	RestsUntil     *openapi.Instant  `json:"rests_until" doc:"Until when it is not tried because the provider answered 429; null if it does not rest." example:"null"`
}

func adminUpstreamOf(u *gateway.Upstream, state gateway.UpstreamState) adminUpstream {
	form := adminUpstream{
		ID: u.ID, Name: u.Name, Kind: u.Kind, BaseURL: u.BaseURL, Wires: each(u.Wires, usage.Wire.String), Headers: each(u.HeaderNames(), func(name string) string { return name }),
		Weight: u.Weight, Priority: u.Priority, FirstByteTimeout: int64(u.FirstByteTimeout / time.Second), IdleTimeout: int64(u.IdleTimeout / time.Second),
		OnClientGone: u.OnClientGone, DailyLimit: (*openapi.ExactUSD)(u.DailyLimitMicros), SharedState: u.SharedState, Enabled: u.Enabled, CreatedAt: openapi.Instant(u.CreatedAt),
		Problem: optionalText(u.Problem), RestsUntil: known(state.RestsUntil), RecentFailures: int64(state.Failures),
	}
	rests := map[uuid.UUID]time.Time{}
	for _, k := range state.Keys {
		rests[k.ID] = k.RestsUntil
	}
	form.Keys = each(u.Keys, func(k gateway.UpstreamKey) upstreamKey {
		return upstreamKey{
			ID: k.ID, Name: k.Name, Source: k.Source, Ref: optionalText(k.Ref()), EndsWith: optionalText(k.EndsWith), Enabled: k.DisabledAt == nil,
			DisabledAt: optionalInstant(k.DisabledAt), DisabledReason: optionalText(k.DisabledReason), Problem: optionalText(k.Problem), RestsUntil: known(rests[k.ID]),
		}
	})
	return form
}

// known is a moment; nil for the zero one.
func known(at time.Time) *openapi.Instant {
	if at.IsZero() {
		return nil
	}
	return new(openapi.Instant(at))
}

func (a *api) upstreamForm(u *gateway.Upstream) adminUpstream {
	var state gateway.UpstreamState
	if a.UpstreamState != nil {
		state = a.UpstreamState(u.ID)
	}
	form := adminUpstreamOf(u, state)
	for i := range u.Keys {
		k := &u.Keys[i]
		if k.Source == gateway.KeyStored || a.Console.UpstreamSecret == nil {
			continue
		}
		if _, err := a.Console.UpstreamSecret(k.Source, k.Reference); err != nil {
			form.Keys[i].Problem = new(err.Error())
		}
	}
	return form
}

func (a *api) adminUpstreams(ctx context.Context, _ nothing) ([]adminUpstream, error) {
	list, err := a.Store.Upstreams(ctx)
	return each(list, func(u gateway.Upstream) adminUpstream { return a.upstreamForm(&u) }), err
}

// upstreamInput has the optional fields of an upstream.
type upstreamInput struct {
	Wires            *[]string                       `json:"wires" enum:"chat,responses,messages" maxItems:"3" doc:"The API formats that it serves, of kind compatible alone: chat is /chat/completions, /completions and /embeddings. If absent in a new one: chat." example:"[\"chat\"]"`
	Keys             *[]upstreamKeyInput             `json:"keys" maxItems:"20" doc:"Replace all keys; tried in this order. Without one, calls are made without credentials. A new base URL or kind removes those that are not sent with it."`
	Headers          *openapi.List                   `json:"headers" doc:"Header names and values that every call gets; replace all. They are stored encrypted and never shown. A new base URL or kind removes them unless they are sent with it." example:"{}"`
	Weight           *int64                          `json:"weight" minimum:"0" maximum:"1000" doc:"Its share of calls among candidates of equal priority and weight; 0: only if no other can be called. If absent in a new one: 1." example:"1"`
	Priority         *int64                          `json:"priority" minimum:"1" maximum:"1000" doc:"Its place among candidates of equal priority, the lowest first. If absent in a new one: 1." example:"1"`
	FirstByteTimeout *int64                          `json:"first_byte_timeout_seconds" minimum:"1" maximum:"3600" doc:"How long the head of an answer may take. If absent in a new one: 300." example:"300"`
	IdleTimeout      *int64                          `json:"idle_timeout_seconds" minimum:"1" maximum:"3600" doc:"How long a stream may be silent. If absent in a new one: 300." example:"300"`
	OnClientGone     *gateway.OnClientGone           `json:"on_client_gone" enum:"cancel,drain" doc:"What becomes of a call whose client has left: cancel it, if the provider then stops billing, or drain it, that is read it to its end, at most 120 seconds. If absent in a new one: drain for kind compatible, cancel for the others."`
	DailyLimit       openapi.Patch[openapi.ExactUSD] `json:"daily_limit_usd" maximum:"1000000" doc:"The most that the calls of a UTC day may cost; null for no limit." example:"50"`
	SharedState      *bool                           `json:"shared_state" doc:"Whether requests may refer to what the provider keeps, such as previous_response_id. All customers share the provider's account. If absent in a new one: false."`
	Enabled          *bool                           `json:"enabled" doc:"If absent in a new one: true." example:"true"`
}

type upstreamKeyInput struct {
	Name    string  `json:"name" maxLength:"100" doc:"Unique in the list, at most 64 characters. If absent: key 1, key 2 …" example:"main"`
	Secret  *string `json:"secret" format:"password" doc:"The key itself, at most 4096 characters. It is stored encrypted and never shown."`
	Ref     *string `json:"ref" without:"secret" minLength:"1" maxLength:"110" doc:"Where the key is read from: env:UPSTREAM_NAME, a variable of the service, or file:NAME, a file in UPSTREAM_KEYS_DIR." example:"env:UPSTREAM_OPENAI"`
	Enabled *bool   `json:"enabled" doc:"true enables the key again, false disables it. Without secret and ref the entry names a key that stays." example:"true"`
}

func (i *upstreamInput) change(name *string, kind *gateway.Kind, baseURL *string) (gateway.UpstreamChange, error) {
	c := gateway.UpstreamChange{
		Name: name, Kind: kind, BaseURL: baseURL, Wires: i.Wires, Weight: i.Weight, Priority: i.Priority, FirstByteTimeout: seconds(i.FirstByteTimeout), IdleTimeout: seconds(i.IdleTimeout),
		OnClientGone: i.OnClientGone, SharedState: i.SharedState, Enabled: i.Enabled,
	}
	if i.DailyLimit.Given {
		c.DailyLimitMicros = new((*int64)(i.DailyLimit.Value))
	}
	if i.Keys != nil {
		keys := make([]gateway.KeyChange, len(*i.Keys))
		for n, k := range *i.Keys {
			if k.Secret != nil && *k.Secret == "" {
				return c, fault.Field(fmt.Sprintf("keys[%d].secret", n), "must not be empty; leave it out for a key that stays")
			}
			keys[n] = gateway.KeyChange{Name: k.Name, Reference: orEmpty(k.Ref), Secret: gateway.NewSecret(orEmpty(k.Secret)), Enabled: k.Enabled}
		}
		c.Keys = &keys
	}
	if i.Headers != nil {
		headers, err := readHeaders(string(*i.Headers))
		if err != nil {
			return c, err
		}
		c.Headers = &headers
	}
	return c, nil
}

func orEmpty(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

func seconds(n *int64) *time.Duration {
	if n == nil {
		return nil
	}
	return new(time.Duration(*n) * time.Second)
}

// readHeaders reads an object of texts; its names and values are checked by the change.
func readHeaders(object string) (map[string]string, error) {
	headers := map[string]string{}
	problem := ""
	gjson.Parse(object).ForEach(func(name, value gjson.Result) bool {
		_, twice := headers[name.Str]
		switch {
		case value.Type != gjson.String:
			problem = "must be an object whose values are strings"
		case twice:
			problem = "must have each name once"
		case len(headers) == gateway.MaxUpstreamHeaders:
			problem = fmt.Sprintf("must have at most %d headers", gateway.MaxUpstreamHeaders)
		}
		headers[name.Str] = value.Str
		return problem == ""
	})
	if problem != "" {
		return nil, fault.Field("headers", problem)
	}
	return headers, nil
}

type createUpstreamRequest struct {
	caller
	Name    string       `json:"name" required:"true" minLength:"1" maxLength:"64" doc:"Unique, case-insensitive: letters, digits, blanks, dots, hyphens and underscores." example:"openai"`
	Kind    gateway.Kind `json:"kind" required:"true" enum:"openai,anthropic,compatible" doc:"openai serves chat and responses, anthropic messages, compatible the wires that it names."`
	BaseURL string       `json:"base_url" required:"true" minLength:"1" maxLength:"500" doc:"What stands before the path of a call, such as /chat/completions; without a path, /v1 is added. http:// is for loopback and private addresses, and names inside your network." example:"https://api.openai.com/v1"`
	upstreamInput
}

func (a *api) adminCreateUpstream(ctx context.Context, r createUpstreamRequest) (adminUpstream, error) {
	c, err := r.change(&r.Name, &r.Kind, &r.BaseURL)
	if err != nil {
		return adminUpstream{}, err
	}
	u, err := a.Store.CreateUpstream(ctx, r.by, c)
	return a.upstreamForm(&u), err
}

type changeUpstreamRequest struct {
	caller
	ID      uuid.UUID     `path:"id" doc:"The upstream's id."`
	Name    *string       `json:"name" minLength:"1" maxLength:"64" doc:"Unique, case-insensitive." example:"openai"`
	Kind    *gateway.Kind `json:"kind" enum:"openai,anthropic,compatible" doc:"Another kind removes the keys and headers that are not sent with it."`
	BaseURL *string       `json:"base_url" minLength:"1" maxLength:"500" doc:"Another base URL removes the keys and headers that are not sent with it." example:"https://api.openai.com/v1"`
	upstreamInput
}

func (a *api) adminChangeUpstream(ctx context.Context, r changeUpstreamRequest) (adminUpstream, error) {
	c, err := r.change(r.Name, r.Kind, r.BaseURL)
	if err != nil {
		return adminUpstream{}, err
	}
	u, err := a.Store.ChangeUpstream(ctx, r.by, r.ID, c)
	return a.upstreamForm(&u), err
}

type deleteUpstreamRequest struct {
	caller
	ID uuid.UUID `path:"id" doc:"The upstream's id."`
}

type deletedUpstream struct {
	Deleted bool `json:"deleted" example:"true"`
}

func (a *api) adminDeleteUpstream(ctx context.Context, r deleteUpstreamRequest) (deletedUpstream, error) {
	err := a.Store.DeleteUpstream(ctx, r.by, r.ID)
	return deletedUpstream{err == nil}, err
}

type testUpstreamRequest struct {
	ID    uuid.UUID `path:"id" doc:"The upstream's id."`
	Model *string   `json:"model" minLength:"1" maxLength:"200" doc:"A model that is offered, or the upstream's own name for one: it is called for a few tokens, which the provider bills. If absent, the list of models is asked for, which costs nothing." example:"gpt-5-mini"`
}

type testedUpstream struct {
	OK          bool   `json:"ok" example:"true"`
	Status      *int64 `json:"status" doc:"The status of the answer; null if there was none." example:"200"`
	FirstByteMS *int64 `json:"first_byte_ms" doc:"How long the head of the answer took; null if there was none." example:"212"`
	Message     string `json:"message" doc:"What happened." example:"the upstream answers"`
}

// errNoTest says that this process makes no calls.
var errNoTest = fault.New(fault.Unavailable, "This instance cannot call upstreams right now. Try again shortly.")

func (a *api) adminTestUpstream(ctx context.Context, r testUpstreamRequest) (testedUpstream, error) {
	u, err := a.Store.Upstream(ctx, r.ID)
	if err != nil {
		return testedUpstream{}, err
	}
	if a.TestUpstream == nil {
		return testedUpstream{}, errNoTest
	}
	book, err := a.Catalog.Book(ctx)
	if err != nil {
		return testedUpstream{}, err
	}
	result, err := a.TestUpstream(ctx, u.ID, book.NameAt(orEmpty(r.Model), u.ID))
	return testedUpstreamOf(result), err
}

func testedUpstreamOf(r gateway.TestResult) testedUpstream {
	form := testedUpstream{OK: r.OK, Message: r.Message}
	if r.Status != 0 {
		form.Status, form.FirstByteMS = new(int64(r.Status)), new(r.FirstByte.Milliseconds())
	}
	return form
}
