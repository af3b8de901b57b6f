package console

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"codexible/fault"
	"codexible/store"
	"codexible/usage"
	"codexible/views"

	"github.com/google/uuid"
)

// How many grants, holds and corrections a page of the user's lists shows, and
// over how many days uncollected credits are summed.
const (
	grantsShown      = 20
	holdsShown       = 20
	correctionsShown = 10
	uncollectedDays  = 30
)

// userCredits reads what the user's page shows of credits.
func (c *Console) userCredits(ctx context.Context, v *Visit, p *views.User) (err error) {
	id, today, show := p.User.ID, usage.DayOf(c.Now()), &p.Credits
	if show.Figures, err = c.Store.Figures(ctx, id, uuid.Nil); err != nil {
		return err
	}
	month, _ := usage.Span(today.StartOfMonth(), today)
	days, err := c.Store.History(ctx, id, month)
	if err != nil {
		return err
	}
	for _, d := range days {
		show.MonthUsed += d.Credits
	}
	show.UncollectedDays = uncollectedDays
	if show.Uncollected, err = c.Store.Uncollected(ctx, id, usage.LastDays(today, uncollectedDays)); err != nil {
		return err
	}
	if show.Grants, show.GrantPager, err = listed(v, "grants", grantsShown, func(limit, offset int) ([]usage.GrantRecord, error) {
		return c.Store.Grants(ctx, id, limit, offset)
	}); err != nil {
		return err
	}
	if show.Corrections, show.CorrectionPager, err = listed(v, "corrections", correctionsShown, func(limit, offset int) ([]usage.CorrectionRecord, error) {
		return c.Store.Corrections(ctx, id, limit, offset)
	}); err != nil {
		return err
	}
	return c.userHolds(ctx, v, p)
}

// listed reads a page of a list whose offset is in the query under its name.
func listed[T any](v *Visit, name string, shown int, read func(limit, offset int) ([]T, error)) (list []T, p views.Pager, err error) {
	offset, _ := strconv.Atoi(v.Query.Get(name))
	offset = max(0, min(offset, maxOffset))
	if list, err = read(shown+1, offset); err != nil {
		return nil, p, err
	}
	at := func(offset string) string {
		return views.WithQuery(v.Path, "days", v.Query.Get("days"), name, offset) + "#" + name
	}
	if len(list) > shown {
		list = list[:shown]
		p.Onward, p.OnwardText = at(strconv.Itoa(offset+shown)), "Older"
	}
	if offset > 0 {
		p.Newest = at("")
	}
	return list, p, nil
}

func (c *Console) userHolds(ctx context.Context, v *Visit, p *views.User) (err error) {
	if p.Credits.OpenHolds, err = c.Store.CountOpenHolds(ctx, p.User.ID); err != nil {
		return err
	}
	after, _ := uuid.Parse(v.Query.Get("holds"))
	holds, err := c.Store.OpenHolds(ctx, store.HoldQuery{UserID: p.User.ID, After: after, Limit: holdsShown + 1})
	if err != nil {
		return err
	}
	at := func(after string) string {
		return views.WithQuery(v.Path, "days", v.Query.Get("days"), "holds", after) + "#holds"
	}
	if len(holds) > holdsShown {
		holds = holds[:holdsShown]
		p.Credits.HoldPager.Onward, p.Credits.HoldPager.OnwardText = at(holds[holdsShown-1].ID.String()), "Older"
	}
	if after != uuid.Nil {
		p.Credits.HoldPager.Newest = at("")
	}
	p.Credits.Holds = holds
	return nil
}

// once is the idempotency key of a form: however often it is sent, it takes effect once.
func (v *Visit) once() (string, error) {
	form, err := uuid.Parse(v.Form.Get("once"))
	if err != nil {
		return "", ErrForm
	}
	return "console:" + form.String(), nil
}

