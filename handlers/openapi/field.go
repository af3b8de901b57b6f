package openapi

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"codexible/accounts"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"
)

// The tags that say where a field is. All but the body's are OpenAPI's words too.
const (
	inPath   = "path"
	inQuery  = "query"
	inHeader = "header"
	inBody   = "json"
)

// field is one field of a request.
type field struct {
	name  string
	in    string // "" if the field is not read
	index []int
	tag   reflect.StructTag
	// typ is the type of the value, without pointer or Patch around it.
	typ      reflect.Type
	kind     *kind
	pointer  bool
	nullable bool
	required bool
	// without names the field that this one is refused beside, and not required with; empty for none.
	without string
	// fallback is the value of an absent field; invalid if the tag names none, or the zero value, which a request has.
	fallback reflect.Value

	Bound

	// items is how many items a list may have; leastItems how many it needs.
	items, leastItems int64
	// nested reads the object that the field is, or each object of its list; nil for other fields.
	nested *Binder
	enum   []string
	format string
}

// defaultItems is how many texts a list may have if no tag says so.
const defaultItems = 32

func readField(f reflect.StructField) *field {
	read := &field{index: f.Index, tag: f.Tag, typ: f.Type, format: f.Tag.Get("format"), enum: enumOf(f.Tag)}
	for _, tag := range []string{inPath, inQuery, inHeader, inBody} {
		if name, found := f.Tag.Lookup(tag); found {
			read.name, read.in = name, tag
		}
	}
	if read.in == "" {
		return read
	}
	if p, is := reflect.TypeAssert[nullable](reflect.New(f.Type)); is {
		read.typ, read.nullable = p.valueType(), true
	}
	if read.typ.Kind() == reflect.Pointer {
		read.typ, read.pointer = read.typ.Elem(), true
	}
	if !read.readNested() {
		read.kind = kindOf(read.typ)
	}
	isWords := read.in == inQuery && read.enum != nil && read.typ == reflect.TypeFor[[]string]()
	switch onlyInBody := read.kind.json == "array" && !isWords || read.nullable || read.nested != nil; {
	case read.kind.parse == nil && read.nested == nil, onlyInBody && read.in != inBody, read.in == inPath && f.Type != reflect.TypeFor[uuid.UUID]():
		panic(fmt.Sprintf("openapi: %s cannot be a %s with the tag %s", read.name, f.Type, read.in))
	}
	read.required = read.in == inPath || f.Tag.Get("required") == "true"
	read.items, read.leastItems = number(f.Tag.Get("maxItems"), defaultItems), number(f.Tag.Get("minItems"), 0)
	read.Bound = boundOf(f.Tag, read.kind)
	read.readDefault()
	return read
}

// readDefault reads the value of an absent field, which must be one that the field
// takes. Requests share it, so a handler must not be able to change it.
func (f *field) readDefault() {
	text, found := f.tag.Lookup("default")
	if !found {
		return
	}
	f.fallback = reflect.New(f.typ).Elem()
	shared := f.pointer || f.nullable || f.kind.json == "array" || f.kind.json == "object"
	if shared || !f.kind.parse(f, f.fallback, text) {
		panic(fmt.Sprintf("openapi: %s cannot have the default %q", f.name, text))
	}
	if f.fallback.IsZero() {
		f.fallback = reflect.Value{}
	}
}

func boundOf(tag reflect.StructTag, k *kind) Bound {
	least, most := "minLength", "maxLength"
	if k.json == "integer" || k.json == "number" {
		least, most = "minimum", "maximum"
	}
	return Bound{Least: number(tag.Get(least), 0), Most: number(tag.Get(most), 1<<53)}
}

func number(text string, otherwise int64) int64 {
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic("openapi: a limit must be a whole number, not " + text)
	}
	return n
}

func enumOf(tag reflect.StructTag) []string {
	if list := tag.Get("enum"); list != "" {
		return strings.Split(list, ",")
	}
	return nil
}

// one takes the only value of a parameter.
func (f *field) one(values [][]byte, request reflect.Value) (problem string) {
	switch len(values) {
	case 0:
		return f.absent(request)
	case 1:
		return f.assign(request, string(values[0]))
	}
	return onlyOnce
}

// absent fills in the default.
func (f *field) absent(request reflect.Value) (problem string) {
	switch {
	case f.required && f.without != "":
		return "is required where " + f.without + " is absent"
	case f.required:
		return "is required"
	}
	if f.fallback.IsValid() {
		request.FieldByIndex(f.index).Set(f.fallback)
	}
	return ""
}

// fromJSON takes a value of the JSON type that the field has.
func (f *field) fromJSON(request reflect.Value, value gjson.Result) (problem string) {
	if f.nullable && value.Type == gjson.Null {
		request.FieldByIndex(f.index).Addr().Interface().(nullable).setNull()
		return ""
	}
	if !f.kind.takes(value) || f.format != formatSecret && value.Type == gjson.String && accounts.BrokenEscape(value.Raw) {
		return f.kind.rule(f)
	}
	if value.Type == gjson.String {
		return f.assign(request, value.Str)
	}
	return f.assign(request, value.Raw)
}

// assign parses a text as the field's type and stores it.
func (f *field) assign(request reflect.Value, text string) (problem string) {
	to := request.FieldByIndex(f.index)
	if f.nullable {
		to = to.Addr().Interface().(nullable).newValue()
	}
	if f.pointer {
		to.Set(reflect.New(f.typ))
		to = to.Elem()
	}
	parse := f.kind.parse
	if f.in == inQuery && f.kind.json == "array" {
		parse = parseWords
	}
	if !parse(f, to, text) {
		return f.kind.rule(f)
	}
	return ""
}

// parseWords reads a list of words that commas separate, each once and at least one.
func parseWords(f *field, to reflect.Value, text string) bool {
	list := strings.Split(text, ",")
	for i, word := range list {
		if !slices.Contains(f.enum, word) || slices.Contains(list[:i], word) {
			return false
		}
	}
	*pointerTo[[]string](to) = list
	return true
}

// pointerTo returns the address of a value, whose type has to be T.
func pointerTo[T any](v reflect.Value) *T { return v.Addr().Interface().(*T) }

// parseTexts reads an array of texts; one that is given twice is refused, as a field is.
func parseTexts(f *field, to reflect.Value, array string) bool {
	list, valid := []string{}, true
	gjson.Parse(array).ForEach(func(_, item gjson.Result) bool {
		text := strings.TrimSpace(item.Str)
		valid = item.Type == gjson.String && !accounts.BrokenEscape(item.Raw) && int64(len(list)) < f.items && f.textFits(text) && !slices.Contains(list, text)
		list = append(list, text)
		return valid
	})
	*pointerTo[[]string](to) = list
	return valid
}

// textFits is true for a text that the list allows.
func (f *field) textFits(text string) bool {
	if f.enum != nil {
		return slices.Contains(f.enum, text)
	}
	return accounts.CheckText(text, 1, int(f.Most)) == ""
}
