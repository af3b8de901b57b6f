package drills

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// openToAll runs a command with umask 0.
func openToAll(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	path, err := theProgram()
	if err != nil {
		t.Fatal(err)
	}
	return exec.CommandContext(t.Context(), "sh", append([]string{"-c", `umask 000; exec "$@"`, "sh", path}, args...)...)
}

func TestOnlyTheOwnerCanReadTheProgramsFiles(t *testing.T) {
	folder := t.TempDir()
	data, backups := filepath.Join(folder, "data"), filepath.Join(folder, "backups")
	env := []string{"DATA_DIR=" + data, "BACKUP_DIR=" + backups, "BACKUP_INTERVAL=1m"}
	command := func(args ...string) {
		t.Helper()
		cmd := openToAll(t, args...)
		cmd.Dir, cmd.Env = t.TempDir(), append([]string{"PATH=" + os.Getenv("PATH")}, env...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	command("migrate", "up")
	wantPrivateFiles(t, folder, 2)                                               // the folder that was made is as private
	if err := os.Chmod(filepath.Join(data, "codexible.db"), 0o644); err != nil { // what an earlier version left
		t.Fatal(err)
	}
	p := serveWith(t, openToAll(t, "serve"), env...)
	wantPrivateFiles(t, data, 3)
	command("backup", filepath.Join(data, "copy.db"))
	wantPrivateFiles(t, data, 5)
	p.stop(t)
	command("restore", "--force", filepath.Join(data, "copy.db"))
	command("migrate", "status")
	wantPrivateFiles(t, data, 4)
}

func wantPrivateFiles(t *testing.T, folder string, atLeast int) {
	t.Helper()
	var seen []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == folder {
			return err
		}
		seen = append(seen, entry.Name())
		if info, err := entry.Info(); err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return nil
	})
	if err != nil || len(seen) < atLeast {
		t.Errorf("files %s, want at least %d: %v", strings.Join(seen, ", "), atLeast, err)
	}
}
