package handlers

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"

	"codexible/accounts"
	"codexible/fault"
	"codexible/handlers/console"
	"codexible/handlers/openapi"
	"codexible/store"
	"codexible/usage"

	gojson "github.com/goccy/go-json"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"github.com/tidwall/gjson"
)

// UsageReport writes all sums of usage, or all single charges, as the admin API answers
// them: as JSON in one page, or as CSV. It reads a page at a time, so its memory does not grow.
type UsageReport interface {
	WriteJSON(ctx context.Context, to io.Writer) error
	WriteCSV(ctx context.Context, to io.Writer) error
	// About says what it is and of which days, for the audit log.
	About() (what string, span usage.Range)
}

// ReadUsageReport reads the parameters of GET /api/admin/usage, or with charges of GET
// /api/admin/usage/charges. An error is a *fault.Error.
func ReadUsageReport(ctx context.Context, db *store.Store, charges bool, query url.Values) (UsageReport, error) {
	if charges {
		var r usageChargesRequest
		if err := chargesBinder.Bind(queryAlone(query), &r); err != nil {
			return nil, err
		}
		return r.report(ctx, db)
	}
	var r usageSumsRequest
	if err := sumsBinder.Bind(queryAlone(query), &r); err != nil {
		return nil, err
	}
	return r.report(ctx, db)
}

var (
	sumsBinder    = openapi.NewBinder[usageSumsRequest]()
	chargesBinder = openapi.NewBinder[usageChargesRequest]()
)

// queryAlone is a request of which there is the query.
type queryAlone url.Values

// PathID has none.
func (queryAlone) PathID(string) (id uuid.UUID, err error) { return id, errNoSuchID }

// HeaderValues has none.
func (queryAlone) HeaderValues(string) [][]byte { return nil }

// QueryValues returns every value of a parameter.
func (q queryAlone) QueryValues(name string) (values [][]byte) {
	for _, value := range q[name] {
		values = append(values, []byte(value))
	}
	return values
}

// BodyObject has none.
func (queryAlone) BodyObject(bool) (object gjson.Result, given bool, err error) {
	return object, false, nil
}

// usageFilter has the parameters that both reports have.
type usageFilter struct {
	From   *usage.Day `query:"from" doc:"The first day in UTC, included. If absent: 29 days before to."`
	To     *usage.Day `query:"to" doc:"The last day in UTC, included, at most 365 days after from. If absent: today."`
	UserID uuid.UUID  `query:"user_id" doc:"Only usage of this user."`
	KeyID  uuid.UUID  `query:"key_id" doc:"Only usage of this key. Corrections belong to no key."`
	Model  string     `query:"model" format:"printable" minLength:"1" maxLength:"200" doc:"Only usage of the model of this name. Corrections belong to no model."`
	Plan   string     `query:"plan" minLength:"1" maxLength:"100" doc:"Only usage of users who have this plan at present: its name, case-insensitive."`
}

// defaultDays is how many days are reported where from is absent.
const defaultDays = 30

func (f *usageFilter) span(now time.Time) (span usage.Range, err error) {
	to := usage.DayOf(now)
	if f.To != nil {
		to = *f.To
	}
	from := max(to.Add(1-defaultDays), usage.FirstDay)
	if f.From != nil {
		from = *f.From
	}
	span, ok := usage.Span(from, to)
	switch {
	case ok:
		return span, nil
	case from > to:
		return span, fault.Field("from", "must not be after to, which is today if it is absent")
	}
	return span, fault.Field("from", "must be at most 365 days before to: ask for a year in parts")
}

func (f *usageFilter) query(ctx context.Context, db *store.Store) (q store.ChargeQuery, err error) {
	q = store.ChargeQuery{UserID: f.UserID, KeyID: f.KeyID, Model: f.Model}
	if q.Span, err = f.span(db.Now()); err != nil || f.Plan == "" {
		return q, err
	}
	plans, err := db.Plans(ctx)
	if err != nil {
		return q, err
	}
	for _, p := range plans {
		if accounts.Fold(p.Name) == accounts.Fold(f.Plan) {
			q.PlanID = p.ID
			return q, nil
		}
	}
	return q, fault.Field("plan", "must be the name of a plan; there is none of this name")
}

// usageRows is a report of rows of one kind.
type usageRows[Row any] struct {
	// name is what the list is called in JSON, and in the audit log.
	name string
	span usage.Range
	// cheap is true if a page costs no more than other lists.
	cheap   bool
	columns []string
	item    func(*Row) any
	cells   func(*Row) (texts, numbers []string)
	// page reads a page, and where the next one goes on: nil at the end.
	page func(context.Context) (rows []Row, next any, err error)
	each func(context.Context, func(*Row) error) error
}

