package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"codexible/accounts"
	"codexible/keys"
	"codexible/store"
	"codexible/usage"
	"codexible/views"

	"github.com/google/uuid"
)

// usageRequest is a request for the usage page, read and checked.
type usageRequest struct {
	span    usage.Range
	user    store.UserLine
	key     store.KeyLine
	model   string
	plan    accounts.Plan
	measure views.Measure
	group   string
	// table is how the breakdown is sorted; models and byPlan are for the tables of margins.
	table, models, byPlan sorting
	plans                 []accounts.Plan
	problems              []string
	// texts are the fields as they were typed.
	texts map[string]string
}

// readUsage reads the range and the filters. The page shows a sentence for each
// error in them.
func (c *Console) readUsage(ctx context.Context, v *Visit) (w usageRequest, err error) {
	w.texts = map[string]string{}
	for _, name := range []string{"from", "to", "user", "key", "model", "plan", "measure", "group", "sort"} {
		text, ok := filter(v.Query.Get(name), accounts.MaxEmailLength)
		if !ok && name != "from" && name != "to" {
			w.problem("The filter " + name + " must be plain text without control characters.")
			text = ""
		}
		w.texts[name] = text
	}
	if utf8.RuneCountInString(w.texts["model"]) > usage.MaxModelLength {
		w.problem(fmt.Sprintf("A model name has at most %d characters.", usage.MaxModelLength))
	}
	w.measure, w.group, w.model = oneOf(w.texts["measure"], views.Measures()), w.texts["group"], w.texts["model"]
	if w.measure == "" {
		w.measure = views.MeasureCredits
	}
	if w.plans, err = c.Store.Plans(ctx); err != nil {
		return w, err
	}
	w.readSpan(usage.DayOf(c.Now()))
	if err := c.readUsageKey(ctx, &w); err != nil {
		return w, err
	}
	if text := w.texts["user"]; text != "" {
		w.user, err = c.Store.UserByEmail(ctx, text)
		if errors.Is(err, accounts.ErrUserNotFound) {
			w.problem(noUser)
		} else if err != nil {
			return w, err
		}
	}
	if i := slices.IndexFunc(w.plans, func(p accounts.Plan) bool { return p.ID.String() == w.texts["plan"] }); i >= 0 {
		w.plan = w.plans[i]
	} else if w.texts["plan"] != "" {
		w.problem("There is no such plan.")
	}
	w.checkCombination()
	return w, nil
}

func (w *usageRequest) problem(text string) { w.problems = append(w.problems, text) }

const (
	// noDay is the error for a text that is not a date.
	noDay = "A date must look like 2026-12-31 and be in the range " + usage.Bounds + "."
	// lastBeforeFirst is the error for a range that ends before it starts.
	lastBeforeFirst = "The first date must not be after the last."
)

func (w *usageRequest) readSpan(today usage.Day) {
	w.span = usage.LastDays(today, 30)
	read := func(name string, otherwise usage.Day) usage.Day {
		text := w.texts[name]
		if text == "" {
			return otherwise
		}
		day, ok := usage.ParseDay(text)
		if !ok {
			w.problem(noDay)
			return ""
		}
		return day
	}
	to := read("to", today)
	from := read("from", max(to, usage.FirstDay).Add(-29))
	if from == "" || to == "" {
		return
	}
	span, ok := usage.Span(from, to)
	switch {
	case ok:
		w.span = span
	case from > to:
		w.problem(lastBeforeFirst)
	default:
		w.problem("A range can be at most one year long.")
	}
}

// readUsageKey finds a key by its ID or prefix.
func (c *Console) readUsageKey(ctx context.Context, w *usageRequest) (err error) {
	if w.texts["key"] == "" {
		return nil
	}
	w.key, err = c.keyNamed(ctx, w.texts["key"])
	if errors.Is(err, keys.ErrNotFound) {
		w.problem(noKey)
		return nil
	}
	return err
}

// noKey is the error for a text that names no key, noUser for one that names no user.
const (
	noKey  = "There is no key with this ID or prefix."
	noUser = "There is no user with this e-mail."
)

// keyNamed finds a key by its ID or prefix; keys.ErrNotFound where there is none.
func (c *Console) keyNamed(ctx context.Context, text string) (store.KeyLine, error) {
	text = strings.TrimSuffix(text, "…")
	if id, err := uuid.Parse(text); err == nil {
		return c.Store.Key(ctx, id, uuid.Nil)
	}
	found, err := c.Store.Keys(ctx, store.KeyQuery{Text: text, Page: store.Page{Limit: 2}})
	if err == nil && (len(found) != 1 || found[0].Prefix != text) {
		err = keys.ErrNotFound
	}
	if err != nil {
		return store.KeyLine{}, err
	}
	return found[0], nil
}

