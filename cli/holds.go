package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"codexible/accounts"
	"codexible/handlers"
	"codexible/store"

	"github.com/google/uuid"
)

type holdCommand struct {
	List    holdList    `cmd:"" help:"List open holds, the newest first."`
	Release holdRelease `cmd:"" help:"End an open hold without a charge."`
}

type holdList struct {
	User  string    `placeholder:"USER" help:"Only the holds of this user: e-mail or id."`
	Limit int       `default:"50" placeholder:"N" help:"Number of rows, 1 to 200; default 50."`
	After uuid.UUID `placeholder:"ID" help:"Continue after this id, the last one of the previous page."`
}

// Validate holds the flags to the bounds of the API.
func (c holdList) Validate() error { return listFlags{Limit: c.Limit}.Validate() }

// Run lists open holds.
func (c holdList) Run(ctx context.Context, t *terminal) error {
	return t.withStore(ctx, func(s *store.Store) error {
		query := store.HoldQuery{Limit: c.Limit, After: c.After}
		if c.User != "" {
			u, err := findUser(ctx, s, c.User)
			if err != nil {
				return err
			}
			query.UserID = u.ID
		}
		holds, err := s.OpenHolds(ctx, query)
		if err != nil {
			return err
		}
		answer := make([]any, len(holds))
		for i, h := range holds {
			answer[i] = handlers.HoldForm(h)
		}
		return t.print(answer, func(w io.Writer) {
			line(w, "CREDITS", "MADE", "ENDS", "ON EXPIRY", "MODEL", "USER", "KEY", "ID")
			for _, h := range holds {
				line(w, number(h.Credits), h.CreatedAt.Format(time.RFC3339), h.ExpiresAt.Format(time.RFC3339), string(h.OnExpiry), h.Model, h.UserID.String(), h.KeyID.String(), h.ID.String())
			}
		})
	})
}

type holdRelease struct {
	ID uuid.UUID `arg:"" help:"The hold's id."`
}

// Help says what a release costs.
func (holdRelease) Help() string {
	return `The credits can be used again at once. If the call still runs, its service can no longer settle it: what the call costs is not charged. Releasing again does nothing.`
}

// Run releases the hold.
func (c holdRelease) Run(ctx context.Context, t *terminal) error {
	return t.withStore(ctx, func(s *store.Store) error {
		h, err := s.ReleaseHold(ctx, accounts.ActorCLI, c.ID)
		if err != nil {
			return err
		}
		return t.print(handlers.ReleasedForm(), func(w io.Writer) { line(w, fmt.Sprintf("released: %d credits", h.Credits)) })
	})
}
