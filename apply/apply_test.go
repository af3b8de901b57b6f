package apply_test

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"

	"codexible/accounts"
	"codexible/apply"
	"codexible/gateway"
	"codexible/handlers"
	"codexible/store"
	"codexible/store/storetest"
)

const whole = `
plans:
  - name: Team
    daily_credit_limit: 1000
    features: {b: [1, 2.50], a: true}
    models: [gpt-5-mini]
upstreams:
  - name: openai
    kind: openai
    base_url: https://api.openai.com/v1
    keys: [{ref: "env:UPSTREAM_OPENAI"}, {name: second, ref: "file:other"}]
    headers: {x-team: "env:UPSTREAM_TEAM", x-plain: "1"}
models:
  - name: gpt-5-mini
    aliases: [mini]
    plans: [Team, starter]
    candidates: [{upstream: OpenAI, weight: 2}]
  - name: gpt-5
prices:
  - model: mini
    usd_per_million: {input: 0.25, output: 2}
    charge: {mode: cost, percent: 120}
  - model: gpt-5
    valid_from: 2027-01-01T00:00:00Z
    usd_per_million: {input: 1.25, output: 10}
    charge: {mode: request, credits: 2}
`

// resolve stands for the configuration: every variable is its own name.
func resolve(_ gateway.KeySource, name string) (gateway.Secret, error) {
	if name == "UPSTREAM_GONE" {
		return gateway.Secret{}, errors.New("the variable is not set")
	}
	return gateway.NewSecret("secret-of-" + name), nil
}

var environment = handlers.ApplyEnvironment{
	CreditValue: 10_000, UpstreamSecret: resolve,
	WebhookVariable: func(name string) (string, error) {
		text, found := map[string]string{
			"WEBHOOK_URL": "https://hooks.example.com/in?token=private", "WEBHOOK_SECRET": secretOf("a"), "WEBHOOK_OTHER": secretOf("b"), "WEBHOOK_SHORT": "whsec_c2hvcnQ=",
		}[name]
		if !found {
			return "", errors.New("env:" + name + ": the variable is not set")
		}
		return text, nil
	},
}

// secretOf is a secret as a webhook may have it.
func secretOf(letter string) string {
	return "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(letter, 32)))
}

func read(text string) (*apply.File, error) {
	object, err := apply.JSON([]byte(text))
	if err != nil {
		return nil, err
	}
	return handlers.ReadApplyFile(object, environment)
}

// run applies a file and returns what changed, as the actions and their targets.
func run(t *testing.T, s *store.Store, text string, o apply.Options) (done []string, err error) {
	t.Helper()
	f, err := read(text)
	if err != nil {
		t.Fatal(err)
	}
	made, err := f.Apply(context.Background(), s, accounts.ActorCLI, o)
	for _, e := range made {
		done = append(done, e.Action+" "+e.Target)
	}
	return done, err
}

func changes(t *testing.T, s *store.Store, text string, o apply.Options) []string {
	t.Helper()
	done, err := run(t, s, text, o)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func want(t *testing.T, says string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: changed %q, want %q", says, got, want)
	}
}

