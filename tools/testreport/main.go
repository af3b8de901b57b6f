// Testreport reads what "go test -json" writes and prints a line a package, the whole output of what
// failed, and the counts. It fails when a test failed, when one was skipped, and when none ran.
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
	fmt.Fprintf(out, "Go tests: %d passed, %d failed, %d skipped\n", report.passed, report.failed, report.skipped)
	switch {
	case report.failed > 0:
		return 1
	case report.skipped > 0:
		fmt.Fprintln(out, "FAIL  no test may be skipped here: provide what the tests above need, or correct them")
		return 1
	case report.passed == 0:
		fmt.Fprintln(out, "FAIL  no test ran")
		return 1
	}
	return 0
}
