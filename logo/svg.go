package logo

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
)

const (
	svgSpace   = "http://www.w3.org/2000/svg"
	xlinkSpace = "http://www.w3.org/1999/xlink"

	maxDepth    = 32
	maxElements = 4000
	// maxDrawn bounds the elements that are drawn: what is used twice counts twice.
	maxDrawn = 20_000
)

// node is an element of a drawing, with nothing but what the tables allow.
type node struct {
	name       string
	attributes []attribute
	children   []*node
	// text stands instead of an element: it has no name.
	text string
}

type attribute struct{ name, value string }

func (n *node) get(name string) string {
	for _, a := range n.attributes {
		if a.name == name {
			return a.value
		}
	}
	return ""
}

// set gives the element an attribute; the last value counts.
func (n *node) set(name, value string) {
	for i := range n.attributes {
		if n.attributes[i].name == name {
			n.attributes[i].value = value
			return
		}
	}
	n.attributes = append(n.attributes, attribute{name, value})
}

// rewriteSVG reads a drawing and writes what the tables allow of it. Programs leave notes of their
// own in drawings, which are left out; what could act, or load something, is refused.
func rewriteSVG(file []byte) (made []byte, problem string) {
	r := reader{Decoder: xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(file, []byte("\xef\xbb\xbf")))), ids: map[string]*node{}}
	root, err := r.document()
	if err == nil {
		err = r.bound(root)
	}
	if err != nil {
		if refused, is := errors.AsType[refusal](err); is {
			return nil, string(refused)
		}
		return nil, "must be a PNG or an SVG that can be read: this file is neither, or it is damaged"
	}
	var b bytes.Buffer
	root.write(&b)
	b.WriteByte('\n')
	return b.Bytes(), ""
}

// refusal says what a drawing has that no logo can have.
type refusal string

func (r refusal) Error() string { return string(r) }

func refusef(format string, args ...any) error { return refusal(fmt.Sprintf(format, args...)) }

// named is a name of the file in a message.
func named(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, name)
	if runes := []rune(name); len(runes) > 40 {
		name = string(runes[:40]) + "…"
	}
	return "“" + name + "”"
}

// reader reads a drawing.
type reader struct {
	*xml.Decoder

	elements int
	ids      map[string]*node
}

// document reads the one element of the file.
func (r *reader) document() (root *node, err error) {
	for first := true; ; first = false {
		token, err := r.next()
		switch {
		case errors.Is(err, io.EOF) && root != nil:
			return root, nil
		case err != nil:
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if root != nil || t.Name.Space != svgSpace || t.Name.Local != "svg" {
				return nil, refusef("must be a PNG, or an SVG whose outermost element is svg, with xmlns=%q", svgSpace)
			}
			if root, err = r.element(&t, 1); err == nil {
				err = root.measure()
			}
			if err != nil {
				return nil, err
			}
		case xml.ProcInst:
			if t.Target != "xml" || !first {
				return nil, refusef("must not have the processing instruction %s", named(t.Target))
			}
		}
	}
}

// next is the next token. A document type is refused wherever it stands: it can define entities.
func (r *reader) next() (xml.Token, error) {
	token, err := r.Token()
	if _, is := token.(xml.Directive); is {
		return nil, refusef("must not have a DOCTYPE or other declarations: delete the lines that begin with <!")
	}
	return token, err
}

