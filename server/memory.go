package server

import (
	"bytes"
	"context"
	"io/fs"
	"math"
	"os"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
)

// memoryShare is the part of the memory that the process may have which the Go
// runtime keeps to. The rest is for what it does not count: SQLite's memory, the
// program itself, the kernel's buffers.
const memoryShare = 0.8

// limitMemory has the Go runtime keep to the memory that the process's cgroup may
// have: it collects garbage more often before the kernel would end the process.
// GOMEMLIMIT comes before it.
func (s *service) limitMemory(ctx context.Context) {
	if debug.SetMemoryLimit(-1) != math.MaxInt64 { // a negative limit asks for the present one
		return
	}
	if most, found := cgroupMemory(os.DirFS("/")); found {
		limit := int64(float64(most) * memoryShare)
		debug.SetMemoryLimit(limit)
		s.Log.DebugContext(ctx, "the Go runtime keeps to its part of the cgroup's memory", "bytes", limit, "cgroup_bytes", most)
	}
}

// unlimited is where version 1 of cgroups begins to mean that there is no limit.
const unlimited = math.MaxInt64 >> 8

// cgroupMemory is the least memory that the cgroups of this process may have, of
// version 2 or 1; root is the machine's files. It answers false where none is limited.
func cgroupMemory(root fs.FS) (most int64, found bool) {
	text, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return 0, false
	}
	most = unlimited
	for line := range strings.Lines(string(text)) {
		// hierarchy, controllers and path, such as 0::/system.slice/codexible.service
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		mount, file := "sys/fs/cgroup", "memory.max"
		switch {
		case parts[0] == "0" && parts[1] == "":
		case hasController(parts[1], "memory"):
			mount, file = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		default:
			continue
		}
		// The groups above limit it too. In a container the path may be the host's, and only the top be there.
		for group := path.Clean("/" + parts[2]); ; group = path.Dir(group) {
			if limit, limited := readLimit(root, path.Join(mount, group, file)); limited {
				most = min(most, limit)
			}
			if group == "/" {
				break
			}
		}
	}
	return most, most < unlimited
}

func hasController(list, name string) bool {
	for controller := range strings.SplitSeq(list, ",") {
		if controller == name {
			return true
		}
	}
	return false
}

// readLimit reads a file of a cgroup: a number of bytes, or "max".
func readLimit(root fs.FS, file string) (int64, bool) {
	text, err := fs.ReadFile(root, file)
	if err != nil {
		return 0, false
	}
	limit, err := strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64)
	return limit, err == nil && limit > 0
}
