package console

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/fault"
	"codexible/store"
	"codexible/usage"
	"codexible/views"

	"github.com/google/uuid"
)

// versionsShown is how many versions of a price a history lists.
const versionsShown = 50

// Models lists what is offered.
func (c *Console) Models(ctx context.Context, v *Visit) (Reply, error) {
	book, err := c.Catalog.Book(ctx)
	if err != nil {
		return Reply{}, err
	}
	plans, err := c.Store.Plans(ctx)
	if err != nil {
		return Reply{}, err
	}
	upstreams, err := c.Store.UpstreamNames(ctx)
	if err != nil {
		return Reply{}, err
	}
	now, priced := c.Now(), int64(len(book.Priced()))
	p := views.ModelList{Frame: v.frame("Models", views.SectionModels), Imported: priced}
	for _, m := range book.Models() {
		if len(book.Prices(m.Name)) > 0 {
			p.Imported--
		}
		line := modelLine(book, m, plans, now)
		line.Upstreams = upstreamsOf(m, upstreams)
		p.Lines = append(p.Lines, line)
	}
	order := v.sorting("name", views.ModelHeads())
	p.Heads = order.heads(func(sort string) string { return views.WithQuery(v.Path, "sort", sort) })
	p.Lines, p.Pager = rows[views.ModelLine]{p.Lines, func(l *views.ModelLine) string { return l.Name }, modelRank}.page(v, &order, "model")
	return show(views.ModelsPage(p))
}

