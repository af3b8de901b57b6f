package gateway

import (
	"bytes"
	"slices"
	"strings"

	"codexible/usage"
)

// place is where a value stands, as far as it matters for what is in it.
type place uint8

const (
	anyObject place = iota
	// top is the body itself.
	top
	// tools is a list of tools, tool one of them, and environment is where a shell runs.
	tools
	tool
	environment
	// items is the input of a response, item an element of it.
	items
	item
)

// walk reads a value and looks for media, references and tools in it.
func (i *inspector) walk(p place) {
	switch i.peek() {
	case '"':
		raw, _ := i.text()
		if bytes.HasPrefix(raw, []byte("data:")) && bytes.Contains(raw[:min(len(raw), 256)], []byte(";base64,")) {
			i.media(len(raw))
		}
	case '[':
		element := anyObject
		switch p {
		case tools:
			element = tool
		case items:
			element = item
		default:
		}
		for in := i.open('['); in && i.next(']'); {
			i.walk(element)
		}
	case '{':
		i.object(p)
	default:
		i.skip()
	}
}

func (i *inspector) media(bytes int) {
	i.in.media++
	i.mediaBytes += int64(bytes)
}

// object reads an object below the body's own.
func (i *inspector) object(p place) {
	o := object{}
	for in := i.open('{'); in && i.next('}'); {
		key := i.key()
		switch string(key) {
		case "type":
			o.kind(i, p, i.word())
		case "role":
			o.role = !i.empty()
		case "id":
			o.id = !i.empty()
		case "format":
			o.format = true
			i.walk(anyObject)
		case "data":
			if i.peek() == '"' {
				raw, _ := i.text()
				o.data += len(raw)
				continue
			}
			i.walk(anyObject)
		default:
			i.member(key, p)
		}
	}
	if o.data > 0 && (o.base64 || o.format) {
		i.media(o.data)
	}
	// The type of a reference may be left out, but then it is no message either.
	if p == item && (o.reference || o.id && !o.typed && !o.role) {
		i.share("item_reference")
	}
}

// object is what is known of an object until its end.
type object struct {
	typed, role, id, format, base64, reference bool
	// data is how many bytes its data have.
	data int
}

func (o *object) kind(i *inspector, p place, kind []byte) {
	o.typed = o.typed || len(kind) > 0
	o.base64 = o.base64 || string(kind) == "base64"
	o.reference = o.reference || string(kind) == "item_reference"
	switch p {
	case tool:
		i.host(hostedTool(string(kind)))
	case environment:
		if bytes.HasPrefix(kind, []byte("container")) {
			i.host("shell")
		}
	default:
	}
}

// member reads a member of an object.
func (i *inspector) member(key []byte, p place) {
	switch string(key) {
	case "file_data", "b64_json":
		if raw, ok := i.text(); ok && len(raw) > 0 {
			i.media(len(raw))
		}
	case "file_id", "container_id", "file_ids", "vector_store_ids":
		if i.refers() {
			i.share(string(key))
		}
	case "tools":
		i.walk(tools)
	case "parameters", "input_schema", "schema", "annotations":
		// Schemas name fields of the customer's own, and annotations what an answer had quoted.
		i.skip()
	case "input":
		switch {
		case i.wire == usage.Messages:
			i.skip() // the arguments of a tool
		case i.wire == usage.Responses && p == top:
			i.walk(items)
		default:
			i.walk(anyObject)
		}
	case "environment":
		if p == tool {
			i.walk(environment)
		} else {
			i.walk(anyObject)
		}
	case "container":
		if p == tool && i.peek() == '"' && !bytes.HasPrefix(i.data[i.at:], []byte(`"auto"`)) {
			i.share("container")
		}
		i.walk(anyObject)
	default:
		i.walk(anyObject)
	}
}

// refers reads a value and reports whether it is an id or a list of some: elsewhere the same
// names may have other meanings.
func (i *inspector) refers() (yes bool) {
	switch i.peek() {
	case '"':
		raw, _ := i.text()
		return len(raw) > 0
	case '[':
		for in := i.open('['); in && i.next(']'); {
			yes = i.peek() == '"' || yes
			i.walk(anyObject)
		}
		return yes
	default:
		i.walk(anyObject)
		return false
	}
}

// hostedPrefixes are how the types of the tools begin that a provider runs and that cost or
// keep something beside tokens, which are their names. Shells are told by their environment.
var hostedPrefixes = [...]string{"code_interpreter", "file_search", "image_generation", "mcp", "code_execution"}

// hostedTool is the name of a hosted tool by its type; empty for other tools.
func hostedTool(kind string) string {
	for _, prefix := range hostedPrefixes {
		if strings.HasPrefix(kind, prefix) {
			return prefix
		}
	}
	return ""
}

// host notes a hosted tool, each once.
func (i *inspector) host(name string) {
	if name != "" && !slices.Contains(i.in.hosted, name) {
		i.in.hosted = append(i.in.hosted, name)
	}
}
