package handlers

import (
	"context"
	"reflect"

	"codexible/accounts"
	"codexible/fault"
	"codexible/handlers/openapi"
	"codexible/keys"

	"github.com/google/uuid"
)

// handler answers a request, or returns the error to answer with.
type handler func(x *exchange) error

// operation is what a route does, and its entry in the OpenAPI document.
type operation struct {
	serve handler
	// isPage is true for a route of the console: its exchange has a visit.
	isPage bool
	// id is the operation's id in the document; empty for what the document leaves out: pages.
	id string
	// binder reads the request; nil for a page.
	binder   *openapi.Binder
	response reflect.Type
	// media is the media type of a response that is not JSON, or may be another one.
	media string
	// fails are failures that neither the access nor the request's fields imply.
	fails []fault.Kind
	// also are statuses that answer as 200 does.
	also []int
	// tags is true where the answer has an ETag, and 304 says that the caller has it.
	tags bool
	// reuses is true if nothing that can hold the exchange outlives the response.
	reuses bool
}

// endpoint adapts a function of a request to a route: it binds and checks the
// request by the tags of its type, and encodes the answer.
func endpoint[Req, Resp any](id string, serve func(context.Context, Req) (Resp, error), fails ...fault.Kind) operation {
	op := native[Req, Resp](id, nil, fails...)
	op.serve = func(x *exchange) error {
		var request Req
		if err := op.binder.Bind(x, &request); err != nil {
			return err
		}
		if c, ok := any(&request).(called); ok {
			c.setCaller(x)
		}
		response, err := serve(x.ctx, request)
		if err != nil {
			return err
		}
		return x.json(response)
	}
	return op
}

// native is a handler written by hand, described by the types that it reads and answers with.
func native[Req, Resp any](id string, serve handler, fails ...fault.Kind) operation {
	return operation{serve: serve, id: id, binder: openapi.NewBinder[Req](), response: reflect.TypeFor[Resp](), fails: fails}
}

// reusing lets later requests reuse its exchanges.
func (op operation) reusing() operation {
	op.reuses = true
	return op
}

// raw is a handler whose response is not one of our JSON objects.
func raw(id, media string, serve handler) operation {
	return operation{serve: serve, id: id, binder: openapi.NewBinder[nothing](), media: media}
}

// asset is a handler of a page or of a file that a page loads; the document omits it.
func asset(serve handler) operation { return operation{serve: serve} }

// caller is embedded in a request whose handler needs the caller.
type caller struct {
	identity *keys.Identity
	by       accounts.Actor
}

type called interface{ setCaller(x *exchange) }

func (c *caller) setCaller(x *exchange) { c.identity, c.by = x.identity, x.actor() }

func (c *caller) userID() uuid.UUID { return c.identity.User.ID }

// nothing is a request without parameters and body.
type nothing struct{}

// answering documents statuses that answer as 200 does.
func (op operation) answering(statuses ...int) operation {
	op.also = statuses
	return op
}

// tagging documents that the answer has an ETag.
func (op operation) tagging() operation {
	op.tags = true
	return op
}

// orCSV documents that the client can ask for CSV instead.
func (op operation) orCSV() operation {
	op.media = mediaCSV
	return op
}
