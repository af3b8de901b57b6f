//go:build agents

package drills

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

var openCode = agent{
	name:    "OpenCode",
	program: "opencode-linux-*/bin/opencode",
	args:    func() []string { return []string{"run", "--format", "json", turn} },
	prepare: func(t *testing.T, home, address, key, model string) {
		t.Helper()
		toolOf(t, "opencode").writeFiles(t, home, address, key, model, false)
	},
	env: func(t *testing.T, address, key, model string) []string {
		t.Helper()
		return toolOf(t, "opencode").environment(t, address, key, model)
	},
	says: func(t *testing.T, output []byte) (said string, succeeded bool) {
		t.Helper()
		for line := range bytes.Lines(output) {
			var event struct {
				Type string `json:"type"`
				Part struct {
					Text   string `json:"text"`
					Reason string `json:"reason"`
				} `json:"part"`
			}
			if json.Unmarshal(line, &event) != nil {
				continue
			}
			switch event.Type {
			case "text":
				said = event.Part.Text
			case "step_finish":
				succeeded = event.Part.Reason == "stop"
			}
		}
		return said, succeeded
	},
	// Before the turn it asks the small model for a title of the session.
	titles: 1,
}

var continueCLI = agent{
	name:    "Continue in a terminal",
	program: "@continuedev/cli/dist/cn.js",
	args:    func() []string { return []string{"--print", "--format", "json", "--allow", "Bash", turn} },
	prepare: func(t *testing.T, home, address, key, model string) {
		t.Helper()
		toolOf(t, "continue").writeFiles(t, home, address, key, model, false)
	},
	env: func(*testing.T, string, string, string) []string { return nil },
	says: func(t *testing.T, output []byte) (said string, succeeded bool) {
		t.Helper()
		for line := range bytes.Lines(output) {
			var result struct {
				Response string `json:"response"`
				Status   string `json:"status"`
			}
			if json.Unmarshal(line, &result) == nil && result.Status != "" {
				said, succeeded = result.Response, result.Status == "success"
			}
		}
		return said, succeeded
	},
}

var cline = agent{
	name:    "Cline in a terminal",
	program: "@cline/cli-linux-*/bin/cline",
	args:    func() []string { return []string{"--json", turn} },
	prepare: func(t *testing.T, home, address, key, model string) {
		t.Helper()
		// The command of the table, in a terminal that has the program on its path.
		programs := t.TempDir()
		if err := os.Symlink(installed(t, "@cline/cli-linux-*/bin/cline"), filepath.Join(programs, "cline")); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), "sh", "-ec", toolOf(t, "cline").commands(t, address, key, model, true))
		cmd.Dir, cmd.Env = home, []string{"PATH=" + programs + ":" + os.Getenv("PATH"), "HOME=" + home}
		if output, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, output)
		}
	},
	env: func(*testing.T, string, string, string) []string { return nil },
	says: func(t *testing.T, output []byte) (said string, succeeded bool) {
		t.Helper()
		for line := range bytes.Lines(output) {
			var event struct {
				Type         string `json:"type"`
				Text         string `json:"text"`
				FinishReason string `json:"finishReason"` //nolint:tagliatelle // as Cline writes it
			}
			if json.Unmarshal(line, &event) == nil && event.Type == "run_result" {
				said, succeeded = event.Text, event.FinishReason == "completed"
			}
		}
		return said, succeeded
	},
}
