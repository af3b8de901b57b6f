package console

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"codexible/accounts"
	"codexible/store"
	"codexible/views"

	"github.com/google/uuid"
)

// BulkUsers previews what is done to many users, and does it.
func (c *Console) BulkUsers(ctx context.Context, v *Visit) (Reply, error) {
	plans, err := c.Store.Plans(ctx)
	if err != nil {
		return Reply{}, err
	}
	return c.bulk(ctx, v, c.userBulk(v, plans))
}

// userBulk is what can be done to many users of the list.
func (c *Console) userBulk(v *Visit, plans []accounts.Plan) *bulkList {
	l := &bulkList{title: "Users", path: "/admin/users", noun: "user", section: views.SectionUsers}
	l.first = func(ctx context.Context, list *Visit, limit int) (ids []uuid.UUID, err error) {
		q, err := list.userFilter()
		if err != nil {
			return nil, err
		}
		q.Page = store.Page{Limit: limit}
		found, err := c.Store.Users(ctx, q)
		for _, u := range found {
			ids = append(ids, u.ID)
		}
		return ids, err
	}
	l.actions = []bulkAction{
		c.userAction(v, "suspend", "Suspend users", "Suspend %s", accounts.UserChange{Status: new(accounts.StatusSuspended)}, nil, plans),
		c.userAction(v, "reactivate", "Reactivate users", "Reactivate %s", accounts.UserChange{Status: new(accounts.StatusActive)}, nil, plans),
	}
	for i := range plans {
		if to := &plans[i]; !to.Archived {
			l.actions = append(l.actions, c.userAction(v, "plan:"+to.ID.String(), "Change the plan to "+to.Name, "Move %s to "+strings.ReplaceAll(to.Name, "%", "%%"), accounts.UserChange{Plan: &to.Name}, to, plans))
		}
	}
	return l
}

// userAction changes users. to is the plan that they get; nil where the status changes.
func (c *Console) userAction(v *Visit, name, label, does string, change accounts.UserChange, to *accounts.Plan, plans []accounts.Plan) bulkAction {
	stays := func(u store.UserLine) string {
		if change.Status != nil && *change.Status == accounts.StatusSuspended && u.ID == v.Operator.Session.UserID {
			return "This is you. Another admin can suspend you."
		}
		return store.UserStays(u, change)
	}
	return bulkAction{
		name: name, label: label, does: does, danger: change.Status != nil && *change.Status == accounts.StatusSuspended,
		subjects: func(ctx context.Context, ids []uuid.UUID) ([]bulkSubject, error) {
			found, err := c.Store.UsersByID(ctx, ids)
			list := make([]bulkSubject, 0, len(found))
			for _, u := range found {
				list = append(list, bulkSubject{id: u.ID, stays: stays(u), line: views.BulkLine{
					Path: "/admin/users/" + u.ID.String(), Name: u.Email, Under: u.Name, State: sentenceCase(string(u.Status)) + ", " + u.PlanName, Note: userNote(u, to)}})
			}
			return list, err
		},
		consequences: func(ctx context.Context, ids []uuid.UUID) ([]string, error) {
			found, err := c.Store.UsersByID(ctx, ids)
			switch {
			case err != nil:
				return nil, err
			case to != nil:
				return moveConsequences(found, plans, to), nil
			case *change.Status == accounts.StatusActive:
				return []string{works(activeKeys(found)), "The limits of their plans apply as before."}, nil
			}
			return c.suspendConsequences(ctx, ids, found)
		},
		bring: func(ctx context.Context, id uuid.UUID) (string, error) {
			if why := stays(store.UserLine{User: accounts.User{ID: id}}); id == v.Operator.Session.UserID && why != "" {
				return why, nil
			}
			return c.Store.BringUser(ctx, v.By, id, change)
		},
	}
}

func activeKeys(users []store.UserLine) (n int64) {
	for _, u := range users {
		n += u.KeyCount
	}
	return n
}

// userNote is what to know of a user before a change; to is the plan that the user gets, or nil.
func userNote(u store.UserLine, to *accounts.Plan) string {
	var notes []string
	if u.Role != accounts.RoleUser {
		notes = append(notes, "Role "+string(u.Role)+".")
	}
	switch {
	case to == nil:
		notes = append(notes, views.Count(u.KeyCount, "active key")+".")
	case u.CreditsUsedToday >= to.DailyCreditLimit:
		notes = append(notes, fmt.Sprintf("Used today: %s. The next charge is refused.", views.Number(u.CreditsUsedToday)))
	}
	if to != nil && u.KeyCount > to.MaxKeys {
		notes = append(notes, fmt.Sprintf("%s, and the plan allows %s: all keep working, and no more can be created.", views.Count(u.KeyCount, "active key"), views.Number(to.MaxKeys)))
	}
	return strings.Join(notes, " ")
}

func (c *Console) suspendConsequences(ctx context.Context, ids []uuid.UUID, users []store.UserLine) ([]string, error) {
	list := []string{stop(activeKeys(users)), "Nothing is deleted. Keys, usage and the audit log stay. After reactivating, the keys work as before."}
	var operators int64
	for _, u := range users {
		if u.Role.Operates() {
			operators++
		}
	}
	if operators > 0 {
		list = append(list, views.Count(operators, "operator")+" among them: signed out of this console immediately.")
	}
	holds, err := c.Store.HoldsOfUsers(ctx, ids)
	return append(list, openHolds(holds)), err
}

func moveConsequences(users []store.UserLine, plans []accounts.Plan, to *accounts.Plan) []string {
	from := map[string]int64{}
	var spent, full int64
	for _, u := range users {
		from[u.PlanName]++
		if u.CreditsUsedToday >= to.DailyCreditLimit {
			spent++
		}
		if u.KeyCount > to.MaxKeys {
			full++
		}
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(from)) {
		parts = append(parts, fmt.Sprintf("%s from %s", views.Number(from[name]), name))
	}
	list := []string{
		"They move immediately: " + strings.Join(parts, ", ") + ".",
		fmt.Sprintf("The daily limit is %s, the price %s per month. Codexible does not send invoices.", views.Count(to.DailyCreditLimit, "credit"), views.Price(to.PriceCents)),
		fmt.Sprintf("Each key may send %s per minute.", views.Count(to.RateLimitPerMinute, "request")),
	}
	for _, p := range plans { // of one plan alone it can be said what else differs
		if len(from) == 1 && from[p.Name] > 0 {
			list = append(list, optionalLimits(p, *to)...)
		}
	}
	if spent > 0 {
		list = append(list, are(spent, "of them has", "of them have")+" used the new daily limit today, so the next charge is refused.")
	}
	if full > 0 {
		list = append(list, are(full, "of them has", "of them have")+" more active keys than the plan allows. All keep working, and no more can be created.")
	}
	return list
}
