// Release makes from the programs that make build left in dist/ what is published: archives, packages for Debian and for
// systems with RPM, the context of the container image, the notes of the release, and the checksums of all of it.
//
//	go -C tools/release run . -version v0.1.0 -time 1764374400
//	go -C tools/release run . -version v0.1.0 -time 1764374400 -only deb
//
// The same programs, version and time give the same bytes.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
)

func main() {
	r := release{}
	flag.StringVar(&r.root, "root", filepath.Join("..", ".."), "folder of the program's module")
	tag := flag.String("version", "", "version with its v, as a tag has it")
	seconds := flag.Int64("time", 0, "time of the release and of every file in it, in seconds since 1970")
	only := flag.String("only", "", "make only this kind: archive, container, chart, deb, rpm or notes")
	flag.Parse()
	r.time = time.Unix(*seconds, 0).UTC()
	if err := r.run(*tag, *only); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// A release is what is made, and from what.
type release struct {
	root    string
	version string // without the v
	time    time.Time
	// stage is the folder of what is made from the program.
	stage string
}

var semver = regexp.MustCompile(`^v(\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?)$`)

func (r *release) run(tag, only string) error {
	match := semver.FindStringSubmatch(tag)
	if match == nil {
		return fmt.Errorf("%q is not the version of a release: tag the commit, such as v0.1.0, or run make release VERSION=v0.1.0", tag)
	}
	r.version = match[1]
	if err := os.Chdir(r.root); err != nil {
		return err
	}
	programs, err := filepath.Glob("dist/codexible-*-*64")
	if err != nil || len(programs) == 0 {
		return fmt.Errorf("dist/ has no program; make build makes it (%w)", err)
	}
	if r.stage, err = os.MkdirTemp("", "codexible-release"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(r.stage) }()
	if err := r.prepare(fmt.Sprintf("dist/codexible-%s-%s", runtime.GOOS, runtime.GOARCH)); err != nil {
		return err
	}
	for _, kind := range []struct {
		name string
		make func(programs []string) error
	}{{"notes", r.notes}, {"archive", r.archives}, {"container", r.container}, {"chart", r.chart}, {"deb", r.deb}, {"rpm", r.rpm}} {
		if only == "" || only == kind.name {
			if err := kind.make(programs); err != nil {
				return fmt.Errorf("%s: %w", kind.name, err)
			}
		}
	}
	if only == "" {
		for _, program := range programs { // the archives have them
			if err := os.Remove(program); err != nil {
				return err
			}
		}
	}
	return checksums("dist")
}

// notes writes the part of CHANGELOG.md that is about this version.
func (r *release) notes([]string) error {
	changes, err := os.ReadFile("CHANGELOG.md")
	if err != nil {
		return err
	}
	section, err := sectionOf(string(changes), r.version)
	if err != nil {
		return err
	}
	return r.write("dist/release-notes.md", []byte(section))
}

// sectionOf returns what is below a version's heading, which has its date.
func sectionOf(changes, version string) (string, error) {
	heading := regexp.MustCompile(`(?m)^## ` + regexp.QuoteMeta(version) + ` \(\d{4}-\d{2}-\d{2}\)\n`)
	at := heading.FindStringIndex(changes)
	if at == nil {
		return "", fmt.Errorf("CHANGELOG.md has no section \"## %s (YYYY-MM-DD)\": write what the version changes", version)
	}
	section := changes[at[1]:]
	if next := regexp.MustCompile(`(?m)^## `).FindStringIndex(section); next != nil {
		section = section[:next[0]]
	}
	if section = strings.TrimSpace(section); section == "" {
		return "", fmt.Errorf("the section of %s in CHANGELOG.md is empty: write what the version changes", version)
	}
	return section + "\n", nil
}

func (r *release) write(path string, content []byte) error {
	return os.WriteFile(path, content, 0o644) //nolint:gosec // what is published may be read
}

// checksums writes SHA256SUMS of what is published, which the notes are not as a file.
func checksums(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var lines []string
	for _, e := range entries {
		if e.Name() == "SHA256SUMS" || e.Name() == "release-notes.md" || !e.Type().IsRegular() {
			continue
		}
		sum, err := hash(filepath.Join(dir, e.Name()))
		if err != nil {
			return err
		}
		lines = append(lines, sum+"  "+e.Name()+"\n")
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[64:], b[64:]) })
	return os.WriteFile(filepath.Join(dir, "SHA256SUMS"), []byte(strings.Join(lines, "")), 0o644) //nolint:gosec // what is published may be read
}

func hash(path string) (sum string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
