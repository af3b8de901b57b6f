// Package views renders the operator's console: a component for every page, the
// struct that the page shows, and the geometry of its charts. It reads nothing
// and decides nothing; everything a page shows is in its struct.
package views

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"
)

// Section is an entry of the console's navigation.
type Section string

// The sections, in the order of the navigation. The sign-in belongs to none.
const (
	SectionOverview  Section = "Overview"
	SectionUsers     Section = "Users"
	SectionKeys      Section = "Keys"
	SectionPlans     Section = "Plans"
	SectionModels    Section = "Models"
	SectionPrices    Section = "Prices"
	SectionUpstreams Section = "Upstreams"
	SectionWebhooks  Section = "Webhooks"
	SectionUsage     Section = "Usage"
	SectionRequests  Section = "Requests"
	SectionLive      Section = "Live"
	SectionAudit     Section = "Audit log"
	SectionSystem    Section = "System"
	SectionAccount   Section = "Account"
	// SectionSearch is not in the navigation: its link stands above it.
	SectionSearch Section = "Search"
)

type navigationEntry struct {
	section Section
	path    string
	icon    string
	// filters are the parameters of the page that narrow and sort what it shows: those that a saved view keeps.
	filters string
}

// The icons are drawn on 16 by 16 with strokes of 1.5.
var navigation = []navigationEntry{
	{SectionOverview, "/admin", "M2 13.5h12M4 11V8M8 11V3.5M12 11V6", ""},
	{SectionUsers, "/admin/users", "M8 7.5a2.75 2.75 0 1 0 0-5.5 2.75 2.75 0 0 0 0 5.5ZM2.5 14c.4-2.6 2.6-4 5.5-4s5.1 1.4 5.5 4", "q plan role status sort"},
	{SectionKeys, "/admin/keys", "M5 13.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM7.2 8.3 13.5 2M10.5 5l2 2", "q state sort"},
	{SectionPlans, "/admin/plans", "M2.5 5 8 2l5.5 3L8 8ZM2.5 8.25 8 11.25l5.5-3M2.5 11.25 8 14.25l5.5-3", "sort"},
	{SectionModels, "/admin/models", "M8 2 13.5 5v6L8 14l-5.5-3V5ZM2.5 5 8 8l5.5-3M8 8v6", "sort"},
	{SectionPrices, "/admin/prices", "M8 2v12M11 4.75C10.4 3.9 9.4 3.5 8 3.5c-1.8 0-3 .8-3 2.1 0 3 6.2 1.6 6.2 4.7 0 1.4-1.3 2.2-3.2 2.2-1.6 0-2.7-.5-3.3-1.5", "q show sort"},
	{SectionUpstreams, "/admin/upstreams", "M3 11.5a2.75 2.75 0 0 1 .6-5.4 4 4 0 0 1 7.7-.6 3 3 0 0 1 1.2 5.9M8 14V8.5M5.75 10.5 8 8.25l2.25 2.25", "sort"},
	{SectionWebhooks, "/admin/webhooks", "M6 5.5a2.5 2.5 0 1 1 4 2L12 11M3.5 9.5A2.5 2.5 0 1 0 6.5 12H12M9.5 12a2.5 2.5 0 1 0 2.5-2.5", "sort"},
	{SectionUsage, "/admin/usage", "M2 2.5v11h12M4.5 10l3-3.5 2.5 2L14 4", "from to user key model plan measure group sort"},
	{SectionRequests, "/admin/requests", "M2.5 4h11M2.5 8h7.5M2.5 12h9.5", "user key model upstream outcome status since until sort"},
	{SectionLive, "/admin/live", "M1.5 8.5h3l2-5 3 9 2-4h3", "user"},
	{SectionAudit, "/admin/audit", "M3.5 2h9v12h-9ZM6 5.5h4M6 8h4M6 10.5h2", "q action from to sort"},
	{SectionSystem, "/admin/system", "M2.5 3h11v4h-11ZM2.5 9h11v4h-11ZM5 5h.01M5 11h.01", ""},
	{SectionAccount, "/admin/account", "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 8.5A1.75 1.75 0 1 0 8 5a1.75 1.75 0 0 0 0 3.5ZM4.5 12.5c.8-1.5 2-2 3.5-2s2.7.5 3.5 2", ""},
}

