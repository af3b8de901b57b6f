package handlers

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/url"
	"strings"

	"codexible/accounts"
	"codexible/events"
	"codexible/fault"
	"codexible/handlers/openapi"
	"codexible/keys"
	"codexible/store"
	"codexible/usage"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
)

type userRequest struct {
	caller
	ID uuid.UUID `path:"id" doc:"The user's id, or external: and your own id of the user."`
}

func (a *api) adminUser(ctx context.Context, r userRequest) (adminUser, error) {
	u, err := a.Store.User(ctx, r.ID)
	return adminUserOf(u), err
}

// externalMark begins an operator's own id of a user in a path.
const externalMark = "external:"

// userID is a user of a path, by id or by the operator's own id.
func (x *exchange) userID(text string) (uuid.UUID, error) {
	text, err := url.PathUnescape(text)
	external, is := strings.CutPrefix(text, externalMark)
	if err != nil || !is || accounts.CheckExternalID(external) != "" {
		return uuid.Nil, accounts.ErrUserNotFound
	}
	id, err := x.api.Store.UserIDByExternalID(x.ctx, external)
	if err == nil && id == uuid.Nil {
		err = accounts.ErrUserNotFound
	}
	return id, err
}

type eraseRequest struct {
	caller
	ID      uuid.UUID `path:"id" doc:"The user's id, or external: and your own id of the user."`
	Confirm string    `json:"confirm" required:"true" minLength:"1" maxLength:"254" doc:"The user's e-mail address, because this cannot be undone." example:"ada@example.com"`
}

type erased struct {
	User        adminUser `json:"user" doc:"What is left of the user."`
	KeysRevoked int64     `json:"keys_revoked" doc:"Keys that worked until then." example:"2"`
	Entries     int64     `json:"entries_rewritten" doc:"Entries of the audit log that named the person." example:"14"`
	LogEmptied  bool      `json:"log_emptied" doc:"Whether the log of the embedded database holds nothing of it either. If false, its next checkpoints overwrite it; on Postgres always true: VACUUM frees the space of the old rows later."`
}

// ErasedForm is the answer to an erasure.
func ErasedForm(e store.Erasure) any { return erasedOf(e) }

func erasedOf(e store.Erasure) erased {
	return erased{adminUserOf(e.ErasedUser), e.KeysRevoked, e.EntriesRewritten, e.LogEmptied}
}

func (a *api) adminErase(ctx context.Context, r eraseRequest) (erased, error) {
	if r.userID() == r.ID {
		return erased{}, errEraseSelf
	}
	e, err := a.Store.EraseUser(ctx, r.by, r.ID, r.Confirm)
	if err != nil {
		return erased{}, err
	}
	return erasedOf(e), nil
}

var errEraseSelf = fault.New(fault.Conflict, "A user cannot erase themselves. Use a key of another admin.")

// personExport is everything that is known of a person. The service writes it as it reads it.
type personExport struct {
	User        adminUser          `json:"user"`
	Sessions    []exportedSession  `json:"sessions" doc:"Console sessions that are open."`
	Dashboard   []exportedSession  `json:"dashboard_sessions" doc:"Sessions in the dashboard that are open; never their tokens."`
	Identities  []exportedIdentity `json:"identities" doc:"Accounts at OpenID Connect providers."`
	Alerts      exportedAlerts     `json:"alerts" doc:"Which mails about the account the user gets."`
	Keys        []adminKey         `json:"keys" doc:"All keys, revoked ones too; never their secrets."`
	Grants      []grant            `json:"grants"`
	Corrections []correction       `json:"corrections"`
	Holds       []adminHold        `json:"holds" doc:"Open holds."`
	Days        []dayUsage         `json:"days" doc:"Totals of the days with usage or corrections, all keys together, newest first."`
	Charges     []chargeItem       `json:"charges" doc:"Newest first."`
	Requests    []adminRequestItem `json:"requests" doc:"Calls of models in the log of requests, newest first."`
	Events      []exportedEvent    `json:"events" doc:"Events about the user that are still kept, which is 30 days, newest first."`
	Audit       []auditLine        `json:"audit" doc:"Entries of the audit log about or by the user, newest first."`
}

