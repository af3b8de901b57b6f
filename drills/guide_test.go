package drills

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"codexible/docs/guide"
)

// commandBlock is a block of commands that a page of the guide shows.
var commandBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")

// refusalsFail has curl fail where the answer is an error.
const refusalsFail = "curl() { command curl --fail-with-body \"$@\"; }\n"

// filledIn is a script with the address of the service, and with a demo's key and model where a customer puts their own.
func filledIn(script, url string) string {
	return strings.NewReplacer("http://127.0.0.1:3001", url, "https://YOUR_ADDRESS", url, "YOUR_KEY", "codexible_demo_pro_2026", "YOUR_MODEL", "gpt-5-mini").Replace(script)
}

// Every command of the guide works, in the order of its page: against a demo, or, on the pages
// that use the command line, against a service that has just been installed.
func TestEveryCommandOfTheGuideWorks(t *testing.T) {
	files, err := filepath.Glob("../docs/guide/*.md")
	if err != nil || len(files) != len(guide.Pages()) {
		t.Fatalf("the guide has %d files and %d pages: %v", len(files), len(guide.Pages()), err)
	}
	program, err := theProgram()
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, file := range files {
		blocks := commandsOf(t, file)
		ran += len(blocks)
		if len(blocks) > 0 {
			t.Run(filepath.Base(file), func(t *testing.T) { runDocumented(t, program, strings.Join(blocks, "")) })
		}
	}
	if ran < 30 {
		t.Errorf("the guide has %d blocks of commands", ran)
	}
}

// Each block of commands of the README works by itself.
func TestEveryCommandOfTheReadmeWorks(t *testing.T) {
	program, err := theProgram()
	if err != nil {
		t.Fatal(err)
	}
	blocks := commandsOf(t, "../README.md")
	if len(blocks) < 2 {
		t.Errorf("the README has %d blocks of commands", len(blocks))
	}
	for i, block := range blocks {
		t.Run(strconv.Itoa(i+1), func(t *testing.T) { runDocumented(t, program, block) })
	}
}

// commandsOf are the blocks of commands that a document shows.
func commandsOf(t *testing.T, file string) (blocks []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range commandBlock.FindAllSubmatch(text, -1) {
		blocks = append(blocks, string(block[1]))
	}
	return blocks
}

// runDocumented runs commands beside a demo, or beside a service without data where they use the command line.
func runDocumented(t *testing.T, program, script string) {
	t.Helper()
	folder := t.TempDir()
	if err := os.Symlink(program, filepath.Join(folder, "codexible")); err != nil {
		t.Fatal(err)
	}
	args := []string{"serve", "--demo"}
	if regexp.MustCompile(`(?m)^(echo .*\| )?codexible `).MatchString(script) {
		args = args[:1]
	}
	data := "DATA_DIR=" + filepath.Join(folder, "data")
	service := serveWith(t, exec.Command(program, args...), data)
	run := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", refusalsFail+filledIn(script, service.url))
	run.Dir = folder
	run.Env = []string{"PATH=" + folder + ":" + os.Getenv("PATH"), data, "HOME=" + folder, "PROVIDER_KEY=sk-of-a-provider"}
	if out, err := run.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	service.stop(t)
}
