package handlers

import "golang.org/x/sys/unix"

// closedByPeer reports whether the peer of a socket has closed its side, also where bytes
// of it wait to be read.
func closedByPeer(fd int) bool {
	ask := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
	n, err := unix.Poll(ask[:], 0)
	if err != nil {
		return endOfStream(fd)
	}
	return n > 0 && ask[0].Revents&(unix.POLLRDHUP|unix.POLLHUP|unix.POLLERR|unix.POLLNVAL) != 0
}
