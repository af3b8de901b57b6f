package console

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"codexible/accounts"
	"codexible/fault"
	"codexible/logo"
	"codexible/views"
)

const settingsPath = "/admin/settings"

// ShowSettings shows what operators set for the whole service.
func (c *Console) ShowSettings(ctx context.Context, v *Visit) (Reply, error) {
	p, err := c.settingsPage(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	return show(views.SettingsPage(p))
}

// settingsPage is the page with the settings as they are.
func (c *Console) settingsPage(ctx context.Context, v *Visit) (views.Settings, error) {
	now, err := c.Store.Settings(ctx)
	if err != nil {
		return views.Settings{}, err
	}
	l := &now.Look
	links := make([]string, len(l.Links))
	for i, link := range l.Links {
		links[i] = link.Label
	}
	p := views.Settings{
		Frame: v.frame("Settings", views.SectionSystem, views.Link{Text: "System", Path: "/admin/system"}), Preview: *l, HasLogo: l.Logo.IsSet(),
		Facts: []views.Fact{
			{Name: "Name", Value: l.ProductName()}, {Name: "Accent colour", Value: l.Accent, Mono: l.Accent != ""}, {Name: "Logo", Value: logoFact(l.Logo)},
			{Name: "Support e-mail", Value: l.SupportEmail}, {Name: "Support page", Value: l.SupportURL}, {Name: "Links", Value: strings.Join(links, ", ")},
			{Name: "Usage thresholds", Value: percentages(now.UsageThresholds)},
		},
		Look: lookFields(l), Thresholds: thresholdFields(now.UsageThresholds),
		Logo: []views.Field{{Name: "logo", Label: "File", Type: "file", Required: true, Hint: "A PNG of at most 2048 × 2048 pixels, or an SVG, of at most 256 KiB. It stands in place of the name, on light and dark ground. It is written anew: an SVG that has scripts or loads anything is refused."}},
	}
	p.Here = settingsPath
	return p, nil
}

func logoFact(l logo.Info) string {
	kinds := map[string]string{logo.PNG: "PNG", logo.SVG: "SVG"}
	if !l.IsSet() {
		return ""
	}
	return kinds[l.Media] + ", " + views.Count(int64(l.Bytes), "byte")
}

func percentages(list []int) string {
	if len(list) == 0 {
		return "None"
	}
	texts := make([]string, len(list))
	for i, n := range list {
		texts[i] = strconv.Itoa(n) + " %"
	}
	return strings.Join(texts, ", ")
}

func lookFields(l *accounts.Look) []views.Field {
	return []views.Field{
		{Name: "name", Label: "Product name", Value: l.Name, MaxLength: accounts.MaxNameShown, Placeholder: accounts.DefaultName, Hint: "In the dashboard and in mails to customers. This console keeps its name."},
		{Name: "accent", Label: "Accent colour", Value: l.Accent, MaxLength: len("#rrggbb"), Placeholder: "#e07a45", Hint: "# and 6 hexadecimal digits. Shades that are readable in both themes are made of it."},
		{Name: "support_email", Label: "Support e-mail", Value: l.SupportEmail, Type: "email", MaxLength: accounts.MaxEmailLength},
		{Name: "support_url", Label: "Support page", Value: l.SupportURL, Type: "url", MaxLength: accounts.MaxLookURLLength, Placeholder: "https://example.com/help"},
		{Name: "links", Label: "Links", Value: views.LinkLines(l.Links), Type: "textarea", Placeholder: "Terms https://example.com/terms", Hint: fmt.Sprintf("Below every page of the dashboard. One a line, its text and its address; at most %d.", accounts.MaxLinks)},
	}
}

func thresholdFields(list []int) []views.Field {
	return []views.Field{{
		Name: "usage_thresholds", Label: "Percentages", Value: strings.Trim(fmt.Sprint(list), "[]"), MaxLength: 100, Placeholder: "50 80 100",
		Hint: "Of a plan's credits of a day and of a month, with blanks between; at most 10, none for no such events. Webhooks and mails are sent when a user reaches one.",
	}}
}

// readLinks reads a link from each line: its last word is its address.
func readLinks(text string) []accounts.LookLink {
	list := []accounts.LookLink{}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		last := len(words) - 1
		list = append(list, accounts.LookLink{Label: strings.Join(words[:last], " "), URL: words[last]})
	}
	return list
}

