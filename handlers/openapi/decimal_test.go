package openapi

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"
)

type fare struct {
	Rate    PerMillion      `json:"rate" required:"true" maximum:"1000000"`
	Fee     PicoUSD         `json:"fee" maximum:"1000"`
	Value   *ExactUSD       `json:"value" maximum:"1000"`
	Percent Percent         `json:"percent" maximum:"10000" default:"100"`
	Credits Credits         `json:"credits" maximum:"1000000000"`
	Zones   map[string]zone `json:"zones" maxItems:"2" doc:"By name." example:"{\"a\":{\"rate\":0.5}}"`
}

type zone struct {
	Rate *PerMillion `json:"rate" maximum:"1000000"`
}

func bindFare(body string) (fare, error) {
	var f fare
	err := NewBinder[fare]().Bind(message{body: body}, &f)
	return f, err
}

func TestDecimalsAreReadExactlyAndWrittenAsTheyWereRead(t *testing.T) {
	const body = `{"rate":0.003625,"fee":0.000000000001,"value":0.01,"percent":12.5,"credits":1.000001,"zones":{"a":{"rate":1000000},"b-2":{"rate":null}}}`
	got, err := bindFare(body)
	want := fare{Rate: 3625, Fee: 1, Value: new(ExactUSD(10_000)), Percent: 1250, Credits: 1_000_001, Zones: map[string]zone{"a": {Rate: new(PerMillion(1_000_000_000_000))}, "b-2": {}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v (%v), want %+v", got, err, want)
	}
	if text, err := json.Marshal(got); err != nil || string(text) != body {
		t.Errorf("written as %s, %v", text, err)
	}
	if got, err := bindFare(`{"rate":1e-6,"zones":{}}`); err != nil || got.Rate != 1 || got.Percent != 10_000 || got.Value != nil {
		t.Errorf("%+v (%v)", got, err)
	}
}

func TestADecimalThatIsTooFineOrTooLargeIsRefused(t *testing.T) {
	rate := map[string]string{"rate": "must be a number of dollars per million tokens, 0 to 1000000, with at most 6 decimals"}
	for body, want := range map[string]map[string]string{
		`{"rate":0.0000001}`: rate, `{"rate":-1}`: rate, `{"rate":"1"}`: rate, `{"rate":1000000.000001}`: rate, `{"rate":1e400}`: rate, `{"rate":{}}`: rate, `{"rate":true}`: rate,
		`{"rate":1,"fee":1000.000000000001}`: {"fee": "must be a number of dollars, 0 to 1000, with at most 12 decimals"},
		`{"rate":1,"fee":1e-13}`:             {"fee": "must be a number of dollars, 0 to 1000, with at most 12 decimals"},
		`{"rate":1,"value":0.0000015}`:       {"value": "must be a number of dollars, 0 to 1000, with at most 6 decimals"},
		`{"rate":1,"percent":0.001}`:         {"percent": "must be a number of percent, 0 to 10000, with at most 2 decimals"},
		`{"rate":1,"credits":1000000001}`:    {"credits": "must be a number of credits, 0 to 1000000000, with at most 6 decimals"},
	} {
		_, err := bindFare(body)
		if diff := cmp.Diff(want, problemsOf(err)); diff != "" {
			t.Errorf("%s: %s", body, diff)
		}
	}
}

func TestObjectsByNameAreBoundedInNumberAndName(t *testing.T) {
	rule := map[string]string{"zones": "must be an object of at most 2 objects, with names of 1 to 32 characters of a-z, 0-9, _ and -"}
	for zones, want := range map[string]map[string]string{
		`{"a":{},"b":{},"c":{}}`: rule, `{"":{}}`: rule, `{"A":{}}`: rule, `{"a b":{}}`: rule, `{"a.b":{}}`: rule, `{"` + strings.Repeat("a", 33) + `":{}}`: rule, `{"\u0000":{}}`: rule, `[]`: rule, `1`: rule,
		`{"a":{},"\u0061":{}}`:         {"zones.a": onlyOnce},
		`{"a":1}`:                      {"zones.a": "must be an object"},
		`{"a":null,"b":{"rate":-0.1}}`: {"zones.a": "must be an object", "zones.b.rate": "must be a number of dollars per million tokens, 0 to 1000000, with at most 6 decimals"},
	} {
		_, err := bindFare(fmt.Sprintf(`{"rate":1,"zones":%s}`, zones))
		if diff := cmp.Diff(want, problemsOf(err)); diff != "" {
			t.Errorf("%s: %s", zones, diff)
		}
	}
}

func TestDecimalsAndObjectsByNameAreDescribed(t *testing.T) {
	op := operation()
	op.Request, op.Response = NewBinder[fare](), reflect.TypeFor[zone]()
	text := gjson.ParseBytes(description(op).JSON())
	for path, want := range map[string]string{
		"components.schemas.Fare.properties.rate":  `{"type":"number","format":"double","minimum":0,"maximum":1000000}`,
		"components.schemas.Fare.properties.value": `{"type":["number","null"],"format":"double","minimum":0,"maximum":1000}`,
		"components.schemas.Fare.properties.zones": `{"type":["object","null"],"additionalProperties":{"$ref":"#/components/schemas/Zone"},"maxProperties":2,"description":"By name."}`,
	} {
		if got := text.Get(path + "|@ugly").Raw; got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}
