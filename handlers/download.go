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
	// maxDownloads is how many exports and backups of one instance run at once:
	// each may read all of the database.
	maxDownloads = 2
	// streamLife bounds a download; it goes on after the request's own deadline.
	streamLife = 10 * time.Minute
	// downloadRetry is what a refused download is told to wait.
	downloadRetry = 30 * time.Second
)

var errDownloads = &fault.Error{
	Kind: fault.Unavailable, RetryAfter: downloadRetry,
	Message: "Two other exports or backups are running. Wait until one of them has finished, then try again.",
}

// download adapts a page that answers with a file: it waits for nobody, and is
// refused while maxDownloads others run.
func (c *Console) download(serve pageHandler) operation {
	return c.page(func(ctx context.Context, v *visit) (r reply, err error) {
		select {
		case c.downloads <- struct{}{}:
		default:
			return reply{}, errDownloads
		}
		defer func() {
			if r.stream == nil { // what flows gives its place back when it has ended
				<-c.downloads
			}
		}()
		return serve(ctx, v)
	})
}

// flow begins to make a file, and gives the end from which it is read. An error
// of the pipe leaves the answer without its last chunk: nobody takes half a file
// for a whole one. Where the reader does not read, the file's time ends it all
// the same.
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
				err = fmt.Errorf("its time was over, or the service stopped: %w", ctx.Err())
			}
			c.recordFailure(by, r.failure, err) //nolint:contextcheck // it is written down also where the context has ended
			c.api.Log.Warn("a download was cut off", "request_id", by.RequestID, "file", r.filename, "error", err)
		}
		_ = to.CloseWithError(err)
	})
	return from
}

// makeFile runs outside of the request: a panic here would end the process.
func makeFile(ctx context.Context, r reply, out io.Writer) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	return r.stream(ctx, out)
}

// Wait returns when every download has ended, or ctx. Their contexts end with
// Parts.Life.
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
