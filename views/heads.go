package views

import "github.com/a-h/templ"

// Head is the head of a column.
type Head struct {
	// Name is that of the column in an address; empty where the list cannot be sorted by it.
	Name, Label, Class string
	// Down is true where the largest values come first when the column is chosen.
	Down bool
	// Path is the page that is sorted by the column, or the other way round where it is; empty for no link.
	Path string
	// Ascending and Descending say how the list is sorted by this column; neither where it is not.
	Ascending, Descending bool
}

const classNumber = "num"

func (h Head) attributes() templ.Attributes {
	a := templ.Attributes{}
	if h.Class != "" {
		a["class"] = h.Class
	}
	switch {
	case h.Ascending:
		a["aria-sort"] = "ascending"
	case h.Descending:
		a["aria-sort"] = "descending"
	case h.Path != "":
		a["aria-sort"] = "none"
	}
	return a
}

// UserHeads are the columns of the list of users.
func UserHeads() []Head {
	return []Head{
		{Name: "email", Label: "User"}, {Label: "Plan"}, {Name: "role", Label: "Role"}, {Name: "status", Label: "Status"},
		{Label: "Active keys", Class: classNumber}, {Label: "Credits today", Class: classNumber}, {Name: "created", Label: "Created (UTC)", Class: classNumber, Down: true},
	}
}

// KeyHeads are the columns of a list of keys of one user, or of all.
func KeyHeads(owners bool) []Head {
	list := []Head{{Label: "Key"}, {Label: "User"}, {Name: "status", Label: "Status"}, {Name: "used", Label: "Last used", Down: true}, {Label: "Expires (UTC)"}, {Name: "age", Label: "Age", Class: classNumber}}
	if owners {
		return list
	}
	return append(list[:1:1], list[2:]...)
}

// PlanHeads are the columns of the list of plans.
func PlanHeads() []Head {
	return []Head{
		{Name: "name", Label: "Plan"}, {Name: "credits", Label: "Credits per day", Class: classNumber, Down: true}, {Name: "rate", Label: "Requests/min per key", Class: classNumber, Down: true},
		{Name: "user_rate", Label: "Requests/min per user", Class: classNumber, Down: true}, {Name: "keys", Label: "Max keys", Class: classNumber, Down: true},
		{Name: "price", Label: "Price per month", Class: classNumber, Down: true}, {Name: "users", Label: "Users", Class: classNumber, Down: true}, {Name: "status", Label: "Status"},
	}
}

// ModelHeads are the columns of the list of models.
func ModelHeads() []Head {
	return []Head{
		{Name: "name", Label: "Model"}, {Name: "context", Label: "Context", Class: classNumber, Down: true}, {Label: "Plans"}, {Label: "Served by"},
		{Label: "Customers pay", Class: classNumber}, {Name: "typical", Label: "Typical call", Class: classNumber, Down: true}, {Name: "margin", Label: "Margin", Class: classNumber},
	}
}

// PriceHeads are the columns of the list of prices.
func PriceHeads() []Head {
	return []Head{
		{Name: "name", Label: "Model"}, {Label: "Cost per million tokens", Class: classNumber}, {Label: "Customers pay", Class: classNumber},
		{Name: "typical", Label: "Typical call", Class: classNumber, Down: true}, {Name: "margin", Label: "Margin", Class: classNumber}, {Name: "since", Label: "In force since (UTC)", Down: true},
	}
}

// UpstreamHeads are the columns of the list of upstreams.
func UpstreamHeads() []Head {
	return []Head{
		{Name: "name", Label: "Upstream"}, {Label: "State"}, {Name: "keys", Label: "Usable keys", Class: classNumber}, {Name: "first_byte", Label: "First byte", Class: classNumber, Down: true},
		{Name: "failures", Label: "Failures", Class: classNumber, Down: true}, {Name: "spent", Label: "Spent today", Class: classNumber, Down: true},
	}
}

// WebhookHeads are the columns of the list of webhooks.
func WebhookHeads() []Head {
	return []Head{
		{Name: "name", Label: "Webhook"}, {Label: "Events"}, {Name: "state", Label: "State"},
		{Name: "waiting", Label: "Waiting", Class: classNumber, Down: true}, {Name: "failed", Label: "Failed, last day", Class: classNumber, Down: true},
	}
}

// UsageHeads are the columns of a table of usage, whose first column has this label.
func UsageHeads(label string) []Head {
	return []Head{
		{Name: "name", Label: label}, {Name: "requests", Label: "Requests", Class: classNumber, Down: true},
		{Name: "credits", Label: "Credits", Class: classNumber, Down: true}, {Name: "cost", Label: "Cost", Class: classNumber, Down: true},
	}
}

// MarginHeads are the columns of a table of usage with income and margin.
func MarginHeads(label string) []Head {
	return append(UsageHeads(label), Head{Name: "income", Label: "Income", Class: classNumber, Down: true},
		Head{Name: "left", Label: "Left", Class: classNumber, Down: true}, Head{Name: "margin", Label: "Margin", Class: classNumber})
}

// RequestHeads are the columns of the log of requests.
func RequestHeads() []Head {
	return []Head{
		{Name: "time", Label: "Time (UTC)", Down: true}, {Label: "User and key"}, {Label: "Model"}, {Label: "Outcome"},
		{Label: "Credits", Class: classNumber}, {Label: "Duration", Class: classNumber},
	}
}

// AuditHeads are the columns of the audit log.
func AuditHeads() []Head {
	return []Head{{Name: "time", Label: "Time (UTC)", Down: true}, {Label: "Actor"}, {Label: "Action"}, {Label: "Description"}}
}
