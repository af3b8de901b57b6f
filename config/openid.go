package config

import (
	"net/netip"
	"strings"

	"codexible/accounts"
)

// maxClientText bounds a client ID and a client secret; providers' are far shorter.
const maxClientText = 1000

// isIssuer reports whether a text can be the issuer of OpenID Connect. Without TLS it
// is on this machine: the client secret and every token pass there.
func isIssuer(text string) bool {
	u, ok := readURL(text)
	if !ok || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.ContainsFunc(text, isControl) {
		return false
	}
	if u.Scheme == "http" {
		address, err := netip.ParseAddr(u.Hostname())
		return u.Hostname() == "localhost" || err == nil && address.IsLoopback()
	}
	return u.Scheme == "https"
}

// rule reads who gets a role by OpenID Connect: an e-mail address, or group:NAME.
func rule(text string) (string, string) {
	if group, isGroup := strings.CutPrefix(text, "group:"); isGroup {
		return text, problemIf(strings.TrimSpace(group) != group || group == "" || len(text) > 300, "must list e-mail addresses and group:NAME")
	}
	name, host, found := strings.Cut(text, "@")
	wrong := !found || name == "" || host == "" || len(text) > 254 || strings.ContainsAny(text, " *") || strings.Contains(host, "@")
	return text, problemIf(wrong, "must list e-mail addresses and group:NAME")
}

// OIDCOperators reports whether operators can sign in with the provider.
func (c *Config) OIDCOperators() bool { return len(c.OIDCAdmins) > 0 || len(c.OIDCViewers) > 0 }

// mailDomain reads a domain of mail addresses, without case.
func mailDomain(text string) (string, string) {
	folded := accounts.FoldEmail(text)
	return folded, problemIf(accounts.CheckEmail("a@"+folded) != "", "must list mail domains such as example.com")
}

// Registration is who may make an account by signing in.
func (c *Config) Registration() accounts.Registration {
	return accounts.Registration{Plan: c.RegistrationPlan, Domains: c.RegistrationDomains, DailyLimit: c.RegistrationDailyLimit}
}
