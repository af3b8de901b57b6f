package console

import (
	"context"
	"fmt"
	"strings"

	"codexible/fault"
	"codexible/gateway"
	"codexible/views"
)

// The names of the fields of a key. That of the secret is never shown with a value.
const (
	fieldKeyName = "key_name"
	fieldSecret  = "secret"
	fieldRef     = "ref"
	fieldHeaders = "headers"
)

// typeAgain is the problem of a secret that was typed into a form that has another problem.
const typeAgain = "Type it again: a secret is never sent back to the browser."

// keyFields take a key of an upstream.
func keyFields(v *Visit) []views.Field {
	return []views.Field{
		{Name: fieldSecret, Label: "Key", Type: "password", Autocomplete: "off", MaxLength: gateway.MaxSecret, Hint: "As the provider shows it. It is stored encrypted and never shown again."},
		{Name: fieldRef, Label: "Or where it is", Value: v.Form.Get(fieldRef), MaxLength: gateway.MaxReference + 5,
			Hint: "In place of the key itself: env:UPSTREAM_NAME, a variable of the service, or file:NAME, a file in the directory UPSTREAM_KEYS_DIR."},
		{Name: fieldKeyName, Label: "Name of the key", Value: v.Form.Get(fieldKeyName), MaxLength: gateway.MaxUpstreamName, Hint: `Optional. "key 1" and so on if left empty.`},
	}
}

// readKey reads a key; nil where the form has none.
func readKey(v *Visit, fields []views.Field) *gateway.KeyChange {
	form := fieldValues(fields)
	k := gateway.KeyChange{Name: strings.TrimSpace(v.Form.Get(fieldKeyName)), Secret: gateway.NewSecret(strings.TrimSpace(v.Form.Get(fieldSecret))), Reference: strings.TrimSpace(v.Form.Get(fieldRef))}
	switch {
	case k.Secret.IsZero() && k.Reference == "":
		if k.Name != "" {
			form.field(fieldSecret).Problem = "Type the key, or name where it is below."
		}
		return nil
	case !k.Secret.IsZero() && k.Reference != "":
		form.field(fieldRef).Problem = "Must be empty where the key itself is typed."
	case !k.Secret.IsZero() && !gateway.ValidKey(k.Secret.Reveal()):
		form.field(fieldSecret).Problem = fmt.Sprintf("Must have at most %d printable ASCII characters without blanks. Type it again.", gateway.MaxSecret)
	case k.Reference != "":
		if _, _, ok := gateway.ParseReference(k.Reference); !ok {
			form.field(fieldRef).Problem = "Must have the form env:UPSTREAM_NAME, in capital letters, digits and underscores, or file:NAME."
		}
	}
	return &k
}

// askAgain says beside the secrets that were typed that they have to be typed again.
func askAgain(v *Visit, fields []views.Field) {
	for i := range fields {
		if f := &fields[i]; (f.Name == fieldSecret || f.Name == fieldHeaders) && strings.TrimSpace(v.Form.Get(f.Name)) != "" && f.Problem == "" {
			f.Problem = typeAgain
		}
	}
}

// keyProblem puts what is wrong with the keys beside the name: their secrets were checked before.
func keyProblem(fields []views.Field, err error) bool {
	problem := fault.As(err).Fields["keys"]
	if problem != "" {
		fieldValues(fields).field(fieldKeyName).Problem = sentence(problem)
	}
	return problem != ""
}

