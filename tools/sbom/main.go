// Sbom prints a CycloneDX software bill of materials of a Go binary, from what the Go linker recorded
// in it: the modules with their versions and checksums, and the Go release.
//
//	go run ./sbom BINARY VERSION >BINARY.cdx.json
//
// The same binary gives the same document: it carries no time, and its serial number is made from the binary's hash.
package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: sbom BINARY VERSION")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func run(binary, version string, out io.Writer) error {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return fmt.Errorf("%s does not list its modules: %w", binary, err)
	}
	content, err := os.ReadFile(binary)
	if err != nil {
		return err
	}
	bom := billOfMaterials(filepath.Base(binary), version, info, sha256.Sum256(content))
	encoder := cdx.NewBOMEncoder(out, cdx.BOMFileFormatJSON)
	encoder.SetPretty(true)
	return encoder.EncodeVersion(bom, cdx.SpecVersion1_6)
}

func billOfMaterials(name, version string, info *debug.BuildInfo, sum [sha256.Size]byte) *cdx.BOM {
	program := cdx.Component{
		BOMRef:  info.Main.Path,
		Type:    cdx.ComponentTypeApplication,
		Name:    name,
		Version: version,
		Hashes:  &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hex.EncodeToString(sum[:])}},
	}
	modules := make([]cdx.Component, 0, 1+len(info.Deps))
	modules = append(modules, module("std", strings.TrimPrefix(info.GoVersion, "go"), ""))
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		modules = append(modules, module(m.Path, m.Version, m.Sum))
	}
	refs := make([]string, len(modules))
	for i, m := range modules {
		refs[i] = m.BOMRef
	}

	bom := cdx.NewBOM()
	bom.SerialNumber = "urn:uuid:" + nameUUID(sum)
	bom.Metadata = &cdx.Metadata{Component: &program}
	bom.Components = &modules
	bom.Dependencies = &[]cdx.Dependency{{Ref: program.BOMRef, Dependencies: &refs}}
	return bom
}

// module describes one Go module. Its checksum is that of go.sum, a hash over the files' hashes and not
// over an archive, so it is a property and no hash in CycloneDX's sense.
func module(path, version, sum string) cdx.Component {
	purl := "pkg:golang/" + path + "@" + version
	c := cdx.Component{BOMRef: purl, Type: cdx.ComponentTypeLibrary, Name: path, Version: version, PackageURL: purl}
	if sum != "" {
		c.Properties = &[]cdx.Property{{Name: "go:sum", Value: sum}}
	}
	return c
}

// nameUUID makes a UUID of version 8 (RFC 9562) from a hash.
func nameUUID(sum [sha256.Size]byte) string {
	id := sum[:16]
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[0:4], id[4:6], id[6:8], id[8:10], id[10:16])
}
