package console

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"codexible/fault"
	"codexible/gateway"
	"codexible/usage"
	"codexible/views"

	"github.com/google/uuid"
)

// The names of fields of an upstream that are asked for by code.
const (
	fieldWires = "wires"
	fieldLimit = "daily_limit_usd"
	// fieldMoved consents to the loss of keys and headers, fieldDrop asks for that of the headers.
	fieldMoved = "moved"
	fieldDrop  = "drop_headers"
	// maxHeaderText fits the headers that an upstream may have, of usual size; a larger one is set over the API.
	maxHeaderText = 20_000
)

// upstreamForm is the form of an upstream: its fields, in groups of the same list.
type upstreamForm struct {
	visit  *Visit
	fields []views.Field
	groups []views.FieldGroup
}

func (f *upstreamForm) group(title, intro string, fields ...views.Field) {
	f.groups = append(f.groups, views.FieldGroup{Title: title, Intro: intro, Fields: fields})
}

// made has the groups share their fields with the list.
func (f *upstreamForm) made() {
	for i := range f.groups {
		f.fields = append(f.fields, f.groups[i].Fields...)
	}
	at := 0
	for i := range f.groups {
		n := len(f.groups[i].Fields)
		f.groups[i].Fields = f.fields[at : at+n]
		at += n
	}
}

// value is what was typed, or the present value.
func (f *upstreamForm) value(name, current string) string {
	if f.visit.Post {
		return f.visit.Form.Get(name)
	}
	return current
}

func (f *upstreamForm) number(name, label, hint string, current, least, most int64) views.Field {
	return views.Field{Name: name, Label: label, Type: "number", Min: strconv.FormatInt(least, 10), Max: strconv.FormatInt(most, 10), Required: true,
		Value: f.value(name, strconv.FormatInt(current, 10)), Hint: hint}
}

// box is a checkbox.
func (f *upstreamForm) box(name, label, says, hint string, checked bool) views.Field {
	field := views.Field{Name: name, Label: label, Type: "checks", Hint: hint, Options: []views.Option{{Value: boxChecked, Label: says}}}
	if f.visit.Post {
		field.Ticked = f.visit.Form[name]
	} else if checked {
		field.Ticked = []string{boxChecked}
	}
	return field
}

const boxChecked = "true"

// fill makes the fields of an upstream, which is a fresh one where it has no id.
func (f *upstreamForm) fill(u *gateway.Upstream) {
	fresh := u.ID == uuid.Nil
	f.group("Provider", "",
		views.Field{Name: "name", Label: "Name", Value: f.value("name", u.Name), Required: true, MaxLength: gateway.MaxUpstreamName, Autofocus: fresh, Hint: "Letters, digits, blanks, dots, hyphens and underscores. Models name it."},
		views.Field{Name: "kind", Label: "Kind", Type: "select", Value: f.value("kind", string(u.Kind)), Options: []views.Option{
			{Value: string(gateway.OpenAI), Label: "OpenAI"}, {Value: string(gateway.Anthropic), Label: "Anthropic"}, {Value: string(gateway.Compatible), Label: "Compatible"}},
			Hint: "OpenAI serves chat and responses, Anthropic messages, Compatible the formats that are checked."},
		views.Field{Name: "base_url", Label: "Base URL", Value: f.value("base_url", u.BaseURL), Required: true, MaxLength: maxURL, Placeholder: "https://api.example.com/v1",
			Hint: "What stands before /chat/completions, /responses or /messages. Without a path, /v1 is added. http:// is for addresses inside your network."},
		f.wires(u),
	)
	if fresh {
		f.group("Key", "Optional. More keys can be added on the upstream's page. Without one, calls are made without credentials.", keyFields(f.visit)...)
	} else if len(u.Keys)+len(u.Headers) > 0 || u.Problem != "" {
		last := &f.groups[0]
		last.Fields = append(last.Fields, f.box(fieldMoved, "Where the base URL or the kind changes", "Remove the keys and the extra headers", "They are for the present address alone, so that they never reach another one.", false))
	}
	f.group("Extra headers", "Headers that every call gets, such as a tenant's name. Their values are secrets: they are stored encrypted and never shown again.", f.headers(u)...)
	f.group("Order and limits", "Among the candidates of a model with the same priority, and with the weights of the candidates.",
		f.number("priority", "Priority", "The lowest is tried first.", u.Priority, 1, gateway.MaxPriority),
		f.number("weight", "Weight", "Its share of calls among equals. 0 is tried last.", u.Weight, 0, gateway.MaxWeight),
		views.Field{Name: fieldLimit, Label: "Daily limit, in dollars", Value: f.value(fieldLimit, optionalMicros(u.DailyLimitMicros)), Hint: "Optional. No call goes to it once the calls of a UTC day have cost as much. No limit if left empty."},
	)
	f.group("Calls", "",
		f.number("first_byte_timeout_seconds", "First byte within, in seconds", "How long the head of an answer may take.", int64(u.FirstByteTimeout/time.Second), 1, int64(gateway.MaxUpstreamTime/time.Second)),
		f.number("idle_timeout_seconds", "Silent for at most, in seconds", "How long a stream may send nothing.", int64(u.IdleTimeout/time.Second), 1, int64(gateway.MaxUpstreamTime/time.Second)),
		f.clientGone(u),
		f.box("shared_state", "Shared state", "Let requests refer to what the provider keeps", "Such as previous_response_id. All customers share the provider's account: leave it off unless it has one customer.", u.SharedState),
	)
	f.made()
}

