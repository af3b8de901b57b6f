//go:build !linux

package handlers

// closedByPeer reports whether the peer of a socket has closed its side. Bytes that wait in
// front of the end, of a request that the client sent too early, hide it.
func closedByPeer(fd int) bool { return endOfStream(fd) }
