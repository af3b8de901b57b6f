package console

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"codexible/accounts"
	"codexible/events"
	"codexible/fault"
	"codexible/handlers/monitor"
	"codexible/limits"
	"codexible/views"
)

// System shows the state of the service.
func (c *Console) System(ctx context.Context, v *Visit) (Reply, error) {
	ready := c.Monitor.Ready(ctx)
	about, err := c.Store.About(ctx)
	if err != nil {
		return Reply{}, err
	}
	steps, err := c.Store.AppliedMigrations(ctx)
	if err != nil {
		return Reply{}, err
	}
	pool := c.Store.PoolStats()
	now := c.Now()
	p := views.System{
		Frame: v.frame("System", views.SectionSystem), Since: c.Monitor.Started, Now: now,
		Service: []views.Fact{
			{Name: "Version", Value: c.Version, Mono: true}, {Name: "Status", Value: ready.Status, Tone: toneOf(ready.Status)},
			{Name: "Uptime", Value: views.Span(now.Sub(c.Monitor.Started))}, {Name: "Go version", Value: runtime.Version(), Mono: true},
		},
		Database: []views.Fact{
			{Name: "Type", Value: about.Name + " " + about.Version}, {Name: "Status", Value: ready.Database, Tone: toneOf(ready.Database)},
			{Name: "Schema", Value: ready.Schema, Tone: toneOf(ready.Schema)}, {Name: "Size", Value: views.Bytes(about.Bytes)},
			{Name: "Connections", Value: fmt.Sprintf("%d open, %d in use, %d at most", pool.Open, pool.InUse, pool.Most)},
		},
		Counting: c.countingFacts(), CanDownload: c.Backup != nil,
		BackupHint: "A consistent copy of the whole database, made while the service runs. It contains everything except the keys' secrets. Store it as safely as the database.",
	}
	if c.Backup == nil {
		p.BackupHint = "This database is a server of its own. Back it up with pg_dump."
	}
	for _, step := range steps {
		p.Migrations = append(p.Migrations, views.MigrationLine{Version: step.Version, Name: step.Name, AppliedAt: step.AppliedAt})
	}
	for _, s := range c.Settings {
		p.Settings = append(p.Settings, views.Fact{Name: s.Name, Value: s.Value, Mono: true})
	}
	for _, sample := range c.Monitor.Samples() {
		p.Health = append(p.Health, views.HealthSample{At: sample.At, Status: sample.Status, Details: problemOf(sample.Readiness)})
	}
	if p.Reconcile, err = c.reconcileFact(ctx); err != nil {
		return Reply{}, err
	}
	if p.Holds, err = c.holdFacts(ctx); err != nil {
		return Reply{}, err
	}
	if p.Mail, err = c.mailFacts(ctx); err != nil {
		return Reply{}, err
	}
	return show(views.SystemPage(p))
}

// holdFacts are the open holds of all users, and what lately did not fit.
func (c *Console) holdFacts(ctx context.Context) ([]views.Fact, error) {
	open, credits, err := c.holds(ctx)
	if err != nil {
		return nil, err
	}
	millionths, err := c.Store.UncollectedLately(ctx)
	uncollected := views.Fact{Name: "Uncollected", Value: "None", Note: "In the last 7 days."}
	if millionths > 0 {
		uncollected.Value, uncollected.Tone = views.Uncollected(millionths), views.ToneWarn
		uncollected.Note = "In the last 7 days: calls that cost more than their hold and what the user had left."
	}
	return []views.Fact{{Name: "Open holds", Value: fmt.Sprintf("%s, %s", views.Number(open), views.Count(credits, "credit"))}, uncollected}, err
}

// mailFacts are whether mails are sent, and what became of them.
func (c *Console) mailFacts(ctx context.Context) ([]views.Fact, error) {
	if c.MailServer == "" {
		return []views.Fact{{Name: "Mail server", Value: "Not configured", Note: "With SMTP_URL and MAIL_FROM users and operators get mails of what they must know. To try it: codexible mail test ADDRESS."}}, nil
	}
	stats, err := c.Store.DeliveryStats(ctx)
	of := stats[events.MailID]
	waiting, failed := views.Fact{Name: "Waiting", Value: views.Count(of.Waiting, "event")}, views.Fact{Name: "Failed", Value: views.Count(of.Failed, "event"), Note: "In the last 24 hours."}
	if late := c.Now().Sub(of.Oldest); of.Waiting > 0 && late > mailLate {
		waiting.Tone, waiting.Note = views.ToneWarn, "The oldest waits for "+views.Span(late)+". To see what the mail server answers: codexible mail test ADDRESS."
	}
	if of.Failed > 0 {
		failed.Tone, failed.Note = views.ToneBad, "In the last 24 hours the mail server refused their mails, or did not take them for 3 days. The service's log says why."
	}
	links := views.Fact{Name: "Password links", Value: "On", Note: "Operators who forgot their password can choose another one by mail."}
	if c.SendReset == nil {
		links.Value, links.Note = "Off", "They need PUBLIC_URL and sign-ins with a password."
	}
	return []views.Fact{{Name: "Mail server", Value: c.MailServer, Mono: true}, waiting, failed, links}, err
}

