package handlers

import (
	"fmt"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"time"

	"codexible/usage"

	"github.com/google/uuid"
)

// shape is a request type, read once from its struct tags: what the binder
// checks and what the OpenAPI document says are both taken from it.
//
// Tags: path, query, header or json name the field and where it is; required
// (of a JSON field), default, minimum, maximum, minLength, maxLength, enum and
// format bound it; doc and example explain it. Of a list of texts, which only a
// body can hold, enum and maxLength bound each, and maxItems how many there are.
type shape struct {
	params []*field
	fields []*field
	// bodyNeeded tells that the JSON body has a required field.
	bodyNeeded bool
}

// field is one field of a request.
type field struct {
	name  string
	in    string // path, query, header or body
	index []int
	tag   reflect.StructTag
	// typ is the type of the value, without pointer or patch around it.
	typ      reflect.Type
	kind     kind
	pointer  bool
	nullable bool
	required bool
	// fallback is the default as text; hasDef tells that there is one, zeroDef that
	// a request holds it before anything is assigned.
	fallback string
	hasDef   bool
	zeroDef  bool

	least, most int64
	// items is how many texts a list may have.
	items  int64
	enum   []string
	format string
}

// kind is how a value is written.
type kind uint8

const (
	textKind kind = iota
	wholeKind
	boolKind
	uuidKind
	timeKind
	dayKind
	moneyKind
	objectKind
	textsKind
	addressKind
)

var kinds = map[reflect.Type]kind{
	reflect.TypeFor[uuid.UUID]():  uuidKind,
	reflect.TypeFor[time.Time]():  timeKind,
	reflect.TypeFor[instant]():    timeKind,
	reflect.TypeFor[usage.Day]():  dayKind,
	reflect.TypeFor[usd]():        moneyKind,
	reflect.TypeFor[object]():     objectKind,
	reflect.TypeFor[[]string]():   textsKind,
	reflect.TypeFor[netip.Addr](): addressKind,
}

func kindOf(t reflect.Type) kind {
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
		panic(fmt.Sprintf("handlers: no field of a request can be a %s", t))
	}
}

// shapeOf reads a request type. What it cannot read is a mistake in the
// program, so it panics at the start.
func shapeOf(t reflect.Type) *shape {
	s := &shape{}
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous || !f.IsExported() {
			continue
		}
		read := readField(f)
		switch read.in {
		case "":
		case "body":
			s.fields = append(s.fields, read)
			s.bodyNeeded = s.bodyNeeded || read.required
		default:
			s.params = append(s.params, read)
		}
	}
	if len(s.fields) > maxFields {
		panic(fmt.Sprintf("handlers: %s has more than %d fields", t, maxFields))
	}
	return s
}

func readField(f reflect.StructField) *field {
	read := &field{index: f.Index, tag: f.Tag, typ: f.Type}
	for _, in := range []string{"path", "query", "header", "json"} {
		if name, found := f.Tag.Lookup(in); found {
			read.name, read.in = name, strings.Replace(in, "json", "body", 1)
		}
	}
	if read.in == "" {
		return read // such as the embedded caller's
	}
	if _, read.nullable = reflect.TypeAssert[interface{ nullable() }](reflect.Zero(f.Type)); read.nullable {
		read.typ = f.Type.Field(1).Type
	}
	if read.typ.Kind() == reflect.Pointer {
		read.typ, read.pointer = read.typ.Elem(), true
	}
	read.kind = kindOf(read.typ)
	read.required = read.in == "path" || f.Tag.Get("required") == "true"
	read.fallback, read.hasDef = f.Tag.Lookup("default")
	read.zeroDef = !read.pointer && !read.nullable && (read.kind == wholeKind && read.fallback == "0" || read.kind == boolKind && read.fallback == "false")
	read.least, read.most = bounds(f.Tag, read.kind)
	read.items = number(f.Tag.Get("maxItems"), defaultItems)
	read.format = f.Tag.Get("format")
	if list := f.Tag.Get("enum"); list != "" {
		read.enum = strings.Split(list, ",")
	}
	if read.kind == textsKind && read.in != "body" {
		panic("handlers: a list of texts has to be in a body, not " + read.name)
	}
	return read
}

// defaultItems is how many texts a list may have that says nothing of it.
const defaultItems = 32

// bounds reads the least and the most of a number, or of a text's length in characters.
func bounds(tag reflect.StructTag, k kind) (least, most int64) {
	low, high := "minimum", "maximum"
	if k == textKind || k == objectKind || k == textsKind {
		low, high = "minLength", "maxLength"
	}
	return number(tag.Get(low), 0), number(tag.Get(high), 1<<53)
}

func number(text string, otherwise int64) int64 {
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic("handlers: a bound has to be a whole number, not " + text)
	}
	return n
}
