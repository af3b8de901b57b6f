package handlers

import (
	"context"
	"slices"

	"codexible/accounts"
	"codexible/fault"
	"codexible/handlers/console"
	"codexible/handlers/openapi"
	"codexible/store"
	"codexible/usage"

	"github.com/google/uuid"
)

type logsRequest struct {
	Text      string           `query:"q" maxLength:"200" doc:"Search text: a part of the actor, acting key, action, target or details, case-insensitive. A text shorter than three characters matches only at the start."`
	Actor     string           `query:"actor" minLength:"1" maxLength:"254" doc:"Only entries of this actor, exactly as the entries have it: an e-mail address, or cli, system or openid."`
	Action    string           `query:"action" minLength:"1" maxLength:"100" doc:"Only entries of this action, such as user.suspended; failures: of all actions that say that something went wrong."`
	Subject   accounts.Subject `query:"subject" enum:"user,key,plan,model,price,upstream,request,webhook,setting,session,system" doc:"Only entries about this kind of thing."`
	SubjectID uuid.UUID        `query:"subject_id" doc:"Only entries about the user, key, plan or other thing with this id."`
	Target    string           `query:"target" minLength:"1" maxLength:"254" doc:"Only entries with this target, exactly as the entries have it."`
	From      *usage.Day       `query:"from" doc:"Only entries of this day in UTC or later."`
	To        *usage.Day       `query:"to" doc:"Only entries of this day in UTC or earlier."`
	Limit     int              `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"Maximum number of entries to return."`
	After     int64            `query:"after" minimum:"1" doc:"next of the previous page."`
}

// query is what the request asks the log for, one entry more than a page.
func (r *logsRequest) query() (q store.AuditQuery, err error) {
	q = store.AuditQuery{
		Text: soughtText(r.Text), Actor: r.Actor, Action: r.Action, Subject: r.Subject, SubjectID: r.SubjectID, Target: r.Target, Before: r.After, Limit: r.Limit + 1,
	}
	if r.From != nil {
		q.From = *r.From
	}
	if r.To != nil {
		q.To = *r.To
	}
	switch {
	case q.From != "" && q.To != "" && q.From > q.To:
		return q, fault.Field("from", "must not be after to")
	case r.Action != "" && !slices.Contains(console.AuditActions(), r.Action):
		return q, fault.Field("action", "must be failures or an action of the log, such as user.suspended")
	case r.Action == console.ActionFailures:
		q.Action, q.Actions = "", store.FailureActions
	}
	return q, nil
}

type auditLog struct {
	Logs []auditLine `json:"logs" doc:"Newest first."`
	Next *int64      `json:"next" doc:"Where the next page goes on, for after; null at the end." example:"4711"`
}

func (a *api) adminLogs(ctx context.Context, r logsRequest) (auditLog, error) {
	q, err := r.query()
	if err != nil {
		return auditLog{}, err
	}
	entries, err := a.Store.Audit(ctx, q)
	log := auditLog{}
	if len(entries) > r.Limit {
		entries = entries[:r.Limit]
		log.Next = &entries[r.Limit-1].Seq
	}
	log.Logs = each(entries, auditLineOf)
	return log, err
}

type auditLine struct {
	Timestamp openapi.Instant `json:"timestamp"`
	Actor     string          `json:"actor" example:"admin@example.com"`
	Key       string          `json:"key" doc:"The prefix of the API key that made the request; empty if it was made without one." example:"codexible_01234567"`
	Action    string          `json:"action" doc:"noun.verb, the verb in the past tense." example:"user.suspended"`
	Target    string          `json:"target" doc:"An e-mail address, a key's prefix or a plan's name." example:"ada@example.com"`
	Details   string          `json:"details" example:"Changed user ada@example.com: status from active to suspended."`
}

func auditLineOf(e accounts.AuditEntry) auditLine {
	return auditLine{Timestamp: openapi.Instant(e.At), Actor: e.Actor, Key: e.KeyPrefix, Action: e.Action, Target: e.Target, Details: e.Details}
}
