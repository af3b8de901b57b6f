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

// logDelay is how long a line may wait to be written with others.
const logDelay = 50 * time.Millisecond

// LogBuffer collects lines into one write: a write for each line would cost a
// request a twentieth of its time. A line waits no longer than logDelay.
type LogBuffer struct {
	mu      sync.Mutex
	out     *bufio.Writer
	waiting bool
}

// NewLogBuffer returns a buffer that writes to w.
func NewLogBuffer(w io.Writer) *LogBuffer {
	return &LogBuffer{out: bufio.NewWriterSize(w, 64<<10)}
}

// Write adds a line, which the next flush writes.
func (b *LogBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.waiting {
		b.waiting = true
		time.AfterFunc(logDelay, b.Flush)
	}
	return b.out.Write(line)
}

// Flush writes the collected lines. An error is dropped: the log is where it would go.
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
