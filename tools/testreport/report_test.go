package main

import (
	"strings"
	"testing"
)

const passing = `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"quiet\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Elapsed":0.5}
`

const failing = `{"Action":"output","Package":"p","Test":"TestA","Output":"raced\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}
`

const skipping = `{"Action":"skip","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p"}
`

func TestEveryOutcomeIsCountedAndDecidesTheExitCode(t *testing.T) {
	cases := []struct {
		name, events string
		exit         int
		want, never  string
	}{
		{"all pass", passing, 0, "ok    p: 1 in 0.5 s\nGo tests: 1 passed, 0 failed, 0 skipped", "quiet"},
		{"a skip fails the run and is shown", passing + `{"Action":"output","Package":"q","Test":"TestB","Output":"no server\n"}
{"Action":"skip","Package":"q","Test":"TestB"}
{"Action":"pass","Package":"q"}`, 1, "SKIP  q TestB\nno server\n", "FAIL  q"},
		{"a failing test is shown whole", `{"Action":"output","Package":"p","Test":"TestA","Output":"want 1, got 2\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}`, 1, "FAIL  p TestA\nwant 1, got 2\nFAIL  p (0.0 s)\nGo tests: 0 passed, 1 failed, 0 skipped", ""},
		{"a package that does not compile is one failure", `{"ImportPath":"p [p.test]","Action":"build-output","Output":"x.go:1: undefined: y\n"}
{"ImportPath":"p [p.test]","Action":"build-fail"}
{"Action":"fail","Package":"p","FailedBuild":"p [p.test]"}`, 1, "x.go:1: undefined: y\nFAIL  p (0.0 s)\nGo tests: 0 passed, 1 failed, 0 skipped", ""},
		{"a crash shows what the cut-off test said", passing + `{"Action":"output","Package":"q","Test":"TestB","Output":"panic: boom\n"}
{"Action":"fail","Package":"q"}`, 1, "panic: boom\nFAIL  q (0.0 s)\nGo tests: 1 passed, 1 failed, 0 skipped", ""},
		{"go test is stopped half-way", passing + `{"Action":"run","Package":"q","Test":"TestB"}`, 1, "1 passed, 1 failed, 0 skipped", ""},
		{"a test that passes twice is one", passing + passing, 0, "Tests that passed in a second run, too, counted once: 1\nGo tests: 1 passed, 0 failed, 0 skipped", ""},
		{"a test that fails in its second run fails", passing + failing, 1, "FAIL  p TestA\nraced\nFAIL  p (0.0 s)\nGo tests: 0 passed, 1 failed, 0 skipped", ""},
		{"a test that fails in its first run fails", failing + passing, 1, "Go tests: 0 passed, 1 failed, 0 skipped", ""},
		{"a test that is skipped in its second run has run", passing + skipping, 0, "Go tests: 1 passed, 0 failed, 0 skipped", "SKIP"},
		{"a test that is skipped in its first run has run in the second", skipping + passing, 0, "Go tests: 1 passed, 0 failed, 0 skipped", ""},
		{"a test that is skipped in both runs is skipped", skipping + skipping, 1, "Go tests: 0 passed, 0 failed, 1 skipped", ""},
		{"a package without tests is no skip", passing + `{"Action":"skip","Package":"q"}`, 0, "1 passed, 0 failed, 0 skipped", "SKIP"},
		{"no test at all", "", 1, "no test ran", ""},
		{"a line of the go command itself is kept", "go: cannot find main module\n" + passing, 0, "go: cannot find main module\n", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			if exit := run(strings.NewReader(c.events), &out); exit != c.exit {
				t.Errorf("exit code %d, want %d", exit, c.exit)
			}
			if !strings.Contains(out.String(), c.want) {
				t.Errorf("printed:\n%s\nmisses:\n%s", out.String(), c.want)
			}
			if c.never != "" && strings.Contains(out.String(), c.never) {
				t.Errorf("printed %q:\n%s", c.never, out.String())
			}
		})
	}
}
