package keys

import (
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAddressesAreWrittenInOneFormAlone(t *testing.T) {
	for texts, want := range map[string]string{
		"":                                  "",
		"203.0.113.7":                       "203.0.113.7",
		"203.0.113.7/32 203.0.113.7":        "203.0.113.7",
		"10.1.2.3/8":                        "10.0.0.0/8",
		"::ffff:10.1.2.3":                   "10.1.2.3",
		"::ffff:10.1.2.3/104":               "10.0.0.0/8",
		"2001:DB8::1/32 9.9.9.9 2001:db8::": "9.9.9.9 2001:db8:: 2001:db8::/32",
		"0.0.0.0/0 ::/0":                    "0.0.0.0/0 ::/0",
	} {
		list, problem := ParseAddresses(strings.Fields(texts))
		if problem != "" {
			t.Errorf("%q: %s", texts, problem)
		}
		want := strings.Fields(want)
		again, _ := ParseAddresses(list.Texts())
		if len(list) != len(want) || !again.Equal(list) {
			t.Errorf("%q is %q, read again %q", texts, list, again)
		}
		for _, text := range want {
			if !strings.Contains(" "+list.String()+" ", " "+text+" ") {
				t.Errorf("%q is %q, without %s", texts, list, text)
			}
		}
	}
	for _, text := range []string{"", "10.0.0", "10.0.0.0/33", "fe80::1%eth0", "fe80::1%eth0/64", "example.com", "10.0.0.1-9", "::ffff:10.0.0.0/90", "010.0.0.1", "10.0.0.0/8/8", "1.2.3.4:80"} {
		if _, problem := ParseAddresses([]string{text}); problem == "" {
			t.Errorf("%q is taken", text)
		}
	}
	many := make([]string, MaxAddresses+1)
	for i := range many {
		many[i] = netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}).String()
	}
	if _, problem := ParseAddresses(many[:MaxAddresses]); problem != "" {
		t.Error(problem)
	}
	if _, problem := ParseAddresses(many); problem == "" {
		t.Errorf("%d entries are taken", len(many))
	}
}

func TestAddressesAllowWhatTheyName(t *testing.T) {
	list, _ := ParseAddresses([]string{"203.0.113.7", "10.0.0.0/8", "2001:db8:1::/48"})
	for text, want := range map[string]bool{
		"203.0.113.7": true, "::ffff:203.0.113.7": true, "203.0.113.8": false, "10.255.0.1": true, "11.0.0.1": false,
		"2001:db8:1:ffff::9": true, "2001:db8:2::": false, "::": false,
	} {
		if got := list.Allow(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
		if !(Addresses{}).Allow(netip.MustParseAddr(text)) {
			t.Errorf("%s is refused where every address is allowed", text)
		}
	}
	if list.Allow(netip.Addr{}) {
		t.Error("an address that is not known is let in")
	}
}

// Whoever is within lets in nothing that the other does not.
func TestWithinLetsInNothingMore(t *testing.T) {
	network := rapid.Custom(func(t *rapid.T) string {
		a := netip.AddrFrom4([4]byte{10, byte(rapid.IntRange(0, 1).Draw(t, "b")), byte(rapid.IntRange(0, 3).Draw(t, "c")), byte(rapid.IntRange(0, 255).Draw(t, "d"))})
		return netip.PrefixFrom(a, rapid.IntRange(8, 32).Draw(t, "bits")).String()
	})
	rapid.Check(t, func(t *rapid.T) {
		a, _ := ParseAddresses(rapid.SliceOfN(network, 0, 3).Draw(t, "a"))
		b, _ := ParseAddresses(rapid.SliceOfN(network, 0, 3).Draw(t, "b"))
		within := a.Within(b)
		if !a.Within(a) || !a.Within(nil) || len(a) == 0 && len(b) > 0 && within {
			t.Fatalf("%q within %q: %v", a, b, within)
		}
		for range 50 {
			address := netip.AddrFrom4([4]byte{byte(rapid.IntRange(9, 11).Draw(t, "1")), byte(rapid.IntRange(0, 1).Draw(t, "2")), byte(rapid.IntRange(0, 3).Draw(t, "3")), byte(rapid.IntRange(0, 255).Draw(t, "4"))})
			if within && a.Allow(address) && !b.Allow(address) {
				t.Fatalf("%q is within %q, and lets %s in", a, b, address)
			}
		}
	})
}