// About implements UsageReport.
func (r *usageRows[Row]) About() (what string, span usage.Range) { return r.name, r.span }

// WriteJSON implements UsageReport.
func (r *usageRows[Row]) WriteJSON(ctx context.Context, to io.Writer) error {
	w := newListWriter(to, r.name)
	if err := r.each(ctx, func(row *Row) error { return w.add(r.item(row)) }); err != nil {
		return err
	}
	return w.end(nil)
}

// WriteCSV implements UsageReport.
func (r *usageRows[Row]) WriteCSV(ctx context.Context, to io.Writer) error {
	s := console.NewSheet(to)
	if err := s.Line(r.columns); err != nil {
		return err
	}
	return s.End(r.each(ctx, func(row *Row) error {
		texts, numbers := r.cells(row)
		return s.Line(texts, numbers...)
	}))
}

func (r *usageRows[Row]) pageJSON(ctx context.Context) ([]byte, error) {
	rows, next, err := r.page(ctx)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w := newListWriter(&b, r.name)
	for i := range rows {
		if err := w.add(r.item(&rows[i])); err != nil {
			return nil, err
		}
	}
	err = w.end(next)
	return b.Bytes(), err
}

// listWriter writes an object that has a list, and where the next page goes on.
type listWriter struct {
	out   *bufio.Writer
	after string
}

func newListWriter(to io.Writer, name string) *listWriter {
	w := &listWriter{out: bufio.NewWriterSize(to, 32<<10)}
	_, _ = w.out.WriteString(`{"` + name + `":[`) // the writer keeps the error until Flush
	return w
}

func (w *listWriter) add(item any) error {
	text, err := gojson.Marshal(item)
	if err != nil {
		return err
	}
	_, _ = w.out.WriteString(w.after)
	w.after = ","
	_, err = w.out.Write(text)
	return err
}

func (w *listWriter) end(next any) error {
	text, err := gojson.Marshal(next)
	if err != nil {
		return err
	}
	_, _ = w.out.WriteString(`],"next":` + string(text) + "}\n")
	return w.out.Flush()
}

// answerUsage answers with a page in JSON, or with everything in CSV if the client prefers it.
func answerUsage[Row any](x *exchange, r *usageRows[Row]) error {
	if x.wantsCSV() {
		return x.downloadCSV(r)
	}
	read := x.report
	if r.cheap {
		read = func(page func(context.Context) ([]byte, error)) ([]byte, error) { return page(x.ctx) }
	}
	text, err := read(r.pageJSON)
	if err == nil {
		x.send(fiber.StatusOK, text)
	}
	return err
}

// downloadCSV streams a report. It is recorded in the audit log first.
func (x *exchange) downloadCSV(r UsageReport) error {
	what, span := r.About()
	days := fmt.Sprintf("for %s to %s", span.From(), span.To())
	file, err := x.api.Console.Stream(x.ctx, x.actor(), accounts.AuditEntry{Subject: accounts.SubjectSystem, Target: what}, what, days, r.WriteCSV)
	if err != nil {
		return err
	}
	x.attachment(fmt.Sprintf("codexible-%s-%s-%s.csv", what, span.From(), span.To()))
	x.contentType("text/csv; charset=utf-8")
	x.stream = &leftFile{file, x.api.leaving.watch(x.Context().Conn(), func() { _ = file.Close() })}
	return nil
}

// leftFile is a file that ends when its client leaves, also while nothing is written.
type leftFile struct {
	io.ReadCloser

	unwatch func()
}

// Close implements io.Closer.
func (f *leftFile) Close() error {
	f.unwatch()
	return f.ReadCloser.Close()
}

// reportsAtOnce bounds how many reports one instance reads at once for pages: each may
// add up every charge of a year.
const reportsAtOnce = 2

var (
	errReports = &fault.Error{
		Kind: fault.Unavailable, RetryAfter: 5 * time.Second,
		Message: "Other usage reports are being read. Try again shortly, or ask for fewer days.",
	}
	// errLeft is answered to nobody.
	errLeft = fault.New(fault.BadRequest, "The connection was closed before the answer.")
)

// report reads a page of a report, in its turn, until the client leaves.
func (x *exchange) report(read func(context.Context) ([]byte, error)) ([]byte, error) {
	ctx, leave := context.WithCancelCause(x.ctx)
	defer leave(nil)
	unwatch := x.api.leaving.watch(x.Context().Conn(), func() { leave(errLeft) })
	defer unwatch()
	select {
	case x.api.reports <- struct{}{}:
	case <-ctx.Done():
		return nil, errReports.Because(ctx.Err())
	}
	defer func() { <-x.api.reports }()
	text, err := read(ctx)
	if err != nil && errors.Is(context.Cause(ctx), errLeft) {
		err = errLeft
	}
	return text, err
}