type exportedSession struct {
	CreatedAt  openapi.Instant `json:"created_at"`
	LastSeenAt openapi.Instant `json:"last_seen_at"`
	ExpiresAt  openapi.Instant `json:"expires_at"`
	Address    string          `json:"address" example:"203.0.113.7"`
	UserAgent  string          `json:"user_agent" example:"Mozilla/5.0"`
}

type exportedEvent struct {
	ID        uuid.UUID       `json:"id" doc:"Receivers get it as webhook-id."`
	Type      events.Type     `json:"type" example:"key.created"`
	CreatedAt openapi.Instant `json:"created_at"`
	Payload   string          `json:"payload" doc:"What is sent to receivers, byte for byte." example:"{\"type\":\"key.created\",\"timestamp\":\"2026-11-28T10:00:00Z\",\"data\":{}}"`
}

type exportedIdentity struct {
	Issuer  string `json:"issuer" example:"https://login.example.com"`
	Subject string `json:"subject" example:"248289761001"`
}

type exportedAlerts struct {
	UsageFromPercent *int64 `json:"usage_from_percent" doc:"The smallest threshold that a mail is sent for, in percent; null for none." example:"80"`
	UsedUp           bool   `json:"used_up" example:"true"`
	KeyExpiring      bool   `json:"key_expiring" example:"true"`
}

// exportPageSize is how many rows of a list the export reads at once.
const exportPageSize = 200

// adminExport streams the export. It is recorded in the audit log first.
func (a *api) adminExport(x *exchange) error {
	var r userRequest
	if err := x.route.binder.Bind(x, &r); err != nil {
		return err
	}
	u, err := a.Store.User(x.ctx, r.ID)
	if err != nil {
		return err
	}
	file, err := a.Console.Stream(x.ctx, x.actor(), accounts.AuditEntry{Subject: accounts.SubjectUser, SubjectID: u.ID, Target: u.Email}, "data of the user", u.Email,
		func(ctx context.Context, w io.Writer) error { return ExportPerson(ctx, a.Store, u.ID, w) })
	if err != nil {
		return err
	}
	x.contentType(fiber.MIMEApplicationJSON)
	x.stream = file
	return nil
}

// ExportPerson writes everything that is known of a user as one JSON object. It reads a page at a
// time, so its memory does not grow with the charges and requests.
func ExportPerson(ctx context.Context, db *store.Store, id uuid.UUID, to io.Writer) error {
	u, err := db.User(ctx, id)
	if err != nil {
		return err
	}
	p := &personWriter{w: bufio.NewWriterSize(to, 32<<10), first: true}
	a := &api{Parts: Parts{Store: db, Now: db.Now}}
	p.text(`{"user":`)
	p.value(adminUserOf(u))
	exportSessions(ctx, db, p, id)
	p.list("identities", func(add func(any)) error {
		identities, err := db.OpenIDIdentities(ctx, id)
		for _, i := range identities {
			add(exportedIdentity(i))
		}
		return err
	})
	alerts, err := db.Alerts(ctx, id)
	if p.text(`,"alerts":`); p.err == nil {
		p.err = err
	}
	p.value(exportedAlerts(alerts))
	p.list("keys", func(add func(any)) error { return eachKeyOf(ctx, db, id, func(k store.KeyLine) { add(adminKeyOf(k)) }) })
	p.list("grants", func(add func(any)) error {
		return paged(func(offset int) (int, error) {
			list, err := db.Grants(ctx, id, exportPageSize, offset)
			for _, g := range list {
				add(grantAt(g, db.Now()))
			}
			return len(list), err
		})
	})
	p.list("corrections", func(add func(any)) error {
		return paged(func(offset int) (int, error) {
			list, err := db.Corrections(ctx, id, exportPageSize, offset)
			for _, c := range list {
				add(correctionOf(c))
			}
			return len(list), err
		})
	})
	p.list("holds", func(add func(any)) error {
		var last uuid.UUID
		return paged(func(int) (int, error) {
			list, err := db.OpenHolds(ctx, store.HoldQuery{UserID: id, After: last, Limit: exportPageSize})
			for _, h := range list {
				add(adminHoldOf(h))
				last = h.ID
			}
			return len(list), err
		})
	})
	a.exportUsage(ctx, p, id)
	p.list("events", func(add func(any)) error {
		return db.EachEventOf(ctx, id, func(e events.Event) error {
			add(exportedEvent{e.ID, e.Type, openapi.Instant(e.At), string(e.Payload())})
			return p.err
		})
	})
	p.list("audit", func(add func(any)) error {
		line := func(e accounts.AuditEntry) error { add(auditLineOf(e)); return p.err }
		if err := db.EachAudit(ctx, store.AuditQuery{Text: u.Email}, line); err != nil {
			return err
		}
		return db.EachAudit(ctx, store.AuditQuery{SubjectID: id}, func(e accounts.AuditEntry) error {
			if strings.Contains(accounts.Fold(e.Actor+"\n"+e.Target+"\n"+e.Details), accounts.Fold(u.Email)) {
				return nil // it was in the search
			}
			return line(e)
		})
	})
	p.text("}\n")
	if p.err == nil {
		p.err = p.w.Flush()
	}
	return p.err
}

