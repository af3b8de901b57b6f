package views

import "strings"

// Search is the page that searches everything.
type Search struct {
	Frame
	Field Field
	// Problem says what is wrong with the text; empty for nothing.
	Problem string
	Groups  []FoundGroup
	// Asked is true where there is a text to search for.
	Asked bool
}

// FoundGroup is what was found of a kind. All is a list with more; no link where there is none.
type FoundGroup struct {
	Name  string
	Lines []Found
	All   Link
}

// Found is a result. Under describes it.
type Found struct{ Path, Title, Under string }

// Pages are the pages of the navigation.
func Pages() (list []Link) {
	for _, entry := range navigation {
		list = append(list, Link{Text: string(entry.section), Path: entry.path})
	}
	return list
}

// KeyFound describes a key that was found.
func KeyFound(k *KeyLine) Found {
	return Found{Path: k.path(), Title: k.Label, Under: k.Prefix + "…, " + k.Email}
}

// UserFound describes a user who was found.
func UserFound(u *UserLine) Found {
	parts := []string{}
	for _, part := range []string{u.Name, u.ExternalID, u.PlanName, string(u.Role)} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return Found{Path: u.path(), Title: u.Email, Under: strings.Join(parts, ", ")}
}

// RequestFound describes a call that was found.
func RequestFound(l *RequestLine) Found {
	return Found{Path: RequestPath(l.ID), Title: l.ID.String(), Under: orDash(l.Model) + ", " + OutcomeLabel(l.Outcome) + ", " + Instant(l.At) + " UTC"}
}
