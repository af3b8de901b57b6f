package openapi

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"codexible/fault"
)

// Document describes the API of a service. Every list keeps its order.
type Document struct {
	Title, Version string
	// About explains, in Markdown, what holds for every operation.
	About      string
	Tags       []Tag
	Headers    []Header
	Operations []Operation
	// FailureBody is the type of the body of every failure.
	FailureBody reflect.Type
	// Failures describe the kinds of failures, each once.
	Failures []Failure
	// Shared are sets of kinds that are one response: kinds of one status that
	// many operations have together.
	Shared []Shared
}

// Tag is a group of operations.
type Tag struct{ Name, About string }

// Header is a header of responses. Type is its type in JSON Schema.
type Header struct{ Name, About, Type string }

// Failure is a kind of failure as a caller meets it.
type Failure struct {
	Kind   fault.Kind
	Status int
	// When says in which cases a request fails with it.
	When string
	// Example is a body.
	Example any
}

// Shared is a response that stands for several kinds.
type Shared struct {
	Name  string
	Kinds []fault.Kind
}

// Operation is a method of a path.
type Operation struct {
	// ID is the operation's name for programs, as for a generated client. It is unique.
	ID string
	// Method is an HTTP method; Path has parameters in braces.
	Method, Path string
	Tag, Summary string
	// Scope is the scope that the key needs; the operation takes no key if it is empty.
	Scope string
	// Session is true where a customer's session is sent in place of a key.
	Session bool
	// Role is the role that the key's user needs beside the scope; empty for none.
	Role string
	// Request reads the parameters and the body.
	Request *Binder
	// Response is the type of the body. It is nil if the body is none of our types; then
	// Media is its media type, or several with commas between. Beside a Response, Media is what the header Accept can ask for instead.
	Response reflect.Type
	Media    string
	// Headers are the names of the response's headers.
	Headers []string
	// Also are statuses with the same body as 200.
	Also []int
	// Tagged is true where 304 answers who has the response, by its ETag.
	Tagged bool
	// Failures are the kinds that do not follow from reading the request.
	Failures []fault.Kind
}

const mediaJSON = "application/json"

// JSON returns the document in OpenAPI 3.1. It panics where the document would
// be wrong, which is a mistake in the program.
func (d Document) JSON() []byte {
	w := &writer{Document: d}
	text, err := json.MarshalIndent(w.document(), "", "  ")
	if err != nil {
		panic(err) // it is made of texts and numbers
	}
	return append(text, '\n')
}

// writer writes a document and collects the schemas that it refers to.
type writer struct {
	Document
	schemas schemas
}

func (w *writer) document() members {
	w.schemas.of(w.FailureBody, "")
	var tags []members
	for _, t := range w.Tags {
		tags = append(tags, members{{"name", t.Name}, {"description", t.About}})
	}
	var headers members
	for _, h := range w.Headers {
		headers = headers.with(h.Name, members{{"description", h.About}, {"schema", members{{"type", h.Type}}}})
	}
	paths := w.paths()
	return members{
		{"openapi", "3.1.0"},
		{"info", members{{"title", w.Title}, {"version", w.Version}, {"description", w.About}}},
		{"servers", []members{{{"url", "/"}}}},
		{"tags", tags},
		{"paths", paths},
		{"components", members{
			{"securitySchemes", members{{"key", members{{"type", "http"}, {"scheme", "bearer"}, {"description", "An API key."}}}}},
			{"headers", headers},
			{"responses", w.failures()},
			{"schemas", w.schemas.list},
		}},
	}
}

// paths are the operations by their paths, in the order in which the paths come first.
func (w *writer) paths() (paths members) {
	ids := map[string]bool{}
	for _, op := range w.Operations {
		if op.ID == "" || ids[op.ID] {
			panic(fmt.Sprintf("openapi: %s %s needs an id of its own, not %q", op.Method, op.Path, op.ID))
		}
		ids[op.ID] = true
		i := paths.index(op.Path)
		if i < 0 {
			i = len(paths)
			paths = paths.with(op.Path, members(nil))
		}
		methods, _ := paths[i].value.(members)
		paths[i].value = methods.with(strings.ToLower(op.Method), w.operation(op))
	}
	return paths
}

