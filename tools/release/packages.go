package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/deb" // the formats
	_ "github.com/goreleaser/nfpm/v2/rpm"
)

func (r *release) deb(programs []string) error { return r.packages("deb", programs) }
func (r *release) rpm(programs []string) error { return r.packages("rpm", programs) }

// packages writes a package of the format for each program for Linux, from deploy/package/nfpm.yaml.
func (r *release) packages(format string, programs []string) error {
	for _, program := range programs {
		_, arch, linux := strings.Cut(program, "-linux-")
		if !linux {
			continue
		}
		content, err := os.ReadFile(program)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(r.stage, "codexible"), content, 0o755); err != nil { //nolint:gosec // a program
			return err
		}
		if err := r.pack(format, arch); err != nil {
			return err
		}
	}
	return nil
}

func (r *release) pack(format, arch string) error {
	config, err := nfpm.ParseFileWithEnvMapping("deploy/package/nfpm.yaml", func(name string) string {
		return map[string]string{"STAGE": r.stage, "ARCH": arch, "VERSION": r.version}[name]
	})
	if err != nil {
		return err
	}
	info, err := config.Get(format)
	if err != nil {
		return err
	}
	info.MTime = r.time
	for _, content := range info.Contents {
		if content.FileInfo != nil {
			content.FileInfo.MTime = r.time
		}
	}
	info = nfpm.WithDefaults(info)
	packager, err := nfpm.Get(format)
	if err != nil {
		return err
	}
	info.Target = filepath.Join("dist", packager.ConventionalFileName(info))
	file, err := os.Create(info.Target)
	if err != nil {
		return err
	}
	return errors.Join(packager.Package(info, file), file.Close())
}