// exportSessions writes the sessions of a user in the console and in the dashboard.
func exportSessions(ctx context.Context, db *store.Store, p *personWriter, id uuid.UUID) {
	for _, of := range []struct {
		name string
		read func(context.Context, uuid.UUID) ([]accounts.Session, error)
	}{{"sessions", db.Sessions}, {"dashboard_sessions", db.CustomerSessions}} {
		p.list(of.name, func(add func(any)) error {
			sessions, err := of.read(ctx, id)
			for _, s := range sessions {
				add(exportedSession{openapi.Instant(s.CreatedAt), openapi.Instant(s.LastSeenAt), openapi.Instant(s.ExpiresAt), s.Address, s.UserAgent})
			}
			return err
		})
	}
}

// exportUsage writes what a user has used.
func (a *api) exportUsage(ctx context.Context, p *personWriter, id uuid.UUID) {
	p.list("days", func(add func(any)) error {
		return a.Store.EachDayOf(ctx, id, func(t usage.DayTotal) error { add(a.dayUsageOf(t)); return p.err })
	})
	p.list("charges", func(add func(any)) error {
		return a.Store.EachChargeOf(ctx, id, func(c usage.Record) error { add(a.chargeItemOf(c)); return p.err })
	})
	p.list("requests", func(add func(any)) error {
		return a.Store.EachRequest(ctx, store.RequestQuery{UserID: id}, func(l *store.RequestLine) error { add(adminRequestItemOf(*l)); return p.err })
	})
}

func eachKeyOf(ctx context.Context, db *store.Store, user uuid.UUID, visit func(store.KeyLine)) error {
	q := store.KeyQuery{UserID: user, Page: store.Page{Limit: exportPageSize}}
	for {
		list, err := db.Keys(ctx, q)
		for _, k := range list {
			visit(k)
			q.After = k.ID
		}
		if err != nil || len(list) < exportPageSize {
			return err
		}
	}
}

// paged reads pages until one is not full.
func paged(read func(offset int) (rows int, err error)) error {
	for offset := 0; ; offset += exportPageSize {
		if n, err := read(offset); err != nil || n < exportPageSize {
			return err
		}
	}
}

// personWriter writes one JSON object, and keeps the first error.
type personWriter struct {
	w     *bufio.Writer
	first bool
	err   error
}

func (p *personWriter) text(s string) {
	if p.err == nil {
		_, p.err = p.w.WriteString(s)
	}
}

func (p *personWriter) value(v any) {
	text, err := json.Marshal(v)
	if p.err == nil {
		p.err = err
	}
	p.text(string(text))
}

func (p *personWriter) list(name string, write func(add func(any)) error) {
	p.text(`,"` + name + `":[`)
	p.first = true
	if p.err == nil {
		if err := write(p.add); p.err == nil {
			p.err = err
		}
	}
	p.text("]")
}

func (p *personWriter) add(v any) {
	if !p.first {
		p.text(",")
	}
	p.first = false
	p.value(v)
}

// A key that was published by mistake is found by its prefix: the rest of it is not looked for.
func soughtText(text string) string {
	if secret, is := keys.Parse(text); is {
		return secret.Prefix()
	}
	return text
}
