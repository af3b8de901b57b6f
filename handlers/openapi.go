package handlers

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"codexible/fault"
	"codexible/keys"

	"github.com/gofiber/fiber/v2"
)

// The OpenAPI document is made of the same route table and the same shapes that
// serve the requests, so it cannot say anything else than they do.

// apiVersion is the version of the API's contract, not of the program.
const apiVersion = "1"

const about = `API keys, plans and daily credits of a coding-model API.

**Authentication.** Send an API key as ` + "`Authorization: Bearer codexible_…`" + `. A customer's key reads and manages that customer's own data. A key of a user with the role ` +
	"`service` verifies other users' keys. A key of a user with the role `admin`" + ` manages everything.

**Scopes.** Each key has scopes, and each path says which scope it needs: ` + "`models`, `usage`, `keys`, `charge`, `service` or `admin`; the last two also need the role of that name" + `. A key can create, change, enable and rotate only keys whose scopes, addresses and expiry are within its own, and it cannot relax a limit that an operator has set. Revoking and disabling are always allowed.

**Responses.** Every success is 200. Every error has the schema Failure, which repeats the HTTP status. Every response has an X-Request-Id: the caller's, if it is printable and has at most 128 characters.

**Requests.** Unknown body fields and unknown query parameters are ignored. null means absent, unless a field says otherwise. A field or parameter must not be given twice. All invalid fields are reported at once.

**Rate limits.** Sliding window: never more than the limit in any 60 seconds. Requests with a valid key count for the key and, if the plan says so, for all keys of the user together; other requests count for the client address. The X-RateLimit-* headers report the limit, the remaining requests and the seconds until another request is allowed. Paths under /api that do not exist report the address's limit and are not counted.`

// members is a JSON object whose members keep their order.
type members []member

type member struct {
	name  string
	value any
}

