package main

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed load.lua
var loadScript []byte

// load is one kind of request against one server.
type load struct {
	Name        string
	URL         string
	Kind        string // verify, hold, complete, customer, admin or plain: see load.lua
	Path        string
	Body        string
	Bearer      string
	Keys        string
	Connections int
}

// sample is what one run of wrk measured. Latencies are in microseconds.
type sample struct {
	RPS            float64
	P50, P99, P999 int64
	Errors         int64
}

// fire runs wrk for a while, with one thread.
func fire(ctx context.Context, l load, script string, seconds int) (s sample, err error) {
	cmd := exec.CommandContext(ctx, "wrk", "-t1", "-c"+strconv.Itoa(l.Connections), "-d"+strconv.Itoa(seconds)+"s", "--timeout", "10s", "-s", script, l.URL)
	cmd.Env = append(os.Environ(), "KIND="+l.Kind, "TARGET="+l.Path, "BODY="+l.Body, "BEARER="+l.Bearer, "KEYS="+l.Keys)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return s, fmt.Errorf("wrk (%s): %w\n%s", l.Name, err, out)
	}
	_, line, found := strings.Cut(string(out), "RESULT ")
	var requests, micros int64
	if !found {
		return s, fmt.Errorf("wrk (%s) gave no result:\n%s", l.Name, out)
	}
	if _, err := fmt.Sscan(line, &requests, &micros, &s.Errors, &s.P50, &s.P99, &s.P999); err != nil {
		return s, fmt.Errorf("wrk (%s): %w\n%s", l.Name, err, out)
	}
	s.RPS = float64(requests) / (float64(micros) / 1e6)
	return s, nil
}

// interleave runs every load once in each round, so that a disturbance of the
// machine hits all of them alike; one round before them warms up and is dropped.
func interleave(ctx context.Context, loads []load, rounds, seconds int) ([][]sample, error) {
	folder, err := os.MkdirTemp("", "codexible-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	script := filepath.Join(folder, "load.lua")
	if err := os.WriteFile(script, loadScript, 0o600); err != nil {
		return nil, err
	}
	samples := make([][]sample, len(loads))
	for round := -1; round < rounds; round++ {
		for i, l := range loads {
			for1 := seconds
			if round < 0 {
				for1 = 1
			}
			s, err := fire(ctx, l, script, for1)
			if err != nil {
				return nil, err
			}
			if round >= 0 {
				samples[i] = append(samples[i], s)
			}
		}
	}
	return samples, nil
}

func median[T cmp.Ordered](values []T) T {
	values = slices.Clone(values)
	slices.Sort(values)
	return values[len(values)/2]
}

func pick[T any](samples []sample, get func(sample) T) []T {
	list := make([]T, len(samples))
	for i, s := range samples {
		list[i] = get(s)
	}
	return list
}

func rps(s sample) float64 { return s.RPS }
func p50(s sample) int64   { return s.P50 }
func p99(s sample) int64   { return s.P99 }
func p999(s sample) int64  { return s.P999 }

func errorsIn(samples []sample) (n int64) {
	for _, s := range samples {
		n += s.Errors
	}
	return n
}

func millis(micros int64) string {
	return strconv.FormatFloat(time.Duration(micros*int64(time.Microsecond)).Seconds()*1000, 'f', 2, 64)
}
