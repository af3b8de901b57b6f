package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/fault"
	"codexible/store"
	"codexible/store/storetest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

func newModel(t *testing.T, s *store.Store, name string, aliases ...string) catalog.Model {
	t.Helper()
	m, err := s.CreateModel(context.Background(), ada, catalog.ModelChange{Name: &name, Aliases: &aliases})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func readBook(t *testing.T, s *store.Store) *catalog.Book {
	t.Helper()
	book, err := s.Book(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return book
}

func wantAudit(t *testing.T, s *store.Store, want ...string) {
	t.Helper()
	entries, err := s.Audit(context.Background(), store.AuditQuery{Limit: len(want)})
	var got []string
	for _, e := range entries {
		got = append(got, e.Action+" "+e.Target+": "+e.Details)
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestAModelReadsBackAsCreatedAndChanged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		changes := &recorder{changes: make(chan accounts.Change, 10)}
		s.Subscribe(changes)
		wantChange := func(id uuid.UUID) {
			t.Helper()
			if got, want := <-changes.changes, (accounts.Change{Subject: accounts.SubjectModel, ID: id}); got != want {
				t.Errorf("the change is of %v, not %v", got, want)
			}
		}
		m, err := s.CreateModel(ctx, ada, catalog.ModelChange{
			Name: new("claude-sonnet"), Aliases: new([]string{"sonnet", "vendor/claude"}), DisplayName: new(" Sonnet "), Description: new("Writes code."),
			ContextWindow: new(int64(200_000)), OutputAllowance: new(int64(8192)), Plans: new([]string{"pro", "BUSINESS", "Pro"}),
		})
		want := catalog.Model{
			ID: m.ID, Name: "claude-sonnet", Aliases: []string{"sonnet", "vendor/claude"}, DisplayName: "Sonnet", Description: "Writes code.",
			ContextWindow: 200_000, OutputAllowance: 8192, Overrun: catalog.OverrunFinish, HostedTools: []string{}, Plans: []uuid.UUID{planID(t, s, "Pro"), planID(t, s, "Business")}, CreatedAt: clock.Now(),
		}
		if diff := cmp.Diff(want, m); diff != "" || err != nil {
			t.Fatal(err, diff)
		}
		if diff := cmp.Diff(&want, readBook(t, s).Model("sonnet")); diff != "" {
			t.Error(diff)
		}
		wantChange(m.ID)
		clock.Add(time.Second)
		changed, err := s.ChangeModel(ctx, ada, m.ID, catalog.ModelChange{Aliases: new([]string{}), ContextWindow: new(int64(0)), Plans: new([]string(nil))})
		want.Aliases, want.ContextWindow, want.Plans = []string{}, 0, nil
		if diff := cmp.Diff(want, changed); diff != "" || err != nil {
			t.Fatal(err, diff)
		}
		if diff := cmp.Diff(&want, readBook(t, s).Model("claude-sonnet")); diff != "" {
			t.Error(diff)
		}
		if readBook(t, s).Model("sonnet") != nil {
			t.Error("an alias that was taken away still names the model")
		}
		wantChange(m.ID)
		changed, err = s.ChangeModel(ctx, ada, m.ID, catalog.ModelChange{Plans: new([]string{})})
		if err != nil || changed.Plans == nil || len(changed.Plans) != 0 || readBook(t, s).Model("claude-sonnet").Plans == nil {
			t.Errorf("a model of no plan is for %v, %v", changed.Plans, err)
		}
		wantChange(m.ID)
		if err := s.DeleteModel(ctx, ada, m.ID); err != nil {
			t.Error(err)
		}
		wantChange(m.ID)
		if len(readBook(t, s).Models()) != 0 {
			t.Error("the model was not deleted")
		}
		wantAudit(t, s,
			"model.deleted claude-sonnet: Deleted model claude-sonnet. Its prices and charges stay.",
			"model.changed claude-sonnet: Changed model claude-sonnet: plans from all to nothing.",
			"model.changed claude-sonnet: Changed model claude-sonnet: aliases from sonnet vendor/claude to nothing, context window from 200000 to nothing, plans from Pro, Business to all.",
			"model.created claude-sonnet: Created model claude-sonnet.")
		if err := s.DeleteModel(ctx, ada, m.ID); !errors.Is(err, catalog.ErrModelNotFound) {
			t.Errorf("a second time: %v", err)
		}
		if _, err := s.ChangeModel(ctx, ada, m.ID, catalog.ModelChange{}); !errors.Is(err, catalog.ErrModelNotFound) {
			t.Errorf("a deleted model is changed: %v", err)
		}
	})
}

func TestNamesAndAliasesOfModelsAreUniqueTogether(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx, large, mini := context.Background(), newModel(t, s, "large", "big", "latest"), newModel(t, s, "mini", "small")
		for name, c := range map[string]catalog.ModelChange{
			"a name as a name":    {Name: new("large")},
			"an alias as a name":  {Name: new("latest")},
			"a name as an alias":  {Name: new("tiny"), Aliases: new([]string{"other", "large"})},
			"an alias as another": {Name: new("tiny"), Aliases: new([]string{"big"})},
		} {
			if _, err := s.CreateModel(ctx, ada, c); fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), "large") {
				t.Errorf("%s, created: %v", name, err)
			}
			if _, err := s.ChangeModel(ctx, ada, mini.ID, c); fault.KindOf(err) != fault.Conflict {
				t.Errorf("%s, changed: %v", name, err)
			}
		}
		for _, c := range []catalog.ModelChange{
			{Name: new("has blank")}, {Name: new("")}, {Name: new("x"), Aliases: new([]string{"x"})}, {Name: new("x"), Aliases: new([]string{"y", "y"})},
			{Name: new("x"), Plans: new([]string{"Nobody"})}, {Name: new("x"), Plans: new(make([]string, catalog.MaxPlansOfModel+1))}, {Name: new("x"), OutputAllowance: new(int64(0))},
		} {
			_, err := s.CreateModel(ctx, ada, c)
			wantKind(t, err, fault.Invalid)
			_, err = s.ChangeModel(ctx, ada, mini.ID, c)
			wantKind(t, err, fault.Invalid)
		}
		if _, err := s.ChangeModel(ctx, ada, large.ID, catalog.ModelChange{Name: new("big"), Aliases: new([]string{"large"})}); err != nil {
			t.Errorf("a model does not change places with its own alias: %v", err)
		}
		if diff := cmp.Diff([]*catalog.Model{{ID: large.ID, Name: "big", Aliases: []string{"large"}, OutputAllowance: 4096, Overrun: catalog.OverrunFinish, HostedTools: []string{}, CreatedAt: large.CreatedAt},
			{ID: mini.ID, Name: "mini", Aliases: []string{"small"}, OutputAllowance: 4096, Overrun: catalog.OverrunFinish, HostedTools: []string{}, CreatedAt: mini.CreatedAt}}, readBook(t, s).Models()); diff != "" {
			t.Error(diff)
		}
	})
}

