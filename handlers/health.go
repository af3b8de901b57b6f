package handlers

import (
	"context"
	"time"

	"codexible/handlers/monitor"

	"github.com/gofiber/fiber/v2"
)

type health struct {
	Status  string `json:"status" enum:"ok"`
	Version string `json:"version" example:"v1.0.0"`
	Demo    bool   `json:"demo,omitempty" doc:"Whether the service runs with demo data and published keys; left out where it does not."`
}

// health checks only that the process answers.
func (a *api) health(context.Context, nothing) (health, error) {
	return health{Status: monitor.OK, Version: a.Version, Demo: a.Demo}, nil
}

type readiness struct {
	Status   string `json:"status" enum:"ok,degraded,unavailable,draining"`
	Database string `json:"database" enum:"ok,unavailable"`
	Schema   string `json:"schema" enum:"ok,drifted,unknown" doc:"unknown while the database is unavailable."`
	Valkey   string `json:"valkey" enum:"ok,unavailable,unused" doc:"unused if not configured. If unused or unavailable, each instance counts rate limits by itself."`
	Changes  string `json:"changes" enum:"notified,polled" doc:"How changes of other instances arrive, within a second: by a notification of Postgres, or by asking the database."`
	Disk     string `json:"disk" enum:"ok,low,unavailable,unused" doc:"low: less than 256 MiB of disk space are left for the embedded database. unused on Postgres."`
}

// ready answers 503 while requests would fail. It stays 200 while Valkey is
// unreachable or the disk is nearly full.
func (a *api) ready(x *exchange) error {
	r := a.Monitor.Ready(x.ctx)
	if err := x.json(readiness(r)); err != nil {
		return err
	}
	if !r.Serves() {
		x.retryAfter(time.Second)
		x.Status(fiber.StatusServiceUnavailable)
	}
	return nil
}
