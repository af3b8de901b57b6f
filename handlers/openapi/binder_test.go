package openapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"codexible/fault"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/tidwall/gjson"
)

var errNoSuch, errBody = errors.New("no such id"), errors.New("no body")

// message is a request as maps and texts.
type message struct {
	id            string
	header, query map[string][]string
	body          string
}

func (m message) PathID(string) (uuid.UUID, error) {
	id, ok := ParseID(m.id)
	if !ok {
		return id, errNoSuch
	}
	return id, nil
}

func (m message) HeaderValues(name string) [][]byte { return bytesOf(m.header[name]) }
func (m message) QueryValues(name string) [][]byte  { return bytesOf(m.query[name]) }

func (m message) BodyObject(needed bool) (object gjson.Result, given bool, err error) {
	if m.body == "" && needed {
		return object, false, errBody
	}
	return gjson.Parse(m.body), m.body != "", nil
}

func bytesOf(texts []string) (list [][]byte) {
	for _, text := range texts {
		list = append(list, []byte(text))
	}
	return list
}

type part struct {
	Price USD `json:"price" default:"0.5"`
}

type order struct {
	part
	ID       uuid.UUID        `path:"id"`
	Days     int              `query:"days" minimum:"1" maximum:"365" default:"30"`
	Trace    string           `header:"X-Trace" format:"printable" minLength:"1" maxLength:"5"`
	Name     string           `json:"name" required:"true" minLength:"1" maxLength:"10"`
	Secret   string           `json:"secret" format:"password"`
	Email    string           `json:"email" format:"email"`
	Colour   *string          `json:"colour" enum:"red,blue"`
	Count    int64            `json:"count" minimum:"1" maximum:"9"`
	Paid     bool             `json:"paid"`
	At       *time.Time       `json:"at"`
	Day      usage.Day        `json:"day"`
	Other    uuid.UUID        `json:"other"`
	From     netip.Addr       `json:"from"`
	Features Object           `json:"features"`
	Words    []string         `json:"words" maxLength:"5" maxItems:"2"`
	Colours  []string         `json:"colours" enum:"red,blue"`
	Limit    Patch[int64]     `json:"limit" minimum:"1" maximum:"9"`
	Ends     Patch[time.Time] `json:"ends"`
	Unread   func()
}

var orders = NewBinder[order]()

func bound(m message) (order, error) {
	if m.id == "" {
		m.id = exampleID
	}
	var o order
	err := orders.Bind(m, &o)
	return o, err
}

func problemsOf(err error) map[string]string {
	if err == nil {
		return nil
	}
	return fault.As(err).Fields
}

func TestARequestIsFilledFromAllItsParts(t *testing.T) {
	got, err := bound(message{
		header: map[string][]string{"X-Trace": {"a b"}}, query: map[string][]string{"days": {"7"}},
		body: `{"name":" ada ","secret":" s ","email":" Ada@example.com ","colour":"red","count":3e0,"paid":true,"at":"2026-03-04T12:00:00Z","day":"2026-03-04",
			"other":"` + exampleID + `","from":" 203.0.113.7 ","features":{"a": 1},"words":["x"," y "],"colours":["blue"],"limit":4,"ends":"2026-03-04T12:00:00Z","price":1.25,"more":{}}`,
	})
	if err != nil {
		t.Fatal(err)
	}
	id, red, at, limit := uuid.MustParse(exampleID), "red", time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC), int64(4)
	want := order{
		part: part{Price: 1_250_000}, ID: id, Days: 7, Trace: "a b", Name: "ada", Secret: " s ", Email: "Ada@example.com", Colour: &red, Count: 3, Paid: true, At: &at,
		Day: "2026-03-04", Other: id, From: netip.MustParseAddr("203.0.113.7"), Features: Object(`{"a": 1}`), Words: []string{"x", "y"}, Colours: []string{"blue"},
		Limit: Patch[int64]{Given: true, Value: &limit}, Ends: Patch[time.Time]{Given: true, Value: &at},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(order{}), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
}