// element reads an element whose start was read.
func (r *reader) element(start *xml.StartElement, depth int) (*node, error) {
	r.elements++
	if depth > maxDepth || r.elements > maxElements {
		return nil, refusef("must be simpler: at most %d elements, at most %d of them inside one another", maxElements, maxDepth)
	}
	n := &node{name: start.Name.Local}
	if !elements[n.name] || n.name == "svg" && depth > 1 {
		return nil, refusef("must not have the element %s here. Shapes, paths, groups, gradients, clips, masks, symbols and text are allowed; export the drawing with plain SVG attributes", named(n.name))
	}
	if err := n.read(start.Attr); err != nil {
		return nil, err
	}
	if err := r.know(n); err != nil {
		return nil, err
	}
	for {
		token, err := r.next()
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.EndElement:
			return n, nil
		case xml.ProcInst:
			return nil, refusef("must not have the processing instruction %s", named(t.Target))
		case xml.CharData:
			n.add(string(t))
		case xml.StartElement:
			if t.Name.Space != svgSpace || leftOut[t.Name.Local] {
				if err := r.leaveOut(depth + 1); err != nil {
					return nil, err
				}
				continue
			}
			child, err := r.element(&t, depth+1)
			if err != nil {
				return nil, err
			}
			n.children = append(n.children, child)
		}
	}
}

// know keeps an element by its id.
func (r *reader) know(n *node) error {
	id := n.get("id")
	if id == "" {
		return nil
	}
	if r.ids[id] != nil {
		return refusef("must not have the id %s twice", named(id))
	}
	r.ids[id] = n
	return nil
}

// leaveOut reads an element to its end, within the same bounds.
func (r *reader) leaveOut(depth int) error {
	for inside := 1; inside > 0; {
		if r.elements > maxElements || depth+inside > maxDepth+1 {
			return refusef("must be simpler: at most %d elements, at most %d of them inside one another", maxElements, maxDepth)
		}
		token, err := r.next()
		if err != nil {
			return err
		}
		switch token.(type) {
		case xml.StartElement:
			inside++
			r.elements++
		case xml.EndElement:
			inside--
		}
	}
	return nil
}

// add adds text, which only texts have. Pieces that follow one another are one.
func (n *node) add(text string) {
	if n.name != "text" && n.name != "tspan" || text == "" {
		return
	}
	text = strings.ReplaceAll(text, "\r", " ")
	if last := len(n.children) - 1; last >= 0 && n.children[last].name == "" {
		n.children[last].text += text
		return
	}
	n.children = append(n.children, &node{text: text})
}

// bound refuses what would be drawn too often, or uses itself.
func (r *reader) bound(root *node) error {
	const inProgress = -1
	drawn := map[*node]int{}
	var count func(n *node) (int, error)
	count = func(n *node) (int, error) {
		switch known := drawn[n]; {
		case known == inProgress:
			return 0, refusef("must not have an element that uses itself: %s", named(n.get("id")))
		case known > 0:
			return known, nil
		}
		drawn[n] = inProgress
		total := 1
		for _, next := range append(r.used(n), n.children...) {
			some, err := count(next)
			if err != nil {
				return 0, err
			}
			if total += some; total > maxDrawn {
				return 0, refusef("must be simpler: what it uses again and again makes more than %d elements", maxDrawn)
			}
		}
		drawn[n] = total
		return total, nil
	}
	_, err := count(root)
	return err
}

// used are the elements that an element refers to.
func (r *reader) used(n *node) (list []*node) {
	for _, a := range n.attributes {
		id := ""
		if a.name == "href" {
			id = strings.TrimPrefix(a.value, "#")
		} else if found := urlID.FindStringSubmatch(a.value); found != nil {
			id = found[1]
		}
		if to := r.ids[id]; to != nil {
			list = append(list, to)
		}
	}
	return list
}

var (
	inAttribute = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")
	inText      = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
)

// write writes the element by hand: its names are those of the tables.
func (n *node) write(b *bytes.Buffer) {
	if n.name == "" {
		b.WriteString(inText.Replace(n.text))
		return
	}
	b.WriteString("<" + n.name)
	if n.name == "svg" {
		b.WriteString(` xmlns="` + svgSpace + `"`)
	}
	for _, a := range n.attributes {
		b.WriteString(" " + a.name + `="` + inAttribute.Replace(a.value) + `"`)
	}
	if len(n.children) == 0 {
		b.WriteString("/>")
		return
	}
	b.WriteByte('>')
	for _, child := range n.children {
		child.write(b)
	}
	b.WriteString("</" + n.name + ">")
}
