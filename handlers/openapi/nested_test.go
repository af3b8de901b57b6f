package openapi

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"
)

type parcel struct {
	Name  string  `json:"name" required:"true" minLength:"1" maxLength:"5"`
	Grams int     `json:"grams" minimum:"1" maximum:"9" default:"3"`
	Old   Refused `json:"old" doc:"is not supported; send grams"`
}

type delivery struct {
	Door    parcel   `json:"door"`
	Garage  *parcel  `json:"garage" doc:"Beside the door."`
	Parcels []parcel `json:"parcels" required:"true" minItems:"1" maxItems:"3"`
}

func bindDelivery(body string) (delivery, error) {
	var d delivery
	err := NewBinder[delivery]().Bind(message{body: body}, &d)
	return d, err
}

func TestObjectsWithinABodyAreFilled(t *testing.T) {
	got, err := bindDelivery(`{"garage":{"name":" a ","more":1},"parcels":[{"name":"b","grams":2},{"name":"c","old":null}]}`)
	want := delivery{Garage: &parcel{Name: "a", Grams: 3}, Parcels: []parcel{{Name: "b", Grams: 2}, {Name: "c", Grams: 3}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v (%v), want %+v", got, err, want)
	}
	if got, err = bindDelivery(`{"door":{"name":"d"},"garage":null,"parcels":[{"name":"b"}]}`); err != nil || got.Garage != nil || got.Door.Name != "d" {
		t.Errorf("%+v (%v)", got, err)
	}
}

func TestAProblemWithinABodyNamesItsPath(t *testing.T) {
	const needed = "is required"
	many := strings.TrimSuffix(strings.Repeat(`{"name":"b"},`, 1000), ",")
	for body, want := range map[string]map[string]string{
		`{}`:                         {"parcels": needed},
		`{"parcels":[]}`:             {"parcels": "must be an array of 1 to 3 objects"},
		`{"parcels":{}}`:             {"parcels": "must be an array of 1 to 3 objects"},
		`{"parcels":[` + many + `]}`: {"parcels": "must be an array of 1 to 3 objects"},
		`{"parcels":[null,1,[]]}`:    {"parcels[0]": "must be an object", "parcels[1]": "must be an object", "parcels[2]": "must be an object"},
		`{"garage":[],"door":1,"parcels":[{"name":"b"}]}`:                     {"garage": "must be an object", "door": "must be an object"},
		`{"garage":{"grams":0},"parcels":[{"name":"b"},{"name":""}]}`:         {"garage.grams": "must be a whole number, 1 to 9", "garage.name": needed, "parcels[1].name": "must be plain text of 1 to 5 characters, without control characters"},
		`{"garage":{"name":"a","name":"b"},"parcels":[{"name":"b"}]}`:         {"garage.name": onlyOnce},
		`{"garage":{"name":"a"},"garage":{},"parcels":[{"name":"b"}]}`:        {"garage": onlyOnce},
		`{"door":{"name":"a","old":{}},"parcels":[{"name":"b","old":false}]}`: {"door.old": "is not supported; send grams", "parcels[0].old": "is not supported; send grams"},
	} {
		_, err := bindDelivery(body)
		if diff := cmp.Diff(want, problemsOf(err)); diff != "" {
			t.Errorf("%.100s: %s", body, diff)
		}
	}
}

type postage struct {
	Stamps  int     `json:"stamps" required:"true" minimum:"0" maximum:"9" without:"parcel"`
	Express bool    `json:"express" without:"parcel"`
	Parcel  *parcel `json:"parcel"`
	Return  string  `json:"return" without:"nothing"`
}

func TestAFieldIsRequiredWithoutItsAlternativeAndRefusedBesideIt(t *testing.T) {
	for body, want := range map[string]map[string]string{
		`{"stamps":0}`: nil,
		`{"stamps":1,"express":true,"parcel":null}`:     nil,
		`{"parcel":{"name":"a"},"return":"b"}`:          nil,
		`{"parcel":{"name":"a"},"stamps":null}`:         nil,
		`{}`:                                            {"stamps": "is required where parcel is absent"},
		`{"stamps":0,"parcel":{"name":"a"}}`:            {"stamps": "must be absent beside parcel"},
		`{"parcel":{"name":"a"},"express":false}`:       {"express": "must be absent beside parcel"},
		`{"parcel":{},"stamps":10}`:                     {"stamps": "must be absent beside parcel", "parcel.name": "is required"},
		`{"stamps":1,"stamps":2,"parcel":{"name":"a"}}`: {"stamps": "must be absent beside parcel"},
	} {
		var p postage
		err := NewBinder[postage]().Bind(message{body: body}, &p)
		if diff := cmp.Diff(want, problemsOf(err)); diff != "" {
			t.Errorf("%s: %s", body, diff)
		}
	}
	op := operation()
	op.Request = NewBinder[postage]()
	text := gjson.ParseBytes(description(op).JSON())
	for path, want := range map[string]string{
		"components.schemas.Postage.required":                         ``,
		"components.schemas.Postage.properties.stamps.type":           `["integer","null"]`,
		"paths./a.patch.requestBody.required":                         `true`,
		"paths./a.patch.requestBody.content.application/json.example": `{"stamps":0,"express":false,"return":""}`,
	} {
		if got := text.Get(path + "|@ugly").Raw; got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}

func TestAParameterCannotBeWithinABody(t *testing.T) {
	message := panicOf(func() {
		newBinder(reflect.TypeFor[struct {
			F struct {
				G int `query:"g"`
			} `json:"f"`
		}]())
	})
	if !strings.Contains(message, "are in a body") {
		t.Errorf("it says %q", message)
	}
	message = panicOf(func() {
		newBinder(reflect.TypeFor[struct {
			F parcel `query:"f"`
		}]())
	})
	if !strings.Contains(message, "cannot be a openapi.parcel with the tag query") {
		t.Errorf("it says %q", message)
	}
}

func TestObjectsWithinABodyAreDescribed(t *testing.T) {
	op := operation()
	op.Request, op.Response = NewBinder[delivery](), reflect.TypeFor[[]OneOf[renamed, problem]]()
	text := gjson.ParseBytes(description(op).JSON())
	const optional = `{"anyOf":[{"$ref":"#/components/schemas/Parcel"},{"type":"null"}]`
	for path, want := range map[string]string{
		"components.schemas.Delivery.properties.door":                         optional + `}`,
		"components.schemas.Delivery.properties.garage":                       optional + `,"description":"Beside the door."}`,
		"components.schemas.Delivery.properties.parcels":                      `{"type":"array","items":{"$ref":"#/components/schemas/Parcel"},"minItems":1,"maxItems":3}`,
		"components.schemas.Delivery.required":                                `["parcels"]`,
		"components.schemas.Parcel.properties":                                `{"name":{"type":"string","minLength":1,"maxLength":5},"grams":{"type":["integer","null"],"format":"int64","minimum":1,"maximum":9,"description":"If absent: 3."}}`,
		"paths./a.patch.requestBody.content.application/json.example.garage":  `{"name":"","grams":0}`,
		"paths./a.patch.requestBody.content.application/json.example.parcels": `[{"name":"","grams":0}]`,
		"paths./a.patch.responses.200.content.application/json.schema.items":  `{"anyOf":[{"$ref":"#/components/schemas/Renamed"},{"$ref":"#/components/schemas/Problem"}]}`,
		"paths./a.patch.responses.200.content.application/json.example":       `[{"at":"2026-03-04T12:00:00Z","self":null}]`,
	} {
		if got := text.Get(path + "|@ugly").Raw; got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}