// Each of many transactions at once wants the same name, some as an alias: one gets it.
func TestOneModelGetsANameThatManyWantAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx, changed := context.Background(), newModel(t, s, "changed")
		var got, refused atomic.Int64
		count := func(err error) {
			switch fault.KindOf(err) {
			case fault.Conflict:
				refused.Add(1)
			default:
				if err != nil {
					t.Error(err)
				}
				got.Add(1)
			}
		}
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				_, err := s.CreateModel(ctx, ada, catalog.ModelChange{Name: new("wanted")})
				count(err)
			})
			all.Go(func() {
				_, err := s.CreateModel(ctx, ada, catalog.ModelChange{Name: new(fmt.Sprintf("model-%d", i)), Aliases: new([]string{"wanted"})})
				count(err)
			})
		}
		all.Go(func() {
			_, err := s.ChangeModel(ctx, ada, changed.ID, catalog.ModelChange{Aliases: new([]string{"wanted"})})
			count(err)
		})
		all.Wait()
		if got.Load() != 1 || refused.Load() != 16 {
			t.Errorf("%d models have the name and %d were refused, want 1 and 16", got.Load(), refused.Load())
		}
	})
}

// fill copies the one row of a table until it has n rows, by hand: columns are those
// that are copied, beside an id and a name of its own in the column named.
func fill(t *testing.T, url, table, named, columns string, n int) {
	t.Helper()
	cast := map[string]string{"postgres": "::uuid"}[dialectOf(url)]
	for n--; n > 0; {
		var ids []string
		for range min(n, 5000) {
			id := uuid.New()
			ids = append(ids, fmt.Sprintf("(%s%s, '%s')", literal(dialectOf(url), id), cast, id))
			n--
		}
		storetest.Exec(t, url, fmt.Sprintf(`INSERT INTO %s (id, %s, %s) SELECT v.column1, v.column2, %s
			FROM (SELECT * FROM %s ORDER BY id LIMIT 1) AS one CROSS JOIN (VALUES %s) AS v`, table, named, columns, columns, table, strings.Join(ids, ", ")))
	}
}

func TestThereAreSoManyModelsAtMost(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		s := storetest.Connect(t, url, func() time.Time { return storetest.Start })
		m := newModel(t, s, "first")
		fill(t, url, "models", "name", "aliases, display_name, description, output_allowance, created_at", catalog.MaxModels-1)
		newModel(t, s, "last")
		if _, err := s.CreateModel(context.Background(), ada, catalog.ModelChange{Name: new("more")}); !errors.Is(err, catalog.ErrTooManyModels) {
			t.Errorf("one more: %v", err)
		}
		if _, err := s.ChangeModel(context.Background(), ada, m.ID, catalog.ModelChange{Name: new("other")}); err != nil {
			t.Errorf("none can be changed: %v", err)
		}
	})
}
