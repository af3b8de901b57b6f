package main

import (
	"runtime/debug"
	"testing"
)

func TestTheVersionIsTheLinkersElseTheBuilds(t *testing.T) {
	setting := func(key, value string) debug.BuildSetting { return debug.BuildSetting{Key: key, Value: value} }
	for _, try := range []struct {
		want  string
		built debug.BuildInfo
	}{
		{"dev", debug.BuildInfo{}},
		{"dev", debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}},
		{"v1.2.3", debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}},
		{"0123456789ab", debug.BuildInfo{Settings: []debug.BuildSetting{setting("vcs.revision", "0123456789abcdef"), setting("vcs.modified", "false")}}},
		{"0123456789ab+changed", debug.BuildInfo{Settings: []debug.BuildSetting{setting("vcs.modified", "true"), setting("vcs.revision", "0123456789abcdef")}}},
	} {
		if got := builtVersion(&try.built); got != try.want {
			t.Errorf("version %q, want %q", got, try.want)
		}
	}
	defer func(was string) { version = was }(version)
	if version = "v9"; currentVersion() != "v9" {
		t.Errorf("version %q, want the linker's", currentVersion())
	}
}
