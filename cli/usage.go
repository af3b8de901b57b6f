package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"codexible/store"
	"codexible/usage"

	"github.com/google/uuid"
)

type usageCommand struct {
	Reconcile usageReconcile `cmd:"" help:"Recount every total from the single charges; exit 1 if one differs."`
	Export    usageExport    `cmd:"" help:"Write sums of usage, or single charges, to stdout as CSV or JSON."`
}

type usageReconcile struct{}

// Help gives the examples that --help shows.
func (usageReconcile) Help() string {
	return `Works beside a running service, a day at a time. Days whose single charges a retention has removed are counted and left out. Example:

    codexible usage reconcile --json | jq .differences`
}

// reconciliationJSON is a recount as --json prints it.
type reconciliationJSON struct {
	At          time.Time        `json:"at"`
	TookMillis  int64            `json:"took_millis"`
	Charges     int64            `json:"charges"`
	Days        int64            `json:"days"`
	DaysGone    int64            `json:"days_gone"`
	KeptFrom    *usage.Day       `json:"kept_from"`
	Differences []differenceJSON `json:"differences"`
}

type differenceJSON struct {
	Date    usage.Day `json:"date"`
	Table   string    `json:"table"`
	UserID  uuid.UUID `json:"user_id"`
	Row     string    `json:"row"`
	Field   string    `json:"field"`
	Stored  int64     `json:"books"`
	Charges int64     `json:"charges"`
}

// Run recounts.
func (usageReconcile) Run(ctx context.Context, t *terminal) error {
	return t.withStore(ctx, func(s *store.Store) error {
		r, err := s.Reconcile(ctx)
		if err != nil {
			return err
		}
		if err := printReconciliation(t, r); err != nil {
			return err
		}
		if n := len(r.Differences); n > 0 {
			return fmt.Errorf("the totals differ from the single charges in %d places: find out what wrote to the database, and restore a backup from before", n)
		}
		return nil
	})
}

func printReconciliation(t *terminal, r store.Reconciliation) error {
	answer := reconciliationJSON{At: r.At.UTC(), TookMillis: r.TookMillis, Charges: r.Charges, Days: r.Days, DaysGone: r.DaysGone, Differences: []differenceJSON{}}
	if r.KeptFrom != "" {
		answer.KeptFrom = &r.KeptFrom
	}
	for _, d := range r.Differences {
		answer.Differences = append(answer.Differences, differenceJSON{d.Day, d.Table, d.UserID, d.Row, d.Field, d.Stored, d.Charges})
	}
	return t.print(answer, func(w io.Writer) {
		for _, d := range r.Differences {
			line(w, d.String())
		}
		line(w, fmt.Sprintf("recounted %d charges of %d days in %s: %d differences", r.Charges, r.Days, time.Duration(r.TookMillis)*time.Millisecond, len(r.Differences)))
		if r.DaysGone > 0 {
			line(w, fmt.Sprintf("%d days before %s have totals alone: their charges are past the retention", r.DaysGone, r.KeptFrom))
		}
	})
}
