package console

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"codexible/accounts"
	"codexible/store"
	"codexible/views"

	"github.com/google/uuid"
)

// Users lists users with filters, sorted, a page at a time.
func (c *Console) Users(ctx context.Context, v *Visit) (Reply, error) {
	plans, err := c.Store.Plans(ctx)
	if err != nil {
		return Reply{}, err
	}
	q, err := v.userFilter()
	if err != nil {
		return Reply{}, err
	}
	planID := q.PlanID
	order, sortable, err := c.userOrder(ctx, v, q)
	if err != nil {
		return Reply{}, err
	}
	q.Order, q.Limit = store.Order(order.order), pageSize+1
	q.After, q.Place = order.afterRow(v)
	users, err := c.Store.Users(ctx, q)
	if err != nil {
		return Reply{}, err
	}
	p := views.Users{
		Frame: v.frame("Users", views.SectionUsers), Order: order.order, Filtered: q.Text != "" || planID != uuid.Nil || q.Role != "" || q.Status != "",
		Search: views.Field{Name: "q", Label: "Search", Type: "search", Placeholder: "E-mail or name", Value: q.Text},
		Plan:   planChoice(plans, planID), Role: choice("role", "Role", "All roles", string(q.Role), accounts.Roles()),
		Status: choice("status", "Status", "All statuses", string(q.Status), accounts.Statuses()),
	}
	if !sortable {
		p.NotSorted = store.SortedRows
	}
	path := func(sort, after string) string {
		return views.WithQuery("/admin/users", "q", q.Text, "plan", v.Query.Get("plan"), "role", string(q.Role), "status", string(q.Status), "sort", sort, "after", after)
	}
	p.Heads = order.heads(func(sort string) string { return path(sort, "") })
	if len(users) > pageSize {
		users = users[:pageSize]
		last := &users[pageSize-1]
		p.Pager.Onward, p.Pager.OnwardText = path(order.order, order.cursor(last.ID.String(), last.Place)), "Next page"
	}
	if q.After != uuid.Nil {
		p.Pager.Newest = path(order.order, "")
	}
	if len(users) > 0 {
		p.Pager.Said = views.Count(int64(len(users)), "user") + " on this page"
	}
	var ids []uuid.UUID
	for _, u := range users {
		p.Lines = append(p.Lines, userLine(u, plans))
		ids = append(ids, u.ID)
	}
	if p.Bulk, err = c.bulkForm(ctx, v, c.userBulk(v, plans), ids, p.Pager.Onward == "" && p.Pager.Newest == ""); err != nil {
		return Reply{}, err
	}
	return show(views.UsersPage(p))
}

// userFilter is what the list is narrowed by.
func (v *Visit) userFilter() (store.UserQuery, error) {
	text, err := v.search()
	planID, _ := uuid.Parse(v.Query.Get("plan"))
	return store.UserQuery{
		Text: text, PlanID: planID, Role: oneOf(v.Query.Get("role"), accounts.Roles()), Status: oneOf(v.Query.Get("status"), accounts.Statuses()),
	}, err
}

// newestFirst is the own order of users.
const newestFirst = "-created"

// userOrder reads how users are sorted. A search is not, and of many users that filters find
// only the time is.
func (c *Console) userOrder(ctx context.Context, v *Visit, q store.UserQuery) (order sorting, sortable bool, err error) {
	columns := views.UserHeads()
	if q.Text != "" {
		return v.sorting(newestFirst, unsorted(columns)), true, nil
	}
	if sortable, err = c.Store.Sortable(ctx, q); err == nil && !sortable {
		columns = unsorted(columns, "created")
	}
	return v.sorting(newestFirst, columns), sortable, err
}

// oneOf returns the value if it is a known one, else the zero value.
func oneOf[T ~string](value string, known []T) (none T) {
	if slices.Contains(known, T(value)) {
		return T(value)
	}
	return none
}

func choice[T ~string](name, label, every, value string, known []T) views.Field {
	f := views.Field{Name: name, Label: label, Type: "select", Value: value, Options: []views.Option{{Label: every}}}
	for _, k := range known {
		f.Options = append(f.Options, views.Option{Value: string(k), Label: strings.ToUpper(string(k[:1])) + string(k[1:])})
	}
	return f
}

func planChoice(plans []accounts.Plan, chosen uuid.UUID) views.Field {
	f := views.Field{Name: "plan", Label: "Plan", Type: "select", Options: []views.Option{{Label: "All plans"}}}
	if chosen != uuid.Nil {
		f.Value = chosen.String()
	}
	for _, p := range plans {
		f.Options = append(f.Options, views.Option{Value: p.ID.String(), Label: p.Name})
	}
	return f
}

