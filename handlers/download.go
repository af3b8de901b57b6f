package handlers

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"codexible/accounts"
	"codexible/fault"
)

const (
	// maxDownloads bounds how many exports and backups one instance runs at once:
	// each may read the whole database.
	maxDownloads = 2
	// streamLife is the deadline of a download; the request's own does not apply to it.
	streamLife = 10 * time.Minute
	// downloadRetry is the Retry-After of a refused download.
	downloadRetry = 30 * time.Second
)

var errDownloads = &fault.Error{
	Kind: fault.Unavailable, RetryAfter: downloadRetry,
	Message: "Two other exports or backups are running. Wait until one of them has finished, then try again.",
}

// download adapts a page that answers with a file. It is refused immediately
// while maxDownloads others run.
func (c *Console) download(serve pageHandler) operation {
	return c.page(func(ctx context.Context, v *visit) (r reply, err error) {
		select {
		case c.downloads <- struct{}{}:
		default:
			return reply{}, errDownloads
		}
		defer func() {
			if r.stream == nil { // a stream releases its place when it ends
				<-c.downloads
			}
		}()
		return serve(ctx, v)
	})
}

// flow starts to write a file and returns the pipe to read it from. After an
// error the response has no last chunk, so the client sees that the file is
// incomplete. The deadline also ends a stream that the client does not read.
func (c *Console) flow(by accounts.Actor, r reply) *io.PipeReader {
	from, to := io.Pipe()
	ctx, cancel := context.WithTimeout(c.api.life, streamLife)
	stopped := context.AfterFunc(ctx, func() { _ = to.CloseWithError(ctx.Err()) })
	c.flowing.Go(func() {
		defer func() {
			stopped()
			cancel()
			<-c.downloads
		}()
		err := makeFile(ctx, r, to)
		if err != nil {
			if ctx.Err() != nil {
				err = fmt.Errorf("deadline exceeded, or the service stopped: %w", ctx.Err())
			}
			c.recordFailure(by, r.failure, err) //nolint:contextcheck // recorded after the context has ended, too
			c.api.Log.Warn("a download was cut off", "request_id", by.RequestID, "file", r.filename, "error", err)
		}
		_ = to.CloseWithError(err)
	})
	return from
}

// makeFile runs outside the request, where a panic would end the process.
func makeFile(ctx context.Context, r reply, out io.Writer) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	return r.stream(ctx, out)
}

// Wait returns when all downloads have ended or ctx is done. Parts.Life ends their
// contexts.
func (c *Console) Wait(ctx context.Context) error {
	ended := make(chan struct{})
	go func() {
		c.flowing.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