// maxURL is how many characters a base URL can have.
const maxURL = 500

func optionalMicros(n *int64) string {
	if n == nil {
		return ""
	}
	return views.PlainMicros(*n)
}

func (f *upstreamForm) wires(u *gateway.Upstream) views.Field {
	field := views.Field{Name: fieldWires, Label: "API formats", Type: "checks", Hint: "For the kind Compatible alone: the others have their vendor's."}
	for _, w := range []usage.Wire{usage.Chat, usage.Responses, usage.Messages} {
		field.Options = append(field.Options, views.Option{Value: w.String(), Label: w.String()})
		if u.Kind == gateway.Compatible && slices.Contains(u.Wires, w) {
			field.Ticked = append(field.Ticked, w.String())
		}
	}
	if f.visit.Post {
		field.Ticked = f.visit.Form[fieldWires]
	}
	return field
}

func (f *upstreamForm) headers(u *gateway.Upstream) []views.Field {
	typed := views.Field{Name: fieldHeaders, Label: "Headers", Type: "textarea", MaxLength: maxHeaderText, Placeholder: "x-tenant: value", Hint: "Optional. One per line, as name: value."}
	names := u.HeaderNames()
	if len(names) == 0 && u.Problem == "" {
		return []views.Field{typed}
	}
	typed.Hint = "One per line, as name: value. They replace all that there are. Left empty, these stay: " + strings.Join(names, ", ") + "."
	if u.Problem != "" {
		typed.Hint = "One per line, as name: value. They replace those that cannot be read."
	}
	return []views.Field{typed, f.box(fieldDrop, "Without headers", "Remove all extra headers", "", false)}
}

func (f *upstreamForm) clientGone(u *gateway.Upstream) views.Field {
	field := views.Field{Name: "on_client_gone", Label: "When the client leaves", Type: "select", Value: f.value("on_client_gone", string(u.OnClientGone)), Options: []views.Option{
		{Value: string(gateway.Cancel), Label: "Cancel the call"}, {Value: string(gateway.Drain), Label: "Read it to its end"}},
		Hint: "Cancel where the provider then stops billing. Otherwise it bills the whole call, and its end says what it cost."}
	if u.ID == uuid.Nil {
		field.Hint += " By the kind: Compatible is read to its end, the others are cancelled."
		field.Options = slices.Insert(field.Options, 0, views.Option{Label: "By the kind"})
	}
	return field
}

// read reads the form, and puts every problem beside its field. before is the upstream as it is.
func (f *upstreamForm) read(before *gateway.Upstream) (c gateway.UpstreamChange, ok bool) {
	form, typed := fieldValues(f.fields), f.visit.Form
	kind := gateway.Kind(typed.Get("kind"))
	c = gateway.UpstreamChange{
		Name: new(typed.Get("name")), Kind: &kind, BaseURL: new(typed.Get("base_url")), Priority: form.needed("priority"), Weight: form.needed("weight"),
		FirstByteTimeout: inSeconds(form.needed("first_byte_timeout_seconds")), IdleTimeout: inSeconds(form.needed("idle_timeout_seconds")),
		SharedState: new(typed.Get("shared_state") == boxChecked),
	}
	if kind == gateway.Compatible && len(typed[fieldWires]) > 0 {
		c.Wires = new(typed[fieldWires])
	} else if kind == gateway.Compatible {
		form.field(fieldWires).Problem = "Check at least one."
	}
	if gone := gateway.OnClientGone(typed.Get("on_client_gone")); gone != "" || before.ID != uuid.Nil {
		c.OnClientGone = &gone
	}
	limit, problem := readLimit(typed.Get(fieldLimit))
	c.DailyLimitMicros, form.field(fieldLimit).Problem = &limit, problem
	if text := typed.Get(fieldHeaders); strings.TrimSpace(text) != "" {
		headers, problem := readHeaders(text)
		c.Headers, form.field(fieldHeaders).Problem = &headers, problem
	} else if typed.Get(fieldDrop) == boxChecked {
		c.Headers = &map[string]string{}
	}
	if before.ID == uuid.Nil {
		if key := readKey(f.visit, f.fields); key != nil {
			c.Keys = &[]gateway.KeyChange{*key}
		}
	}
	f.checkMove(c, before)
	return c, !hasProblem(f.fields)
}

