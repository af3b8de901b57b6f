package console

import (
	"context"
	"net/http"

	"codexible/accounts"
	"codexible/events"
	"codexible/fault"
	"codexible/store"
	"codexible/views"

	"github.com/google/uuid"
)

const webhooksPath = "/admin/webhooks"

// errNoWebhooks says that this process sends nothing.
var errNoWebhooks = fault.New(fault.Unavailable, "This instance cannot send to webhooks right now. Try again shortly.")

// Webhooks lists where events are sent.
func (c *Console) Webhooks(ctx context.Context, v *Visit) (Reply, error) {
	list, err := c.Store.Webhooks(ctx)
	if err != nil {
		return Reply{}, err
	}
	stats, err := c.Store.DeliveryStats(ctx)
	if err != nil {
		return Reply{}, err
	}
	p := views.Webhooks{Frame: v.frame("Webhooks", views.SectionWebhooks)}
	for i := range list {
		p.Lines = append(p.Lines, webhookLine(&list[i], stats))
	}
	order := v.sorting("", views.WebhookHeads())
	p.Heads = order.heads(func(sort string) string { return views.WithQuery(v.Path, "sort", sort) })
	p.Lines = rows[views.WebhookLine]{p.Lines, func(l *views.WebhookLine) string { return l.ID.String() }, webhookRank}.sorted(&order)
	return show(views.WebhooksPage(p))
}

// webhookRank is what webhooks are sorted by.
func webhookRank(l *views.WebhookLine, column string) rank {
	switch column {
	case "state":
		return byFlag(!l.Enabled)
	case "waiting":
		return byNumber(l.Waiting)
	case "failed":
		return byNumber(l.Failed)
	}
	return byText(l.Host())
}

func webhookLine(w *events.Webhook, stats map[uuid.UUID]store.DeliveryStats) views.WebhookLine {
	of := stats[w.ID]
	l := views.WebhookLine{Webhook: w, Waiting: of.Waiting, Failed: of.Failed}
	if !of.Oldest.IsZero() {
		l.Oldest = &of.Oldest
	}
	return l
}

// Webhook shows a webhook with its deliveries.
func (c *Console) Webhook(ctx context.Context, v *Visit) (Reply, error) {
	w, err := c.Store.Webhook(ctx, v.ID)
	if err != nil {
		return Reply{}, err
	}
	stats, err := c.Store.DeliveryStats(ctx)
	if err != nil {
		return Reply{}, err
	}
	if v.Operator.Role == accounts.RoleViewer {
		w = w.ForViewers()
	}
	p := views.Webhook{
		Frame: v.frame(w.Host(), views.SectionWebhooks, views.Link{Text: "Webhooks", Path: webhooksPath}), Line: webhookLine(&w, stats), Overlaps: w.Overlaps(c.Now()),
		Show: views.RangeChoice{Current: "All"},
	}
	q := store.DeliveryQuery{WebhookID: w.ID, Limit: pageSize + 1}
	q.After, _ = uuid.Parse(v.Query.Get("after"))
	for _, choice := range []views.Option{{Value: "", Label: "All"}, {Value: string(events.Pending), Label: "Waiting"}, {Value: string(events.Delivered), Label: "Delivered"}, {Value: string(events.Failed), Label: "Failed"}} {
		p.Show.Links = append(p.Show.Links, views.Link{Text: choice.Label, Path: views.WithQuery(v.Path, "status", choice.Value)})
		if v.Query.Get("status") == choice.Value {
			p.Show.Current, q.Status = choice.Label, events.DeliveryStatus(choice.Value)
		}
	}
	if p.Deliveries, err = c.Store.Deliveries(ctx, q); err != nil {
		return Reply{}, err
	}
	if len(p.Deliveries) > pageSize {
		p.Deliveries = p.Deliveries[:pageSize]
		p.Pager.Onward, p.Pager.OnwardText = views.WithQuery(v.Path, "status", string(q.Status), "after", p.Deliveries[pageSize-1].Event.ID.String()), "Older"
	}
	if q.After != uuid.Nil {
		p.Pager.Newest = views.WithQuery(v.Path, "status", string(q.Status))
	}
	p.Audit, err = c.Store.Audit(ctx, store.AuditQuery{SubjectID: w.ID, Limit: auditShown})
	if err != nil {
		return Reply{}, err
	}
	return show(views.WebhookPage(p))
}

// webhookForm is a form about a webhook.
func (v *Visit) webhookForm(title string, w *events.Webhook) views.Form {
	path := views.WebhookPath(w)
	return views.Form{
		Frame:  v.frame(title, views.SectionWebhooks, views.Link{Text: "Webhooks", Path: webhooksPath}, views.Link{Text: w.Host(), Path: path}),
		Action: v.Path, Cancel: path,
	}
}

