package views

import (
	"strings"

	"codexible/accounts"
)

// Settings is the page of what operators set for the whole service.
type Settings struct {
	Frame
	// Facts are the settings as they are stored.
	Facts []Fact
	// Preview is the look that the page shows: the stored one, or one that is only tried.
	Preview accounts.Look
	// Tried is true for a look that is not saved.
	Tried bool
	// Look, Logo and Thresholds are the fields of the three forms.
	Look, Logo, Thresholds []Field
	// HasLogo is true where there is one to remove.
	HasLogo bool
}

// logoPath is where the service serves the logo of a look.
func logoPath(l *accounts.Look) string { return "/api/appearance/logo?v=" + l.Logo.Hash }

// previewName is a product's name as it fits into a preview.
func previewName(l *accounts.Look) string {
	name := []rune(l.ProductName())
	if len(name) > 20 {
		return strings.TrimSpace(string(name[:19])) + "…"
	}
	return string(name)
}

// initial is what stands for a logo where there is none.
func initial(l *accounts.Look) string { return strings.ToUpper(string([]rune(l.ProductName())[:1])) }

// LinkLines are links as the form has them: one a line, its label and its address.
func LinkLines(list []accounts.LookLink) string {
	lines := make([]string, len(list))
	for i, l := range list {
		lines[i] = l.Label + " " + l.URL
	}
	return strings.Join(lines, "\n")
}

// previewTheme is a theme of the preview, with the dashboard's own colours.
type previewTheme struct {
	Name, Paper, Surface, Line, Text string
	ThemeShades
}

func previewThemes(s *Shades) []previewTheme {
	return []previewTheme{
		{"light", "#faf7f2", "#fffdfa", "#e6dfd4", "#29231e", s.Light},
		{"dark", "#181512", "#211d19", "#38312b", "#f3ede5", s.Dark},
	}
}
