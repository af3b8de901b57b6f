package events_test

import (
	"net/netip"
	"strings"
	"testing"

	"codexible/events"
)

func TestOnlyPublicAddressesAreReachedUnlessOthersAreAllowed(t *testing.T) {
	open := events.Targets{Private: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("fd00::/8")}}
	for _, text := range []string{
		"127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16",
		"192.0.0.192", "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.255.255.250", "255.255.255.255", "240.0.0.1",
		"::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "::a00:1",
		"64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1", "2001::1", "2001:db8::1", "3fff::1", "4000::1", "",
	} {
		a, _ := netip.ParseAddr(text)
		if (events.Targets{}).Permit(a, true) == nil {
			t.Errorf("%s is reached", text)
		}
	}
	for _, text := range []string{"1.1.1.1", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::101:101", "::ffff:1.1.1.1"} {
		if err := (events.Targets{}).Permit(netip.MustParseAddr(text), true); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if open.Permit(netip.MustParseAddr(text), false) == nil {
			t.Errorf("%s is reached without TLS", text)
		}
	}
	for text, allowed := range map[string]bool{"10.1.2.3": true, "::ffff:10.1.2.3": true, "10.2.0.1": false, "::1": true, "fd00:ec2::254": true, "127.0.0.1": false, "ff02::1": false} {
		for _, encrypted := range []bool{false, true} {
			if err := open.Permit(netip.MustParseAddr(text), encrypted); (err == nil) != allowed {
				t.Errorf("where some are allowed, %s: %v", text, err)
			}
		}
	}
}

func TestURLsOfWebhooksAreKeptOrRefused(t *testing.T) {
	open := events.Targets{Private: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	for text, kept := range map[string]string{
		"https://example.com": "https://example.com", "https://Example.com:8443/a?b=c": "https://Example.com:8443/a?b=c", "https://1.1.1.1/in": "https://1.1.1.1/in",
		"https://[2606:4700::1111]/in": "https://[2606:4700::1111]/in",
	} {
		for _, targets := range []events.Targets{{}, open} {
			if got, problem := targets.ParseURL(text); got != kept || problem != "" {
				t.Errorf("%s: %q %s", text, got, problem)
			}
		}
	}
	for _, text := range []string{
		"", "example.com", "ftp://example.com", "https://", "https://user:hidden@example.com", "https://example.com/#x", "https://example.com:0", "https://example.com:99999", "https://example.com:",
		"https://exa mple.com", "https://example.com/\x00", "https://example.com/ä", "https://example.com\\@evil", "https:example.com", "https://" + strings.Repeat("a", 2000),
		"https://10.0.0.1", "https://[::ffff:10.0.0.1]", "https://169.254.169.254/latest", "http://8.8.8.8",
	} {
		for _, targets := range []events.Targets{{}, open} {
			if got, problem := targets.ParseURL(text); problem == "" || strings.Contains(problem, "hidden") {
				t.Errorf("%.60q is kept as %q, %s", text, got, problem)
			}
		}
	}
	for _, text := range []string{"http://127.0.0.1:9000/in", "https://127.0.0.1/in", "http://localhost:9000", "http://receiver/in"} {
		if _, problem := (events.Targets{}).ParseURL(text); (problem == "") != (text == "") {
			t.Errorf("%s is kept", text)
		}
		if _, problem := open.ParseURL(text); problem != "" {
			t.Errorf("where it is allowed, %s: %s", text, problem)
		}
	}
}

func FuzzParseURL(f *testing.F) {
	for _, text := range []string{"https://example.com", "http://127.0.0.1", "https://[::1]:1", "https://a@b", "//x"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		kept, problem := events.Targets{}.ParseURL(text)
		if problem != "" {
			return
		}
		if again, problem := (events.Targets{}).ParseURL(kept); again != kept || problem != "" || !strings.HasPrefix(kept, "https://") {
			t.Errorf("%q is kept as %q, and that as %q: %s", text, kept, again, problem)
		}
	})
}
