package console

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"codexible/accounts"
	"codexible/fault"
	"codexible/store"
	"codexible/views"

	"github.com/google/uuid"
)

const (
	// bulkShown is how many keys or users a preview lists of each kind.
	bulkShown = 50
	// bulkReserve is what a bulk action leaves of its request's time, for the page that says what it did.
	bulkReserve = 5 * time.Second
)

// bulkAction is something that is done to many keys or users.
type bulkAction struct {
	// name is its value in the form, label its option; does has a place for how many, such as Revoke %s.
	name, label, does string
	danger            bool
	// subjects reads the keys or users, in the order of their ids; those that do not exist are left out.
	subjects func(ctx context.Context, ids []uuid.UUID) ([]bulkSubject, error)
	// consequences say what it means for these.
	consequences func(ctx context.Context, ids []uuid.UUID) ([]string, error)
	// bring does it to one, and returns why that stayed as it was; empty where it changed.
	bring func(ctx context.Context, id uuid.UUID) (stays string, err error)
}

// bulkSubject is a key or user. stays is why it would stay as it is; empty where it would change.
type bulkSubject struct {
	id    uuid.UUID
	line  views.BulkLine
	stays string
}

// bulkList is a list of which many rows can be acted on.
type bulkList struct {
	title, path, noun string
	section           views.Section
	actions           []bulkAction
	// first are the ids of rows that the filters of a list's query find, the newest of keys and users first.
	first func(ctx context.Context, list *Visit, limit int) ([]uuid.UUID, error)
}

// bulkForm is the form above a list, for those who may change something. ids are the rows that are
// shown; complete is true where they are all that the filter finds.
func (c *Console) bulkForm(ctx context.Context, v *Visit, l *bulkList, ids []uuid.UUID, complete bool) (*views.Bulk, error) {
	if !v.mayChange() {
		return nil, nil //nolint:nilnil // a page without the form
	}
	b := &views.Bulk{CSRF: formToken(v.Token), Path: l.path + "/bulk", Noun: l.noun, Filter: v.Query.Encode(), Page: texts(ids), Matching: int64(len(ids)), Most: store.MaxBulk,
		Actions: views.Field{Options: []views.Option{{Label: "Choose an action"}}}}
	for _, a := range l.actions {
		b.Actions.Options = append(b.Actions.Options, views.Option{Value: a.name, Label: a.label})
	}
	if complete {
		return b, nil
	}
	all, err := l.whole(ctx, v, v.Query)
	b.Matching, b.More = int64(min(len(all), store.MaxBulk)), len(all) > store.MaxBulk
	return b, err
}

// whole are the ids of what a list's query finds, however it is sorted: at most one more than an action takes.
func (l *bulkList) whole(ctx context.Context, v *Visit, query url.Values) ([]uuid.UUID, error) {
	list := *v
	list.Query = query
	return l.first(ctx, &list, store.MaxBulk+1)
}

// mayChange reports whether the operator changes things, and does not only read.
func (v *Visit) mayChange() bool { return v.Operator.Role == accounts.RoleAdmin }

func texts(ids []uuid.UUID) []string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = id.String()
	}
	return list
}

// bulk shows what an action will do to many rows of a list, and does it once that is confirmed. What was
// shown is what it is done to, whatever matches the filter by then.
func (c *Console) bulk(ctx context.Context, v *Visit, l *bulkList) (Reply, error) {
	var action *bulkAction
	for i := range l.actions {
		if l.actions[i].name == v.Form.Get("do") {
			action = &l.actions[i]
		}
	}
	if action == nil {
		return l.refuse(v, "Choose an action", "Nothing was changed. The list has the actions that can be chosen; a plan that is archived takes no users.")
	}
	ids, more, err := c.chosen(ctx, v, l)
	if err != nil {
		return Reply{}, err
	}
	switch {
	case len(ids) == 0:
		return l.refuse(v, "Nothing was selected", "Select rows of the list, or all on the page, and choose an action.")
	case len(ids) > store.MaxBulk:
		return l.refuse(v, "Too many were selected", fmt.Sprintf("One action takes at most %s. Nothing was changed.", views.Count(store.MaxBulk, l.noun)))
	}
	if v.Form.Get("confirmed") == "" {
		return c.previewBulk(ctx, v, l, action, ids, more)
	}
	return c.doBulk(ctx, v, l, action, ids)
}

