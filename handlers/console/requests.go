package console

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"codexible/accounts"
	"codexible/gateway"
	"codexible/keys"
	"codexible/store"
	"codexible/usage"
	"codexible/views"

	"github.com/google/uuid"
)

// requestFilters are the filters of the log of requests, as the query names them.
var requestFilters = []string{"user", "key", "model", "upstream", "outcome", "status", "since", "until"}

// sinceOptions are how far back the list goes.
var sinceOptions = []views.Option{{Label: "All kept"}, {Value: "15m", Label: "15 minutes"}, {Value: "1h", Label: "1 hour"}, {Value: "24h", Label: "24 hours"}, {Value: "168h", Label: "7 days"}}

// outcomes are how calls end, in the order of the filter.
var outcomes = []usage.CallOutcome{usage.CallComplete, usage.CallStopped, usage.CallClientGone, usage.CallUpstreamError, usage.CallInterrupted, usage.CallRefused}

// requestsRequest is a request for the log of requests, read and checked.
type requestsRequest struct {
	query     store.RequestQuery
	upstreams map[uuid.UUID]string
	problems  []string
	// texts are the filters as they were typed.
	texts map[string]string
}

func (w *requestsRequest) problem(text string) { w.problems = append(w.problems, text) }

// path is the page with the same filters.
func (w *requestsRequest) path(to string, more ...string) string {
	pairs := slices.Clip(more)
	for _, name := range requestFilters {
		pairs = append(pairs, name, w.texts[name])
	}
	return views.WithQuery(to, pairs...)
}

// readRequests reads the filters. The page shows a sentence for each error in them.
func (c *Console) readRequests(ctx context.Context, v *Visit) (w requestsRequest, err error) {
	w.texts = map[string]string{}
	for _, name := range requestFilters {
		text, ok := filter(v.Query.Get(name), accounts.MaxEmailLength)
		if !ok {
			w.problem("The filter " + name + " must be plain text without control characters.")
			continue
		}
		w.texts[name] = text
	}
	if w.upstreams, err = c.Store.UpstreamNames(ctx); err != nil {
		return w, err
	}
	w.query.Model = w.texts["model"]
	w.readChoices()
	w.readTimes(c.Now())
	if text := w.texts["key"]; text != "" {
		key, err := c.keyNamed(ctx, text)
		if err != nil && !errors.Is(err, keys.ErrNotFound) {
			return w, err
		}
		if w.query.KeyID = key.ID; err != nil {
			w.problem(noKey)
		}
	}
	w.query.UserID, err = c.userNamed(ctx, w.texts["user"], w.problem)
	return w, err
}

// userNamed finds a user by e-mail; zero for no text. It reports where there is none.
func (c *Console) userNamed(ctx context.Context, email string, problem func(string)) (uuid.UUID, error) {
	if email == "" {
		return uuid.Nil, nil
	}
	user, err := c.Store.UserByEmail(ctx, email)
	if errors.Is(err, accounts.ErrUserNotFound) {
		problem(noUser)
		return uuid.Nil, nil
	}
	return user.ID, err
}

// readChoices reads the upstream, the outcome and the status.
func (w *requestsRequest) readChoices() {
	var err error
	if text := w.texts["upstream"]; text != "" {
		if w.query.UpstreamID, err = uuid.Parse(text); err != nil {
			w.problem("There is no such upstream.")
		}
	}
	if text := w.texts["outcome"]; text != "" {
		if w.query.Outcome = oneOf(text, outcomes); w.query.Outcome == "" {
			w.problem("Unknown outcome. Choose one from the list.")
		}
	}
	text := w.texts["status"]
	least, most := text, text
	if class, isClass := strings.CutSuffix(strings.ToLower(text), "xx"); isClass {
		least, most = class+"00", class+"99"
	}
	if text == "" {
		return
	}
	w.query.LeastStatus, err = strconv.Atoi(least)
	w.query.MostStatus, _ = strconv.Atoi(most)
	if err != nil || w.query.LeastStatus < 100 || w.query.MostStatus > 599 {
		w.query.LeastStatus, w.query.MostStatus = 0, 0
		w.problem("A status is a number such as 429, or a class such as 5xx.")
	}
}

