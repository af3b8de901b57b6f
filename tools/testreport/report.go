package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// event is one line of "go test -json", as "go doc test2json" describes it.
type event struct {
	Action  string
	Package string // empty for what the compiler says
	Test    string
	Elapsed float64 // seconds
	Output  string
}

type report struct {
	out      io.Writer
	packages map[string]*suite

	tests  map[string]string // how each test and subtest ended; of several runs: failed, else passed, else skipped
	broken int               // packages that failed outside their tests
	again  int               // passes of tests that had passed before
}

// suite is a package while its tests run.
type suite struct {
	output          map[string]*strings.Builder // by test, "" for the package; dropped when the test passes
	ran, failedHere int
}

func newReport(out io.Writer) *report {
	return &report{out: out, packages: map[string]*suite{}, tests: map[string]string{}}
}

// count is how many tests ended so; a package that failed outside its tests counts as one.
func (r *report) count(action string) (n int) {
	for _, ended := range r.tests {
		if ended == action {
			n++
		}
	}
	if action == "fail" {
		n += r.broken
	}
	return n
}

// read takes events until the end. A line that is not an event, such as one of the go command itself, is printed as it is.
func (r *report) read(events io.Reader) error {
	lines := bufio.NewReader(events)
	for {
		line, err := lines.ReadBytes('\n')
		var e event
		switch {
		case len(bytes.TrimSpace(line)) == 0:
		case json.Unmarshal(line, &e) != nil: //nolint:musttag // the fields have go test's own names
			fmt.Fprintf(r.out, "%s\n", bytes.TrimRight(line, "\n"))
		default:
			r.take(e)
		}
		if err == io.EOF {
			r.unfinished()
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *report) take(e event) {
	if e.Package == "" {
		// Reported before the package's own failure, which counts it.
		fmt.Fprint(r.out, e.Output)
		return
	}
	s := r.packages[e.Package]
	if s == nil {
		s = &suite{output: map[string]*strings.Builder{}}
		r.packages[e.Package] = s
	}
	switch e.Action {
	case "output":
		s.write(e.Test, e.Output)
	case "pass", "fail", "skip":
		if e.Test != "" {
			r.test(s, e)
			return
		}
		r.packageEnds(s, e)
	}
}

func (r *report) test(s *suite, e event) {
	s.ran++
	name := e.Package + " " + e.Test
	before := r.tests[name]
	switch {
	case e.Action == "fail":
		s.failedHere++
		fmt.Fprintf(r.out, "FAIL  %s\n%s", name, s.text(e.Test))
	case e.Action == "pass" && before == "pass":
		r.again++
	case e.Action == "skip" && before == "":
		fmt.Fprintf(r.out, "SKIP  %s\n%s", name, s.text(e.Test))
	}
	if before != "fail" && (before != "pass" || e.Action == "fail") {
		r.tests[name] = e.Action
	}
	delete(s.output, e.Test)
}

func (r *report) packageEnds(s *suite, e event) {
	delete(r.packages, e.Package)
	switch {
	case e.Action == "fail":
		if s.failedHere == 0 {
			r.broken++
		}
		// What is left is the package's own output and that of tests which a crash cut off.
		for _, test := range slices.Sorted(maps.Keys(s.output)) {
			fmt.Fprint(r.out, s.text(test))
		}
		fmt.Fprintf(r.out, "FAIL  %s (%.1f s)\n", e.Package, e.Elapsed)
	case s.ran > 0:
		fmt.Fprintf(r.out, "ok    %s: %d in %.1f s\n", e.Package, s.ran, e.Elapsed)
	}
}

// unfinished reports packages that began and never ended: go test itself was stopped.
func (r *report) unfinished() {
	for _, name := range slices.Sorted(maps.Keys(r.packages)) {
		r.packageEnds(r.packages[name], event{Action: "fail", Package: name})
	}
}

func (s *suite) write(test, text string) {
	if s.output[test] == nil {
		s.output[test] = &strings.Builder{}
	}
	s.output[test].WriteString(text)
}

func (s *suite) text(test string) string {
	if s.output[test] == nil {
		return ""
	}
	return s.output[test].String()
}
