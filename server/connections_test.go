package server

import (
	"net/netip"
	"testing"

	"codexible/config"
)

func TestLoopbackAndTrustedProxiesHaveAnyNumberOfConnections(t *testing.T) {
	s := &service{Options: Options{Config: config.Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}}}
	for address, exempt := range map[string]bool{"127.0.0.1": true, "127.9.9.9": true, "::1": true, "10.1.2.3": true, "11.1.2.3": false, "2001:db8::1": false} {
		if got := s.exemptFromCount(netip.MustParseAddr(address)); got != exempt {
			t.Errorf("%s: exempt %v, want %v", address, got, exempt)
		}
	}
}
