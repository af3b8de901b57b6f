package handlers

import (
	"github.com/gofiber/fiber/v2"
)

// preflight answers a CORS preflight; any other request continues to its route. It
// does not count against a rate limit.
func (a *api) preflight(c *fiber.Ctx) error {
	request := &c.Context().Request.Header
	if !request.IsOptions() || len(request.Peek(fiber.HeaderAccessControlRequestMethod)) == 0 || len(request.PeekBytes(varyOrigin.value)) == 0 {
		return c.Next()
	}
	r, methods, headers := a.preflights, allowedMethods, allowedHeaders
	if isCallPath(c.Path()) {
		r, methods, headers = a.callPreflights, allowedCallMethods, allowedCallHeaders
	}
	x := a.begin(c, r)
	if len(c.Response().Header.PeekBytes(headerAllowOrigin)) > 0 {
		x.write(methods)
		x.write(headers)
		x.write(preflightAge)
	}
	c.Status(fiber.StatusNoContent)
	x.answer(nil)
	return nil
}
