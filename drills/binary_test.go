package drills

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"codexible/cli"
)

// The binary as it is released: static, stamped with its version, ended by a real SIGTERM.
func TestTheStaticBinaryServesAndShutsDownInOrder(t *testing.T) {
	program, err := theProgram()
	if err != nil {
		t.Fatal(err)
	}
	p := startProgram(t, "DATA_DIR="+filepath.Join(t.TempDir(), "data"))
	if answer, err := loadClient.Get(p.url + "/health"); err != nil || answer.StatusCode != http.StatusOK {
		t.Error(answer, err)
	}
	p.stop(t)
	if out, err := exec.CommandContext(t.Context(), "bash", "-c", "file --brief "+program+" || true").Output(); err == nil && strings.Contains(string(out), "dynamically linked") {
		t.Errorf("the binary needs libraries of the machine: %s", out)
	}
	cmd := exec.CommandContext(t.Context(), program, "serve")
	cmd.Dir, cmd.Env = t.TempDir(), []string{"PORT=99999"}
	out, err := cmd.CombinedOutput()
	if exit, ended := errors.AsType[*exec.ExitError](err); !ended || exit.ExitCode() != cli.ExitFailed || !strings.Contains(string(out), "PORT must ") {
		t.Errorf("a bad port: %v %s", err, out)
	}
	interrupted := exec.CommandContext(t.Context(), program, "serve", "--demo")
	interrupted.Dir, interrupted.Env = t.TempDir(), []string{"PORT=0", "TMPDIR=" + t.TempDir()}
	stdout, err := interrupted.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := interrupted.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = interrupted.Process.Kill() })
	_, _ = bufio.NewReader(stdout).ReadString('\n')
	if err := interrupted.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, stdout)
	if err := interrupted.Wait(); err != nil {
		t.Errorf("Ctrl+C: %v", err)
	}
}
