package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"sync"
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

// Download adapts a page that answers with a file. It is refused immediately
// while maxDownloads others run.
func (c *Console) Download(serve Page) Page {
	return func(ctx context.Context, v *Visit) (r Reply, err error) {
		select {
		case c.downloads <- struct{}{}:
		default:
			return Reply{}, errDownloads
		}
		defer func() {
			if r.File == nil { // a file releases its slot when it ends
				<-c.downloads
			}
		}()
		if r, err = serve(ctx, v); err == nil && r.stream != nil {
			r.File = c.flow(v.By, r) //nolint:contextcheck // a download outlives its request's deadline
		}
		return r, err
	}
}

// Stream is a download for a caller without a page: write makes it, and its audit entry says of whom.
// Closing it ends the making.
func (c *Console) Stream(ctx context.Context, by accounts.Actor, of accounts.AuditEntry, what, whose string, write func(ctx context.Context, w io.Writer) error) (io.ReadCloser, error) {
	made := of
	made.Action, made.Details = "export.made", fmt.Sprintf("Exported the %s %s.", what, whose)
	failure := made
	failure.Action, failure.Details = "export.failed", fmt.Sprintf("An export of the %s %s failed.", what, whose)
	r, err := c.Download(func(ctx context.Context, _ *Visit) (Reply, error) {
		return Reply{stream: write, failure: failure}, c.Store.Record(ctx, by, made)
	})(ctx, &Visit{By: by})
	return r.File, err
}

// flow starts to write a file and returns the pipe to read it from. After an
// error the response has no last chunk, so the client sees that the file is
// incomplete. The deadline also ends a stream that the client does not read, and
// closing the pipe ends what the database is asked at the moment.
func (c *Console) flow(by accounts.Actor, r Reply) io.ReadCloser {
	from, to := io.Pipe()
	wanted, abandon := context.WithCancelCause(c.Life)
	ctx, cancel := context.WithTimeout(wanted, streamLife)
	stopped := context.AfterFunc(ctx, func() { _ = to.CloseWithError(ctx.Err()) })
	c.flowing.Go(func() {
		defer func() {
			stopped()
			cancel()
			abandon(nil)
			<-c.downloads
		}()
		err := makeFile(ctx, r, to)
		if err != nil {
			switch {
			case errors.Is(context.Cause(ctx), errAbandoned):
				err = fmt.Errorf("%w: %w", errAbandoned, err)
			case ctx.Err() != nil:
				err = fmt.Errorf("deadline exceeded, or the service stopped: %w", ctx.Err())
			}
			c.recordFailure(by, r.failure, err) //nolint:contextcheck // recorded after the context has ended, too
			c.Log.Warn("a download was cut off", "request_id", by.RequestID, "file", r.Filename, "error", err)
		}
		_ = to.CloseWithError(err)
	})
	return pipe{from, abandon}
}

// errAbandoned says that the client closed the connection before the end of its file.
var errAbandoned = errors.New("the client closed the connection")

// pipe is a file that is being made. Closing it ends the making.
type pipe struct {
	*io.PipeReader

	abandon context.CancelCauseFunc
}

// Close implements io.Closer.
func (p pipe) Close() error {
	p.abandon(errAbandoned)
	return p.PipeReader.Close()
}

// makeFile runs outside the request, where a panic would end the process.
func makeFile(ctx context.Context, r Reply, out io.Writer) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	return r.stream(ctx, out)
}

// recordFailure records a failed download in the audit log, unless the client
// closed the connection. The service's log has the cause.
func (c *Console) recordFailure(by accounts.Actor, e accounts.AuditEntry, cause error) {
	if errors.Is(cause, io.ErrClosedPipe) || errors.Is(cause, errAbandoned) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := c.Store.Record(ctx, by, e); err != nil {
		c.Log.Warn("could not record a failed download in the audit log", "request_id", by.RequestID, "error", err)
	}
}

// Wait returns when all downloads have ended or ctx is done. Parts.Life ends their
// contexts.
func (c *Console) Wait(ctx context.Context) error { return Await(ctx, &c.flowing) }

// Await returns when all of a group have ended, or with the error of ctx when that is done.
func Await(ctx context.Context, group *sync.WaitGroup) error {
	ended := make(chan struct{})
	go func() {
		group.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
