package main

import (
	"context"
	"errors"
	"io"
	"time"

	"codexible/accounts"
	"codexible/keys"
	"codexible/store"
	"codexible/usage"

	"github.com/google/uuid"
)

type keyCommand struct {
	Create keyCreate `cmd:"" help:"Create a key and show it, this once."`
	List   keyList   `cmd:"" help:"List keys, the newest first."`
	Rotate keyRotate `cmd:"" help:"Give a key a new secret under the same id, and show it, this once."`
	Revoke keyRevoke `cmd:"" help:"Stop a key for good."`
}

// newKeyJSON is the one answer that holds a key in clear.
type newKeyJSON struct {
	ID     uuid.UUID `json:"id"`
	Key    string    `json:"key"`
	Prefix string    `json:"prefix"`
	Label  string    `json:"label"`
}

func showKey(t *terminal, k keys.Key, secret keys.Secret) error {
	return t.print(newKeyJSON{k.ID, secret.Reveal(), k.Prefix, k.Label}, func(w io.Writer) {
		line(w, "Key", secret.Reveal())
		line(w, "Label", k.Label)
		line(w, "Id", k.ID.String())
		line(w, "", "Keep the key: it is not stored and will not be shown again.")
	})
}

type keyCreate struct {
	User      string   `required:"" placeholder:"USER" help:"E-mail or id of the owner."`
	Label     string   `placeholder:"LABEL" help:"What the key is for, up to 100 characters."`
	ExpiresAt *instant `placeholder:"TIME" help:"When it stops, as 2027-01-31T00:00:00Z; never unless given."`
}

// instant is a time on the command line, read as the API reads it.
type instant time.Time

// UnmarshalText implements encoding.TextUnmarshaler.
func (i *instant) UnmarshalText(text []byte) error {
	at, ok := usage.ParseTime(string(text))
	if !ok {
		return errors.New("must be a time in RFC 3339, " + usage.Bounds + ", such as 2027-01-31T00:00:00Z")
	}
	*i = instant(at)
	return nil
}

// Help gives the examples that --help shows.
func (keyCreate) Help() string {
	return `Examples:

    codexible key create --user ada@example.com
    codexible key create --user ada@example.com --label laptop --expires-at 2027-01-31T00:00:00Z
    KEY=$(codexible key create --user ada@example.com --json | jq -r .key)`
}

// Run creates the key.
func (c keyCreate) Run(ctx context.Context, t *terminal) error {
	return t.withStore(ctx, func(s *store.Store) error {
		u, err := findUser(ctx, s, c.User)
		if err != nil {
			return err
		}
		secret := keys.Mint()
		k, err := s.CreateKey(ctx, accounts.ActorCLI, keys.NewKey{UserID: u.ID, Label: c.Label, ExpiresAt: (*time.Time)(c.ExpiresAt), Secret: secret})
		if err != nil {
			return err
		}
		return showKey(t, k, secret)
	})
}

// keyJSON is a key as the API's admin endpoints list it.
type keyJSON struct {
	ID         uuid.UUID   `json:"id"`
	UserID     uuid.UUID   `json:"user_id"`
	UserEmail  string      `json:"user_email"`
	Prefix     string      `json:"prefix"`
	Label      string      `json:"label"`
	Status     keys.Status `json:"status"`
	CreatedAt  time.Time   `json:"created_at"`
	LastUsedAt *time.Time  `json:"last_used_at"`
	RevokedAt  *time.Time  `json:"revoked_at"`
}

type keyList struct {
	listFlags

	User string `placeholder:"USER" help:"Keep the keys of this user: e-mail or id."`
}

// Help gives the examples that --help shows.
func (keyList) Help() string {
	return `The text of -q is looked for in the owner's e-mail and name, the label and the prefix. Examples:

    codexible key list --user ada@example.com
    codexible key list -q codexible_1a2b3c4d`
}

// Run lists keys.
func (c keyList) Run(ctx context.Context, t *terminal) error {
	return t.withStore(ctx, func(s *store.Store) error {
		query := store.KeyQuery{Text: c.text(), Page: c.page()}
		if c.User != "" {
			u, err := findUser(ctx, s, c.User)
			if err != nil {
				return err
			}
			query.UserID = u.ID
		}
		list, err := s.Keys(ctx, query)
		if err != nil {
			return err
		}
		return printKeys(t, list)
	})
}

func printKeys(t *terminal, list []store.KeyLine) error {
	answer := make([]keyJSON, len(list))
	for i, k := range list {
		answer[i] = keyJSON{k.ID, k.UserID, k.UserEmail, k.Prefix, k.Label, k.Status, k.CreatedAt.UTC(), utc(k.LastUsedAt), utc(k.RevokedAt)}
	}
	return t.print(answer, func(w io.Writer) {
		line(w, "PREFIX", "LABEL", "OWNER", "STATUS", "LAST USED", "ID")
		for i, k := range answer {
			status := string(k.Status)
			if k.Status == keys.StatusActive && list[i].UserStatus == accounts.StatusSuspended {
				status += ", user suspended"
			}
			used := "never"
			if k.LastUsedAt != nil {
				used = k.LastUsedAt.Format(time.RFC3339)
			}
			line(w, k.Prefix, k.Label, k.UserEmail, status, used, k.ID.String())
		}
	})
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	in := t.UTC()
	return &in
}

type keyRotate struct {
	ID           uuid.UUID `arg:"" help:"The key's id, as key list shows it."`
	GraceSeconds int64     `placeholder:"SECONDS" help:"How long the old secret goes on working, 604800 (7 days) at most; not at all unless given."`
}

// Help gives the examples that --help shows.
func (keyRotate) Help() string {
	return `The key keeps its id, label, expiry and history. A new rotation ends a grace that is still open. Example, with a day to change over:

    codexible key rotate 019a2b3c-4d5e-7f60-8123-456789abcdef --grace-seconds 86400`
}

// Run rotates the key.
func (c keyRotate) Run(ctx context.Context, t *terminal) error {
	// More seconds than a duration holds are more than the store allows.
	grace := time.Duration(min(max(c.GraceSeconds, -1), int64(2*keys.MaxGrace/time.Second))) * time.Second
	return t.withStore(ctx, func(s *store.Store) error {
		secret := keys.Mint()
		k, err := s.RotateKey(ctx, accounts.ActorCLI, keys.Rotation{KeyID: c.ID, Grace: grace, Secret: secret}, uuid.Nil)
		if err != nil {
			return err
		}
		return showKey(t, k, secret)
	})
}

type keyRevoke struct {
	ID uuid.UUID `arg:"" help:"The key's id, as key list shows it."`
}

// Run revokes the key.
func (c keyRevoke) Run(ctx context.Context, t *terminal) error {
	return t.withStore(ctx, func(s *store.Store) error {
		if err := s.RevokeKey(ctx, accounts.ActorCLI, c.ID, uuid.Nil); err != nil {
			return err
		}
		return t.print(deletedJSON{true}, func(w io.Writer) { line(w, "revoked "+c.ID.String()) })
	})
}

type deletedJSON struct {
	Deleted bool `json:"deleted"`
}