func (w *requestsRequest) readTimes(now time.Time) {
	if text := w.texts["since"]; text != "" {
		span, err := time.ParseDuration(text)
		if err != nil || !slices.ContainsFunc(sinceOptions, func(o views.Option) bool { return o.Value == text }) {
			w.problem("Unknown time. Choose one from the list.")
		} else {
			w.query.Since = now.Add(-span)
		}
	}
	until, readable := readExpiry(w.texts["until"])
	switch {
	case !readable:
		w.problem("A time must look like 2026-12-31T23:59.")
	case until != nil && (until.Year() < 2000 || until.Year() > 2100):
		w.problem("A time must be in the years 2000 to 2100.")
	case until != nil:
		w.query.Until = *until
	}
}

// Requests lists the calls of the gateway, the newest first.
func (c *Console) Requests(ctx context.Context, v *Visit) (Reply, error) {
	w, err := c.readRequests(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	p, err := c.requestsPage(ctx, v, &w)
	if err != nil {
		return Reply{}, err
	}
	if len(w.problems) > 0 {
		return showAgain(views.RequestsPage(p))
	}
	var refresh time.Duration
	p.Tail, refresh = c.tail(v, func(live string) string { return w.path(v.Path, "live", live) })
	order := v.sorting("-time", views.RequestHeads())
	if refresh > 0 { // it shows what has happened since
		order.order = ""
	} else {
		w.query.Before, _ = order.afterRow(v)
	}
	w.query.OldestFirst = order.order != ""
	onward := "Older"
	if w.query.OldestFirst {
		onward = "Later"
	}
	p.Order, p.Heads = order.order, order.heads(func(sort string) string { return w.path(v.Path, "sort", sort) })
	w.query.Limit = pageSize + 1
	lines, next, err := c.Store.Requests(ctx, w.query)
	if err != nil {
		return Reply{}, err
	}
	switch {
	case len(lines) > pageSize:
		lines = lines[:pageSize]
		next = lines[pageSize-1].ID
	case next != uuid.Nil && len(lines) == 0:
		p.LookedAt = store.RequestScan
	}
	if next != uuid.Nil {
		p.Pager.Onward, p.Pager.OnwardText = w.path(v.Path, "sort", order.order, "after", order.cursor(next.String(), "")), onward
	}
	if w.query.Before != uuid.Nil {
		p.Pager.Newest = w.path(v.Path, "sort", order.order)
	}
	for i := range lines {
		p.Lines = append(p.Lines, requestLine(&lines[i]))
	}
	return Reply{Status: http.StatusOK, Page: views.RequestsPage(p), Refresh: refresh}, nil
}

func requestLine(l *store.RequestLine) views.RequestLine {
	return views.RequestLine{Record: l.Record, EndpointName: l.EndpointName, Email: l.Email, Label: l.Label, Prefix: l.Prefix}
}

func (c *Console) requestsPage(ctx context.Context, v *Visit, w *requestsRequest) (p views.Requests, err error) {
	book, err := c.Catalog.Book(ctx)
	if err != nil {
		return p, err
	}
	field := func(name, label, placeholder string) views.Field {
		return views.Field{Name: name, Label: label, Type: "search", Placeholder: placeholder, Value: w.texts[name]}
	}
	p = views.Requests{
		Frame: v.frame("Requests", views.SectionRequests), Problems: w.problems, Names: names(book),
		User: field("user", "User", "E-mail"), Key: field("key", "Key", "ID or prefix"), Model: field("model", "Model", "Any"), Status: field("status", "Status", "429 or 5xx"),
		Outcome:   views.Field{Name: "outcome", Label: "Outcome", Type: "select", Value: w.texts["outcome"], Options: []views.Option{{Label: "Any"}}},
		Upstream:  views.Field{Name: "upstream", Label: "Upstream", Type: "select", Value: w.texts["upstream"], Options: []views.Option{{Label: "Any"}}},
		Since:     views.Field{Name: "since", Label: "Since", Type: "select", Value: w.texts["since"], Options: sinceOptions},
		Until:     views.Field{Name: "until", Label: "Before (UTC)", Type: "datetime-local", Value: w.texts["until"]},
		ExportURL: w.path("/admin/requests/export"),
	}
	p.Model.List = "model-names"
	for _, o := range outcomes {
		p.Outcome.Options = append(p.Outcome.Options, views.Option{Value: string(o), Label: views.OutcomeLabel(o)})
	}
	for _, id := range slices.SortedFunc(maps.Keys(w.upstreams), func(a, b uuid.UUID) int { return strings.Compare(w.upstreams[a], w.upstreams[b]) }) {
		p.Upstream.Options = append(p.Upstream.Options, views.Option{Value: id.String(), Label: w.upstreams[id]})
	}
	if id := w.query.UpstreamID; id != uuid.Nil && w.upstreams[id] == "" {
		p.Upstream.Options = append(p.Upstream.Options, views.Option{Value: p.Upstream.Value, Label: "A deleted upstream"})
	}
	p.Filtered = slices.ContainsFunc(requestFilters, func(name string) bool { return w.texts[name] != "" })
	return p, nil
}

// A page that is refreshed is loaded every tailEvery, for tailFor: a page that nobody
// looks at any more may not keep its session alive.
const (
	tailEvery = 5 * time.Second
	tailFor   = 15 * time.Minute
)

// tail reads whether a page is refreshed: until the Unix time in the query.
func (c *Console) tail(v *Visit, path func(live string) string) (views.Tail, time.Duration) {
	now := c.Now()
	seconds, _ := strconv.ParseInt(v.Query.Get("live"), 10, 64)
	if until := time.Unix(seconds, 0); until.After(now) && !until.After(now.Add(tailFor)) {
		return views.Tail{Until: until, Path: path("")}, tailEvery
	}
	return views.Tail{Path: path(strconv.FormatInt(now.Add(tailFor).Unix(), 10))}, 0
}

// Request shows one call of the gateway.
func (c *Console) Request(ctx context.Context, v *Visit) (Reply, error) {
	line, err := c.Store.Request(ctx, v.ID)
	if err != nil {
		return Reply{}, err
	}
	p := views.Request{Frame: v.frame("Request", views.SectionRequests, views.Link{Text: "Requests", Path: "/admin/requests"}), Line: requestLine(&line)}
	if p.Charges, err = c.Store.ChargesOfCall(ctx, line.UserID, line.ID); err != nil {
		return Reply{}, err
	}
	ended, err := c.Store.Audit(ctx, store.AuditQuery{SubjectID: line.ID, Action: "request.ended", Limit: 1})
	if err != nil {
		return Reply{}, err
	}
	if len(ended) > 0 {
		p.Ended = fmt.Sprintf("%s ended it at %s UTC.", ended[0].Actor, ended[0].At.UTC().Format("15:04:05"))
	}
	if err := c.costOfCall(ctx, &p); err != nil {
		return Reply{}, err
	}
	return show(views.RequestPage(p))
}

// costOfCall prices the tokens of a call, or says why there is nothing to price.
func (c *Console) costOfCall(ctx context.Context, p *views.Request) error {
	line := &p.Line
	book, err := c.Catalog.Book(ctx)
	if err != nil {
		return err
	}
	switch price := book.Price(line.PriceID); {
	case line.Endpoint == gateway.CountTokens:
		p.Note = "Counting tokens costs nothing."
	case line.Outcome == usage.CallRefused:
		p.Note = "Nothing was sent to an upstream, so nothing was charged."
	case line.Tokens == nil && line.Outcome == usage.CallUpstreamError:
		p.Note = "The upstream failed and reported no usage, so nothing was charged. The hold was released."
	case line.Tokens == nil:
		p.Note = "No tokens of this call are known, so no price made its credits."
	case price == nil:
		p.Note = "The price of this call is not in the database."
	default:
		if b, err := bill(book, price, line.Tokens); err == nil {
			p.Bill = &b
			break
		}
		p.Note = "The usage of this call is beyond what its price can be applied to."
	}
	if line.Tokens != nil && p.Bill == nil {
		used := tally{tokens: *line.Tokens}
		p.Buckets = used.bucketRows()
	}
	if p.Bill != nil && len(p.Charges) == 0 {
		p.Note = "No charge of this call is in the books: its settlement is still being repeated, or charges of that time are not kept any more."
	}
	return nil
}
