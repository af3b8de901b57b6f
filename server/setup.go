package server

import (
	"context"
	"time"

	"codexible/handlers"
	"codexible/handlers/console"
	"codexible/openid"
	"codexible/store"
)

// console builds the operator's console; the end of life ends its downloads.
func (s *service) console(life context.Context) *console.Console {
	parts := console.Parts{Store: s.store, Catalog: s.catalog, CreditValue: s.Config.CreditValue, Counter: s.counter, Monitor: s.monitor, OpenCalls: s.gateway.OpenCalls, Now: time.Now, Log: s.Log, Version: s.Version, Life: life,
		UpstreamState: s.fleet.State, TestUpstream: s.fleet.Test, UpstreamSecret: s.UpstreamSecret, WebhookTargets: s.webhookTargets(), SendWebhook: s.sender.Send, SendReset: s.sendReset()}
	if s.mails != nil {
		parts.MailServer = s.mails.Server()
	}
	for _, setting := range s.Config.Shown() {
		parts.Settings = append(parts.Settings, console.Setting(setting))
	}
	if s.Config.SQLiteFile() != "" {
		parts.Backup = func(ctx context.Context, file string) error {
			_, err := store.Backup(ctx, s.Config.DatabaseURL.Reveal(), file)
			return err
		}
	}
	if s.Config.OIDCIssuer != "" && s.Config.OIDCOperators() {
		parts.PasswordsOff = s.Config.OIDCOnly
		parts.OpenID = openid.New(openid.Settings{
			Issuer: s.Config.OIDCIssuer, ClientID: s.Config.OIDCClientID, ClientSecret: s.Config.OIDCClientSecret.Reveal(),
			RedirectURL: s.Config.PublicURL + "/admin/openid/callback", Admins: s.Config.OIDCAdmins, Viewers: s.Config.OIDCViewers,
		})
	}
	return console.New(parts)
}

// customers is how customers sign in without a key.
func (s *service) customers(ctx context.Context) *handlers.Customers {
	c := &handlers.Customers{Registration: s.Config.Registration(), SendLink: s.sendSignInLink()}
	if s.Config.OIDCCustomers {
		c.OpenID = openid.New(openid.Settings{
			Issuer: s.Config.OIDCIssuer, ClientID: s.Config.OIDCClientID, ClientSecret: s.Config.OIDCClientSecret.Reveal(), RedirectURL: s.Config.DashboardURL + "/dashboard/login/openid",
		})
	}
	if c.Registration.Open() {
		if err := s.store.PlanTakesUsers(ctx, c.Registration.Plan); err != nil {
			s.Log.WarnContext(ctx, "nobody can make an account: REGISTRATION_PLAN names no plan that takes new users", "plan", c.Registration.Plan, "error", err)
		}
	}
	return c
}

// logSetupLink logs and returns the one-time link that creates the first operator,
// while nobody can sign in to the console and passwords are on. A failure is logged only.
func (s *service) logSetupLink(ctx context.Context, url string) string {
	if s.Config.OIDCOnly {
		return ""
	}
	link, err := console.SetupLink(ctx, s.store, url)
	switch {
	case err != nil:
		s.Log.WarnContext(ctx, "no set-up link could be created; `codexible user set-password` also sets up the console", "error", err)
	case link != "":
		s.Log.InfoContext(ctx, "nobody can sign in to the console yet: open this link within a day; it works once", "setup_url", link)
	}
	return link
}
