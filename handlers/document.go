package handlers

import (
	"reflect"
	"slices"
	"strings"

	"codexible/fault"
	"codexible/handlers/openapi"
	"codexible/keys"
)

// apiVersion is the version of the API's contract, not of the program.
const apiVersion = "1"

const aboutAPI = `API keys, plans and daily credits of a coding-model API.

**Authentication.** Send an API key as ` + "`Authorization: Bearer codexible_…`" + `. A customer's key reads and manages that customer's own data. A key of a user with the role ` +
	"`service` verifies other users' keys. A key of a user with the role `admin`" + ` manages everything.

**Scopes.** Each key has scopes, and each path says which scope it needs: ` + "`models`, `usage`, `keys`, `charge`, `service` or `admin`; the last two also need the role of that name" + `. A key can create, change, enable and rotate only keys whose scopes, addresses and expiry are within its own, and it cannot relax a limit that an operator has set. Revoking and disabling are always allowed.

**Sessions.** A customer who signed in by mail or with OpenID Connect has a session, ` + "`codexible_session_…`" + `. It is sent as a key is, on the paths that need the scope ` + "`usage` or `keys`" + ` and under ` + "`/api/session`" + `; everywhere else it is an unknown key. It ends after 30 days, or 7 days without a request.

**Responses.** Every success is 200. Every error has the schema Failure, which repeats the HTTP status. Every response has an X-Request-Id: the caller's, if it is printable and has at most 128 characters.

**Requests.** Unknown body fields and unknown query parameters are ignored. null means absent, unless a field says otherwise. A field or parameter must not be given twice. All invalid fields are reported at once.

**CSV.** Where a response is also described as text/csv, an Accept header that prefers it returns everything that the parameters select, as a file, and records it in the audit log. If something fails on the way, the connection is closed before the end of the response. At most two exports run at once; further ones are answered 503 with Retry-After.

**Rate limits.** Sliding window: never more than the limit in any 60 seconds. Requests with a valid key count for the key and, if the plan says so, for all keys of the user together; other requests count for the client address. The X-RateLimit-* headers report the limit, the remaining requests and the seconds until another request is allowed. Paths under /api that do not exist report the address's limit and are not counted.`

// OpenAPI is the document that every service publishes under /openapi.json.
func OpenAPI() []byte { return documentOf(new(api).endpoints()) }

// documentOf describes the routes that have an operation id.
func documentOf(routes []*route) []byte {
	d := openapi.Document{
		Title: "Codexible", Version: apiVersion, About: aboutAPI, Headers: documentedHeaders,
		FailureBody: reflect.TypeFor[failure](), Failures: documentedFailures(),
		Shared: []openapi.Shared{
			{Name: "refused_key", Kinds: []fault.Kind{fault.Forbidden, fault.InsufficientScope, fault.AddressNotAllowed}},
			{Name: fault.Forbidden.Code(), Kinds: []fault.Kind{fault.Forbidden}},
		},
	}
	for _, g := range groups {
		if g.about != "" {
			d.Tags = append(d.Tags, openapi.Tag{Name: g.tag, About: g.about})
		}
	}
	for _, r := range routes {
		if r.id != "" {
			d.Operations = append(d.Operations, r.document())
		}
	}
	return d.JSON()
}

func (r *route) document() openapi.Operation {
	op := openapi.Operation{
		ID: r.id, Method: r.method, Path: documentPath(r.path), Tag: r.tag(), Summary: r.summary,
		Request: r.binder, Response: r.response, Media: r.media, Also: r.also, Tagged: r.tags, Failures: slices.Clone(r.fails),
	}
	if scope := r.access.scope(); scope == keys.AnyScope {
		op.Session = true
		op.Failures = append(op.Failures, fault.Unauthorized, fault.Forbidden, fault.RateLimited, fault.Unavailable)
	} else if scope != 0 {
		op.Scope, op.Role = scope.String(), string(scope.Role())
		op.Failures = append(op.Failures, fault.Unauthorized, fault.Forbidden, fault.InsufficientScope, fault.AddressNotAllowed, fault.RateLimited, fault.Unavailable)
	}
	if r.access == byAddress || r.access == signingIn {
		op.Failures = append(op.Failures, fault.RateLimited)
	}
	for _, h := range documentedHeaders {
		if r.access != open || !strings.HasPrefix(h.Name, "X-RateLimit-") {
			op.Headers = append(op.Headers, h.Name)
		}
	}
	return op
}

