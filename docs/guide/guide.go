// Package guide is the guide to the service: Markdown files that the binary holds, as pages to
// read and to search. The files are read in the order of their names. A file whose number ends with a
// letter, such as 05a-codex.md, belongs to the page before it without one.
package guide

import (
	"bytes"
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extensionast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

//go:embed *.md
var files embed.FS

// Page is a page of the guide.
type Page struct {
	// Slug names the page in its address; it is empty for the first one.
	Slug  string
	Title string
	// Parent is the page that this one belongs to; nil for a page of its own.
	Parent *Page
	// Summary is the first paragraph.
	Summary string
	// HTML is the whole page with its title. Every heading has an id, every cell of a table the name of its column.
	HTML     string
	Sections []Section
}

// Section is what stands under a heading of a page.
type Section struct {
	Title, ID string
	// Level is that of the heading, 1 for the page's title.
	Level int
	// Text is what the section says, without marks, its words separated by one blank.
	Text string
}

// Pages are all pages in their order. They are made once, at the first need.
func Pages() []*Page { return pages() }

var pages = sync.OnceValue(func() (list []*Page) {
	names, err := fs.Glob(files, "*.md")
	if err != nil {
		panic(err) // the pattern is a good one
	}
	var last *Page // without a parent
	for _, name := range names {
		source, err := files.ReadFile(name)
		if err != nil {
			panic(err) // it is in the binary
		}
		p := read(name, source)
		if strings.ContainsAny(number(name), letters) {
			p.Parent = last
		} else {
			last = p
		}
		list = append(list, p)
	}
	return list
})

const letters = "abcdefghijklmnopqrstuvwxyz"

// number is what the name of a file begins with.
func number(name string) string {
	before, _, _ := strings.Cut(name, "-")
	return before
}

// Find is the page of a slug; nil for none.
func Find(slug string) *Page {
	for _, p := range Pages() {
		if p.Slug == slug {
			return p
		}
	}
	return nil
}

// read makes a page of a file such as 02-concepts.md.
func read(name string, source []byte) *Page {
	_, slug, _ := strings.Cut(strings.TrimSuffix(path.Base(name), ".md"), "-")
	if slug == "index" {
		slug = ""
	}
	p := &Page{Slug: slug}
	markdown := goldmark.New(goldmark.WithExtensions(extension.Table), goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	root := markdown.Parser().Parse(text.NewReader(source))
	for node := root.FirstChild(); node != nil; node = node.NextSibling() {
		if heading, is := node.(*ast.Heading); is {
			id, _ := heading.AttributeString("id")
			section := Section{Title: words(heading, source), Level: heading.Level}
			if name, is := id.([]byte); is {
				section.ID = string(name)
			}
			p.Sections = append(p.Sections, section)
			continue
		}
		said := words(node, source)
		if _, is := node.(*ast.Paragraph); is && p.Summary == "" {
			p.Summary = said
		}
		if at := len(p.Sections) - 1; at >= 0 {
			p.Sections[at].Text = strings.TrimSpace(p.Sections[at].Text + " " + said)
		}
	}
	if len(p.Sections) > 0 {
		p.Title = p.Sections[0].Title
	}
	relink(root)
	label(root, source)
	var b bytes.Buffer
	if err := markdown.Renderer().Render(&b, source, root); err != nil {
		panic(err) // it is written to memory
	}
	p.HTML = b.String()
	return p
}

// relink makes of links between the files links between the pages.
func relink(root ast.Node) {
	_ = ast.Walk(root, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		link, is := node.(*ast.Link)
		if !is || !entering {
			return ast.WalkContinue, nil
		}
		file, anchor, _ := strings.Cut(string(link.Destination), "#")
		if !strings.HasSuffix(file, ".md") || strings.Contains(file, "/") {
			return ast.WalkContinue, nil
		}
		_, slug, _ := strings.Cut(strings.TrimSuffix(file, ".md"), "-")
		address := Address(slug)
		if slug == "index" {
			address = Address("")
		}
		if anchor != "" {
			address += "#" + anchor
		}
		link.Destination = []byte(address)
		return ast.WalkContinue, nil
	})
}

// label gives each cell of a table the name of its column, which narrow screens show beside it.
func label(root ast.Node, source []byte) {
	for table := root.FirstChild(); table != nil; table = table.NextSibling() {
		if table.Kind() != extensionast.KindTable {
			continue
		}
		head := table.FirstChild()
		for row := head.NextSibling(); row != nil; row = row.NextSibling() {
			name := head.FirstChild()
			for cell := row.FirstChild(); cell != nil && name != nil; cell, name = cell.NextSibling(), name.NextSibling() {
				cell.SetAttributeString("data-label", []byte(words(name, source)))
			}
		}
	}
}

// Address is where a page is served.
func Address(slug string) string {
	if slug == "" {
		return "/docs/guide"
	}
	return "/docs/guide/" + slug
}

// words is the text below a node.
func words(node ast.Node, source []byte) string {
	var b strings.Builder
	_ = ast.Walk(node, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		switch {
		case !entering:
			if node.Type() == ast.TypeBlock {
				b.WriteByte(' ')
			}
		case node.Kind() == ast.KindText:
			t, _ := node.(*ast.Text)
			b.Write(t.Segment.Value(source))
			if t.SoftLineBreak() {
				b.WriteByte(' ')
			}
		case node.Kind() == ast.KindCodeBlock, node.Kind() == ast.KindFencedCodeBlock:
			for i := range node.Lines().Len() {
				line := node.Lines().At(i)
				b.Write(line.Value(source))
			}
		}
		return ast.WalkContinue, nil
	})
	return strings.Join(strings.Fields(b.String()), " ")
}

