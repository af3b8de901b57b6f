package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sassoftware/go-rpmutils"
)

var repository, errRepository = filepath.Abs(filepath.Join("..", ".."))

// released makes a release, or one kind of its files, of the repository's documents and of programs that only print what they are asked for.
func released(t *testing.T, version, only string) (dist string) {
	t.Helper()
	if errRepository != nil {
		t.Fatal(errRepository)
	}
	root := t.TempDir()
	if err := os.Symlink(filepath.Join(repository, "deploy"), filepath.Join(root, "deploy")); err != nil {
		t.Fatal(err)
	}
	for _, name := range documents { // packages take a link as a link
		content, err := os.ReadFile(filepath.Join(repository, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	dist = filepath.Join(root, "dist")
	if err := os.Mkdir(dist, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, platform := range []string{"linux-amd64", "linux-arm64", "darwin-arm64", runtime.GOOS + "-" + runtime.GOARCH} {
		if err := os.WriteFile(filepath.Join(dist, "codexible-"+platform), []byte("#!/bin/sh\necho \"$@\"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(root)
	r := release{root: root, time: time.Unix(1764374400, 0).UTC()}
	if err := r.run(version, only); err != nil {
		t.Fatal(err)
	}
	return dist
}

func TestAReleaseHasEveryArtifactAndIsReproducible(t *testing.T) {
	dist := released(t, "v0.1.0", "")
	for _, want := range []string{
		"SHA256SUMS", "release-notes.md", "codexible-0.1.0-container.tar.gz", "codexible-chart-0.1.0.tgz", "codexible-0.1.0-linux-amd64.tar.gz", "codexible-0.1.0-linux-arm64.tar.gz",
		"codexible-0.1.0-darwin-arm64.tar.gz", "codexible_0.1.0_amd64.deb", "codexible_0.1.0_arm64.deb", "codexible-0.1.0-1.x86_64.rpm", "codexible-0.1.0-1.aarch64.rpm",
	} {
		if _, err := os.Stat(filepath.Join(dist, want)); err != nil {
			t.Error(err)
		}
	}
	sums, err := os.ReadFile(filepath.Join(dist, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(sums)) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		content, err := os.ReadFile(filepath.Join(dist, name))
		if err != nil || fmt.Sprintf("%x", sha256.Sum256(content)) != sum {
			t.Errorf("%s has another checksum (%v)", name, err)
		}
	}
	again, err := os.ReadFile(filepath.Join(released(t, "v0.1.0", ""), "SHA256SUMS"))
	if err != nil || !bytes.Equal(sums, again) {
		t.Errorf("made again it differs (%v):\n%s\n%s", err, sums, again)
	}
}

// A file is what a package says of it.
type file struct {
	mode        int64
	owner, link string
}

func TestThePackagesInstallTheServiceAndKeepItsSettings(t *testing.T) {
	want := map[string]file{
		"/usr/bin/codexible":                                  {0o755, "root:root", ""},
		"/usr/lib/systemd/system/codexible.service":           {0o644, "root:root", ""},
		"/etc/codexible/codexible.env":                        {0o640, "root:codexible", ""},
		"/usr/share/man/man1/codexible.1.gz":                  {0o644, "root:root", ""},
		"/usr/share/bash-completion/completions/codexible":    {0o644, "root:root", ""},
		"/usr/share/fish/vendor_completions.d/codexible.fish": {0o644, "root:root", ""},
		"/usr/share/doc/codexible/third-party-licences.txt":   {0o644, "root:root", ""},
		"/usr/share/doc/codexible/deploy/README.md":           {0o644, "root:root", ""},
	}
	t.Run("deb", func(t *testing.T) {
		want := maps.Clone(want)
		want["/usr/share/zsh/vendor-completions/_codexible"] = file{0o644, "root:root", ""}
		dist := released(t, "v0.1.0-rc.1", "deb")
		members := ar(t, filepath.Join(dist, "codexible_0.1.0~rc.1_amd64.deb"))
		data, contents := untar(t, members["data.tar.gz"])
		compare(t, want, data)
		if unit := contents["/usr/lib/systemd/system/codexible.service"]; !strings.Contains(unit, "\nExecStart=/usr/bin/codexible serve\n") || strings.Contains(unit, "/usr/local") {
			t.Errorf("the unit starts another program:\n%s", unit)
		}
		_, control := untar(t, members["control.tar.gz"])
		if control["/conffiles"] != "/etc/codexible/codexible.env\n" {
			t.Errorf("conffiles %q", control["/conffiles"])
		}
		if !strings.Contains(control["/control"], "\nPre-Depends: passwd\n") || !strings.Contains(control["/control"], "\nVersion: 0.1.0~rc.1\n") {
			t.Errorf("control:\n%s", control["/control"])
		}
		for _, script := range []string{"/preinst", "/postinst", "/prerm", "/postrm"} {
			if !strings.HasPrefix(control[script], "#!/bin/sh\n") {
				t.Errorf("%s: %q", script, control[script])
			}
		}
	})
	t.Run("rpm", func(t *testing.T) {
		want := maps.Clone(want)
		want["/usr/share/zsh/site-functions/_codexible"] = file{0o644, "root:root", ""}
		dist := released(t, "v0.1.0-rc.1", "rpm")
		f, err := os.Open(filepath.Join(dist, "codexible-0.1.0~rc.1-1.x86_64.rpm"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		r, err := rpmutils.ReadRpm(f)
		if err != nil {
			t.Fatal(err)
		}
		infos, err := r.Header.GetFiles()
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]file{}
		for _, info := range infos {
			got[info.Name()] = file{int64(info.Mode() & 0o777), info.UserName() + ":" + info.GroupName(), info.Linkname()}
			const configNoReplace = 1 | 1<<4
			if config := info.Flags()&configNoReplace == configNoReplace; config != (info.Name() == "/etc/codexible/codexible.env") {
				t.Errorf("%s: kept by upgrades: %v", info.Name(), config)
			}
		}
		compare(t, want, got)
	})
}

func compare(t *testing.T, want, got map[string]file) {
	t.Helper()
	for name, w := range want {
		if got[name] != w {
			t.Errorf("%s is %v, want %v", name, got[name], w)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if strings.HasPrefix(name, "/var") || strings.Contains(name, "site-functions") && got[name] != want[name] {
			t.Errorf("%s is in the package", name)
		}
	}
}

func TestAnArchiveHasTheProgramItsDocumentsAndNoNames(t *testing.T) {
	dist := released(t, "v0.1.0", "")
	for name, want := range map[string][]string{
		"codexible-0.1.0-linux-arm64": {"codexible", "codexible.1", "README.md", "CHANGELOG.md", "SECURITY.md", "third-party-licences.txt", "completions/_codexible", "deploy/codexible.service"},
		"codexible-0.1.0-container":   {"Dockerfile", "codexible-linux-amd64", "codexible-linux-arm64", "data/", "tmp/"},
		"codexible":                   {"Chart.yaml", "values.yaml", "values.schema.json", "templates/_helpers.tpl", "templates/workload.yaml"},
	} {
		archive := name + ".tar.gz"
		if name == "codexible" {
			archive = "codexible-chart-0.1.0.tgz"
		}
		content, err := os.ReadFile(filepath.Join(dist, archive))
		if err != nil {
			t.Fatal(err)
		}
		files, _ := untar(t, content)
		for _, w := range want {
			if got, found := files["/"+name+"/"+w]; !found || got.owner != ":" {
				t.Errorf("%s: %s is %v", name, w, got)
			}
		}
	}
}

func TestTheNotesAreTheSectionOfTheVersion(t *testing.T) {
	const changes = "# Changelog\n\n## Unreleased\n\nlater\n\n## 0.2.0 (2027-01-02)\n\n- two\n\n### Security\n\n- more\n\n## 0.1.0 (2026-11-29)\n\n- one\n\n## 0.0.9 (2026-01-01)\n"
	for _, try := range []struct{ version, want, says string }{
		{"0.2.0", "- two\n\n### Security\n\n- more\n", ""},
		{"0.1.0", "- one\n", ""},
		{"0.0.9", "", "is empty"},
		{"0.3.0", "", "has no section"},
		{"0.1", "", "has no section"},
	} {
		got, err := sectionOf(changes, try.version)
		if got != try.want || (err == nil) != (try.says == "") || err != nil && !strings.Contains(err.Error(), try.says) {
			t.Errorf("%s: %q, %v", try.version, got, err)
		}
	}
}

func TestWhatIsNoVersionIsNotReleased(t *testing.T) {
	for _, tag := range []string{"", "0.1.0", "v0.1", "4a745c3", "v0.1.0-dirty\n", "v0.1.0 ", "unversioned"} {
		if err := (&release{root: t.TempDir()}).run(tag, ""); err == nil || !strings.Contains(err.Error(), "not the version of a release") {
			t.Errorf("%q: %v", tag, err)
		}
	}
}

func TestTheUnitOfPackagesIsMadeOnlyFromTheOneItKnows(t *testing.T) {
	if got, err := packageUnit("# by hand\n\n[Unit]\nA=b\n\n[Service]\nExecStart=/usr/local/bin/codexible serve\n"); err != nil || strings.Contains(got, "by hand") || !strings.Contains(got, "=/usr/bin/codexible serve\n") {
		t.Errorf("%v:\n%s", err, got)
	}
	if _, err := packageUnit("# by hand\n\n[Unit]\n\n[Service]\nExecStart=/opt/codexible serve\n"); err == nil {
		t.Error("a unit with another program is packaged")
	}
}

// ar reads the members of a package for Debian.
func ar(t *testing.T, path string) map[string][]byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	content, found := bytes.CutPrefix(content, []byte("!<arch>\n"))
	if !found {
		t.Fatalf("%s is no ar archive", path)
	}
	members := map[string][]byte{}
	for len(content) >= 60 {
		var size int
		if _, err := fmt.Sscan(string(content[48:58]), &size); err != nil {
			t.Fatal(err)
		}
		members[strings.Trim(string(content[:16]), " /")] = content[60 : 60+size]
		content = content[min(60+size+size%2, len(content)):]
	}
	return members
}

func untar(t *testing.T, packed []byte) (files map[string]file, contents map[string]string) {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	files, contents = map[string]file{}, map[string]string{}
	for reader := tar.NewReader(z); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return files, contents
		}
		if err != nil {
			t.Fatal(err)
		}
		name := "/" + strings.TrimPrefix(strings.TrimPrefix(header.Name, "."), "/")
		files[name] = file{header.Mode & 0o777, header.Uname + ":" + header.Gname, header.Linkname}
		content, err := io.ReadAll(reader)
		if err != nil {
			t.Fatal(err)
		}
		contents[name] = string(content)
	}
}
