package server

import (
	"testing"
	"testing/fstest"
)

func TestTheMemoryLimitIsThatOfTheCgroupAndOfThoseAboveIt(t *testing.T) {
	for _, try := range []struct {
		name  string
		files map[string]string
		most  int64
		found bool
	}{
		{"a unit with a limit", map[string]string{
			"proc/self/cgroup": "0::/system.slice/codexible.service\n", "sys/fs/cgroup/system.slice/codexible.service/memory.max": "536870912\n",
			"sys/fs/cgroup/system.slice/memory.max": "max\n",
		}, 512 << 20, true},
		{"a limit of a group above", map[string]string{
			"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "536870912\n", "sys/fs/cgroup/a/memory.max": "268435456\n",
		}, 256 << 20, true},
		{"a container", map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "1073741824\n"}, 1 << 30, true},
		{"a container that sees the host's path", map[string]string{"proc/self/cgroup": "0::/../../kubepods/pod1\n", "sys/fs/cgroup/memory.max": "1073741824\n"}, 1 << 30, true},
		{"version 1", map[string]string{
			"proc/self/cgroup": "5:cpu,cpuacct:/x\n4:memory:/docker/abc\n0::/\n", "sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes": "536870912\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
		}, 512 << 20, true},
		{"version 1 in a container", map[string]string{"proc/self/cgroup": "4:memory:/docker/abc\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "536870912\n"}, 512 << 20, true},
		{"no limit", map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n"}, 0, false},
		{"no limit in version 1", map[string]string{"proc/self/cgroup": "4:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, 0, false},
		{"files that say nothing", map[string]string{"proc/self/cgroup": "nonsense\n0::/\n", "sys/fs/cgroup/memory.max": "0\n"}, 0, false},
		{"no cgroups", nil, 0, false},
	} {
		root := fstest.MapFS{}
		for name, text := range try.files {
			root[name] = &fstest.MapFile{Data: []byte(text)}
		}
		if most, found := cgroupMemory(root); found != try.found || (found && most != try.most) {
			t.Errorf("%s: %d %v, want %d %v", try.name, most, found, try.most, try.found)
		}
	}
}