func (w *usageRequest) checkCombination() {
	byPlan := w.plan.ID != uuid.Nil
	switch {
	case byPlan && (w.user.ID != uuid.Nil || w.key.ID != uuid.Nil || w.model != ""):
		w.problem("The plan filter cannot be combined with other filters. Remove them.")
	case w.key.ID != uuid.Nil && w.model != "":
		w.problem("Usage by model is not recorded per key. Choose a key or a model, not both.")
	case w.key.ID != uuid.Nil && w.user.ID != uuid.Nil && w.key.UserID != w.user.ID:
		w.problem("This key belongs to another user.")
	}
}

// groups are the possible groupings under the current filters, days first.
func (w *usageRequest) groups() []string {
	switch {
	case w.key.ID != uuid.Nil, w.plan.ID != uuid.Nil, w.model != "":
		return []string{"day"}
	case w.user.ID != uuid.Nil:
		return []string{"day", "model"}
	}
	return []string{"day", "model", "plan"}
}

// readFigures returns the days of the chart, and the groups of the table where it is not by day.
func (c *Console) readFigures(ctx context.Context, w *usageRequest) (days []usage.DayTotal, groups []store.GroupDay, err error) {
	all := w.user.ID == uuid.Nil
	switch {
	case w.key.ID != uuid.Nil:
		days, err = c.Store.KeyHistory(ctx, w.key.UserID, w.key.ID, w.span)
	case w.plan.ID != uuid.Nil:
		days, err = c.Store.GroupDays(ctx, store.ByPlan, w.plan.ID.String(), w.span)
	case all && w.model != "":
		days, err = c.Store.GroupDays(ctx, store.ByModel, w.model, w.span)
	case w.model != "":
		days, err = c.Store.UserModelDays(ctx, w.user.ID, w.model, w.span)
	case all:
		var sums []store.DaySummary
		sums, err = c.Store.Summaries(ctx, w.span)
		days = totalsOf(sums)
	default:
		days, err = c.Store.History(ctx, w.user.ID, w.span)
	}
	switch {
	case err != nil || w.group == "day":
	case all:
		groups, err = c.Store.Groups(ctx, store.Grouping(w.group), w.span)
	default:
		groups, err = c.Store.UserModels(ctx, w.user.ID, w.span)
	}
	return days, groups, err
}

