package main

import (
	"bufio"
	"io"
	"sync"
	"time"
)

// logDelay is how long a line of the log may wait for others to be written with it.
const logDelay = 50 * time.Millisecond

// logBuffer gathers the lines of a busy moment into one write: a line of its
// own for each request would cost a request a twentieth of its time. A lone
// line waits no longer than logDelay.
type logBuffer struct {
	mu      sync.Mutex
	out     *bufio.Writer
	waiting bool
}

func newLogBuffer(w io.Writer) *logBuffer {
	return &logBuffer{out: bufio.NewWriterSize(w, 64<<10)}
}

// Write takes a line; it reaches the writer with the next flush.
func (b *logBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.waiting {
		b.waiting = true
		time.AfterFunc(logDelay, b.flush)
	}
	return b.out.Write(line)
}

// flush writes what has gathered. A log that cannot be written has nobody to be told to.
func (b *logBuffer) flush() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = false
	_ = b.out.Flush()
}
