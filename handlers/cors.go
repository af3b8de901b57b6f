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
	x := a.begin(c, a.preflights)
	if len(c.Response().Header.PeekBytes(headerAllowOrigin)) > 0 {
		x.write(allowedMethods)
		x.write(allowedHeaders)
		x.write(preflightAge)
	}
	c.Status(fiber.StatusNoContent)
	x.answer(nil)
	return nil
}
