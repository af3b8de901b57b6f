package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"codexible/gateway"
)

// maxSecretFile is how many bytes a file with a key may have.
const maxSecretFile = 4 << 10

// UpstreamSecrets reads the secrets that keys of upstreams name: a variable of the
// environment or of the file .env of the folder, or a file of dir. They are read anew each time, so
// that one that was replaced counts without a restart. Errors name the reference and hold nothing of a secret.
func UpstreamSecrets(getenv func(string) (string, bool), folder, dir string) func(gateway.KeySource, string) (gateway.Secret, error) {
	return func(source gateway.KeySource, name string) (gateway.Secret, error) {
		reference := string(source) + ":" + name
		if _, _, ok := gateway.ParseReference(reference); !ok {
			return gateway.Secret{}, fmt.Errorf("%q is no reference to a key of an upstream", reference)
		}
		read := fromFile
		if source == gateway.KeyEnv {
			read = func(_, name string) (string, error) { return fromEnvironment(getenv, folder, name) }
		}
		text, err := read(dir, name)
		if err != nil {
			return gateway.Secret{}, fmt.Errorf("%s: %w", reference, err)
		}
		if text = strings.TrimSpace(text); !gateway.ValidKey(text) {
			return gateway.Secret{}, fmt.Errorf("%s: it must hold one key of printable ASCII characters without blanks", reference)
		}
		return gateway.NewSecret(text), nil
	}
}

// webhookVariable are the names of variables that webhooks of an apply file may refer to.
var webhookVariable = regexp.MustCompile(`^WEBHOOK_[A-Z0-9_]{1,64}$`)

// WebhookVariable reads what webhooks of an apply file refer to: a variable of the environment or
// of the file .env of the folder, whose name begins with WEBHOOK_. Errors name the variable and hold nothing of it.
func WebhookVariable(getenv func(string) (string, bool), folder string) func(name string) (string, error) {
	return func(name string) (string, error) {
		if !webhookVariable.MatchString(name) || name == "WEBHOOK_ALLOW_PRIVATE" {
			return "", errors.New("must refer to a variable whose name begins with WEBHOOK_, in capital letters, digits and underscores")
		}
		text, err := fromEnvironment(getenv, folder, name)
		if err != nil {
			return "", fmt.Errorf("env:%s: %w", name, err)
		}
		return strings.TrimSpace(text), nil
	}
}

func fromEnvironment(getenv func(string) (string, bool), folder, name string) (string, error) {
	if value, found := getenv(name); found {
		return value, nil
	}
	file, err := readEnvFile(filepath.Join(folder, ".env"))
	if err != nil {
		return "", err
	}
	value, found := file[name]
	if !found {
		return "", errors.New("the variable is not set: set it where the service runs")
	}
	return value, nil
}

// fromFile reads a file of a directory. A link may lead to another file of it, as Kubernetes
// links the files of a secret, and nowhere else.
func fromFile(dir, name string) (text string, err error) {
	if dir == "" {
		return "", errors.New("UPSTREAM_KEYS_DIR is not set: set it to the directory of the file")
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", fmt.Errorf("UPSTREAM_KEYS_DIR cannot be opened: %w", err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	file, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe would wait for a writer
	if err != nil {
		return "", fmt.Errorf("the file cannot be opened: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", errors.New("it must be a regular file")
	}
	body, err := io.ReadAll(io.LimitReader(file, maxSecretFile+1))
	if len(body) > maxSecretFile {
		return "", fmt.Errorf("the file must have at most %d bytes", maxSecretFile)
	}
	return string(body), err
}
