package handlers

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

const schemaRef = "#/components/schemas/"

// schemas gathers the schemas of the document by the names of their types.
type schemas struct{ list members }

// of gives the schema of a type of an answer; a struct becomes a component.
func (s *schemas) of(t reflect.Type, tag reflect.StructTag) members {
	_, known := kinds[t]
	switch {
	case t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct && kinds[t.Elem()] == 0:
		return explained(members{{"anyOf", []members{s.of(t.Elem(), ""), {{"type", "null"}}}}}, tag)
	case t.Kind() == reflect.Pointer:
		return orNull(s.of(t.Elem(), tag))
	case known:
		return scalar(kindOf(t), tag, enumOf(tag))
	case t.Kind() == reflect.Slice:
		return members{{"type", "array"}, {"items", s.of(t.Elem(), "")}}
	case t.Kind() == reflect.Map:
		return explained(members{{"type", "object"}, {"additionalProperties", s.of(t.Elem(), "")}}, tag)
	case t.Kind() == reflect.Struct:
		return explained(s.component(t), tag)
	}
	return scalar(kindOf(t), tag, enumOf(tag))
}

func (s *schemas) component(t reflect.Type) members {
	name := typeName(t)
	reference := members{{"$ref", schemaRef + name}}
	if s.has(name) {
		return reference
	}
	s.list = s.list.with(name, nil)
	place := len(s.list) - 1
	var properties members
	var required []string
	for _, f := range jsonFields(t) {
		field, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		properties = properties.with(field, s.of(f.Type, f.Tag))
		if options != "omitempty" {
			required = append(required, field)
		}
	}
	s.list[place].value = members{{"type", "object"}, {"properties", properties}, {"required", required}}
	return reference
}

// body gives the schema of a request's body.
func (s *schemas) body(t reflect.Type, shape *shape) members {
	name := typeName(t)
	reference := members{{"$ref", schemaRef + name}}
	if s.has(name) {
		return reference
	}
	var properties members
	var required []string
	for _, f := range shape.fields {
		schema := f.schema()
		if f.required {
			required = append(required, f.name)
		} else {
			schema = orNull(schema)
		}
		properties = properties.with(f.name, schema)
	}
	schema := members{{"type", "object"}, {"properties", properties}}
	if required != nil {
		schema = schema.with("required", required)
	}
	s.list = s.list.with(name, schema)
	return reference
}

func (s *schemas) has(name string) bool {
	return slices.ContainsFunc(s.list, func(m member) bool { return m.name == name })
}

func typeName(t reflect.Type) string { return strings.ToUpper(t.Name()[:1]) + t.Name()[1:] }

func jsonFields(t reflect.Type) (list []reflect.StructField) {
	for _, f := range reflect.VisibleFields(t) {
		if _, found := f.Tag.Lookup("json"); found {
			list = append(list, f)
		}
	}
	return list
}

// schema gives the schema of a request's field, by the rules it is checked by.
func (f *field) schema() members {
	schema := scalar(f.kind, f.tag, f.enum)
	if f.hasDef {
		schema = schema.with("default", exampleValue(f.kind, f.fallback))
	}
	return schema
}

// scalar is the schema of a value that is no struct.
func scalar(k kind, tag reflect.StructTag, enum []string) members {
	var schema members
	switch k {
	case textKind:
		schema = members{{"type", "string"}}
		if format := tag.Get("format"); format == formatSecret {
			schema = schema.with("format", format)
		}
	case wholeKind:
		schema = members{{"type", "integer"}, {"format", "int64"}}
	case boolKind:
		schema = members{{"type", "boolean"}}
	case uuidKind:
		schema = members{{"type", "string"}, {"format", "uuid"}}
	case timeKind:
		schema = members{{"type", "string"}, {"format", "date-time"}}
	case dayKind:
		schema = members{{"type", "string"}, {"format", "date"}}
	case moneyKind:
		schema = members{{"type", "number"}, {"minimum", 0}}
	case objectKind:
		schema = members{{"type", "object"}}
	case addressKind:
		schema = members{{"type", "string"}}
	case textsKind:
		return listOfTexts(tag, enum)
	}
	if enum != nil {
		schema = schema.with("enum", anys(enum))
	}
	for _, bound := range []string{"minimum", "maximum", "minLength", "maxLength"} {
		if text, found := tag.Lookup(bound); found && k != objectKind {
			schema = schema.with(bound, json.Number(text))
		}
	}
	return explained(schema, tag)
}

// listOfTexts is the schema of an array of texts, whose bounds are those of each.
func listOfTexts(tag reflect.StructTag, enum []string) members {
	item := members{{"type", "string"}}
	if enum != nil {
		item = item.with("enum", anys(enum))
	}
	if text, found := tag.Lookup("maxLength"); found {
		item = item.with("minLength", 1).with("maxLength", json.Number(text))
	}
	schema := members{{"type", "array"}, {"items", item}}
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
	case schema[0].name == "$ref": // many tools overlook what stands beside a reference
		schema = members{{"allOf", []members{schema}}}
	}
	return schema.with("description", text)
}

func enumOf(tag reflect.StructTag) []string {
	if list := tag.Get("enum"); list != "" {
		return strings.Split(list, ",")
	}
	return nil
}

func anys(texts []string) []any {
	list := make([]any, len(texts))
	for i, text := range texts {
		list[i] = text
	}
	return list
}

// orNull lets a scalar be null too.
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

// exampleBody shows a request with every field in it.
func exampleBody(s *shape) (example members) {
	for _, f := range s.fields {
		example = example.with(f.name, exampleScalar(f.kind, f.tag))
	}
	return example
}

// exampleOf shows a value of a type of an answer.
func exampleOf(t reflect.Type, tag reflect.StructTag) any {
	_, known := kinds[t]
	switch {
	case tag.Get("example") == "null":
		return nil
	case t.Kind() == reflect.Pointer:
		return exampleOf(t.Elem(), tag)
	case known:
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
	return exampleScalar(kindOf(t), tag)
}

func exampleScalar(k kind, tag reflect.StructTag) any {
	if text, found := tag.Lookup("example"); found {
		return exampleValue(k, text)
	}
	if enum := enumOf(tag); enum != nil && k != textsKind {
		return enum[0]
	}
	return exampleValue(k, map[kind]string{
		wholeKind: "0", boolKind: "false", moneyKind: "0", objectKind: "{}", textsKind: "[]", addressKind: "203.0.113.7", dayKind: "2026-03-04",
		timeKind: "2026-03-04T12:00:00Z", uuidKind: "0190163d-8694-739b-aea5-966c26f8ad91",
	}[k])
}

// exampleValue turns the text of a tag into JSON.
func exampleValue(k kind, text string) any {
	switch k {
	case wholeKind, boolKind, moneyKind, objectKind, textsKind:
		if !json.Valid([]byte(text)) {
			panic(fmt.Sprintf("handlers: %q is no JSON", text))
		}
		return json.RawMessage(text)
	default:
		return text
	}
}
