package server

import (
	"context"
	"fmt"
	"time"

	"codexible/accounts"
	"codexible/config"
	"codexible/events"
	"codexible/handlers"
	"codexible/mail"
	"codexible/store"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
)

// buildMail puts together what sends mails, if SMTP_URL is set.
func (s *service) buildMail() error {
	metrics := newMailMetrics(s.registry, s.store.DeliveryStats)
	if !s.Config.SMTPURL.IsSet() {
		return nil
	}
	sender, err := NewMailSender(&s.Config)
	if err != nil {
		return err
	}
	s.mails = sender
	s.countMail = metrics.count
	courier := &mail.Courier{Turns: s.store, Send: s.mails.Send, PublicURL: s.Config.PublicURL, Brand: s.brand, Observe: metrics.count, Now: s.store.Now, Log: s.Log}
	s.mailer = events.NewDeliverer(events.DelivererParts{
		Mail: true, Timeout: mail.Timeout,
		Claim: s.store.ClaimDeliveries, Send: courier.Deliver, Write: s.store.WriteDelivery, Release: s.store.ReleaseDeliveries, Now: s.store.Now, Log: s.Log,
		Webhook: func(context.Context, uuid.UUID) (events.Webhook, error) {
			return events.Webhook{ID: events.MailID, URL: sender.Server(), Enabled: true}, nil
		},
	})
	return nil
}

// NewMailSender makes what sends the mails of a configuration with SMTP_URL.
func NewMailSender(c *config.Config) (*mail.Sender, error) {
	to, err := c.MailServer()
	if err != nil {
		return nil, fmt.Errorf("SMTP_URL %w", err)
	}
	from, err := mail.ParseFrom(c.MailFrom)
	if err != nil {
		return nil, fmt.Errorf("MAIL_FROM %w", err)
	}
	return mail.NewSender(to, from), nil
}

// sendReset sends the link to choose another password; nil where that is off.
func (s *service) sendReset() func(ctx context.Context, to string, token accounts.Token, at time.Time) error {
	if s.mails == nil || s.Config.PublicURL == "" || s.Config.OIDCOnly {
		return nil
	}
	return func(ctx context.Context, to string, token accounts.Token, at time.Time) error {
		link := s.Config.PublicURL + "/admin/reset?token=" + token.Reveal()
		return mail.Persist(ctx, s.mails.Send, mail.Reset(to, link, uuid.NewString(), at, at.Add(store.ResetLife)), s.countMail)
	}
}

// sendSignInLink sends a customer's link to sign in; nil where that is off.
func (s *service) sendSignInLink() func(ctx context.Context, m handlers.SignInMail) error {
	if s.mails == nil || s.Config.DashboardURL == "" {
		return nil
	}
	return func(ctx context.Context, m handlers.SignInMail) error {
		link := s.Config.DashboardURL + "/dashboard/login/link?token=" + m.Token.Reveal()
		return mail.Persist(ctx, s.mails.Send, s.brand(ctx).On(mail.SignIn(m.To, link, uuid.NewString(), m.Language, m.Registers, m.At, m.At.Add(accounts.SignInLinkLife))), s.countMail)
	}
}

// brand is the product's name in mails to customers, and where they get help. While it cannot be read, mails go without.
func (s *service) brand(ctx context.Context) mail.Brand {
	look, err := s.store.Look(ctx)
	if err != nil {
		return mail.Brand{}
	}
	return mail.Brand{Name: look.Name, Help: []string{look.SupportEmail, look.SupportURL}}
}

// mailMetrics counts mails, and reads from the database what waits.
type mailMetrics struct {
	mails                   *prometheus.CounterVec
	waiting, failed, oldest *prometheus.Desc
	read                    func(ctx context.Context) (map[uuid.UUID]store.DeliveryStats, error)
}

func newMailMetrics(registry *prometheus.Registry, read func(ctx context.Context) (map[uuid.UUID]store.DeliveryStats, error)) *mailMetrics {
	m := &mailMetrics{
		mails: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "codexible_mail_attempts_total", Help: "Attempts to send a mail to a recipient, by result: sent (the mail server has taken it), again (another attempt follows), refused (for good, or given up) or skipped (one with its subject was sent within the hour, or nobody is to be told).",
		}, []string{"result"}),
		waiting: everywhere("codexible_mail_deliveries_waiting", "Events that wait for their mails."),
		failed:  everywhere("codexible_mail_deliveries_failed", "Events whose mails were refused or given up within the last 24 hours."),
		oldest:  everywhere("codexible_mail_oldest_waiting_timestamp_seconds", "When the oldest event that waits for its mails happened; 0 for none."),
		read:    read,
	}
	for _, result := range []string{mail.Sent, mail.Again, mail.Refused, mail.Skipped} {
		m.mails.WithLabelValues(result)
	}
	registry.MustRegister(m.mails, m)
	return m
}

func (m *mailMetrics) count(result string) { m.mails.WithLabelValues(result).Inc() }

// Describe implements prometheus.Collector.
func (m *mailMetrics) Describe(descs chan<- *prometheus.Desc) {
	descs <- m.waiting
	descs <- m.failed
	descs <- m.oldest
}

// Collect implements prometheus.Collector.
func (m *mailMetrics) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), ledgerPatience)
	defer cancel()
	if stats, err := m.read(ctx); err == nil { // the database's absence has metrics of its own
		collectDeliveries(metrics, stats[events.MailID], m.waiting, m.failed, m.oldest)
	}
}
