package store

import (
	"context"
	"encoding/json"
	"time"

	"codexible/fault"
	"codexible/gateway"
	"codexible/usage"

	"github.com/google/uuid"
)

// ErrNoRequest says that a request is not in the log.
var ErrNoRequest = fault.New(fault.NotFound, "This request is not in the log: it never called a model, was dropped under load, or is older than the log is kept.")

func requestOf(r *gateway.Record) requestRow {
	attempts, _ := json.Marshal(r.Attempts) //nolint:errchkjson // texts and integers always encode
	if len(r.Attempts) == 0 {
		attempts = []byte("[]")
	}
	row := requestRow{
		ID: r.ID, At: r.At.UTC().Truncate(time.Microsecond), UserID: r.UserID, KeyID: r.KeyID, Model: r.Model, Endpoint: r.Endpoint.String(), Streamed: r.Streamed,
		Upstream: r.Upstream, UpstreamKey: r.UpstreamKey, Attempts: string(attempts), Status: int64(r.Status), Outcome: string(r.Outcome), Code: r.Code, Source: string(r.Source),
		Held: r.Held, Credits: r.Credits, Uncollected: r.Uncollected, CostMicros: r.CostMicros, FirstByteMicros: microsOrNull(r.FirstByte),
		FirstTokenMicros: microsOrNull(r.FirstToken), TookMicros: r.Took.Microseconds(), Sticky: r.Sticky, ClientRequestID: r.ClientRequestID,
	}
	row.UpstreamID, row.PriceID = (*uuid.UUID)(orNull(r.UpstreamID)), (*uuid.UUID)(orNull(r.PriceID))
	if r.Tokens != nil {
		row.Tokens = new(string(r.Tokens.AppendText(nil)))
	}
	return row
}

func microsOrNull(d time.Duration) *int64 {
	if d == 0 {
		return nil
	}
	return new(d.Microseconds())
}

// RequestLine is a request of the log with whose it was.
type RequestLine struct {
	gateway.Record

	// EndpointName is the stored name, also of an endpoint that this version does not have.
	EndpointName string
	Email        string
	// Prefix and Label are those of the key.
	Prefix, Label string
}

const requestColumns = `r.id, r.at, r.user_id, r.key_id, r.model, r.endpoint, r.streamed, r.upstream_id, r.upstream, r.upstream_key, r.attempts, r.status, r.outcome,
	r.code, r.source, r.tokens, r.price_id, r.held, r.credits, r.uncollected, r.cost_micros, r.first_byte_micros, r.first_token_micros, r.took_micros, r.sticky,
	r.client_request_id, COALESCE(u.email, ''), COALESCE(k.prefix, ''), COALESCE(k.label, '')`

const requestOwners = " LEFT JOIN users AS u ON u.id = r.user_id LEFT JOIN api_keys AS k ON k.id = r.key_id"

// loggedRequest is what requestColumns are read to.
type loggedRequest struct {
	RequestLine

	upstream, price uuid.NullUUID
	attempts        string
	tokens          *string
	byteAt, tokenAt *int64
	took            int64
}

func (r *loggedRequest) fields() []any {
	return []any{&r.ID, &r.At, &r.UserID, &r.KeyID, &r.Model, &r.EndpointName, &r.Streamed, &r.upstream, &r.Upstream, &r.UpstreamKey, &r.attempts, &r.Status, &r.Outcome,
		&r.Code, &r.Source, &r.tokens, &r.price, &r.Held, &r.Credits, &r.Uncollected, &r.CostMicros, &r.byteAt, &r.tokenAt, &r.took, &r.Sticky,
		&r.ClientRequestID, &r.Email, &r.Prefix, &r.Label}
}

// line completes what was read. What cannot be read of attempts or tokens is left out: the
// rest of the request is still shown.
func (r *loggedRequest) line() RequestLine {
	r.At = r.At.UTC()
	r.Endpoint, _ = gateway.EndpointNamed(r.EndpointName)
	r.UpstreamID, r.PriceID = r.upstream.UUID, r.price.UUID
	_ = json.Unmarshal([]byte(r.attempts), &r.Attempts)
	if r.tokens != nil {
		if t, ok := usage.ParseTokens(*r.tokens); ok {
			r.Tokens = &t
		}
	}
	duration := func(micros *int64) time.Duration {
		if micros == nil {
			return 0
		}
		return time.Duration(*micros) * time.Microsecond
	}
	r.FirstByte, r.FirstToken, r.Took = duration(r.byteAt), duration(r.tokenAt), duration(&r.took)
	return r.RequestLine
}

// Request reads a request of the log; ErrNoRequest where it is not there.
func (s *Store) Request(ctx context.Context, id uuid.UUID) (RequestLine, error) {
	found, err := list(ctx, s, (*loggedRequest).fields, "SELECT "+requestColumns+" FROM requests AS r"+requestOwners+" WHERE r.id = ?", id)
	if err != nil || len(found) == 0 {
		return RequestLine{}, orMissing(err, ErrNoRequest)
	}
	return found[0].line(), nil
}

// RequestQuery narrows a list of requests; zero fields narrow nothing.
type RequestQuery struct {
	UserID, KeyID, UpstreamID uuid.UUID
	Model                     string
	Outcome                   usage.CallOutcome
	// LeastStatus and MostStatus bound the status of the answer, both included; both are set, or neither.
	LeastStatus, MostStatus int
	// Since and Until bound when requests arrived.
	Since, Until time.Time
	// OldestFirst turns the order round.
	OldestFirst bool
	// Before is the next of the page before: older requests than it, or newer with OldestFirst.
	Before uuid.UUID
	Limit  int
}

