package openapi

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"codexible/accounts"
	"codexible/keys"
	"codexible/usage"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"
)

// kind is how the values of a type are written, read and described.
type kind struct {
	// json is the type of the value in JSON, as JSON Schema calls it.
	json string
	// keywords are what the schema says beside the type.
	keywords members
	// example is shown where a tag has none: a string's content, or JSON.
	example string
	// parse stores a value. The text is the content of a string, of a parameter, or
	// JSON. It is false for a text that the field does not allow. A type with no
	// parse is only written.
	parse func(f *field, to reflect.Value, text string) bool
	// rule is the error text for an invalid value.
	rule func(f *field) string
}

// says returns a rule that is the same for all fields.
func says(rule string) func(*field) string { return func(*field) string { return rule } }

var (
	textKind  = &kind{json: "string", parse: parseText, rule: textRule}
	wholeKind = &kind{json: "integer", keywords: members{{"format", "int64"}}, example: "0", parse: parseInteger, rule: func(f *field) string {
		return fmt.Sprintf("must be a whole number, %d to %d", f.Least, f.Most)
	}}
	boolKind = &kind{json: "boolean", example: "false", rule: says("must be true or false"), parse: func(_ *field, to reflect.Value, text string) bool {
		to.SetBool(text == "true")
		return text == "true" || text == "false"
	}}
	// refusedKind takes no value, whatever its type.
	refusedKind = &kind{
		rule:  func(f *field) string { return f.tag.Get("doc") },
		parse: func(*field, reflect.Value, string) bool { return false },
	}
	// instantKind has no parse: Instant is a time of responses.
	instantKind = &kind{json: "string", keywords: members{{"format", "date-time"}}, example: "2026-03-04T12:00:00Z"}
)

// kinds are those of single types. Every other type of texts, whole numbers and
// booleans has the kind of its Go kind.
var kinds = map[reflect.Type]*kind{
	reflect.TypeFor[Instant](): instantKind,
	reflect.TypeFor[time.Time](): {
		json: instantKind.json, keywords: instantKind.keywords, example: instantKind.example,
		rule: says("must be a time in RFC 3339, " + usage.Bounds + ", such as 2026-03-04T12:00:00Z"), parse: parsed(usage.ParseTime),
	},
	reflect.TypeFor[usage.Day](): {
		json: "string", keywords: members{{"format", "date"}}, example: "2026-03-04",
		rule: says("must be a date " + usage.Bounds + ", such as 2026-03-04"), parse: parsed(usage.ParseDay),
	},
	reflect.TypeFor[uuid.UUID](): {
		json: "string", keywords: members{{"format", "uuid"}}, example: exampleID,
		rule: says("must be an id: a UUID such as " + exampleID), parse: parsed(ParseID),
	},
	reflect.TypeFor[netip.Addr](): {
		json: "string", example: "203.0.113.7",
		rule: says("must be an IP address, such as 203.0.113.7 or 2001:db8::1"), parse: parsed(func(text string) (netip.Addr, bool) {
			return keys.ParseAddress(strings.TrimSpace(text))
		}),
	},
	reflect.TypeFor[USD](): {
		json: "number", keywords: members{{"minimum", 0}}, example: "0",
		rule: says(fmt.Sprintf("must be a number of dollars, 0 to %d", usage.MaxCostUSD)), parse: parsed(func(text string) (USD, bool) {
			micros, ok := usage.ParseUSD(text)
			return USD(micros), ok
		}),
	},
	reflect.TypeFor[PerMillion](): decimalKind(perMillionPlaces, "dollars per million tokens"),
	reflect.TypeFor[PicoUSD]():    decimalKind(picoUSDPlaces, "dollars"),
	reflect.TypeFor[ExactUSD]():   decimalKind(exactUSDPlaces, "dollars"),
	reflect.TypeFor[Percent]():    decimalKind(percentPlaces, "percent"),
	reflect.TypeFor[Credits]():    decimalKind(creditsPlaces, "credits"),
	// It has no parse: it is of responses.
	reflect.TypeFor[SignedCredits](): {json: "number", example: "0"},
	reflect.TypeFor[Tenths]():        {json: "number", keywords: members{{"minimum", 0}}, example: "0"},
	reflect.TypeFor[List](): {
		json: "object", keywords: members{{"additionalProperties", true}}, example: "{}",
		rule: says("must be an object"), parse: parsed(func(text string) (List, bool) { return List(text), true }),
	},
	reflect.TypeFor[Object](): {
		json: "object", keywords: members{{"additionalProperties", true}}, example: "{}",
		rule: says(accounts.FeaturesRule), parse: parsed(func(text string) (Object, bool) {
			object := Object(text)
			return object, accounts.CheckFeatures(json.RawMessage(object)) == ""
		}),
	},
	reflect.TypeFor[Metadata](): {
		json: "object", keywords: members{{"additionalProperties", true}}, example: "{}",
		rule: says(accounts.MetadataRule), parse: parsed(func(text string) (Metadata, bool) {
			return Metadata(text), accounts.CheckMetadata(json.RawMessage(text)) == ""
		}),
	},
	reflect.TypeFor[Percentages](): {
		json: "array", example: "[]", keywords: members{{"items", members{{"type", "integer"}, {"minimum", 1}, {"maximum", 100}}}, {"maxItems", accounts.MaxThresholds}},
		rule: says(fmt.Sprintf("must be an array of at most %d whole numbers from 1 to 100", accounts.MaxThresholds)), parse: parsed(parsePercentages),
	},
	reflect.TypeFor[Refused]():  refusedKind,
	reflect.TypeFor[[]string](): {json: "array", example: "[]", rule: textsRule, parse: parseTexts},
}

