package apply

import (
	"fmt"
	"strings"

	"codexible/fault"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// MaxFile is how many bytes a file may have.
const MaxFile = 1 << 20

// maxDepth is how deep its values may be nested.
const maxDepth = 32

// JSON is the one document of a YAML file, of which JSON is a part, as a JSON object. Anchors,
// aliases, tags and merges are refused: what a file says stands where it is read. An error says the line.
func JSON(text []byte) ([]byte, error) {
	if len(text) > MaxFile {
		return nil, fault.Newf(fault.Invalid, "The file has more than %d KiB. Split it.", MaxFile>>10)
	}
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, syntax(err)
	}
	var documents []ast.Node
	for _, d := range file.Docs {
		if d.Body != nil {
			documents = append(documents, d.Body)
		}
	}
	if len(documents) != 1 {
		return nil, fault.Newf(fault.Invalid, "The file must have one document; it has %d.", len(documents))
	}
	if err := plain(documents[0], 0); err != nil {
		return nil, err
	}
	if documents[0].Type() != ast.MappingType && documents[0].Type() != ast.MappingValueType {
		return nil, fault.New(fault.Invalid, "The file must have sections: settings, plans, upstreams, models, prices, webhooks.")
	}
	object, err := yaml.YAMLToJSON(text)
	if err != nil {
		return nil, syntax(err)
	}
	return object, nil
}

// syntax is an error of the parser, which has the line and shows the text around it, as one sentence.
func syntax(err error) error {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return fault.Newf(fault.Invalid, "The file is no YAML: %s", text)
}

// plain refuses what is more than mappings, lists and values.
func plain(node ast.Node, depth int) error {
	at := func(what string) error {
		return fault.Newf(fault.Invalid, "Line %d: %s", node.GetToken().Position.Line, what)
	}
	if depth > maxDepth {
		return at(fmt.Sprintf("values are nested deeper than %d levels.", maxDepth))
	}
	switch n := node.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode, *ast.TagNode:
		return at("anchors, aliases, merges and tags are not read. Write the values out.")
	case *ast.MappingNode:
		for _, value := range n.Values {
			if err := plain(value, depth); err != nil {
				return err
			}
		}
	case *ast.MappingValueNode:
		if err := plain(n.Key, depth); err != nil {
			return err
		}
		return plain(n.Value, depth+1)
	case *ast.SequenceNode:
		for _, value := range n.Values {
			if err := plain(value, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}