// RequestScan is how many requests a page looks at, at most.
const RequestScan = 20_000

// Requests lists requests, the newest first unless the query turns that round. next is where the next page goes on, zero
// at the end: a page looks at RequestScan requests at most, so one with rare ones may be
// short, or empty.
func (s *Store) Requests(ctx context.Context, q RequestQuery) (lines []RequestLine, next uuid.UUID, err error) {
	within, args := q.within()
	where, more := q.where()
	scan := RequestScan
	if len(more) == 0 || len(more) == 1 && q.Model == "" && q.KeyID == uuid.Nil && q.MostStatus == 0 { // an index finds these and no others
		scan = q.Limit
	}
	order := " ORDER BY r.id DESC"
	if q.OldestFirst {
		order = " ORDER BY r.id"
	}
	// By hand: the inner list is what may be looked at, along one index.
	found, err := list(ctx, s, (*loggedRequest).fields, "SELECT "+requestColumns+" FROM (SELECT * FROM requests AS r"+within+order+" LIMIT ?) AS r"+
		requestOwners+where+order+" LIMIT ?", append(append(args, scan), append(more, q.Limit)...)...)
	if err != nil {
		return nil, next, err
	}
	for i := range found {
		lines = append(lines, found[i].line())
	}
	if len(lines) == q.Limit || scan == q.Limit {
		return lines, lastOf(lines, q.Limit), nil
	}
	last, err := list(ctx, s, func(id *uuid.UUID) []any { return []any{id} }, "SELECT r.id FROM requests AS r"+within+order+" LIMIT 1 OFFSET ?", append(args, scan-1)...)
	if len(last) > 0 {
		next = last[0]
	}
	return lines, next, err
}

// lastOf is where the page after a full one goes on.
func lastOf(lines []RequestLine, limit int) uuid.UUID {
	if len(lines) < limit || limit == 0 {
		return uuid.Nil
	}
	return lines[limit-1].ID
}

// within is what bounds the requests to look at: their time, and one condition that has an index.
func (q RequestQuery) within() (where string, args []any) {
	where = " WHERE r.id >= ?"
	args = []any{firstID(q.Since)}
	if !q.Until.IsZero() {
		where, args = where+" AND r.id < ?", append(args, firstID(q.Until))
	}
	switch {
	case q.Before == uuid.Nil:
	case q.OldestFirst:
		where, args = where+" AND r.id > ?", append(args, q.Before)
	default:
		where, args = where+" AND r.id < ?", append(args, q.Before)
	}
	switch {
	case q.UserID != uuid.Nil:
		return where + " AND r.user_id = ?", append(args, q.UserID)
	case q.KeyID != uuid.Nil:
		return where + " AND r.user_id = (SELECT user_id FROM api_keys WHERE id = ?)", append(args, q.KeyID)
	case q.UpstreamID != uuid.Nil:
		return where + " AND r.upstream_id = ?", append(args, q.UpstreamID)
	case q.Outcome != "":
		return where + " AND r.outcome = ?", append(args, string(q.Outcome))
	}
	return where, args
}

// where are all conditions but those of time.
func (q RequestQuery) where() (where string, args []any) {
	and := func(column string, wanted bool, value any) {
		if wanted {
			where += " AND r." + column + " = ?"
			args = append(args, value)
		}
	}
	and("user_id", q.UserID != uuid.Nil, q.UserID)
	and("key_id", q.KeyID != uuid.Nil, q.KeyID)
	and("upstream_id", q.UpstreamID != uuid.Nil, q.UpstreamID)
	and("model", q.Model != "", q.Model)
	and("outcome", q.Outcome != "", string(q.Outcome))
	if q.MostStatus > 0 {
		where, args = where+" AND r.status BETWEEN ? AND ?", append(args, q.LeastStatus, q.MostStatus)
	}
	if where == "" {
		return "", nil
	}
	return " WHERE TRUE" + where, args
}

// SweepRequests removes up to limit requests that arrived before a moment, the oldest
// first, and says how many there were. By hand: a bounded removal along the primary key.
func (s *Store) SweepRequests(ctx context.Context, before time.Time, limit int) (int64, error) {
	result := s.write.WithContext(ctx).Exec("DELETE FROM requests WHERE id IN (SELECT id FROM requests WHERE id < ? ORDER BY id LIMIT ?)", firstID(before), limit)
	return result.RowsAffected, s.classify(result.Error)
}

// requestExportPage is how many requests of an export one statement reads.
const requestExportPage = 500

// EachRequest visits every request that a query finds, the newest first, a page at a
// time; its Limit does not count.
func (s *Store) EachRequest(ctx context.Context, q RequestQuery, visit func(*RequestLine) error) error {
	q.Limit = requestExportPage
	for {
		lines, next, err := s.requestsInTime(ctx, q)
		if err != nil {
			return err
		}
		for i := range lines {
			if err := visit(&lines[i]); err != nil {
				return err
			}
		}
		if next == uuid.Nil {
			return nil
		}
		q.Before = next
	}
}

func (s *Store) requestsInTime(ctx context.Context, q RequestQuery) ([]RequestLine, uuid.UUID, error) {
	ctx, cancel := context.WithTimeout(ctx, exportPatience)
	defer cancel()
	return s.Requests(ctx, q)
}