// Usage shows any range of days with filters.
func (c *Console) Usage(ctx context.Context, v *Visit) (Reply, error) {
	w, err := c.readUsage(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	if !slices.Contains(w.groups(), w.group) {
		w.group = "day"
	}
	w.readOrders(v)
	p := c.usagePage(v, &w)
	if len(w.problems) > 0 {
		p.Chart = views.DayChart("Usage", w.measure, nil)
		r, err := show(views.UsagePage(p))
		r.Status = http.StatusUnprocessableEntity
		return r, err
	}
	days, groups, err := c.readFigures(ctx, &w)
	if err != nil {
		return Reply{}, err
	}
	if p.Chart, err = c.stack(ctx, &w, days); err != nil {
		return Reply{}, err
	}
	p.Rows, p.Total = usageRows(&w, days, groups)
	if err := c.readMoney(ctx, &w, &p); err != nil {
		return Reply{}, err
	}
	return show(views.UsagePage(p))
}

// readOrders reads how the tables are sorted: one order for all, as far as each has the column.
func (w *usageRequest) readOrders(v *Visit) {
	own := dearestFirst
	if w.group == "day" {
		own = "-name"
	}
	w.table = v.sorting(own, views.UsageHeads(w.groupHead()))
	w.models, w.byPlan = v.sorting(dearestFirst, views.MarginHeads("Model")), v.sorting(dearestFirst, views.MarginHeads("Plan"))
	if w.table.order == "" && w.models.order == "" {
		w.texts["sort"] = "" // unknown, or each table's own
	}
}

// dearestFirst is the own order of groups.
const dearestFirst = "-cost"

func (w *usageRequest) groupHead() string { return strings.ToUpper(w.group[:1]) + w.group[1:] }

// usageRank is what rows of usage are sorted by.
func usageRank(r *views.UsageRow, column string) rank {
	switch column {
	case "requests":
		return byNumber(r.Requests)
	case "credits":
		return byNumber(r.Credits)
	case "cost":
		return byNumber(r.CostMicros)
	case "income":
		return byAmount(r.Margin.Income)
	case "left":
		if r.Margin.Income == nil {
			return byAmount(nil)
		}
		return byAmount(r.Margin.Left())
	case "margin":
		return byMargin(r.Margin)
	}
	return byText(string(r.Day) + r.Name)
}

// inOrder are rows of usage as the address sorts them.
func inOrder(list []views.UsageRow, s *sorting) []views.UsageRow {
	return rows[views.UsageRow]{list, func(r *views.UsageRow) string { return string(r.Day) + r.Name }, usageRank}.sorted(s)
}

func (w *usageRequest) title() string {
	name := map[views.Measure]string{views.MeasureCredits: "Credits", views.MeasureRequests: "Requests", views.MeasureCost: "Cost"}[w.measure]
	switch {
	case w.key.ID != uuid.Nil:
		return name + " for key " + w.key.Label
	case w.plan.ID != uuid.Nil:
		return name + " for plan " + w.plan.Name
	case w.user.ID != uuid.Nil && w.model != "":
		return name + " for " + w.user.Email + " and model " + w.model
	case w.user.ID != uuid.Nil:
		return name + " for " + w.user.Email
	case w.model != "":
		return name + " for model " + w.model
	}
	return name + " for all users"
}

func (c *Console) usagePage(v *Visit, w *usageRequest) views.Usage {
	path := func(changed ...string) string {
		pairs := make([]string, 0, 16)
		for _, name := range []string{"from", "to", "user", "key", "model", "plan", "measure", "group", "sort"} {
			value := w.texts[name]
			for i := 0; i+1 < len(changed); i += 2 {
				if changed[i] == name {
					value = changed[i+1]
				}
			}
			pairs = append(pairs, name, value)
		}
		return views.WithQuery("/admin/usage", pairs...)
	}
	p := views.Usage{
		Frame: v.frame("Usage", views.SectionUsage), Problems: w.problems,
		From: views.Field{Name: "from", Label: "From", Type: "date", Value: string(w.span.From())}, To: views.Field{Name: "to", Label: "To", Type: "date", Value: string(w.span.To())},
		User: views.Field{Name: "user", Label: "User", Type: "search", Placeholder: "E-mail", Value: w.texts["user"]}, Key: views.Field{Name: "key", Label: "Key", Type: "search", Placeholder: "ID or prefix", Value: w.texts["key"]},
		Model: views.Field{Name: "model", Label: "Model", Type: "search", Placeholder: "Any", Value: w.model}, Plan: planChoice(w.plans, w.plan.ID),
		Measure:   views.Field{Name: "measure", Label: "Show", Type: "select", Value: string(w.measure), Options: []views.Option{{Value: "credits", Label: "Credits"}, {Value: "requests", Label: "Requests"}, {Value: "cost", Label: "Cost"}}},
		ExportURL: strings.Replace(path(), "/admin/usage", "/admin/usage/export", 1), ChargesURL: strings.Replace(path(), "/admin/usage", "/admin/usage/charges", 1),
	}
	today := usage.DayOf(c.Now())
	for _, n := range []int{7, 30, 90, 365} {
		span := usage.LastDays(today, n)
		text := fmt.Sprintf("%d days", n)
		p.Quick.Links = append(p.Quick.Links, views.Link{Text: text, Path: path("from", string(span.From()), "to", string(span.To()))})
		if span == w.span {
			p.Quick.Current = text
		}
	}
	for _, group := range w.groups() {
		p.Groups.Links = append(p.Groups.Links, views.Link{Text: "By " + group, Path: path("group", group)})
	}
	p.Groups.Current = "By " + w.group
	p.Order, p.Group = w.texts["sort"], w.texts["group"]
	heads := func(s *sorting, table string) []views.Head {
		return s.heads(func(sort string) string { return path("sort", sort) + "#" + table })
	}
	p.Heads, p.ModelHeads, p.PlanHeads = heads(&w.table, "table"), heads(&w.models, "model-margins"), heads(&w.byPlan, "plan-margins")
	return p
}

// usageRows are the rows of the table: days with usage, the newest first, or groups, the most expensive first.
func usageRows(w *usageRequest, days []usage.DayTotal, groups []store.GroupDay) (rows []views.UsageRow, total views.UsageRow) {
	total.Name = "Total"
	add := func(to *views.UsageRow, d usage.DayTotal) {
		to.Requests, to.Credits, to.CostMicros = to.Requests+d.Requests, to.Credits+d.Credits, to.CostMicros+d.CostMicros
	}
	for _, d := range slices.Backward(days) {
		add(&total, d)
		if w.group == "day" && d.Requests > 0 {
			row := views.UsageRow{Name: views.Date(d.Day), Day: d.Day}
			add(&row, d)
			rows = append(rows, row)
		}
	}
	if w.group == "day" {
		return inOrder(rows, &w.table), total
	}
	// Only the largest groups have a row; the rest of the total is one more.
	rest := total
	rest.Name = "Other"
	for _, g := range groups {
		row := views.UsageRow{Name: w.groupName(g.Name), Mono: w.group == "model"}
		add(&row, g.DayTotal)
		rows = append(rows, row)
		rest.Requests, rest.Credits, rest.CostMicros = rest.Requests-g.Requests, rest.Credits-g.Credits, rest.CostMicros-g.CostMicros
	}
	rows = inOrder(rows, &w.table)
	if rest.Requests > 0 {
		rows = append(rows, rest)
	}
	return rows, total
}

func (w *usageRequest) groupName(name string) string {
	for _, p := range w.plans {
		if p.ID.String() == name {
			return p.Name
		}
	}
	return name
}
