package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// schemas collects the schemas of the document by the names of their types.
type schemas struct{ list members }

// of returns the schema of a type of a response; a struct becomes a component.
func (s *schemas) of(t reflect.Type, tag reflect.StructTag) members {
	switch {
	case typesOf(t) != nil:
		var types []members
		for _, each := range typesOf(t) {
			types = append(types, s.of(each, ""))
		}
		return explained(members{{"anyOf", types}}, tag)
	case t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct && kinds[t.Elem()] == nil:
		return explained(members{{"anyOf", []members{s.of(t.Elem(), ""), {{"type", "null"}}}}}, tag)
	case t.Kind() == reflect.Pointer:
		return orNull(s.of(t.Elem(), tag))
	case kinds[t] != nil:
		return kinds[t].value(tag)
	case t.Kind() == reflect.Slice:
		return members{{"type", "array"}, {"items", s.of(t.Elem(), "")}}
	case t.Kind() == reflect.Map:
		return explained(members{{"type", "object"}, {"additionalProperties", s.of(t.Elem(), "")}}, tag)
	case t.Kind() == reflect.Struct:
		return explained(s.component(t), tag)
	}
	return kindOf(t).value(tag)
}

func (s *schemas) component(t reflect.Type) members {
	name := typeName(t)
	reference := members{{"$ref", "#/components/schemas/" + name}}
	if s.list.index(name) >= 0 {
		return reference
	}
	at := len(s.list)
	s.list = s.list.with(name, nil) // reserved first, for a type that holds itself
	var properties members
	var required []string
	for _, f := range jsonFields(t) {
		field, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		properties = properties.with(field, s.of(f.Type, f.Tag))
		if options != "omitempty" {
			required = append(required, field)
		}
	}
	s.list[at].value = members{{"type", "object"}, {"properties", properties}, {"required", required}}
	return reference
}

// JSONSchema is the schema of the body by itself, as editors of files use it.
func (b *Binder) JSONSchema(title string) []byte {
	var s schemas
	reference := s.body(b)
	schema := append(members{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", title}}, reference...)
	text, err := json.MarshalIndent(schema.with("$defs", s.list), "", "  ")
	if err != nil {
		panic(err) // it is made of texts and numbers
	}
	return append(bytes.ReplaceAll(text, []byte(`"#/components/schemas/`), []byte(`"#/$defs/`)), '\n')
}

// body returns a reference to the schema of a request's body.
func (s *schemas) body(b *Binder) members {
	name := typeName(b.request)
	reference := members{{"$ref", "#/components/schemas/" + name}}
	if s.list.index(name) >= 0 {
		return reference
	}
	var properties members
	var required []string
	for _, f := range b.fields {
		if f.alwaysRequired() {
			required = append(required, f.name)
		}
		if f.kind != refusedKind {
			properties = properties.with(f.name, s.field(f))
		}
	}
	schema := members{{"type", "object"}, {"properties", properties}}
	if required != nil {
		schema = schema.with("required", required)
	}
	if b.strict {
		schema = schema.with("additionalProperties", false)
	}
	s.list = s.list.with(name, schema)
	return reference
}

// field returns the schema of a field of a body.
func (s *schemas) field(f *field) members {
	switch {
	case f.nested != nil:
		return s.nestedSchema(f)
	case f.alwaysRequired():
		return f.kind.value(f.tag)
	}
	return orNull(f.withDefaultInWords())
}

// withDefaultInWords is the schema of an optional field of a body. Its default is in the
// description: generators of clients take a field with the keyword for one that must be sent.
func (f *field) withDefaultInWords() members {
	schema := f.kind.value(f.tag)
	text, found := f.tag.Lookup("default")
	if !found {
		return schema
	}
	words := "If absent: " + text + "."
	if at := schema.index("description"); at >= 0 {
		schema[at].value = fmt.Sprint(schema[at].value) + " " + words
		return schema
	}
	return schema.with("description", words)
}

func (f *field) alwaysRequired() bool { return f.required && f.without == "" }

func typeName(t reflect.Type) string { return strings.ToUpper(t.Name()[:1]) + t.Name()[1:] }

func jsonFields(t reflect.Type) (list []reflect.StructField) {
	for _, f := range reflect.VisibleFields(t) {
		if _, found := f.Tag.Lookup("json"); found {
			list = append(list, f)
		}
	}
	return list
}

// schema returns the schema of a parameter of a request, by the rules that it is checked by.
func (f *field) schema() members {
	schema := f.kind.value(f.tag)
	if text, found := f.tag.Lookup("default"); found {
		schema = schema.with("default", f.kind.literal(text))
	}
	return schema
}

// value is the schema of a value that is no struct.
func (k *kind) value(tag reflect.StructTag) members {
	if k.json == "array" && k.keywords == nil {
		return listOfTexts(tag)
	}
	schema := members{{"type", k.json}}
	if k.json == "number" {
		schema = schema.with("format", "double") // generators of clients take others for short ones, which round money
	}
	schema = append(schema, k.keywords...)
	if format := tag.Get("format"); format == formatSecret {
		schema = schema.with("format", format)
	}
	if enum := enumOf(tag); enum != nil {
		schema = schema.with("enum", anys(enum))
	}
	for _, bound := range []string{"minimum", "maximum", "minLength", "maxLength"} {
		if text, found := tag.Lookup(bound); found && k.json != "object" {
			schema = schema.with(bound, json.Number(text))
		}
	}
	return explained(schema, tag)
}

// listOfTexts is the schema of an array of texts, whose limits are those of each.
func listOfTexts(tag reflect.StructTag) members {
	item := members{{"type", "string"}}
	if enum := enumOf(tag); enum != nil {
		item = item.with("enum", anys(enum))
	}
	if text, found := tag.Lookup("maxLength"); found {
		item = item.with("minLength", 1).with("maxLength", json.Number(text))
	}
	schema := members{{"type", "array"}, {"items", item}}
	if text, found := tag.Lookup("minItems"); found {
		schema = schema.with("minItems", json.Number(text))
	}
	if text, found := tag.Lookup("maxItems"); found {
		schema = schema.with("maxItems", json.Number(text)).with("uniqueItems", true)
	}
	return explained(schema, tag)
}

func explained(schema members, tag reflect.StructTag) members {
	text := tag.Get("doc")
	switch {
	case text == "":
		return schema
	case schema[0].name == "$ref": // many tools ignore the siblings of a reference
		schema = members{{"allOf", []members{schema}}}
	}
	return schema.with("description", text)
}

func anys(texts []string) []any {
	list := make([]any, len(texts))
	for i, text := range texts {
		list[i] = text
	}
	return list
}

// orNull allows null beside a value that is no struct.
func orNull(schema members) members {
	schema = slices.Clone(schema)
	for i, m := range schema {
		switch m.name {
		case "type":
			schema[i].value = []any{m.value, "null"}
		case "enum":
			allowed, _ := m.value.([]any)
			schema[i].value = append(slices.Clone(allowed), nil)
		}
	}
	return schema
}
