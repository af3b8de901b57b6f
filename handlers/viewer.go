package handlers

import (
	"bytes"
	"strings"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/net/html"
)

// withoutChanges takes the links and forms out of a page that lead where only an
// administrator may go. The table of routes decides, so a page says nothing of roles.
func (a *api) withoutChanges(page []byte) []byte {
	var out bytes.Buffer
	out.Grow(len(page))
	tokens := html.NewTokenizer(bytes.NewReader(page))
	hidden := "" // the element that is being left out; they do not nest
	for {
		kind := tokens.Next()
		if kind == html.ErrorToken {
			return out.Bytes() // the end: pages are rendered by templates
		}
		raw := bytes.Clone(tokens.Raw())
		name, hasAttributes := tokens.TagName()
		switch tag := string(name); {
		case hidden != "":
			if kind == html.EndTagToken && tag == hidden {
				hidden = ""
			}
			continue
		case kind == html.StartTagToken && hasAttributes && (tag == "a" || tag == "form") && a.changes(tag, tokens):
			hidden = tag
			continue
		}
		out.Write(raw)
	}
}

// changes reports whether a link or form leads to a route of administrators.
func (a *api) changes(tag string, tokens *html.Tokenizer) bool {
	attributes := map[string]string{}
	for more := true; more; {
		var key, value []byte
		key, value, more = tokens.TagAttr()
		attributes[string(key)] = string(value)
	}
	method, target := fiber.MethodGet, attributes["href"]
	if tag == "form" {
		target = attributes["action"]
		if strings.EqualFold(attributes["method"], fiber.MethodPost) {
			method = fiber.MethodPost
		}
	}
	path, _, _ := strings.Cut(target, "#")
	path, _, _ = strings.Cut(path, "?")
	for _, r := range a.table {
		if r.access == administrator && r.method == method && leadsTo(r.path, path) {
			return true
		}
	}
	return false
}

// leadsTo reports whether a path is one of a route with parameters.
func leadsTo(route, path string) bool {
	for {
		want, restOfRoute, moreRoute := strings.Cut(route, "/")
		have, restOfPath, morePath := strings.Cut(path, "/")
		if moreRoute != morePath || want != have && !strings.HasPrefix(want, ":") {
			return false
		}
		if !moreRoute {
			return true
		}
		route, path = restOfRoute, restOfPath
	}
}
