package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"codexible/catalog"
	"codexible/usage"

	"github.com/tidwall/gjson"
	"go.opentelemetry.io/otel/trace"
)

const (
	// maxAnswer is the most that an answer without a stream may have, and an event of a stream.
	maxAnswer = 64 << 20
	// smallAnswer is how much of an answer is read without a place in the budget of all.
	smallAnswer = 64 << 10
	// mostReadInAll is how much of larger answers the process reads at once.
	mostReadInAll = 256 << 20
	// noUpstreamWait is the least time after which a client is to try again where no upstream can take its call.
	noUpstreamWait = 5 * time.Second
	// drainFailed is how much of a failed answer is read, so that its connection can be used again.
	drainFailed = 64 << 10
	// discardTime is how long that may take: another upstream is tried after it.
	discardTime = 50 * time.Millisecond
)

// call is one call from its arrival to its line in the log.
type call struct {
	*Request

	g       *Gateway
	wire    usage.Wire
	adapter adapter
	in      inspected
	model   *catalog.Model
	price   *catalog.Price
	route   *Route
	est     estimate
	books   books
	// client ends when the client leaves or the service cuts the call off. ctx is that of the
	// upstream, which may outlive the client; cut ends it with a cause.
	client context.Context //nolint:containedctx // a call is one request and ends with it
	ctx    context.Context //nolint:containedctx // as above
	cut    context.CancelCauseFunc
	// unwatch ends the watch on the client.
	unwatch func() bool

	// answered is whether an upstream has answered with success, and sent whether one was asked.
	answered, sent atomic.Bool
	// drains is whether the call goes on when its client has left.
	drains       atomic.Bool
	upstreamName atomic.Pointer[string]
	// delivered is how many bytes of text the model has written, prompt what the upstream has said of the prompt.
	delivered atomic.Int64
	prompt    atomic.Pointer[usage.Tokens]
	report    usage.Report
	// coveredBytes is up to which byte of text the hold goes.
	coveredBytes int64
	// partial is whether the hold has taken what was left, overrun whether the call goes on without credits.
	partial, overrun bool

	figures usage.Figures
	day     usage.Day
	settled atomic.Pointer[usage.Receipt]
	record  Record
	timing  Timing
	// began is when the gateway had the whole request.
	began time.Time
	// span is nil where the request is not sampled; responseModel is what the upstream says that answers.
	span          trace.Span
	responseModel string
	cause         error
	// failure is what the last attempt failed with, for the brake.
	failed bool
}

func (g *Gateway) begin(client context.Context, r *Request) *call {
	client, span := startSpan(client, r.Endpoint)
	c := &call{Request: r, g: g, client: client, wire: r.Endpoint.Wire(), began: time.Now(), span: span}
	c.adapter = adapters[c.wire]
	c.report.Wire = c.wire
	c.record = Record{
		ID: r.ID, At: r.ReceivedAt, UserID: r.Identity.User.ID, KeyID: r.Identity.Key.ID, Endpoint: r.Endpoint, ClientRequestID: r.ClientRequestID,
	}
	c.ctx, c.cut = context.WithCancelCause(context.WithoutCancel(client))
	c.unwatch = context.AfterFunc(client, c.clientLeft)
	return c
}

// clientLeft ends the call, or lets it be read to its end.
func (c *call) clientLeft() {
	cause := context.Cause(c.client)
	if errors.Is(cause, ErrClientGone) && c.sent.Load() && c.drains.Load() {
		time.AfterFunc(c.g.Waits.Drain, func() { c.cut(cause) })
		return
	}
	if !errors.Is(cause, ErrClientGone) {
		cause = errStopping
	}
	c.cut(cause)
}

// bodyDone says that the body of the request is not needed any more.
func (c *call) bodyDone() {
	if c.Done != nil {
		c.Done()
		c.Done = nil
	}
}

// end is called once when the client has its answer or has left.
func (c *call) end(answer *Answer) {
	c.unwatch()
	c.g.live.remove(c)
	if answer != nil {
		c.record.Status = answer.Status
	}
	c.record.Took = time.Since(c.ReceivedAt)
	c.g.Log.Add(&c.record)
	c.g.Observer.CallEnded(&c.record, c.timing)
	c.endSpan()
}

