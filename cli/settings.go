package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"codexible/accounts"
	"codexible/fault"
	"codexible/handlers"
	"codexible/logo"
	"codexible/store"
)

type settingsCommand struct {
	Show settingsShow `cmd:"" help:"Show the settings."`
	Set  settingsSet  `cmd:"" help:"Change the settings that are named by flags."`
}

func printSettings(t *terminal, s *accounts.Settings) error {
	return t.print(handlers.SettingsForm(s), func(w io.Writer) {
		line(w, "SETTING", "VALUE")
		line(w, "name", s.ProductName())
		line(w, "accent", s.Accent)
		line(w, "logo", s.Logo.String())
		line(w, "support e-mail", s.SupportEmail)
		line(w, "support URL", s.SupportURL)
		for _, l := range s.Links {
			line(w, "link", l.Label+" = "+l.URL)
		}
		line(w, "usage thresholds", strings.Trim(fmt.Sprint(s.UsageThresholds), "[]"))
	})
}

type settingsShow struct{}

// Run shows the settings.
func (settingsShow) Run(ctx context.Context, t *terminal) error {
	return t.withStore(ctx, func(s *store.Store) error {
		now, err := s.Settings(ctx)
		if err != nil {
			return err
		}
		return printSettings(t, &now)
	})
}

type settingsSet struct {
	Name                  *string  `placeholder:"TEXT" help:"The product's name, which customers see; up to 60 characters; empty: Codexible."`
	Accent                *string  `placeholder:"COLOUR" help:"The colour of the dashboard's buttons and links, such as #0f766e; empty: the default."`
	Logo                  *string  `placeholder:"FILE" help:"A PNG of at most 2048 × 2048 pixels or an SVG, of at most 256 KiB; - for stdin. It is written anew, and an SVG that has scripts or loads anything is refused. Empty: no logo."`
	SupportEmail          *string  `placeholder:"EMAIL" help:"Where customers get help; empty removes it."`
	SupportURL            *string  `name:"support-url" placeholder:"URL" help:"A page where customers get help; empty removes it."`
	Link                  []string `sep:"none" placeholder:"LABEL=URL" help:"A link below every page of the dashboard, up to 6, one flag each; they replace all."`
	RemoveLinks           bool     `help:"Remove all links."`
	UsageThreshold        []int    `placeholder:"PERCENT" help:"A percentage of a day's or month's credits at which an event is emitted, up to 10; they replace all."`
	RemoveUsageThresholds bool     `help:"Emit no such event."`
}

// Help gives the examples that --help shows.
func (settingsSet) Help() string {
	return `A running service shows them within a second, the dashboard within a minute. Examples:

    codexible settings set --name "Acme AI" --accent "#0f766e" --logo logo.svg
    codexible settings set --support-email help@example.com --link "Terms=https://example.com/terms"`
}

// Validate refuses flags that exclude each other.
func (c settingsSet) Validate() error {
	if c.RemoveLinks && c.Link != nil || c.RemoveUsageThresholds && c.UsageThreshold != nil {
		return errors.New("a flag that sets values and the one that removes them exclude each other")
	}
	return nil
}

// Run changes the settings.
func (c settingsSet) Run(ctx context.Context, t *terminal) error {
	change := accounts.SettingsChange{Name: c.Name, Accent: c.Accent, SupportEmail: c.SupportEmail, SupportURL: c.SupportURL}
	if c.RemoveUsageThresholds || c.UsageThreshold != nil {
		change.UsageThresholds = &c.UsageThreshold
	}
	if c.RemoveLinks || c.Link != nil {
		links := make([]accounts.LookLink, len(c.Link))
		for i, text := range c.Link {
			links[i].Label, links[i].URL, _ = strings.Cut(text, "=")
		}
		change.Links = &links
	}
	if c.Logo != nil {
		image, err := t.readLogo(ctx, *c.Logo)
		if err != nil {
			return err
		}
		change.Logo = &image
	}
	return t.withStore(ctx, func(s *store.Store) error {
		after, err := s.ChangeSettings(ctx, accounts.ActorCLI, change)
		if err != nil {
			return err
		}
		return printSettings(t, &after)
	})
}

// readLogo makes a logo of a file; none of an empty name.
func (t *terminal) readLogo(ctx context.Context, name string) (logo.Image, error) {
	if name == "" {
		return logo.Image{}, nil
	}
	file, err := t.readFile(ctx, name, logo.MaxBytes)
	if err != nil {
		return logo.Image{}, err
	}
	image, problem := logo.Rewrite(file)
	if problem != "" {
		return logo.Image{}, fault.Field("logo", problem)
	}
	return image, nil
}
