package handlers

import (
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

var (
	headerAllowOrigin   = []byte(fiber.HeaderAccessControlAllowOrigin)
	headerExpose        = []byte(fiber.HeaderAccessControlExposeHeaders)
	headerVary          = []byte(fiber.HeaderVary)
	valueExposed        = []byte("X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After, X-Request-Id")
	valueOrigin         = []byte(fiber.HeaderOrigin)
	valueAllowedHeaders = "Authorization, Content-Type, Idempotency-Key, X-Request-Id"
	valueAllowedMethods = "GET, POST, PATCH, DELETE, OPTIONS"
)

// preflightAge is for how many seconds a browser may remember a preflight.
const preflightAge = "600"

// allowOrigin lets a browser's page of an allowed origin read the answer,
// whatever its status.
func (a *api) allowOrigin(request *fasthttp.RequestHeader, response *fasthttp.ResponseHeader) {
	response.SetCanonical(headerVary, valueOrigin)
	origin := request.PeekBytes(valueOrigin)
	if len(origin) == 0 || (!a.origins[string(origin)] && !a.origins["*"]) {
		return
	}
	response.SetCanonical(headerAllowOrigin, origin)
	response.SetCanonical(headerExpose, valueExposed)
}

// preflight answers a browser that asks before it sends; everything else goes
// on to its route. It costs no budget.
func (a *api) preflight(c *fiber.Ctx) error {
	request := &c.Context().Request.Header
	if !request.IsOptions() || len(request.Peek(fiber.HeaderAccessControlRequestMethod)) == 0 || len(request.PeekBytes(valueOrigin)) == 0 {
		return c.Next()
	}
	x := a.begin(c, a.preflights)
	if len(c.Response().Header.PeekBytes(headerAllowOrigin)) > 0 {
		c.Set(fiber.HeaderAccessControlAllowMethods, valueAllowedMethods)
		c.Set(fiber.HeaderAccessControlAllowHeaders, valueAllowedHeaders)
		c.Set(fiber.HeaderAccessControlMaxAge, preflightAge)
	}
	c.Status(fiber.StatusNoContent)
	x.end(nil)
	return nil
}