// documentPath writes a parameter as {id} where Fiber writes :id.
func documentPath(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if name, found := strings.CutPrefix(part, ":"); found {
			parts[i] = "{" + name + "}"
		}
	}
	return strings.Join(parts, "/")
}

var groups = []struct{ prefix, tag, about string }{
	{"/api/auth", "Session", "Sign-in and the dashboard's first request."},
	{"/api/session", "Session", ""},
	{"/api/dashboard", "Session", ""},
	{"/api/appearance", "Session", ""},
	{"/api/keys/verify", "Verification", "For services that check customers' keys, and charge them or hold credits."},
	{"/api/holds", "Verification", ""},
	{"/api/keys", "Keys", "A customer's own keys."},
	{"/api/usage", "Usage", "Usage figures, and charging credits."},
	{"/api/admin", "Administration", "For users with the role admin."},
	{"", "Operation", "For load balancers, monitoring and tools."},
}

func (r *route) tag() string {
	i := slices.IndexFunc(groups, func(g struct{ prefix, tag, about string }) bool { return strings.HasPrefix(r.path, g.prefix) })
	return groups[i].tag
}

var documentedHeaders = []openapi.Header{
	{Name: "X-Request-Id", About: "The id of the request.", Type: "string"},
	{Name: "X-RateLimit-Limit", About: "Requests allowed in any 60 seconds.", Type: "integer"},
	{Name: "X-RateLimit-Remaining", About: "Requests allowed at this moment.", Type: "integer"},
	{Name: "X-RateLimit-Reset", About: "Seconds until another request is allowed; 0 if one is allowed now.", Type: "integer"},
}

// failureTexts explain each kind of failure, with an example.
var failureTexts = map[fault.Kind]struct{ when, example string }{
	fault.BadRequest:           {"The body is missing, is not JSON, or is not an object.", errNotJSON.Message},
	fault.Unauthorized:         {"The key is missing, malformed, unknown, revoked, disabled or expired.", errNoKey.Message},
	fault.Forbidden:            {"The user is suspended, or does not have the role that the path needs.", "This path needs a key of a user with the role admin. Use such a key."},
	fault.InsufficientScope:    {"The key lacks the scope that the path needs, or it would grant another key more than it has itself.", "This path needs a key with the scope charge, which this key does not have. Use another key."},
	fault.AddressNotAllowed:    {"The key cannot be used from this address.", "This API key cannot be used from this address. Use it from an allowed address, or add this address to the key."},
	fault.NotFound:             {"The id does not exist, or belongs to another user.", "This key does not exist."},
	fault.Conflict:             {"The request conflicts with the current state: the name is taken, the key was rotated at the same time, the idempotency key belongs to another charge, the hold has ended, or the user already has the plan's maximum number of keys.", "A plan with this name already exists. Choose another name, or change that plan."},
	fault.PayloadTooLarge:      {"The body is larger than 1 MiB, or for a price list 8 MiB.", errTooBig.Message},
	fault.UnsupportedMediaType: {"The Content-Type is not JSON.", errMediaType.Message},
	fault.Invalid:              {"A field or parameter has a wrong type or an invalid value; fields lists each.", "Correct these fields and send the request again: label must have 1 to 100 characters."},
	fault.RateLimited:          {"The rate limit is reached. Retry-After says when another request is allowed.", "This key has sent the maximum of 100 requests in 60 seconds. Try again in 12 s."},
	fault.QuotaExceeded:        {"It does not fit into the credits that are left; nothing was recorded. Retry-After gives the seconds until the day ends, or the month where its limit is the one reached. X-Should-Retry: false keeps SDKs from waiting for it.", "Daily credit limit reached (250/250). Resets at 00:00 UTC, in 3 h 12 min."},
	fault.Unavailable:          {"The service cannot reach its storage. Try again after Retry-After.", errAway.Message},
}

func documentedFailures() (list []openapi.Failure) {
	for _, kind := range fault.Kinds() {
		text, documented := failureTexts[kind]
		if !documented {
			continue
		}
		detail := failureDetail{Code: kind.Code(), Message: text.example, Status: statuses[kind], RequestID: "0f8fad5bd9cb469fa16570867728950e"}
		if kind == fault.Invalid {
			detail.Fields = map[string]string{"label": "must have 1 to 100 characters"}
		}
		list = append(list, openapi.Failure{Kind: kind, Status: statuses[kind], When: text.when, Example: failure{detail}})
	}
	return list
}
