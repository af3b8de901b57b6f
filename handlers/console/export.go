package console

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"codexible/accounts"
	"codexible/fault"
	"codexible/store"
	"codexible/usage"

	"github.com/google/uuid"
)

func whole(n int64) string { return strconv.FormatInt(n, 10) }

// ExportUsage streams the rows behind the usage Page: by day and key, or by day
// and user where it is about models. The export is recorded in the audit log first.
func (c *Console) ExportUsage(ctx context.Context, v *Visit) (Reply, error) {
	w, err := c.readUsage(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	if len(w.problems) > 0 {
		return Reply{}, fault.New(fault.Invalid, strings.Join(w.problems, " "))
	}
	q := store.UsageQuery{Span: w.span, UserID: w.user.ID, KeyID: w.key.ID, PlanID: w.plan.ID, Model: w.model, ByModel: w.group == "model"}
	byModel := q.ByModel || q.Model != ""
	failure, err := c.recordExport(ctx, v, "usage", fmt.Sprintf("%s to %s", w.span.From(), w.span.To()))
	if err != nil {
		return Reply{}, err
	}
	return Reply{failure: failure, Filename: fmt.Sprintf("codexible-usage-%s-%s.csv", w.span.From(), w.span.To()), stream: func(ctx context.Context, out io.Writer) error {
		s := NewSheet(out)
		head := []string{"date_utc", "user_email", "key_prefix", "key_label"}
		if byModel {
			head = []string{"date_utc", "user_email", "model"}
		}
		if err := s.Line(slices.Concat(head, []string{"requests", "credits", "prompt_tokens", "completion_tokens", "cost_usd"})); err != nil {
			return err
		}
		return s.End(c.Store.EachUsage(ctx, q, func(l store.UsageLine) error {
			cells := []string{string(l.Day), l.Email, l.Prefix, l.Label}
			if byModel {
				cells = []string{string(l.Day), l.Email, l.Model}
			}
			return s.Line(cells, whole(l.Requests), whole(l.Credits), whole(l.PromptTokens), whole(l.CompletionTokens), string(usage.AppendUSD(nil, l.CostMicros)))
		}))
	}}, nil
}

// recordExport records an export in the audit log, and returns the entry to record if it fails.
func (c *Console) recordExport(ctx context.Context, v *Visit, what, of string) (failure accounts.AuditEntry, err error) {
	made := accounts.AuditEntry{Action: "export.made", Subject: accounts.SubjectSystem, Target: what, Details: fmt.Sprintf("Exported the %s for %s.", what, of)}
	failure = made
	failure.Action, failure.Details = "export.failed", fmt.Sprintf("An export of the %s for %s by %s failed.", what, of, v.By.Name)
	return failure, c.Store.Record(ctx, v.By, made)
}

// ExportAudit streams the entries that match the audit page's filters.
func (c *Console) ExportAudit(ctx context.Context, v *Visit) (Reply, error) {
	f, problems := readAudit(v)
	if len(problems) > 0 {
		return Reply{}, fault.New(fault.Invalid, strings.Join(problems, " "))
	}
	failure, err := c.recordExport(ctx, v, "audit log", describeSpan(f))
	if err != nil {
		return Reply{}, err
	}
	name := "codexible-audit-" + string(usage.DayOf(c.Now())) + ".csv"
	return Reply{failure: failure, Filename: name, stream: func(ctx context.Context, out io.Writer) error {
		s := NewSheet(out)
		if err := s.Line([]string{"time_utc", "actor", "address", "request_id", "action", "subject", "subject_id", "target", "details", "before", "after", "key_id", "key_prefix"}); err != nil {
			return err
		}
		return s.End(c.Store.EachAudit(ctx, f, func(e accounts.AuditEntry) error {
			return s.Line([]string{e.At.UTC().Format(time.RFC3339), e.Actor, e.Address, e.RequestID, e.Action, string(e.Subject), e.SubjectID.String(), e.Target, e.Details, e.Before, e.After, optionalID(e.KeyID), e.KeyPrefix})
		}))
	}}, nil
}

func optionalID(id *uuid.UUID) string {
	if id == nil {
		return ""
	}
	return id.String()
}

func describeSpan(f store.AuditQuery) string {
	switch {
	case f.From != "" && f.To != "":
		return string(f.From) + " to " + string(f.To)
	case f.From != "":
		return "dates from " + string(f.From)
	case f.To != "":
		return "dates up to " + string(f.To)
	}
	return "all dates"
}
