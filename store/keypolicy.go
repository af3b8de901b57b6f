package store

import (
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/keys"

	"github.com/google/uuid"
)

// acting reads the API key that the change is asked with, and decides once more
// whether it may: it can have been revoked or narrowed since the request was let
// in. It is nil where no key acts. An owner's acting key cannot change meanwhile,
// because who changes a key holds its owner.
func (c *change) acting(byOwner bool) (*keys.Key, error) {
	if c.by.SessionID != uuid.Nil {
		return c.actingSession()
	}
	if c.by.KeyID == uuid.Nil {
		return nil, nil //nolint:nilnil // no key acts
	}
	k, err := keyWhere(c.DB, c.by.KeyID, uuid.Nil)
	if err != nil && !errors.Is(err, keys.ErrNotFound) {
		return nil, err
	}
	want := keys.Access{Scope: keys.ScopeAdmin}
	if byOwner {
		want.Scope = keys.ScopeKeys
	}
	want.Address, _ = netip.ParseAddr(c.by.Address)
	var id *keys.Identity // nil for no such key
	if err == nil {
		id = &keys.Identity{Key: k.Key, User: accounts.User{Role: k.userRole, Status: k.userStatus}}
	}
	if code := id.Decide(want, c.at); code != keys.Valid {
		return nil, id.Refusal(code, want)
	}
	return &id.Key, nil
}

// actingSession is what a customer's session may do with the user's keys, if it is still there: it may have
// ended since the request was let in.
func (c *change) actingSession() (*keys.Key, error) {
	var row customerSessionRow
	err := c.Joins("JOIN users AS u ON u.id = customer_sessions.user_id").
		Take(&row, "customer_sessions.id = ? AND customer_sessions.expires_at > ? AND u.role = ? AND u.status = ?", c.by.SessionID, c.at, accounts.RoleUser, accounts.StatusActive).Error
	if err != nil {
		return nil, missing(err, keys.ErrSessionOver)
	}
	return &keys.Key{ID: row.ID, UserID: row.UserID, Scopes: keys.DefaultScopes(accounts.RoleUser)}, nil
}

// mayChange is the refusal where an owner's key would change another one than
// it may, give more than it has, or loosen what an operator has limited. An
// owner's key may always disable, and loosen nothing of itself.
func (c *change) mayChange(before keys.Key, changed owned, byOwner bool) error {
	acting, err := c.acting(byOwner)
	if err != nil {
		return err
	}
	after := changed.Key
	if err := after.Scopes.Given(before.Scopes, changed.userRole, byOwner); err != nil {
		return err
	}
	if !byOwner || acting == nil || onlyDisables(before, after) {
		return nil
	}
	if err := before.Within(acting, "change"); err != nil {
		return err
	}
	if err := after.Within(acting, "make of it"); err != nil {
		return err
	}
	return c.withinLimit(before, after)
}

// onlyDisables reports whether a change only disables a key.
func onlyDisables(before, after keys.Key) bool {
	before.Status = keys.StatusDisabled
	return after.Status == keys.StatusDisabled && len(differences(before, after)) == 0
}

func differences(before, after keys.Key) map[string]any {
	_, is := changedFields(keyFields(before), keyFields(after))
	return is
}

func (c *change) mayRotate(k keys.Key, byOwner bool) error {
	acting, err := c.acting(byOwner)
	if err != nil || !byOwner || acting == nil {
		return err
	}
	return k.Within(acting, "rotate")
}

// limitEntries is how many entries of the audit log about a key are read to
// find what an operator has set of it. A key with more is loosened by an operator alone.
const limitEntries = 1000

// withinLimit is keys.ErrOperatorLimit where a change loosens what an operator
// has set last. The audit log knows it: an entry that no key of the owner's made
// is an operator's.
func (c *change) withinLimit(before, after keys.Key) error {
	if after.Scopes.Within(before.Scopes) && after.Addresses.Within(before.Addresses) && after.Models.Within(before.Models) && after.Limits.Within(before.Limits) && !loosensTime(before, after) && after.Status == before.Status {
		return nil
	}
	var rows []struct {
		Action, After string
		ByOwner       bool
	}
	// By hand: who made an entry is decided beside three other rows.
	// A session acts for its own user alone. Entries from before the acting key was written down name the owner alone; an operator's own e-mail may be the console's.
	err := c.Raw(`SELECT a.action, a.after, (a.key_id IS NOT NULL AND w.user_id IS NOT NULL AND w.user_id = k.user_id OR a.key_id IS NULL AND (a.key_prefix = '`+keys.SessionPrefix+`' OR a.actor = u.email AND u.role <> 'admin')) AS by_owner
		FROM audit_log AS a JOIN api_keys AS k ON k.id = a.subject_id JOIN users AS u ON u.id = k.user_id LEFT JOIN api_keys AS w ON w.id = a.key_id
		WHERE a.subject_id = ? ORDER BY a.seq DESC LIMIT ?`, before.ID, limitEntries+1).Scan(&rows).Error
	if err != nil {
		return err
	}
	if len(rows) > limitEntries {
		return keys.ErrOperatorLimit
	}
	limit := keys.Limit{Limits: keys.LimitsChange{}}
	decided := false
	for _, r := range rows {
		if r.ByOwner {
			continue
		}
		set := map[string]any{}
		if err := json.Unmarshal([]byte(r.After), &set); err != nil {
			return err
		}
		fillLimit(&limit, set)
		if status, named := set[fieldStatus].(string); named && !decided {
			limit.Disabled, decided = status == string(keys.StatusDisabled), true
		}
	}
	return after.LimitedBy(limit)
}

func loosensTime(before, after keys.Key) bool {
	return before.ExpiresAt != nil && (after.ExpiresAt == nil || after.ExpiresAt.After(*before.ExpiresAt))
}

// fillLimit takes what an entry has set, unless a later one has set it too.
func fillLimit(limit *keys.Limit, set map[string]any) {
	if text, named := set[fieldScopes].(string); named && limit.Scopes == nil {
		scopes, _ := keys.ParseScopes(strings.Fields(text))
		limit.Scopes = &scopes
	}
	if text, named := set[fieldAddresses].(string); named && limit.Addresses == nil {
		addresses, _ := keys.ParseAddresses(strings.Fields(text)) // it was written by us
		limit.Addresses = &addresses
	}
	if value, named := set[fieldModels]; named && limit.Models == nil {
		limit.Models = new(namesOf(value))
	}
	if text, named := set[fieldExpiry].(string); named && !limit.ExpirySet {
		limit.ExpirySet = true
		if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
			limit.ExpiresAt = &at
		}
	}
	for _, name := range keys.LimitNames() {
		value, named := set[string(name)]
		if _, later := limit.Limits[name]; named && !later {
			limit.Limits[name] = wholeNumber(value)
		}
	}
}

// namesOf are the models that an entry has set; nil for all.
func namesOf(value any) catalog.Allowance {
	text, is := value.(string)
	if !is {
		return nil
	}
	return allowanceOf(&text)
}

// wholeNumber is a number of a JSON object that we wrote; nil for null.
func wholeNumber(value any) *int64 {
	n, is := value.(float64)
	if !is {
		return nil
	}
	return new(int64(n))
}