// webhookFields are the fields of a webhook, and the change that they ask for.
func (c *Console) webhookFields(v *Visit, w *events.Webhook) ([]views.Field, events.WebhookChange) {
	value := func(name, current string) string {
		if v.Post {
			return v.Form.Get(name)
		}
		return current
	}
	types := views.Field{Name: "types", Label: "Events", Type: "checks", Hint: "All events if none is checked, those of later versions too."}
	for _, t := range events.Types() {
		types.Options = append(types.Options, views.Option{Value: string(t), Label: string(t)})
	}
	for _, t := range w.Types {
		types.Ticked = append(types.Ticked, string(t))
	}
	enabled := views.Field{Name: "enabled", Label: "State", Type: "checks", Options: []views.Option{{Value: boxChecked, Label: "Send events"}}, Hint: "While it is off nothing is sent, and events are not kept for it."}
	if w.Enabled {
		enabled.Ticked = []string{boxChecked}
	}
	if v.Post {
		types.Ticked, enabled.Ticked = v.Form["types"], v.Form["enabled"]
	}
	fields := []views.Field{
		{Name: "url", Label: "URL", Value: value("url", w.URL), Required: true, MaxLength: events.MaxURL, Autofocus: w.URL == "", Placeholder: "https://example.com/hooks",
			Hint: "Events are sent there by POST. Private addresses are refused unless WEBHOOK_ALLOW_PRIVATE names them."},
		{Name: "description", Label: "Description", Value: value("description", w.Description), MaxLength: events.MaxDescription, Hint: "Optional. What it is for."},
		types, enabled,
	}
	return fields, events.WebhookChange{
		URL: new(v.Form.Get("url")), Description: new(v.Form.Get("description")), Types: new(v.Form["types"]), Enabled: new(len(v.Form["enabled"]) > 0), Targets: c.WebhookTargets,
	}
}

// webhookRefused shows a form again with what is wrong.
func webhookRefused(form views.Form, err error) (Reply, error) {
	if withProblems(form.Fields, err) {
		return showAgain(views.FormPage(form))
	}
	if f := fault.As(err); f.Kind == fault.Conflict {
		form.Notice = &views.Notice{Tone: views.ToneBad, Title: "Nothing was changed", Text: f.Message}
		r, err := show(views.FormPage(form))
		r.Status = http.StatusConflict
		return r, err
	}
	return Reply{}, err
}

// NewWebhook makes a webhook and shows its secret once.
func (c *Console) NewWebhook(ctx context.Context, v *Visit) (Reply, error) {
	fresh := events.NewWebhook()
	fields, change := c.webhookFields(v, &fresh)
	form := views.Form{
		Frame: v.frame("Add a webhook", views.SectionWebhooks, views.Link{Text: "Webhooks", Path: webhooksPath}), Action: v.Path, Cancel: webhooksPath, Submit: "Add the webhook", Fields: fields,
		Intro: "Its secret is shown only once, on the next page. Have a safe place ready to store it.", Once: uuid.NewString(),
	}
	if !v.Post {
		return show(views.FormPage(form))
	}
	if _, err := change.Apply(fresh); err != nil { // before the form is spent
		return webhookRefused(form, err)
	}
	return c.showWebhookSecret(ctx, v, form, webhooksPath, "", func() (events.Webhook, error) { return c.Store.CreateWebhook(ctx, v.By, change) })
}