// upstreamsOf are the names of the upstreams that serve a model, each once.
func upstreamsOf(m *catalog.Model, names map[uuid.UUID]string) (list []string) {
	for _, candidate := range m.Candidates {
		if name := names[candidate.UpstreamID]; !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

// modelRank is what models are sorted by.
func modelRank(l *views.ModelLine, column string) rank {
	if column == "context" {
		return byNumber(l.Model.ContextWindow)
	}
	return priceRank(&l.PriceLine, column)
}

// modelOf reads the model of the path.
func (c *Console) modelOf(ctx context.Context, v *Visit) (*catalog.Book, *catalog.Model, error) {
	book, err := c.Catalog.Book(ctx)
	if err != nil {
		return nil, nil, err
	}
	m := book.ModelByID(v.ID)
	if m == nil {
		return nil, nil, catalog.ErrModelNotFound
	}
	return book, m, nil
}

// Model shows one model.
func (c *Console) Model(ctx context.Context, v *Visit) (Reply, error) {
	book, m, err := c.modelOf(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	plans, err := c.Store.Plans(ctx)
	if err != nil {
		return Reply{}, err
	}
	now := c.Now()
	span, choice := v.days(now)
	p := views.Model{
		Frame: v.frame(m.Name, views.SectionModels, views.Link{Text: "Models", Path: "/admin/models"}),
		Line:  modelLine(book, m, plans, now), Range: choice,
	}
	p.History, p.Earlier = history(book, m.Name, now)
	if p.Way, err = c.way(ctx, m, p.Line.Price); err != nil {
		return Reply{}, err
	}
	days, err := c.Store.GroupDays(ctx, store.ByModel, m.Name, span)
	if err != nil {
		return Reply{}, err
	}
	p.Chart = views.DayChart("Credits by day", views.MeasureCredits, days)
	sums, err := c.Store.TokenTotals(ctx, store.TokenQuery{Span: span, By: store.ByModel, Model: m.Name})
	if err != nil {
		return Reply{}, err
	}
	all := c.total(book, sums)
	p.Sums, p.Margin, p.Tokens = all.row(m.Name), all.margin, all.bucketRows()
	return show(views.ModelPage(p))
}

// modelFields are a model's fields, with the values of the form or of the model.
func modelFields(v *Visit, m *catalog.Model, plans []accounts.Plan) []views.Field {
	value := func(name, current string) string {
		switch {
		case v.Post:
			return v.Form.Get(name)
		case m.ID == uuid.Nil && v.Query.Get(name) != "":
			return v.Query.Get(name)
		}
		return current
	}
	window, visible := "", "all"
	if m.ContextWindow > 0 {
		window = strconv.FormatInt(m.ContextWindow, 10)
	}
	if m.Plans != nil {
		visible = "some"
	}
	chosen := views.Field{Name: "plans", Label: "Plans", Type: "checks", Hint: "Count where only some plans use the model. With none checked nobody uses it."}
	for _, p := range plans {
		chosen.Options = append(chosen.Options, views.Option{Value: p.Name, Label: p.Name})
		if !v.Post && slices.Contains(m.Plans, p.ID) {
			chosen.Ticked = append(chosen.Ticked, p.Name)
		}
	}
	if v.Post {
		chosen.Ticked = v.Form["plans"]
	}
	return []views.Field{
		{Name: "name", Label: "Name", Value: value("name", m.Name), Required: true, MaxLength: usage.MaxModelLength, Hint: "What clients ask for, such as codex-large. No blanks."},
		{Name: "aliases", Label: "Aliases", Type: "textarea", Value: value("aliases", strings.Join(m.Aliases, "\n")), Hint: "Optional. Other names for it, one per line. Calls are charged under the name."},
		{Name: "display_name", Label: "Display name", Value: value("display_name", m.DisplayName), MaxLength: catalog.MaxDisplayName, Hint: "Optional. What customers see."},
		{Name: "description", Label: "Description", Value: value("description", m.Description), MaxLength: catalog.MaxDescription, Hint: "Optional. What customers read about it."},
		{Name: "context_window", Label: "Context window, in tokens", Type: "number", Min: "1", Max: strconv.Itoa(catalog.MaxContext), Value: value("context_window", window), Hint: "Optional. The most tokens that a call may read and write together."},
		{Name: "output_allowance", Label: "Output set aside, in tokens", Type: "number", Min: "1", Max: strconv.Itoa(catalog.MaxAllowance), Value: value("output_allowance", strconv.FormatInt(m.OutputAllowance, 10)), Required: true, Hint: "How many tokens of output a hold sets aside for a call."},
		{Name: "overrun", Label: "When credits run out in a stream", Type: "select", Value: value("overrun", string(m.Overrun)), Options: []views.Option{
			{Value: string(catalog.OverrunFinish), Label: "Finish"}, {Value: string(catalog.OverrunStop), Label: "Stop at once"}}, Hint: "Finish: it goes on for as much again as was set aside, which is not collected."},
		{Name: "hosted_tools", Label: "Hosted tools", Type: "textarea", Value: value("hosted_tools", strings.Join(m.HostedTools, "\n")), MaxLength: maxToolText,
			Hint: "Optional. Tools that the provider runs and bills beside the tokens, and that a call may use: one per line, such as code_interpreter. Requests with others are refused."},
		{Name: "visible", Label: "Who uses it", Type: "select", Value: value("visible", visible), Options: []views.Option{{Value: "all", Label: "All plans"}, {Value: "some", Label: "Only the plans checked here"}}},
		chosen,
	}
}

const (
	// modelNaming is how many of the fields are about the model's name, and modelCalls how many follow about its calls.
	modelNaming, modelCalls = 4, 4
	// maxToolText fits as many hosted tools as a model may have.
	maxToolText = 2200
)

// modelGroups are the fields in groups, which share them.
func modelGroups(fields []views.Field) []views.FieldGroup {
	return []views.FieldGroup{
		{Title: "Model", Fields: fields[:modelNaming]}, {Title: "Calls", Fields: fields[modelNaming : modelNaming+modelCalls]},
		{Title: "Plans", Fields: fields[modelNaming+modelCalls:]},
	}
}

// readModel reads the fields and the candidates, and puts every problem beside its field.
func readModel(v *Visit, fields []views.Field, candidates *views.CandidateTable) (change catalog.ModelChange, ok bool) {
	form, text := fieldValues(fields), func(name string) *string { return new(v.Form.Get(name)) }
	change = catalog.ModelChange{
		Name: new(strings.TrimSpace(v.Form.Get("name"))), Aliases: new(splitAddresses(v.Form.Get("aliases"))), DisplayName: text("display_name"), Description: text("description"),
		ContextWindow: form.whole("context_window"), OutputAllowance: form.needed("output_allowance"),
		HostedTools: new(splitAddresses(v.Form.Get("hosted_tools"))),
	}
	if v.Form.Has("overrun") {
		change.Overrun = new(catalog.Overrun(v.Form.Get("overrun")))
	}
	if v.Form.Has("candidate_upstream") { // the table is not there while there is no upstream
		change.Candidates = new(readCandidates(candidates))
	}
	if change.ContextWindow == nil {
		change.ContextWindow = new(int64)
	} else if *change.ContextWindow < 1 && form.field("context_window").Problem == "" {
		form.field("context_window").Problem = "Must be from 1 to 1000000000. Leave it empty where it is not known."
	}
	var plans []string
	if v.Form.Get("visible") == "some" {
		plans = append([]string{}, v.Form["plans"]...)
	}
	change.Plans = &plans
	return change, !hasProblem(fields) && candidates.Problem == ""
}

func (v *Visit) modelForm(title, back string, crumbs ...views.Link) views.Form {
	crumbs = append([]views.Link{{Text: "Models", Path: "/admin/models"}}, crumbs...)
	return views.Form{Frame: v.frame(title, views.SectionModels, crumbs...), Action: v.Path, Cancel: back}
}

// modelGroupForm is the form of a model, with its fields as they are sent or as they are.
func (c *Console) modelGroupForm(ctx context.Context, v *Visit, m *catalog.Model) (p views.GroupForm, fields []views.Field, err error) {
	plans, err := c.Store.Plans(ctx)
	if err != nil {
		return p, nil, err
	}
	names, err := c.Store.UpstreamNames(ctx)
	if err != nil {
		return p, nil, err
	}
	fields = modelFields(v, m, plans)
	return views.GroupForm{Action: v.Path, Groups: modelGroups(fields), Candidates: candidateTable(v, m, names)}, fields, nil
}

// NewModel shows and takes the form that creates a model.
func (c *Console) NewModel(ctx context.Context, v *Visit) (Reply, error) {
	form, fields, err := c.modelGroupForm(ctx, v, &catalog.Model{OutputAllowance: catalog.DefaultAllowance, Overrun: catalog.OverrunFinish})
	if err != nil {
		return Reply{}, err
	}
	form.Frame = v.frame("Create a model", views.SectionModels, views.Link{Text: "Models", Path: "/admin/models"})
	form.Cancel, form.Submit = "/admin/models", "Create the model"
	if !v.Post {
		return show(views.GroupFormPage(form))
	}
	change, ok := readModel(v, fields, form.Candidates)
	if !ok {
		return showAgain(views.GroupFormPage(form))
	}
	m, err := c.Store.CreateModel(ctx, v.By, change)
	return modelAnswer(form, fields, m.ID, err, "model-created")
}

// EditModel shows and takes the form that changes a model.
func (c *Console) EditModel(ctx context.Context, v *Visit) (Reply, error) {
	_, m, err := c.modelOf(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	form, fields, err := c.modelGroupForm(ctx, v, m)
	if err != nil {
		return Reply{}, err
	}
	path := "/admin/models/" + m.ID.String()
	form.Frame = v.frame("Edit "+m.Name, views.SectionModels, views.Link{Text: "Models", Path: "/admin/models"}, views.Link{Text: m.Name, Path: path})
	form.Cancel, form.Submit = path, "Save"
	form.Consequences = []string{
		"The change applies from the next request.",
		"Under another name the model keeps its price, which is set for that name. Past charges keep the name they were recorded under.",
	}
	if !v.Post {
		return show(views.GroupFormPage(form))
	}
	change, ok := readModel(v, fields, form.Candidates)
	if !ok {
		return showAgain(views.GroupFormPage(form))
	}
	_, err = c.Store.ChangeModel(ctx, v.By, m.ID, change)
	return modelAnswer(form, fields, m.ID, err, "model-changed")
}

// modelAnswer leads to the model, or shows the form with what is wrong.
func modelAnswer(form views.GroupForm, fields []views.Field, id uuid.UUID, err error, done string) (Reply, error) {
	switch f := fault.As(err); {
	case err == nil:
		return leadTo("/admin/models/"+id.String(), "done", done)
	case f.Kind == fault.Conflict:
		form.Notice = &views.Notice{Tone: views.ToneBad, Title: "Nothing was changed", Text: f.Message}
	case f.Kind == fault.Invalid && f.Fields["candidates"] != "":
		form.Candidates.Problem = sentence(f.Fields["candidates"])
	case !withProblems(fields, err):
		return Reply{}, err
	}
	return showAgain(views.GroupFormPage(form))
}

// DeleteModel shows the confirmation, and stops offering a model.
func (c *Console) DeleteModel(ctx context.Context, v *Visit) (Reply, error) {
	_, m, err := c.modelOf(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	path := "/admin/models/" + m.ID.String()
	form := v.modelForm("Delete "+m.Name, path, views.Link{Text: m.Name, Path: path})
	form.Submit, form.Danger = "Delete this model", true
	form.Consequences = []string{
		"Customers no longer see it in the list of models. Its aliases mean nothing any more.",
		"The charges and the prices of " + m.Name + " stay. A service that sends this name with usage is still charged by its price.",
	}
	if !v.Post {
		return show(views.FormPage(form))
	}
	if err := c.Store.DeleteModel(ctx, v.By, m.ID); err != nil {
		return Reply{}, err
	}
	return leadTo("/admin/models", "done", "model-deleted")
}