func userLine(u store.UserLine, plans []accounts.Plan) views.UserLine {
	line := views.UserLine{User: u.User, PlanName: u.PlanName, ActiveKeys: u.KeyCount, UsedToday: u.CreditsUsedToday}
	for _, p := range plans {
		if p.ID == u.PlanID {
			line.DailyLimit = p.DailyCreditLimit
		}
	}
	return line
}

// How many keys, charges and audit entries the user's page shows.
const (
	keysShown    = 100
	chargesShown = 20
	auditShown   = 10
	maxOffset    = 10_000
)

// User shows one user with their usage, keys, charges and audit log.
func (c *Console) User(ctx context.Context, v *Visit) (Reply, error) {
	u, plan, err := c.userOf(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	now := c.Now()
	span, choice := v.days(now)
	p := views.User{Frame: v.frame(u.Email, views.SectionUsers, views.Link{Text: "Users", Path: "/admin/users"}), User: u, Plan: plan, Range: choice, Now: now, KeyLabels: map[string]string{}}
	days, err := c.Store.History(ctx, u.ID, span)
	if err != nil {
		return Reply{}, err
	}
	p.Chart = views.DayChart("Credits by day", views.MeasureCredits, days)
	if p.Models, err = c.Store.Models(ctx, u.ID, span, store.DearestFirst); err != nil {
		return Reply{}, err
	}
	if err := c.userCredits(ctx, v, &p); err != nil {
		return Reply{}, err
	}
	if err := c.userKeys(ctx, &p); err != nil {
		return Reply{}, err
	}
	offset, _ := strconv.Atoi(v.Query.Get("offset"))
	offset = max(0, min(offset, maxOffset))
	if p.Charges, err = c.Store.Charges(ctx, u.ID, span.From(), chargesShown+1, offset); err != nil {
		return Reply{}, err
	}
	at := func(offset int) string {
		return views.WithQuery(v.Path, "days", v.Query.Get("days"), "offset", strconv.Itoa(offset)) + "#charges"
	}
	if len(p.Charges) > chargesShown {
		p.Charges = p.Charges[:chargesShown]
		p.Pager.Onward, p.Pager.OnwardText = at(offset+chargesShown), "Older"
	}
	if offset > 0 {
		p.Pager.Newest = at(0)
	}
	p.Audit, err = c.Store.Audit(ctx, store.AuditQuery{SubjectID: u.ID, Limit: auditShown})
	if err != nil {
		return Reply{}, err
	}
	return show(views.UserPage(p))
}

func (c *Console) userKeys(ctx context.Context, p *views.User) error {
	list, err := c.Store.KeysOf(ctx, p.User.ID, keysShown)
	for _, k := range list {
		p.Keys = append(p.Keys, views.KeyLine{Key: k, Email: p.User.Email, UserStatus: p.User.Status})
		p.KeyLabels[k.ID.String()] = k.Label
	}
	return err
}

// userOf reads the user of the path with the plan.
func (c *Console) userOf(ctx context.Context, v *Visit) (views.UserLine, accounts.Plan, error) {
	u, err := c.Store.User(ctx, v.ID)
	if err != nil {
		return views.UserLine{}, accounts.Plan{}, err
	}
	plan, err := c.Store.Plan(ctx, u.PlanID)
	return userLine(u, []accounts.Plan{plan}), plan, err
}

// livingUser is userOf, and accounts.ErrErased for an erased user.
func (c *Console) livingUser(ctx context.Context, v *Visit) (views.UserLine, accounts.Plan, error) {
	u, plan, err := c.userOf(ctx, v)
	if err == nil && u.ErasedAt != nil {
		err = accounts.ErrErased
	}
	return u, plan, err
}

func (v *Visit) userForm(title string, u views.UserLine) views.Form {
	back := "/admin/users/" + u.ID.String()
	return views.Form{
		Frame:  v.frame(title, views.SectionUsers, views.Link{Text: "Users", Path: "/admin/users"}, views.Link{Text: u.Email, Path: back}),
		Action: v.Path, Cancel: back,
	}
}

// openPlans are the options for a user's plan: those that are not archived.
func openPlans(plans []accounts.Plan) (options []views.Option) {
	for _, p := range plans {
		if !p.Archived {
			options = append(options, views.Option{Value: p.Name, Label: fmt.Sprintf("%s, %s per day", p.Name, views.Count(p.DailyCreditLimit, "credit"))})
		}
	}
	return options
}

func roleOptions() []views.Option {
	return []views.Option{
		{Value: string(accounts.RoleUser), Label: "User: uses the API"},
		{Value: string(accounts.RoleService), Label: "Service: verifies other users' keys"},
		{Value: string(accounts.RoleViewer), Label: "Viewer: reads everything, changes nothing"},
		{Value: string(accounts.RoleAdmin), Label: "Admin: manages everything"},
	}
}

// NewUser shows and takes the form that creates a user.
func (c *Console) NewUser(ctx context.Context, v *Visit) (Reply, error) {
	plans, err := c.Store.Plans(ctx)
	if err != nil {
		return Reply{}, err
	}
	value := func(name string) string { return v.Form.Get(name) }
	form := views.Form{
		Frame: v.frame("Create a user", views.SectionUsers, views.Link{Text: "Users", Path: "/admin/users"}), Action: v.Path, Submit: "Create the user", Cancel: "/admin/users",
		Fields: []views.Field{
			{Name: "email", Label: "E-mail", Type: "email", Value: value("email"), Required: true, Autofocus: true},
			{Name: "name", Label: "Name", Value: value("name"), Hint: "Optional. A person or a company.", MaxLength: accounts.MaxNameLength},
			{Name: "plan", Label: "Plan", Type: "select", Value: cmp.Or(value("plan"), defaultPlan(plans)), Options: openPlans(plans)},
			{Name: "role", Label: "Role", Type: "select", Value: value("role"), Options: roleOptions()},
		},
	}
	form.Fields = append(form.Fields, personFields(value("external_id"), value("metadata"), value("note"))...)
	if !v.Post {
		return show(views.FormPage(form))
	}
	u, err := c.Store.CreateUser(ctx, v.By, accounts.NewUser{Email: value("email"), Name: value("name"), Plan: value("plan"), Role: accounts.Role(value("role")),
		ExternalID: strings.TrimSpace(value("external_id")), Metadata: metadataOf(v), Note: value("note")})
	switch {
	case err == nil:
		return leadTo("/admin/users/"+u.ID.String(), "done", "user-created")
	case withTaken(form.Fields, err):
	case !withProblems(form.Fields, err):
		return Reply{}, err
	}
	return showAgain(views.FormPage(form))
}

// defaultPlan is the name of the plan that a new user gets unless another is chosen; empty for none.
func defaultPlan(plans []accounts.Plan) string {
	for _, p := range plans {
		if p.IsDefault {
			return p.Name
		}
	}
	return ""
}

// EditUser changes what is known of a user, and the role.
func (c *Console) EditUser(ctx context.Context, v *Visit) (Reply, error) {
	u, _, err := c.livingUser(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	form := v.userForm("Edit "+u.Email, u)
	form.Submit = "Save"
	form.Fields = []views.Field{
		{Name: "name", Label: "Name", Value: u.Name, MaxLength: accounts.MaxNameLength},
		{Name: "role", Label: "Role", Type: "select", Value: string(u.Role), Options: roleOptions(), Hint: "Removing the admin role signs the user out of this console immediately."},
		{Name: "email", Label: "E-mail", Type: "email", Value: u.Email, Required: true},
	}
	form.Fields = append(form.Fields, personFields(u.ExternalID, shownMetadata(u.Metadata), u.Note)...)
	if !v.Post {
		return show(views.FormPage(form))
	}
	name, role := v.Form.Get("name"), accounts.Role(v.Form.Get("role"))
	for i := range form.Fields {
		form.Fields[i].Value = v.Form.Get(form.Fields[i].Name)
	}
	email, external, note := v.Form.Get("email"), strings.TrimSpace(v.Form.Get("external_id")), v.Form.Get("note")
	if v.self(u) && role != accounts.RoleAdmin {
		form.Fields[1].Problem = "You cannot remove your own admin role. Another admin can."
		return showAgain(views.FormPage(form))
	}
	_, err = c.Store.ChangeUser(ctx, v.By, u.ID, accounts.UserChange{Name: &name, Role: &role, Email: &email, ExternalID: &external, Metadata: metadataOf(v), Note: &note})
	if err == nil {
		return leadTo("/admin/users/"+u.ID.String(), "done", "user-changed")
	}
	if withTaken(form.Fields, err) || withProblems(form.Fields, err) {
		return showAgain(views.FormPage(form))
	}
	return Reply{}, err
}

func (v *Visit) self(u views.UserLine) bool { return u.ID == v.Operator.Session.UserID }

// ChangePlan takes two steps: the first chooses a plan, the second shows the consequences.
func (c *Console) ChangePlan(ctx context.Context, v *Visit) (Reply, error) {
	u, plan, err := c.livingUser(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	plans, err := c.Store.Plans(ctx)
	if err != nil {
		return Reply{}, err
	}
	form := v.userForm("Change the plan of "+u.Email, u)
	form.Intro, form.Submit = fmt.Sprintf("The current plan is %s.", plan.Name), "Continue"
	form.Fields = []views.Field{{Name: "plan", Label: "New plan", Type: "select", Value: plan.Name, Options: openPlans(plans), Hint: "Archived plans accept no users."}}
	i := slices.IndexFunc(plans, func(p accounts.Plan) bool {
		return accounts.Fold(p.Name) == accounts.Fold(strings.TrimSpace(v.Form.Get("plan"))) && !p.Archived
	})
	switch {
	case !v.Post:
		return show(views.FormPage(form))
	case i < 0 || plans[i].ID == plan.ID:
		form.Fields[0].Problem = "Choose a plan other than the current one."
		return showAgain(views.FormPage(form))
	case v.Form.Get("confirmed") == "":
		form.Intro, form.Submit, form.Consequences = "", "Change the plan to "+plans[i].Name, planConsequences(u, plan, plans[i])
		form.Fields = []views.Field{{Name: "plan", Type: "hidden", Value: plans[i].Name}, {Name: "confirmed", Type: "hidden", Value: "yes"}}
		return show(views.FormPage(form))
	}
	name := plans[i].Name
	if _, err := c.Store.ChangeUser(ctx, v.By, u.ID, accounts.UserChange{Plan: &name}); err != nil {
		return Reply{}, err
	}
	return leadTo("/admin/users/"+u.ID.String(), "done", "plan-moved")
}

func planConsequences(u views.UserLine, from, to accounts.Plan) []string {
	left := max(to.DailyCreditLimit-u.UsedToday, 0)
	list := []string{
		fmt.Sprintf("%s moves from %s to %s immediately, with %s.", u.Email, from.Name, to.Name, views.Count(u.ActiveKeys, "active key")),
		fmt.Sprintf("The daily limit is %s instead of %s. Used today: %s. Left until 00:00 UTC: %s.", views.Count(to.DailyCreditLimit, "credit"), views.Number(from.DailyCreditLimit), views.Number(u.UsedToday), views.Number(left)),
		fmt.Sprintf("The price is %s per month instead of %s. Codexible does not send invoices.", views.Price(to.PriceCents), views.Price(from.PriceCents)),
	}
	if to.RateLimitPerMinute != from.RateLimitPerMinute {
		list = append(list, fmt.Sprintf("Each key may send %s per minute instead of %s.", views.Count(to.RateLimitPerMinute, "request"), views.Number(from.RateLimitPerMinute)))
	}
	list = append(list, optionalLimits(from, to)...)
	if left == 0 {
		list = append(list, "Today's usage has reached the new limit, so the next charge is refused.")
	}
	return list
}

// Suspend shows the confirmation, and suspends a user.
func (c *Console) Suspend(ctx context.Context, v *Visit) (Reply, error) {
	u, _, err := c.livingUser(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	form := v.userForm("Suspend "+u.Email, u)
	form.Submit, form.Danger = "Suspend this user", true
	form.Consequences = []string{
		stop(u.ActiveKeys),
		"Nothing is deleted. Keys, usage and the audit log stay. After reactivating, the keys work as before.",
	}
	if u.Role.Operates() {
		form.Consequences = append(form.Consequences, "The user is signed out of this console.")
	}
	if v.self(u) {
		form.Notice = &views.Notice{Tone: views.ToneBad, Title: "This is you", Text: "You cannot suspend yourself. Another admin can."}
		return showAgain(views.FormPage(form))
	}
	return c.setStatus(ctx, v, u, form, accounts.StatusSuspended, "user-suspended")
}

const noActiveKey = "The user has no active key."

func stop(keys int64) string {
	switch keys {
	case 0:
		return noActiveKey
	case 1:
		return "The one active key stops working immediately. Requests with it get 403."
	}
	return "The " + views.Number(keys) + " active keys stop working immediately. Requests with them get 403."
}

func works(keys int64) string {
	switch keys {
	case 0:
		return noActiveKey
	case 1:
		return "The one active key works again immediately. Its secret is the same."
	}
	return "The " + views.Number(keys) + " active keys work again immediately. Their secrets are the same."
}

// Reactivate shows the confirmation, and reactivates a user.
func (c *Console) Reactivate(ctx context.Context, v *Visit) (Reply, error) {
	u, plan, err := c.livingUser(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	form := v.userForm("Reactivate "+u.Email, u)
	form.Submit = "Reactivate this user"
	form.Consequences = []string{
		works(u.ActiveKeys),
		fmt.Sprintf("The plan is %s. Used today: %s.", plan.Name, views.Count(u.UsedToday, "credit")),
	}
	return c.setStatus(ctx, v, u, form, accounts.StatusActive, "user-reactivated")
}

func (c *Console) setStatus(ctx context.Context, v *Visit, u views.UserLine, form views.Form, status accounts.Status, done string) (Reply, error) {
	if !v.Post {
		return show(views.FormPage(form))
	}
	if u.Status != status {
		if _, err := c.Store.ChangeUser(ctx, v.By, u.ID, accounts.UserChange{Status: &status}); err != nil {
			return Reply{}, err
		}
	}
	return leadTo("/admin/users/"+u.ID.String(), "done", done)
}
