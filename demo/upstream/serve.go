package upstream

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// answering is the answer to one request, on its way.
type answering struct {
	model   *Model
	w       http.ResponseWriter
	ctx     context.Context //nolint:containedctx // of the one request that this is about
	request *Request
	record  *Record
	at      time.Time
	script  Script
	answer  *answer
	body    io.Writer
}

// wire is how an API format writes an answer.
type wire interface {
	// body is the answer that is not streamed.
	body(a *answer) object
	// events are the events of a stream.
	events(a *answer) iter.Seq[event]
	// failed are the events of a failure inside a stream.
	failed(a *answer, f failure) []event
	// refusal is the body of an answer with another status than 200.
	refusal(f failure, requestID string) object
}

// event is one event of a stream: a name, where the wire has one, and data.
type event struct {
	name string
	data any // marshalled, unless it is a string
	// output is whether the model wrote it, closing whether everything that it wrote was sent.
	output, closing bool
}

// emitter passes events on until nobody takes them any more.
type emitter struct {
	yield func(event) bool
	left  bool
}

// emit passes on an event whose data has a type, which is its name too.
func (e *emitter) emit(name string, data object, options ...func(*event)) {
	if e.left {
		return
	}
	data["type"] = name
	ev := event{name: name, data: data}
	for _, option := range options {
		option(&ev)
	}
	e.left = !e.yield(ev)
}

func output(e *event)  { e.output = true }
func closing(e *event) { e.closing = true }

// failure is what an answer with an error says.
type failure struct {
	status              int
	kind, code, message string
	param               any
}

func (a *answering) wire() wire {
	switch a.request.Endpoint {
	case Messages, CountTokens:
		return messages{}
	case Responses:
		return responses{}
	case Completions:
		return completions{}
	case Models, unknown:
		if a.request.Header.Get("Anthropic-Version") != "" {
			return messages{}
		}
		return chat{}
	default:
		return chat{}
	}
}

func (a *answering) serve() {
	r := a.request
	a.body = a.w
	a.headers()
	switch {
	case r.Method == http.MethodHead && r.Path == "/api/hello":
		a.w.WriteHeader(http.StatusOK) // Claude Code's first look
		return
	case r.Endpoint == unknown:
		a.refuse(failure{status: http.StatusNotFound, message: "Invalid URL (" + r.Method + " " + r.Path + ")"})
		return
	case !a.model.admits(r.Key):
		a.refuse(failure{status: http.StatusUnauthorized, message: "Incorrect API key provided."})
		return
	case r.Endpoint == Models:
		a.send(http.StatusOK, a.list())
		return
	case r.Method == http.MethodGet && r.Header.Get("Upgrade") != "":
		a.refuse(failure{status: http.StatusUpgradeRequired, message: "This provider has no WebSocket."})
		return
	case r.Method != http.MethodPost:
		a.refuse(failure{status: http.StatusMethodNotAllowed, message: "Not allowed to " + r.Method + " on " + r.Path + "."})
		return
	case r.fault != "":
		a.refuse(failure{status: http.StatusBadRequest, message: r.fault})
		return
	}
	a.script = a.model.script(r)
	a.answer = newAnswer(r, a.script, a.at)
	a.perform()
}

// perform answers as the script says.
func (a *answering) perform() {
	s := &a.script
	if !a.sleep(s.Wait) {
		return
	}
	if s.Break == CutBefore {
		panic(http.ErrAbortHandler)
	}
	for name, value := range s.Header {
		a.w.Header().Set(name, value)
	}
	if s.Status >= http.StatusBadRequest && s.Status < 600 {
		if s.RetryAfter != "" {
			a.w.Header().Set("Retry-After", s.RetryAfter)
		}
		a.refuse(failure{status: s.Status, kind: s.Type, code: s.Code, message: s.Message})
		return
	}
	if s.Gzip {
		a.w.Header().Set("Content-Encoding", "gzip")
		compressed := gzip.NewWriter(a.w)
		defer func() { _ = compressed.Close() }()
		a.body = compressed
	}
	switch {
	case a.request.Endpoint == CountTokens:
		a.send(http.StatusOK, object{"input_tokens": a.request.InputWords})
	case a.request.Endpoint == Embeddings:
		a.bill()
		a.send(http.StatusOK, embeddings(a.answer))
	case a.request.Stream:
		a.stream()
	default:
		made := a.wire().body(a.answer)
		a.bill()
		a.send(http.StatusOK, made)
	}
}

