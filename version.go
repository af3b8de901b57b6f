package main

import (
	"cmp"
	"runtime/debug"
)

// version is set by the linker: -ldflags "-X main.version=v1.2.3".
var version string

// currentVersion is the version that the linker set, else what the Go command
// knows of the module, else the revision it was built from, else "dev".
func currentVersion() string {
	if version != "" {
		return version
	}
	built, ok := debug.ReadBuildInfo()
	if !ok {
		return "dev"
	}
	return builtVersion(built)
}

func builtVersion(built *debug.BuildInfo) string {
	if v := built.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	var revision, changed string
	for _, s := range built.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value[:min(len(s.Value), 12)]
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = "+changed"
		}
	}
	return cmp.Or(revision, "dev") + changed
}
