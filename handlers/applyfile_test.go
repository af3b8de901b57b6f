package handlers_test

import (
	"bytes"
	"os"
	"testing"

	"codexible/apply"
	"codexible/handlers"

	"github.com/pb33f/jsonschema/v6"
)

const committedApplySchema = "../docs/apply.schema.json"

func TestTheSchemaOfApplyFilesIsAsCommitted(t *testing.T) {
	schema := handlers.ApplySchema()
	if *update {
		if err := os.WriteFile(committedApplySchema, schema, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(committedApplySchema)
	if err != nil || !bytes.Equal(committed, schema) {
		t.Errorf("docs/apply.schema.json is not what the program reads; run: go test ./handlers -run TestTheSchemaOfApplyFiles -update (%v)", err)
	}
}

func TestTheSchemaOfApplyFilesTakesTheExampleAndNoMistake(t *testing.T) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(handlers.ApplySchema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("apply.schema.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("apply.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for text, takes := range map[string]bool{
		"plans:\n  - {name: Team, daily_credit_limit: 1000}\nupstreams:\n  - {name: openai, kind: openai, keys: [{ref: \"env:UPSTREAM_OPENAI\"}]}\nmodels:\n  - {name: a, candidates: [{upstream: openai}]}\nprices:\n  - {model: a, usd_per_million: {input: 0.25, output: 2}, charge: {mode: cost}}\n": true,
		"webhooks: [{url: \"env:WEBHOOK_URL\", types: [key.revoked]}]\nsettings: {usage_thresholds: [80]}\n": true,
		"webhooks: [{types: [key.revoked]}]\n":                   false,
		"webhooks: [{url: \"https://a.example\", types: [a]}]\n": false,
		"settings: {usage_thresholds: [101]}\n":                  false,
		"settings: []\n":                                         false,
		"settings: {name: Acme, accent: \"#0f766e\", support_email: null, links: [{label: a, url: \"https://a.example\"}], logo: \"\"}\n": true,
		"settings: {links: [{label: a}]}\n":                  false,
		"settings: {logo: 5}\n":                              false,
		"plan: []\n":                                         false,
		"plans:\n  - {nam: Team}\n":                          false,
		"models:\n  - {name: [a, b]}\n":                      false,
		"plans:\n  - {name: Team, daily_credit_limit: -1}\n": false,
	} {
		object, err := apply.JSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(object))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); (err == nil) != takes {
			t.Errorf("%s: the schema says %v", text, err)
		}
		_, err = handlers.ReadApplyFile(object, handlers.ApplyEnvironment{CreditValue: 10_000, WebhookVariable: func(string) (string, error) { return "https://example.com", nil }})
		if (err == nil) != takes {
			t.Errorf("%s: the program says %v", text, err)
		}
	}
}