// showWebhookSecret claims the form, makes the change and shows the secret.
func (c *Console) showWebhookSecret(ctx context.Context, v *Visit, form views.Form, taken, oldWorks string, change func() (events.Webhook, error)) (Reply, error) {
	first, err := c.claim(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	if !first {
		return leadTo(taken, "done", "webhook-taken")
	}
	w, err := change()
	if err != nil {
		return webhookRefused(form, err)
	}
	r, err := show(views.WebhookSecretPage(views.WebhookSecret{Frame: form.Frame, Webhook: &w, OldWorks: oldWorks}))
	r.Plain = true
	return r, err
}

// EditWebhook changes, enables and disables a webhook.
func (c *Console) EditWebhook(ctx context.Context, v *Visit) (Reply, error) {
	w, err := c.Store.Webhook(ctx, v.ID)
	if err != nil {
		return Reply{}, err
	}
	form := v.webhookForm("Edit the webhook", &w)
	form.Submit = "Save"
	fields, change := c.webhookFields(v, &w)
	form.Fields = fields
	if !v.Post {
		return show(views.FormPage(form))
	}
	if _, err := c.Store.ChangeWebhook(ctx, v.By, w.ID, change); err != nil {
		return webhookRefused(form, err)
	}
	return leadTo(views.WebhookPath(&w), "done", "webhook-changed")
}

// RotateWebhook gives a webhook another secret and shows it once.
func (c *Console) RotateWebhook(ctx context.Context, v *Visit) (Reply, error) {
	w, err := c.Store.Webhook(ctx, v.ID)
	if err != nil {
		return Reply{}, err
	}
	form := v.webhookForm("Rotate the secret", &w)
	form.Submit, form.Once = "Rotate the secret", uuid.NewString()
	form.Consequences = []string{"The webhook gets a new secret, which is shown once on the next page.", "While both secrets overlap every event is signed by both, so that the receiver can change to the new one."}
	overlap := views.Field{Name: "overlap", Label: "The old secret stops", Type: "select", Value: v.Form.Get("overlap")}
	chosen := -1
	for i, g := range graces {
		overlap.Options = append(overlap.Options, views.Option{Value: g.value, Label: g.label})
		if g.value == overlap.Value {
			chosen = i
		}
	}
	if overlap.Value == "" {
		overlap.Value = "86400"
	}
	form.Fields = []views.Field{overlap}
	switch {
	case !v.Post:
		return show(views.FormPage(form))
	case chosen < 0:
		form.Fields[0].Problem = "Choose one from the list."
		return showAgain(views.FormPage(form))
	}
	old := "Stopped immediately"
	if g := graces[chosen].grace; g > 0 {
		old = "Signs as well until " + views.Instant(c.Now().Add(g)) + " UTC"
	}
	return c.showWebhookSecret(ctx, v, form, views.WebhookPath(&w), old, func() (events.Webhook, error) {
		return c.Store.RotateWebhookSecret(ctx, v.By, w.ID, graces[chosen].grace)
	})
}

// TestWebhookNow shows the confirmation, and sends a test.
func (c *Console) TestWebhookNow(ctx context.Context, v *Visit) (Reply, error) {
	w, err := c.Store.Webhook(ctx, v.ID)
	if err != nil {
		return Reply{}, err
	}
	form := v.webhookForm("Send a test", &w)
	form.Submit = "Send the test"
	form.Consequences = []string{"An event of type webhook.test is sent to " + w.Host() + ", once, also while the webhook is disabled.", "The next page shows what it answered within 15 seconds."}
	switch {
	case !v.Post:
		return show(views.FormPage(form))
	case c.SendWebhook == nil:
		return Reply{}, errNoWebhooks
	}
	d, err := c.Store.TestWebhook(ctx, v.By, w.ID, c.SendWebhook)
	if err != nil {
		return Reply{}, err
	}
	return leadTo(views.WebhookPath(&w)+"/delivery", "event", d.Event.ID.String(), "done", "webhook-test-"+string(d.Status))
}

// DeleteWebhook shows the confirmation, and deletes a webhook.
func (c *Console) DeleteWebhook(ctx context.Context, v *Visit) (Reply, error) {
	w, err := c.Store.Webhook(ctx, v.ID)
	if err != nil {
		return Reply{}, err
	}
	form := v.webhookForm("Delete the webhook", &w)
	form.Submit, form.Danger = "Delete this webhook", true
	form.Consequences = []string{"Nothing more is sent to " + w.Host() + ", what waits included.", "Its deliveries and its secret are deleted. They cannot be restored."}
	if !v.Post {
		return show(views.FormPage(form))
	}
	if err := c.Store.DeleteWebhook(ctx, v.By, w.ID); err != nil {
		return Reply{}, err
	}
	return leadTo(webhooksPath, "done", "webhook-deleted")
}

// WebhookDelivery shows a delivery.
func (c *Console) WebhookDelivery(ctx context.Context, v *Visit) (Reply, error) {
	w, err := c.Store.Webhook(ctx, v.ID)
	if err != nil {
		return Reply{}, err
	}
	event, err := uuid.Parse(v.Query.Get("event"))
	if err != nil {
		return Reply{}, events.ErrDeliveryNotFound
	}
	d, err := c.Store.Delivery(ctx, w.ID, event)
	if err != nil {
		return Reply{}, err
	}
	return show(views.WebhookDeliveryPage(views.WebhookDelivery{Frame: v.webhookForm(string(d.Event.Type), &w).Frame, Webhook: &w, Delivery: d}))
}

// Redeliver sends an event again.
func (c *Console) Redeliver(ctx context.Context, v *Visit) (Reply, error) {
	event, err := uuid.Parse(v.Form.Get("event"))
	if err != nil {
		return Reply{}, events.ErrDeliveryNotFound
	}
	d, err := c.Store.Redeliver(ctx, v.By, v.ID, event)
	if err != nil {
		return Reply{}, err
	}
	return leadTo(webhooksPath+"/"+d.WebhookID.String()+"/delivery", "event", event.String(), "done", "webhook-redelivered")
}
