package console

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"codexible/accounts"
	"codexible/fault"
	"codexible/gateway"
	"codexible/store"
	"codexible/usage"
	"codexible/views"

	"github.com/google/uuid"
)

const (
	// liveCallsShown is how many calls of this instance the page lists, liveUsers how many users.
	liveCallsShown = 100
	liveUsersShown = 20
)

// openCalls are the calls that this process serves, the oldest first.
func (c *Console) openCalls() []gateway.OpenCall {
	if c.OpenCalls == nil {
		return nil
	}
	return c.OpenCalls()
}

// Live lists the calls of this instance, and the open holds of all.
func (c *Console) Live(ctx context.Context, v *Visit) (Reply, error) {
	email, ok := filter(v.Query.Get("user"), accounts.MaxEmailLength)
	p := views.Live{
		Frame: v.frame("Live", views.SectionLive), Now: c.Now(), Filtered: email != "",
		User: views.Field{Name: "user", Label: "User", Type: "search", Placeholder: "E-mail", Value: email},
	}
	if !ok {
		p.Problems = append(p.Problems, noFilter)
	}
	user, err := c.userNamed(ctx, email, func(text string) { p.Problems = append(p.Problems, text) })
	if err != nil {
		return Reply{}, err
	}
	r := Reply{Status: http.StatusOK}
	p.Tail, r.Refresh = c.tail(v, func(live string) string { return views.WithQuery(v.Path, "user", email, "live", live) })
	if len(p.Problems) > 0 {
		return showAgain(views.LivePage(p))
	}
	here := map[uuid.UUID]bool{}
	for _, call := range c.openCalls() {
		here[call.ID] = true
		if user != uuid.Nil && call.UserID != user {
			continue
		}
		if p.Open++; len(p.Calls) < liveCallsShown {
			p.Calls = append(p.Calls, views.LiveCall{OpenCall: call})
		}
	}
	if err := c.liveHolds(ctx, v, &p, user, here); err != nil {
		return Reply{}, err
	}
	r.Page = views.LivePage(p)
	return r, nil
}

// liveHolds reads the open holds of all instances; here are the calls of this one.
func (c *Console) liveHolds(ctx context.Context, v *Visit, p *views.Live, user uuid.UUID, here map[uuid.UUID]bool) error {
	after := v.afterID()
	holds, err := c.Store.LiveHolds(ctx, store.HoldQuery{UserID: user, After: after, Limit: pageSize + 1})
	if err != nil {
		return err
	}
	path := func(after string) string {
		return views.WithQuery(v.Path, "user", p.User.Value, "after", after) + "#holds"
	}
	if len(holds) > pageSize {
		holds = holds[:pageSize]
		p.Pager.Onward, p.Pager.OnwardText = path(holds[pageSize-1].ID.String()), "Older"
	}
	if after != uuid.Nil {
		p.Pager.Newest = path("")
	}
	for _, h := range holds {
		p.Holds = append(p.Holds, views.LiveHold{Hold: h.Hold, Email: h.Email, Label: h.Label, Prefix: h.Prefix, Call: h.IsCall(), Here: here[h.ID]})
	}
	if p.Filtered {
		return nil
	}
	users, err := c.Store.HoldsByUser(ctx, liveUsersShown)
	for _, u := range users {
		p.Users = append(p.Users, views.LiveUser(u))
	}
	return err
}

// EndCall shows the confirmation, and ends an open call on whichever instance serves it.
func (c *Console) EndCall(ctx context.Context, v *Visit) (Reply, error) {
	h, err := c.Store.Hold(ctx, v.ID)
	switch {
	case errors.Is(err, usage.ErrNoHold):
		return Reply{}, store.ErrNoRequest
	case err != nil:
		return Reply{}, err
	case h.OwnerID != uuid.Nil:
		return Reply{}, fault.New(fault.NotFound, "This hold is of a service, not of a call of the gateway. It can be released.")
	}
	u, err := c.Store.User(ctx, h.UserID)
	if err != nil {
		return Reply{}, err
	}
	form := views.Form{
		Frame:  v.frame("End a call of "+u.Email, views.SectionLive, views.Link{Text: "Live", Path: "/admin/live"}),
		Action: v.Path, Cancel: "/admin/live", Submit: "End this call", Danger: true,
	}
	if h.Status == usage.HoldOpen && c.Now().Before(h.ExpiresAt) {
		form.Consequences = c.endSays(&h)
	} else {
		form.Consequences = []string{"This call has ended already. The log of requests has it."}
	}
	if !v.Post {
		return show(views.FormPage(form))
	}
	err = c.Store.EndRequest(ctx, v.By, h.ID)
	switch {
	case errors.Is(err, store.ErrCallEnded):
		return leadTo("/admin/live", "done", "call-over")
	case err != nil:
		return Reply{}, err
	}
	return leadTo("/admin/live", "done", "call-ended")
}

// endSays is what ending a call does.
func (c *Console) endSays(h *usage.Hold) []string {
	where := "The instance that serves it cancels the upstream's work within a second."
	if slices.ContainsFunc(c.openCalls(), func(o gateway.OpenCall) bool { return o.ID == h.ID }) {
		where = "This instance cancels the upstream's work at once."
	}
	return []string{
		"A call to " + h.Model + ", open since " + views.Ago(c.Now(), h.CreatedAt) + ", holds " + views.Count(h.Credits, "credit") + ".",
		where, "The client gets an error in the form of its API. It may call again: suspend the user or disable the key to prevent that.",
		"What was delivered is charged. The rest of the hold can be used again.",
	}
}
