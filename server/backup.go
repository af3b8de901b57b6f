package server

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

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