// checkMove asks for consent where the change would remove keys or headers.
func (f *upstreamForm) checkMove(c gateway.UpstreamChange, before *gateway.Upstream) {
	i := slices.IndexFunc(f.fields, func(field views.Field) bool { return field.Name == fieldMoved })
	if i < 0 || f.visit.Form.Get(fieldMoved) == boxChecked {
		return
	}
	after, err := gateway.UpstreamChange{Kind: c.Kind, BaseURL: c.BaseURL}.Apply(*before, time.Time{}) // whatever else is wrong
	if err == nil && (after.BaseURL != before.BaseURL || after.Kind != before.Kind) {
		f.fields[i].Problem = "The keys and the extra headers are removed with this change. Check the box to go ahead, then add keys on the upstream's page."
	}
}

func inSeconds(n *int64) *time.Duration {
	if n == nil {
		return nil
	}
	if *n < 0 || *n > int64(gateway.MaxUpstreamTime/time.Second) {
		return new(time.Duration(-1)) // out of range, and no product that overflows into it
	}
	return new(time.Duration(*n) * time.Second)
}

// readLimit reads a daily limit; nil for an empty text, which is no limit.
func readLimit(text string) (limit *int64, problem string) {
	if strings.TrimSpace(text) == "" {
		return nil, ""
	}
	n, err := readAmount(text, 6, gateway.MaxDailyLimit)
	if err != nil {
		return nil, sentence(err.Error())
	}
	return &n, ""
}

// readHeaders reads a header from each line. What is wrong names the line, and nothing of a value.
func readHeaders(text string) (headers map[string]string, problem string) {
	headers = map[string]string{}
	for i, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, value, found := strings.Cut(line, ":")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		_, twice := headers[name]
		switch {
		case !found || name == "" || value == "":
			return nil, fmt.Sprintf("Line %d must have a name, a colon and a value. Type all of them again.", i+1)
		case twice:
			return nil, fmt.Sprintf("Line %d has a name that is there already. Type all of them again.", i+1)
		case len(headers) == gateway.MaxUpstreamHeaders:
			return nil, fmt.Sprintf("Must have at most %d headers. Type them again.", gateway.MaxUpstreamHeaders)
		}
		headers[name] = value
	}
	return headers, ""
}

func hasProblem(fields []views.Field) bool {
	return slices.ContainsFunc(fields, func(f views.Field) bool { return f.Problem != "" })
}

// answer leads to the upstream, or shows the form with what is wrong. Secrets have to be typed again.
func (f *upstreamForm) answer(p views.GroupForm, u *gateway.Upstream, err error, done string) (Reply, error) {
	switch problem := fault.As(err); {
	case err == nil:
		return leadTo(upstreamPath(u, ""), "done", done)
	case problem.Kind == fault.Conflict:
		p.Notice = &views.Notice{Tone: views.ToneBad, Title: "Nothing was changed", Text: problem.Message}
	case problem.Fields["keys"] != "" && u.ID == uuid.Nil:
		keyProblem(f.fields, err)
	case !withProblems(f.fields, err):
		return Reply{}, err
	}
	return f.again(p)
}

func (f *upstreamForm) again(p views.GroupForm) (Reply, error) {
	askAgain(f.visit, f.fields)
	return showAgain(views.GroupFormPage(p))
}

// NewUpstream shows and takes the form that adds an upstream.
func (c *Console) NewUpstream(ctx context.Context, v *Visit) (Reply, error) {
	fresh := gateway.NewUpstream()
	fresh.Kind = gateway.OpenAI
	f := upstreamForm{visit: v}
	f.fill(&fresh)
	p := views.GroupForm{
		Frame:  v.frame("Add an upstream", views.SectionUpstreams, views.Link{Text: "Upstreams", Path: "/admin/upstreams"}),
		Action: v.Path, Cancel: "/admin/upstreams", Submit: "Add the upstream", Groups: f.groups,
	}
	if !v.Post {
		return show(views.GroupFormPage(p))
	}
	change, ok := f.read(&fresh)
	if !ok {
		return f.again(p)
	}
	u, err := c.Store.CreateUpstream(ctx, v.By, change)
	return f.answer(p, &u, err, "upstream-created")
}

// EditUpstream shows and takes the form that changes an upstream. Its keys have pages of their own.
func (c *Console) EditUpstream(ctx context.Context, v *Visit) (Reply, error) {
	u, err := c.Store.Upstream(ctx, v.ID)
	if err != nil {
		return Reply{}, err
	}
	f := upstreamForm{visit: v}
	f.fill(&u)
	confirmation := v.upstreamForm("Edit "+u.Name, &u)
	p := views.GroupForm{Frame: confirmation.Frame, Action: v.Path, Cancel: confirmation.Cancel, Submit: "Save", Groups: f.groups}
	if !v.Post {
		return show(views.GroupFormPage(p))
	}
	change, ok := f.read(&u)
	if !ok {
		return f.again(p)
	}
	after, err := c.Store.ChangeUpstream(ctx, v.By, u.ID, change)
	done := "upstream-changed"
	if err == nil && len(u.Keys) > 0 && len(after.Keys) == 0 {
		done = "upstream-moved"
	}
	return f.answer(p, &u, err, done)
}
