package console

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"codexible/accounts"
	"codexible/keys"
	"codexible/store"
	"codexible/views"

	"github.com/google/uuid"
)

// unusedFor is how long a key has to be idle to be listed as unused.
const unusedFor = 90 * 24 * time.Hour

// Keys lists keys across all users.
func (c *Console) Keys(ctx context.Context, v *Visit) (Reply, error) {
	text, err := v.search()
	if err != nil {
		return Reply{}, err
	}
	if secret, is := keys.Parse(text); is {
		return c.pasted(ctx, v, secret)
	}
	text, state, err := v.keyFilter()
	if err != nil {
		return Reply{}, err
	}
	columns := views.KeyHeads(true)
	if text != "" || state == "unused" { // a search has the newest first, the unused keys have an order of their own
		columns = unsorted(columns)
	}
	order := v.sorting("age", columns)
	after, value := order.afterRow(v)
	list, err := c.keyList(ctx, text, state, keyOrder(&order), store.Page{Limit: pageSize + 1, After: after, Place: value})
	if err != nil {
		return Reply{}, err
	}
	p := views.Keys{
		Frame: v.frame("Keys", views.SectionKeys), Now: c.Now(), Filtered: text != "" || state != "", Order: order.order,
		Search: views.Field{Name: "q", Label: "Search", Type: "search", Placeholder: "Label, prefix or user", Value: text},
		State: views.Field{Name: "state", Label: "Show", Type: "select", Value: state, Options: []views.Option{
			{Label: "All keys"}, {Value: "active", Label: "Active"}, {Value: "unused", Label: "Unused for 90 days"}, {Value: "disabled", Label: "Disabled"}, {Value: "revoked", Label: "Revoked"}}},
	}
	path := func(sort, after string) string {
		return views.WithQuery(v.Path, "q", text, "state", state, "sort", sort, "after", after)
	}
	p.Heads = order.heads(func(sort string) string { return path(sort, "") })
	if len(list) > pageSize {
		list = list[:pageSize]
		last := &list[pageSize-1]
		p.Pager.Onward, p.Pager.OnwardText = path(order.order, order.cursor(last.ID.String(), keyOrder(&order).KeyPlace(&last.Key))), "Next page"
	}
	if after != uuid.Nil {
		p.Pager.Newest = path(order.order, "")
	}
	if len(list) > 0 {
		p.Pager.Said = views.Count(int64(len(list)), "key") + " on this page"
	}
	var ids []uuid.UUID
	for _, k := range list {
		line := keyLine(&k)
		line.Picked = v.mayChange()
		p.Lines = append(p.Lines, line)
		ids = append(ids, k.ID)
	}
	if p.Bulk, err = c.bulkForm(ctx, v, c.keyBulk(v), ids, p.Pager.Onward == "" && p.Pager.Newest == ""); err != nil {
		return Reply{}, err
	}
	return show(views.KeysPage(p))
}

// keyFilter is what the list's query asks for. Of a whole key only the prefix is looked for.
func (v *Visit) keyFilter() (text, state string, err error) {
	text, err = v.search()
	if secret, is := keys.Parse(text); is {
		text = secret.Prefix()
	}
	return text, oneOf(v.Query.Get("state"), []string{"active", "disabled", "revoked", "unused"}), err
}

// keyOrder is the order of the list: the oldest keys are the first that were created.
func keyOrder(s *sorting) store.Order {
	if s.order == "-age" {
		return store.ByCreation
	}
	return store.Order(s.order)
}

func (c *Console) keyList(ctx context.Context, text, state string, order store.Order, page store.Page) ([]store.KeyLine, error) {
	q := store.KeyQuery{Text: text, Order: order, Page: page}
	switch state {
	case "unused":
		since := c.Now().Add(-unusedFor)
		if text == "" {
			return c.Store.UnusedKeys(ctx, since, page)
		}
		q.UnusedSince = since
	default:
		q.Status = keys.Status(state)
	}
	return c.Store.Keys(ctx, q)
}

// keyOf reads the key of the path.
func (c *Console) keyOf(ctx context.Context, v *Visit) (views.KeyLine, error) {
	k, err := c.Store.Key(ctx, v.ID, uuid.Nil)
	return keyLine(&k), err
}

