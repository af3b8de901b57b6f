package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"codexible/accounts"
	"codexible/store"
)

// backupCheckInterval is the time between two checks whether a backup is due. The
// files' names say when the last one was made, so restarts do not delay a backup.
const backupCheckInterval = time.Minute

// backUp makes a backup if the latest is older than BACKUP_INTERVAL, and removes
// the oldest beyond BACKUP_KEEP.
func (s *service) backUp(ctx context.Context) (err error) {
	defer func() {
		if err != nil {
			s.backupsFailed.Inc()
			err = errors.Join(err, s.recordFailedBackup(ctx))
		} else {
			s.backupFailedAt = time.Time{}
		}
	}()
	folder := s.Config.BackupDir
	files, err := store.BackupsIn(folder)
	if err != nil {
		return fmt.Errorf("BACKUP_DIR cannot be read: %w", err)
	}
	now := s.store.Now()
	if len(files) > 0 {
		last, _ := store.BackupTime(files[len(files)-1])
		s.backedUp.Set(float64(last.Unix()))
		if now.Sub(last) < s.Config.BackupInterval {
			return nil
		}
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("BACKUP_DIR cannot be created: %w", err)
	}
	r, err := store.Backup(ctx, s.Config.DatabaseURL.Reveal(), filepath.Join(folder, store.BackupName(now)))
	if err != nil {
		return err
	}
	s.backedUp.Set(float64(now.Unix()))
	removed, err := store.RemoveBackups(folder, s.Config.BackupKeep)
	s.Log.InfoContext(ctx, "backup written", "file", r.File, "bytes", r.Bytes, "sha256", r.SHA256, "removed", len(removed))
	return err
}

// recordFailedBackup records that scheduled backups fail, at most once a day: each minute tries again.
func (s *service) recordFailedBackup(ctx context.Context) error {
	if now := s.store.Now(); now.Sub(s.backupFailedAt) >= 24*time.Hour {
		s.backupFailedAt = now
		return s.store.Record(ctx, accounts.ActorSystem, accounts.AuditEntry{Action: "backup.failed", Subject: accounts.SubjectSystem, Target: "backup",
			Details: "A scheduled backup failed. It is tried again every minute; the service's log says why it fails."})
	}
	return nil
}
