package handlers

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// clientAddress is the client of the request: the peer, or where that is a
// trusted proxy, the right-most address of X-Forwarded-For that is not one.
func (a *api) clientAddress(ctx *fasthttp.RequestCtx) netip.Addr {
	var peer netip.Addr
	if tcp, ok := ctx.RemoteAddr().(*net.TCPAddr); ok {
		peer = tcp.AddrPort().Addr().Unmap()
	}
	if !a.trusted(peer) {
		return peer
	}
	for _, header := range slices.Backward(ctx.Request.Header.PeekAll(fiber.HeaderXForwardedFor)) {
		for _, text := range slices.Backward(strings.Split(string(header), ",")) {
			hop, ok := parseHop(text)
			if !ok {
				return peer // the entries further left are not trusted
			}
			if peer = hop; !a.trusted(hop) {
				return peer
			}
		}
	}
	return peer
}

func (a *api) trusted(addr netip.Addr) bool {
	for _, prefix := range a.TrustedProxies {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// parseHop reads an address, with or without a port.
func parseHop(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if addr, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return addr.Unmap().WithZone(""), true
	}
	withPort, err := netip.ParseAddrPort(text)
	return withPort.Addr().Unmap().WithZone(""), err == nil
}
