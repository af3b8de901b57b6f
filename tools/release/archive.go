package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// prepare fills the stage with what is made from the program of this machine: the manual page, the completions and the unit.
func (r *release) prepare(program string) error {
	if _, err := os.Stat(program); err != nil {
		return fmt.Errorf("the platform of this machine must be among PLATFORMS, for its program prints the manual page and the completions: %w", err)
	}
	if err := os.Mkdir(filepath.Join(r.stage, "completions"), 0o700); err != nil {
		return err
	}
	for file, args := range map[string][]string{
		"codexible.1": {"manpage"}, "completions/codexible.bash": {"completion", "bash"},
		"completions/_codexible": {"completion", "zsh"}, "completions/codexible.fish": {"completion", "fish"},
	} {
		command := exec.CommandContext(context.Background(), "./"+program, args...) //nolint:gosec // the program that is released
		command.Stderr = os.Stderr
		printed, err := command.Output()
		if err != nil {
			return fmt.Errorf("%s %s: %w", program, strings.Join(args, " "), err)
		}
		if err := r.write(filepath.Join(r.stage, file), printed); err != nil {
			return err
		}
		if file == "codexible.1" {
			var packed bytes.Buffer
			if err := compress(&packed, func(w io.Writer) error { _, err := w.Write(printed); return err }); err != nil {
				return err
			}
			if err := r.write(filepath.Join(r.stage, "codexible.1.gz"), packed.Bytes()); err != nil {
				return err
			}
		}
	}
	unit, err := os.ReadFile("deploy/codexible.service")
	if err != nil {
		return err
	}
	packaged, err := packageUnit(string(unit))
	if err != nil {
		return err
	}
	return r.write(filepath.Join(r.stage, "codexible.service"), []byte(packaged))
}

// packageUnit is the unit as packages install it: without the comment on an installation by hand, and with their program.
func packageUnit(unit string) (string, error) {
	const byHand = "\nExecStart=/usr/local/bin/codexible "
	_, settings, found := strings.Cut(unit, "\n[Unit]\n")
	if !found || strings.Count(settings, byHand) != 1 {
		return "", errors.New("deploy/codexible.service has no [Unit] or another ExecStart than the one that packages replace")
	}
	return "# Of the package: change it with systemctl edit codexible.\n\n[Unit]\n" + strings.Replace(settings, byHand, "\nExecStart=/usr/bin/codexible ", 1), nil
}

// documents are the files that every archive has.
var documents = []string{"README.md", "CHANGELOG.md", "SECURITY.md", "third-party-licences.txt"}

// An entry is a file of an archive, or a folder if it has no source.
type entry struct {
	name, source string
	mode         int64
}

// archives writes one archive a platform.
func (r *release) archives(programs []string) error {
	for _, program := range programs {
		name := strings.Replace(filepath.Base(program), "codexible-", "codexible-"+r.version+"-", 1)
		entries := []entry{{"codexible", program, 0o755}, {"codexible.1", filepath.Join(r.stage, "codexible.1"), 0o644}}
		for _, document := range documents {
			entries = append(entries, entry{document, document, 0o644})
		}
		for _, completion := range []string{"_codexible", "codexible.bash", "codexible.fish"} {
			entries = append(entries, entry{"completions/" + completion, filepath.Join(r.stage, "completions", completion), 0o644})
		}
		for _, sample := range []string{"README.md", "Caddyfile", "nginx.conf", "alerts.yml", "grafana.json", "codexible.service", "codexible.env"} {
			entries = append(entries, entry{"deploy/" + sample, filepath.Join("deploy", sample), 0o644})
		}
		if err := r.archive(name+".tar.gz", name, entries); err != nil {
			return err
		}
	}
	return nil
}

// container writes what docker build needs.
func (r *release) container(programs []string) error {
	entries := []entry{{"Dockerfile", "deploy/container/Dockerfile", 0o644}, {"third-party-licences.txt", "third-party-licences.txt", 0o644}, {"data/", "", 0o700}, {"tmp/", "", 0o777}}
	for _, program := range programs {
		if strings.Contains(program, "-linux-") {
			entries = append(entries, entry{filepath.Base(program), program, 0o755})
		}
	}
	name := "codexible-" + r.version + "-container"
	return r.archive(name+".tar.gz", name, entries)
}

// chart writes the Helm chart as helm package does.
func (r *release) chart([]string) error {
	const dir = "deploy/helm/codexible"
	var entries []entry
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			entries = append(entries, entry{path, filepath.Join(dir, path), 0o644})
		}
		return err
	})
	if err != nil {
		return err
	}
	return r.archive("codexible-chart-"+r.version+".tgz", "codexible", entries)
}

// archive writes the entries into a folder of the archive.
func (r *release) archive(name, folder string, entries []entry) error {
	file, err := os.Create(filepath.Join("dist", name))
	if err != nil {
		return err
	}
	err = compress(file, func(w io.Writer) error {
		t := tar.NewWriter(w)
		for _, e := range entries {
			if err := r.add(t, folder, e); err != nil {
				return err
			}
		}
		return t.Close()
	})
	return errors.Join(err, file.Close())
}

func (r *release) add(t *tar.Writer, folder string, e entry) error {
	header := tar.Header{Name: folder + "/" + e.name, Mode: e.mode, ModTime: r.time, Format: tar.FormatUSTAR, Typeflag: tar.TypeReg}
	if e.source == "" {
		header.Typeflag = tar.TypeDir
		return t.WriteHeader(&header)
	}
	content, err := os.ReadFile(e.source)
	if err != nil {
		return err
	}
	header.Size = int64(len(content))
	if err := t.WriteHeader(&header); err != nil {
		return err
	}
	_, err = t.Write(content)
	return err
}

// compress writes what write does, without a time or a name of its own.
func compress(out io.Writer, write func(io.Writer) error) error {
	z, err := gzip.NewWriterLevel(out, gzip.BestCompression)
	if err != nil {
		return err
	}
	return errors.Join(write(z), z.Close())
}
