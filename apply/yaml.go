package apply

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"codexible/fault"

	"go.yaml.in/yaml/v4"
)

// MaxFile is how many bytes a file may have.
const MaxFile = 1 << 20

// maxDepth is how deep its values may be nested.
const maxDepth = 32

// JSON is the one document of a YAML file, of which JSON is a part, as a JSON object. Anchors,
// aliases, merges and tags are refused: what a file says stands where it is read. An error says the line.
func JSON(text []byte) ([]byte, error) {
	if len(text) > MaxFile {
		return nil, fault.Newf(fault.Invalid, "The file has more than %d KiB. Split it.", MaxFile>>10)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document, more yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF), err == nil && len(document.Content) == 0:
		return nil, fault.New(fault.Invalid, "The file is empty.")
	case err != nil:
		return nil, syntax(err)
	}
	switch err := decoder.Decode(&more); {
	case err == nil:
		return nil, fault.Newf(fault.Invalid, "Line %d: the file must have one document. Write the others into files of their own.", more.Line)
	case !errors.Is(err, io.EOF):
		return nil, syntax(err)
	}
	root := document.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, fault.New(fault.Invalid, "The file must have sections: plans, upstreams, models, prices, webhooks, settings.")
	}
	return appendValue(nil, root, 0)
}

// syntax is an error of the parser, which has the line.
func syntax(err error) error {
	text, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), "yaml: "), "\n")
	return fault.Newf(fault.Invalid, "The file is no YAML: %s.", strings.TrimSuffix(text, "."))
}

// appendValue writes a value as JSON.
func appendValue(b []byte, n *yaml.Node, depth int) ([]byte, error) {
	at := func(format string, args ...any) error {
		return fault.Newf(fault.Invalid, "Line %d: %s", n.Line, fmt.Sprintf(format, args...))
	}
	if depth > maxDepth {
		return nil, at("values are nested deeper than %d levels.", maxDepth)
	}
	if n.Anchor != "" || n.Kind == yaml.AliasNode || n.Style&yaml.TaggedStyle != 0 {
		return nil, at("anchors, aliases and tags are not read. Write the values out.")
	}
	switch n.Kind { //nolint:exhaustive // a document has been opened, and aliases are refused above
	case yaml.MappingNode:
		return appendObject(b, n, depth)
	case yaml.SequenceNode:
		b = append(b, '[')
		for i, item := range n.Content {
			if i > 0 {
				b = append(b, ',')
			}
			var err error
			if b, err = appendValue(b, item, depth+1); err != nil {
				return nil, err
			}
		}
		return append(b, ']'), nil
	case yaml.ScalarNode:
		return appendScalar(b, n)
	}
	return nil, at("this is no value.")
}

func appendObject(b []byte, n *yaml.Node, depth int) ([]byte, error) {
	b = append(b, '{')
	seen := make(map[string]bool, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := func(text string) error { return fault.Newf(fault.Invalid, "Line %d: %s", key.Line, text) }
		switch {
		case key.Kind != yaml.ScalarNode || key.Tag == "!!merge" || key.Anchor != "":
			return nil, at("the names of fields must be plain texts; merges are not read.")
		case seen[key.Value]:
			return nil, at("a field is there twice.")
		}
		seen[key.Value] = true
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, key.Value), ':')
		var err error
		if b, err = appendValue(b, value, depth+1); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

// appendScalar writes a number as it is written, where JSON can: an amount keeps its digits.
func appendScalar(b []byte, n *yaml.Node) ([]byte, error) {
	switch n.Tag {
	case "!!null":
		return append(b, "null"...), nil
	case "!!bool":
		var value bool
		if err := n.Decode(&value); err != nil {
			return nil, fault.Newf(fault.Invalid, "Line %d: this is neither true nor false.", n.Line)
		}
		return fmt.Appendf(b, "%t", value), nil
	case "!!int", "!!float":
		if !json.Valid([]byte(n.Value)) {
			return nil, fault.Newf(fault.Invalid, "Line %d: write the number in decimal digits, or put it into quotes if it is a text.", n.Line)
		}
		return append(b, n.Value...), nil
	}
	return appendText(b, n.Value), nil
}

func appendText(b []byte, text string) []byte {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err) // texts always encode
	}
	return append(b, quoted...)
}
