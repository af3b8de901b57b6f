package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"codexible/fault"
	"codexible/handlers/console"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// answerOf serves one route and returns its response and the log.
func answerOf(t *testing.T, serve handler) (status int, text, log string) {
	t.Helper()
	var logged bytes.Buffer
	a := newAPI(Parts{Now: time.Now, Log: slog.New(slog.NewJSONHandler(&logged, nil)), Version: "test"})
	app := fiber.New(fiber.Config{ErrorHandler: a.unmatched})
	app.Get("/x", a.serve(a.metrics.watched(&route{method: "GET", path: "/x", policy: apiPolicy, operation: operation{serve: serve}})))
	var ctx fasthttp.RequestCtx
	var request fasthttp.Request
	request.SetRequestURI("/x")
	ctx.Init(&request, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}, nil)
	app.Handler()(&ctx)
	return ctx.Response.StatusCode(), string(ctx.Response.Body()), logged.String()
}

func TestAPanicAnswersInTheContractsShapeAndIsLoggedWithItsStack(t *testing.T) {
	status, text, log := answerOf(t, func(*exchange) error { panic("the moon is full") })
	var got failure
	if err := json.Unmarshal([]byte(text), &got); err != nil || status != 500 || got.Error.Status != 500 || got.Error.Code != "internal_error" || got.Error.RequestID == "" {
		t.Errorf("%d %s", status, text)
	}
	if strings.Contains(text, "moon") || strings.Contains(text, ".go") {
		t.Errorf("the response holds the cause: %s", text)
	}
	if !strings.Contains(log, "the moon is full") || !strings.Contains(log, "panic_test.go") || !strings.Contains(log, got.Error.RequestID) {
		t.Errorf("the log does not: %s", log)
	}
}

func TestAPanicInAPageIsAPageAndIsLoggedWithItsStack(t *testing.T) {
	var logged bytes.Buffer
	a := newAPI(Parts{Now: time.Now, Log: slog.New(slog.NewJSONHandler(&logged, nil)), Version: "test"})
	r := pagePolicy.under(page("/x", open, func(context.Context, *console.Visit) (console.Reply, error) { panic("the moon is full") }))[0]
	app := fiber.New(fiber.Config{ErrorHandler: a.unmatched})
	app.Get("/x", a.serve(a.metrics.watched(r)))
	var ctx fasthttp.RequestCtx
	var request fasthttp.Request
	request.SetRequestURI("/x")
	request.Header.SetCookie("codexible_theme", "dark")
	ctx.Init(&request, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}, nil)
	app.Handler()(&ctx)
	text := string(ctx.Response.Body())
	if ctx.Response.StatusCode() != 500 || !strings.Contains(text, "<h1>Something went wrong</h1>") || !strings.Contains(text, `data-theme="dark"`) || strings.Contains(text, "moon") {
		t.Errorf("%d %s", ctx.Response.StatusCode(), text)
	}
	if log := logged.String(); !strings.Contains(log, "the moon is full") || !strings.Contains(log, "panic_test.go") {
		t.Errorf("the log lacks the cause: %s", log)
	}
}

func TestACauseIsLoggedAndNeverSent(t *testing.T) {
	for _, err := range []error{
		fault.Away(fasthttp.ErrTimeout), fault.New(fault.Internal, "Something went wrong on our side.").Because(fasthttp.ErrTimeout), fasthttp.ErrTimeout,
	} {
		status, text, log := answerOf(t, func(*exchange) error { return err })
		if status != statuses[fault.KindOf(err)] || strings.Contains(text, fasthttp.ErrTimeout.Error()) {
			t.Errorf("%d %s", status, text)
		}
		if !strings.Contains(log, fasthttp.ErrTimeout.Error()) {
			t.Errorf("the log lacks the cause: %s", log)
		}
	}
}

func TestEveryKindOfFaultHasItsStatus(t *testing.T) {
	for _, kind := range fault.Kinds() {
		if statuses[kind] < 400 || (statuses[kind] == 500) != (kind == fault.Internal) {
			t.Errorf("%s has status %d", kind.Code(), statuses[kind])
		}
	}
}

func TestWaitsAreRoundedUp(t *testing.T) {
	for wait, want := range map[time.Duration]int64{0: 1, time.Millisecond: 1, time.Second: 1, 1001 * time.Millisecond: 2} {
		if got := wholeSeconds(wait); got != want {
			t.Errorf("Retry-After of %v is %d, want %d", wait, got, want)
		}
	}
}
