package gateway

import (
	"context"
	"testing"
)

// When a call is cut, the read of its upstream fails too, and may be seen first.
func TestAStreamThatIsCutDoesNotBlameItsUpstream(t *testing.T) {
	ctx, cut := context.WithCancelCause(t.Context())
	s := &stream{call: &call{ctx: ctx}, frames: newFramer()}
	cut(errEnded)
	s.take(chunk{err: context.Canceled})
	if s.over || s.inFailure {
		t.Errorf("the stream is over (%t), by a failure of its upstream (%t)", s.over, s.inFailure)
	}
}