// logged is how many entries the audit log has.
func logged(t *testing.T, s *store.Store) int {
	t.Helper()
	entries, err := s.Audit(context.Background(), store.AuditQuery{Limit: 500})
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func TestAFileIsAppliedOnceAndChangesNothingTheSecondTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		before := logged(t, s)
		all := []string{"plan.created Team", "upstream.created openai", "model.created gpt-5-mini", "model.created gpt-5", "price.set gpt-5-mini", "price.set gpt-5"}
		want(t, "tried only", changes(t, s, whole, apply.Options{Dry: true}), all...)
		if n := logged(t, s) - before; n != 0 {
			t.Errorf("a file that was only tried left %d entries in the audit log", n)
		}
		if list, err := s.Upstreams(context.Background()); err != nil || len(list) != 0 {
			t.Errorf("a file that was only tried left %d upstreams: %v", len(list), err)
		}
		want(t, "applied", changes(t, s, whole, apply.Options{}), all...)
		if n := logged(t, s) - before; n != len(all) {
			t.Errorf("the audit log got %d entries, want %d", n, len(all))
		}
		want(t, "the second time", changes(t, s, whole, apply.Options{}))
		want(t, "the second time, what it does not name aside", changes(t, s, whole, apply.Options{Dry: true, Prune: true}), "plan.archived Starter", "plan.archived Pro", "plan.archived Business")
		list, err := s.Upstreams(context.Background())
		if err != nil || len(list) != 1 || list[0].Headers["x-team"] != "secret-of-UPSTREAM_TEAM" || list[0].Headers["x-plain"] != "1" {
			t.Errorf("the upstreams are %+v: %v", list, err)
		}
	})
}

func TestOnlyWhatAFileSaysOtherwiseIsChanged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		changes(t, s, whole, apply.Options{})
		ctx := context.Background()
		keys := func() []gateway.UpstreamKey {
			list, err := s.Upstreams(ctx)
			if err != nil {
				t.Fatal(err)
			}
			return list[0].Keys
		}
		first := keys()[0]
		if err := s.DisableUpstreamKey(ctx, keysOf(t, s), first.ID, "refused with status 401"); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			says, from, to string
			want           []string
		}{
			{"features in another order and form", "{b: [1, 2.50], a: true}", "{a: true, b: [1, 2.50]}", nil},
			{"plans in another order and case", "[Team, starter]", "[STARTER, team]", nil},
			{"a limit", "1000", "900", []string{"plan.changed Team"}},
			{"a weight of a candidate", "weight: 2", "weight: 3", []string{"model.changed gpt-5-mini"}},
			{"a price", "percent: 120", "percent: 130", []string{"price.set gpt-5-mini"}},
			{"a header's value", `x-plain: "1"`, `x-plain: "2"`, []string{"upstream.changed openai"}},
		} {
			text := strings.Replace(whole, c.from, c.to, 1)
			if text == whole {
				t.Fatal(c.from)
			}
			want(t, c.says, changes(t, s, text, apply.Options{Dry: true}), c.want...)
		}
		want(t, "a key more", changes(t, s, strings.Replace(whole, "keys: [", `keys: [{name: new, ref: "env:UPSTREAM_NEW"}, `, 1), apply.Options{}), "upstream.changed openai")
		now := keys()
		if len(now) != 3 || now[1].ID != first.ID || now[1].DisabledAt == nil {
			t.Errorf("the key that stays is no longer itself, disabled: %+v", now)
		}
	})
}

func keysOf(t *testing.T, s *store.Store) (id [16]byte) {
	t.Helper()
	list, err := s.Upstreams(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return list[0].ID
}

func TestAFileThatFailsAtItsEndChangesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		before := logged(t, s)
		for _, c := range []struct{ says, more, problem string }{
			{"a candidate without upstream", "  - name: other\n    candidates: [{upstream: nowhere}]\n", `models[2].candidates must name upstreams; there is no upstream "nowhere"`},
			{"an alias twice", "  - name: other\n    aliases: [mini]\n", "models[2] (other): The alias mini is already a name of the model gpt-5-mini."},
			{"an alias for a name", "  - name: mini\n", "models[2] (mini): "},
		} {
			text := strings.Replace(whole, "prices:\n", c.more+"prices:\n", 1)
			_, err := run(t, s, text, apply.Options{})
			if err == nil || !strings.Contains(err.Error(), c.problem) {
				t.Errorf("%s: %v, want %q", c.says, err, c.problem)
			}
		}
		if n := logged(t, s) - before; n != 0 {
			t.Errorf("%d entries are in the audit log", n)
		}
		if plans, err := s.Plans(context.Background()); err != nil || len(plans) != 3 {
			t.Errorf("there are %d plans: %v", len(plans), err)
		}
	})
}

