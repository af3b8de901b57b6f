package limits_test

import (
	"net/netip"
	"testing"

	"codexible/limits"
)

func TestAddressesThatOneClientHoldsAreOneSubject(t *testing.T) {
	for _, same := range [][2]string{
		{"203.0.113.7", "::ffff:203.0.113.7"},
		{"2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"},
		{"fe80::1%eth0", "fe80::2%eth1"},
	} {
		if a, b := address(same[0]), address(same[1]); a != b {
			t.Errorf("%s is %v and %s is %v", same[0], a, same[1], b)
		}
	}
}

func TestDifferentClientsAreDifferentSubjectsAndTexts(t *testing.T) {
	subjects := []limits.Subject{
		{},
		limits.Key([16]byte{}),
		limits.Key([16]byte{0: 1}),
		limits.Key(netip.MustParseAddr("2001:db8:1:2::").As16()),
		limits.Key([16]byte{203, 0, 113, 7}),
		address("203.0.113.7"),
		address("203.0.113.8"),
		address("cb00:7107::"), // the bytes of 203.0.113.7
		address("::1"),
		address("2001:db8:1:2::1"),
		address("2001:db8:1:3::1"),
		limits.Address(netip.Addr{}),
	}
	texts := make(map[string]limits.Subject, len(subjects))
	for i, s := range subjects {
		for _, other := range subjects[:i] {
			if s == other {
				t.Errorf("%v stands for two clients", s)
			}
		}
		if other, taken := texts[s.String()]; taken {
			t.Errorf("%#v and %#v are both %q", s, other, s)
		}
		texts[s.String()] = s
	}
}

func TestSubjectTextsAreReadable(t *testing.T) {
	for want, s := range map[string]limits.Subject{
		"none":                                 {},
		"key:0123456789abcdef0123456789abcdef": limits.Key([16]byte{1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef}),
		"address:203.0.113.7":                  address("203.0.113.7"),
		"address:2001:db8:1:2::/64":            address("2001:db8:1:2:3::4"),
		"address:0.0.0.0":                      limits.Address(netip.Addr{}),
	} {
		if got := s.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func address(s string) limits.Subject { return limits.Address(netip.MustParseAddr(s)) }