func (l *bulkList) frame(v *Visit, title string) views.Frame {
	f := v.frame(title, l.section, views.Link{Text: l.title, Path: l.path})
	f.Here = l.path // what was sent by a form has no page of its own
	return f
}

// refuse shows why there is nothing to do.
func (l *bulkList) refuse(v *Visit, title, text string) (Reply, error) {
	p := views.BulkPreview{Frame: l.frame(v, title), Path: l.path, Cancel: l.path, Noun: l.noun, Consequences: []string{"Nothing."}}
	p.Notice = &views.Notice{Tone: views.ToneBad, Title: title, Text: text}
	return showAgain(views.BulkPreviewPage(p))
}

// chosen are the rows that were chosen: by their boxes, all of the page, or all that the filter finds. more is true
// where the filter finds more than an action takes.
func (c *Console) chosen(ctx context.Context, v *Visit, l *bulkList) (ids []uuid.UUID, more bool, err error) {
	named := v.Form["id"]
	for _, scope := range v.Form["scope"] {
		switch scope {
		case "all":
			query, err := url.ParseQuery(v.Form.Get("filter"))
			if err != nil {
				return nil, false, ErrForm
			}
			ids, err := l.whole(ctx, v, query)
			return ids[:min(len(ids), store.MaxBulk)], len(ids) > store.MaxBulk, err
		case "page":
			named = append(named, v.Form["page"]...)
		}
	}
	known := map[uuid.UUID]bool{}
	for _, text := range named {
		for word := range strings.FieldsSeq(text) {
			id, err := uuid.Parse(word)
			if err != nil {
				return nil, false, fault.New(fault.Invalid, "The selection cannot be read. Nothing was changed. Go back, reload the list and select again.")
			}
			if !known[id] {
				known[id], ids = true, append(ids, id)
			}
		}
	}
	return ids, false, nil
}

// sorted reads the subjects in the order in which they were chosen. One that does not exist stays as it is.
func (a *bulkAction) sorted(ctx context.Context, ids []uuid.UUID) ([]bulkSubject, error) {
	found, err := a.subjects(ctx, ids)
	if err != nil {
		return nil, err
	}
	byID := map[uuid.UUID]bulkSubject{}
	for _, s := range found {
		byID[s.id] = s
	}
	list := make([]bulkSubject, len(ids))
	for i, id := range ids {
		s, exists := byID[id]
		if !exists {
			s = bulkSubject{id: id, line: views.BulkLine{Name: id.String()}, stays: "It does not exist."}
		}
		list[i] = s
	}
	return list, nil
}

func (c *Console) previewBulk(ctx context.Context, v *Visit, l *bulkList, action *bulkAction, ids []uuid.UUID, more bool) (Reply, error) {
	subjects, err := action.sorted(ctx, ids)
	if err != nil {
		return Reply{}, err
	}
	p := views.BulkPreview{Frame: l.frame(v, action.label), Path: v.Path, Cancel: l.path, Do: action.name, Noun: l.noun, Danger: action.danger}
	var affected []uuid.UUID
	for _, s := range subjects {
		if s.stays == "" {
			affected = append(affected, s.id)
			p.Affected = append(p.Affected, s.line)
			continue
		}
		s.line.Note = s.stays
		p.Skipped = append(p.Skipped, s.line)
	}
	skipped := int64(len(p.Skipped))
	p.Affected, p.AffectedMore = firstLines(p.Affected)
	p.Skipped, p.SkippedMore = firstLines(p.Skipped)
	n := int64(len(affected))
	p.Submit = fmt.Sprintf(action.does, views.Count(n, l.noun))
	p.Consequences = []string{p.Submit + ". None is skipped."}
	if skipped > 0 {
		p.Consequences[0] = fmt.Sprintf("%s. %s skipped; the reasons are below.", p.Submit, are(skipped, "is", "are"))
	}
	if more {
		p.Consequences = append(p.Consequences, fmt.Sprintf("More than %s match. This action takes so many of them; repeat it for the others.", views.Count(store.MaxBulk, l.noun)))
	}
	if n == 0 {
		p.Notice = &views.Notice{Tone: views.ToneWarn, Title: "Nothing to do", Text: "All that were selected would be skipped."}
		return show(views.BulkPreviewPage(p))
	}
	means, err := action.consequences(ctx, affected)
	if err != nil {
		return Reply{}, err
	}
	p.Consequences = append(append(p.Consequences, means...), "Each one is changed by itself, with its own entry in the audit log and its own event. No others are taken, whatever matches by then.")
	p.IDs, p.Once = strings.Join(texts(affected), " "), uuid.NewString()
	return show(views.BulkPreviewPage(p))
}

