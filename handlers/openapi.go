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

const about = `Keys, plans and daily credits of a coding-model API.

**Signing in.** Send an API key as ` + "`Authorization: Bearer codexible_…`" + `. A customer's key reads and manages that customer's own data, a key of a user with the role ` +
	"`service` verifies the keys of others, one with the role `admin`" + ` manages everything.

**Scopes.** Each key has scopes, and each path says which it needs: ` + "`models`, `usage`, `keys`, `charge`; `service` and `admin`" + ` only with the role of that name. With a key its owner makes, changes, enables and rotates only keys that have no other scopes and addresses than that key and end no later, and loosens nothing that an operator has set. Revoking and disabling are always allowed.

**Answers.** Every success is 200; every failure has the shape of Failure, with the HTTP status once more in its body. Every answer has an X-Request-Id: the caller's, if it is printable and has 128 characters at most.

**Requests.** Unknown fields of a body and unknown query parameters are ignored; null in a body is as absent, unless a field says otherwise. A field or parameter that is given twice is wrong. Several wrong fields are reported at once.

**Limits.** Requests are counted over any 60 seconds: by key, as often as its plan allows, and by all keys of a user together where the plan says so; by client address without a valid key. X-RateLimit-* tell the window. Paths under /api that do not exist tell the address's window and count nothing.`

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
func OpenAPI() []byte { return encodeDocument(new(api).routes()) }

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
	{"/api/auth", "Session", "What a dashboard asks first."},
	{"/api/dashboard", "Session", ""},
	{"/api/keys/verify", "Verification", "For services of ours that let customers in."},
	{"/api/keys", "Keys", "A customer's own keys."},
	{"/api/usage", "Usage", "What was consumed, and the charging of more."},
	{"/api/admin", "Administration", "For keys of users with the role admin."},
	{"", "Operation", "For balancers, monitoring and tools."},
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
	answer := members{{"description", "The answer."}, {"headers", r.headers()}}
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
		{"X-RateLimit-Limit", header("Requests in any 60 seconds.", "integer")},
		{"X-RateLimit-Remaining", header("Requests that would be let through at this moment.", "integer")},
		{"X-RateLimit-Reset", header("Seconds until the window has room; 0 while there is room.", "integer")},
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
	fault.BadRequest:           {"The body is absent though one is needed, is not JSON, or is not an object.", errNotJSON.Message},
	fault.Unauthorized:         {"The key is missing, malformed, unknown, revoked, disabled or expired.", errNoKey.Message},
	fault.Forbidden:            {"The user is suspended, or has another role than the path is for.", "This path is for keys of users with the role admin. Use such a key."},
	fault.InsufficientScope:    {"The key has not the scope that the path needs, or it would give another key more than it may do itself.", "This path needs a key with the scope charge, which this one does not have. Use another key."},
	fault.AddressNotAllowed:    {"The key may not be used from this address.", "This API key may not be used from this address. Use it from an allowed one, or have this address added to the key."},
	fault.NotFound:             {"There is no such id, or it belongs to somebody else.", "There is no such key."},
	fault.Conflict:             {"Something else stands in the way: a name that is taken, a rotation at the same moment, an idempotency key of another charge, as many keys as the plan allows.", "A plan with this name exists already. Choose another name, or change that plan."},
	fault.PayloadTooLarge:      {"The body is larger than 1 MiB.", errTooBig.Message},
	fault.UnsupportedMediaType: {"The body is not declared as JSON.", errMediaType.Message},
	fault.Invalid:              {"A field or parameter has a wrong type or an impossible value; fields names each.", "Correct these fields and send the request again: label must have 1 to 100 characters."},
	fault.RateLimited:          {"The window is full. Retry-After says when it has room.", "This key has sent its 100 requests of the last 60 seconds. Try again in 12 s."},
	fault.QuotaExceeded:        {"The charge does not fit into what is left of the day; nothing was recorded. Retry-After counts to the next day.", "Daily credit limit reached (250/250). Resets at 00:00 UTC, in 3 h 12 min."},
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