func (w *writer) operation(op Operation) members {
	text := members{{"operationId", op.ID}, {"tags", []string{op.Tag}}, {"summary", op.Summary}}
	switch {
	case op.Session:
		text = text.with("description", "Needs a session.").with("security", []members{{{"key", []string{}}}})
	case op.Scope == "":
		text = text.with("security", []members{})
	default:
		needs := "The key needs the scope `" + op.Scope + "`"
		if op.Role != "" {
			needs += ", and its user the role `" + op.Role + "`"
		}
		text = text.with("description", needs+".").with("security", []members{{{"key", []string{}}}}).with("x-required-scope", op.Scope)
	}
	if params := parameters(op.Request); params != nil {
		text = text.with("parameters", params)
	}
	if len(op.Request.fields) > 0 {
		text = text.with("requestBody", members{{"required", op.Request.bodyNeeded}, {"content", members{{mediaJSON, members{
			{"schema", w.schemas.body(op.Request)}, {"example", exampleBody(op.Request)},
		}}}}})
	}
	return text.with("responses", w.responses(op))
}

func parameters(b *Binder) (list []members) {
	for _, f := range b.params {
		param := members{{"name", f.name}, {"in", f.in}, {"description", f.tag.Get("doc")}}
		if f.required {
			param = param.with("required", true)
		}
		if f.kind.json == "array" { // commas separate the words
			param = param.with("style", "form").with("explode", false)
		}
		list = append(list, param.with("schema", f.schema()))
	}
	return list
}

func (w *writer) responses(op Operation) (list members) {
	for _, status := range append([]int{200}, op.Also...) {
		list = list.with(strconv.Itoa(status), w.success(op))
	}
	if op.Tagged {
		list = list.with("304", members{{"description", "The response that has the ETag of If-None-Match is still the same."}})
	}
	byStatus := map[int][]fault.Kind{}
	var statuses []int
	for _, kind := range op.kinds() {
		status := w.failure(kind).Status
		if byStatus[status] == nil {
			statuses = append(statuses, status)
		}
		byStatus[status] = append(byStatus[status], kind)
	}
	for _, status := range statuses {
		list = list.with(strconv.Itoa(status), w.failed(byStatus[status]))
	}
	return list
}

func (w *writer) success(op Operation) members {
	var headers members
	for _, name := range op.Headers {
		headers = headers.with(name, members{{"$ref", "#/components/headers/" + name}})
	}
	var content members
	if op.Response != nil {
		content = content.with(mediaJSON, members{{"schema", w.schemas.of(op.Response, "")}, {"example", exampleOf(op.Response, "")}})
	}
	if op.Media != "" {
		schema := members{{"type", "string"}}
		if op.Media == mediaJSON {
			schema = members{{"type", "object"}, {"additionalProperties", true}}
		}
		for media := range strings.SplitSeq(op.Media, ", ") {
			content = content.with(media, members{{"schema", schema}})
		}
	}
	return members{{"description", "Success."}, {"headers", headers}, {"content", content}}
}

// kinds are the failures of an operation, in the order of their declaration.
func (op Operation) kinds() []fault.Kind {
	kinds := slices.Concat(op.Failures, op.Request.failures())
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// failed is the response of some kinds of one status: a component where there is one for exactly these.
func (w *writer) failed(kinds []fault.Kind) members {
	reference := func(name string) members { return members{{"$ref", "#/components/responses/" + name}} }
	for _, s := range w.Shared {
		if slices.Equal(s.Kinds, kinds) {
			return reference(s.Name)
		}
	}
	if len(kinds) == 1 {
		return reference(kinds[0].Code())
	}
	return w.described(kinds...)
}

// failures are the components that the responses of failures refer to.
func (w *writer) failures() (list members) {
	shared := map[fault.Kind]bool{}
	for _, s := range w.Shared {
		list = list.with(s.Name, w.described(s.Kinds...))
		for _, kind := range s.Kinds {
			shared[kind] = true
		}
	}
	for _, f := range w.Failures {
		if !shared[f.Kind] {
			list = list.with(f.Kind.Code(), w.described(f.Kind))
		}
	}
	return list
}

func (w *writer) described(kinds ...fault.Kind) members {
	when := make([]string, 0, len(kinds))
	var examples members
	for _, kind := range kinds {
		f := w.failure(kind)
		when = append(when, f.When)
		examples = examples.with(kind.Code(), members{{"value", f.Example}})
	}
	return members{
		{"description", strings.Join(when, " ")},
		{"content", members{{mediaJSON, members{{"schema", w.schemas.of(w.FailureBody, "")}, {"examples", examples}}}}},
	}
}

func (w *writer) failure(kind fault.Kind) Failure {
	i := slices.IndexFunc(w.Failures, func(f Failure) bool { return f.Kind == kind })
	if i < 0 {
		panic("openapi: no failure describes " + kind.Code())
	}
	return w.Failures[i]
}
