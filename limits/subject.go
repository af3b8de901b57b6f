package limits

import (
	"encoding/hex"
	"net/netip"
)

// Subject is what a limit applies to: an API key, all keys of a user together, or the address of a caller without a key.
// Subjects are small, comparable values, made by Key, User and Address; the zero Subject belongs to no caller.
type Subject struct {
	id   [16]byte
	kind kind
}

type kind uint8

const (
	kindNone kind = iota
	kindKey
	kindIPv4
	kindIPv6
	kindUser
)

// Key is the subject of the API key with this id.
func Key(id [16]byte) Subject { return Subject{kind: kindKey, id: id} }

// User is the subject of all keys of the user with this id.
func User(id [16]byte) Subject { return Subject{kind: kindUser, id: id} }

// Address is the subject of a client address. An IPv6 client is its /64, because whoever holds one address of it holds all;
// an IPv4 address mapped into IPv6 is the IPv4 address; an address that is not valid counts as 0.0.0.0.
func Address(a netip.Addr) Subject {
	a = a.Unmap()
	if !a.IsValid() {
		a = netip.IPv4Unspecified()
	}
	if a.Is4() {
		s, v4 := Subject{kind: kindIPv4}, a.As4()
		copy(s.id[:], v4[:])
		return s
	}
	s, v6 := Subject{kind: kindIPv6}, a.As16()
	copy(s.id[:8], v6[:])
	return s
}

// AppendText appends the subject's text form: key: or user: and 32 hex digits, or address: and the address or its prefix.
// Different subjects have different texts. The error is always nil.
func (s Subject) AppendText(b []byte) ([]byte, error) {
	switch s.kind {
	case kindKey:
		return hex.AppendEncode(append(b, "key:"...), s.id[:]), nil
	case kindUser:
		return hex.AppendEncode(append(b, "user:"...), s.id[:]), nil
	case kindIPv4:
		return netip.AddrFrom4([4]byte(s.id[:4])).AppendTo(append(b, "address:"...)), nil
	case kindIPv6:
		return netip.PrefixFrom(netip.AddrFrom16(s.id), 64).AppendTo(append(b, "address:"...)), nil
	default:
		return append(b, "none"...), nil
	}
}

// String is the subject's text form, for logs.
func (s Subject) String() string {
	b, _ := s.AppendText(nil)
	return string(b)
}