// Percentages are whole numbers from 1 to 100.
type Percentages []int

func parsePercentages(array string) (list Percentages, ok bool) {
	list = Percentages{}
	err := json.Unmarshal([]byte(array), &list)
	return list, err == nil && len(list) <= accounts.MaxThresholds && !slices.ContainsFunc(list, func(n int) bool { return n < 1 || n > 100 })
}

const exampleID = "0190163d-8694-739b-aea5-966c26f8ad91"

// parsed stores what a function reads.
func parsed[T any](parse func(string) (T, bool)) func(*field, reflect.Value, string) bool {
	return func(_ *field, to reflect.Value, text string) (ok bool) {
		*pointerTo[T](to), ok = parse(text)
		return ok
	}
}

func kindOf(t reflect.Type) *kind {
	if k, known := kinds[t]; known {
		return k
	}
	switch t.Kind() {
	case reflect.String:
		return textKind
	case reflect.Int, reflect.Int64:
		return wholeKind
	case reflect.Bool:
		return boolKind
	default:
		panic(fmt.Sprintf("openapi: no field can be a %s", t))
	}
}

// takes is true for a JSON value of the kind's JSON type.
func (k *kind) takes(value gjson.Result) bool {
	switch k.json {
	case "string":
		return value.Type == gjson.String
	case "integer", "number":
		return value.Type == gjson.Number
	case "boolean":
		return value.IsBool()
	case "":
		return true
	case "object":
		return value.IsObject()
	default:
		return value.IsArray()
	}
}

// The formats of texts beyond plain ones.
const (
	// formatSecret is a key in clear: accepted unchanged, because it is only hashed, or checked by who takes it.
	formatSecret = "password"
	// formatPrintable keeps blanks as they are, and allows no character that cannot be seen.
	formatPrintable = "printable"
	// formatNote is a text that may have line feeds.
	formatNote = "note"
	// formatEmail is an e-mail, by the rule of package accounts.
	formatEmail = "email"
)

func parseText(f *field, to reflect.Value, text string) bool {
	ok := true
	switch f.format {
	case formatSecret:
	case formatPrintable:
		n := utf8.RuneCountInString(text)
		ok = utf8.ValidString(text) && !strings.ContainsFunc(text, isUnseen) && int64(n) >= f.Least && int64(n) <= f.Most
	case formatNote:
		text = accounts.CleanNote(text)
		ok = accounts.CheckNote(text) == ""
	case formatEmail:
		text = accounts.CleanEmail(text)
		ok = accounts.CheckEmail(text) == ""
	default:
		text = accounts.Clean(text)
		if f.enum != nil {
			ok = slices.Contains(f.enum, text)
		} else {
			ok = accounts.CheckText(text, int(f.Least), int(f.Most)) == ""
		}
	}
	to.SetString(text)
	return ok
}

func isUnseen(r rune) bool { return !unicode.IsPrint(r) }

func textRule(f *field) string {
	switch {
	case f.enum != nil:
		return "must be " + orList(f.enum)
	case f.format == formatSecret:
		return "must be a string"
	case f.format == formatNote:
		return fmt.Sprintf("must be plain text of at most %d characters; of the control characters it can contain only line feeds", f.Most)
	case f.format == formatEmail:
		return accounts.EmailRule
	case f.format == formatPrintable:
		return fmt.Sprintf("must be a string of %d to %d printable characters", f.Least, f.Most)
	}
	return fmt.Sprintf("must be plain text of %d to %d characters, without control characters", f.Least, f.Most)
}

func textsRule(f *field) string {
	switch {
	case f.in == inQuery:
		return "must be one or several of " + strings.Join(f.enum, ", ") + ", separated by commas, each once"
	case f.enum != nil:
		return "must be an array of " + orList(f.enum) + ", each once"
	}
	return fmt.Sprintf("must be an array of at most %d different strings of 1 to %d characters", f.items, f.Most)
}

// orList is "a, b or c".
func orList(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// ParseID reads an id in its usual form, a UUID of 36 characters. Of another text it is uuid.Nil.
func ParseID(text string) (id uuid.UUID, ok bool) {
	id, err := uuid.Parse(text)
	if err != nil || len(text) != len(exampleID) {
		return uuid.Nil, false
	}
	return id, true
}

func parseInteger(f *field, to reflect.Value, text string) bool {
	n, ok := parseWhole(text)
	if ok {
		to.SetInt(n)
	}
	return ok && n >= f.Least && n <= f.Most
}

// exactDigits is how many digits a double holds exactly.
const exactDigits = 15

// parseWhole reads a JSON number without a fraction, however it is written:
// 3, 3.0 and 3e0 are the same number.
func parseWhole(text string) (int64, bool) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, text[0] != '+' && (len(text) == 1 || text[0] != '0') && !strings.HasPrefix(text, "-0")
	}
	if len(text) > exactDigits || !gjson.Valid(text) {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	n := int64(f)
	return n, err == nil && f >= -1e15 && f <= 1e15 && float64(n) == f
}
