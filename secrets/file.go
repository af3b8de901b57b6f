package secrets

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// readFile reads the key of a file, which nobody but its owner may read from then
// on; the zero Key where there is no file.
func readFile(path string) (Key, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the file beside the configured database
	if errors.Is(err, fs.ErrNotExist) {
		return Key{}, nil
	}
	if err != nil {
		return Key{}, fmt.Errorf("the key file cannot be read: %w", err)
	}
	k, err := ParseKey(string(text))
	if err != nil {
		return Key{}, fmt.Errorf("%s does not contain a key: it %w; restore it from your copy", path, err)
	}
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
		if err := os.Chmod(path, 0o600); err != nil {
			return Key{}, fmt.Errorf("%s is readable by other users and its mode cannot be changed: %w", path, err)
		}
	}
	return k, nil
}

// makeFile makes a key in a file that does not exist yet. It is on the disk
// before it gets its name; of two processes at once one makes it, and both get
// that one.
func makeFile(path string) (Key, error) {
	k, folder := MintKey(), filepath.Dir(path)
	draft, err := os.CreateTemp(folder, ".secret.key-*") // O_EXCL, 0600
	if err != nil {
		return Key{}, fmt.Errorf("the key file cannot be created: %w", err)
	}
	defer func() { _ = os.Remove(draft.Name()) }()
	_, err = draft.WriteString(k.Reveal() + "\n")
	if err = errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return Key{}, fmt.Errorf("the key file cannot be written: %w", err)
	}
	switch err := os.Link(draft.Name(), path); {
	case errors.Is(err, fs.ErrExist):
		return readFile(path)
	case err != nil:
		return Key{}, fmt.Errorf("the key file cannot be put in place; set SECRET_KEY instead: %w", err)
	}
	if err := syncFolder(folder); err != nil {
		return Key{}, fmt.Errorf("the key file may not survive a power failure: %w", err)
	}
	return k, nil
}

func syncFolder(path string) error {
	folder, err := os.Open(path) //nolint:gosec // the folder of the configured database
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// FileIn is where the embedded database keeps its key: beside its file.
func FileIn(database string) string {
	if strings.TrimSpace(database) == "" {
		return ""
	}
	return filepath.Join(filepath.Dir(database), "secret.key")
}