// Theme is the colour theme: that of the system, light or dark.
type Theme string

// The themes; the zero value follows the system.
const (
	ThemeSystem Theme = "system"
	ThemeLight  Theme = "light"
	ThemeDark   Theme = "dark"
)

// ParseTheme reads a theme; ok is false for an unknown one.
func ParseTheme(text string) (theme Theme, ok bool) {
	switch theme = Theme(text); theme {
	case ThemeSystem, ThemeLight, ThemeDark:
		return theme, true
	}
	return ThemeSystem, false
}

type themeChoice struct {
	theme Theme
	label string
}

var themeChoices = []themeChoice{{ThemeSystem, "Auto"}, {ThemeLight, "Light"}, {ThemeDark, "Dark"}}

// Frame is what every page of a signed-in operator has around its content.
type Frame struct {
	Title   string
	Section Section
	Email   string
	// CSRF is the token that every form of the page carries.
	CSRF   string
	Theme  Theme
	Notice *Notice
	Crumbs []Link
	// Here is the path with its query, to which the theme switch returns.
	Here string
}

// Link is a text with the path it leads to.
type Link struct{ Text, Path string }

// Tone colours a badge or a notice.
type Tone string

// The tones; the zero value is neutral.
const (
	ToneGood Tone = "good"
	ToneBad  Tone = "bad"
	ToneWarn Tone = "warn"
)

// Notice is a message above a page. Problem summaries of forms are notices, too.
type Notice struct {
	Tone  Tone
	Title string
	Text  string
}

// Field is one control of a form with its label, hint and error.
type Field struct {
	Name, Label, Hint, Problem string
	Value                      string
	// Type is an input's type, text where empty.
	Type         string
	Autocomplete string
	Placeholder  string
	Required     bool
	// Min and Max bound a number or a date; MaxLength is in characters.
	Min, Max  string
	MaxLength int
	Options   []Option
	// List is the id of a datalist that completes the value.
	List string
	// Ticked are the values of the checked options of a field of type checks.
	Ticked    []string
	Autofocus bool
}

// Option is a choice of a Field.
type Option struct{ Value, Label string }

func (f Field) id() string { return "f-" + f.Name }

// describedBy is the hint's and the problem's ids, for screen readers.
func (f Field) describedBy() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.id()+"-hint")
	}
	if f.Problem != "" {
		ids = append(ids, f.id()+"-problem")
	}
	return strings.Join(ids, " ")
}

func (f Field) attributes() templ.Attributes {
	a := templ.Attributes{}
	set := func(name, value string) {
		if value != "" {
			a[name] = value
		}
	}
	set("aria-describedby", f.describedBy())
	set("autocomplete", f.Autocomplete)
	set("placeholder", f.Placeholder)
	set("min", f.Min)
	set("max", f.Max)
	set("list", f.List)
	if f.MaxLength > 0 {
		a["maxlength"] = strconv.Itoa(f.MaxLength)
	}
	if f.Problem != "" {
		a["aria-invalid"] = "true"
	}
	if f.Required {
		a["required"] = true
	}
	if f.Autofocus {
		a["autofocus"] = true
	}
	return a
}

func (f Field) inputType() string {
	if f.Type == "" {
		return "text"
	}
	return f.Type
}

// Pager links the pages of a list; a path is empty where the list ends.
type Pager struct {
	// Said is how much of the list the page shows.
	Said           string
	Newest, Onward string
	// OnwardText labels the link to the next page, such as "Older".
	OnwardText string
}

// WithQuery adds parameters to a path; empty ones are left out.
func WithQuery(path string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

func (t Theme) is(choice Theme) bool { return t == choice || t == "" && choice == ThemeSystem }

func pressed(yes bool) string { return strconv.FormatBool(yes) }

// role makes screen readers announce an error immediately, and a success when they are idle.
func (n Notice) role() string {
	if n.Tone == ToneBad {
		return "alert"
	}
	return "status"
}

// shareWidth is the width of a share's bar, of 96 units; anything above zero is visible.
func shareWidth(percent int64) string {
	return strconv.FormatInt(max(min(percent, 100)*96/100, 4), 10)
}