// Key shows one key.
func (c *Console) Key(ctx context.Context, v *Visit) (Reply, error) {
	k, err := c.keyOf(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	span, choice := v.days(c.Now())
	p := views.Key{Frame: v.frame(k.Label, views.SectionKeys, views.Link{Text: "Keys", Path: "/admin/keys"}), Key: k, Range: choice, Now: c.Now()}
	days, err := c.Store.KeyHistory(ctx, k.UserID, k.ID, span)
	if err != nil {
		return Reply{}, err
	}
	p.Chart = views.DayChart("Credits by day", views.MeasureCredits, days)
	if p.GraceEnds, err = c.Store.GraceEnds(ctx, k.ID); err != nil {
		return Reply{}, err
	}
	p.Audit, err = c.Store.Audit(ctx, store.AuditQuery{SubjectID: k.ID, Limit: auditShown})
	if err != nil {
		return Reply{}, err
	}
	return show(views.KeyPage(p))
}

// expiryLayout is how a browser sends a date and a time; it is read as UTC.
const expiryLayout = "2006-01-02T15:04"

func expiryField(value string) views.Field {
	return views.Field{Name: "expires_at", Label: "Expires (UTC)", Type: "datetime-local", Value: value, Hint: "Optional. Never if left empty."}
}

// readExpiry returns nil for an empty text, and false for an invalid one.
func readExpiry(text string) (*time.Time, bool) {
	if text = strings.TrimSpace(text); text == "" {
		return nil, true
	}
	t, err := time.Parse(expiryLayout, text)
	return &t, err == nil
}

// scopeField is a checkbox for each scope, with these checked.
func scopeField(ticked []string, hint string) views.Field {
	f := views.Field{Name: "scopes", Label: "Scopes", Type: "checks", Ticked: ticked, Hint: hint}
	for i, about := range []string{"call models, pass key verification", "read usage and plan", "manage the user's keys", "record charges through the API", "verify other users' keys, for the role service", "everything, for the role admin"} {
		name := keys.ScopeNames()[i]
		f.Options = append(f.Options, views.Option{Value: name, Label: name + ": " + about})
	}
	return f
}

func addressField(value string) views.Field {
	return views.Field{Name: "allowed_addresses", Label: "Allowed IP addresses", Type: "textarea", Value: value, MaxLength: maxAddressText,
		Hint: "Optional. Addresses or networks that may use the key, such as 203.0.113.7 or 2001:db8::/32: one per line, 32 at most. Any address if left empty."}
}

// maxAddressText fits as many networks as a key may have.
const maxAddressText = 2000

// splitAddresses splits a list at line breaks, blanks and commas.
func splitAddresses(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == ',' })
}

// modelsField takes the names of models that a plan or key may use.
func modelsField(v *Visit, current []string, hint string) views.Field {
	value := strings.Join(current, "\n")
	if v.Post {
		value = v.Form.Get("models")
	}
	return views.Field{Name: "models", Label: "Models", Type: "textarea", Value: value, MaxLength: maxModelText, Hint: hint}
}

const (
	// maxModelText is longer than any list of real names; the browser enforces it.
	maxModelText = 20_000
	keyModels    = "Optional. The models that the key may use, by name or alias: one per line, 200 at most. All models of the plan if left empty."
	planModels   = "Optional. The models that users on this plan may use, by name or alias: one per line, 200 at most. All models if left empty."
)

// modelNames reads a list of names; nil, which is all models, for an empty text.
func modelNames(text string) []string {
	if names := splitAddresses(text); len(names) > 0 {
		return names
	}
	return nil
}

// limitFields are a key's own limits, with the values of the form or of the key.
func limitFields(v *Visit, current keys.Limits) []views.Field {
	field := func(name keys.LimitName, label, hint string) views.Field {
		least, most := name.Bounds()
		value := optionalNumber(current.Limit(name))
		if v.Post {
			value = v.Form.Get(string(name))
		}
		return views.Field{Name: string(name), Label: label, Type: "number", Min: optionalNumber(&least), Max: optionalNumber(&most), Value: value, Hint: hint}
	}
	return []views.Field{
		field(keys.DailyCreditLimit, "Credits per day", "Optional. For this key alone; the plan's limits apply as well."),
		field(keys.RateLimitPerMinute, "Requests per minute", "Optional. For this key alone; the smaller of this and the plan's limit counts."),
		field(keys.ConcurrencyLimit, "Requests at once", "Optional. How many holds this key may have open; the plan's limit applies as well."),
	}
}

// readLimits reads a key's own limits; false where one is not a whole number.
func readLimits(fields []views.Field) (l keys.Limits, readable bool) {
	form := fieldValues(fields)
	l = keys.Limits{
		DailyCreditLimit: form.whole(string(keys.DailyCreditLimit)), RateLimitPerMinute: form.whole(string(keys.RateLimitPerMinute)),
		ConcurrencyLimit: form.whole(string(keys.ConcurrencyLimit)),
	}
	return l, !slices.ContainsFunc(fields, func(f views.Field) bool { return f.Problem != "" })
}

