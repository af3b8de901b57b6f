package gateway

import (
	"bytes"
	"errors"
	"io"
	"sync"
)

// upload is the body of a request while it is sent. An HTTP transport may go on reading it
// after its answer has come: a server can answer before it has read everything.
type upload struct {
	mu   sync.Mutex
	body []byte
	// open are the readers that have not read everything.
	open  int
	ended bool
}

var errUploadEnded = errors.New("the call has ended")

// reader reads the body from its beginning, as http.Request.GetBody does.
func (u *upload) reader() (io.ReadCloser, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.ended {
		return nil, errUploadEnded
	}
	u.open++
	return &uploadReader{upload: u}, nil
}

// detach leaves the caller's bytes to the caller: what is still to be sent is sent from a copy.
func (u *upload) detach() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.open > 0 {
		u.body = bytes.Clone(u.body)
	} else {
		u.ended, u.body = true, nil
	}
}

// end leaves the caller's bytes to the caller, and sends nothing more.
func (u *upload) end() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.ended, u.body = true, nil
}

type uploadReader struct {
	upload *upload
	at     int
	done   bool
}

func (r *uploadReader) Read(p []byte) (int, error) {
	u := r.upload
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case r.done:
		return 0, io.EOF
	case u.ended:
		return 0, errUploadEnded
	}
	n := copy(p, u.body[r.at:])
	r.at += n
	if r.at == len(u.body) {
		r.finish()
		return n, io.EOF
	}
	return n, nil
}

func (r *uploadReader) Close() error {
	r.upload.mu.Lock()
	defer r.upload.mu.Unlock()
	r.finish()
	return nil
}

func (r *uploadReader) finish() {
	if !r.done {
		r.done = true
		r.upload.open--
	}
}