func TestPruneRemovesWhatTheSectionsDoNotName(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		changes(t, s, whole, apply.Options{})
		want(t, "a section that is missing is left alone", changes(t, s, "models:\n  - name: gpt-5\n", apply.Options{Prune: true}), "model.deleted gpt-5-mini")
		want(t, "empty sections", changes(t, s, "upstreams: []\nmodels: []\n", apply.Options{Prune: true}), "model.deleted gpt-5", "upstream.deleted openai")
		want(t, "plans are archived", changes(t, s, "plans:\n  - name: Pro\n", apply.Options{Prune: true}), "plan.archived Starter", "plan.archived Business", "plan.archived Team")
	})
}

func TestAFileThatIsWrongSaysWhere(t *testing.T) {
	for _, c := range []struct{ says, text, problem string }{
		{"no YAML", "plans: [1", "The file is no YAML"},
		{"nothing", "", "is empty"},
		{"two documents", "plans: []\n---\nplans: []\n", "must have one document"},
		{"a list", "- a\n", "must have sections"},
		{"an alias", "plans: &p []\nmodels: *p\n", "Line 1: anchors"},
		{"a merge", "a: {x: 1}\nplans:\n  - <<: {name: x}\n", "Line 3: the names of fields"},
		{"a number that JSON has not", "plans:\n  - name: x\n    daily_credit_limit: 0x10\n", "Line 3: write the number"},
		{"a tag", "plans: !!binary aGk=\n", "Line 1: anchors"},
		{"a name twice in an object", "plans: []\nplans: []\n", "Line 2: a field is there twice"},
		{"too deep", "plans: " + strings.Repeat("[", 60) + strings.Repeat("]", 60), "nested deeper"},
		{"too large", "# " + strings.Repeat("x", apply.MaxFile), "more than 1024 KiB"},
		{"an unknown section", "plan: []\n", "plan is not known here"},
		{"an unknown field", "plans:\n  - name: x\n    daily_credits: 1\n", "plans[0].daily_credits is not known here"},
		{"a field within", "models:\n  - name: x\n    candidates: [{upstream: a, wait: 1}]\n", "models[0].candidates[0].wait is not known here"},
		{"no name", "plans:\n  - daily_credit_limit: 1\n", "plans[0].name is required"},
		{"out of range", "plans:\n  - name: x\n    daily_credit_limit: -1\n", "plans[0].daily_credit_limit must be"},
		{"a secret", "upstreams:\n  - name: x\n    keys: [{secret: sk-very-secret}]\n", "upstreams[0].keys[0].secret must not be in a file"},
		{"a variable that is not set", "upstreams:\n  - name: x\n    headers: {a: \"env:UPSTREAM_GONE\"}\n", "the variable is not set"},
		{"a variable of others", "upstreams:\n  - name: x\n    headers: {a: \"env:HOME\"}\n", "must refer to a variable that begins with UPSTREAM_"},
		{"a charge without its credits", "prices:\n  - model: x\n    usd_per_million: {input: 1, output: 1}\n    charge: {mode: request}\n", "prices[0].charge.credits is required"},
	} {
		_, err := read(c.text)
		if err == nil || !strings.Contains(err.Error(), c.problem) {
			t.Errorf("%s: %v, want %q", c.says, err, c.problem)
		} else if strings.Contains(err.Error(), "very-secret") {
			t.Errorf("%s: the error repeats the secret: %v", c.says, err)
		}
	}
}

func FuzzAFileOfAnyBytesIsReadOrRefused(f *testing.F) {
	for _, text := range []string{whole, "plans: [1", "a: &x [*x]", "? a\n: b", "%YAML 1.1\n---\n{}", "a: |\n  x\n\ty"} {
		f.Add(text)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		object, err := apply.JSON([]byte(text))
		if err != nil {
			return
		}
		_, _ = handlers.ReadApplyFile(object, environment)
	})
}