// NewGrant gives a user credits beside the plan.
func (c *Console) NewGrant(ctx context.Context, v *Visit) (Reply, error) {
	u, _, err := c.livingUser(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	form := v.userForm("Give credits to "+u.Email, u)
	form.Intro, form.Submit, form.Once = "The user gets these credits beside the plan. They are used when the plan's credits are used up, and do not come back.", "Give these credits", uuid.NewString()
	form.Fields = []views.Field{
		{Name: "credits", Label: "Credits", Type: "number", Min: "1", Max: strconv.Itoa(usage.MaxCredits), Value: v.Form.Get("credits"), Required: true, Autofocus: true},
		{Name: "expires_at", Label: "Ends (UTC)", Type: "datetime-local", Value: v.Form.Get("expires_at"), Hint: "Optional. What is left at that time can no longer be used. It does not end if left empty."},
		{Name: "note", Label: "Note", Value: v.Form.Get("note"), Hint: "Optional. Only operators see it.", MaxLength: usage.MaxNote},
	}
	if !v.Post {
		return show(views.FormPage(form))
	}
	once, err := v.once()
	if err != nil {
		return Reply{}, err
	}
	n := usage.NewGrant{UserID: u.ID, Note: v.Form.Get("note"), IdempotencyKey: once}
	expires, readable := readExpiry(v.Form.Get("expires_at"))
	if n.ExpiresAt = expires; !readable {
		form.Fields[1].Problem = "Must be a date and a time such as 2026-12-31T23:59."
	}
	if n.Credits, err = strconv.ParseInt(strings.TrimSpace(v.Form.Get("credits")), 10, 64); err != nil {
		form.Fields[0].Problem = "Must be a whole number."
	}
	if err != nil || !readable {
		return showAgain(views.FormPage(form))
	}
	_, again, err := c.Store.Grant(ctx, v.By, n)
	switch {
	case err == nil && again:
		return leadTo("/admin/users/"+u.ID.String(), "done", "credits-sent")
	case err == nil:
		return leadTo("/admin/users/"+u.ID.String(), "done", "grant-created")
	case errors.Is(err, usage.ErrTooManyGrants), errors.Is(err, usage.ErrGrantReplay):
		form.Notice = &views.Notice{Tone: views.ToneBad, Title: "Nothing was given", Text: fault.As(err).Message}
	case !withProblems(form.Fields, err):
		return Reply{}, err
	}
	return showAgain(views.FormPage(form))
}

// RevokeGrant shows the confirmation, and ends a grant.
func (c *Console) RevokeGrant(ctx context.Context, v *Visit) (Reply, error) {
	g, err := c.Store.GrantByID(ctx, v.ID)
	if err != nil {
		return Reply{}, err
	}
	u, err := c.Store.User(ctx, g.UserID)
	if err != nil {
		return Reply{}, err
	}
	form := v.userForm("Revoke a grant of "+u.Email, userLine(u, nil))
	form.Submit, form.Danger = "Revoke this grant", true
	form.Consequences = []string{
		fmt.Sprintf("%s of %s are left and can no longer be used.", views.Count(g.Left(c.Now()), "credit"), views.Number(g.Credits)),
		"What was used stays charged. This cannot be undone, but you can give credits again.",
	}
	if g.Held > 0 {
		form.Consequences = append(form.Consequences, fmt.Sprintf("Open holds keep %s of it until they end.", views.Count(g.Held, "credit")))
	}
	if !v.Post {
		return show(views.FormPage(form))
	}
	if _, err := c.Store.RevokeGrant(ctx, v.By, g.UserID, g.ID); err != nil {
		return Reply{}, err
	}
	return leadTo("/admin/users/"+u.ID.String(), "done", "grant-revoked")
}

// The directions of a correction in its form.
const (
	giveBack = "give_back"
	take     = "take"
)

// Correct takes two steps: the first says what to change, the second shows the day
// before and after it.
func (c *Console) Correct(ctx context.Context, v *Visit) (Reply, error) {
	u, plan, err := c.livingUser(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	today := string(usage.DayOf(c.Now()))
	form := v.userForm("Correct a day of "+u.Email, u)
	form.Intro, form.Submit = "A correction changes what a day has used, and its month. It touches no charge and no grant, and may pass a limit.", "Continue"
	form.Fields = []views.Field{
		{Name: "direction", Label: "Correction", Type: "select", Value: v.Form.Get("direction"), Options: []views.Option{{Value: giveBack, Label: "Give credits back"}, {Value: take, Label: "Take credits"}}},
		{Name: "credits", Label: "Credits", Type: "number", Min: "1", Max: strconv.Itoa(usage.MaxCredits), Value: v.Form.Get("credits"), Required: true, Autofocus: true},
		{Name: "day", Label: "Day (UTC)", Type: "date", Value: today, Max: today, Required: true},
		{Name: "reason", Label: "Reason", Value: v.Form.Get("reason"), Hint: "For the audit log and for other operators.", Required: true, MaxLength: usage.MaxNote},
	}
	if !v.Post {
		return show(views.FormPage(form))
	}
	form.Fields[2].Value = v.Form.Get("day")
	n, ok := readCorrection(v, form.Fields)
	if !ok {
		return showAgain(views.FormPage(form))
	}
	n.UserID = u.ID
	if v.Form.Get("confirmed") == "" {
		return c.previewCorrection(ctx, form, n, plan.DailyCreditLimit)
	}
	if n.IdempotencyKey, err = v.once(); err != nil {
		return Reply{}, err
	}
	_, _, again, err := c.Store.Correct(ctx, v.By, n)
	switch {
	case err == nil && again:
		return leadTo("/admin/users/"+u.ID.String(), "done", "credits-sent")
	case err == nil:
		return leadTo("/admin/users/"+u.ID.String(), "done", "day-corrected")
	case !withProblems(form.Fields, err):
		return Reply{}, err
	}
	return showAgain(views.FormPage(form))
}

// readCorrection reads the fields, and puts every problem beside its field.
func readCorrection(v *Visit, fields []views.Field) (n usage.NewCorrection, ok bool) {
	n.Reason = v.Form.Get("reason")
	credits, err := strconv.ParseInt(strings.TrimSpace(v.Form.Get("credits")), 10, 64)
	if err != nil || credits < 1 || credits > usage.MaxCredits {
		fields[1].Problem = fmt.Sprintf("Must be a whole number from 1 to %d.", usage.MaxCredits)
	}
	switch n.Credits = credits; v.Form.Get("direction") {
	case take:
	case giveBack:
		n.Credits = -credits
	default:
		fields[0].Problem = "Choose one of the corrections."
	}
	var known bool
	if n.Day, known = usage.ParseDay(strings.TrimSpace(v.Form.Get("day"))); !known {
		fields[2].Problem = noDay
	}
	for _, f := range fields {
		if f.Problem != "" {
			return n, false
		}
	}
	return n, true
}

func (c *Console) previewCorrection(ctx context.Context, form views.Form, n usage.NewCorrection, limit int64) (Reply, error) {
	before, after, err := c.Store.PreviewCorrection(ctx, n)
	if err != nil {
		if withProblems(form.Fields, err) {
			return showAgain(views.FormPage(form))
		}
		return Reply{}, err
	}
	verb, credits := "Take ", n.Credits
	if credits < 0 {
		verb, credits = "Give back ", -credits
	}
	form.Intro, form.Submit, form.Once = "", verb+views.Count(credits, "credit"), uuid.NewString()
	form.Consequences = []string{
		fmt.Sprintf("On %s: %s used → %s.", n.Day, views.Number(before), views.Day(after, limit)),
		"The reason in the audit log: " + strings.TrimSpace(n.Reason),
	}
	if after > limit {
		form.Consequences = append(form.Consequences, "The day is then above the plan's limit. If it is today, charges that no grant covers are refused.")
	}
	for i := range form.Fields {
		form.Fields[i].Type = "hidden"
	}
	form.Fields = append(form.Fields, views.Field{Name: "confirmed", Type: "hidden", Value: "yes"})
	return show(views.FormPage(form))
}

// ReleaseHold shows the confirmation, and ends an open hold without a charge.
func (c *Console) ReleaseHold(ctx context.Context, v *Visit) (Reply, error) {
	h, err := c.Store.Hold(ctx, v.ID)
	if err != nil {
		return Reply{}, err
	}
	u, err := c.Store.User(ctx, h.UserID)
	if err != nil {
		return Reply{}, err
	}
	form := v.userForm("Release a hold of "+u.Email, userLine(u, nil))
	form.Submit, form.Danger = "Release this hold", true
	form.Consequences = []string{
		views.Count(h.Credits, "credit") + " can be used again immediately. Nothing is charged.",
		"If the call still runs, its service cannot settle it: the settlement is refused, and what the call costs is not charged.",
	}
	if h.Status == usage.HoldOpen && c.Now().Before(h.ExpiresAt) {
		form.Consequences = append(form.Consequences, fmt.Sprintf("Without this, the hold ends by itself in %s. Then: %s.", views.Span(h.ExpiresAt.Sub(c.Now())), strings.ToLower(views.Expiry(&h))))
	} else {
		form.Consequences = []string{"This hold has ended: it was settled, released, or its time has passed."}
	}
	if !v.Post {
		return show(views.FormPage(form))
	}
	if _, err := c.Store.ReleaseHold(ctx, v.By, h.ID); err != nil {
		if errors.Is(err, usage.ErrHoldEnded) {
			return leadTo("/admin/users/"+u.ID.String(), "done", "hold-ended")
		}
		return Reply{}, err
	}
	return leadTo("/admin/users/"+u.ID.String(), "done", "hold-released")
}
