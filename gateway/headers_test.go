package gateway

import (
	"fmt"
	"iter"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func headersOf(pairs ...string) iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		for i := 0; i < len(pairs); i += 2 {
			if !yield([]byte(pairs[i]), []byte(pairs[i+1])) {
				return
			}
		}
	}
}

func TestOnlyTheHeadersOfTheListArePassedUp(t *testing.T) {
	got := Forwarded(headersOf(
		"accept", "text/event-stream", "CONTENT-TYPE", "application/json", "User-Agent", "codex", "anthropic-version", "2023-06-01", "anthropic-beta", "a", "Anthropic-Beta", "b",
		"openai-beta", "responses", "x-stainless-os", "Linux", "x-claude-code-session-id", "s", "x-app", "cli", "originator", "codex_exec", "session-id", "1", "thread-id", "2",
		"x-session-affinity", "3", "x-codex-window-id", "4",
		"authorization", "Bearer codexible_x", "x-api-key", "codexible_x", "cookie", "a=b", "host", "h", "accept-encoding", "zstd", "connection", "close", "content-length", "3",
		"transfer-encoding", "chunked", "x-forwarded-for", "1.1.1.1", "x-request-id", "r", "x-client-request-id", "r", "openai-organization", "o", "openai-project", "p", "anthropic-other", "x",
		"x-codex-", "x", "x-codex", "x", "x-stainless", "x", "idempotency-key", "k", "x-codex-a b", "x", "x-codex-a\r\nb", "x", "x-codex-ctl", "a\r\nx: y", "x-codex-nul", "a\x00",
	))
	want := map[string][]string{
		"Accept": {"text/event-stream"}, "Content-Type": {"application/json"}, "User-Agent": {"codex"}, "Anthropic-Version": {"2023-06-01"}, "Anthropic-Beta": {"a", "b"},
		"Openai-Beta": {"responses"}, "X-Stainless-Os": {"Linux"}, "X-Claude-Code-Session-Id": {"s"}, "X-App": {"cli"}, "Originator": {"codex_exec"}, "Session-Id": {"1"}, "Thread-Id": {"2"},
		"X-Session-Affinity": {"3"}, "X-Codex-Window-Id": {"4"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}

func TestHeadersThatArePassedUpAreBounded(t *testing.T) {
	var pairs []string
	for i := range 1000 {
		pairs = append(pairs, fmt.Sprintf("x-codex-%d", i), "v")
	}
	if got := Forwarded(headersOf(pairs...)); len(got) != maxHeaders || got["X-Codex-0"] == nil {
		t.Errorf("%d headers", len(got))
	}
	if got := Forwarded(headersOf("user-agent", strings.Repeat("x", maxHeaderValue+1), "x-app", "cli", "x-codex-"+strings.Repeat("x", 200), "v")); len(got) != 1 || got["X-App"] == nil {
		t.Errorf("%d headers", len(got))
	}
	pairs = nil
	for range 20 {
		pairs = append(pairs, "x-codex-a", strings.Repeat("x", 4<<10))
	}
	if got := Forwarded(headersOf(pairs...)); len(got["X-Codex-A"]) != 7 {
		t.Errorf("%d values", len(got["X-Codex-A"]))
	}
}

func FuzzForwarded(f *testing.F) {
	f.Add("x-codex-a", "v")
	f.Add("User-Agent", "a\r\nb: c")
	f.Fuzz(func(t *testing.T, name, value string) {
		for k, vs := range Forwarded(headersOf(name, value)) {
			if strings.ContainsAny(k+strings.Join(vs, ""), "\r\n\x00") || strings.ContainsAny(k, " :") || !strings.EqualFold(k, name) {
				t.Fatalf("%q: %q became %q: %q", name, value, k, vs)
			}
		}
	})
}

func TestOnlyTheHeadersOfTheListArePassedDown(t *testing.T) {
	h := http.Header{}
	for _, name := range []string{
		"Content-Type", "Retry-After", "X-Should-Retry", "OpenAI-Processing-Ms", "OpenAI-Version", "X-Request-Id", "Request-Id",
		"Set-Cookie", "Server", "Content-Length", "Transfer-Encoding", "Content-Encoding", "Openai-Organization", "X-Ratelimit-Limit-Requests", "Anthropic-Organization-Id", "Location", "Cf-Ray", "X-Codex-Primary-Used-Percent",
	} {
		h.Set(name, "v "+name)
	}
	want := []Field{
		{"Content-Type", "v Content-Type"}, {"Retry-After", "v Retry-After"}, {"X-Should-Retry", "v X-Should-Retry"}, {"Openai-Processing-Ms", "v OpenAI-Processing-Ms"},
		{"Openai-Version", "v OpenAI-Version"}, {"X-Upstream-Request-Id", "v X-Request-Id"},
	}
	if diff := cmp.Diff(want, Returned(h)); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
	odd := http.Header{"Request-Id": {"req_1"}, "Content-Type": {"a\r\nb"}, "Retry-After": {strings.Repeat("1", maxHeaderValue+1)}}
	if diff := cmp.Diff([]Field{{"X-Upstream-Request-Id", "req_1"}}, Returned(odd)); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}
