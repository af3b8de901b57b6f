package console

import (
	"cmp"
	"context"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"codexible/fault"
	"codexible/store"
	"codexible/usage"

	"github.com/google/uuid"
)

// requestTexts and requestNumbers are the columns of an export of requests.
var (
	requestTexts = []string{
		"time_utc", "request_id", "client_request_id", "user_email", "key_prefix", "key_label", "model", "endpoint", "streamed", "upstream", "upstream_key", "sticky",
		"outcome", "code", "source", "price_id",
	}
	requestNumbers = []string{
		"status", "attempts", "held_credits", "credits", "uncollected_credits", "cost_usd", "first_byte_ms", "first_token_ms", "took_ms", "prompt_tokens", "completion_tokens",
		"input_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens", "audio_input_tokens", "output_tokens", "audio_output_tokens", "reasoning_tokens", "web_searches",
	}
)

// ExportRequests streams the requests that the filters find.
func (c *Console) ExportRequests(ctx context.Context, v *Visit) (Reply, error) {
	w, err := c.readRequests(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	if len(w.problems) > 0 {
		return Reply{}, fault.New(fault.Invalid, strings.Join(w.problems, " "))
	}
	failure, err := c.recordExport(ctx, v, "requests", cmp.Or(strings.Replace(w.path(""), "?", "the filters ", 1), "all users"))
	if err != nil {
		return Reply{}, err
	}
	return Reply{failure: failure, Filename: "codexible-requests-" + string(usage.DayOf(c.Now())) + ".csv", stream: func(ctx context.Context, out io.Writer) error {
		s := NewSheet(out)
		if err := s.Line(slices.Concat(requestTexts, requestNumbers)); err != nil {
			return err
		}
		return s.End(c.Store.EachRequest(ctx, w.query, func(l *store.RequestLine) error { return s.Line(requestCells(l), requestFigures(l)...) }))
	}}, nil
}

func requestCells(l *store.RequestLine) []string {
	price := ""
	if l.PriceID != uuid.Nil {
		price = l.PriceID.String()
	}
	return []string{
		l.At.Format(time.RFC3339Nano), l.ID.String(), l.ClientRequestID, l.Email, l.Prefix, l.Label, l.Model, l.EndpointName, strconv.FormatBool(l.Streamed), l.Upstream, l.UpstreamKey,
		strconv.FormatBool(l.Sticky), string(l.Outcome), l.Code, string(l.Source), price,
	}
}

// requestFigures are the numbers of a request; what is not known is empty.
func requestFigures(l *store.RequestLine) []string {
	millis := func(d time.Duration) string {
		if d == 0 {
			return ""
		}
		return strconv.FormatFloat(float64(d.Microseconds())/1000, 'f', -1, 64)
	}
	figures := []string{
		strconv.Itoa(l.Status), strconv.Itoa(len(l.Attempts)), whole(l.Held), whole(l.Credits), csvDecimal(l.Uncollected), string(usage.AppendUSD(nil, l.CostMicros)),
		millis(l.FirstByte), millis(l.FirstToken), millis(l.Took),
	}
	t := l.Tokens
	if t == nil {
		return append(figures, make([]string, len(requestNumbers)-len(figures))...)
	}
	figures = append(figures, whole(t.Prompt()), whole(t.Completion()))
	for b := range usage.NumBuckets {
		figures = append(figures, whole(t.Of(b)))
	}
	return append(figures, whole(t.Reasoning), whole(t.WebSearches))
}
