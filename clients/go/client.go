package codexible //nolint:revive // its comment is the generator's

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// New makes a client of the service at url, such as https://api.example.com, that calls it with a key.
func New(url, key string, options ...ClientOption) (*ClientWithResponses, error) {
	signed := WithRequestEditorFn(func(_ context.Context, request *http.Request) error {
		request.Header.Set("Authorization", "Bearer "+key)
		return nil
	})
	return NewClientWithResponses(url, append([]ClientOption{signed}, options...)...)
}

// FailedError is an answer of the service that is no success.
type FailedError struct {
	// Status is the status of the answer.
	Status int
	FailureDetail
}

// Error says what happened and how to ask about it.
func (e *FailedError) Error() string {
	if e.Code == "" {
		return fmt.Sprintf("the service answered %d", e.Status)
	}
	return fmt.Sprintf("%s: %s (request %s)", e.Code, e.Message, e.RequestId)
}

// failed makes an error of an answer.
func failed(response *http.Response, body []byte) error {
	e := &FailedError{Status: response.StatusCode}
	var answer Failure
	if json.Unmarshal(body, &answer) == nil {
		e.FailureDetail = answer.Error
	}
	return e
}

const (
	attempts = 6
	// firstPause doubles with every attempt, up to longestPause. A Retry-After counts up to there, too.
	firstPause, longestPause = 100 * time.Millisecond, 5 * time.Second
)

// retried makes a request until it is answered by other than a passing failure. What is asked
// must be harmless when it is repeated. ask returns the answer's status and header.
func retried(ctx context.Context, ask func() (int, http.Header, error)) error {
	for n, pause := 1, firstPause; ; n, pause = n+1, min(2*pause, longestPause) {
		status, header, err := ask()
		if n == attempts || err == nil && status != http.StatusTooManyRequests && status < http.StatusInternalServerError || header.Get("X-Should-Retry") == "false" {
			return err
		}
		wait := pause
		if seconds, invalid := strconv.Atoi(header.Get("Retry-After")); invalid == nil {
			wait = min(max(wait, time.Duration(seconds)*time.Second), longestPause)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(wait):
		}
	}
}
