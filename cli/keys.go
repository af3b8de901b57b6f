package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"codexible/accounts"
	"codexible/handlers"
	"codexible/keys"
	"codexible/store"
	"codexible/usage"

	"github.com/google/uuid"
)

type keyCommand struct {
	Create  keyCreate  `cmd:"" help:"Create a key. It is shown once."`
	List    keyList    `cmd:"" help:"List keys, the newest first."`
	Change  keyChange  `cmd:"" help:"Change a key's label, expiry or metadata."`
	Rotate  keyRotate  `cmd:"" help:"Replace a key's secret. The id stays; the new secret is shown once."`
	Disable keyDisable `cmd:"" help:"Disable a key until it is enabled again."`
	Enable  keyEnable  `cmd:"" help:"Enable a disabled key."`
	Revoke  keyRevoke  `cmd:"" help:"Revoke a key for good."`
}

func showKey(t *terminal, k keys.Key, secret keys.Secret) error {
	return t.print(handlers.MintedKeyForm(k, secret), func(w io.Writer) {
		line(w, "Key", secret.Reveal())
		line(w, "Label", k.Label)
		line(w, "Id", k.ID.String())
		line(w, "", "Keep the key: it is not stored and will not be shown again.")
	})
}

type keyCreate struct {
	User      string   `required:"" placeholder:"USER" help:"E-mail or id of the owner."`
	Label     string   `placeholder:"LABEL" help:"What the key is for, up to 100 characters."`
	ExpiresAt *instant `placeholder:"TIME" help:"Expiry, such as 2027-01-31T00:00:00Z; default: never."`
	Scope     []string `placeholder:"SCOPE" help:"What it may do: models, usage, keys, charge, service or admin; several with commas between or one flag each. Unless given: models, usage and keys; of a service: service; of an admin: admin, models, usage and keys."`
	Address   []string `placeholder:"CIDR" help:"Address or network that it may be used from, at most 32; default: any."`
	Models    []string `placeholder:"NAME" help:"Models that it may use, by name or alias, at most 200 and within the plan's; several with commas between or one flag each; default: all of the plan's."`

	Metadata string `placeholder:"JSON" help:"A JSON object, at most 4096 bytes."`

	DailyCreditLimit   *int64 `placeholder:"CREDITS" help:"Credits a day of this key, within the plan's; default: no limit of its own."`
	RateLimitPerMinute *int64 `placeholder:"REQUESTS" help:"Requests a minute of this key; the smaller of this and the plan's limit counts."`
	ConcurrencyLimit   *int64 `placeholder:"REQUESTS" help:"Requests at once (open holds) of this key; default: no limit of its own."`
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
    codexible key create --user ada@example.com --scope models,usage --address 203.0.113.7 --address 2001:db8::/32
    codexible key create --user ada@example.com --daily-credit-limit 50 --rate-limit-per-minute 30 --concurrency-limit 4 --models coder-large,coder-small
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
		k, err := s.CreateKey(ctx, accounts.ActorCLI, keys.NewKey{
			UserID: u.ID, Label: c.Label, ExpiresAt: (*time.Time)(c.ExpiresAt), Scopes: c.Scope, Addresses: c.Address, Models: c.Models, Secret: secret, Metadata: objectOrNil(c.Metadata),
			Limits: keys.Limits{DailyCreditLimit: c.DailyCreditLimit, RateLimitPerMinute: c.RateLimitPerMinute, ConcurrencyLimit: c.ConcurrencyLimit},
		})
		if err != nil {
			return err
		}
		return showKey(t, k, secret)
	})
}

type keyList struct {
	listFlags

	User string `placeholder:"USER" help:"Only the keys of this user: e-mail or id."`
}

