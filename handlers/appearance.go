package handlers

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"codexible/fault"
	"codexible/handlers/openapi"
	"codexible/logo"

	gojson "github.com/goccy/go-json"
	"github.com/gofiber/fiber/v2"
)

// appearance is how the service shows itself to customers.
type appearance struct {
	look
	Logo *string `json:"logo" doc:"The path of the logo, which changes with it; null for none." example:"/api/appearance/logo?v=2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"`
}

// logoURL is where a logo is served. It changes with the logo.
func logoURL(l logo.Info) string { return "/api/appearance/logo?v=" + l.Hash }

// appearance answers with the look. A cache may keep it for a minute.
func (a *api) appearance(x *exchange) error {
	now, err := a.Store.Look(x.ctx)
	if err != nil {
		return err
	}
	shown := appearance{look: lookOf(&now)}
	if now.Logo.IsSet() {
		shown.Logo = new(logoURL(now.Logo))
	}
	body, err := gojson.Marshal(shown)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	x.write(minuteCached)
	if !x.unchanged(base64.RawURLEncoding.EncodeToString(sum[:12])) {
		x.send(fiber.StatusOK, body)
	}
	return nil
}

var errNoLogo = fault.New(fault.NotFound, "There is no logo. GET /api/appearance says where the logo is, if there is one.")

// logo serves the logo. Under the address with its hash it never changes.
func (a *api) logo(x *exchange) error {
	image, err := a.currentLogo(x.ctx)
	if err != nil {
		return err
	}
	about := image.Info()
	x.write(minuteCached)
	if x.Query("v") == about.Hash {
		x.write(longCached)
	}
	x.write(logoOnly)
	x.write(anyResource)
	if x.unchanged(about.Hash) {
		return nil
	}
	x.contentType(about.Media)
	x.Response().SetBodyRaw(image.Content())
	return nil
}

// currentLogo is the logo of the moment. It is read once for each change.
func (a *api) currentLogo(ctx context.Context) (*logo.Image, error) {
	now, err := a.Store.Look(ctx)
	if err != nil {
		return nil, err
	}
	if !now.Logo.IsSet() {
		return nil, errNoLogo
	}
	if kept := a.shownLogo.Load(); kept != nil && kept.Info() == now.Logo {
		return kept, nil
	}
	image, found, err := a.Store.Logo(ctx, now.Logo)
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, errNoLogo
	}
	a.shownLogo.Store(&image)
	return &image, nil
}

// unchanged tags the answer, and is true where the caller has it: then there is nothing more to send.
func (x *exchange) unchanged(tag string) bool {
	quoted := `"` + tag + `"`
	x.text(headerETag, quoted)
	for have := range bytes.SplitSeq(x.Context().Request.Header.Peek(fiber.HeaderIfNoneMatch), []byte(",")) {
		if text := strings.TrimPrefix(string(bytes.TrimSpace(have)), "W/"); text == quoted || text == "*" {
			x.Status(fiber.StatusNotModified)
			return true
		}
	}
	return false
}

// appearanceRoutes are open: the dashboard shows the look before anybody signs in.
func (a *api) appearanceRoutes() []*route {
	look := native[nothing, appearance]("appearance", a.appearance, fault.Unavailable).tagging()
	image := operation{serve: a.logo, id: "logo", binder: openapi.NewBinder[nothing](), media: logo.PNG + ", " + logo.SVG, fails: []fault.Kind{fault.NotFound, fault.Unavailable}}.tagging()
	return []*route{
		get("/api/appearance", open, "Show the product's name, colours and links", look),
		get("/api/appearance/logo", open, "Return the product's logo", image),
	}
}
