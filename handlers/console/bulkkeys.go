package console

import (
	"context"
	"fmt"
	"slices"
	"time"

	"codexible/accounts"
	"codexible/keys"
	"codexible/store"
	"codexible/views"

	"github.com/google/uuid"
)

// recentUse is how far back a preview looks for keys that are in use.
const recentUse = 7 * 24 * time.Hour

// BulkKeys previews what is done to many keys, and does it.
func (c *Console) BulkKeys(ctx context.Context, v *Visit) (Reply, error) {
	return c.bulk(ctx, v, c.keyBulk(v))
}

// keyBulk is what can be done to many keys of the list.
func (c *Console) keyBulk(v *Visit) *bulkList {
	l := &bulkList{title: "Keys", path: "/admin/keys", noun: "key", section: views.SectionKeys}
	l.first = func(ctx context.Context, list *Visit, limit int) (ids []uuid.UUID, err error) {
		text, state, err := list.keyFilter()
		if err != nil {
			return nil, err
		}
		found, err := c.keyList(ctx, text, state, "", store.Page{Limit: limit})
		for _, k := range found {
			ids = append(ids, k.ID)
		}
		return ids, err
	}
	for _, a := range []struct {
		to           keys.Status
		name, verb   string
		consequences []string
	}{
		{keys.StatusDisabled, "disable", "Disable", []string{
			"Requests with these keys get 401 immediately, as if they were revoked.",
			"You can enable them again at any time. Their users cannot: only an operator can enable a key that an operator disabled.",
		}},
		{keys.StatusActive, "enable", "Enable", []string{"Requests with these keys are accepted again immediately. Their secrets are the same."}},
		{keys.StatusRevoked, "revoke", "Revoke", []string{
			"Requests with these keys get 401 immediately.",
			"This cannot be undone: a revoked key never works again.",
			"Keys that were created with them keep working.",
		}},
	} {
		l.actions = append(l.actions, bulkAction{
			name: a.name, label: a.verb + " keys", does: a.verb + " %s", danger: a.to != keys.StatusActive,
			subjects: func(ctx context.Context, ids []uuid.UUID) ([]bulkSubject, error) { return c.bulkKeys(ctx, ids, a.to) },
			consequences: func(ctx context.Context, ids []uuid.UUID) ([]string, error) {
				return c.keyConsequences(ctx, ids, a.to, a.consequences)
			},
			bring: func(ctx context.Context, id uuid.UUID) (string, error) { return c.Store.BringKey(ctx, v.By, id, a.to) },
		})
	}
	return l
}

func (c *Console) bulkKeys(ctx context.Context, ids []uuid.UUID, to keys.Status) ([]bulkSubject, error) {
	found, err := c.Store.KeysByID(ctx, ids)
	list := make([]bulkSubject, 0, len(found))
	for _, k := range found {
		s := bulkSubject{id: k.ID, stays: store.KeyStays(k.Key, to), line: views.BulkLine{
			Path: "/admin/keys/" + k.ID.String(), Name: k.Label, Under: k.Prefix + "… of " + k.UserEmail, State: sentenceCase(string(k.Status))}}
		switch {
		case to == keys.StatusActive && k.Expired(c.Now()):
			s.line.Note = "It has expired, and stays refused."
		case to == keys.StatusActive && k.UserStatus == accounts.StatusSuspended:
			s.line.Note = "Its user is suspended, and it stays refused until the user is reactivated."
		case k.LastUsedAt != nil:
			s.line.Note = "Last used " + views.Ago(c.Now(), *k.LastUsedAt) + "."
		default:
			s.line.Note = "Never used."
		}
		list = append(list, s)
	}
	return list, err
}

// sentenceCase begins a word with a capital letter.
func sentenceCase(word string) string { return sentence(word)[:len(word)] }

func (c *Console) keyConsequences(ctx context.Context, ids []uuid.UUID, to keys.Status, means []string) ([]string, error) {
	if to == keys.StatusActive {
		return means, nil
	}
	found, err := c.Store.KeysByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	owners := map[uuid.UUID]bool{}
	var used int64
	for _, k := range found {
		owners[k.UserID] = true
		if k.LastUsedAt != nil && c.Now().Sub(*k.LastUsedAt) < recentUse {
			used++
		}
	}
	holds, err := c.Store.HoldsOfKeys(ctx, ids)
	return append(slices.Clip(means),
		fmt.Sprintf("%s used in the last 7 days. They belong to %s.", are(used, "of them was", "of them were"), views.Count(int64(len(owners)), "user")),
		openHolds(holds)), err
}

// openHolds says what becomes of holds when keys stop working.
func openHolds(n int64) string {
	if n == 0 {
		return "They have no open holds."
	}
	return fmt.Sprintf("Calls that are running end as they would, and are charged: %s.", views.Count(n, "open hold"))
}