// Help gives the examples that --help shows.
func (keyList) Help() string {
	return `-q searches the owner's e-mail and name, the label and the prefix. Examples:

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
	answer := make([]any, len(list))
	for i, k := range list {
		answer[i] = handlers.KeyForm(k)
	}
	now := time.Now()
	return t.print(answer, func(w io.Writer) {
		line(w, "PREFIX", "LABEL", "OWNER", "STATUS", "SCOPES", "ADDRESSES", "LIMITS", "MADE BY", "LAST USED", "EXPIRES", "ID")
		for _, k := range list {
			status := string(k.Status)
			if k.Status == keys.StatusActive && k.UserStatus == accounts.StatusSuspended {
				status += ", user suspended"
			}
			if k.Status == keys.StatusActive && k.Expired(now) {
				status += ", expired"
			}
			line(w, k.Prefix, k.Label, k.UserEmail, status, strings.Join(k.Scopes.Names(), ","), orEverywhere(k.Addresses.Texts()), limitsText(k.Key), k.CreatedBy, timeOr(k.LastUsedAt, "never"), timeOr(k.ExpiresAt, "never"), k.ID.String())
		}
	})
}

func orEverywhere(addresses []string) string {
	if len(addresses) == 0 {
		return "everywhere"
	}
	return strings.Join(addresses, ",")
}

// limitsText are a key's own limits, such as "50/day,30/min,4 at once,2 models".
func limitsText(k keys.Key) string {
	var parts []string
	for _, name := range keys.LimitNames() {
		if limit := k.Limit(name); limit != nil {
			parts = append(parts, strconv.FormatInt(*limit, 10)+map[keys.LimitName]string{
				keys.DailyCreditLimit: "/day", keys.RateLimitPerMinute: "/min", keys.ConcurrencyLimit: " at once",
			}[name])
		}
	}
	if k.Models != nil {
		parts = append(parts, fmt.Sprintf("%d models", len(k.Models)))
	}
	if len(parts) == 0 {
		return "plan's"
	}
	return strings.Join(parts, ",")
}

type keyChange struct {
	ID        uuid.UUID `arg:"" help:"The key's id, as key list shows it."`
	Label     *string   `placeholder:"LABEL" help:"What the key is for, up to 100 characters."`
	ExpiresAt *instant  `placeholder:"TIME" xor:"expiry" help:"When it expires, such as 2027-01-31T00:00:00Z."`
	Never     bool      `xor:"expiry" help:"It does not expire."`
	Metadata  string    `placeholder:"JSON" help:"A JSON object that replaces the previous one, at most 4096 bytes; {} removes it."`
}

// Help gives the examples that --help shows.
func (keyChange) Help() string {
	return `What is not given stays. Examples:

    codexible key change 019a2b3c-4d5e-7f60-8123-456789abcdef --label laptop --expires-at 2027-01-31T00:00:00Z
    codexible key change 019a2b3c-4d5e-7f60-8123-456789abcdef --never --metadata '{"team": "search"}'`
}

// Run changes the key.
func (c keyChange) Run(ctx context.Context, t *terminal) error {
	change := keys.KeyChange{Label: c.Label, Metadata: objectOrNil(c.Metadata)}
	if at := (*time.Time)(c.ExpiresAt); at != nil || c.Never {
		change.ExpiresAt = &at
	}
	if change.Label == nil && change.ExpiresAt == nil && change.Metadata == nil {
		return errors.New("nothing to change: give --label, --expires-at, --never or --metadata")
	}
	return t.withStore(ctx, func(s *store.Store) error {
		if _, err := s.ChangeKey(ctx, accounts.ActorCLI, c.ID, uuid.Nil, change); err != nil {
			return err
		}
		return t.print(handlers.UpdatedForm(), func(w io.Writer) { line(w, "changed "+c.ID.String()) })
	})
}

type keyRotate struct {
	ID           uuid.UUID `arg:"" help:"The key's id, as key list shows it."`
	GraceSeconds int64     `placeholder:"SECONDS" help:"How long the old secret keeps working, at most 604800 (7 days); default 0."`
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

type keyDisable struct {
	ID uuid.UUID `arg:"" help:"The key's id, as key list shows it."`
}

// Help says what comes of it.
func (keyDisable) Help() string {
	return `Every request with the key is answered as if it were revoked. Its owner cannot enable it again; key enable can.`
}

// Run disables the key.
func (c keyDisable) Run(ctx context.Context, t *terminal) error {
	return switchKey(ctx, t, c.ID, keys.StatusDisabled)
}

type keyEnable struct {
	ID uuid.UUID `arg:"" help:"The key's id, as key list shows it."`
}

// Run enables the key.
func (c keyEnable) Run(ctx context.Context, t *terminal) error {
	return switchKey(ctx, t, c.ID, keys.StatusActive)
}

func switchKey(ctx context.Context, t *terminal, id uuid.UUID, to keys.Status) error {
	return t.withStore(ctx, func(s *store.Store) error {
		if _, err := s.ChangeKey(ctx, accounts.ActorCLI, id, uuid.Nil, keys.KeyChange{Status: &to}); err != nil {
			return err
		}
		return t.print(handlers.UpdatedForm(), func(w io.Writer) { line(w, id.String()+" is "+string(to)) })
	})
}

type keyRevoke struct {
	ID          uuid.UUID `arg:"" help:"The key's id, as key list shows it."`
	WithCreated bool      `help:"Revoke the keys that it made too, and those that these made: for a key that has leaked."`
}

// Run revokes the key.
func (c keyRevoke) Run(ctx context.Context, t *terminal) error {
	return t.withStore(ctx, func(s *store.Store) error {
		if !c.WithCreated {
			if err := s.RevokeKey(ctx, accounts.ActorCLI, c.ID, uuid.Nil); err != nil {
				return err
			}
			return t.print(handlers.RevokedForm(nil), func(w io.Writer) { line(w, "revoked "+c.ID.String()) })
		}
		also, err := s.RevokeKeyWithCreated(ctx, accounts.ActorCLI, c.ID, uuid.Nil)
		if err != nil {
			return err
		}
		return t.print(handlers.RevokedForm(&also), func(w io.Writer) {
			line(w, "revoked "+c.ID.String()+" and "+strconv.FormatInt(also, 10)+" that it made")
		})
	})
}
