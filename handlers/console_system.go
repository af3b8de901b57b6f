package handlers

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"codexible/accounts"
	"codexible/fault"
	"codexible/limits"
	"codexible/views"
)

// system shows the state of the service.
func (c *Console) system(ctx context.Context, v *visit) (reply, error) {
	ready := c.api.readiness(ctx)
	about, err := c.store.About(ctx)
	if err != nil {
		return reply{}, err
	}
	steps, err := c.store.AppliedMigrations(ctx)
	if err != nil {
		return reply{}, err
	}
	pool := c.store.PoolStats()
	now := c.now()
	p := views.System{
		Frame: v.frame("System", views.SectionSystem), Since: c.started, Now: now,
		Service: []views.Fact{
			{Name: "Version", Value: c.api.Version, Mono: true}, {Name: "Status", Value: ready.Status, Tone: toneOf(ready.Status)},
			{Name: "Uptime", Value: views.Span(now.Sub(c.started))}, {Name: "Go version", Value: runtime.Version(), Mono: true},
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
	c.mu.Lock()
	p.Health = slices.Clone(c.health)
	c.mu.Unlock()
	if p.Reconcile, err = c.reconcileFact(ctx); err != nil {
		return reply{}, err
	}
	return show(views.SystemPage(p))
}

func (c *Console) reconcileFact(ctx context.Context) (views.Fact, error) {
	f := views.Fact{Name: "Last reconciliation", Value: "None yet.", Note: "It runs once a day. To run it yourself: codexible usage reconcile."}
	r, found, err := c.store.LastReconcile(ctx)
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
	mode := limits.ModeLocal
	if counter, ok := c.api.Counter.(interface{ Mode() limits.Mode }); ok {
		mode = counter.Mode()
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

func toneOf(state string) views.Tone {
	switch state {
	case stateOK:
		return views.ToneGood
	case stateDegraded, stateDraining, stateUnknown:
		return views.ToneWarn
	}
	return views.ToneBad
}

var errNoBackup = fault.New(fault.NotFound, "This database is a server of its own. Back it up with pg_dump.")

// downloadBackup writes a copy to a temporary folder, sends it and deletes it.
func (c *Console) downloadBackup(ctx context.Context, v *visit) (reply, error) {
	if c.Backup == nil {
		return reply{}, errNoBackup
	}
	if err := c.store.Record(ctx, v.by, accounts.AuditEntry{Action: "backup.made", Subject: accounts.SubjectSystem, Target: "backup", Details: v.by.Name + " downloaded a backup."}); err != nil {
		return reply{}, err
	}
	name := "codexible-" + c.now().UTC().Format("2006-01-02-150405") + ".db"
	return reply{
		filename: name, stream: func(ctx context.Context, out io.Writer) error { return c.copyBackup(ctx, name, out) },
		failure: accounts.AuditEntry{Action: "backup.failed", Subject: accounts.SubjectSystem, Target: "backup", Details: "A backup for " + v.by.Name + " failed."},
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
