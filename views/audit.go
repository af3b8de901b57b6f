package views

import "codexible/accounts"

// Audit is the audit log with its filters.
type Audit struct {
	Frame
	Search, Action, From, To Field
	// Order is kept by the filters; Heads change it.
	Order     string
	Heads     []Head
	Entries   []accounts.AuditEntry
	Pager     Pager
	ExportURL string
	Filtered  bool
	Problems  []string
}

// subjectPath is the page of an entry's subject; empty where it has none.
func subjectPath(e accounts.AuditEntry) string {
	switch e.Subject {
	case accounts.SubjectUser:
		return "/admin/users/" + e.SubjectID.String()
	case accounts.SubjectKey:
		return "/admin/keys/" + e.SubjectID.String()
	case accounts.SubjectPlan:
		return "/admin/plans/" + e.SubjectID.String() + "/edit"
	case accounts.SubjectModel:
		return "/admin/models/" + e.SubjectID.String()
	case accounts.SubjectUpstream:
		return "/admin/upstreams/" + e.SubjectID.String()
	case accounts.SubjectWebhook:
		return "/admin/webhooks/" + e.SubjectID.String()
	case accounts.SubjectPrice:
		if e.Action == "prices.imported" { // it is of many prices
			return "/admin/prices"
		}
		return "/admin/prices/" + e.SubjectID.String()
	case accounts.SubjectRequest:
		return RequestPath(e.SubjectID)
	case accounts.SubjectSetting, accounts.SubjectSession, accounts.SubjectSystem:
	}
	return ""
}
