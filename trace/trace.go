// Package trace follows the requests that are sampled from the socket to the
// disk, as OpenTelemetry understands it. A request that is not sampled has no
// span: every method works on a nil one and does nothing, so following costs
// what it is used. It is a package of its own, and no SDK, because the service
// makes four kinds of spans and the SDK brings gRPC to send them.
package trace

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"sync"
	"time"
)

// ID names a trace.
type ID [16]byte

// SpanID names a span of a trace.
type SpanID [8]byte

// Attribute is a fact about a span: Value is a string, an int64 or a bool.
type Attribute struct {
	Key   string
	Value any
}

// Finished is a span with its end.
type Finished struct {
	Trace      ID
	Span       SpanID
	Parent     SpanID
	Name       string
	Server     bool
	Failed     bool
	Start, End time.Time
	Attributes []Attribute
}

// Tracer decides which requests are followed. The zero value and nil follow none.
type Tracer struct {
	// Ratio is the share of the requests that are followed, 0 to 1, beside those whose caller follows them.
	Ratio float64
	// Sink takes a request's spans when it has ended; it must not wait.
	Sink func([]Finished)
}

// Span is the part of a followed request that a server answers. Its methods may
// be called from several goroutines; those of nil do nothing.
type Span struct {
	tracer *Tracer

	mu    sync.Mutex
	root  Finished
	inner []Finished
	ended bool
}

// Begin follows a request that is sampled, or gives nil. traceparent is the
// caller's header as the W3C defines it; anything else is ignored.
func (t *Tracer) Begin(traceparent []byte, at time.Time) *Span {
	if t == nil || t.Sink == nil {
		return nil
	}
	id, parent, sampled := parse(traceparent)
	if !sampled && (t.Ratio <= 0 || rand.Float64() >= t.Ratio) { //nolint:gosec // a sample, not a secret
		return nil
	}
	if id == (ID{}) {
		fill(id[:])
	}
	s := &Span{tracer: t, root: Finished{Trace: id, Parent: parent, Server: true, Start: at}}
	fill(s.root.Span[:])
	return s
}

// Child adds a part that has ended.
func (s *Span) Child(name string, start, end time.Time, attributes ...Attribute) {
	if s == nil {
		return
	}
	c := Finished{Trace: s.root.Trace, Parent: s.root.Span, Name: name, Start: start, End: end, Attributes: attributes}
	fill(c.Span[:])
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.inner = append(s.inner, c)
	}
}

// End names the request, says when and how it ended, and hands everything on.
func (s *Span) End(name string, at time.Time, failed bool, attributes ...Attribute) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.ended = true
	s.root.Name, s.root.End, s.root.Failed, s.root.Attributes = name, at, failed, attributes
	s.tracer.Sink(append(s.inner, s.root))
}

type inContext struct{}

// With puts a span into a context; nil leaves the context as it is.
func With(ctx context.Context, s *Span) context.Context {
	if s == nil {
		return ctx
	}
	return context.WithValue(ctx, inContext{}, s)
}

// Of is the span of a context, or nil.
func Of(ctx context.Context) *Span {
	s, _ := ctx.Value(inContext{}).(*Span)
	return s
}

func fill(b []byte) {
	var random [16]byte
	for {
		binary.LittleEndian.PutUint64(random[:], rand.Uint64())  //nolint:gosec // an id is no secret
		binary.LittleEndian.PutUint64(random[8:], rand.Uint64()) //nolint:gosec // an id is no secret
		copy(b, random[:])
		for _, x := range b {
			if x != 0 {
				return
			}
		}
	}
}

// parse reads "00-<32 hex>-<16 hex>-<2 hex>"; later versions may go on after it.
func parse(header []byte) (id ID, parent SpanID, sampled bool) {
	const length = 55
	if len(header) < length || (len(header) > length && (header[length] != '-' || string(header[:2]) == "00")) ||
		header[2] != '-' || header[35] != '-' || header[52] != '-' || !lowerHex(header[:length]) || string(header[:2]) == "ff" {
		return ID{}, SpanID{}, false
	}
	var flags [1]byte
	_, errID := hex.Decode(id[:], header[3:35])
	_, errParent := hex.Decode(parent[:], header[36:52])
	_, errFlags := hex.Decode(flags[:], header[53:55])
	if errID != nil || errParent != nil || errFlags != nil || id == (ID{}) || parent == (SpanID{}) {
		return ID{}, SpanID{}, false
	}
	return id, parent, flags[0]&1 == 1
}

func lowerHex(text []byte) bool {
	for _, c := range text {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && c != '-' {
			return false
		}
	}
	return true
}
