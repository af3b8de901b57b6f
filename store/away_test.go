package store_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/events"
	"codexible/fault"
	"codexible/keys"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/uuid"
)

// callAll calls every exported method that takes a context and may fail, with
// arguments that pass every check, and gives what each answered.
func callAll(ctx context.Context, t *testing.T, s *store.Store, c storetest.Customer) map[string]error {
	t.Helper()
	t.Chdir(t.TempDir()) // a text may be the path of a file
	arguments := map[reflect.Type]any{}
	for _, a := range []any{
		ada, accounts.NewUser{Email: "new@example.com", Plan: "Pro"}, accounts.UserChange{Name: new("Name")},
		accounts.PlanChange{Name: new("New"), DailyCreditLimit: new(int64(1))}, accounts.AuditEntry{Action: "a.b", Subject: accounts.SubjectSystem},
		keys.NewKey{UserID: c.User.ID, Secret: keys.Mint()}, keys.KeyChange{Label: new("Label")}, keys.Rotation{KeyID: c.Key.ID, Secret: keys.Mint()},
		c.Secret.Hash(), map[uuid.UUID]time.Time{c.Key.ID: storetest.Start}, charges(c.Charge(1)), c.User.ID, []uuid.UUID{c.User.ID}, storetest.Start, usage.Day("2026-03-04"),
		storetest.Span("2026-03-04", "2026-03-04"), 10, usage.NewGrant{UserID: c.User.ID, Credits: 1}, usage.NewCorrection{UserID: c.User.ID, Credits: 1, Reason: "why"}, "text@example.com",
		catalog.ModelChange{Name: new("new")}, catalog.Import{Charge: catalog.Charge{Mode: catalog.ByCost, Percent: 1, CreditValue: 1}},
		events.Claim{Each: 1, All: 1, Lease: time.Minute}, []store.ImportUser{{NewUser: accounts.NewUser{Email: "import@example.com"}}},
		&store.UsageSumQuery{By: []store.SumBy{store.SumByHour}, Span: storetest.Span("2026-03-04", "2026-03-04"), Limit: 1},
		events.AlertsChange{UsedUp: new(false)}, keys.StatusDisabled, [][]byte{{1}}, store.UserQuery{Status: accounts.StatusActive},
	} {
		arguments[reflect.TypeOf(a)] = a
	}
	errs := map[string]error{}
	value := reflect.ValueOf(s)
	for i := range value.NumMethod() {
		name, method := value.Type().Method(i).Name, value.Method(i)
		shape := method.Type()
		if name == "CountTotals" { // nothing to do on Postgres; on SQLite every method that reads totals calls it
			continue
		}
		if shape.NumIn() == 0 || shape.In(0) != reflect.TypeFor[context.Context]() || shape.NumOut() == 0 || shape.Out(shape.NumOut()-1) != reflect.TypeFor[error]() {
			continue
		}
		in := []reflect.Value{reflect.ValueOf(ctx)}
		for n := 1; n < shape.NumIn(); n++ {
			switch given, found := arguments[shape.In(n)]; {
			case name == "Import" && shape.In(n).Kind() == reflect.String:
				in = append(in, reflect.ValueOf("Pro"))
			case (name == "ChangeKey" || name == "RevokeKey" || name == "RotateKey" || name == "RotateFrom") && shape.In(n) == reflect.TypeFor[uuid.UUID]():
				in = append(in, reflect.ValueOf(map[bool]uuid.UUID{true: c.Key.ID, false: c.User.ID}[n == 2 && name != "RotateKey" && name != "RotateFrom"]))
			case shape.IsVariadic() && n == shape.NumIn()-1:
				in = append(in, reflect.New(shape.In(n).Elem()).Elem())
			case found:
				in = append(in, reflect.ValueOf(given))
			case shape.In(n).Kind() == reflect.Func:
				in = append(in, idle(shape.In(n)))
			case shape.In(n).Kind() == reflect.Pointer:
				in = append(in, reflect.New(shape.In(n).Elem()))
			default:
				in = append(in, reflect.Zero(shape.In(n)))
			}
		}
		out := method.Call(in)
		errs[name], _ = reflect.TypeAssert[error](out[len(out)-1])
	}
	return errs
}

