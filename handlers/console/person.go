package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"codexible/accounts"
	"codexible/keys"
	"codexible/store"
	"codexible/views"
)

// metadataField takes the metadata of a user or key; an empty field is an empty object.
func metadataField(value string) views.Field {
	return views.Field{Name: "metadata", Label: "Metadata", Type: "textarea", Value: value, MaxLength: accounts.MaxMetadataBytes,
		Hint: `Optional. A JSON object for your own programs, such as {"team": "search"}. Verify returns it.`}
}

func metadataOf(v *Visit) json.RawMessage {
	text := strings.TrimSpace(v.Form.Get("metadata"))
	if text == "" {
		text = "{}"
	}
	return json.RawMessage(text)
}

// shownMetadata is metadata in a form; empty for an empty object.
func shownMetadata(m json.RawMessage) string {
	if string(m) == "{}" {
		return ""
	}
	return string(m)
}

// personFields are what is known of a user beside e-mail, name, plan and role.
func personFields(external, metadata, note string) []views.Field {
	return []views.Field{
		{Name: "external_id", Label: "External ID", Value: external, MaxLength: accounts.MaxExternalIDLength, Hint: "Optional. Your own ID of the user, unique."},
		metadataField(metadata),
		{Name: "note", Label: "Note", Type: "textarea", Value: note, MaxLength: accounts.MaxNoteLength, Hint: "Optional. Only operators see it."},
	}
}

// withTaken marks the field whose value another user has; false where that is not the error.
func withTaken(fields []views.Field, err error) bool {
	name := ""
	switch {
	case errors.Is(err, accounts.ErrEmailTaken):
		name = "email"
	case errors.Is(err, accounts.ErrExternalTaken):
		name = "external_id"
	}
	for i := range fields {
		if name != "" && fields[i].Name == name {
			fields[i].Problem = errorText(err)
			return true
		}
	}
	return false
}

func errorText(err error) string {
	if errors.Is(err, accounts.ErrEmailTaken) {
		return accounts.ErrEmailTaken.Message
	}
	return accounts.ErrExternalTaken.Message
}

// EraseUser says what an erasure removes and what stays, and erases a user whose e-mail was typed in.
func (c *Console) EraseUser(ctx context.Context, v *Visit) (Reply, error) {
	u, _, err := c.livingUser(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	form := v.userForm("Erase "+u.Email, u)
	form.Submit, form.Danger = "Erase this user for good", true
	form.Consequences = []string{
		stop(u.ActiveKeys),
		"Open holds end first. E-mail, name, external ID, metadata, note, sessions, and the secrets, labels and metadata of the keys are removed.",
		"Texts in the audit log, in events and in the log of requests that name the person are rewritten.",
		"The books keep their figures under the ID of the user. No total changes.",
		"Backups that exist still contain the person until you delete them. On Postgres, VACUUM frees the space of the old rows later.",
		"This cannot be undone. To keep a copy, export the user first: GET /api/admin/users/" + u.ID.String() + "/export.",
	}
	form.Fields = []views.Field{{Name: "confirm", Label: "E-mail of the user, to confirm", Type: "email", Value: v.Form.Get("confirm"), Required: true, Autocomplete: "off", MaxLength: accounts.MaxEmailLength}}
	if v.self(u) {
		form.Notice = &views.Notice{Tone: views.ToneBad, Title: "This is you", Text: "You cannot erase yourself. Another admin can."}
		return showAgain(views.FormPage(form))
	}
	if !v.Post {
		return show(views.FormPage(form))
	}
	_, err = c.Store.EraseUser(ctx, v.By, u.ID, v.Form.Get("confirm"))
	if err != nil {
		if withProblems(form.Fields, err) {
			return showAgain(views.FormPage(form))
		}
		return Reply{}, err
	}
	return leadTo("/admin/users/"+u.ID.String(), "done", "user-erased")
}

// pasted answers a search for a whole key, which leaves the address at once: it looks for the
// prefix alone. One that is found and not revoked leads to the form that revokes it with what it made.
func (c *Console) pasted(ctx context.Context, v *Visit, secret keys.Secret) (Reply, error) {
	found, err := c.Store.Keys(ctx, store.KeyQuery{Text: secret.Prefix(), Page: store.Page{Limit: 2}})
	if err != nil {
		return Reply{}, err
	}
	if len(found) == 1 && found[0].Status != keys.StatusRevoked && v.Operator.Role == accounts.RoleAdmin {
		return leadTo(fmt.Sprintf("/admin/keys/%s/revoke", found[0].ID), "leaked", "yes")
	}
	return leadTo("/admin/keys", "q", secret.Prefix(), "done", "key-pasted")
}