func are(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return views.Number(n) + " " + many
}

func firstLines(lines []views.BulkLine) (first []views.BulkLine, more int64) {
	n := min(len(lines), bulkShown)
	return lines[:n], int64(len(lines) - n)
}

// doBulk does what was previewed. A form that was sent before does nothing: the page says how things are.
func (c *Console) doBulk(ctx context.Context, v *Visit, l *bulkList, action *bulkAction, ids []uuid.UUID) (Reply, error) {
	subjects, err := action.sorted(ctx, ids)
	if err != nil {
		return Reply{}, err
	}
	p := views.BulkResult{Frame: l.frame(v, action.label), Noun: l.noun, Back: l.path}
	first, err := c.claim(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	if !first {
		p.Notice = &views.Notice{Tone: views.ToneWarn, Title: "This form was already sent", Text: "It takes effect once, and nothing was done again. The list says how things are."}
		for _, s := range subjects {
			o := outcome(s, views.ToneWarn, "Not changed", "It is "+strings.ToLower(s.line.State)+".")
			if s.stays != "" {
				o = outcome(s, views.ToneGood, "Unchanged", s.stays)
			}
			p.Lines = append(p.Lines, o)
		}
		return show(views.BulkResultPage(p))
	}
	if err := c.bringAll(ctx, action, subjects, &p); err != nil {
		return Reply{}, err
	}
	return show(views.BulkResultPage(p))
}

func outcome(s bulkSubject, tone views.Tone, text, note string) views.BulkOutcome {
	s.line.Note = note
	return views.BulkOutcome{BulkLine: s.line, Tone: tone, Text: text}
}

// bringAll does an action to one after the other, each in its own transaction. A fault of ours and the
// end of the request's time stop it; the others were done, and the rest was not tried.
func (c *Console) bringAll(ctx context.Context, action *bulkAction, subjects []bulkSubject, p *views.BulkResult) error {
	if end, bounded := ctx.Deadline(); bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, end.Add(-bulkReserve))
		defer cancel()
	}
	var done, skipped, failed, untried int64
	var stopped error
	for _, s := range subjects {
		if stopped != nil {
			untried++
			p.Lines = append(p.Lines, outcome(s, views.ToneWarn, "Not tried", "The action stopped before it."))
			continue
		}
		stays, err := action.bring(ctx, s.id)
		switch f := fault.As(err); {
		case err == nil && stays == "":
			done++
			p.Lines = append(p.Lines, outcome(s, views.ToneGood, "Done", ""))
		case err == nil:
			skipped++
			p.Lines = append(p.Lines, outcome(s, "", "Skipped", stays))
		case f.Kind == fault.Unavailable || f.Kind == fault.Internal:
			if done == 0 {
				return err
			}
			failed, stopped = failed+1, err
			c.Log.Error("a bulk action stopped", "error", err.Error(), "done", done)
			p.Lines = append(p.Lines, outcome(s, views.ToneBad, "Failed", "It is not certain that nothing changed: "+f.Message))
		default:
			failed++
			p.Lines = append(p.Lines, outcome(s, views.ToneBad, "Failed", f.Message))
		}
	}
	said := fmt.Sprintf("%s done, %s skipped, %s failed.", views.Number(done), views.Number(skipped), views.Number(failed))
	p.Notice = &views.Notice{Tone: views.ToneGood, Title: said, Text: "Each change has its own entry in the audit log."}
	if failed > 0 {
		p.Notice.Tone = views.ToneWarn
	}
	if untried > 0 {
		p.Notice = &views.Notice{Tone: views.ToneBad, Title: "The action stopped early", Text: fmt.Sprintf("%s %s not tried. What was done stays done. Select the others again to go on.", said, views.Number(untried))}
	}
	return nil
}
