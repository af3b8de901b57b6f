// Package openapi reads requests and describes them in an OpenAPI document, both
// by the tags of the same types, so that the document says what is checked. It
// knows no HTTP library: it reads a request through a Source.
package openapi

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"codexible/fault"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"
)

// Source is a request as a Binder reads it. Texts may be overwritten after Bind
// has returned: what is kept of them is copied.
type Source interface {
	// PathID returns an id in the path, or the error for an id that does not exist.
	PathID(name string) (uuid.UUID, error)
	// HeaderValues returns every value of a header.
	HeaderValues(name string) [][]byte
	// QueryValues returns every value of a query parameter, decoded.
	QueryValues(name string) [][]byte
	// BodyObject returns the body, a JSON object. given is false without a
	// body, which is an error only if one is needed.
	BodyObject(needed bool) (object gjson.Result, given bool, err error)
}

// Binder reads the requests of one type. It is made once, by the tags of the
// type's fields, and used by any number of goroutines.
//
// Tags: path, query, header or json name the field and say where it is; required
// (of a JSON field), default, minimum, maximum, minLength, maxLength, enum and
// format limit it; doc and example explain it. In a list of texts, enum and maxLength
// limit each text, and maxItems their number. In a query a list needs an enum, and commas
// separate its words.
// A field of a body may also be a struct with such tags, or a list of structs, of
// which minItems and maxItems limit the number; a problem names hold.credits or items[3].key.
// A field that names another one of the same body by without is refused beside it, and
// is required, where it is, only without it.
// A field with none of the first four is not read. A pointer is nil where the
// field is absent.
type Binder struct {
	request reflect.Type
	params  []*field
	fields  []*field
	// bodyNeeded is true if the JSON body has a required field.
	bodyNeeded   bool
	alternatives []alternative
	// strict refuses fields that the type does not have.
	strict bool
}

// alternative is a field and the fields that it refuses beside it, as bits.
type alternative struct{ field, refused uint64 }

// maxFields is how many fields a body may have: one bit each.
const maxFields = 64

// NewBinder makes the binder of a request type. It panics on a type that it cannot read,
// which is a mistake in the program.
func NewBinder[Request any]() *Binder { return newBinder(reflect.TypeFor[Request]()) }

// NewStrictBinder makes a binder that refuses fields that the type does not have, as suits
// a file that a person writes.
func NewStrictBinder[Request any]() *Binder {
	b := NewBinder[Request]()
	b.beStrict()
	return b
}

func (b *Binder) beStrict() {
	b.strict = true
	for _, f := range b.fields {
		if f.nested != nil {
			f.nested.beStrict()
		}
	}
}

func newBinder(request reflect.Type) *Binder {
	b := &Binder{request: request}
	for _, f := range reflect.VisibleFields(b.request) {
		if f.Anonymous || !f.IsExported() {
			continue
		}
		read := readField(f)
		switch read.in {
		case "":
		case inBody:
			b.fields = append(b.fields, read)
			b.bodyNeeded = b.bodyNeeded || read.required
		default:
			b.params = append(b.params, read)
		}
	}
	if len(b.fields) > maxFields {
		panic(fmt.Sprintf("openapi: %s has more than %d fields", b.request, maxFields))
	}
	b.readAlternatives()
	return b
}

// readAlternatives finds the fields that the tag without names. Types that share
// fields need not have it.
func (b *Binder) readAlternatives() {
	for i, f := range b.fields {
		other := slices.IndexFunc(b.fields, func(o *field) bool { return o.name == f.tag.Get("without") })
		if other < 0 {
			continue
		}
		f.without = b.fields[other].name
		at := slices.IndexFunc(b.alternatives, func(a alternative) bool { return a.field == 1<<other })
		if at < 0 {
			at = len(b.alternatives)
			b.alternatives = append(b.alternatives, alternative{field: 1 << other})
		}
		b.alternatives[at].refused |= 1 << i
	}
}

// Bound is the least and the most of a number, or of a text's length in characters.
type Bound struct{ Least, Most int64 }

