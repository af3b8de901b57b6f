package handlers

import (
	"net"
	"time"
)

// ClosedByPeer and EndOfStream look at a connection as the watcher of calls does, here and
// on other systems.
func ClosedByPeer(conn net.Conn) bool { return (&watched{raw: rawConn(conn)}).hasLeft() }

// EndOfStream is ClosedByPeer on systems without POLLRDHUP.
func EndOfStream(conn net.Conn) (end bool) {
	_ = rawConn(conn).Control(func(fd uintptr) { end = endOfStream(int(fd)) })
	return end
}

// ConsoleRoute is a route of the console, as the table has it.
type ConsoleRoute struct {
	Method, Path string
	// Operators is true if only they may use it.
	Operators bool
	// Admins are the only ones who may use it.
	Admins bool
}

// ConsoleRoutes lists the pages and forms of the console from the table of routes.
func ConsoleRoutes() (list []ConsoleRoute) {
	for _, r := range newAPI(Parts{Now: time.Now}).table {
		if r.isPage {
			list = append(list, ConsoleRoute{r.method, r.path, r.access == operator || r.access == administrator, r.access == administrator})
		}
	}
	return list
}
