package handlers

import (
	"bytes"
	"context"
	"time"

	"codexible/fault"
	"codexible/logo"
	"codexible/usage"
	"codexible/views"

	gojson "github.com/goccy/go-json"
)

// policy is what is enforced for a route beside its access.
type policy struct {
	// deadline bounds what a handler may wait for, the database above all. The
	// time that a body takes to arrive is not part of it.
	deadline time.Duration
	// maxBody is how many bytes a body may have; tooBig refuses a larger one.
	maxBody int
	tooBig  *fault.Error
	// fail writes the body of a refusal or a failure. Status and headers are written.
	fail func(x *exchange, f *fault.Error, status int)
	// refusals is true if refusals count in the console's statistics of keys.
	refusals bool
	// drain is how much of a refused body is read; drainBytes where zero.
	drain int
	// files is true for a form that may come with a file.
	files bool
	// isCall is true for routes of /v1. Their failures have the shape of a wire: fail is not used.
	isCall bool
	wire   usage.Wire
}

var (
	// apiPolicy is for JSON endpoints, and for paths that do not exist.
	apiPolicy = policy{deadline: 5 * time.Second, maxBody: 1 << 20, tooBig: errTooBig, fail: (*exchange).failJSON, refusals: true}
	// listPolicy is for the import of a price list, which is as large as the bodies of one
	// caller in flight may be together; a body in chunks reserves a byte more.
	listPolicy = policy{deadline: 10 * time.Second, maxBody: callersBytes/shareOfAll - 1, tooBig: errBigList, fail: (*exchange).failJSON, refusals: true}
	// testPolicy is for the test of an upstream, which may take 30 seconds to answer.
	testPolicy = policy{deadline: 35 * time.Second, maxBody: 1 << 20, tooBig: errTooBig, fail: (*exchange).failJSON, refusals: true}
	// erasePolicy and erasePagePolicy are for an erasure, which rewrites all entries of the audit log that name the person.
	erasePolicy     = policy{deadline: time.Minute, maxBody: 1 << 20, tooBig: errTooBig, fail: (*exchange).failJSON, refusals: true}
	erasePagePolicy = policy{deadline: time.Minute, maxBody: 64 << 10, tooBig: errBigForm, fail: (*exchange).failPage}
	// bulkPolicy is for what is done to up to 1 000 keys or users, one after the other. Their ids fit into a form.
	bulkPolicy = policy{deadline: time.Minute, maxBody: 64 << 10, tooBig: errBigForm, fail: (*exchange).failPage}
	// reportPolicy is for sums over the single charges of up to a year.
	reportPolicy = policy{deadline: time.Minute, maxBody: 1 << 20, tooBig: errTooBig, fail: (*exchange).failJSON, refusals: true}
	// pagePolicy is for the console's pages.
	pagePolicy = policy{deadline: 5 * time.Second, maxBody: 64 << 10, tooBig: errBigForm, fail: (*exchange).failPage}
	// testPagePolicy is for the page that tests an upstream.
	testPagePolicy = policy{deadline: 35 * time.Second, maxBody: 64 << 10, tooBig: errBigForm, fail: (*exchange).failPage}
	// providerPolicy is for sign-ins with OpenID Connect, which ask the provider up to four times.
	providerPolicy = policy{deadline: 15 * time.Second, maxBody: 64 << 10, tooBig: errBigForm, fail: (*exchange).failPage}
	// customerPolicy is for customers' sign-ins with OpenID Connect, which ask the provider as those of operators do.
	customerPolicy = policy{deadline: 15 * time.Second, maxBody: 1 << 20, tooBig: errTooBig, fail: (*exchange).failJSON, refusals: true}
	// uploadPolicy is for the page that takes a logo, which has a token and the form's own lines around it.
	uploadPolicy = policy{deadline: 10 * time.Second, maxBody: logo.MaxBytes + 16<<10, tooBig: errBigLogo, fail: (*exchange).failPage, files: true}
	// pastePolicy is for the page that takes a price list: a form encodes it in about twice its size.
	pastePolicy = policy{deadline: 10 * time.Second, maxBody: 6 << 20, tooBig: errBigPaste, fail: (*exchange).failPage}
)

// under sets the policy of routes that have none of their own.
func (p policy) under(routes ...*route) []*route {
	for _, r := range routes {
		if r.deadline == 0 {
			r.policy = p
		}
	}
	return routes
}

// fail answers a refusal or a failure: the one path for endpoints and pages. The cause is not sent.
func (x *exchange) fail(err error) {
	if x.route.isCall {
		x.refuse(err)
		return
	}
	f := x.fault(err)
	if f.Kind == fault.QuotaExceeded {
		x.write(noRetry)
	}
	if f.RetryAfter > 0 || f.Kind == fault.Unavailable || f.Kind == fault.RateLimited || f.Kind == fault.QuotaExceeded {
		x.retryAfter(f.RetryAfter)
	}
	x.route.fail(x, f, statuses[f.Kind])
}

// fault is the failure that an error is answered with; it counts a refusal.
func (x *exchange) fault(err error) *fault.Error {
	f := x.route.explained(fault.As(err))
	if x.route.refusals {
		x.api.Monitor.Refusals.CountFault(f)
	}
	return f
}

// failureOf is a failure in the contract's shape.
func (x *exchange) failureOf(f *fault.Error) failure {
	return failure{failureDetail{Code: f.Kind.Code(), Message: f.Message, Status: statuses[f.Kind], RequestID: x.requestID, Fields: f.Fields}}
}

// failJSON writes a failure in the contract's shape.
func (x *exchange) failJSON(f *fault.Error, status int) {
	body, _ := gojson.Marshal(x.failureOf(f))
	if f.Kind == fault.Unauthorized {
		x.write(askForKey)
	}
	x.send(status, body)
}

// titles are the headings of error pages.
var titles = map[fault.Kind]string{
	fault.NotFound: "Not found", fault.Forbidden: "Not allowed", fault.Conflict: "Conflict", fault.Invalid: "Invalid input",
	fault.RateLimited: "Too many attempts", fault.Unavailable: "Temporarily unavailable", fault.Internal: "Something went wrong",
}

// failPage shows a failure as a page. A page requested without a session redirects to the sign-in.
func (x *exchange) failPage(f *fault.Error, status int) {
	if f == errSignIn {
		x.redirect(views.WithQuery("/admin/login", "next", x.visit.Here))
		return
	}
	title := titles[f.Kind]
	if title == "" {
		title = "Request failed"
	}
	theme := views.ThemeSystem
	if x.visit != nil {
		theme = x.visit.Theme
	}
	var b bytes.Buffer
	_ = views.FailurePage(views.Failure{Title: title, Text: f.Message, Theme: theme, RequestID: x.requestID, Back: views.Link{Text: "Go to the overview", Path: "/admin"}}).Render(context.WithoutCancel(x.ctx), &b) // also after the deadline
	x.html(status, b.Bytes(), false)
}
