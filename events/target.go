package events

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// MaxURL is how many characters the URL of a webhook can have.
const MaxURL = 2000

// Targets says where events may be sent. The zero Targets allows public addresses alone.
type Targets struct {
	// Private are the ranges inside the operator's network that webhooks may reach, also without TLS.
	Private []netip.Prefix
}

var (
	publicIPv6 = netip.MustParsePrefix("2000::/3")
	// nat64 is how a network without IPv4 writes public IPv4 addresses.
	nat64 = netip.MustParsePrefix("64:ff9b::/96")
	// notPublic are ranges that are no addresses of the Internet, from IANA's registries of special
	// purposes, and the one of Azure's metadata. IPv6 beyond publicIPv6 is not public either.
	notPublic = prefixes(
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16", "172.16.0.0/12",
		"192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
		"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
	)
)

func prefixes(texts ...string) (list []netip.Prefix) {
	for _, text := range texts {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}

func within(list []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(a) })
}

// plain is an address without its zone, as IPv4 where that is meant.
func plain(a netip.Addr) netip.Addr {
	a = a.WithZone("").Unmap()
	if a.Is6() && nat64.Contains(a) {
		bytes := a.As16()
		return netip.AddrFrom4([4]byte(bytes[12:]))
	}
	return a
}

func public(a netip.Addr) bool {
	return a.IsValid() && !within(notPublic, a) && (a.Is4() || publicIPv6.Contains(a))
}

// Permit says why an address may not be connected to; nil if it may. encrypted is whether the
// connection uses TLS.
func (t Targets) Permit(a netip.Addr, encrypted bool) error {
	a = plain(a)
	switch {
	case !a.IsValid() || a.IsUnspecified() || a.IsMulticast():
		return fmt.Errorf("%s is no address of a receiver", a)
	case within(t.Private, a):
		return nil
	case !public(a):
		return fmt.Errorf("%s is a private address, which WEBHOOK_ALLOW_PRIVATE does not name", a)
	case !encrypted:
		return fmt.Errorf("%s is a public address, which needs https://", a)
	}
	return nil
}

// control refuses a connection before it is made, whatever a name led to.
func (t Targets) control(encrypted bool) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("%q is no address", address)
		}
		return t.Permit(at.Addr(), encrypted)
	}
}

// ParseURL gives a URL as it is kept. problem says what is wrong with it; it repeats nothing
// of the text. What a name leads to is checked when it is connected to.
func (t Targets) ParseURL(text string) (kept, problem string) {
	u, err := url.Parse(text)
	switch {
	case len(text) > MaxURL || err != nil || u.Opaque != "" || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' }):
		return "", "must be a URL of at most " + strconv.Itoa(MaxURL) + " ASCII characters, such as https://example.com/hooks"
	case u.Scheme != "https" && u.Scheme != "http":
		return "", "must begin with https://"
	case u.Scheme == "http" && len(t.Private) == 0:
		return "", "must begin with https://; http:// is for addresses that WEBHOOK_ALLOW_PRIVATE names"
	case u.User != nil:
		return "", "must not hold a user name or password; receivers know the sender by the signature"
	case u.Fragment != "" || strings.Contains(text, "#"):
		return "", "must not have a fragment"
	case u.Hostname() == "" || strings.HasSuffix(u.Host, ":"):
		return "", "must name a host, such as https://example.com/hooks"
	}
	if n, err := strconv.ParseUint(u.Port(), 10, 16); u.Port() != "" && (err != nil || n == 0) {
		return "", "must have a port from 1 to 65535, or none"
	}
	if a, err := netip.ParseAddr(u.Hostname()); err == nil {
		if refused := t.Permit(a, u.Scheme == "https"); refused != nil {
			return "", "must be reachable: " + refused.Error()
		}
	} else if host := strings.ToLower(strings.TrimRight(u.Hostname(), ".")); len(t.Private) == 0 && (host == "localhost" || strings.HasSuffix(host, ".localhost")) {
		return "", "must not be this machine, which WEBHOOK_ALLOW_PRIVATE does not name"
	}
	return u.String(), ""
}
