// Testreport reads what "go test -json" writes and prints a line a package, the whole output of what
// failed, and the counts, in which a test that ran more than once is one. It fails when a test failed in
// one of its runs, when one was skipped in all of them, and when none ran.
package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	os.Exit(run(os.Stdin, os.Stdout))
}

func run(events io.Reader, out io.Writer) int {
	report := newReport(out)
	if err := report.read(events); err != nil {
		fmt.Fprintf(out, "FAIL  the events of go test cannot be read: %v\n", err)
		return 1
	}
	passed, failed, skipped := report.count("pass"), report.count("fail"), report.count("skip")
	if report.again > 0 {
		fmt.Fprintf(out, "Tests that passed in a second run, too, counted once: %d\n", report.again)
	}
	fmt.Fprintf(out, "Go tests: %d passed, %d failed, %d skipped\n", passed, failed, skipped)
	switch {
	case failed > 0:
		return 1
	case skipped > 0:
		fmt.Fprintln(out, "FAIL  no test may be skipped here: provide what the tests above need, or correct them")
		return 1
	case passed == 0:
		fmt.Fprintln(out, "FAIL  no test ran")
		return 1
	}
	return 0
}
