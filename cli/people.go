package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"codexible/accounts"
	"codexible/handlers"
	"codexible/store"
)

// objectOrNil is metadata as it was given; nil for none.
func objectOrNil(text string) json.RawMessage {
	if text == "" {
		return nil
	}
	return json.RawMessage(text)
}

type userShow struct {
	User string `arg:"" help:"E-mail, id or external:ID."`
}

// Run shows a user.
func (c userShow) Run(ctx context.Context, t *terminal) error {
	return t.withStore(ctx, func(s *store.Store) error {
		u, err := findUser(ctx, s, c.User)
		if err != nil {
			return err
		}
		return t.print(handlers.UserForm(u), func(w io.Writer) {
			line(w, "E-mail", u.Email)
			line(w, "Name", u.Name)
			line(w, "Plan", u.PlanName)
			line(w, "Role", string(u.Role))
			line(w, "Status", string(u.Status))
			line(w, "External id", u.ExternalID)
			line(w, "Metadata", string(u.Metadata))
			line(w, "Note", u.Note)
			line(w, "Keys", strconv.FormatInt(u.KeyCount, 10))
			line(w, "Used today", strconv.FormatInt(u.CreditsUsedToday, 10))
			line(w, "Id", u.ID.String())
		})
	})
}

type userChange struct {
	User       string         `arg:"" help:"E-mail, id or external:ID."`
	Email      *string        `placeholder:"E-MAIL" help:"The new address, unique without case."`
	Name       *string        `placeholder:"NAME" help:"The new name; empty removes it."`
	Plan       *string        `placeholder:"PLAN" help:"Name of the new plan."`
	Role       *accounts.Role `placeholder:"ROLE" help:"user, service, viewer or admin."`
	ExternalID *string        `placeholder:"ID" help:"Your own id of the user; empty removes it."`
	Metadata   string         `placeholder:"JSON" help:"A JSON object that replaces the previous one."`
	Note       *string        `placeholder:"TEXT" help:"A note that only operators see; empty removes it."`
}

// Run changes a user.
func (c userChange) Run(ctx context.Context, t *terminal) error {
	return t.withStore(ctx, func(s *store.Store) error {
		u, err := findUser(ctx, s, c.User)
		if err != nil {
			return err
		}
		u, err = s.ChangeUser(ctx, accounts.ActorCLI, u.ID, accounts.UserChange{
			Email: c.Email, Name: c.Name, Plan: c.Plan, Role: c.Role, ExternalID: c.ExternalID, Metadata: objectOrNil(c.Metadata), Note: c.Note,
		})
		if err != nil {
			return err
		}
		return printUser(t, u)
	})
}

type userExport struct {
	User string `arg:"" help:"E-mail, id or external:ID."`
}

// Run writes the export to stdout. It is JSON with and without --json.
func (c userExport) Run(ctx context.Context, t *terminal) error {
	return t.withStore(ctx, func(s *store.Store) error {
		u, err := findUser(ctx, s, c.User)
		if err != nil {
			return err
		}
		if err := s.Record(ctx, accounts.ActorCLI, accounts.AuditEntry{Action: "export.made", Subject: accounts.SubjectUser, SubjectID: u.ID, Target: u.Email,
			Details: fmt.Sprintf("Exported the data of the user %s.", u.Email)}); err != nil {
			return err
		}
		out := bufio.NewWriter(t.out)
		if err := handlers.ExportPerson(ctx, s, u.ID, out); err != nil {
			return err
		}
		return out.Flush()
	})
}

type userErase struct {
	User    string `arg:"" help:"E-mail, id or external:ID."`
	Confirm string `required:"" placeholder:"E-MAIL" help:"The user's e-mail, because this cannot be undone."`
}

// Help says what stays.
func (userErase) Help() string {
	return `Removes e-mail, name, external id, metadata, note, sessions, and the secrets, labels and metadata of the keys, and rewrites texts that name the person. Open holds end first. The books keep their figures under the user's id. Backups still contain the person until they are deleted; on Postgres VACUUM frees the space of the old rows later. Example:

    codexible user erase ada@example.com --confirm ada@example.com`
}

// Run erases a user.
func (c userErase) Run(ctx context.Context, t *terminal) error {
	return t.withStore(ctx, func(s *store.Store) error {
		u, err := findUser(ctx, s, c.User)
		if err != nil {
			return err
		}
		e, err := s.EraseUser(ctx, accounts.ActorCLI, u.ID, c.Confirm)
		if err != nil {
			return err
		}
		return t.print(handlers.ErasedForm(e), func(w io.Writer) {
			line(w, "erased "+u.ID.String()+", revoked "+strconv.FormatInt(e.KeysRevoked, 10)+" keys")
			if !e.LogEmptied {
				line(w, "The log of the database was in use; its next checkpoints overwrite what it holds.")
			}
		})
	})
}
