package keys

import (
	"net/netip"
	"slices"
	"strings"
)

// MaxAddresses is how many entries the allowed addresses of a key may have.
const MaxAddresses = 32

// Addresses are the networks that a key may be used from, in their canonical
// form: masked, sorted, each once, IPv4 never written as IPv6. None means every
// address.
type Addresses []netip.Prefix

const (
	addressProblem = "must be addresses or networks such as 203.0.113.7, 10.0.0.0/8 or 2001:db8::/32"
	tooManyProblem = "must have at most 32 entries"
)

// ParseAddresses reads single addresses and networks in CIDR notation. problem
// says what is wrong with them; it is empty where nothing is.
func ParseAddresses(texts []string) (list Addresses, problem string) {
	if len(texts) > MaxAddresses {
		return nil, tooManyProblem
	}
	for _, text := range texts {
		p, ok := parseNetwork(strings.TrimSpace(text))
		if !ok {
			return nil, addressProblem
		}
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b netip.Prefix) int {
		if order := a.Addr().Compare(b.Addr()); order != 0 {
			return order
		}
		return a.Bits() - b.Bits()
	})
	return slices.Compact(list), ""
}

// mappedBits is how long the part of an IPv6 address is that says that it is an IPv4 one.
const mappedBits = 96

func parseNetwork(text string) (p netip.Prefix, ok bool) {
	if strings.Contains(text, "/") {
		var err error
		if p, err = netip.ParsePrefix(text); err != nil {
			return p, false
		}
	} else {
		a, ok := ParseAddress(text)
		if !ok {
			return p, false
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	if p.Addr().Is4In6() {
		if p.Bits() < mappedBits { // more than all of IPv4
			return p, false
		}
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-mappedBits)
	}
	return p.Masked(), true
}

// ParseAddress reads one address, without a zone; an IPv4 address that is
// written as IPv6 is the IPv4 address.
func ParseAddress(text string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(text)
	return a.Unmap(), err == nil && a.Zone() == ""
}

// Allow reports whether a request from an address may use the key. Where there
// are allowed addresses, one that is not known is not among them.
func (a Addresses) Allow(address netip.Addr) bool {
	if len(a) == 0 {
		return true
	}
	address = address.Unmap().WithZone("")
	for _, p := range a {
		if p.Contains(address) {
			return true
		}
	}
	return false
}

// Within reports whether a lets nothing in that o does not.
func (a Addresses) Within(o Addresses) bool {
	if len(o) == 0 {
		return true
	}
	for _, p := range a {
		if !slices.ContainsFunc(o, func(q netip.Prefix) bool { return q.Bits() <= p.Bits() && q.Contains(p.Addr()) }) {
			return false
		}
	}
	return len(a) > 0
}

// Equal reports whether both are the same networks.
func (a Addresses) Equal(o Addresses) bool { return slices.Equal(a, o) }

// Texts lists the networks: a single address stands alone, without /32 or /128.
func (a Addresses) Texts() []string {
	texts := make([]string, 0, len(a))
	for _, p := range a {
		if p.IsSingleIP() {
			texts = append(texts, p.Addr().String())
		} else {
			texts = append(texts, p.String())
		}
	}
	return texts
}

// String is how the networks are stored: with a blank between two.
func (a Addresses) String() string { return strings.Join(a.Texts(), " ") }