func (c *call) serve() *Answer {
	if c.g.stopping.Load() {
		return c.refuse(&Refusal{Reason: ReasonAway, RetryAfter: time.Second, Message: "This instance is shutting down. Try again."})
	}
	if known := c.g.brake.stops(c.Request, c.g.Now()); known != nil {
		c.record.Outcome, c.record.Code = usage.CallRefused, CodeRepeated
		return known
	}
	for _, step := range []func() *Refusal{c.inspect, c.find, c.direct, c.affordable} {
		if refusal := step(); refusal != nil {
			return c.refuse(refusal)
		}
	}
	c.g.live.add(c)
	answer := c.forward()
	switch {
	case c.failed:
		c.g.brake.failed(c.Request, answer, c.g.Now())
	default:
		c.g.brake.served(c.Request)
	}
	return answer
}

// refuse answers with a refusal; nothing is in the books then.
func (c *call) refuse(r *Refusal) *Answer {
	answer := r.Answer(c.wire, c.ID.String())
	answer.Cause = c.cause
	answer.Header = append(answer.Header, c.headers()...)
	if c.record.Outcome == "" {
		c.record.Outcome = usage.CallRefused
	}
	if c.record.Code == "" {
		c.record.Code = r.Code()
	}
	return answer
}

func (c *call) inspect() *Refusal {
	in, err := c.adapter.inspect(c.Endpoint, c.Body)
	if err != nil {
		if refusal := (*Refusal)(nil); errors.As(err, &refusal) {
			return refusal
		}
		return c.away(err)
	}
	c.in = in
	c.record.Streamed = in.stream
	c.record.Model = in.model
	return nil
}

// find finds the model and its price. One that the key may not use does not exist for it.
func (c *call) find() *Refusal {
	book, err := c.g.Catalog.Book(c.client)
	if err != nil {
		return c.away(err)
	}
	m := book.Model(c.in.model)
	if m == nil || !book.Allows(m.Name, c.Identity.Plan.ID, c.Identity.Plan.Models, c.Identity.Key.Models) {
		return c.noModel("This model does not exist, or your key cannot use it.")
	}
	c.model, c.record.Model, c.record.ModelKnown = m, m.Name, true
	served, err := c.g.Fleet.Serves(c.client, m, c.wire)
	switch {
	case err != nil:
		return c.away(err)
	case !served:
		return c.noModel("This model is not offered on this path.")
	}
	if c.price = book.PriceAt(m.Name, c.g.Now()); c.price == nil {
		return c.noModel("This model has no price, so it is not offered.")
	}
	if i := slices.IndexFunc(c.in.hosted, func(tool string) bool { return !slices.Contains(m.HostedTools, tool) }); i >= 0 {
		return &Refusal{Reason: ReasonParameter, Message: "This model does not offer the tool " + c.in.hosted[i] + ", which the provider runs. Send the request without it."}
	}
	return nil
}

func (c *call) noModel(why string) *Refusal {
	return &Refusal{Reason: ReasonModel, Message: why + " " + sayModels}
}

// direct finds the upstreams that can take the call.
func (c *call) direct() (refusal *Refusal) {
	session := SessionOf(c.Identity.Key.ID, c.Header, c.in.session)
	session.User = c.Identity.User.ID
	var err error
	c.route, err = c.g.Fleet.Route(c.client, c.model, c.wire, session, c.in.shared != "")
	switch {
	case errors.Is(err, ErrNoSharedState):
		return &Refusal{Reason: ReasonParameter, Message: "The parameter " + c.in.shared + " refers to what the provider keeps, which all customers would share. Send the request without it."}
	case err != nil:
		return c.away(err)
	}
	return nil
}

// affordable holds the call's estimate. Counting tokens costs nothing.
func (c *call) affordable() *Refusal {
	if c.Endpoint == CountTokens {
		return nil
	}
	c.est = c.g.ratios.estimate(c.model, c.Endpoint, &c.in)
	return c.hold()
}

// forward tries upstreams until one serves.
func (c *call) forward() *Answer {
	c.timing.Before = time.Since(c.began)
	for {
		try, ok := c.route.Next()
		if !ok {
			break
		}
		answer, served := c.attempt(try)
		if served {
			return answer
		}
		if c.ctx.Err() != nil {
			return c.cutOff()
		}
		if c.client.Err() != nil { // a drained call is tried once
			c.release()
			break
		}
	}
	c.release()
	c.failed = true
	c.record.Outcome = usage.CallUpstreamError
	if len(c.record.Attempts) == 0 {
		c.record.Outcome = usage.CallRefused
	}
	return c.refuse(&Refusal{Reason: ReasonNoUpstream, RetryAfter: max(c.route.Wait(), noUpstreamWait), Message: refusals[ReasonNoUpstream].says})
}

