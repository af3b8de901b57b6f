package accounts

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"codexible/fault"
	"codexible/logo"
)

// Settings are what operators set for the whole service.
type Settings struct {
	// UsageThresholds are the percentages of a day's or month's credits at which an event is emitted, ascending.
	UsageThresholds []int
	Look
}

// Look is how the service shows itself to customers. An empty field is one that was not set.
type Look struct {
	// Name is the product's; ProductName has a default.
	Name string
	// Accent is a colour, #rrggbb in lower case.
	Accent string
	// SupportEmail and SupportURL are where customers get help.
	SupportEmail, SupportURL string
	// Links stand below every page of the dashboard.
	Links []LookLink
	// Logo describes the logo.
	Logo logo.Info
}

// LookLink is a link to a page of the operator's.
type LookLink struct {
	Label string `json:"label"`
	URL   string `json:"url"`
}

// DefaultName is the product's name where none was set.
const DefaultName = "Codexible"

// ProductName is the name that customers see.
func (l *Look) ProductName() string {
	if l.Name == "" {
		return DefaultName
	}
	return l.Name
}

// The bounds of settings.
const (
	// MaxThresholds is how many thresholds there can be.
	MaxThresholds    = 10
	MaxNameShown     = 60
	MaxLinks         = 6
	MaxLinkLabel     = 40
	MaxLookURLLength = 300
)

// AccentRule and LinkRule say what a colour and an address can be.
const (
	AccentRule = "must be a colour such as #0f766e: # and 6 hexadecimal digits"
	LinkRule   = "must be an address that begins with https:// and has at most 300 characters, without a password; http:// is for this machine alone"
)

// DefaultSettings are those of a service for which nothing was set.
func DefaultSettings() Settings { return Settings{UsageThresholds: []int{50, 80, 100}} }

// SettingsChange changes settings; nil leaves one as it is, and an empty value removes it.
type SettingsChange struct {
	// UsageThresholds may be empty: then none is an event.
	UsageThresholds *[]int

	Name, Accent, SupportEmail, SupportURL *string
	// Links replace all.
	Links *[]LookLink
	// Logo replaces the logo.
	Logo *logo.Image
}

// Apply makes the change, or says what is wrong with it. Thresholds come out ascending, each once.
func (c SettingsChange) Apply(s Settings) (Settings, error) {
	problems := map[string]string{}
	if c.UsageThresholds != nil {
		given := *c.UsageThresholds
		if len(given) > MaxThresholds || slices.ContainsFunc(given, func(percent int) bool { return percent < 1 || percent > 100 }) {
			problems["usage_thresholds"] = fmt.Sprintf("must be up to %d whole numbers from 1 to 100, percentages of a day's or month's credits", MaxThresholds)
		}
		s.UsageThresholds = slices.Compact(slices.Sorted(slices.Values(given)))
	}
	for _, field := range []struct {
		name  string
		given *string
		to    *string
		check func(text string) (cleaned, problem string)
	}{
		{"name", c.Name, &s.Name, checkProductName}, {"accent", c.Accent, &s.Accent, checkAccent},
		{"support_email", c.SupportEmail, &s.SupportEmail, checkSupport}, {"support_url", c.SupportURL, &s.SupportURL, checkLink},
	} {
		if field.given == nil {
			continue
		}
		cleaned, problem := Clean(*field.given), ""
		if cleaned != "" {
			cleaned, problem = field.check(cleaned)
		}
		*field.to = cleaned
		if problem != "" {
			problems[field.name] = problem
		}
	}
	if c.Links != nil {
		s.Links = checkLinks(*c.Links, problems)
	}
	if c.Logo != nil {
		s.Logo = c.Logo.Info()
	}
	if len(problems) > 0 {
		return s, fault.InvalidFields(problems)
	}
	return s, nil
}

func checkProductName(text string) (cleaned, problem string) {
	if text == DefaultName {
		return "", ""
	}
	return text, CheckText(text, 1, MaxNameShown)
}

var accent = regexp.MustCompile(`^#[0-9a-f]{6}$`)

// checkAccent allows every colour: on each of them white or black text has a contrast of 4.5 or more.
func checkAccent(text string) (cleaned, problem string) {
	text = strings.ToLower(text)
	if !accent.MatchString(text) {
		return text, AccentRule
	}
	return text, ""
}

func checkSupport(text string) (cleaned, problem string) {
	text = CleanEmail(text)
	return text, CheckEmail(text)
}

// checkLink allows addresses that a page can link to.
func checkLink(text string) (cleaned, problem string) {
	at, err := url.Parse(text)
	switch {
	case err != nil, len(text) > MaxLookURLLength, at.Hostname() == "", at.User != nil, at.Opaque != "",
		strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"<>\\^`{|}", r) }):
		return text, LinkRule
	case at.Scheme == "https", at.Scheme == "http" && isLoopback(at.Hostname()):
		return text, ""
	}
	return text, LinkRule
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

func checkLinks(given []LookLink, problems map[string]string) []LookLink {
	if len(given) > MaxLinks {
		problems["links"] = fmt.Sprintf("must be at most %d", MaxLinks)
		return nil
	}
	var list []LookLink
	for i, l := range given {
		l.Label = Clean(l.Label)
		if problem := CheckText(l.Label, 1, MaxLinkLabel); problem != "" {
			problems[fmt.Sprintf("links[%d].label", i)] = problem
		}
		var problem string
		if l.URL, problem = checkLink(Clean(l.URL)); problem != "" {
			problems[fmt.Sprintf("links[%d].url", i)] = problem
		}
		list = append(list, l)
	}
	return list
}