// MarshalJSON writes the members in their order.
func (m members) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, each := range m {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(each.name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(each.value)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func (m members) with(name string, value any) members { return append(m, member{name, value}) }

// OpenAPI is the document that every service publishes under /openapi.json.
func OpenAPI() []byte { return encodeDocument(new(api).endpoints()) }

// encodeDocument gives the OpenAPI document of a route table.
func encodeDocument(routes []*route) []byte {
	text, err := json.MarshalIndent(document(routes), "", "  ")
	if err != nil {
		panic(err) // it is made of texts and numbers
	}
	return append(text, '\n')
}

func document(routes []*route) members {
	schemas := &schemas{}
	schemas.of(reflect.TypeFor[failure](), "")
	operations := map[string]members{}
	var order []string
	for _, r := range routes {
		if r.name == "" {
			continue
		}
		path := r.documentPath()
		if operations[path] == nil {
			order = append(order, path)
		}
		operations[path] = operations[path].with(strings.ToLower(r.method), r.document(schemas))
	}
	paths := make(members, len(order))
	for i, path := range order {
		paths[i] = member{path, operations[path]}
	}
	return members{
		{"openapi", "3.1.0"},
		{"info", members{{"title", "Codexible"}, {"version", apiVersion}, {"description", about}}},
		{"servers", []members{{{"url", "/"}}}},
		{"tags", tags()},
		{"paths", paths},
		{"components", members{
			{"securitySchemes", members{{"key", members{{"type", "http"}, {"scheme", "bearer"}, {"description", "An API key."}}}}},
			{"headers", documentedHeaders()},
			{"responses", documentedFailures()},
			{"schemas", schemas.list},
		}},
	}
}

// documentPath writes a parameter as {id} where Fiber writes :id.
func (r *route) documentPath() string {
	parts := strings.Split(r.path, "/")
	for i, part := range parts {
		if name, found := strings.CutPrefix(part, ":"); found {
			parts[i] = "{" + name + "}"
		}
	}
	return strings.Join(parts, "/")
}

var groups = []struct{ prefix, tag, about string }{
	{"/api/auth", "Session", "Sign-in and the dashboard's first request."},
	{"/api/dashboard", "Session", ""},
	{"/api/keys/verify", "Verification", "For services that check customers' keys."},
	{"/api/keys", "Keys", "A customer's own keys."},
	{"/api/usage", "Usage", "Usage figures, and charging credits."},
	{"/api/admin", "Administration", "For users with the role admin."},
	{"", "Operation", "For load balancers, monitoring and tools."},
}

func tags() (list []members) {
	for _, g := range groups {
		if g.about != "" {
			list = append(list, members{{"name", g.tag}, {"description", g.about}})
		}
	}
	return list
}

func (r *route) tag() string {
	i := slices.IndexFunc(groups, func(g struct{ prefix, tag, about string }) bool { return strings.HasPrefix(r.path, g.prefix) })
	return groups[i].tag
}

func (r *route) document(s *schemas) members {
	op := members{{"operationId", r.name}, {"tags", []string{r.tag()}}, {"summary", r.summary}}
	if scope := r.access.scope(); scope != 0 {
		op = op.with("description", "The key needs the scope `"+scope.String()+"`"+roleText(scope)+".").with("security", []members{{{"key", []string{}}}}).with("x-required-scope", scope.String())
	} else {
		op = op.with("security", []members{})
	}
	if params := r.parameters(); len(params) > 0 {
		op = op.with("parameters", params)
	}
	if len(r.shape.fields) > 0 {
		op = op.with("requestBody", members{{"required", r.shape.bodyNeeded}, {"content", members{{fiber.MIMEApplicationJSON, members{
			{"schema", s.body(r.request, r.shape)}, {"example", exampleBody(r.shape)},
		}}}}})
	}
	op = op.with("responses", r.responses(s))
	return op
}

// roleText says which role a scope needs beside it.
func roleText(scope keys.Scope) string {
	if role := scope.Role(); role != "" {
		return ", and its user the role `" + string(role) + "`"
	}
	return ""
}

func (r *route) parameters() (list []members) {
	for _, f := range r.shape.params {
		param := members{{"name", f.name}, {"in", f.in}, {"description", f.tag.Get("doc")}}
		if f.required {
			param = param.with("required", true)
		}
		param = param.with("schema", f.schema())
		list = append(list, param)
	}
	return list
}

func (r *route) responses(s *schemas) (list members) {
	for _, status := range append([]int{fiber.StatusOK}, r.also...) {
		list = list.with(strconv.Itoa(status), r.success(s))
	}
	byStatus := map[int][]fault.Kind{}
	for _, kind := range r.kinds() {
		byStatus[statuses[kind]] = append(byStatus[statuses[kind]], kind)
	}
	for _, kind := range r.kinds() {
		status := statuses[kind]
		if kinds := byStatus[status]; slices.Equal(kinds, refusedKey) {
			if kind == kinds[0] {
				list = list.with(strconv.Itoa(status), members{{"$ref", "#/components/responses/refused_key"}})
			}
		} else if len(kinds) == 1 {
			list = list.with(strconv.Itoa(status), members{{"$ref", "#/components/responses/" + kind.Code()}})
		} else if kind == kinds[0] {
			list = list.with(strconv.Itoa(status), documentedFailure(kinds...))
		}
	}
	return list
}

func (r *route) success(s *schemas) members {
	answer := members{{"description", "Success."}, {"headers", r.headers()}}
	switch {
	case r.response != nil:
		answer = answer.with("content", members{{fiber.MIMEApplicationJSON, members{{"schema", s.of(r.response, "")}, {"example", exampleOf(r.response, "")}}}})
	case r.media == fiber.MIMEApplicationJSON:
		answer = answer.with("content", members{{r.media, members{{"schema", members{{"type", "object"}, {"additionalProperties", true}}}}}})
	default:
		answer = answer.with("content", members{{r.media, members{{"schema", members{{"type", "string"}}}}}})
	}
	return answer
}

func (r *route) headers() (list members) {
	for _, h := range documentedHeaders() {
		if r.access != open || !strings.HasPrefix(h.name, "X-RateLimit-") {
			list = list.with(h.name, members{{"$ref", "#/components/headers/" + h.name}})
		}
	}
	return list
}

func documentedHeaders() members {
	header := func(about, kind string) members {
		return members{{"description", about}, {"schema", members{{"type", kind}}}}
	}
	return members{
		{"X-Request-Id", header("The id of the request.", "string")},
		{"X-RateLimit-Limit", header("Requests allowed in any 60 seconds.", "integer")},
		{"X-RateLimit-Remaining", header("Requests allowed at this moment.", "integer")},
		{"X-RateLimit-Reset", header("Seconds until another request is allowed; 0 if one is allowed now.", "integer")},
	}
}

// kinds are the failures that a route can answer with, in the order of their declaration.
func (r *route) kinds() []fault.Kind {
	kinds := slices.Clone(r.fails)
	if r.access == byAddress {
		kinds = append(kinds, fault.RateLimited)
	}
	if r.access.scope() != 0 {
		kinds = append(kinds, fault.Unauthorized, fault.Forbidden, fault.InsufficientScope, fault.AddressNotAllowed, fault.RateLimited, fault.Unavailable)
	}
	if len(r.shape.fields) > 0 {
		kinds = append(kinds, fault.BadRequest, fault.PayloadTooLarge, fault.UnsupportedMediaType, fault.Invalid)
	}
	for _, f := range r.shape.params {
		if f.in == "path" {
			kinds = append(kinds, fault.NotFound)
		} else {
			kinds = append(kinds, fault.Invalid)
		}
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// failureTexts say when a kind of failure comes, and how it looks.
var failureTexts = map[fault.Kind]struct{ when, example string }{
	fault.BadRequest:           {"The body is missing, is not JSON, or is not an object.", errNotJSON.Message},
	fault.Unauthorized:         {"The key is missing, malformed, unknown, revoked, disabled or expired.", errNoKey.Message},
	fault.Forbidden:            {"The user is suspended, or does not have the role that the path needs.", "This path needs a key of a user with the role admin. Use such a key."},
	fault.InsufficientScope:    {"The key lacks the scope that the path needs, or it would grant another key more than it has itself.", "This path needs a key with the scope charge, which this key does not have. Use another key."},
	fault.AddressNotAllowed:    {"The key cannot be used from this address.", "This API key cannot be used from this address. Use it from an allowed address, or add this address to the key."},
	fault.NotFound:             {"The id does not exist, or belongs to another user.", "This key does not exist."},
	fault.Conflict:             {"The request conflicts with the current state: the name is taken, the key was rotated at the same time, the idempotency key belongs to another charge, or the user already has the plan's maximum number of keys.", "A plan with this name already exists. Choose another name, or change that plan."},
	fault.PayloadTooLarge:      {"The body is larger than 1 MiB.", errTooBig.Message},
	fault.UnsupportedMediaType: {"The Content-Type is not JSON.", errMediaType.Message},
	fault.Invalid:              {"A field or parameter has a wrong type or an invalid value; fields lists each.", "Correct these fields and send the request again: label must have 1 to 100 characters."},
	fault.RateLimited:          {"The rate limit is reached. Retry-After says when another request is allowed.", "This key has sent the maximum of 100 requests in 60 seconds. Try again in 12 s."},
	fault.QuotaExceeded:        {"The charge exceeds the credits left today; nothing was recorded. Retry-After gives the seconds until the next day.", "Daily credit limit reached (250/250). Resets at 00:00 UTC, in 3 h 12 min."},
	fault.Unavailable:          {"The service cannot reach its storage. Try again after Retry-After.", errAway.Message},
}

// refusedKey are the failures with which every path that needs a key can answer 403.
var refusedKey = []fault.Kind{fault.Forbidden, fault.InsufficientScope, fault.AddressNotAllowed}

func documentedFailures() (list members) {
	list = list.with("refused_key", documentedFailure(refusedKey...))
	for _, kind := range fault.Kinds() {
		if _, told := failureTexts[kind]; told && !slices.Contains(refusedKey, kind) {
			list = list.with(kind.Code(), documentedFailure(kind))
		}
	}
	return list
}

func documentedFailure(kinds ...fault.Kind) members {
	when := make([]string, 0, len(kinds))
	var examples members
	for _, kind := range kinds {
		text := failureTexts[kind]
		when = append(when, text.when)
		detail := failureDetail{Code: kind.Code(), Message: text.example, Status: statuses[kind], RequestID: "0f8fad5bd9cb469fa16570867728950e"}
		if kind == fault.Invalid {
			detail.Fields = map[string]string{"label": "must have 1 to 100 characters"}
		}
		examples = examples.with(kind.Code(), members{{"value", failure{detail}}})
	}
	return members{
		{"description", strings.Join(when, " ")},
		{"content", members{{fiber.MIMEApplicationJSON, members{{"schema", members{{"$ref", schemaRef + "Failure"}}}, {"examples", examples}}}}},
	}
}