// NewUpstreamKey shows and takes the form that adds a key to an upstream.
func (c *Console) NewUpstreamKey(ctx context.Context, v *Visit) (Reply, error) {
	u, err := c.Store.Upstream(ctx, v.ID)
	if err != nil {
		return Reply{}, err
	}
	form := v.upstreamForm("Add a key", &u)
	form.Submit, form.Fields = "Add the key", keyFields(v)
	form.Intro = "Keys are tried in the order in which they were added: the next one where a key rests or is refused."
	if !v.Post {
		return show(views.FormPage(form))
	}
	key := readKey(v, form.Fields)
	if key == nil && v.Form.Get(fieldKeyName) == "" {
		form.Fields[0].Problem = "Type the key, or name where it is below."
	}
	if hasProblem(form.Fields) {
		askAgain(v, form.Fields)
		return showAgain(views.FormPage(form))
	}
	_, err = c.Store.ChangeUpstream(ctx, v.By, u.ID, gateway.UpstreamChange{Key: &gateway.OneKeyChange{Add: key}})
	if keyProblem(form.Fields, err) {
		askAgain(v, form.Fields)
		return showAgain(views.FormPage(form))
	}
	if err != nil {
		askAgain(v, form.Fields)
	}
	return upstreamAnswer(form, &u, err, "upstream-key-added")
}

// upstreamOfKey reads the upstream that has the key of the path.
func (c *Console) upstreamOfKey(ctx context.Context, v *Visit) (gateway.Upstream, *gateway.UpstreamKey, error) {
	list, err := c.Store.Upstreams(ctx)
	if err != nil {
		return gateway.Upstream{}, nil, err
	}
	for i := range list {
		if k := list[i].Key(v.ID); k != nil {
			return list[i], k, nil
		}
	}
	return gateway.Upstream{}, nil, gateway.ErrUpstreamKeyNotFound
}

// EnableUpstreamKey shows the confirmation, and takes a key back into use.
func (c *Console) EnableUpstreamKey(ctx context.Context, v *Visit) (Reply, error) {
	u, k, err := c.upstreamOfKey(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	form := v.upstreamForm("Enable "+k.Name, &u)
	form.Submit = "Enable this key"
	form.Consequences = []string{"Calls use it again, from the next request.", "Where the provider refuses it again, it is disabled again. Check it with the provider first, or test the upstream afterwards."}
	return c.changeKey(ctx, v, form, &u, gateway.OneKeyChange{ID: k.ID, Enabled: true}, "upstream-key-enabled")
}

// DisableUpstreamKey shows the confirmation, and takes a key out of use.
func (c *Console) DisableUpstreamKey(ctx context.Context, v *Visit) (Reply, error) {
	u, k, err := c.upstreamOfKey(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	form := v.upstreamForm("Disable "+k.Name, &u)
	form.Submit, form.Danger = "Disable this key", true
	form.Consequences = []string{"No call uses it from the next request, until it is enabled again.", lastKey(&u)}
	return c.changeKey(ctx, v, form, &u, gateway.OneKeyChange{ID: k.ID}, "upstream-key-disabled")
}

// RemoveUpstreamKey shows the confirmation, and deletes a key of an upstream.
func (c *Console) RemoveUpstreamKey(ctx context.Context, v *Visit) (Reply, error) {
	u, k, err := c.upstreamOfKey(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	form := v.upstreamForm("Remove "+k.Name, &u)
	form.Submit, form.Danger = "Remove this key", true
	form.Consequences = []string{"No call uses it from the next request. A stored key is deleted and cannot be restored.", lastKey(&u)}
	if len(u.Keys) == 1 {
		form.Consequences[1] = "It is the only key: calls are then made without credentials."
	}
	return c.changeKey(ctx, v, form, &u, gateway.OneKeyChange{ID: k.ID, Remove: true}, "upstream-key-removed")
}

func lastKey(u *gateway.Upstream) string {
	if len(u.Keys) == 1 {
		return "It is the only key: no call goes to " + u.Name + " meanwhile."
	}
	return "Calls use the other keys."
}

func (c *Console) changeKey(ctx context.Context, v *Visit, form views.Form, u *gateway.Upstream, change gateway.OneKeyChange, done string) (Reply, error) {
	if !v.Post {
		return show(views.FormPage(form))
	}
	_, err := c.Store.ChangeUpstream(ctx, v.By, u.ID, gateway.UpstreamChange{Key: &change})
	return upstreamAnswer(form, u, err, done)
}
