package logo

import (
	"encoding/xml"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// set is a set of names.
type set map[string]bool

func setOf(names string) set {
	s := set{}
	for name := range strings.FieldsSeq(names) {
		s[name] = true
	}
	return s
}

var (
	// elements are those that a logo can have.
	elements = setOf("svg g defs symbol use path rect circle ellipse line polyline polygon linearGradient radialGradient stop clipPath mask text tspan")
	// leftOut are elements about a drawing; they and what is in them are left out.
	leftOut = setOf("title desc metadata")
	// referring are the elements whose href may name another element of the drawing.
	referring = setOf("use linearGradient radialGradient")
)

const (
	number = `[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?`
	length = number + `(?:px|em|ex|pt|pc|cm|mm|in|%)?`
	name   = `[A-Za-z_][A-Za-z0-9_.-]{0,99}`
	color  = `(?:#[0-9a-fA-F]{3,8}|[a-zA-Z]{1,30}|(?:rgb|hsl)a?\([0-9., %/+-]{1,60}\))`
	local  = `url\((?:#` + name + `|'#` + name + `'|"#` + name + `")\)`
)

func whole(pattern string) *regexp.Regexp { return regexp.MustCompile(`^(?:` + pattern + `)$`) }

// The values that attributes can have. Blanks are single.
var (
	isLength   = whole(length)
	isLengths  = whole(length + `(?:[ ,]+` + length + `)*`)
	isLengthOr = whole(length + `|[a-z-]{1,30}`)
	isDashes   = whole(`none|` + length + `(?:[ ,]+` + length + `)*`)
	isPath     = whole(`[MmZzLlHhVvCcSsQqTtAa0-9eE+., -]*`)
	isPoints   = whole(`[0-9eE+., -]*`)
	isMoved    = whole(`(?: ?,? ?(?:matrix|translate|scale|rotate|skewX|skewY) ?\([0-9eE+., -]{1,200}\))+ ?|none`)
	isID       = whole(name)
	isPaint    = whole(color + `|` + local + `(?: ` + color + `)?`)
	isColor    = whole(color)
	isLocal    = whole(`none|` + local)
	isHref     = whole(`#` + name)
	isWord     = whole(`[a-zA-Z-]{1,40}`)
	isWords    = whole(`[a-zA-Z -]{1,60}`)
	isFonts    = whole(`[a-zA-Z0-9 ,'"_-]{1,200}`)
	isWeight   = whole(`[a-z]{1,10}|[0-9]{1,4}`)
	isBox      = whole(number + `(?:[ ,]+` + number + `){3}`)

	urlID = regexp.MustCompile(`^url\(['"]?#(` + name + `)['"]?\)`)
)

// attributes are those that elements can have, with the values that they can have.
var attributes = map[string]*regexp.Regexp{
	"id": isID, "href": isHref, "viewBox": isBox, "preserveAspectRatio": isWords,
	"x": isLengths, "y": isLengths, "dx": isLengths, "dy": isLengths, "rotate": isLengths, "width": isLengthOr, "height": isLengthOr,
	"rx": isLengthOr, "ry": isLengthOr, "cx": isLength, "cy": isLength, "r": isLength, "x1": isLength, "y1": isLength, "x2": isLength, "y2": isLength,
	"fx": isLength, "fy": isLength, "fr": isLength, "offset": isLength, "d": isPath, "points": isPoints, "pathLength": isLength,
	"transform": isMoved, "gradientTransform": isMoved, "gradientUnits": isWord, "spreadMethod": isWord,
	"clipPathUnits": isWord, "maskUnits": isWord, "maskContentUnits": isWord, "textLength": isLength, "lengthAdjust": isWord,
}

// properties are the attributes that can stand in a style, too.
var properties = map[string]*regexp.Regexp{
	"fill": isPaint, "stroke": isPaint, "color": isColor, "stop-color": isColor,
	"opacity": isLength, "fill-opacity": isLength, "stroke-opacity": isLength, "stop-opacity": isLength,
	"fill-rule": isWord, "clip-rule": isWord, "stroke-width": isLength, "stroke-linecap": isWord, "stroke-linejoin": isWord,
	"stroke-miterlimit": isLength, "stroke-dasharray": isDashes, "stroke-dashoffset": isLength, "vector-effect": isWord, "paint-order": isWords,
	"clip-path": isLocal, "mask": isLocal, "mask-type": isWord, "display": isWord, "visibility": isWord, "overflow": isWord,
	"shape-rendering": isWord, "text-rendering": isWord, "text-anchor": isWord, "dominant-baseline": isWord, "letter-spacing": isLengthOr, "word-spacing": isLengthOr,
	"font-family": isFonts, "font-size": isLengthOr, "font-style": isWord, "font-weight": isWeight, "font-variant": isWords, "text-decoration": isWords,
}

// rule is what the values of an attribute must be like; nil for one that is left out.
func rule(name string) *regexp.Regexp {
	if r := attributes[name]; r != nil {
		return r
	}
	return properties[name]
}

// read keeps what is allowed of an element's attributes.
func (n *node) read(list []xml.Attr) error {
	style := ""
	for _, a := range list {
		name := a.Name.Local
		switch {
		case a.Name.Space == "" && len(name) > 2 && strings.EqualFold(name[:2], "on"):
			return refusef("must not have the attribute %s, which runs a script", named(name))
		case name == "href" && (a.Name.Space == "" || a.Name.Space == xlinkSpace):
			if !referring[n.name] || !isHref.MatchString(blanks(a.Value)) {
				return refusef("must not have a link to elsewhere: href of %s must be # and the id of another element of the drawing", named(n.name))
			}
			n.set(name, blanks(a.Value))
		case a.Name.Space != "" || name == "xmlns":
		case name == "style":
			style = a.Value
		default:
			if err := n.keep(rule(name), name, a.Value); err != nil {
				return err
			}
		}
	}
	for declaration := range strings.SplitSeq(style, ";") { // a style comes before an attribute
		name, value, _ := strings.Cut(declaration, ":")
		name = strings.ToLower(blanks(name))
		if err := n.keep(properties[name], name, value); err != nil {
			return err
		}
	}
	return nil
}

// keep keeps an attribute that has a rule.
func (n *node) keep(rule *regexp.Regexp, name, value string) error {
	value = blanks(value)
	switch {
	case rule == nil || value == "":
	case !rule.MatchString(value):
		return refusef("must not have this value of the attribute %s of %s: %s", name, n.name, named(value))
	default:
		n.set(name, value)
	}
	return nil
}

// blanks makes all blanks single, and none at the ends.
func blanks(text string) string { return strings.Join(strings.Fields(text), " ") }

// measure makes sure that the drawing has a shape, which a viewBox says, and a size of its own.
func (n *node) measure() error {
	box := n.get("viewBox")
	if box == "" {
		width, height := pixels(n.get("width")), pixels(n.get("height"))
		if width > 0 && height > 0 {
			box = fmt.Sprintf("0 0 %g %g", width, height)
		}
	}
	sides := strings.FieldsFunc(box, func(r rune) bool { return r == ' ' || r == ',' })
	if len(sides) != 4 || pixels(sides[2]) <= 0 || pixels(sides[3]) <= 0 {
		return refusef("must have a viewBox, such as viewBox=\"0 0 120 32\", with a width and a height of more than 0")
	}
	n.set("viewBox", box)
	if pixels(n.get("width")) <= 0 || pixels(n.get("height")) <= 0 {
		n.set("width", sides[2])
		n.set("height", sides[3])
	}
	return nil
}

// pixels reads a size of at most a million; 0 for any other.
func pixels(text string) float64 {
	size, err := strconv.ParseFloat(strings.TrimSuffix(text, "px"), 64)
	if err != nil || !(size > 0 && size <= 1e6) {
		return 0
	}
	return size
}
