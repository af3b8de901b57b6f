package handlers

import (
	"fmt"
	"log/slog"
	"runtime/debug"

	"codexible/fault"
	"codexible/keys"

	gojson "github.com/goccy/go-json"
	"github.com/gofiber/fiber/v2"
	"golang.org/x/sync/errgroup"
)

// batchAtOnce is how many verifications of one batch are decided at the same time:
// they share transactions, and leave room for the requests of others.
const batchAtOnce = 32

type batchRequest struct {
	Verifications []verifyRequest `json:"verifications" required:"true" minItems:"1" maxItems:"100" doc:"Answered in their order, each on its own. They are decided at the same time: do not rely on one being decided before another."`
}

// outcome is what became of one verification of a batch.
type outcome struct {
	verdict keys.Verdict
	err     error
}

// verifyBatch verifies many keys. A failure of one is its answer; a failure of
// the service that all of them have is that of the request.
func (a *api) verifyBatch(x *exchange) error {
	var request batchRequest
	if err := x.route.binder.Bind(x, &request); err != nil {
		return err
	}
	wrong := map[string]string{}
	for i := range request.Verifications {
		for field, problem := range request.Verifications[i].wrong() {
			wrong[fmt.Sprintf("verifications[%d].%s", i, field)] = problem
		}
	}
	if len(wrong) > 0 {
		return fault.InvalidFields(wrong)
	}
	outcomes, served := x.verifyAll(request.Verifications)
	if !served {
		return outcomes[0].err
	}
	body := []byte{'['}
	for i := range outcomes {
		if i > 0 {
			body = append(body, ',')
		}
		body = x.appendOutcome(body, &outcomes[i])
	}
	x.send(fiber.StatusOK, append(body, ']'))
	return nil
}

// verifyAll decides verifications; served is false where the service failed all of them.
func (x *exchange) verifyAll(requests []verifyRequest) (outcomes []outcome, served bool) {
	outcomes = make([]outcome, len(requests))
	var group errgroup.Group
	group.SetLimit(batchAtOnce)
	for i := range requests {
		group.Go(func() error {
			outcomes[i] = x.guardedVerify(&requests[i])
			return nil
		})
	}
	_ = group.Wait() // every outcome has its own error
	for i := range outcomes {
		served = served || outcomes[i].err == nil || !isOurs(fault.KindOf(outcomes[i].err))
	}
	return outcomes, served
}

// guardedVerify turns a panic into an error, as guarded does: it runs on a goroutine of its own.
func (x *exchange) guardedVerify(r *verifyRequest) (o outcome) {
	defer func() {
		if cause := recover(); cause != nil {
			o.err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	o.verdict, o.err = x.verified(r)
	return o
}

func (x *exchange) appendOutcome(b []byte, o *outcome) []byte {
	if o.err == nil {
		return appendVerdict(b, &o.verdict)
	}
	f := x.fault(o.err)
	if isOurs(f.Kind) {
		x.api.Log.LogAttrs(x.ctx, slog.LevelError, "a verification of a batch failed", slog.String("request_id", x.requestID), slog.Any("error", o.err))
	}
	text, _ := gojson.Marshal(x.failureOf(f)) // texts and numbers always encode
	return append(b, text...)
}
