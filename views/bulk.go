package views

import "strings"

// Bulk is the form above a list that acts on many of its rows.
type Bulk struct {
	CSRF string
	// Path is where the form is sent. Noun names a row, such as key.
	Path, Noun string
	Actions    Field
	// Filter is the query of the list. Page are the ids of the rows that are shown.
	Filter string
	Page   []string
	// Matching is how many rows the filter finds, at most Most; More is true where it finds more.
	Matching, Most int64
	More           bool
}

// all says what the box for the whole list takes; empty where the page shows all of it.
func (b *Bulk) all() string {
	switch {
	case b.More:
		return "The first " + Number(b.Most) + " that match; one action takes no more"
	case b.Matching > int64(len(b.Page)):
		return "All " + Number(b.Matching) + " that match"
	}
	return ""
}

func (b *Bulk) onPage() string {
	if len(b.Page) == 1 {
		return "The one " + b.Noun + " on this page"
	}
	return "All " + Number(int64(len(b.Page))) + " on this page"
}

// BulkPreview says what a bulk action will do, before it does it.
type BulkPreview struct {
	Frame
	Path, Cancel string
	// Do is the action, IDs whom it is done to, Once what makes it take effect once.
	Do, IDs, Once string
	Consequences  []string
	// Affected and Skipped are the first of those that change and of those that do not.
	Affected, Skipped         []BulkLine
	AffectedMore, SkippedMore int64
	Noun, Submit              string
	Danger                    bool
}

// BulkLine is a key or user of a bulk action.
type BulkLine struct {
	Path, Name, Under string
	// State is how it is. Note is what to know of it: why it is skipped, or what was done.
	State, Note string
}

// BulkResult says what a bulk action has done.
type BulkResult struct {
	Frame
	Lines []BulkOutcome
	Noun  string
	Back  string
}

// BulkOutcome is what was done with one key or user.
type BulkOutcome struct {
	BulkLine
	Tone Tone
	Text string
}

func (b *Bulk) pageIDs() string { return strings.Join(b.Page, " ") }

// title begins a heading with a capital letter.
func title(noun string) string { return strings.ToUpper(noun[:1]) + noun[1:] }
