package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"codexible/fault"
	"codexible/usage"

	"github.com/google/uuid"
)

const (
	// testTimeout bounds a test.
	testTimeout = 30 * time.Second
	// maxTestBody is how much of an answer a test reads, maxTestMessage how much of that its result says.
	maxTestBody    = 64 << 10
	maxTestMessage = 300
)

// Test makes the smallest call that shows whether an upstream answers: of a model, on the
// first wire of the upstream, or without a model the list of models, which costs nothing. It
// uses the first key that is not disabled, or the first one, and changes no rest. What the
// upstream answers is in the result; an error is fault.NotFound, or a fault of ours.
func (f *Fleet) Test(ctx context.Context, id uuid.UUID, model string) (TestResult, error) {
	all, err := f.roster(ctx)
	if err != nil {
		return TestResult{}, err
	}
	u := all.units[id]
	if u == nil {
		return TestResult{}, errNoUpstream
	}
	t := Try{Upstream: u.Upstream, Key: testKey(u.Upstream), Model: model, unit: u}
	if len(u.Keys) > 0 && t.Key.Secret.IsZero() {
		return TestResult{Message: fmt.Sprintf("the secret of key %q cannot be read: check its reference, or store it again", t.Key.Name)}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, testTimeout)
	defer cancel()
	method, path, body := smallest(u.Upstream, model)
	begun := time.Now()
	res, err := f.send(ctx, t, method, u.BaseURL+path, map[string][]string{"Accept": {"application/json"}}, body)
	if err != nil {
		return TestResult{Message: explained(ctx, err)}, nil
	}
	defer func() { _ = res.Body.Close() }()
	result := TestResult{Status: res.StatusCode, FirstByte: time.Since(begun)}
	said, err := io.ReadAll(io.LimitReader(res.Body, maxTestBody))
	switch {
	case err != nil:
		result.Message = explained(ctx, err)
	case res.StatusCode >= 200 && res.StatusCode < 300:
		result.OK, result.Message = true, "the upstream answers"
	default:
		result.Message = fmt.Sprintf("the upstream answered with status %d", res.StatusCode)
		if text := shown(said, t); text != "" {
			result.Message += ": " + text
		}
	}
	return result, nil
}

var errNoUpstream = fault.New(fault.NotFound, "There is no upstream with this id.")

// testKey is the key that a test uses.
func testKey(u *Upstream) *UpstreamKey {
	if i := slices.IndexFunc(u.Keys, func(k UpstreamKey) bool { return k.Usable() }); i >= 0 {
		return &u.Keys[i]
	}
	return keyOf(u, 0)
}

// smallest is the smallest call of a model, or the list of models without one.
func smallest(u *Upstream, model string) (method, path string, body []byte) {
	if model == "" {
		return http.MethodGet, "/models", nil
	}
	e, fields := ChatCompletions, map[string]any{"model": model}
	hello := []map[string]string{{"role": "user", "content": "hi"}}
	switch firstWire(u) {
	case usage.Responses:
		e, fields["input"], fields["max_output_tokens"], fields["store"] = Responses, "hi", 16, false
	case usage.Messages:
		e, fields["messages"], fields["max_tokens"] = Messages, hello, 1
	default:
		fields["messages"] = hello
		// OpenAI's reasoning models refuse max_tokens; few others know the other name.
		if u.Kind == OpenAI {
			fields["max_completion_tokens"] = 16
		} else {
			fields["max_tokens"] = 1
		}
	}
	body, _ = json.Marshal(fields) //nolint:errchkjson // strings and numbers
	return http.MethodPost, e.Path(), body
}

func firstWire(u *Upstream) usage.Wire {
	if len(u.Wires) == 0 {
		return usage.Chat
	}
	return u.Wires[0]
}

// explained says why a test got no answer.
func explained(ctx context.Context, err error) string {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Sprintf("no answer within %d seconds", int(testTimeout.Seconds()))
	}
	if text, ok := explanations[WordOf(err)]; ok {
		return text
	}
	return "no answer"
}

var explanations = map[string]string{
	"dns":                "the name in the base URL has no address: check its spelling and the resolver",
	"refused":            "nothing listens at the address of the base URL",
	"unreachable":        "no route leads to the address of the base URL",
	"connect_timeout":    "the address of the base URL does not answer: check firewalls",
	"address":            "the name in the base URL has an address that is not allowed: link-local, or public without https",
	"tls":                "the TLS handshake failed: check the certificate and whether the base URL is https",
	"first_byte_timeout": "no answer within the upstream's time to the first byte",
	"idle_timeout":       "the answer stopped for longer than the upstream's idle time",
	"cut":                "the connection was closed before the answer was complete",
	"protocol":           "the answer is not HTTP",
	"encoding":           "the answer is compressed in a way that was not asked for",
}

// shown is what an answer says went wrong, in a line and without the credentials that it may repeat.
func shown(body []byte, t Try) string {
	var parsed struct {
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	text := string(body)
	if json.Unmarshal(body, &parsed) == nil && parsed.Error.Message != "" {
		text = parsed.Error.Message
	}
	secrets := []string{t.Key.Secret.Reveal()}
	for _, value := range t.Headers {
		secrets = append(secrets, value)
	}
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "***")
		}
	}
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if runes := []rune(text); len(runes) > maxTestMessage {
		text = string(runes[:maxTestMessage]) + "…"
	}
	return text
}
