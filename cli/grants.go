package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"codexible/accounts"
	"codexible/handlers"
	"codexible/store"
	"codexible/usage"

	"github.com/google/uuid"
)

type grantCommand struct {
	Create grantCreate `cmd:"" help:"Give a user credits beside the plan."`
	List   grantList   `cmd:"" help:"List what a user was given, the newest first."`
	Revoke grantRevoke `cmd:"" help:"Revoke what is left of a grant."`
}

func printGrants(t *terminal, value any, grants ...usage.GrantRecord) error {
	return t.print(value, func(w io.Writer) {
		line(w, "CREDITS", "USED", "HELD", "LEFT", "ENDS", "REVOKED", "NOTE", "ID")
		for _, g := range grants {
			line(w, number(g.Credits), number(g.Used), number(g.Held), number(g.Left(time.Now())), timeOr(g.ExpiresAt, "never"), timeOr(g.RevokedAt, "no"), g.Note, g.ID.String())
		}
	})
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

func timeOr(t *time.Time, none string) string {
	if t == nil {
		return none
	}
	return t.UTC().Format(time.RFC3339)
}

// printable holds an idempotency key to the bounds of the API.
type printable string

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *printable) UnmarshalText(text []byte) error {
	if len(text) < 1 || len(text) > usage.MaxIdempotencyKey {
		return fmt.Errorf("must have 1 to %d characters", usage.MaxIdempotencyKey)
	}
	for _, c := range text {
		if c < ' ' || c > '~' {
			return errors.New("must have printable ASCII characters only")
		}
	}
	*p = printable(text)
	return nil
}

type grantCreate struct {
	User           string    `required:"" placeholder:"USER" help:"E-mail or id."`
	Credits        int64     `required:"" placeholder:"N" help:"Credits to give, 1 to 1000000000."`
	ExpiresAt      *instant  `placeholder:"TIME" help:"When unused credits end, such as 2027-01-31T00:00:00Z; default: never."`
	Note           string    `placeholder:"TEXT" help:"Why, for operators alone; up to 500 characters."`
	IdempotencyKey printable `placeholder:"TEXT" help:"A repeat with the same text gives nothing, and prints the first grant."`
}

// Help gives the examples that --help shows.
func (grantCreate) Help() string {
	return `The plan's credits are used first, then grants, the earliest end first. Examples:

    codexible grant create --user ada@example.com --credits 500
    codexible grant create --user ada@example.com --credits 500 --expires-at 2027-01-31T00:00:00Z --note "Invoice 4711" --idempotency-key invoice-4711`
}

// Run gives the credits.
func (c grantCreate) Run(ctx context.Context, t *terminal) error {
	return t.withStore(ctx, func(s *store.Store) error {
		u, err := findUser(ctx, s, c.User)
		if err != nil {
			return err
		}
		g, duplicate, err := s.Grant(ctx, accounts.ActorCLI, usage.NewGrant{
			UserID: u.ID, Credits: c.Credits, ExpiresAt: (*time.Time)(c.ExpiresAt), Note: c.Note, IdempotencyKey: string(c.IdempotencyKey),
		})
		if err != nil {
			return err
		}
		return printGrants(t, handlers.CreatedGrantForm(g, time.Now(), duplicate), g)
	})
}

type grantList struct {
	User   string `required:"" placeholder:"USER" help:"E-mail or id."`
	Limit  int    `default:"50" placeholder:"N" help:"Number of rows, 1 to 200; default 50."`
	Offset int    `placeholder:"N" help:"Number of rows to skip, at most 10000."`
}

// Validate holds the flags to the bounds of the API.
func (c grantList) Validate() error {
	return listFlags{Limit: c.Limit, Offset: c.Offset}.Validate()
}

// Run lists the user's grants.
func (c grantList) Run(ctx context.Context, t *terminal) error {
	return t.withStore(ctx, func(s *store.Store) error {
		u, err := findUser(ctx, s, c.User)
		if err != nil {
			return err
		}
		grants, err := s.Grants(ctx, u.ID, c.Limit, c.Offset)
		if err != nil {
			return err
		}
		answer := make([]any, len(grants))
		for i, g := range grants {
			answer[i] = handlers.GrantForm(g, time.Now())
		}
		return printGrants(t, answer, grants...)
	})
}

type grantRevoke struct {
	ID uuid.UUID `arg:"" help:"The grant's id."`
}

// Help says what a revocation leaves.
func (grantRevoke) Help() string {
	return `What was used stays charged, and open holds keep what they have set aside of the grant.`
}

// Run revokes the grant.
func (c grantRevoke) Run(ctx context.Context, t *terminal) error {
	return t.withStore(ctx, func(s *store.Store) error {
		g, err := s.GrantByID(ctx, c.ID)
		if err != nil {
			return err
		}
		left, err := s.RevokeGrant(ctx, accounts.ActorCLI, g.UserID, g.ID)
		if err != nil {
			return err
		}
		return t.print(handlers.RevokedGrantForm(left), func(w io.Writer) {
			line(w, fmt.Sprintf("revoked: %d credits of %d can no longer be used", left, g.Credits))
		})
	})
}

type correctCommand struct {
	User           string    `required:"" placeholder:"USER" help:"E-mail or id."`
	Credits        int64     `required:"" placeholder:"N" help:"Credits to take; negative to give them back, as in --credits=-20."`
	Reason         string    `required:"" placeholder:"TEXT" help:"Why, for the audit log; up to 500 characters."`
	Day            *day      `placeholder:"DAY" help:"Day in UTC, such as 2026-11-28; default: today."`
	IdempotencyKey printable `placeholder:"TEXT" help:"A repeat with the same text changes nothing, and prints the first correction."`
}

// day is a day on the command line, read as the API reads it.
type day usage.Day

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *day) UnmarshalText(text []byte) error {
	read, ok := usage.ParseDay(string(text))
	if !ok {
		return errors.New("must be a day " + usage.Bounds + ", such as 2026-11-28")
	}
	*d = day(read)
	return nil
}

// Help gives the examples that --help shows.
func (correctCommand) Help() string {
	return `Changes what a day has used, and its month; no charge and no grant. Prints the day before and after. It may pass a limit, but gives back no more than the plan gave on the day. Examples:

    codexible correct --user ada@example.com --credits=-20 --reason "The model returned errors"
    codexible correct --user ada@example.com --credits=5 --reason "Ticket 4711" --day 2026-11-28 --idempotency-key ticket-4711`
}

// Run corrects the day.
func (c correctCommand) Run(ctx context.Context, t *terminal) error {
	return t.withStore(ctx, func(s *store.Store) error {
		u, err := findUser(ctx, s, c.User)
		if err != nil {
			return err
		}
		plan, err := s.Plan(ctx, u.PlanID)
		if err != nil {
			return err
		}
		n := usage.NewCorrection{UserID: u.ID, Credits: c.Credits, Reason: c.Reason, IdempotencyKey: string(c.IdempotencyKey)}
		if c.Day != nil {
			n.Day = usage.Day(*c.Day)
		}
		made, used, duplicate, err := s.Correct(ctx, accounts.ActorCLI, n)
		if err != nil {
			return err
		}
		return t.print(handlers.CorrectionForm(made, used, duplicate), func(w io.Writer) {
			if duplicate {
				line(w, fmt.Sprintf("corrected before, on %s: %d used of %d", made.Day, used, plan.DailyCreditLimit))
				return
			}
			line(w, fmt.Sprintf("on %s: %d used, before %d, of %d", made.Day, used, used-made.Credits, plan.DailyCreditLimit))
		})
	})
}
