package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fakes are programs that scripts of packages call; each writes its command line to $CALLS.
var fakes = map[string]string{
	"systemctl":  `[ "$1 $FAIL" != "try-restart restart" ]`,
	"getent":     `[ "${USERS:-}" ]`,
	"groupadd":   ``,
	"useradd":    ``,
	"install":    `for last; do :; done; mkdir -p "$last"`,
	"dpkg-query": `printf 0.2.0`,
	"dpkg":       `[ "$3" = lt ] && [ "$2" != "$4" ] && [ "$(printf '%s\n%s\n' "$2" "$4" | sort -V | head -1)" = "$2" ]`,
}

func TestScriptsOfPackagesKeepDataAndStartNothingByThemselves(t *testing.T) {
	const (
		data     = "var/lib/codexible/codexible.db"
		settings = "etc/codexible/codexible.env"
		link     = "etc/codexible/.env"
		own      = "etc/codexible/privkey.pem"
	)
	for _, try := range []struct {
		name, script string
		args         []string
		// has is what is there before, beside the settings; without takes something of it away.
		has, without []string
		env          []string
		calls, never []string
		exists, gone []string
		says         string
	}{
		{name: "the user is made before the files", script: "preinstall", args: []string{"install"}, calls: []string{"groupadd --system codexible", "useradd --system --gid codexible"}},
		{name: "the user is made by rpm too", script: "preinstall", args: []string{"1"}, calls: []string{"useradd --system"}},
		{name: "a user that exists is left", script: "preinstall", args: []string{"upgrade", "0.1.0"}, env: []string{"USERS=1"}, never: []string{"groupadd", "useradd"}},
		{
			name: "the first installation starts nothing", script: "postinstall", args: []string{"configure", ""}, calls: []string{"systemctl daemon-reload", "install -d -m 0700 -o codexible -g codexible"},
			never: []string{"systemctl enable", "systemctl start"}, exists: []string{link, "var/lib/codexible"}, says: "systemctl enable --now codexible",
		},
		{name: "the first installation by rpm", script: "postinstall", args: []string{"1"}, exists: []string{link}, says: "systemctl enable --now codexible"},
		{
			name: "an upgrade restarts what runs", script: "postinstall", args: []string{"configure", "0.1.0"}, has: []string{data, link},
			calls: []string{"systemctl try-restart codexible.service"}, never: []string{"install", "systemctl enable"}, exists: []string{data, link},
		},
		{name: "an upgrade by rpm restarts what runs", script: "postinstall", args: []string{"2"}, has: []string{data, link}, calls: []string{"systemctl try-restart"}},
		{name: "a service that does not restart does not break the upgrade", script: "postinstall", args: []string{"configure", "0.1.0"}, has: []string{data}, env: []string{"FAIL=restart"}, says: "journalctl -u codexible"},
		{name: "without systemd nothing is asked of it", script: "postinstall", args: []string{"configure", ""}, without: []string{"run/systemd/system"}, never: []string{"systemctl"}},
		{name: "a removal stops the service", script: "preremove", args: []string{"remove"}, has: []string{data}, calls: []string{"systemctl stop codexible.service", "systemctl disable codexible.service"}, exists: []string{data}},
		{name: "a removal by rpm stops the service", script: "preremove", args: []string{"0"}, calls: []string{"systemctl stop codexible.service"}},
		{name: "an upgrade by rpm stops nothing", script: "preremove", args: []string{"1"}, never: []string{"systemctl"}},
		{name: "an upgrade stops nothing", script: "preremove", args: []string{"upgrade", "0.10.0"}, never: []string{"systemctl"}},
		{name: "a downgrade says what it needs", script: "preremove", args: []string{"upgrade", "0.1.0"}, never: []string{"systemctl"}, says: "0.1.0 is older than 0.2.0"},
		{name: "a removal keeps data and settings", script: "postremove", args: []string{"remove"}, has: []string{data, link}, calls: []string{"systemctl daemon-reload"}, exists: []string{data, settings, link}},
		{name: "a removal by rpm keeps data", script: "postremove", args: []string{"0"}, has: []string{data, link}, without: []string{settings}, exists: []string{data}, gone: []string{link}},
		{name: "an upgrade removes nothing", script: "postremove", args: []string{"upgrade", "0.1.0"}, has: []string{data, link}, exists: []string{data, settings, link}},
		{name: "an upgrade by rpm removes nothing", script: "postremove", args: []string{"1"}, has: []string{data, link}, exists: []string{data, settings, link}},
		{name: "a purge deletes data and the link", script: "postremove", args: []string{"purge"}, has: []string{data, link}, without: []string{settings}, gone: []string{"var/lib/codexible", "etc/codexible"}, says: "deleted /var/lib/codexible"},
		{name: "a purge leaves the operator's own files", script: "postremove", args: []string{"purge"}, has: []string{own, link}, without: []string{settings}, exists: []string{own}, gone: []string{link}},
	} {
		t.Run(try.name, func(t *testing.T) {
			root := t.TempDir()
			for _, file := range append([]string{settings, "run/systemd/system/x"}, try.has...) {
				place(t, root, file, file == link)
			}
			for _, file := range try.without {
				if err := os.RemoveAll(filepath.Join(root, file)); err != nil {
					t.Fatal(err)
				}
			}
			calls, said := runScript(t, try.script, root, try.args, try.env)
			for _, want := range try.calls {
				if !strings.Contains(calls, want) {
					t.Errorf("it does not call %s, but:\n%s", want, calls)
				}
			}
			for _, never := range try.never {
				if strings.Contains("\n"+calls, "\n"+never) {
					t.Errorf("it calls %s:\n%s", never, calls)
				}
			}
			for _, file := range slices.Concat(try.exists, try.gone) {
				_, err := os.Lstat(filepath.Join(root, file))
				if exists := slices.Contains(try.exists, file); exists != (err == nil) {
					t.Errorf("%s: %v, want it there: %v", file, err, exists)
				}
			}
			if !strings.Contains(said, try.says) {
				t.Errorf("it says %q, want %q", said, try.says)
			}
		})
	}
}

func place(t *testing.T, root, file string, link bool) {
	t.Helper()
	path := filepath.Join(root, file)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	var err error
	if link {
		err = os.Symlink("codexible.env", path)
	} else {
		err = os.WriteFile(path, []byte("kept\n"), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// runScript runs a script of the packages below root, and returns what it called and said.
func runScript(t *testing.T, script, root string, args, env []string) (calls, said string) {
	t.Helper()
	programs, log := t.TempDir(), filepath.Join(t.TempDir(), "calls")
	for name, body := range fakes {
		content := "#!/bin/sh\necho \"" + name + " $*\" >>\"$CALLS\"\n" + body + "\n"
		if err := os.WriteFile(filepath.Join(programs, name), []byte(content), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.CommandContext(t.Context(), filepath.Join("..", "..", "deploy", "package", script+".sh"), args...)
	command.Env = append([]string{"PATH=" + programs + ":/usr/bin:/bin", "DPKG_ROOT=" + root, "CALLS=" + log, "FAIL="}, env...)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v: %s", script, args, err, out)
	}
	called, err := os.ReadFile(log)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(called), string(out)
}