// attempt sends the call to one upstream. served is false where another one may be tried.
func (c *call) attempt(try Try) (answer *Answer, served bool) {
	began := time.Now()
	at := c.attempted(try, began)
	ctx, cancel := context.WithCancelCause(c.ctx)
	c.drains.Store(try.OnClientGone == Drain)
	c.sent.Store(true)
	response, err := c.g.Fleet.Send(ctx, try, c.Endpoint, c.Query, c.Header, c.in.forUpstream(c.Body, try.Model))
	if err != nil {
		cancel(nil)
		if c.ctx.Err() != nil {
			at.failed(0, "cancelled", began)
			return c.cutOff(), true
		}
		at.failed(0, WordOf(err), began)
		c.route.Failed(try, Failure{})
		return nil, false
	}
	at.Status = response.StatusCode
	if c.record.FirstByte == 0 {
		c.record.FirstByte = time.Since(c.ReceivedAt)
	}
	switch status := response.StatusCode; {
	case Retryable(status), status == http.StatusUnauthorized, status == http.StatusForbidden:
		at.failed(status, "status", began)
		c.route.Failed(try, Failure{Status: status, RetryAfter: RetryAfter(response.Header, c.g.Now())})
		discard(response.Body, cancel)
		return nil, false
	case status/100 == 2 && isEventStream(response.Header):
		return c.stream(try, response, at, began, cancel)
	default:
		defer cancel(nil)
		return c.whole(try, response, at, began)
	}
}

// attempted adds an attempt to the record.
func (c *call) attempted(try Try, began time.Time) *Attempt {
	a := Attempt{UpstreamID: try.ID, Upstream: try.Name, Start: began.Sub(c.ReceivedAt).Microseconds()}
	a.Key = try.Key.Name
	c.upstreamName.Store(&try.Name)
	c.responseModel = ""
	c.record.UpstreamID, c.record.Upstream, c.record.UpstreamKey, c.record.Sticky = try.ID, try.Name, a.Key, try.Sticky
	c.record.Attempts = append(c.record.Attempts, a)
	return &c.record.Attempts[len(c.record.Attempts)-1]
}

func (a *Attempt) failed(status int, why string, began time.Time) {
	a.Status, a.Error, a.Took = status, why, time.Since(began).Microseconds()
}

// discard reads the rest of a body where it is short and there soon, so that its connection
// can be used again.
func discard(body io.ReadCloser, cancel context.CancelCauseFunc) {
	late := time.AfterFunc(discardTime, func() { cancel(nil) })
	defer late.Stop()
	_, _ = io.CopyN(io.Discard, body, drainFailed)
	_ = body.Close()
	cancel(nil)
}

func isEventStream(h http.Header) bool {
	media, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(media), "text/event-stream")
}

// addsUsage reports whether the gateway asks for the usage of a chat stream, whose chunk it then drops.
func (c *call) addsUsage() bool { return !c.in.usageAsked }

// whole reads an answer that is not streamed, settles it, and passes it on.
func (c *call) whole(try Try, response *http.Response, at *Attempt, began time.Time) (*Answer, bool) {
	success := response.StatusCode/100 == 2
	if success {
		c.answered.Store(true)
	}
	body, err := readAll(response.Body, &readByAll)
	_ = response.Body.Close()
	switch {
	case err != nil && c.ctx.Err() != nil:
		at.failed(response.StatusCode, "cancelled", began)
		return c.cutOff(), true
	case errors.Is(err, errCrowded): // no fault of the upstream's
		c.answered.Store(false)
		at.failed(response.StatusCode, "crowded", began)
		return nil, false
	case err != nil:
		c.answered.Store(false)
		at.failed(response.StatusCode, WordOf(err), began)
		c.route.Failed(try, Failure{})
		return nil, false
	case success && failedBody(c.wire, body):
		c.answered.Store(false)
		at.failed(response.StatusCode, "error_in_answer", began)
		c.route.Failed(try, Failure{Status: http.StatusInternalServerError})
		return nil, false
	}
	at.Took = time.Since(began).Microseconds()
	answer := &Answer{Status: response.StatusCode, Body: body}
	if success {
		c.route.Served(c.ctx, try)
		c.record.FirstToken = time.Since(c.ReceivedAt)
		c.report = usage.Report{Wire: c.wire}
		c.report.Read(body)
		c.noteModel(body)
		c.delivered.Store(c.adapter.answered(body))
		outcome := usage.CallComplete
		if c.client.Err() != nil {
			outcome = usage.CallClientGone
		}
		c.settle(outcome)
	} else {
		c.failed = true
		c.release()
		c.record.Outcome, c.record.Code = usage.CallUpstreamError, strconv.Itoa(response.StatusCode)
		at.Error = "status"
	}
	answer.Header = append(Returned(response.Header), c.headers()...)
	return answer, true
}