func TestAbsentFieldsAreZeroOrTheirDefault(t *testing.T) {
	got, err := bound(message{body: `{"name":"ada","colour":null,"count":null,"words":null,"price":null}`})
	want := order{part: part{Price: 500_000}, ID: uuid.MustParse(exampleID), Days: 30, Name: "ada"}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v (%v), want %+v", got, err, want)
	}
}

func TestNullIsAbsentUnlessTheFieldIsAPatch(t *testing.T) {
	got, err := bound(message{body: `{"name":"ada","limit":null,"at":null}`})
	if err != nil || !got.Limit.Given || got.Limit.Value != nil || got.Ends.Given || got.At != nil {
		t.Errorf("limit %+v, ends %+v, at %v (%v)", got.Limit, got.Ends, got.At, err)
	}
	if _, err := bound(message{body: `{"name":null}`}); problemsOf(err)["name"] != "is required" {
		t.Errorf("a required field that is null: %v", problemsOf(err))
	}
}

func TestEveryWrongFieldIsReported(t *testing.T) {
	_, err := bound(message{
		header: map[string][]string{"X-Trace": {"a", "b"}}, query: map[string][]string{"days": {"0"}},
		body: `{"count":"3","paid":1,"limit":10,"limit":null,"colour":"green"}`,
	})
	want := map[string]string{
		"X-Trace": onlyOnce, "days": "must be a whole number, 1 to 365", "name": "is required", "count": "must be a whole number, 1 to 9",
		"paid": "must be true or false", "limit": onlyOnce, "colour": "must be red or blue",
	}
	if diff := cmp.Diff(want, problemsOf(err)); diff != "" {
		t.Error(diff)
	}
	if fault.KindOf(err) != fault.Invalid {
		t.Errorf("the error is %v", err)
	}
}

func TestAFieldTakesNoOtherValue(t *testing.T) {
	for name, values := range map[string][]string{
		"name":     {`1`, `""`, `"12345678901"`, `"a\u0000"`, `"\ud800"`, `{}`, `["a"]`},
		"secret":   {`1`, `["s"]`},
		"email":    {`"ada"`, `1`},
		"colour":   {`"Red"`, `1`, `["red"]`},
		"count":    {`0`, `10`, `1.5`, `"1"`, `true`, `1e99`},
		"paid":     {`"true"`, `1`, `{}`},
		"at":       {`"2026-03-04"`, `"1999-03-04T12:00:00Z"`, `1`},
		"day":      {`"2026-02-30"`, `"1999-03-04"`, `20260304`},
		"other":    {`"0190163d8694739baea5966c26f8ad91"`, `"urn:uuid:` + exampleID + `"`, `1`},
		"from":     {`"203.0.113"`, `1`, `["203.0.113.7"]`},
		"features": {`[]`, `"{}"`, `{"a":"` + strings.Repeat("x", 1<<14) + `"}`},
		"words":    {`"x"`, `[1]`, `[""]`, `["123456"]`, `["x","x"]`, `["x","y","z"]`, `["\ud800"]`, `{}`},
		"colours":  {`["green"]`, `["red","red"]`},
		"limit":    {`0`, `"4"`},
		"ends":     {`""`, `0`},
		"price":    {`-1`, `"1"`, `1000001`},
	} {
		for _, value := range values {
			body := fmt.Sprintf(`{%q:%s}`, name, value)
			if name != "name" {
				body = fmt.Sprintf(`{"name":"ada",%q:%s}`, name, value)
			}
			if _, err := bound(message{body: body}); problemsOf(err)[name] == "" || len(problemsOf(err)) != 1 {
				t.Errorf("%s is answered %v", body, problemsOf(err))
			}
		}
	}
}

func TestWhatTheSourceRefusesIsRefused(t *testing.T) {
	if _, err := bound(message{id: "1", body: `{"name":"ada"}`}); !errors.Is(err, errNoSuch) {
		t.Errorf("an id that is no UUID: %v", err)
	}
	if _, err := bound(message{}); !errors.Is(err, errBody) {
		t.Errorf("no body: %v", err)
	}
	var optional part
	if err := NewBinder[part]().Bind(message{}, &optional); err != nil || optional.Price != 500_000 {
		t.Errorf("no body where every field is optional: %v, %v", optional, err)
	}
}

