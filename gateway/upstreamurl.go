package gateway

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// MaxBaseURL is how many characters a base URL can have.
const MaxBaseURL = 500

// metadataNames and metadataAddresses are where clouds keep the credentials of a machine,
// beside the link-local addresses.
var (
	metadataNames     = []string{"metadata", "metadata.goog", "metadata.google.internal", "instance-data", "instance-data.ec2.internal"}
	metadataAddresses = []netip.Addr{
		netip.MustParseAddr("fd00:ec2::254"), netip.MustParseAddr("fd20:ce::254"),
		netip.MustParseAddr("100.100.100.200"), netip.MustParseAddr("168.63.129.16"), netip.MustParseAddr("192.0.0.192"),
	}
	sharedAddresses = netip.MustParsePrefix("100.64.0.0/10")
	// embeddings are prefixes of IPv6 addresses that mean an IPv4 address, with the byte at which it begins.
	embeddings = []struct {
		prefix netip.Prefix
		at     int
	}{
		{netip.MustParsePrefix("64:ff9b::/96"), 12}, {netip.MustParsePrefix("2002::/16"), 2}, {netip.MustParsePrefix("::/96"), 12},
	}
	// insideDomains end the names of hosts inside a network.
	insideDomains = []string{"localhost", "local", "internal", "lan", "home.arpa"}
)

// Forbidden reports whether no call may go to an address: link-local ones and other places
// of a cloud's metadata, multicast, and no address at all.
func Forbidden(a netip.Addr) bool {
	a = plainAddress(a)
	return a.IsUnspecified() || a.IsMulticast() || a.IsLinkLocalUnicast() || !a.IsValid() || slices.Contains(metadataAddresses, a)
}

// Inside reports whether an address is loopback or private: calls to it may go unencrypted.
func Inside(a netip.Addr) bool {
	a = plainAddress(a)
	return !Forbidden(a) && (a.IsLoopback() || a.IsPrivate() || sharedAddresses.Contains(a))
}

// dialable reports whether an upstream may have an address, without TLS only one inside.
func dialable(a netip.Addr, plain bool) bool {
	return !Forbidden(a) && (!plain || Inside(a))
}

// plainAddress is an address without its zone, as IPv4 where that is meant.
func plainAddress(a netip.Addr) netip.Addr {
	a = a.WithZone("").Unmap()
	if a.IsLoopback() || a.IsUnspecified() || !a.Is6() {
		return a
	}
	for _, e := range embeddings {
		if e.prefix.Contains(a) {
			bytes := a.As16()
			return netip.AddrFrom4([4]byte(bytes[e.at : e.at+4]))
		}
	}
	return a
}

// parseBaseURL gives a base URL as it is kept: with /v1 where it has no path, and without a
// slash at its end. problem says what is wrong with it; it repeats nothing of the text.
func parseBaseURL(text string) (kept, problem string) {
	u, err := url.Parse(text)
	switch {
	case len(text) > MaxBaseURL || err != nil || u.Opaque != "" || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' }):
		return "", "must be a URL of at most " + strconv.Itoa(MaxBaseURL) + " ASCII characters, such as https://api.example.com/v1"
	case u.Scheme != "https" && u.Scheme != "http":
		return "", "must begin with https://, or with http:// for a loopback or private address"
	case u.User != nil:
		return "", "must not hold a user name or password; send credentials as keys or headers"
	case strings.ContainsAny(text, "?#"):
		return "", "must not have a query or fragment"
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if n, err := strconv.ParseUint(port, 10, 16); port == "" && strings.HasSuffix(u.Host, ":") || port != "" && (err != nil || n == 0) {
		return "", "must have a port from 1 to 65535, or none"
	}
	if problem := hostProblem(host, u.Scheme == "http"); problem != "" {
		return "", problem
	}
	path := strings.TrimRight(u.EscapedPath(), "/")
	if slices.ContainsFunc(strings.Split(u.Path, "/"), func(part string) bool { return part == ".." || part == "." }) || strings.Contains(path, "//") {
		return "", "must have a path without empty parts, . and .."
	}
	if path == "" {
		path = "/v1"
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != "" {
		host += ":" + port
	}
	return u.Scheme + "://" + host + path, ""
}

// hostProblem says what is wrong with the host of a base URL. Where a name leads is
// checked when it is called.
func hostProblem(host string, plain bool) string {
	const forbidden = "must not be a link-local address or a cloud's metadata service"
	const encrypted = "must begin with https://: http:// is for loopback and private addresses, and names inside your network"
	if a, err := netip.ParseAddr(host); err == nil {
		switch {
		case a.Zone() != "":
			return "must have an address without a zone"
		case Forbidden(a):
			return forbidden
		case !dialable(a, plain):
			return encrypted
		}
		return ""
	}
	name := strings.TrimSuffix(host, ".")
	labels := strings.Split(name, ".")
	last := labels[len(labels)-1]
	switch {
	case len(name) > 253 || slices.ContainsFunc(labels, badLabel):
		return "must have a host name or an IP address"
	case isNumber(last): // what some resolvers read as an address, such as 2852039166 or 0xa9.254
		return "must have an IP address in its usual form, such as 10.0.0.7"
	case slices.Contains(metadataNames, name):
		return forbidden
	case plain && len(labels) > 1 && !slices.ContainsFunc(insideDomains, func(d string) bool { return strings.HasSuffix(name, "."+d) }):
		return encrypted
	}
	return ""
}

func badLabel(label string) bool {
	return label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
		strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != ""
}

// isNumber reports whether a label is one to resolvers that read old forms of addresses.
func isNumber(label string) bool {
	if hex, found := strings.CutPrefix(label, "0x"); found {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(label, "0123456789") == ""
}
