package console

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"codexible/accounts"
	"codexible/store"
	"codexible/usage"
	"codexible/views"
)

// auditActions are the options of the filter.
var auditActions = []views.Option{
	{Label: "All actions"}, {Value: ActionFailures, Label: "Failures"},
	{Value: "user.created", Label: "User created"}, {Value: "user.changed", Label: "User changed"}, {Value: "user.suspended", Label: "User suspended"}, {Value: "user.reactivated", Label: "User reactivated"}, {Value: "user.password_set", Label: "Password set"}, {Value: "user.password_reset_requested", Label: "Link for a password asked for"}, {Value: "user.password_reset", Label: "Password chosen by a link"}, {Value: "user.sign_in_link_requested", Label: "Link to sign in asked for"}, {Value: "user.imported", Label: "Users imported"}, {Value: "user.linked", Label: "Single sign-on linked"}, {Value: "user.erased", Label: "User erased"}, {Value: "user.alerts_changed", Label: "Mails to a user chosen"},
	{Value: "user.two_step_on", Label: "Two-factor turned on"}, {Value: "user.two_step_off", Label: "Two-factor turned off"}, {Value: "user.recovery_codes_made", Label: "Recovery codes made"}, {Value: "user.recovery_code_used", Label: "Recovery code used"}, {Value: "user.two_step_locked", Label: "Two-factor codes locked"}, {Value: "user.two_step_unlocked", Label: "Two-factor codes unlocked"},
	{Value: "key.created", Label: "Key created"}, {Value: "key.changed", Label: "Key changed"}, {Value: "key.disabled", Label: "Key disabled"}, {Value: "key.enabled", Label: "Key enabled"}, {Value: "key.rotated", Label: "Key rotated"}, {Value: "key.revoked", Label: "Key revoked"},
	{Value: "plan.created", Label: "Plan created"}, {Value: "plan.changed", Label: "Plan changed"}, {Value: "plan.archived", Label: "Plan archived"}, {Value: "plan.restored", Label: "Plan restored"},
	{Value: "grant.created", Label: "Credits given"}, {Value: "grant.revoked", Label: "Grant revoked"}, {Value: "usage.corrected", Label: "Day corrected"}, {Value: "hold.released", Label: "Hold released"}, {Value: "request.ended", Label: "Call ended"},
	{Value: "model.created", Label: "Model created"}, {Value: "model.changed", Label: "Model changed"}, {Value: "model.deleted", Label: "Model deleted"}, {Value: "price.set", Label: "Price set"}, {Value: "prices.imported", Label: "Prices imported"},
	{Value: "upstream.created", Label: "Upstream added"}, {Value: "upstream.changed", Label: "Upstream changed"}, {Value: "upstream.deleted", Label: "Upstream deleted"}, {Value: "upstream.key_disabled", Label: "Key refused by a provider"}, {Value: "upstream.secrets_dropped", Label: "Keys of an upstream dropped"},
	{Value: "webhook.created", Label: "Webhook added"}, {Value: "webhook.changed", Label: "Webhook changed"}, {Value: "webhook.disabled", Label: "Webhook disabled by its receiver"}, {Value: "webhook.deleted", Label: "Webhook deleted"}, {Value: "webhook.secret_rotated", Label: "Secret of a webhook rotated"}, {Value: "webhook.secrets_dropped", Label: "Secret of a webhook dropped"}, {Value: "webhook.tested", Label: "Webhook tested"}, {Value: "webhook.redelivered", Label: "Event sent again"},
	{Value: "session.opened", Label: "Signed in"}, {Value: "session.failed", Label: "Sign-in failed"}, {Value: "session.ended", Label: "Session ended"},
	{Value: "export.made", Label: "Export made"}, {Value: "export.failed", Label: "Export failed"}, {Value: "backup.made", Label: "Backup made"}, {Value: "backup.failed", Label: "Backup failed"}, {Value: "database.restored", Label: "Database restored"}, {Value: "revocations.kept", Label: "Revocations kept at a restore"}, {Value: "secrets.rotated", Label: "Secrets encrypted anew"},
	{Value: "setting.changed", Label: "Settings changed"},
	{Value: "console.set_up", Label: "Console set up"}, {Value: "console.setup_failed", Label: "Set-up failed"},
}

