package views

import "codexible/docs/guide"

// Guide is a page of the guide, or a search of it where Page is nil.
type Guide struct {
	Theme Theme
	Page  *guide.Page
	Query string
	Hits  []guide.Hit
}

func (g *Guide) title() string {
	if g.Page == nil {
		return "Search"
	}
	return g.Page.Title
}

// contents are the pages in the navigation: those without a parent, and those of the page that is read.
func (g *Guide) contents() (list []*guide.Page) {
	shown := g.Page
	if shown != nil && shown.Parent != nil {
		shown = shown.Parent
	}
	for _, p := range guide.Pages() {
		if p.Parent == nil || p.Parent == shown {
			list = append(list, p)
		}
	}
	return list
}

// next is the page after this one; nil after the last.
func (g *Guide) next() *guide.Page {
	list := guide.Pages()
	for i, p := range list {
		if p == g.Page && i+1 < len(list) {
			return list[i+1]
		}
	}
	return nil
}
