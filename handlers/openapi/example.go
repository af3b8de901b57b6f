package openapi

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// exampleBody shows a request with every field in it, but for those that refuse others.
func exampleBody(b *Binder) (example members) {
	for i, f := range b.fields {
		if slices.ContainsFunc(b.alternatives, func(a alternative) bool { return a.field == 1<<i }) {
			continue
		}
		switch f.kind {
		case refusedKind:
		case objectKind:
			example = example.with(f.name, exampleBody(f.nested))
		case mapKind:
			example = example.with(f.name, json.RawMessage(f.tag.Get("example")))
		case listKind:
			example = example.with(f.name, []members{exampleBody(f.nested)})
		default:
			example = example.with(f.name, f.kind.exampleOf(f.tag))
		}
	}
	return example
}

// exampleOf shows a value of a type of a response.
func exampleOf(t reflect.Type, tag reflect.StructTag) any {
	switch {
	case tag.Get("example") == "null":
		return nil
	case typesOf(t) != nil:
		return exampleOf(typesOf(t)[0], tag)
	case t.Kind() == reflect.Pointer:
		return exampleOf(t.Elem(), tag)
	case kinds[t] != nil:
	case t.Kind() == reflect.Slice:
		return []any{exampleOf(t.Elem(), "")}
	case t.Kind() == reflect.Map:
		return json.RawMessage(tag.Get("example"))
	case t.Kind() == reflect.Struct:
		var example members
		for _, f := range jsonFields(t) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			example = example.with(name, exampleOf(f.Type, f.Tag))
		}
		return example
	}
	return kindOf(t).exampleOf(tag)
}

// exampleOf shows a value that is no struct.
func (k *kind) exampleOf(tag reflect.StructTag) any {
	if text, found := tag.Lookup("example"); found {
		return k.literal(text)
	}
	if enum := enumOf(tag); enum != nil && k.json != "array" {
		return enum[0]
	}
	return k.literal(k.example)
}

// literal turns the text of a tag into a value: a string's content, or JSON.
func (k *kind) literal(text string) any {
	if k.json == "string" {
		return text
	}
	if !json.Valid([]byte(text)) {
		panic(fmt.Sprintf("openapi: %q is no JSON", text))
	}
	return json.RawMessage(text)
}
