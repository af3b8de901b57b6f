package handlers

import (
	"bytes"

	"codexible/docs/guide"
	"codexible/static/docs"
	"codexible/views"

	"github.com/gofiber/fiber/v2"
)

// home redirects to the console.
func (a *api) home(x *exchange) error {
	x.location("/admin")
	x.Status(fiber.StatusFound)
	return nil
}

// referenceCSP lets the page load its own files and call its own service only.
// Swagger UI's icons are data: images.
const referenceCSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// shortCache is for files whose names have no content hash.
const shortCache = "public, max-age=300"

// reference is the page of the API reference.
func (a *api) reference(x *exchange) error {
	x.write(referenceOnly)
	return x.file(fiber.MIMETextHTMLCharsetUTF8, docs.Index)
}

// guide is a page of the guide, or a search of it.
func (a *api) guide(x *exchange) error {
	shown := views.Guide{Page: guide.Find(x.Params("page"))}
	switch query := x.Query("q"); {
	case shown.Page == nil:
		return errNoRoute
	case query != "":
		shown = views.Guide{Query: query[:min(len(query), guide.MaxQuery)], Hits: guide.Search(query)}
	}
	shown.Theme = views.ThemeSystem // a page that is cached is the same for everybody
	var b bytes.Buffer
	if err := views.GuidePage(shown).Render(x.ctx, &b); err != nil {
		return err
	}
	x.write(consoleOnly)
	x.write(shortlyCached)
	x.contentType(fiber.MIMETextHTMLCharsetUTF8)
	x.html(fiber.StatusOK, b.Bytes(), true)
	return nil
}

func (x *exchange) file(media string, content []byte) error {
	x.write(shortlyCached)
	x.contentType(media)
	x.Response().SetBodyRaw(content)
	return nil
}

// referenceFile serves the files that the page loads.
func (a *api) referenceFile(x *exchange) error {
	switch x.Params("*") {
	case "start.js":
		return x.file(fiber.MIMETextJavaScriptCharsetUTF8, docs.Script)
	case "page.css":
		return x.file("text/css; charset=utf-8", docs.Style)
	case "swagger-ui-bundle.js":
		return x.file(fiber.MIMETextJavaScriptCharsetUTF8, docs.SwaggerScript)
	case "swagger-ui.css":
		return x.file("text/css; charset=utf-8", docs.SwaggerStyle)
	case "favicon-32x32.png":
		return x.file("image/png", docs.SwaggerIcon)
	}
	return errNoRoute
}

// showDocument answers with the OpenAPI document.
func (a *api) showDocument(x *exchange) error {
	return x.file(fiber.MIMEApplicationJSON, a.document)
}
