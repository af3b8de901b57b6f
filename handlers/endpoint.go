package handlers

import (
	"context"
	"reflect"
	"runtime"
	"strings"

	"codexible/accounts"
	"codexible/fault"
	"codexible/keys"

	"github.com/google/uuid"
)

// handler answers a request, or says why not.
type handler func(x *exchange) error

// operation is what a route does, and what the OpenAPI document tells of it.
type operation struct {
	serve handler
	// isPage tells that the console answers: the exchange then has a visit.
	isPage bool
	// name is the operation's id; empty for what the document leaves out: pages.
	name     string
	request  reflect.Type
	shape    *shape
	response reflect.Type
	// media is the media type of an answer that is no JSON.
	media string
	// fails are failures that neither the access nor the request's fields imply.
	fails []fault.Kind
	// also are statuses that answer as 200 does.
	also []int
	// reuses tells that nothing goes on after the answer that could know the exchange.
	reuses bool
}

// endpoint adapts a function of a request to a route: it binds and checks the
// request by the tags of its type, sets the deadline, and encodes the answer.
func endpoint[Req, Resp any](serve func(context.Context, Req) (Resp, error), fails ...fault.Kind) operation {
	op := describe[Req, Resp](serve, fails...)
	op.serve = func(x *exchange) error {
		var request Req
		if err := op.shape.bind(x, reflect.ValueOf(&request).Elem()); err != nil {
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

// describe documents a handler that was written by hand by the types it reads and answers.
func describe[Req, Resp any](serve any, fails ...fault.Kind) operation {
	return operation{
		name: nameOf(serve), request: reflect.TypeFor[Req](), shape: shapeOf(reflect.TypeFor[Req]()), response: reflect.TypeFor[Resp](), fails: fails,
	}
}

// native is a handler written by hand, described by the types it reads and answers.
func native[Req, Resp any](serve handler, fails ...fault.Kind) operation {
	op := describe[Req, Resp](serve, fails...)
	op.serve = serve
	return op
}

// reusing has the memory of its exchanges serve the next ones.
func (op operation) reusing() operation {
	op.reuses = true
	return op
}

// raw is a handler whose answer is no JSON object of ours.
func raw(name, media string, serve handler) operation {
	return operation{name: name, media: media, serve: serve, shape: &shape{}}
}

// asset is a handler of a page or of what a page loads; the document leaves it out.
func asset(serve handler) operation { return operation{serve: serve, shape: &shape{}} }

// nameOf is the name of a handler: the operation's id.
func nameOf(handler any) string {
	full := runtime.FuncForPC(reflect.ValueOf(handler).Pointer()).Name()
	name := full[strings.LastIndexByte(full, '.')+1:]
	return strings.TrimSuffix(name, "-fm")
}

// caller is embedded in a request whose handler has to know who calls.
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