// cutOff is the answer of a call that was cut off before anything was sent to its client.
func (c *call) cutOff() *Answer {
	switch cause := context.Cause(c.ctx); {
	case errors.Is(cause, ErrClientGone):
		if c.sent.Load() {
			c.settle(usage.CallClientGone)
		}
		c.release()
		c.record.Outcome = usage.CallClientGone
		return c.refuse(&Refusal{Reason: ReasonAway, Message: "The client has left."})
	case errors.Is(cause, errEnded):
		c.settle(usage.CallStopped)
		return c.refuse(&Refusal{Reason: ReasonAway, RetryAfter: time.Second, Message: saysEnded})
	}
	c.release()
	c.record.Outcome = usage.CallInterrupted
	return c.refuse(&Refusal{Reason: ReasonAway, RetryAfter: time.Second, Message: "This instance is shutting down. Try again."})
}

// readByAll is what is read of larger answers.
var readByAll = budget{most: mostReadInAll}

// readAll reads a body of at most maxAnswer. What it keeps meanwhile counts in a budget that
// all calls share: an answer that does not fit into it ends with errCrowded.
func readAll(body io.Reader, all *budget) ([]byte, error) {
	read, taken := make([]byte, 0, 512), 0
	defer func() { all.give(taken) }()
	for {
		if len(read) == cap(read) {
			grown := min(2*cap(read), maxAnswer+1)
			if more := grown - taken; grown > smallAnswer {
				if !all.take(more) {
					return nil, errCrowded
				}
				taken += more
			}
			read = append(make([]byte, 0, grown), read...)
		}
		n, err := body.Read(read[len(read):cap(read)])
		switch read = read[:len(read)+n]; {
		case len(read) > maxAnswer:
			return nil, errTooLong
		case err == io.EOF:
			return read, nil
		case err != nil:
			return nil, err
		}
	}
}

// failedBody reports whether a 2xx answer is a failure.
func failedBody(w usage.Wire, body []byte) bool {
	switch w {
	case usage.Messages:
		return gjson.GetBytes(body, "type").Str == "error"
	case usage.Responses:
		return gjson.GetBytes(body, "status").Str == "failed" && len(gjson.GetBytes(body, "output").Array()) == 0
	case usage.Chat:
	}
	return gjson.GetBytes(body, "error").IsObject() && !gjson.GetBytes(body, "choices").Exists() && !gjson.GetBytes(body, "data").Exists()
}

// headers are those that the gateway adds to an answer.
func (c *call) headers() []Field {
	if c.day == "" {
		return nil
	}
	fields := []Field{{"X-Codexible-Credits-Remaining", strconv.FormatInt(c.figures.Room, 10)}}
	if c.wire != usage.Responses {
		return fields
	}
	used := 100.0
	if c.figures.DailyLimit > 0 {
		used = min(100*float64(c.figures.CreditsUsed)/float64(c.figures.DailyLimit), 100)
	}
	return append(fields,
		Field{"X-Codex-Primary-Used-Percent", strconv.FormatFloat(used, 'f', 1, 64)},
		Field{"X-Codex-Primary-Window-Minutes", "1440"},
		Field{"X-Codex-Primary-Reset-At", strconv.FormatInt(c.day.End().Unix(), 10)},
		Field{"X-Codex-Credits-Has-Credits", strconv.FormatBool(c.figures.Room > 0)},
		Field{"X-Codex-Credits-Unlimited", "false"},
		Field{"X-Codex-Credits-Balance", strconv.FormatInt(c.figures.Room, 10)},
	)
}
