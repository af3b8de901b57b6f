package openapi

import (
	"fmt"
	"reflect"

	"codexible/usage"

	"github.com/tidwall/gjson"
)

// The kinds of fields that are objects with fields of their own, and lists of them.
var (
	objectKind = &kind{json: "object", rule: says("must be an object")}
	mapKind    = &kind{json: "object", rule: func(f *field) string {
		return fmt.Sprintf("must be an object of at most %d objects, with names of 1 to 32 characters of a-z, 0-9, _ and -", f.items)
	}}
	listKind = &kind{json: "array", rule: func(f *field) string {
		return fmt.Sprintf("must be an array of %d to %d objects", f.leastItems, f.items)
	}}
)

// readNested makes the binder of a field that is a struct or a list of structs.
func (f *field) readNested() bool {
	object := f.typ
	f.kind = objectKind
	switch {
	case object.Kind() == reflect.Slice:
		f.kind, object = listKind, object.Elem()
	case object.Kind() == reflect.Map:
		f.kind, object = mapKind, object.Elem()
	}
	if object.Kind() != reflect.Struct || kinds[object] != nil {
		return false
	}
	if f.nested = newBinder(object); len(f.nested.params) > 0 {
		panic(fmt.Sprintf("openapi: the fields of %s are in a body", object))
	}
	return true
}

// bindValue reads the field's value of a body.
func (f *field) bindValue(request reflect.Value, value gjson.Result, wrong *problems) {
	if f.nested != nil {
		f.bindNested(request, value, wrong)
		return
	}
	wrong.add(f, f.fromJSON(request, value))
}

// bindNested reads the object or the list of objects that the field is.
func (f *field) bindNested(request reflect.Value, value gjson.Result, wrong *problems) {
	to := request.FieldByIndex(f.index)
	switch {
	case !f.kind.takes(value):
		wrong.add(f, f.kind.rule(f))
	case f.kind == listKind:
		if f.pointer { // nil where the field is absent
			to.Set(reflect.New(f.typ))
			to = to.Elem()
		}
		f.bindList(to, value, wrong)
	case f.kind == mapKind:
		f.bindMap(to, value, wrong)
	case f.pointer:
		to.Set(reflect.New(f.typ))
		f.nested.bindAt(f.name, value, to.Elem(), wrong)
	default:
		f.nested.bindAt(f.name, value, to, wrong)
	}
}

func (f *field) bindList(to reflect.Value, list gjson.Result, wrong *problems) {
	n := int64(0)
	list.ForEach(func(_, item gjson.Result) bool {
		path := fmt.Sprintf("%s[%d]", f.name, n)
		n++
		switch {
		case n > f.items:
			return false
		case !item.IsObject():
			wrong.set(path, objectKind.rule(f))
			return true
		}
		to.Set(reflect.Append(to, reflect.Zero(f.typ.Elem())))
		f.nested.bindAt(path, item, to.Index(to.Len()-1), wrong)
		return true
	})
	if n < f.leastItems || n > f.items {
		wrong.add(f, f.kind.rule(f))
	}
}

// bindMap reads an object whose fields have names that the caller chooses.
func (f *field) bindMap(to reflect.Value, object gjson.Result, wrong *problems) {
	to.Set(reflect.MakeMap(f.typ))
	object.ForEach(func(key, value gjson.Result) bool {
		name := reflect.ValueOf(key.Str)
		path := f.name + "." + key.Str
		switch {
		case key.Str == "" || !usage.ValidTier(key.Str) || int64(to.Len()) == f.items:
			wrong.add(f, f.kind.rule(f)) // the name is not repeated: it may be long
			return false
		case to.MapIndex(name).IsValid():
			wrong.set(path, onlyOnce)
			return true
		case !value.IsObject():
			wrong.set(path, objectKind.rule(f))
			return true
		}
		item := reflect.New(f.typ.Elem()).Elem()
		f.nested.bindAt(path, value, item, wrong)
		to.SetMapIndex(name, item)
		return true
	})
}

// bindAt fills an object within a body. The names of its fields begin with its path.
func (b *Binder) bindAt(path string, object gjson.Result, into reflect.Value, wrong *problems) {
	var own problems
	b.body(object, true, into, &own)
	for name, problem := range own {
		wrong.set(path+"."+name, problem)
	}
}

// nestedSchema is the schema of a field that is an object or a list of objects.
func (s *schemas) nestedSchema(f *field) members {
	schema := s.body(f.nested)
	if f.kind == listKind {
		list := members{{"type", "array"}, {"items", schema}, {"minItems", f.leastItems}, {"maxItems", f.items}}
		if !f.required {
			list = orNull(list)
		}
		return explained(list, f.tag)
	}
	if f.kind == mapKind {
		schema = members{{"type", "object"}, {"additionalProperties", schema}, {"maxProperties", f.items}}
		if !f.required {
			schema = orNull(schema)
		}
		return explained(schema, f.tag)
	}
	if !f.required {
		schema = members{{"anyOf", []members{schema, {{"type", "null"}}}}}
	}
	return explained(schema, f.tag)
}

// OneOf describes a response that is an A or a B.
type OneOf[A, B any] struct{}

type alternatives interface{ types() []reflect.Type }

func (OneOf[A, B]) types() []reflect.Type {
	return []reflect.Type{reflect.TypeFor[A](), reflect.TypeFor[B]()}
}

// typesOf are the types of which a response has one; nil for a single type.
func typesOf(t reflect.Type) []reflect.Type {
	if one, is := reflect.TypeAssert[alternatives](reflect.Zero(t)); is {
		return one.types()
	}
	return nil
}
