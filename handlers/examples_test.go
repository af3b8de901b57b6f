package handlers_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"codexible/handlers"
)

// content is a body as the document shows it.
type content struct {
	Example  json.RawMessage    `json:"example"`
	Examples map[string]example `json:"examples"`
}

type example struct {
	Value json.RawMessage `json:"value"`
}

func (c content) all() (list []json.RawMessage) {
	if c.Example != nil {
		list = append(list, c.Example)
	}
	for _, example := range c.Examples {
		list = append(list, example.Value)
	}
	return list
}

// reply is an answer as the document shows it, or where it shows it.
type reply struct {
	Ref     string             `json:"$ref"`
	Content map[string]content `json:"content"`
}

func TestEveryExampleIsWhatTheDocumentAllows(t *testing.T) {
	var shown struct {
		Paths map[string]map[string]struct {
			RequestBody reply            `json:"requestBody"` //nolint:tagliatelle // as OpenAPI spells it
			Responses   map[string]reply `json:"responses"`
		} `json:"paths"`
		Components struct {
			Responses map[string]reply `json:"responses"`
		} `json:"components"`
	}
	if err := json.Unmarshal(handlers.OpenAPI(), &shown); err != nil {
		t.Fatal(err)
	}
	const media = "application/json"
	for pattern, operations := range shown.Paths {
		for method, op := range operations {
			request, err := http.NewRequestWithContext(t.Context(), upper(method), "http://x"+concrete(pattern), nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Type", media)
			if examples := op.RequestBody.Content[media].all(); op.RequestBody.Content != nil && len(examples) == 0 {
				t.Errorf("%s %s has no example of its body", method, pattern)
			} else if len(examples) > 0 {
				request.Body = body(examples[0])
				if valid, errs := published().validator.GetRequestBodyValidator().ValidateRequestBody(request); !valid {
					t.Errorf("%s %s: its own example is refused: %v", method, pattern, errs)
				}
			}
			for status, r := range op.Responses {
				if name, found := strings.CutPrefix(r.Ref, "#/components/responses/"); found {
					r = shown.Components.Responses[name]
				}
				c, isJSON := r.Content[media]
				if !isJSON || pattern == "/openapi.json" {
					continue
				}
				if len(c.all()) == 0 {
					t.Errorf("%s %s %s has no example", method, pattern, status)
				}
				for _, example := range c.all() {
					code, err := strconv.Atoi(status)
					if err != nil {
						t.Fatal(err)
					}
					response := &http.Response{StatusCode: code, Header: http.Header{"Content-Type": {media}}, Body: body(example)}
					if valid, errs := published().validator.GetResponseBodyValidator().ValidateResponseBody(request, response); !valid {
						t.Errorf("%s %s %s: its own example is wrong: %v", method, pattern, status, errs)
					}
				}
			}
		}
	}
}
