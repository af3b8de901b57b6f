package drills

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/store/storetest"
)

// errorDisk is a file system in a file, which the kernel can be made to
// stop writing to as it does after an error of a disk.
type errorDisk struct{ image, mount string }

func newErrorDisk(t *testing.T, content string) (d errorDisk, err error) {
	t.Helper()
	if os.Geteuid() != 0 {
		return d, errors.New("only root may mount a file")
	}
	for _, program := range []string{"mkfs.ext4", "e2fsck", "unshare", "nsenter"} {
		if _, err := exec.LookPath(program); err != nil {
			return d, err
		}
	}
	if _, err := os.Stat("/dev/loop-control"); err != nil {
		return d, err
	}
	d = errorDisk{image: filepath.Join(t.TempDir(), "disk"), mount: t.TempDir()}
	if out, err := exec.Command("mkfs.ext4", "-q", "-d", content, d.image, "512M").CombinedOutput(); err != nil {
		return d, fmt.Errorf("mkfs.ext4: %w: %s", err, out)
	}
	// Whether the kernel takes both steps is seen before a service depends on it. The mount goes with the command.
	if out, err := exec.Command("unshare", "--mount", "sh", "-c", mountErrorDisk+` && mount -o remount,abort "$2"`, "sh", d.image, d.mount).CombinedOutput(); err != nil {
		return d, fmt.Errorf("%w: %s", err, out)
	}
	return d, nil
}

// mountErrorDisk is what a start of the machine does: it repairs the disk and mounts it.
const mountErrorDisk = `{ e2fsck -p "$1" >/dev/null || test $? = 1; } && mount -o loop,errors=remount-ro "$1" "$2"`

// serve starts the service, which alone sees the disk; it is unmounted when the service ends.
func (d errorDisk) serve(t *testing.T) *process {
	t.Helper()
	path, err := theProgram()
	if err != nil {
		t.Fatal(err)
	}
	return serveWith(t, exec.Command("unshare", "--mount", "sh", "-c", mountErrorDisk+` && exec "$3" serve`, "sh", d.image, d.mount, path), "DATA_DIR="+d.mount)
}

// fail has the kernel find an error. A plain remount as read-only is refused while files are open for writing.
func (d errorDisk) fail(t *testing.T, p *process) {
	t.Helper()
	if out, err := exec.Command("nsenter", fmt.Sprintf("--mount=/proc/%d/ns/mnt", p.cmd.Process.Pid), "mount", "-o", "remount,abort", d.mount).CombinedOutput(); err != nil {
		t.Fatalf("remount,abort: %v\n%s", err, out)
	}
}

func TestChaosDiskTurnsReadOnly(t *testing.T) {
	seeded := storetest.SQLiteURL(t)
	c := newCustomer(t, seeded, accounts.MaxDailyCredits, 4)
	disk, err := newErrorDisk(t, filepath.Dir(strings.TrimPrefix(seeded, "sqlite:")))
	if err != nil {
		missing(t, "no disk can be made to turn read-only: "+err.Error())
	}
	p := disk.serve(t)
	d := beginDrill(t, p.url, c)
	d.expect("before", 0, http.StatusOK)

	disk.fail(t, p)
	Eventually(t, 20*time.Second, "a charge to be refused", func() bool { return d.charge(c.secrets[0]).status == http.StatusServiceUnavailable })
	<-time.After(faultLasts(time.Second, 30*time.Second))
	if status := read(t, p.url+"/api/usage/history", c.secrets[0]); status != http.StatusOK {
		t.Errorf("with the disk read-only a read is answered %d", status)
	}
	if a := get(t, p.url+"/health/ready"); a.status != http.StatusOK || !strings.Contains(a.body, `"disk":"unavailable"`) {
		t.Errorf("with the disk read-only the readiness is %d %s", a.status, a.body)
	}
	close(d.stop)
	d.done.Wait()
	d.expect("disk turned read-only by the kernel", 0, http.StatusOK, http.StatusServiceUnavailable)

	// Nothing but unmounting and repairing makes such a disk writable again.
	p.kill()
	repaired := time.Now()
	p = disk.serve(t)
	d.url, d.stop = p.url, make(chan struct{})
	d.recovered(10 * time.Second)
	d.expect("disk repaired and mounted again, service started", time.Since(repaired), http.StatusOK)
	d.repeat()
	d.check(stopAndCopy(t, p, fmt.Sprintf("/proc/%d/root%s", p.cmd.Process.Pid, disk.mount)))
}

// read sends a GET with a key, and returns the status.
func read(t *testing.T, url, secret string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+secret)
	response, err := loadClient.Do(request)
	if err != nil {
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}
