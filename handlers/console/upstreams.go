package console

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"codexible/catalog"
	"codexible/fault"
	"codexible/gateway"
	"codexible/store"
	"codexible/usage"
	"codexible/views"

	"github.com/google/uuid"
)

// errNoTest says that this process makes no calls.
var errNoTest = fault.New(fault.Unavailable, "This instance cannot call upstreams right now. Try again shortly.")

// Upstreams lists where calls go.
func (c *Console) Upstreams(ctx context.Context, v *Visit) (Reply, error) {
	list, err := c.Store.Upstreams(ctx)
	if err != nil {
		return Reply{}, err
	}
	f, err := c.fleet(ctx)
	if err != nil {
		return Reply{}, err
	}
	p := views.Upstreams{Frame: v.frame("Upstreams", views.SectionUpstreams)}
	// Names are unique without case, and pages are found by them.
	slices.SortFunc(list, func(a, b gateway.Upstream) int { return strings.Compare(a.Name, b.Name) })
	order := v.sorting("name", views.UpstreamHeads())
	p.Heads = order.heads(func(sort string) string { return views.WithQuery(v.Path, "sort", sort) })
	lines := func(list []gateway.Upstream) []views.UpstreamLine {
		all := make([]views.UpstreamLine, len(list))
		for i := range list {
			all[i] = f.line(&list[i])
		}
		return all
	}
	if column, _ := order.current(); column != "name" {
		p.Lines, p.Pager = rows[views.UpstreamLine]{lines(list), func(l *views.UpstreamLine) string { return l.Name }, upstreamRank}.page(v, &order, "upstream")
		return show(views.UpstreamsPage(p))
	}
	// A line looks up secrets: only those of the page are made.
	name := func(u *gateway.Upstream) string { return u.Name }
	list, p.Pager = rows[gateway.Upstream]{list, name, func(u *gateway.Upstream, _ string) rank { return byText(u.Name) }}.page(v, &order, "upstream")
	p.Lines = lines(list)
	return show(views.UpstreamsPage(p))
}

// upstreamRank is what upstreams are sorted by.
func upstreamRank(l *views.UpstreamLine, column string) rank {
	switch column {
	case "keys":
		return byNumber(l.Usable())
	case "first_byte":
		return byNumber(int64(l.Recent.FirstByte))
	case "failures":
		return byNumber(l.Recent.Failures)
	case "spent":
		return byNumber(l.SpentMicros)
	}
	return rank{}
}

// modelsServed is how many models the page of an upstream lists.
const modelsServed = 50

// Upstream shows one upstream.
func (c *Console) Upstream(ctx context.Context, v *Visit) (Reply, error) {
	u, err := c.Store.Upstream(ctx, v.ID)
	if err != nil {
		return Reply{}, err
	}
	f, err := c.fleet(ctx)
	if err != nil {
		return Reply{}, err
	}
	book, err := c.Catalog.Book(ctx)
	if err != nil {
		return Reply{}, err
	}
	span, choice := v.days(f.now)
	p := views.Upstream{
		Frame: v.frame(u.Name, views.SectionUpstreams, views.Link{Text: "Upstreams", Path: "/admin/upstreams"}),
		Line:  f.line(&u), Range: choice, Models: served(book, u.ID), Test: testOf(v, book, &u),
	}
	if more := len(p.Models) - modelsServed; more > 0 {
		p.Models, p.MoreModels = p.Models[:modelsServed], int64(more)
	}
	days, err := c.Store.UpstreamHistory(ctx, u.ID, span)
	if err != nil {
		return Reply{}, err
	}
	p.Chart = views.DayChart("Cost by day", views.MeasureCost, days)
	p.Audit, err = c.Store.Audit(ctx, store.AuditQuery{SubjectID: u.ID, Limit: auditShown})
	if err != nil {
		return Reply{}, err
	}
	return show(views.UpstreamPage(p))
}

// served are the models of which an upstream is a candidate, by name.
func served(book *catalog.Book, upstream uuid.UUID) (list []views.ServedModel) {
	for _, m := range book.Models() {
		for _, candidate := range m.Candidates {
			if candidate.UpstreamID == upstream {
				list = append(list, views.ServedModel{Model: m, Candidate: candidate})
			}
		}
	}
	return list
}

func upstreamPath(u *gateway.Upstream, to string) string { return views.UpstreamPath(u) + to }

// upstreamForm is a confirmation about an upstream.
func (v *Visit) upstreamForm(title string, u *gateway.Upstream) views.Form {
	path := upstreamPath(u, "")
	return views.Form{
		Frame:  v.frame(title, views.SectionUpstreams, views.Link{Text: "Upstreams", Path: "/admin/upstreams"}, views.Link{Text: u.Name, Path: path}),
		Action: v.Path, Cancel: path,
	}
}

// upstreamAnswer leads to the upstream, or shows the confirmation with what is wrong.
func upstreamAnswer(form views.Form, u *gateway.Upstream, err error, done string) (Reply, error) {
	switch f := fault.As(err); {
	case err == nil:
		return leadTo(upstreamPath(u, ""), "done", done)
	case f.Kind == fault.Conflict:
		form.Notice = &views.Notice{Tone: views.ToneBad, Title: "Nothing was changed", Text: f.Message}
		r, err := show(views.FormPage(form))
		r.Status = http.StatusConflict
		return r, err
	}
	return Reply{}, err
}

