package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is a process that answers HTTP on a loopback port.
type server struct {
	URL string
	cmd *exec.Cmd
	// answered is how long it took from its start to its first answer.
	answered time.Duration
}

// start runs a program with PORT and HOST set to a free loopback port, and
// waits until health answers.
func start(ctx context.Context, health string, env []string, program string, args ...string) (*server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &server{URL: "http://127.0.0.1:" + strconv.Itoa(port), cmd: exec.CommandContext(ctx, program, args...)}
	s.cmd.Env = append(append(os.Environ(), "HOST=127.0.0.1", "PORT="+strconv.Itoa(port)), env...)
	s.cmd.Stdout, s.cmd.Stderr = io.Discard, io.Discard
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	began := time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	client := &http.Client{Timeout: time.Second}
	for ; time.Since(began) < 20*time.Second; time.Sleep(2 * time.Millisecond) {
		answer, err := client.Get(s.URL + health)
		if err != nil {
			continue
		}
		_ = answer.Body.Close()
		if answer.StatusCode == http.StatusOK {
			s.answered = time.Since(began)
			return s, nil
		}
	}
	s.stop()
	return nil, fmt.Errorf("%s %s did not answer within 20 s; start it by hand to see why", program, strings.Join(args, " "))
}

func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait()
}

// residentMB is the memory that the process holds, in MiB.
func (s *server) residentMB() float64 {
	body, err := os.ReadFile("/proc/" + strconv.Itoa(s.cmd.Process.Pid) + "/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(body), "VmRSS:")
	kb, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	return kb / 1024
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}
