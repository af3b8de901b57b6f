package handlers_test

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"codexible/handlers"

	"github.com/valyala/fasthttp"
)

// verification verifies ada's key in the process, as a gateway does for every request.
func verification(tb testing.TB) func() {
	tb.Helper()
	s := onSQLite(tb, func(p *handlers.Parts) {
		p.Log = slog.New(handlers.NewJSONLog(io.Discard, slog.LevelInfo)) // as in production, every request is logged
	})
	handle := s.app.Handler()
	body := []byte(s.fill(`{"key":"$ada.key"}`))
	bearer := s.fill("Bearer $gate.key")
	var ctx fasthttp.RequestCtx
	var request fasthttp.Request
	request.Header.SetMethod("POST")
	request.SetRequestURI("/api/keys/verify")
	request.Header.Set("Authorization", bearer)
	request.Header.SetContentType("application/json")
	request.SetBody(body)
	ctx.Init(&request, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, nil)
	return func() {
		s.clock.Add(time.Microsecond) // figures of the instant of a change are not cached
		ctx.Response.Reset()
		handle(&ctx)
		if ctx.Response.StatusCode() != 200 || !bytes.HasPrefix(ctx.Response.Body(), []byte(`{"valid":true`)) {
			tb.Fatalf("%d %s", ctx.Response.StatusCode(), ctx.Response.Body())
		}
	}
}

// mostAllocations is what a verification of a cached key may allocate. With -race it
// allocates more: the detector empties pools at random.
const mostAllocations = 15

func TestAVerificationOfACachedKeyAllocatesLittle(t *testing.T) {
	verify := verification(t)
	verify()
	if n := testing.AllocsPerRun(1000, verify); n > mostAllocations {
		t.Errorf("%.0f allocations, want %d at most", n, mostAllocations)
	} else {
		t.Logf("%.0f allocations", n)
	}
}

func BenchmarkVerify(b *testing.B) {
	verify := verification(b)
	verify()
	if n := testing.AllocsPerRun(1000, verify); n > mostAllocations {
		b.Fatalf("%.0f allocations, want %d at most", n, mostAllocations)
	}
	b.ReportAllocs()
	for b.Loop() {
		verify()
	}
}
