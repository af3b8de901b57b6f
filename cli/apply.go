package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"codexible/accounts"
	"codexible/apply"
	"codexible/config"
	"codexible/events"
	"codexible/handlers"
	"codexible/logo"
	"codexible/store"
)

type applyCommand struct {
	File   string `arg:"" optional:"" help:"A file in YAML; - for stdin."`
	Prune  bool   `help:"Also remove what the sections of the file do not name: models, upstreams and webhooks are deleted, plans archived."`
	Yes    bool   `help:"Change it; without it, what would change is shown."`
	Schema bool   `help:"Print the JSON schema of the file."`
}

// Help gives the example that --help shows.
func (applyCommand) Help() string {
	return `The file has the sections plans, upstreams, models, prices, webhooks and settings; their items have the fields of the admin API. Everything in it is changed, or nothing, and the second time nothing changes. What it does not name stays. An example:

    plans:
      - name: Team
        daily_credit_limit: 1000
    upstreams:
      - name: openai
        kind: openai
        base_url: https://api.openai.com/v1
        keys: [{ref: "env:UPSTREAM_OPENAI"}]
    models:
      - name: gpt-5-mini
        candidates: [{upstream: openai}]
    prices:
      - model: gpt-5-mini
        usd_per_million: {input: 0.25, output: 2}
        charge: {mode: cost, percent: 120}
    webhooks:
      - url: https://example.com/hooks
        types: [key.revoked, usage.quota_exceeded]
        secret: "env:WEBHOOK_SECRET"
    settings:
      name: Acme AI
      logo: logo.svg
      usage_thresholds: [80, 100]`
}

// Validate wants a file, or the schema of one.
func (c applyCommand) Validate() error {
	if c.Schema == (c.File != "") {
		return errors.New("name a file, or give --schema")
	}
	return nil
}

// Run shows what the file would change, or changes it.
func (c applyCommand) Run(ctx context.Context, t *terminal) error {
	if c.Schema {
		_, err := t.out.Write(handlers.ApplySchema())
		return err
	}
	settings, err := t.config(nil)
	if err != nil {
		return err
	}
	text, err := t.readFile(ctx, c.File, apply.MaxFile)
	if err != nil {
		return err
	}
	object, err := apply.JSON(text)
	if err != nil {
		return err
	}
	file, err := handlers.ReadApplyFile(object, handlers.ApplyEnvironment{
		CreditValue: settings.CreditValue, UpstreamSecret: config.UpstreamSecrets(t.getenv, ".", settings.UpstreamKeysDir),
		WebhookVariable: config.WebhookVariable(t.getenv, "."), WebhookTargets: events.Targets{Private: settings.WebhookAllowPrivate},
		LogoFile: func(name string) ([]byte, error) {
			if !filepath.IsAbs(name) {
				name = filepath.Join(filepath.Dir(c.File), name)
			}
			return t.readFile(ctx, name, logo.MaxBytes)
		},
	})
	if err != nil {
		return err
	}
	return t.withStore(ctx, func(s *store.Store) error {
		made, err := file.Apply(ctx, s, accounts.ActorCLI, apply.Options{Prune: c.Prune, Dry: !c.Yes})
		if err != nil {
			return err
		}
		answer := applied{Applied: c.Yes && len(made) > 0, Changes: make([]appliedChange, len(made))}
		for i, e := range made {
			answer.Changes[i] = appliedChange{e.Action, e.Target, e.Details, json.RawMessage(e.Before), json.RawMessage(e.After)}
		}
		return t.print(answer, answer.text)
	})
}

// applied is what a file changed, or would change.
type applied struct {
	Applied bool            `json:"applied"`
	Changes []appliedChange `json:"changes"`
}

// appliedChange is an entry of the audit log.
type appliedChange struct {
	Action  string          `json:"action"`
	Target  string          `json:"target"`
	Details string          `json:"details"`
	Before  json.RawMessage `json:"before"`
	After   json.RawMessage `json:"after"`
}

func (a applied) text(w io.Writer) {
	for _, c := range a.Changes {
		sign := "~"
		switch {
		case strings.HasSuffix(c.Action, ".created"), strings.HasSuffix(c.Action, ".set"):
			sign = "+"
		case strings.HasSuffix(c.Action, ".deleted"), strings.HasSuffix(c.Action, ".archived"):
			sign = "-"
		}
		noun, _, _ := strings.Cut(c.Action, ".")
		_, _ = fmt.Fprintf(w, "%s %s %s\n", sign, noun, c.Target)
		if sign != "-" {
			c.fields(w)
		}
	}
	switch {
	case len(a.Changes) == 0:
		_, _ = fmt.Fprintln(w, "Nothing changes: everything is as the file says.")
	case a.Applied:
		_, _ = fmt.Fprintf(w, "\nMade %s.\n", changesText(len(a.Changes)))
	default:
		_, _ = fmt.Fprintf(w, "\nNothing is changed yet: add --yes to make %s.\n", changesText(len(a.Changes)))
	}
}

func changesText(n int) string {
	if n == 1 {
		return "1 change"
	}
	return strconv.Itoa(n) + " changes"
}

// fields shows each field as it was and as it is.
func (c appliedChange) fields(w io.Writer) {
	var before, after map[string]any
	if json.Unmarshal(c.Before, &before) != nil || json.Unmarshal(c.After, &after) != nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		is := fieldText(after[name])
		if was, found := before[name]; found {
			is = fieldText(was) + " → " + is
		}
		_, _ = fmt.Fprintf(w, "    %s: %s\n", name, is)
	}
}

func fieldText(value any) string {
	if text, is := value.(string); is {
		return text
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}