// Bounds are the limits of every parameter and field, by name, as they are checked;
// those of the fields of objects within the body too.
func (b *Binder) Bounds() map[string]Bound {
	bounds := map[string]Bound{}
	for _, f := range slices.Concat(b.params, b.fields) {
		bounds[f.name] = f.Bound
		if f.nested != nil {
			maps.Copy(bounds, f.nested.Bounds())
		}
	}
	return bounds
}

// Bind fills a request, which is a zero one behind a pointer, from the path, the
// query, the headers and the body. All wrong fields are reported in one error.
func (b *Binder) Bind(from Source, into any) error {
	request := reflect.ValueOf(into).Elem()
	var wrong problems
	for _, f := range b.params {
		var problem string
		switch f.in {
		case inPath:
			id, err := from.PathID(f.name)
			if err != nil {
				return err
			}
			*pointerTo[uuid.UUID](request.FieldByIndex(f.index)) = id
		case inHeader:
			problem = f.one(from.HeaderValues(f.name), request)
		default:
			problem = f.one(from.QueryValues(f.name), request)
		}
		wrong.add(f, problem)
	}
	if len(b.fields) > 0 {
		body, given, err := from.BodyObject(b.bodyNeeded)
		if err != nil {
			return err
		}
		b.body(body, given, request, &wrong)
	}
	if wrong != nil {
		return fault.InvalidFields(wrong)
	}
	return nil
}

// body reads the fields of a JSON object. Unknown fields are ignored; null means
// absent unless the field says otherwise.
func (b *Binder) body(body gjson.Result, given bool, request reflect.Value, wrong *problems) {
	var seen, filled uint64
	if given {
		body.ForEach(func(key, value gjson.Result) bool {
			i := slices.IndexFunc(b.fields, func(f *field) bool { return f.name == key.Str })
			if i < 0 {
				b.unknown(key.Str, wrong)
				return true
			}
			f, bit := b.fields[i], uint64(1)<<i
			if seen&bit != 0 {
				wrong.add(f, onlyOnce)
				return true
			}
			seen |= bit
			if value.Type == gjson.Null && !f.nullable {
				return true
			}
			filled |= bit
			f.bindValue(request, value, wrong)
			return true
		})
	}
	refused := uint64(0)
	for _, a := range b.alternatives {
		if filled&a.field != 0 {
			refused |= a.refused
		}
	}
	for i, f := range b.fields {
		switch bit := uint64(1) << i; {
		case filled&refused&bit != 0:
			wrong.add(f, "must be absent beside "+f.without)
		case filled&bit == 0 && refused&bit == 0 && wrong.of(f) == "":
			wrong.add(f, f.absent(request))
		}
	}
}

// problems is what is wrong with each field of a request.
type problems map[string]string

// unknown reports a field that there is not, by a name that may be anything, where the binder is strict.
func (b *Binder) unknown(name string, p *problems) {
	if !b.strict {
		return
	}
	if len(name) > maxShownName || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		name = "a field"
	}
	p.set(name, "is not known here: look at its spelling and its indentation")
}

// maxShownName is how long the name of an unknown field may be to be repeated.
const maxShownName = 64

// onlyOnce is the problem of a repeated field.
const onlyOnce = "must be given only once"

func (p *problems) add(f *field, problem string) {
	if problem != "" {
		p.set(f.name, problem)
	}
}

func (p *problems) set(name, problem string) {
	if *p == nil {
		*p = problems{}
	}
	(*p)[name] = problem
}

func (p *problems) of(f *field) string { return (*p)[f.name] }

// failures are the kinds with which reading a request can fail.
func (b *Binder) failures() (kinds []fault.Kind) {
	if len(b.fields) > 0 {
		kinds = append(kinds, fault.BadRequest, fault.PayloadTooLarge, fault.UnsupportedMediaType, fault.Invalid)
	}
	for _, f := range b.params {
		if f.in == inPath {
			kinds = append(kinds, fault.NotFound)
		} else {
			kinds = append(kinds, fault.Invalid)
		}
	}
	return kinds
}