func TestRequestsOfOneTypeShareNothing(t *testing.T) {
	var all sync.WaitGroup
	for i := range int64(8) {
		all.Go(func() {
			got, err := bound(message{body: fmt.Sprintf(`{"name":"ada","limit":%d}`, i+1)})
			if err != nil || *got.Limit.Value != i+1 || got.Days != 30 {
				t.Errorf("request %d is %+v, %v", i, got, err)
			}
		})
	}
	all.Wait()
}

func TestATypeThatCannotBeReadStopsTheProgram(t *testing.T) {
	many := make([]reflect.StructField, maxFields+1)
	for i := range many {
		many[i] = reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: reflect.TypeFor[bool](), Tag: reflect.StructTag(fmt.Sprintf(`json:"f%d"`, i))}
	}
	for says, request := range map[string]reflect.Type{
		"more than 64 fields": reflect.StructOf(many),
		"no field can be a float64": reflect.TypeFor[struct {
			F float64 `json:"f"`
		}](),
		"cannot be a []string with the tag query": reflect.TypeFor[struct {
			F []string `query:"f"`
		}](),
		"cannot be a string with the tag path": reflect.TypeFor[struct {
			F string `path:"f"`
		}](),
		"cannot be a openapi.Patch[int] with the tag header": reflect.TypeFor[struct {
			F Patch[int] `header:"F"`
		}](),
		"cannot be a openapi.Instant with the tag json": reflect.TypeFor[struct {
			F Instant `json:"f"`
		}](),
		`f cannot have the default "0"`: reflect.TypeFor[struct {
			F int `json:"f" minimum:"1" default:"0"`
		}](),
		`f cannot have the default "{}"`: reflect.TypeFor[struct {
			F Object `json:"f" default:"{}"`
		}](),
		`f cannot have the default "1"`: reflect.TypeFor[struct {
			F *int `json:"f" default:"1"`
		}](),
		"a limit must be a whole number, not x": reflect.TypeFor[struct {
			F int `json:"f" maximum:"x"`
		}](),
	} {
		if message := panicOf(func() { newBinder(request) }); !strings.Contains(message, says) {
			t.Errorf("%s: it says %q", says, message)
		}
	}
}

func panicOf(do func()) (message string) {
	defer func() { message = fmt.Sprint(recover()) }()
	do()
	return ""
}

func TestAListOfAQueryIsWordsThatCommasSeparate(t *testing.T) {
	type listed struct {
		By []string `query:"by" required:"true" minItems:"1" maxItems:"3" enum:"day,user,key" doc:"The words."`
	}
	binder := NewBinder[listed]()
	for text, want := range map[string][]string{
		"day": {"day"}, "key,day": {"key", "day"}, "user,key,day": {"user", "key", "day"},
		"": nil, ",": nil, "day,": nil, ",day": nil, "day,day": nil, "Day": nil, " day": nil, "day, key": nil, "week": nil, "[\"day\"]": nil, "day,user,key,week": nil,
	} {
		var got listed
		err := binder.Bind(message{query: map[string][]string{"by": {text}}}, &got)
		if want == nil {
			if problem := problemsOf(err)["by"]; problem != "must be one or several of day, user, key, separated by commas, each once" {
				t.Errorf("%q: %q", text, problem)
			}
			continue
		}
		if err != nil || !reflect.DeepEqual(got.By, want) {
			t.Errorf("%q is read as %v, %v", text, got.By, err)
		}
	}
	var got listed
	if problem := problemsOf(binder.Bind(message{}, &got))["by"]; problem != "is required" {
		t.Errorf("without it: %q", problem)
	}
	if problem := problemsOf(binder.Bind(message{query: map[string][]string{"by": {"day", "key"}}}, &got))["by"]; problem != onlyOnce {
		t.Errorf("twice: %q", problem)
	}
	text, err := json.Marshal(parameters(binder))
	const want = `[{"name":"by","in":"query","description":"The words.","required":true,"style":"form","explode":false,"schema":{"type":"array","items":{"type":"string","enum":["day","user","key"]},"minItems":1,"maxItems":3,"uniqueItems":true,"description":"The words."}}]`
	if err != nil || string(text) != want {
		t.Errorf("it is documented as %s, want %s", text, want)
	}
}
