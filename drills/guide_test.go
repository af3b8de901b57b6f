package drills

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"codexible/docs/guide"
)

// commandBlock is a block of commands that a page of the guide shows.
var commandBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")

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
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var script strings.Builder
		for _, block := range commandBlock.FindAllSubmatch(text, -1) {
			script.Write(block[1])
			ran++
		}
		if script.Len() == 0 {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			folder := t.TempDir()
			if err := os.Symlink(program, filepath.Join(folder, "codexible")); err != nil {
				t.Fatal(err)
			}
			args := []string{"serve", "--demo"}
			if regexp.MustCompile(`(?m)^(echo .*\| )?codexible `).MatchString(script.String()) {
				args = args[:1]
			}
			data := "DATA_DIR=" + filepath.Join(folder, "data")
			service := serveWith(t, exec.Command(program, args...), data)
			run := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", strings.ReplaceAll(script.String(), "http://127.0.0.1:3001", service.url))
			run.Dir = folder
			run.Env = []string{"PATH=" + folder + ":" + os.Getenv("PATH"), data, "HOME=" + folder}
			if out, err := run.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
			service.stop(t)
		})
	}
	if ran < 10 {
		t.Errorf("the guide has %d blocks of commands", ran)
	}
}