// ChangeLook saves name, colour and links, or shows how they would look.
func (c *Console) ChangeLook(ctx context.Context, v *Visit) (Reply, error) {
	links := readLinks(v.Form.Get("links"))
	change := accounts.SettingsChange{Name: new(v.Form.Get("name")), Accent: new(v.Form.Get("accent")), SupportEmail: new(v.Form.Get("support_email")), SupportURL: new(v.Form.Get("support_url")), Links: &links}
	p, err := c.settingsPage(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	tried, err := change.Apply(accounts.Settings{Look: p.Preview})
	if err == nil && v.Form.Get("do") != "preview" {
		if _, err = c.Store.ChangeSettings(ctx, v.By, change); err == nil {
			return leadTo(settingsPath, "done", "look-saved")
		}
	}
	for i := range p.Look {
		p.Look[i].Value = v.Form.Get(p.Look[i].Name)
	}
	if err != nil {
		return settingsRefused(p, p.Look, err)
	}
	p.Preview, p.Tried = tried.Look, true
	p.Notice = &views.Notice{Tone: views.ToneWarn, Title: "This is a preview", Text: "Nothing is saved yet."}
	return show(views.SettingsPage(p))
}

// settingsRefused shows the page again with what is wrong with the fields of a form.
func settingsRefused(p views.Settings, fields []views.Field, err error) (Reply, error) {
	f := fault.As(err)
	problems := maps.Clone(f.Fields)
	for _, name := range slices.Sorted(maps.Keys(f.Fields)) { // links[1].url is line 2 of the field links
		var line int
		if n, _ := fmt.Sscanf(name, "links[%d]", &line); n == 1 && problems["links"] == "" {
			_, part, _ := strings.Cut(name, ".")
			problems["links"] = fmt.Sprintf("line %d: the %s %s", line+1, map[string]string{"label": "text before the address", "url": "address"}[part], f.Fields[name])
		}
	}
	if len(problems) > 0 {
		err = fault.InvalidFields(problems)
	}
	if !withProblems(fields, err) {
		return Reply{}, err
	}
	return showAgain(views.SettingsPage(p))
}

// UploadLogo replaces the logo.
func (c *Console) UploadLogo(ctx context.Context, v *Visit) (Reply, error) {
	image, problem := logo.Image{}, "must be chosen first: a PNG or an SVG"
	if len(v.File) > 0 {
		image, problem = logo.Rewrite(v.File)
	}
	var err error
	if problem != "" {
		err = fault.Field("logo", problem)
	} else if _, err = c.Store.ChangeSettings(ctx, v.By, accounts.SettingsChange{Logo: &image}); err == nil {
		return leadTo(settingsPath, "done", "logo-saved")
	}
	p, failed := c.settingsPage(ctx, v)
	if failed != nil {
		return Reply{}, failed
	}
	return settingsRefused(p, p.Logo, err)
}

// RemoveLogo removes the logo.
func (c *Console) RemoveLogo(ctx context.Context, v *Visit) (Reply, error) {
	if _, err := c.Store.ChangeSettings(ctx, v.By, accounts.SettingsChange{Logo: new(logo.Image)}); err != nil {
		return Reply{}, err
	}
	return leadTo(settingsPath, "done", "logo-removed")
}

// ChangeThresholds saves the usage thresholds.
func (c *Console) ChangeThresholds(ctx context.Context, v *Visit) (Reply, error) {
	text := v.Form.Get("usage_thresholds")
	list := []int{}
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(" ,;%\t\r\n", r) }) {
		n, err := strconv.Atoi(word)
		if err != nil {
			n = 0 // no percentage: it is refused with the others
		}
		list = append(list, n)
	}
	_, err := c.Store.ChangeSettings(ctx, v.By, accounts.SettingsChange{UsageThresholds: &list})
	if err == nil {
		return leadTo(settingsPath, "done", "thresholds-saved")
	}
	p, failed := c.settingsPage(ctx, v)
	if failed != nil {
		return Reply{}, failed
	}
	p.Thresholds[0].Value = text
	return settingsRefused(p, p.Thresholds, err)
}