// Hit is a section that a search found.
type Hit struct {
	Page    *Page
	Section Section
	// Before, Match and After are an excerpt; Match is what was found in it.
	Before, Match, After string
}

// Address is where the section is served.
func (h *Hit) Address() string { return Address(h.Page.Slug) + "#" + h.Section.ID }

const (
	// MaxQuery is how many bytes of a query count, maxWords how many words.
	MaxQuery, maxWords = 100, 8
	maxHits            = 20
	around             = 80
)

// Search finds the sections that have every word of a query, those with a word in their title first.
func Search(query string) []Hit {
	asked := strings.FieldsFunc(strings.ToLower(query[:min(len(query), MaxQuery)]), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) && r != '_' })
	asked = asked[:min(len(asked), maxWords)]
	if len(asked) == 0 {
		return nil
	}
	var titled, others []Hit
	for _, p := range Pages() {
		for _, s := range p.Sections {
			title, said := strings.ToLower(s.Title), strings.ToLower(s.Text)
			inTitle, all := false, true
			for _, word := range asked {
				found := strings.Contains(title, word)
				inTitle = inTitle || found
				all = all && (found || strings.Contains(said, word))
			}
			switch hit := (Hit{Page: p, Section: s}); {
			case !all:
			case inTitle:
				hit.excerpt(said, asked)
				titled = append(titled, hit)
			default:
				hit.excerpt(said, asked)
				others = append(others, hit)
			}
		}
	}
	hits := slices.Concat(titled, others)
	return hits[:min(len(hits), maxHits)]
}

// excerpt cuts the text around the first word that is in it.
func (h *Hit) excerpt(said string, asked []string) {
	whole := h.Section.Text
	if len(said) != len(whole) { // its lower case has other lengths: it is shown from its beginning
		said = ""
	}
	for _, word := range asked {
		at := strings.Index(said, word)
		if at < 0 {
			continue
		}
		from, to := max(0, at-around), min(len(whole), at+len(word)+around)
		if from > 0 {
			from += strings.IndexByte(whole[from:at]+" ", ' ') + 1
			from = min(from, at)
		}
		if to < len(whole) {
			to = at + len(word) + max(0, strings.LastIndexByte(whole[at+len(word):to], ' '))
		}
		h.Before, h.Match, h.After = whole[from:at], whole[at:at+len(word)], whole[at+len(word):to]
		return
	}
	end := min(len(whole), 2*around)
	if cut := strings.LastIndexByte(whole[:end], ' '); end < len(whole) && cut > 0 {
		end = cut
	}
	h.After = whole[:end]
}
