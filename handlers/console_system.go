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

// system tells how the service itself is. It is shown as far as it can be told
// while the database is away.
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
			{Name: "Version", Value: c.api.Version, Mono: true}, {Name: "State", Value: ready.Status, Tone: toneOf(ready.Status)},
			{Name: "Running for", Value: views.Span(now.Sub(c.started))}, {Name: "Built with", Value: runtime.Version(), Mono: true},
		},
		Database: []views.Fact{
			{Name: "Kind", Value: about.Name + " " + about.Version}, {Name: "State", Value: ready.Database, Tone: toneOf(ready.Database)},
			{Name: "Schema", Value: ready.Schema, Tone: toneOf(ready.Schema)}, {Name: "Size", Value: views.Bytes(about.Bytes)},
			{Name: "Connections", Value: fmt.Sprintf("%d open, %d in use, %d at the most", pool.Open, pool.InUse, pool.Most)},
		},
		Counting: c.countingFacts(), CanDownload: c.Backup != nil,
		BackupHint: "A consistent copy of the whole database, made while the service runs. It holds everything but the secrets of the keys: keep it as safe as the database.",
	}
	if c.Backup == nil {
		p.BackupHint = "This database is a server of its own: back it up with pg_dump."
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
	f := views.Fact{Name: "Last reconcile", Value: "Not yet; it runs once a day, and by codexible usage reconcile"}
	r, found, err := c.store.LastReconcile(ctx)
	if err != nil || !found {
		return f, err
	}
	f.Value = fmt.Sprintf("%s UTC: every total agrees with %s", views.Instant(r.At), views.Count(r.Charges, "charge"))
	f.Tone = views.ToneGood
	if r.Differences > 0 {
		f.Value = fmt.Sprintf("%s UTC: %s; codexible usage reconcile lists them", views.Instant(r.At), views.Count(r.Differences, "difference"))
		f.Tone = views.ToneBad
	}
	return f, nil
}

func (c *Console) countingFacts() []views.Fact {
	mode := limits.ModeLocal
	if counter, told := c.api.Counter.(interface{ Mode() limits.Mode }); told {
		mode = counter.Mode()
	}
	switch mode {
	case limits.ModeShared:
		return []views.Fact{{Name: "Valkey", Value: "ok", Tone: views.ToneGood}, {Name: "Counted", Value: "by all instances together"}}
	case limits.ModeDegraded:
		return []views.Fact{{Name: "Valkey", Value: "away", Tone: views.ToneWarn}, {Name: "Counted", Value: "by each instance for itself, until Valkey is back"}}
	case limits.ModeLocal:
	}
	return []views.Fact{{Name: "Valkey", Value: "not configured"}, {Name: "Counted", Value: "in this process"}}
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

var errNoBackup = fault.New(fault.NotFound, "This database is a server of its own: back it up with pg_dump.")

// downloadBackup writes a copy into a folder of its own, sends it, and removes it.
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