// EnableUpstream shows the confirmation, and has calls go to an upstream again.
func (c *Console) EnableUpstream(ctx context.Context, v *Visit) (Reply, error) {
	u, err := c.Store.Upstream(ctx, v.ID)
	if err != nil {
		return Reply{}, err
	}
	form := v.upstreamForm("Enable "+u.Name, &u)
	form.Submit = "Enable this upstream"
	form.Consequences = []string{"Calls of the models that name it go to it again, from the next request."}
	if !v.Post {
		return show(views.FormPage(form))
	}
	_, err = c.Store.ChangeUpstream(ctx, v.By, u.ID, gateway.UpstreamChange{Enabled: new(true)})
	return upstreamAnswer(form, &u, err, "upstream-enabled")
}

// DisableUpstream shows the confirmation, and has no call go to an upstream.
func (c *Console) DisableUpstream(ctx context.Context, v *Visit) (Reply, error) {
	u, err := c.Store.Upstream(ctx, v.ID)
	if err != nil {
		return Reply{}, err
	}
	book, err := c.Catalog.Book(ctx)
	if err != nil {
		return Reply{}, err
	}
	form := v.upstreamForm("Disable "+u.Name, &u)
	form.Submit, form.Danger = "Disable this upstream", true
	form.Consequences = []string{"No call goes to it from the next request. Calls that are under way are completed."}
	if names := modelNamesOf(served(book, u.ID)); len(names) > 0 {
		form.Consequences = append(form.Consequences, "Models that no other upstream serves answer with 503. It serves "+views.Models(names)+".")
	}
	form.Consequences = append(form.Consequences, "Its keys stay, and it can be enabled again.")
	if !v.Post {
		return show(views.FormPage(form))
	}
	_, err = c.Store.ChangeUpstream(ctx, v.By, u.ID, gateway.UpstreamChange{Enabled: new(false)})
	return upstreamAnswer(form, &u, err, "upstream-disabled")
}

func modelNamesOf(list []views.ServedModel) (names []string) {
	for _, m := range list {
		names = append(names, m.Model.Name)
	}
	return slices.Compact(names)
}

// DeleteUpstream shows the confirmation, and deletes an upstream that no model names.
func (c *Console) DeleteUpstream(ctx context.Context, v *Visit) (Reply, error) {
	u, err := c.Store.Upstream(ctx, v.ID)
	if err != nil {
		return Reply{}, err
	}
	book, err := c.Catalog.Book(ctx)
	if err != nil {
		return Reply{}, err
	}
	form := v.upstreamForm("Delete "+u.Name, &u)
	form.Submit, form.Danger = "Delete this upstream", true
	form.Consequences = []string{"Its keys and extra headers are deleted. They cannot be shown or restored.", "What its calls cost stays in the usage and the log of requests."}
	if names := modelNamesOf(served(book, u.ID)); len(names) > 0 {
		form.Notice = &views.Notice{Tone: views.ToneWarn, Title: "It serves models", Text: "It is a candidate of " + views.Models(names) + ". Remove it from their candidates first, or disable it."}
	}
	if !v.Post {
		return show(views.FormPage(form))
	}
	if err = c.Store.DeleteUpstream(ctx, v.By, u.ID); err == nil {
		return leadTo("/admin/upstreams", "done", "upstream-deleted")
	}
	return upstreamAnswer(form, &u, err, "")
}

// testOf is the form that tests an upstream.
func testOf(v *Visit, book *catalog.Book, u *gateway.Upstream) views.UpstreamTest {
	return views.UpstreamTest{
		Action: upstreamPath(u, "/test"), Names: modelNamesOf(served(book, u.ID)),
		Model: views.Field{Name: "model", Label: "Model", Value: v.Form.Get("model"), MaxLength: usage.MaxModelLength, List: "upstream-models",
			Hint: "Optional. The model is called for a few tokens, which the provider bills. If left empty, the list of models is asked for, which costs nothing."},
	}
}

// TestUpstreamNow shows the form of a test, and makes a small call.
func (c *Console) TestUpstreamNow(ctx context.Context, v *Visit) (Reply, error) {
	u, err := c.Store.Upstream(ctx, v.ID)
	if err != nil {
		return Reply{}, err
	}
	book, err := c.Catalog.Book(ctx)
	if err != nil {
		return Reply{}, err
	}
	p := views.UpstreamTestPage{Test: testOf(v, book, &u)}
	p.Frame = v.upstreamForm("Test "+u.Name, &u).Frame
	model := strings.TrimSpace(v.Form.Get("model"))
	switch {
	case !v.Post:
		return show(views.TestPage(p))
	case model != "" && !catalog.ValidName(model):
		p.Test.Model.Problem = "Must have 1 to 200 printable characters without blanks."
		return showAgain(views.TestPage(p))
	case c.TestUpstream == nil:
		return Reply{}, errNoTest
	}
	result, err := c.TestUpstream(ctx, u.ID, book.NameAt(model, u.ID))
	if err != nil {
		return Reply{}, err
	}
	p.Test.Result = &result
	return show(views.TestPage(p))
}

// way is where calls of a model go, and what is wrong about it.
func (c *Console) way(ctx context.Context, m *catalog.Model, price *catalog.Price) (w views.Way, err error) {
	w.Model = m
	list, err := c.Store.Upstreams(ctx)
	if err != nil {
		return w, err
	}
	f, err := c.fleet(ctx)
	if err != nil {
		return w, err
	}
	byID := map[uuid.UUID]*gateway.Upstream{}
	for i := range list {
		byID[list[i].ID] = &list[i]
	}
	for _, candidate := range m.Candidates {
		if u := byID[candidate.UpstreamID]; u != nil {
			w.Stops = append(w.Stops, views.Stop{Upstream: u, State: f.line(u).State, Candidate: candidate})
		}
	}
	placeStops(w.Stops)
	w.Warnings = warnings(w.Stops, price)
	return w, nil
}
