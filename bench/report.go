package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// report gathers tables in Markdown.
type report struct {
	sections []section
}

type section struct {
	title, text string
	head        []string
	rows        [][]string
}

func (r *report) section(title, text string, head ...string) *section {
	for i := range r.sections {
		if r.sections[i].title == title {
			return &r.sections[i]
		}
	}
	r.sections = append(r.sections, section{title: title, text: text, head: head})
	return &r.sections[len(r.sections)-1]
}

func (s *section) row(cells ...string) { s.rows = append(s.rows, cells) }

func (r *report) throughput(loads []load, samples [][]sample) {
	s := r.section("Throughput", "64 connections unless stated otherwise; 1000 keys of 1000 users. The ratio compares with a bare Fiber server in the same rounds.",
		"request", "requests/s", "ratio to bare Fiber", "lowest and highest run", "p50 ms", "p99 ms", "p99.9 ms", "errors")
	bare := median(pick(samples[0], rps))
	for i, l := range loads {
		runs := pick(samples[i], rps)
		s.row(l.Name, fmt.Sprintf("%.0f", median(runs)), fmt.Sprintf("%.2f", median(runs)/bare), spread(runs, "%.0f"),
			millis(median(pick(samples[i], p50))), millis(median(pick(samples[i], p99))), millis(median(pick(samples[i], p999))), fmt.Sprint(errorsIn(samples[i])))
	}
}

func (r *report) against(revision string, loads []load, samples [][]sample) {
	s := r.section("Beside an older revision", fmt.Sprintf("This revision (after) and `%s` (before), each with a small store of its own, in the same rounds. A ratio above 1 is an improvement; it is the median of the rounds' ratios.", revision),
		"request", "after to before", "lowest and highest round", "before, to bare Fiber", "after, to bare Fiber", "errors")
	bare := median(pick(samples[0], rps))
	for i := 1; i < len(loads); i += 2 {
		before, after := pick(samples[i], rps), pick(samples[i+1], rps)
		ratios := make([]float64, len(before))
		for round := range before {
			ratios[round] = after[round] / before[round]
		}
		s.row(loads[i].Name, fmt.Sprintf("%.2f", median(ratios)), spread(ratios, "%.2f"), fmt.Sprintf("%.2f", median(before)/bare), fmt.Sprintf("%.2f", median(after)/bare),
			fmt.Sprint(errorsIn(samples[i])+errorsIn(samples[i+1])))
	}
}

func (r *report) holds(loads []load, samples [][]sample) {
	s := r.section("Holds", "A hold and its settlement, two requests, beside a plain charge, one request, in the same rounds.",
		"database", "holds settled to charges", "lowest and highest round", "errors")
	for i := 0; i < len(loads); i += 2 {
		charges, requests := pick(samples[i], rps), pick(samples[i+1], rps)
		ratios := make([]float64, len(charges))
		for round := range charges {
			ratios[round] = requests[round] / 2 / charges[round]
		}
		s.row(loads[i].Name, fmt.Sprintf("%.2f", median(ratios)), spread(ratios, "%.2f"), fmt.Sprint(errorsIn(samples[i])+errorsIn(samples[i+1])))
	}
}

func (r *report) lone(database string, charge, commit time.Duration) {
	s := r.section("A single charge", "The median over HTTP with one connection, compared with the median of a plain one-row commit in the same database.",
		"database", "charge ms", "plain commit ms", "difference ms")
	s.row(database, fmt.Sprintf("%.2f", charge.Seconds()*1000), fmt.Sprintf("%.2f", commit.Seconds()*1000), fmt.Sprintf("%.2f", (charge-commit).Seconds()*1000))
}

func (r *report) reads(database string, loads []load, samples [][]sample) {
	s := r.section("Reads of the large store", fmt.Sprintf("%d users, %d keys, %d charges; 4 connections; the 99th percentile is the median of the runs.", large.Users, large.Keys, large.Charges),
		"request", "database", "requests/s", "p50 ms", "p99 ms", "errors")
	for i, l := range loads {
		s.row("`"+l.Name+"`", database, fmt.Sprintf("%.0f", median(pick(samples[i], rps))), millis(median(pick(samples[i], p50))), millis(median(pick(samples[i], p99))), fmt.Sprint(errorsIn(samples[i])))
	}
}

func (r *report) flat(name string, small1, large1 []sample) {
	s := r.section("Small store and large store", fmt.Sprintf("The same load on a store with %d keys and %d charges and on one with %d keys and %d charges, in pairs. The load uses 1000 keys of each store.", small.Keys, small.Charges, large.Keys, large.Charges),
		"request", "large to small, median ratio", "lowest and highest pair")
	ratios := make([]float64, len(small1))
	for i := range small1 {
		ratios[i] = large1[i].RPS / small1[i].RPS
	}
	s.row(name, fmt.Sprintf("%.2f", median(ratios)), spread(ratios, "%.2f"))
}

func (r *report) memory(name string, answered time.Duration, idle, after float64) {
	s := r.section("Start and memory", "Time from process start to the first response, on an existing store, and resident memory.",
		"store", "first response ms", "after start MiB", "after the runs above MiB")
	s.row(name, fmt.Sprintf("%.0f", answered.Seconds()*1000), fmt.Sprintf("%.0f", idle), fmt.Sprintf("%.0f", after))
}

func (r *report) allocation(name, nanos, bytes, allocs string) {
	s := r.section("Allocations", "`go test ./handlers -run '^$' -bench Verify -benchmem`: in one process, without a network.", "benchmark", "ns per request", "bytes", "allocations")
	s.row(name, nanos, bytes, allocs)
}

func spread(values []float64, format string) string {
	low, high := values[0], values[0]
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	return fmt.Sprintf(format+" to "+format, low, high)
}

func (r *report) write(b *bench) error {
	var out strings.Builder
	_, _ = fmt.Fprintf(&out, "# Benchmarks\n\n`%s` on %s, %s; wrk with one thread on the same machine. Medians of %d interleaved runs of %d s. Absolute figures hold for this machine only; compare the ratios.\n\nMachine: %s.\n",
		strings.TrimSpace("make bench "+argsOf()), b.started.UTC().Format(time.DateOnly), revision(), b.rounds, b.seconds, machine())
	for _, s := range r.sections {
		_, _ = fmt.Fprintf(&out, "\n## %s\n\n%s\n\n| %s |\n|%s\n", s.title, s.text, strings.Join(s.head, " | "), strings.Repeat(" --- |", len(s.head)))
		for _, row := range s.rows {
			_, _ = fmt.Fprintf(&out, "| %s |\n", strings.Join(row, " | "))
		}
	}
	fmt.Print(out.String())
	if b.quick || b.partial {
		return nil
	}
	return os.WriteFile("BENCH.md", []byte(out.String()), 0o644)
}

func revision() string {
	out, err := exec.Command("git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return "an unknown revision"
	}
	return "revision " + strings.TrimSpace(string(out))
}

func machine() string {
	model := runtime.GOARCH
	if body, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, rest, found := strings.Cut(string(body), "model name"); found {
			model = strings.TrimSpace(strings.TrimLeft(strings.SplitN(rest, "\n", 2)[0], "\t :"))
		}
	}
	info, _ := debug.ReadBuildInfo()
	return fmt.Sprintf("%d cores (%s), %s, %s", runtime.NumCPU(), model, runtime.GOOS, info.GoVersion)
}

// argsOf is the ARGS of make bench.
func argsOf() string {
	if len(os.Args) < 2 {
		return ""
	}
	return `ARGS="` + strings.Join(os.Args[1:], " ") + `"`
}
