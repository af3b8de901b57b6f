package gateway

import (
	"iter"
	"net/http"
	"net/textproto"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// Bounds of the headers that are passed on.
const (
	maxHeaders     = 64
	maxHeaderValue = 8 << 10
	maxHeaderBytes = 32 << 10
)

var forwarded = map[string]bool{
	"Accept": true, "Content-Type": true, "User-Agent": true, "Anthropic-Version": true, "Anthropic-Beta": true, "Openai-Beta": true,
	"X-App": true, "Originator": true, "Session-Id": true, "Thread-Id": true,
}

var forwardedPrefixes = [...]string{"X-Stainless-", "X-Claude-Code-", "X-Session-", "X-Codex-"}

// Forwarded takes from the headers of a request those that an upstream gets, under their
// canonical names. Values that no header may have are left out, and so is what is beyond 64
// values, 8 KiB of one and 32 KiB in all.
func Forwarded(headers iter.Seq2[[]byte, []byte]) map[string][]string {
	out := map[string][]string{}
	count, size := 0, 0
	for key, value := range headers {
		if len(key) > 128 || len(value) > maxHeaderValue || size+len(key)+len(value) > maxHeaderBytes || count == maxHeaders {
			continue
		}
		name := textproto.CanonicalMIMEHeaderKey(string(key))
		if !isForwarded(name) || !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(string(value)) {
			continue
		}
		out[name] = append(out[name], string(value))
		count++
		size += len(key) + len(value)
	}
	return out
}

func isForwarded(name string) bool {
	if forwarded[name] {
		return true
	}
	for _, prefix := range forwardedPrefixes {
		if strings.HasPrefix(name, prefix) && len(name) > len(prefix) {
			return true
		}
	}
	return false
}

var returned = [...]struct{ from, to string }{
	{"Content-Type", "Content-Type"}, {"Retry-After", "Retry-After"}, {"X-Should-Retry", "X-Should-Retry"},
	{"Openai-Processing-Ms", "Openai-Processing-Ms"}, {"Openai-Version", "Openai-Version"},
	{"X-Request-Id", "X-Upstream-Request-Id"}, {"Request-Id", "X-Upstream-Request-Id"},
}

// Returned takes from the headers of an upstream's answer those that the client gets, each once.
func Returned(h http.Header) []Field {
	out := make([]Field, 0, len(returned))
	for _, r := range returned {
		value := h.Get(r.from)
		if value == "" || len(value) > maxHeaderValue || !httpguts.ValidHeaderFieldValue(value) || len(out) > 0 && out[len(out)-1].Name == r.to {
			continue
		}
		out = append(out, Field{r.to, value})
	}
	return out
}