// claim marks a form that shows a secret as sent. It returns false if the form
// was already sent, such as by reloading the page with the secret.
func (c *Console) claim(ctx context.Context, v *Visit) (bool, error) {
	form, err := uuid.Parse(v.Form.Get("once"))
	if err != nil {
		return false, ErrForm
	}
	return c.Store.TakeForm(ctx, v.Operator.Session.ID, form.String())
}

// NewKey creates a key and shows its secret once.
func (c *Console) NewKey(ctx context.Context, v *Visit) (Reply, error) {
	form := views.Form{
		Frame: v.frame("Create a key", views.SectionKeys, views.Link{Text: "Keys", Path: "/admin/keys"}), Action: v.Path, Submit: "Create the key", Cancel: "/admin/keys",
		Intro: "The key is shown only once, on the next page. Have a safe place ready to store it.", Once: uuid.NewString(),
	}
	email := v.Form.Get("email")
	if id, err := uuid.Parse(v.Query.Get("user")); err == nil {
		u, err := c.Store.User(ctx, id)
		if err != nil {
			return Reply{}, err
		}
		email, form.Cancel = u.Email, "/admin/users/"+u.ID.String()
	}
	form.Fields = []views.Field{
		{Name: "email", Label: "User", Type: "email", Value: email, Hint: "The e-mail of the user who owns the key.", Required: true, Autofocus: email == ""},
		{Name: "label", Label: "Label", Value: v.Form.Get("label"), Hint: `Optional. Where the key is used, such as Production. "Default" if left empty.`, MaxLength: keys.MaxLabelLength, Autofocus: email != ""},
		expiryField(v.Form.Get("expires_at")),
		scopeField(v.Form["scopes"], "If none is checked: models, usage and keys. For a service: service. For an admin: admin, models, usage and keys."),
		addressField(v.Form.Get("allowed_addresses")), modelsField(v, nil, keyModels),
	}
	form.Fields = append(form.Fields, limitFields(v, keys.Limits{})...)
	form.Fields = append(form.Fields, metadataField(v.Form.Get("metadata")))
	if !v.Post {
		return show(views.FormPage(form))
	}
	return c.createKey(ctx, v, form)
}

func (c *Console) createKey(ctx context.Context, v *Visit, form views.Form) (Reply, error) {
	u, err := c.Store.UserByEmail(ctx, strings.TrimSpace(v.Form.Get("email")))
	if err == nil {
		expires, readable := readExpiry(v.Form.Get("expires_at"))
		if !readable {
			form.Fields[2].Problem = "Must be a date and a time such as 2026-12-31T23:59."
			return showAgain(views.FormPage(form))
		}
		limits, readable := readLimits(form.Fields)
		if !readable {
			return showAgain(views.FormPage(form))
		}
		n := keys.NewKey{Metadata: metadataOf(v), Limits: limits, UserID: u.ID, Label: v.Form.Get("label"), ExpiresAt: expires, Scopes: v.Form["scopes"], Addresses: splitAddresses(v.Form.Get("allowed_addresses")),
			Models: modelNames(v.Form.Get("models")), Secret: keys.Mint()}
		n, problem := n.Normalize(c.Now())
		if problem == nil {
			scopes, _ := keys.ParseScopes(n.Scopes)
			problem = scopes.Given(0, u.Role, false)
		}
		if problem != nil && withProblems(form.Fields, problem) {
			return showAgain(views.FormPage(form))
		}
		return c.mint(ctx, v, "Key created", views.WithQuery("/admin/keys", "q", u.Email, "done", "key-taken"), "", func() (keys.Key, keys.Secret, error) {
			k, err := c.Store.CreateKey(ctx, v.By, n)
			return k, n.Secret, err
		})
	}
	if errors.Is(err, accounts.ErrUserNotFound) {
		form.Fields[0].Problem = "There is no user with this e-mail."
		return showAgain(views.FormPage(form))
	}
	return Reply{}, err
}

