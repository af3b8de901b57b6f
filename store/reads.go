package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"codexible/catalog"
	"codexible/keys"
	"codexible/usage"

	"gorm.io/gorm"
)

// list reads the rows of a statement, each into the fields that fields names of
// it, in the order of the columns. What is read for many requests is read by it: for
// hundreds of rows gorm's way through reflection costs about as much as the
// database, and for one row so does gorm's building of the statement. Unlike
// gorm it expands no list among the arguments.
func list[Row any](ctx context.Context, s *Store, fields func(*Row) []any, statement string, args ...any) ([]Row, error) {
	text := s.dialect.numbered(statement)
	found, err := s.dialect.query(ctx, s.read.ConnPool, text, args)
	if s.sent != nil {
		s.sent(text, args)
	}
	if err != nil {
		return nil, s.classify(err)
	}
	all, err := scanAll(found, fields)
	if err = errors.Join(err, found.Err(), found.Close()); err != nil {
		return nil, s.classify(err)
	}
	return all, nil
}

// rows are the rows of a query, by whichever driver.
type rows interface {
	scanner

	Next() bool
	Err() error
	Close() error
}

// listTotals is list for statements that read totals.
func listTotals[Row any](ctx context.Context, s *Store, fields func(*Row) []any, statement string, args ...any) ([]Row, error) {
	if err := s.CountTotals(ctx); err != nil {
		return nil, err
	}
	return list(ctx, s, fields, statement, args...)
}

// listOn is list on gorm's connection, which may be in a transaction, with gorm's expansion of lists.
func listOn[Row any](db *gorm.DB, fields func(*Row) []any, statement string, args ...any) (all []Row, err error) {
	found, err := db.Raw(statement, args...).Rows()
	return collect(found, err, fields)
}

// collect reads the rows of a query that may have failed, and closes them.
func collect[Row any](found *sql.Rows, failed error, fields func(*Row) []any) ([]Row, error) {
	if failed != nil {
		return nil, failed
	}
	all, err := scanAll(found, fields)
	return all, errors.Join(err, found.Err(), found.Close())
}

