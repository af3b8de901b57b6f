package server

import (
	"bufio"
	"io"
	"log/slog"
	"sync"
	"time"

	"codexible/config"
	"codexible/handlers"
)

// logDelay is how long a line of the log may wait for others to be written with it.
const logDelay = 50 * time.Millisecond

// LogBuffer gathers the lines of a busy moment into one write: a line of its
// own for each request would cost a request a twentieth of its time. A lone
// line waits no longer than logDelay.
type LogBuffer struct {
	mu      sync.Mutex
	out     *bufio.Writer
	waiting bool
}

// NewLogBuffer gathers lines for w.
func NewLogBuffer(w io.Writer) *LogBuffer {
	return &LogBuffer{out: bufio.NewWriterSize(w, 64<<10)}
}

// Write takes a line; it reaches the writer with the next flush.
func (b *LogBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.waiting {
		b.waiting = true
		time.AfterFunc(logDelay, b.Flush)
	}
	return b.out.Write(line)
}

// Flush writes what has gathered. A log that cannot be written has nobody to be told to.
func (b *LogBuffer) Flush() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = false
	_ = b.out.Flush()
}

// NewLogger writes to w as LOG_LEVEL and LOG_FORMAT say.
func NewLogger(c *config.Config, w io.Writer) *slog.Logger {
	if c.LogFormat == "text" {
		return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: c.LogLevel}))
	}
	return slog.New(handlers.NewJSONLog(w, c.LogLevel))
}