// mailLate is how long a mail may wait before the page says so.
const mailLate = 5 * time.Minute

func (c *Console) reconcileFact(ctx context.Context) (views.Fact, error) {
	f := views.Fact{Name: "Last reconciliation", Value: "None yet.", Note: "It runs once a day. To run it yourself: codexible usage reconcile."}
	r, found, err := c.Store.LastReconcile(ctx)
	if err != nil || !found {
		return f, err
	}
	f.Value, f.Tone = "All totals match", views.ToneGood
	f.Note = fmt.Sprintf("%s UTC, %s checked.", views.Instant(r.At), views.Count(r.Charges, "charge"))
	if r.Differences > 0 {
		f.Value, f.Tone = views.Count(r.Differences, "difference"), views.ToneBad
		f.Note += " To list them: codexible usage reconcile."
	}
	return f, nil
}

func (c *Console) countingFacts() []views.Fact {
	mode, reported := c.Monitor.CounterMode()
	if !reported {
		mode = limits.ModeLocal
	}
	switch mode {
	case limits.ModeShared:
		return []views.Fact{{Name: "Valkey", Value: "ok", Tone: views.ToneGood}, {Name: "Shared", Value: "Yes, by all instances"}}
	case limits.ModeDegraded:
		return []views.Fact{{Name: "Valkey", Value: "unreachable", Tone: views.ToneWarn}, {Name: "Shared", Value: "No. Each instance counts on its own until Valkey answers."}}
	case limits.ModeLocal:
	}
	return []views.Fact{{Name: "Valkey", Value: "not configured"}, {Name: "Shared", Value: "No. This process counts on its own."}}
}

// problemOf says what a health check found wrong; empty where nothing.
func problemOf(r monitor.Readiness) string {
	switch {
	case r.Database != monitor.OK:
		return "The database does not answer."
	case r.Schema != monitor.OK:
		return "The database schema does not match this version."
	case r.Valkey == monitor.Unavailable:
		return "Valkey does not answer. Each instance applies the rate limits on its own."
	}
	return ""
}

func toneOf(state string) views.Tone {
	switch state {
	case monitor.OK:
		return views.ToneGood
	case monitor.Degraded, monitor.Draining, monitor.Unknown:
		return views.ToneWarn
	}
	return views.ToneBad
}

var errNoBackup = fault.New(fault.NotFound, "This database is a server of its own. Back it up with pg_dump.")

// DownloadBackup writes a copy to a temporary folder, sends it and deletes it.
func (c *Console) DownloadBackup(ctx context.Context, v *Visit) (Reply, error) {
	if c.Backup == nil {
		return Reply{}, errNoBackup
	}
	if err := c.Store.Record(ctx, v.By, accounts.AuditEntry{Action: "backup.made", Subject: accounts.SubjectSystem, Target: "backup", Details: v.By.Name + " downloaded a backup."}); err != nil {
		return Reply{}, err
	}
	name := "codexible-" + c.Now().UTC().Format("2006-01-02-150405") + ".db"
	return Reply{
		Filename: name, stream: func(ctx context.Context, out io.Writer) error { return c.copyBackup(ctx, name, out) },
		failure: accounts.AuditEntry{Action: "backup.failed", Subject: accounts.SubjectSystem, Target: "backup", Details: "A backup for " + v.By.Name + " failed."},
	}, nil
}

func (c *Console) copyBackup(ctx context.Context, name string, out io.Writer) error {
	folder, err := os.MkdirTemp("", "codexible-backup-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	file := filepath.Join(folder, name)
	if err := c.Backup(ctx, file); err != nil {
		return err
	}
	f, err := os.Open(file) //nolint:gosec // the name was made two lines above
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	_, err = io.Copy(out, f)
	return err
}
