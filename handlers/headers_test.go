package handlers

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// hostileValues are invalid in every header.
var hostileValues = []string{
	"a\r\nX-Evil: 1", "a\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "a\rX-Evil: 1", "a\nX-Evil: 1", "\r\n", "a\x00b", "\x7f", "a\x1bb", "a\x0bb", "a\tb", "\r", "\n",
}

// computed are the functions that write a value which is no constant, by name,
// and what else than hostileValues each of them refuses.
var computed = map[string]struct {
	write  func(x *exchange, value string)
	refuse []string
	take   string
}{
	"text":        {func(x *exchange, value string) { x.text(headerAllowOrigin, value) }, nil, "https://example.com"},
	"contentType": {func(x *exchange, value string) { x.contentType(value) }, nil, "text/csv; charset=utf-8"},
	"location":    {func(x *exchange, value string) { x.location(value) }, []string{"", "x", "//evil.example", "/\\evil.example", "https://evil.example", "/a b", "/\xff", "javascript:x"}, "/admin/users?q=%0d%0a"},
	"attachment":  {func(x *exchange, value string) { x.attachment(value) }, nil, "usage.csv"},
	"setCookie": {func(x *exchange, value string) { x.setCookie("c", value, time.Hour) },
		[]string{"a;b", "a,b", "a b", `a"b`, `a\b`, "\xc3\xa9"}, "dark"},
	"setCookie's name": {func(x *exchange, value string) { x.setCookie(value, "v", 0) },
		[]string{"", "a;b", "a,b", "a b", `a"b`, `a\b`, "a=b", "\xc3\xa9"}, "codexible_theme"},
}

func TestNoHeaderTakesAHostileValue(t *testing.T) {
	for name, f := range computed {
		for _, value := range slices.Concat(hostileValues, f.refuse) {
			answer, log := wireOf(t, func(x *exchange) error {
				f.write(x, value)
				x.html(fiber.StatusOK, []byte("<p>the page</p>"), false)
				return nil
			})
			head, body, _ := strings.Cut(answer, "\r\n\r\n")
			switch {
			case !strings.HasPrefix(head, "HTTP/1.1 500 ") || !strings.Contains(body, `"internal_error"`):
				t.Errorf("%s of %q answers %q", name, value, answer)
			case strings.Contains(answer, "X-Evil") || strings.Count(answer, "HTTP/1.1") != 1 || strings.Contains(answer, "the page"):
				t.Errorf("%s of %q reached the answer: %q", name, value, answer)
			case strings.Contains(head, "Location") || strings.Contains(head, "Set-Cookie") || strings.Contains(head, "Disposition"):
				t.Errorf("%s of %q left a header: %q", name, value, head)
			case !strings.Contains(log, "was to hold"):
				t.Errorf("%s of %q left no cause in the log: %s", name, value, log)
			}
		}
		if answer, log := wireOf(t, func(x *exchange) error { f.write(x, f.take); return nil }); !strings.HasPrefix(answer, "HTTP/1.1 200 ") || !strings.Contains(answer, f.take) {
			t.Errorf("%s of %q answers %q: %s", name, f.take, answer, log)
		}
	}
}

// Every function of headers.go with a text has a row above.
func TestEveryComputedHeaderIsTriedWithHostileValues(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "headers.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	writers := map[string]bool{}
	for _, d := range file.Decls {
		f, is := d.(*ast.FuncDecl)
		if !is || f.Recv == nil || f.Name.Name == "withhold" {
			continue
		}
		for _, p := range f.Type.Params.List {
			typed, named := p.Type.(*ast.Ident)
			if _, list := p.Type.(*ast.ArrayType); list || named && typed.Name == "string" {
				writers[f.Name.Name] = true
			}
		}
	}
	tried := map[string]bool{}
	for name := range computed {
		name, _, _ = strings.Cut(name, "'")
		tried[name] = true
	}
	if !maps.Equal(writers, tried) {
		t.Errorf("headers.go computes %v, tried are %v", writers, tried)
	}
}

func TestAConstantThatIsNoHeaderStopsTheProgram(t *testing.T) {
	for _, h := range [][2]string{{"X", "a\r\nb"}, {"X", "\x7f"}, {"X: y", "z"}, {"", "z"}, {"X\n", "z"}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q: %q passes", h[0], h[1])
				}
			}()
			fixed(h[0], h[1])
		}()
	}
}

// wireOf serves one route and returns its raw response and the log.
func wireOf(t *testing.T, serve handler) (answer, log string) {
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
	return ctx.Response.String(), logged.String()
}