// idle is a function that does nothing and answers zeros.
func idle(shape reflect.Type) reflect.Value {
	return reflect.MakeFunc(shape, func([]reflect.Value) (out []reflect.Value) {
		for answer := range shape.Outs() {
			out = append(out, reflect.Zero(answer))
		}
		return out
	})
}

func wantAllAway(t *testing.T, errs map[string]error) {
	t.Helper()
	if len(errs) < 20 {
		t.Fatalf("%d methods were called", len(errs))
	}
	for name, err := range errs {
		if f := fault.As(err); err == nil || f.Kind != fault.Unavailable || f.RetryAfter <= 0 {
			t.Errorf("%s answers %v, want service_unavailable and a moment to wait", name, err)
		}
	}
}

func TestWithTheDatabaseAwayEveryMethodSaysUnavailable(t *testing.T) {
	t.Run("closed", func(t *testing.T) {
		storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
			c := storetest.NewCustomer(t, s, "Pro")
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			wantAllAway(t, callAll(context.Background(), t, s, c))
		})
	})
	t.Run("given up by the caller", func(t *testing.T) {
		storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
			c := storetest.NewCustomer(t, s, "Pro")
			gone, cancel := context.WithCancel(context.Background())
			cancel()
			wantAllAway(t, callAll(gone, t, s, c))
			wantToday(t, s, c, "2026-03-04", 0, 250, 0)
		})
	})
	t.Run("cut off", func(t *testing.T) {
		clock := storetest.NewClock(storetest.Start)
		url := storetest.PostgresURL(t)
		s := storetest.Open(t, url, clock.Now)
		c := storetest.NewCustomer(t, s, "Pro")
		name, _, _ := strings.Cut(url[strings.LastIndex(url, "/")+1:], "?")
		server := storetest.Raw(t, strings.Replace(url, "/"+name, "/postgres", 1))
		storetest.Run(t, server, "ALTER DATABASE "+name+" ALLOW_CONNECTIONS false",
			fmt.Sprintf("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s'", name))
		wantAllAway(t, callAll(context.Background(), t, s, c))
		clock.Add(time.Minute)
		storetest.Run(t, server, "ALTER DATABASE "+name+" ALLOW_CONNECTIONS true")
		wantToday(t, s, c, "2026-03-04", 0, 250, 0)
		if r := settle(t, s, storetest.Start, c.Charge(1)); r[0].Outcome != usage.Accepted {
			t.Errorf("after the database came back a charge is %v", r[0])
		}
	})
}

func TestAChargeThroughTheMeterWithTheDatabaseAwayIsUnavailable(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		c, m := storetest.NewCustomer(t, s, "Pro"), startMeter(t, s, clock.Now)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		_, err := m.Charge(context.Background(), c.Charge(1))
		wantKind(t, err, fault.Unavailable)
	})
}

func TestADatabaseURLThatIsNoneIsRefusedWithoutRepeatingIt(t *testing.T) {
	for url, want := range map[string]bool{
		"sqlite:x.db": true, "sqlite:///data/x.db": true, "postgres://u:p@host/db": true, "postgresql://host/db": true,
		"": false, "sqlite:": false, "mysql://u:hunter2@host/db": false, "postgres://": false, "postgres:///db": false, "hunter2": false, "postgres://u:hunter2@ho st/db": false,
		"postgres://u:hunter2@host:port/db": false, "postgres://u:12/hunter2@host/db": false, "postgres://u:12#hunter2@host/db": false, "postgres://u:12?hunter2@host/db": false, "postgres://u:pass@hunter2@host/db": false, "host=db password=hunter2": false,
	} {
		err := store.CheckURL(url)
		if (err == nil) != want {
			t.Errorf("CheckURL(%q): %v, want ok %v", url, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error repeats the password: %v", err)
		}
		if want {
			continue
		}
		if s, err := store.Open(context.Background(), store.Options{URL: url}); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Open(%q): %v, %v", url, s, err)
		}
	}
}

func TestAChangeThatOutlastsItsTimeIsUnavailable(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		if err := store.OutlastedTransaction(t, s); fault.KindOf(err) != fault.Unavailable || fault.As(err).RetryAfter == 0 {
			t.Errorf("a commit that came too late: %v, want 503 with when to come back", err)
		}
	})
}