// ActionFailures is the filter that stands for store.FailureActions.
const ActionFailures = "failures"

// AuditActions are the actions that the log can be filtered by, ActionFailures included.
func AuditActions() (list []string) {
	for _, o := range auditActions {
		if o.Value != "" {
			list = append(list, o.Value)
		}
	}
	return list
}

// readAudit reads the filters of the log, and reports the errors in them.
func readAudit(v *Visit) (f store.AuditQuery, problems []string) {
	var ok bool
	if f.Text, ok = filter(v.Query.Get("q"), accounts.MaxSearchLength); !ok {
		problems = append(problems, noFilter)
	}
	f.Action = v.Query.Get("action")
	if !slices.ContainsFunc(auditActions, func(o views.Option) bool { return o.Value == f.Action }) {
		problems = append(problems, "Unknown action. Choose one from the list.")
	}
	if f.Action == ActionFailures {
		f.Action, f.Actions = "", store.FailureActions
	}
	read := func(name string) (day usage.Day) {
		text := strings.TrimSpace(v.Query.Get(name))
		if text == "" {
			return ""
		}
		day, ok := usage.ParseDay(text)
		if !ok {
			problems = append(problems, noDay)
			return ""
		}
		return day
	}
	f.From, f.To = read("from"), read("to")
	if f.From != "" && f.To != "" && f.From > f.To {
		problems = append(problems, lastBeforeFirst)
	}
	return f, problems
}

// Audit lists who changed what.
func (c *Console) Audit(ctx context.Context, v *Visit) (Reply, error) {
	f, problems := readAudit(v)
	action := v.Query.Get("action")
	path := func(to string, more ...string) string {
		return views.WithQuery(to, append([]string{"q", f.Text, "action", action, "from", string(f.From), "to", string(f.To)}, more...)...)
	}
	order := v.sorting("-time", views.AuditHeads())
	p := views.Audit{
		Frame: v.frame("Audit log", views.SectionAudit), Problems: problems, Filtered: f.Text != "" || action != "" || f.From != "" || f.To != "",
		Search: views.Field{Name: "q", Label: "Search", Type: "search", Placeholder: "Actor, action or target", Value: f.Text}, Action: views.Field{Name: "action", Label: "Action", Type: "select", Value: action, Options: auditActions},
		From: views.Field{Name: "from", Label: "From", Type: "date", Value: v.Query.Get("from")}, To: views.Field{Name: "to", Label: "To", Type: "date", Value: v.Query.Get("to")},
		ExportURL: path("/admin/audit/export"),
		Order:     order.order, Heads: order.heads(func(sort string) string { return path(v.Path, "sort", sort) }),
	}
	if len(problems) > 0 {
		r, err := show(views.AuditPage(p))
		r.Status = http.StatusUnprocessableEntity
		return r, err
	}
	f.Limit, f.OldestFirst = pageSize+1, order.order != ""
	onward := "Older"
	if f.OldestFirst {
		onward = "Later"
	}
	seq, _ := order.after(v)
	f.Before, _ = strconv.ParseInt(seq, 10, 64)
	entries, err := c.Store.Audit(ctx, f)
	if err != nil {
		return Reply{}, err
	}
	if len(entries) > pageSize {
		entries = entries[:pageSize]
		p.Pager.Onward, p.Pager.OnwardText = path(v.Path, "sort", order.order, "after", order.cursor(strconv.FormatInt(entries[pageSize-1].Seq, 10), "")), onward
	}
	if f.Before > 0 {
		p.Pager.Newest = path(v.Path, "sort", order.order)
	}
	p.Entries = entries
	return show(views.AuditPage(p))
}
