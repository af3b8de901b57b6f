package openapi

import (
	"reflect"
	"strings"
	"testing"

	"codexible/fault"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"
)

type problem struct {
	Code string `json:"code" example:"not_found"`
}

type rename struct {
	Limit int           `query:"limit" minimum:"1" maximum:"9" default:"3" doc:"How many."`
	Name  string        `json:"name" required:"true" minLength:"1" maxLength:"10" example:"Ada"`
	Note  Patch[string] `json:"note" maxLength:"5"`
}

type renamed struct {
	At   Instant  `json:"at"`
	Self *renamed `json:"self" example:"null"`
}

func description(operations ...Operation) Document {
	d := Document{
		Title: "T", Version: "1", Headers: []Header{{Name: "X-Id", About: "An id.", Type: "string"}}, Operations: operations, FailureBody: reflect.TypeFor[problem](),
		Shared: []Shared{{Name: "refused", Kinds: []fault.Kind{fault.Forbidden, fault.InsufficientScope}}},
	}
	for status, kinds := range map[int][]fault.Kind{
		400: {fault.BadRequest}, 403: {fault.Forbidden, fault.InsufficientScope}, 413: {fault.PayloadTooLarge}, 415: {fault.UnsupportedMediaType},
		422: {fault.Invalid}, 429: {fault.RateLimited, fault.QuotaExceeded},
	} {
		for _, kind := range kinds {
			d.Failures = append(d.Failures, Failure{Kind: kind, Status: status, When: "When " + kind.Code() + ".", Example: problem{kind.Code()}})
		}
	}
	return d
}

func operation() Operation {
	return Operation{
		ID: "rename", Method: "PATCH", Path: "/a", Tag: "A", Summary: "Rename", Scope: "keys", Role: "admin", Headers: []string{"X-Id"},
		Request: NewBinder[rename](), Response: reflect.TypeFor[renamed](),
		Failures: []fault.Kind{fault.QuotaExceeded, fault.Forbidden, fault.RateLimited, fault.InsufficientScope},
	}
}

func TestAnOperationIsDescribedByTheTypesThatItReadsAndAnswersWith(t *testing.T) {
	text := gjson.ParseBytes(description(operation()).JSON())
	for path, want := range map[string]string{
		"paths./a.patch.operationId":               `"rename"`,
		"paths./a.patch.description":               "\"The key needs the scope `keys`, and its user the role `admin`.\"",
		"paths./a.patch.x-required-scope":          `"keys"`,
		"paths./a.patch.parameters":                `[{"name":"limit","in":"query","description":"How many.","schema":{"type":"integer","format":"int64","minimum":1,"maximum":9,"description":"How many.","default":3}}]`,
		"paths./a.patch.requestBody.required":      `true`,
		"paths./a.patch.requestBody.content.*":     `{"schema":{"$ref":"#/components/schemas/Rename"},"example":{"name":"Ada","note":""}}`,
		"paths./a.patch.responses.@keys":           `["200","400","403","413","415","422","429"]`,
		"paths./a.patch.responses.200":             `{"description":"Success.","headers":{"X-Id":{"$ref":"#/components/headers/X-Id"}},"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Renamed"},"example":{"at":"2026-03-04T12:00:00Z","self":null}}}}`,
		"paths./a.patch.responses.403":             `{"$ref":"#/components/responses/refused"}`,
		"paths./a.patch.responses.422":             `{"$ref":"#/components/responses/validation_failed"}`,
		"paths./a.patch.responses.429":             `{"description":"When rate_limited. When quota_exceeded.","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Problem"},"examples":{"rate_limited":{"value":{"code":"rate_limited"}},"quota_exceeded":{"value":{"code":"quota_exceeded"}}}}}}`,
		"components.schemas.Rename":                `{"type":"object","properties":{"name":{"type":"string","minLength":1,"maxLength":10},"note":{"type":["string","null"],"maxLength":5}},"required":["name"]}`,
		"components.schemas.Renamed":               `{"type":"object","properties":{"at":{"type":"string","format":"date-time"},"self":{"anyOf":[{"$ref":"#/components/schemas/Renamed"},{"type":"null"}]}},"required":["at","self"]}`,
		"components.responses.refused.description": `"When forbidden. When insufficient_scope."`,
	} {
		if diff := cmp.Diff(want, text.Get(path+"|@ugly").Raw); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}

func TestAnOpenOperationNeedsNoKey(t *testing.T) {
	op := operation()
	op.Scope, op.Role, op.Response, op.Media = "", "", nil, "text/plain"
	text := gjson.ParseBytes(description(op).JSON()).Get("paths./a.patch|@ugly")
	if text.Get("security").Raw != "[]" || text.Get("description").Exists() || text.Get("responses.200.content").Raw != `{"text/plain":{"schema":{"type":"string"}}}` {
		t.Errorf("%s", text.Raw)
	}
}

func TestADocumentThatWouldBeWrongStopsTheProgram(t *testing.T) {
	nameless, other := operation(), operation()
	nameless.ID, other.Failures = "", []fault.Kind{fault.Conflict}
	for says, d := range map[string]Document{
		"needs an id of its own":        description(operation(), operation()),
		`not ""`:                        description(nameless),
		"no failure describes conflict": description(other),
	} {
		if message := panicOf(func() { d.JSON() }); !strings.Contains(message, says) {
			t.Errorf("%s: it says %q", says, message)
		}
	}
}