// headers are what vendors send beside every answer.
func (a *answering) headers() {
	id := fmt.Sprintf("req_%024x", a.request.Number)
	for name, value := range map[string]string{
		"request-id": id, "x-request-id": id, "openai-version": "2020-10-01", "openai-processing-ms": "7", "openai-organization": "demo",
		"x-ratelimit-limit-requests": "10000", "x-ratelimit-remaining-requests": "9999", "anthropic-ratelimit-requests-limit": "4000",
		"set-cookie": "__cf_bm=demo; path=/; HttpOnly; Secure",
	} {
		a.w.Header().Set(name, value)
	}
}

// refuse answers with an error of the vendor.
func (a *answering) refuse(f failure) {
	if f.message == "" {
		f.message = "The demo answers with " + http.StatusText(f.status) + "."
	}
	a.send(f.status, a.wire().refusal(f, a.w.Header().Get("Request-Id")))
}

// send writes a whole body.
func (a *answering) send(status int, made object) {
	if n := a.script.Padding; n > 0 {
		made["padding"] = strings.Repeat("x", n)
	}
	body := encode(made)
	a.w.Header().Set("Content-Type", "application/json")
	if !a.script.Gzip {
		a.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	a.model.note(func() { a.record.Status = status })
	a.w.WriteHeader(status)
	if a.script.Break == Cut && status == http.StatusOK {
		_, _ = a.body.Write(body[:len(body)/2])
		a.flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = a.body.Write(body) // the client may have left: end notes it
}

// stream writes the events of a stream.
func (a *answering) stream() {
	s := &a.script
	a.w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	a.w.Header().Set("Cache-Control", "no-cache")
	a.model.note(func() { a.record.Status = http.StatusOK })
	a.w.WriteHeader(http.StatusOK)
	a.flush()
	defer a.bill()
	number, written := 0, 0
	for e := range a.wire().events(a.answer) {
		if s.Before != nil {
			s.Before(a.ctx, number)
		}
		if e.output && written == 0 && !a.sleep(s.Silence) || e.output && !a.sleep(s.Pause) {
			return
		}
		if s.Break != Whole && (e.closing || e.output && s.After >= 0 && written >= s.After || s.After < 0 && number > 0) {
			a.breakOff()
			return
		}
		if e.output {
			written++
		}
		if !a.write(e, number == 0) {
			return
		}
		number++
	}
}

// breakOff ends a stream before its end.
func (a *answering) breakOff() {
	switch a.script.Break {
	case Cut:
		panic(http.ErrAbortHandler)
	case Fail:
		f := failure{status: http.StatusOK, kind: a.script.Type, code: a.script.Code, message: a.script.Message}
		if f.message == "" {
			f.message = "The model is overloaded. Please try again later."
		}
		for _, e := range a.wire().failed(a.answer, f) {
			if !a.write(e, false) {
				return
			}
		}
	default: // the stream ends here
	}
}

// write writes one event; false where the client has left.
func (a *answering) write(e event, first bool) bool {
	s := &a.script
	data, ok := e.data.(string)
	if !ok {
		data = string(encode(e.data))
	}
	if first && s.Padding > 0 {
		data = strings.TrimSuffix(data, "}") + `,"padding":"` + strings.Repeat("x", s.Padding) + `"}`
	}
	text := "data: " + data + "\n\n"
	if e.name != "" {
		text = "event: " + e.name + "\n" + text
	}
	if s.LineEnd != "" {
		text = strings.ReplaceAll(text, "\n", s.LineEnd)
	}
	for text != "" {
		n := len(text)
		if s.Chunk > 0 {
			n = min(n, s.Chunk)
		}
		if _, err := io.WriteString(a.body, text[:n]); err != nil || a.ctx.Err() != nil {
			return false
		}
		a.flush()
		text = text[n:]
	}
	a.model.note(func() { a.record.Events++ })
	return true
}

func (a *answering) flush() {
	if compressed, ok := a.body.(*gzip.Writer); ok {
		_ = compressed.Flush()
	}
	_ = http.NewResponseController(a.w).Flush()
}

// bill notes what was used so far.
func (a *answering) bill() {
	a.model.note(func() { a.record.Usage = a.answer.usage })
}

// sleep waits; false where the client left meanwhile.
func (a *answering) sleep(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-a.ctx.Done():
		return false
	}
}

// encode marshals what was built here.
func encode(v any) []byte {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // made of maps, strings and numbers, or of the usage that a script gives
	}
	return body
}

// list is the answer under /models.
func (a *answering) list() object {
	all := a.model.listed()
	entry := func(id string) object {
		return object{"id": id, "object": "model", "created": 1767225600, "owned_by": "demo", "type": "model", "display_name": id, "created_at": "2026-01-01T00:00:00Z"}
	}
	if id := a.request.one; id != "" {
		return entry(id)
	}
	data := make([]object, len(all))
	for i, id := range all {
		data[i] = entry(id)
	}
	return object{"object": "list", "data": data, "has_more": false, "first_id": all[0], "last_id": all[len(all)-1]}
}
