package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"codexible/accounts"
	"codexible/handlers"
	"codexible/keys"
	"codexible/store"

	"github.com/google/uuid"
)

type usageExport struct {
	From    string `placeholder:"DATE" help:"First day in UTC, included; default: 29 days before the last."`
	To      string `placeholder:"DATE" help:"Last day in UTC, included, at most 365 days after the first; default: today."`
	GroupBy string `placeholder:"LIST" help:"By what sums are divided: day, hour, user, key, model, plan, upstream; several with commas between."`
	Charges bool   `help:"Single charges with adjustments and corrections, instead of sums."`
	Format  string `enum:"csv,json" default:"csv" placeholder:"FORMAT" help:"csv or json; csv unless given, json with --json."`
	User    string `placeholder:"USER" help:"Only usage of this user: e-mail, id or external:ID."`
	Key     string `placeholder:"KEY" help:"Only usage of this key: id or prefix."`
	Model   string `placeholder:"NAME" help:"Only usage of this model."`
	Plan    string `placeholder:"PLAN" help:"Only usage of users who have this plan."`
}

// Help gives the examples that --help shows.
func (usageExport) Help() string {
	return `Writes what GET /api/admin/usage, or with --charges GET /api/admin/usage/charges, answers, all pages in one, and records the export in the audit log. Examples:

    codexible usage export --from 2026-03-01 --to 2026-03-31 --group-by day,user > march.csv
    codexible usage export --charges --user ada@example.com --format json | jq '.charges[].credits'`
}

// Validate checks which flags go together.
func (c usageExport) Validate() error {
	switch {
	case c.Charges && c.GroupBy != "":
		return errors.New("--charges are not divided: leave out --group-by")
	case !c.Charges && c.GroupBy == "":
		return errors.New("--group-by is missing, such as --group-by day,user; for single charges use --charges")
	}
	return nil
}

// Run writes the export.
func (c usageExport) Run(ctx context.Context, t *terminal) error {
	return t.withStore(ctx, func(s *store.Store) error {
		query, err := c.query(ctx, s)
		if err != nil {
			return err
		}
		report, err := handlers.ReadUsageReport(ctx, s, c.Charges, query)
		if err != nil {
			return err
		}
		what, span := report.About()
		if err := s.Record(ctx, accounts.ActorCLI, accounts.AuditEntry{Action: "export.made", Subject: accounts.SubjectSystem, Target: what,
			Details: fmt.Sprintf("Exported the %s for %s to %s.", what, span.From(), span.To())}); err != nil {
			return err
		}
		out := bufio.NewWriter(t.out)
		write := report.WriteCSV
		if t.json || c.Format == "json" {
			write = report.WriteJSON
		}
		if err := write(ctx, out); err != nil {
			return err
		}
		return out.Flush()
	})
}

// query is the flags as the parameters of the API.
func (c usageExport) query(ctx context.Context, s *store.Store) (url.Values, error) {
	query := url.Values{}
	set := func(name, value string) {
		if value != "" {
			query.Set(name, value)
		}
	}
	set("from", c.From)
	set("to", c.To)
	set("group_by", c.GroupBy)
	set("model", c.Model)
	set("plan", c.Plan)
	if c.User != "" {
		u, err := findUser(ctx, s, c.User)
		if err != nil {
			return nil, err
		}
		set("user_id", u.ID.String())
	}
	if c.Key != "" {
		k, err := findKey(ctx, s, c.Key)
		if err != nil {
			return nil, err
		}
		set("key_id", k.ID.String())
	}
	return query, nil
}

// findKey finds a key by id or prefix.
func findKey(ctx context.Context, s *store.Store, which string) (store.KeyLine, error) {
	if id, err := uuid.Parse(which); err == nil {
		return s.Key(ctx, id, uuid.Nil)
	}
	prefix := strings.TrimSuffix(which, "…")
	found, err := s.Keys(ctx, store.KeyQuery{Text: prefix, Page: store.Page{Limit: 2}})
	if err == nil && (len(found) != 1 || found[0].Prefix != prefix) {
		err = keys.ErrNotFound
	}
	if err != nil {
		return store.KeyLine{}, err
	}
	return found[0], nil
}