// mint claims the form, makes the change and shows the secret. taken is where a
// form redirects that was already sent.
func (c *Console) mint(ctx context.Context, v *Visit, title, taken, oldWorks string, change func() (keys.Key, keys.Secret, error)) (Reply, error) {
	first, err := c.claim(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	if !first {
		return leadTo(taken)
	}
	k, secret, err := change()
	if err != nil {
		return Reply{}, err
	}
	u, err := c.Store.User(ctx, k.UserID)
	if err != nil {
		return Reply{}, err
	}
	r, err := show(views.SecretPage(views.Secret{Frame: v.frame(title, views.SectionKeys), Secret: secret, Key: views.KeyLine{Key: k, Email: u.Email}, OldWorks: oldWorks}))
	r.Plain = true
	return r, err
}

func (v *Visit) keyForm(title string, k views.KeyLine) views.Form {
	back := "/admin/keys/" + k.ID.String()
	return views.Form{
		Frame:  v.frame(title, views.SectionKeys, views.Link{Text: "Keys", Path: "/admin/keys"}, views.Link{Text: k.Label, Path: back}),
		Action: v.Path, Cancel: back,
	}
}

// EditKey changes a key's label, expiry, scopes, addresses, models and limits.
func (c *Console) EditKey(ctx context.Context, v *Visit) (Reply, error) {
	k, err := c.keyOf(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	form := v.keyForm("Edit "+k.Label, k)
	form.Submit = "Save"
	value, addresses := "", strings.Join(k.Addresses.Texts(), "\n")
	if k.ExpiresAt != nil {
		value = k.ExpiresAt.UTC().Format(expiryLayout)
	}
	form.Fields = []views.Field{
		{Name: "label", Label: "Label", Value: k.Label, Required: true, MaxLength: keys.MaxLabelLength}, expiryField(value),
		scopeField(k.Scopes.Names(), "The user cannot loosen these limits through the API."), addressField(addresses), modelsField(v, k.Models, keyModels),
	}
	form.Fields = append(form.Fields, limitFields(v, k.Limits)...)
	form.Fields = append(form.Fields, metadataField(shownMetadata(k.Metadata)))
	if !v.Post {
		return show(views.FormPage(form))
	}
	label, text := v.Form.Get("label"), v.Form.Get("expires_at")
	form.Fields[0].Value, form.Fields[1].Value, form.Fields[2].Ticked, form.Fields[3].Value = label, text, v.Form["scopes"], v.Form.Get("allowed_addresses")
	form.Fields[len(form.Fields)-1].Value = v.Form.Get("metadata")
	expires, readable := readExpiry(text)
	if !readable {
		form.Fields[1].Problem = "Must be a date and a time such as 2026-12-31T23:59."
		return showAgain(views.FormPage(form))
	}
	limits, readable := readLimits(form.Fields)
	if !readable {
		return showAgain(views.FormPage(form))
	}
	// What is unchanged is not set by the operator: the user may still loosen limits of their own.
	change := keys.KeyChange{Label: &label, Limits: keys.LimitsChange{}, Metadata: metadataOf(v)}
	for _, name := range keys.LimitNames() {
		if wanted := limits.Limit(name); optionalNumber(wanted) != optionalNumber(k.Limit(name)) {
			change.Limits[name] = wanted
		}
	}
	// An expired key keeps its expiry unless it is changed: only a changed expiry must lie in the future.
	if text != value {
		change.ExpiresAt = &expires
	}
	if scopes, known := keys.ParseScopes(v.Form["scopes"]); !known || scopes != k.Scopes {
		change.Scopes = append([]string{}, v.Form["scopes"]...)
	}
	if wanted, problem := keys.ParseAddresses(splitAddresses(v.Form.Get("allowed_addresses"))); problem != "" || !wanted.Equal(k.Addresses) {
		change.Addresses = append([]string{}, splitAddresses(v.Form.Get("allowed_addresses"))...)
	}
	if names := modelNames(v.Form.Get("models")); !k.Models.Equal(names) {
		change.Models = &names
	}
	if _, err = c.Store.ChangeKey(ctx, v.By, k.ID, uuid.Nil, change); err == nil {
		return leadTo("/admin/keys/"+k.ID.String(), "done", "key-changed")
	}
	if withProblems(form.Fields, err) {
		return showAgain(views.FormPage(form))
	}
	return Reply{}, err
}

// Disable disables a key until an operator enables it.
func (c *Console) Disable(ctx context.Context, v *Visit) (Reply, error) {
	return c.switchKey(ctx, v, keys.StatusDisabled)
}

// Enable shows the confirmation, and enables a disabled key.
func (c *Console) Enable(ctx context.Context, v *Visit) (Reply, error) {
	return c.switchKey(ctx, v, keys.StatusActive)
}

func (c *Console) switchKey(ctx context.Context, v *Visit, to keys.Status) (Reply, error) {
	k, err := c.keyOf(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	form, done := v.keyForm("Disable "+k.Label, k), "key-disabled"
	form.Submit, form.Danger = "Disable this key", true
	form.Consequences = []string{
		"Requests with " + k.Prefix + "… get 401 immediately, as if the key were revoked.",
		"You can enable the key again at any time. The user cannot: only an operator can enable a key that an operator disabled.",
	}
	if to == keys.StatusActive {
		form, done = v.keyForm("Enable "+k.Label, k), "key-enabled"
		form.Submit, form.Consequences = "Enable this key", []string{"Requests with " + k.Prefix + "… are accepted again immediately."}
	}
	if !v.Post {
		return show(views.FormPage(form))
	}
	if _, err := c.Store.ChangeKey(ctx, v.By, k.ID, uuid.Nil, keys.KeyChange{Status: &to}); err != nil {
		return Reply{}, err
	}
	return leadTo("/admin/keys/"+k.ID.String(), "done", done)
}

var graces = []struct {
	value string
	grace time.Duration
	label string
}{
	{"0", 0, "Immediately"}, {"3600", time.Hour, "After 1 hour"}, {"86400", 24 * time.Hour, "After 1 day"}, {"604800", keys.MaxGrace, "After 7 days"},
}

// Rotate gives a key a new secret and shows it once.
func (c *Console) Rotate(ctx context.Context, v *Visit) (Reply, error) {
	k, err := c.keyOf(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	form := v.keyForm("Rotate "+k.Label, k)
	form.Submit, form.Once = "Rotate the key", uuid.NewString()
	form.Consequences = []string{
		fmt.Sprintf("The key gets a new secret, which is shown once on the next page. Its ID, label, expiry and usage stay the same, and so does the quota of %s.", k.Email),
		"The current secret stops working at the time that you choose below. A secret that an earlier rotation left working stops immediately.",
		"Keys that were created with this key keep working. If this key has leaked, revoke it together with them instead.",
	}
	grace := views.Field{Name: "grace_seconds", Label: "The current secret stops working", Type: "select", Value: v.Form.Get("grace_seconds")}
	chosen := -1
	for i, g := range graces {
		grace.Options = append(grace.Options, views.Option{Value: g.value, Label: g.label})
		if g.value == grace.Value {
			chosen = i
		}
	}
	if grace.Value == "" {
		grace.Value = "86400"
	}
	form.Fields = []views.Field{grace}
	if !v.Post {
		return show(views.FormPage(form))
	}
	if chosen < 0 {
		form.Fields[0].Problem = "Choose one of the times."
		return showAgain(views.FormPage(form))
	}
	old := "Stopped immediately"
	if g := graces[chosen].grace; g > 0 {
		old = "Works until " + views.Instant(c.Now().Add(g)) + " UTC"
	}
	return c.mint(ctx, v, "Key rotated", views.WithQuery("/admin/keys/"+k.ID.String(), "done", "key-taken"), old, func() (keys.Key, keys.Secret, error) {
		secret := keys.Mint()
		rotated, err := c.Store.RotateKey(ctx, v.By, keys.Rotation{KeyID: k.ID, Grace: graces[chosen].grace, Secret: secret}, uuid.Nil)
		return rotated, secret, err
	})
}

// Revoke revokes a key, which cannot be undone.
func (c *Console) Revoke(ctx context.Context, v *Visit) (Reply, error) {
	k, err := c.keyOf(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	form := v.keyForm("Revoke "+k.Label, k)
	form.Submit, form.Danger = "Revoke this key", true
	last := "The key was never used."
	if k.LastUsedAt != nil {
		last = "The key was last used " + views.Ago(c.Now(), *k.LastUsedAt) + "."
	}
	form.Consequences = []string{
		"Requests with " + k.Prefix + "… get 401 immediately. " + last,
		"This cannot be undone: a revoked key never works again. To replace only the secret, rotate the key instead.",
		fmt.Sprintf("Other keys of %s keep working, unless you check the box below and they were created with this key.", k.Email),
	}
	form.Fields = []views.Field{{Name: "with_created", Label: "If the key has leaked", Type: "checks", Ticked: v.Form["with_created"],
		Options: []views.Option{{Value: "true", Label: "Also revoke all keys that were created with it, directly or through another key"}}}}
	if !v.Post {
		if v.Query.Get("leaked") != "" { // a whole key was searched for
			form.Fields[0].Ticked = []string{"true"}
		}
		return show(views.FormPage(form))
	}
	if v.Form.Get("with_created") == "true" {
		_, err = c.Store.RevokeKeyWithCreated(ctx, v.By, k.ID, uuid.Nil)
	} else {
		err = c.Store.RevokeKey(ctx, v.By, k.ID, uuid.Nil)
	}
	if err != nil {
		return Reply{}, err
	}
	return leadTo("/admin/keys/"+k.ID.String(), "done", "key-revoked")
}
