package gateway

import "errors"

// ErrClientGone is the cause with which the context of a call ends when its client has left.
var ErrClientGone = errors.New("the client has left")
