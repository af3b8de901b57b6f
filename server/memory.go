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

// memoryShare is the Go runtime's share of the cgroup's memory. The rest is for
// what it does not count: SQLite's memory, the program itself, kernel buffers.
const memoryShare = 0.8

// limitMemory sets the Go runtime's memory limit from the cgroup's, so that it
// collects garbage before the kernel kills the process. GOMEMLIMIT wins.
func (s *service) limitMemory(ctx context.Context) {
	if debug.SetMemoryLimit(-1) != math.MaxInt64 { // a negative limit returns the one in force
		return
	}
	if most, found := cgroupMemory(os.DirFS("/")); found {
		limit := int64(float64(most) * memoryShare)
		debug.SetMemoryLimit(limit)
		s.Log.DebugContext(ctx, "Go memory limit set from the cgroup", "bytes", limit, "cgroup_bytes", most)
	}
}

// unlimited: cgroups of version 1 write a value above this one for no limit.
const unlimited = math.MaxInt64 >> 8

// cgroupMemory returns the smallest memory limit of this process's cgroups, version
// 1 or 2; found is false if none has a limit. root is the machine's file system.
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
		// Parent groups limit it too. In a container the path may be the host's, and only the top exists.
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