func scanAll[Row any](found rows, fields func(*Row) []any) (all []Row, err error) {
	var row, empty Row
	into := fields(&row)
	for found.Next() {
		row = empty // a null leaves some types as they are
		if err := found.Scan(into...); err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, nil
}

const userColumns = "u.id, u.email, u.name, u.plan_id, u.role, u.status, u.created_at, COALESCE(u.external_id, ''), u.metadata, u.note, u.erased_at"

// fields are where userColumns are read to, and after them what lists add.
func (u *UserLine) fields() []any {
	return []any{&u.ID, &u.Email, &u.Name, &u.PlanID, &u.Role, &u.Status, &u.CreatedAt, &u.ExternalID, (*storedObject)(&u.Metadata), &u.Note, &u.ErasedAt, &u.PlanName, &u.KeyCount, &u.CreditsUsedToday, &u.Place}
}

const keyColumns = "k.id, k.user_id, k.prefix, k.label, k.status, k.created_at, k.last_used_at, k.expires_at, k.revoked_at, k.scopes, k.allowed_addresses, k.created_by, k.created_by_key_id, " +
	"k.models, k.daily_credit_limit, k.rate_limit_per_minute, k.concurrency_limit, k.metadata"

// keyDest is where keyColumns are read to.
func keyDest(k *keys.Key) []any {
	return []any{&k.ID, &k.UserID, &k.Prefix, &k.Label, &k.Status, &k.CreatedAt, &k.LastUsedAt, &k.ExpiresAt, &k.RevokedAt,
		(*storedScopes)(&k.Scopes), (*storedAddresses)(&k.Addresses), &k.CreatedBy, &k.CreatedByKeyID,
		(*storedModels)(&k.Models), &k.DailyCreditLimit, &k.RateLimitPerMinute, &k.ConcurrencyLimit, (*storedObject)(&k.Metadata)}
}

// keyLineColumns are a key's and its owner's.
const keyLineColumns = keyColumns + ", u.email, u.status"

// fields are where keyLineColumns are read to.
func (k *KeyLine) fields() []any { return append(keyDest(&k.Key), &k.UserEmail, &k.UserStatus) }

// storedObject is a JSON object as the text that it is stored as.
type storedObject json.RawMessage

// Scan implements sql.Scanner. The driver may overwrite what it gave.
func (o *storedObject) Scan(value any) error {
	text, err := storedText(value)
	*o = storedObject(text)
	return err
}

// storedScopes are scopes as the text that they are stored as. A word that is no
// scope of this version opens nothing.
type storedScopes keys.Scopes

// Value implements driver.Valuer.
func (s storedScopes) Value() (driver.Value, error) { return keys.Scopes(s).String(), nil }

// Scan implements sql.Scanner.
func (s *storedScopes) Scan(value any) error {
	text, err := storedText(value)
	scopes, _ := keys.ParseScopes(strings.Fields(text))
	*s = storedScopes(scopes)
	return err
}

// storedAddresses are allowed addresses as the text that they are stored as. What
// cannot be read is an error: a key must not be open to all because of it.
type storedAddresses keys.Addresses

var errAddresses = errors.New("store: the allowed addresses of a key cannot be read")

// Value implements driver.Valuer.
func (a storedAddresses) Value() (driver.Value, error) { return keys.Addresses(a).String(), nil }

// Scan implements sql.Scanner.
func (a *storedAddresses) Scan(value any) error {
	text, err := storedText(value)
	if err != nil {
		return err
	}
	list, problem := keys.ParseAddresses(strings.Fields(text))
	if problem != "" {
		return errAddresses
	}
	*a = storedAddresses(list)
	return nil
}

// storedModels are the models of a plan or key as the text that they are stored as; null for all.
type storedModels catalog.Allowance

// Scan implements sql.Scanner.
func (m *storedModels) Scan(value any) error {
	if value == nil {
		*m = nil
		return nil
	}
	text, err := storedText(value)
	*m = storedModels(allowanceOf(&text))
	return err
}

func storedText(value any) (string, error) {
	switch text := value.(type) {
	case string:
		return text, nil
	case []byte:
		return string(text), nil
	}
	return "", fmt.Errorf("store: a %T where a text is stored", value)
}

// chargeColumns have the millionths beyond the whole credits, as they are stored.
const chargeColumns = `c.id, c.previous_id, c.user_id, c.key_id, c.model, c.credits, c.prompt_tokens, c.completion_tokens, c.cost_micros, c.day, c.created_at,
	c.millionths, c.granted, c.uncollected, c.adjusts_id, c.price_id, c.tokens, c.request_id, c.outcome, c.source, c.upstream_id`

// chargeDest is where chargeColumns are read to.
func chargeDest(c *usage.Record) []any {
	return []any{&c.ID, &c.PreviousID, &c.UserID, &c.KeyID, &c.Model, &c.Credits, &c.PromptTokens, &c.CompletionTokens, &c.CostMicros, &c.Day, &c.CreatedAt,
		&c.Millionths, &c.Granted, &c.Uncollected, &c.AdjustsID, storedPrice{&c.Priced}, storedTokens{&c.Priced},
		storedRequest{&c.Call}, storedOutcome{&c.Call}, storedSource{&c.Call}, storedUpstream{&c.Call}}
}

// eachRecord visits the charges that a condition selects; the record is another's after the visit.
func eachRecord(db *gorm.DB, visit func(*usage.Record), where string, args ...any) error {
	var r, empty usage.Record
	into := chargeDest(&r)
	return visitRows(db, func(row scanner) error {
		r = empty // a null leaves some types as they are
		if err := row.Scan(into...); err != nil {
			return err
		}
		r.Millionths += r.Credits * usage.Millionths
		visit(&r)
		return nil
	}, "SELECT "+chargeColumns+" FROM usage AS c WHERE "+where, args...)
}

// storedPrice reads a charge's price id, and storedTokens after it what the call used.
// Tokens that cannot be read are read as none: a recount says so, and a page still shows
// the user's other charges.
type (
	storedPrice  struct{ of **usage.Priced }
	storedTokens struct{ of **usage.Priced }
)

// Scan implements sql.Scanner.
func (s storedPrice) Scan(value any) error {
	*s.of = nil
	if value == nil {
		return nil
	}
	var priced usage.Priced
	err := priced.PriceID.Scan(value)
	*s.of = &priced
	return err
}

// Scan implements sql.Scanner.
func (s storedTokens) Scan(value any) error {
	if *s.of == nil || value == nil {
		return nil
	}
	text, err := storedText(value)
	if tokens, ok := usage.ParseTokens(text); ok {
		(*s.of).Tokens = tokens
	}
	return err
}

// storedRequest reads the id of a call of the gateway, and storedOutcome, storedSource and
// storedUpstream after it how the call ended, where its tokens come from, and who served it.
type (
	storedRequest  struct{ of **usage.Call }
	storedOutcome  struct{ of **usage.Call }
	storedSource   struct{ of **usage.Call }
	storedUpstream struct{ of **usage.Call }
)

// Scan implements sql.Scanner.
func (s storedRequest) Scan(value any) error {
	*s.of = nil
	if value == nil {
		return nil
	}
	var call usage.Call
	err := call.RequestID.Scan(value)
	*s.of = &call
	return err
}

// Scan implements sql.Scanner.
func (s storedOutcome) Scan(value any) error {
	if *s.of == nil || value == nil {
		return nil
	}
	text, err := storedText(value)
	(*s.of).Outcome = usage.CallOutcome(text)
	return err
}

// Scan implements sql.Scanner.
func (s storedSource) Scan(value any) error {
	if *s.of == nil || value == nil {
		return nil
	}
	text, err := storedText(value)
	(*s.of).Source = usage.Source(text)
	return err
}

// Scan implements sql.Scanner.
func (s storedUpstream) Scan(value any) error {
	if *s.of == nil || value == nil {
		return nil
	}
	return (*s.of).UpstreamID.Scan(value)
}
